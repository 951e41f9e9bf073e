package boxmain

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
	"clinicbox/interop/archive"
	"clinicbox/sync/wire"
)

// Errors of exports, for people.
var (
	// errBroken tells that people's signatures in an export do not fit.
	errBroken = errors.New("broken signatures")
	// errRevokedBox tells that the centre took back the certificate of the box.
	errRevokedBox = errors.New("the box's certificate was revoked")
)

// verifyExport verifies an export: of everything, of a patient, or of one record, and
// whether a paper is of what is in it. It needs no box, only the file, and the log's key
// or the root of the fleet.
func (p *Program) verifyExport(ctx context.Context) error {
	if len(p.args) != 1 {
		return fmt.Errorf("%w: verify export [-key KEY] [-root ROOT] [-centre KEY] [-paper QR] EXPORT.zip", ErrUsage)
	}
	var q question
	if p.paper != "" {
		var err error
		if q.paper, err = clinic.ParsePaperQR(p.paper); err != nil {
			return fmt.Errorf("%w: -paper: nội dung QR của giấy / the text in the QR of a paper", ErrUsage)
		}
		q.prefix = q.paper.Leaf
	}
	rep, err := p.verified(ctx, p.args[0])
	if err != nil {
		return err
	}
	if q.paper == nil && rep.Record != (clinic.Leaf{}) {
		q.prefix = rep.Record[:]
	}
	if q.prefix != nil {
		if err := p.sayProof(ctx, p.args[0], rep, q); err != nil {
			return err
		}
	}
	switch {
	case rep.Broken > 0:
		return fmt.Errorf("%w: %w: %d: %s", errBroken, ErrDamage, rep.Broken, strings.Join(rep.BrokenAt, ", "))
	case rep.Revoked && p.root != "":
		return fmt.Errorf("%w: %w", errRevokedBox, ErrDamage)
	}
	return nil
}

// verified verifies an export and says what it is.
func (p *Program) verified(ctx context.Context, path string) (rep archive.Report, err error) {
	o := archive.Options{Root: p.root, Progress: p.counted("đã kiểm / verified")}
	if o.Origin, o.Key, err = parseKey(p.key); err != nil {
		return rep, err
	}
	if o.Centre, err = centreKey(p.centre); err != nil {
		return rep, err
	}
	err = p.readExport(path, func(f io.ReaderAt, size int64) error {
		rep, err = archive.Verify(ctx, f, size, o)
		return err
	})
	if err != nil {
		return rep, err
	}
	what := "toàn bộ / everything"
	switch {
	case rep.Record != (clinic.Leaf{}):
		what = "một mục / one entry"
	case !rep.Patient.IsZero():
		what = "một người bệnh / one patient"
	}
	fmt.Fprintf(p.Stdout, "đúng / good: %s, hộp / box %s, %s\n%d + %d mục / entries, %d không đọc được / unreadable, %d không hiểu / unknown\n",
		what, rep.Box, rep.Exported.In(clinic.ICT).Format("2006-01-02 15:04"), rep.Own.Entries, rep.In.Entries, rep.Own.Holes+rep.In.Holes, rep.Raw)
	fmt.Fprintf(p.Stdout, "chữ ký / signatures: %d đúng / good, %d không khóa / without a key, %d khóa lạ / unknown key, %d hỏng / broken\n",
		rep.Good, rep.Keyless, rep.Unknown, rep.Broken)
	if c := rep.Cosigned; c != nil {
		fmt.Fprintf(p.Stdout, "trung tâm đồng ký %d mục lúc %s, chữ ký đúng / the centre cosigned %d entries then, and its signature fits: %s%s\n",
			c.Size, c.At.In(clinic.ICT).Format("2006-01-02 15:04"), c.Size, wire.Witness, cosignedPart(c))
	}
	if len(rep.Witnesses) > 0 {
		fmt.Fprintf(p.Stdout, "điểm kiểm tra có đồng ký của / a checkpoint in it is cosigned by: %s (chữ ký của họ: kiểm bằng khóa của họ / verify their signature with their key)\n", strings.Join(rep.Witnesses, ", "))
	}
	p.sayTrust(&rep, o)
	return rep, nil
}

// cosignedPart says what the cosignature shows of a part.
func cosignedPart(c *archive.Cosignature) string {
	if c.Holds {
		return ""
	}
	return " (tệp chỉ có một phần: không cho biết phần này có trong đó hay không / the file is a part: it does not tell whether the part was among them)"
}

// centreKey reads the key of -centre; none is nil.
func centreKey(s string) (ed25519.PublicKey, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: -centre: khóa ký biên nhận của trung tâm, base64 / the key of the centre's receipts in base64", ErrUsage)
	}
	return b, nil
}

// sayTrust says by what the export was believed, and what is still to be compared.
func (p *Program) sayTrust(rep *archive.Report, o archive.Options) {
	if rep.Root != nil {
		fmt.Fprintf(p.Stdout, "chứng nhận của / certified by: gốc / root %s\n", cert.Fingerprint(rep.Root))
	}
	if rep.Revoked {
		fmt.Fprintln(p.Stdout, "CHÚ Ý: trung tâm đã thu hồi chứng nhận của hộp này (hộp bị thay, mất hoặc bị lấy).\nNOTE: the centre took back the certificate of this box (replaced, lost or stolen).")
	}
	if o.Key == nil && o.Root == "" {
		fmt.Fprintf(p.Stdout, "CHƯA BIẾT KHÓA CỦA HỘP: so khóa này (hoặc gốc ở trên) với trung tâm hoặc giấy ghi, rồi chạy lại với -key (hoặc -root).\nTHE KEY IS NOT KNOWN TO BE THE BOX'S: compare it (or the root above) with the centre or your paper, and run again with -key (or -root).\n%s\n",
			checkpoint.KeyLine(rep.Origin, rep.Key))
	}
}

// sayProof says what a record of a verified export is worth, in the words of verify.
func (p *Program) sayProof(ctx context.Context, path string, rep archive.Report, q question) error {
	x := &gathered{q: q, staff: map[clinic.ID]clinic.Record{}, proofs: map[clinic.Ref][][32]byte{}}
	x.signed = &checkpoint.Checkpoint{Origin: rep.Origin, Size: rep.Own.Size, Root: rep.Own.Root}
	x.Epoch, x.proves = rep.Epoch, rep.Record
	x.received = &checkpoint.Checkpoint{Size: rep.In.Size, Root: rep.In.Root}
	err := p.readExport(path, func(f io.ReaderAt, size int64) error {
		_, err := archive.Verify(ctx, f, size, archive.Options{Key: rep.Key, Each: func(e *archive.Entry) error {
			ref := clinic.Ref{Journal: e.Journal, Index: e.Index}
			if r, err := entry.Decode(e.Bytes, ref, e.Leaf); !e.Hole() && err == nil {
				if e.Proof != nil {
					x.proofs[ref] = e.Proof
				}
				x.see(&r)
			}
			return nil
		}})
		return err
	})
	if err != nil {
		return err
	}
	ask := func(cert.WantMember, ...[]byte) (cert.Member, error) { return cert.Member{}, cert.ErrNobody }
	if rep.Trust != nil {
		ask = rep.Trust.Member
	}
	if x.states, err = x.signs.states(ctx, ask); err != nil {
		return err
	}
	return p.sayRecords(x)
}

func (p *Program) readExport(path string, fn func(io.ReaderAt, int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s", archive.ErrForm, "not a file")
	}
	return fn(f, info.Size())
}
