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
	"clinicbox/interop/archive"
	"clinicbox/store"
)

// writeArchive writes an export of what the head says.
func writeArchive(ctx context.Context, w io.Writer, s *store.Store, h archive.Head, progress func(uint64)) error {
	out, err := archive.NewWriter(w, h)
	if err != nil {
		return err
	}
	sel := archive.NewSelection(h.Patient)
	if !h.Patient.IsZero() {
		err := eachEntry(ctx, s, h, func(e *archive.Entry) error {
			sel.Note(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	done := uint64(0)
	err = eachEntry(ctx, s, h, func(e *archive.Entry) (err error) {
		done++
		progress(done)
		if !sel.Wants(e) {
			return nil
		}
		if !h.Patient.IsZero() {
			if e.Proof, err = logOf(s, e.Journal).Prove(e.Index, treeOf(h, e.Journal).Size); err != nil {
				return err
			}
		}
		return out.Add(*e)
	})
	if err != nil {
		return err
	}
	return out.Close()
}

func logOf(s *store.Store, j clinic.Journal) *store.Log {
	if j == clinic.In {
		return s.Received()
	}
	return s.Own()
}

func treeOf(h archive.Head, j clinic.Journal) archive.Tree {
	if j == clinic.In {
		return h.In
	}
	return h.Own
}

// What is read at a time.
const (
	readEntries = 1000
	readBytes   = 1 << 20
)

// eachEntry passes the entries of own, then those of in, up to the sizes of the head.
func eachEntry(ctx context.Context, s *store.Store, h archive.Head, fn func(*archive.Entry) error) error {
	for _, j := range []clinic.Journal{clinic.Own, clinic.In} {
		for at := uint64(0); at < treeOf(h, j).Size; {
			raws, err := logOf(s, j).Read(at, readEntries, readBytes)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			for i := range raws {
				r := &raws[i]
				if r.Index >= treeOf(h, j).Size {
					break
				}
				e := archive.Entry{Journal: j, Index: r.Index, Bytes: r.Bytes, Leaf: r.Leaf}
				if !r.Hole() {
					e.Salt = r.Salt
				}
				if err := fn(&e); err != nil {
					return err
				}
			}
			at += uint64(len(raws))
		}
	}
	return nil
}

// keyText is how the public key of a box is written for people, and parseKey reads it.
func keyText(k ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(k) }

func parseKey(s string) (ed25519.PublicKey, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: -key: 44 ký tự base64 / 44 characters of base64", ErrUsage)
	}
	return b, nil
}

// errBroken tells that people's signatures in an export do not fit.
var errBroken = errors.New("broken signatures")

// verifyExport verifies an export. It needs no box: only the file, and the box's key.
func (p *Program) verifyExport(ctx context.Context) error {
	if len(p.args) != 1 {
		return fmt.Errorf("%w: verify-export [-key KEY] EXPORT.zip", ErrUsage)
	}
	rep, err := p.verified(ctx, p.args[0])
	if err != nil {
		return err
	}
	if rep.Broken > 0 {
		return fmt.Errorf("%w: %w: %d: %s", errBroken, ErrDamage, rep.Broken, strings.Join(rep.BrokenAt, ", "))
	}
	return nil
}

// verified verifies an export and says what it is.
func (p *Program) verified(ctx context.Context, path string) (rep archive.Report, err error) {
	key, err := parseKey(p.key)
	if err != nil {
		return rep, err
	}
	err = p.readExport(path, func(f io.ReaderAt, size int64) error {
		rep, err = archive.Verify(ctx, f, size, archive.Options{Key: key, Progress: p.counted("đã kiểm / verified")})
		return err
	})
	if err != nil {
		return rep, err
	}
	what := "toàn bộ / everything"
	if !rep.Patient.IsZero() {
		what = "một người bệnh / one patient"
	}
	fmt.Fprintf(p.Stdout, "đúng / good: %s, hộp / box %s, %s\n%d + %d mục / entries, %d không đọc được / unreadable, %d không hiểu / unknown\n",
		what, rep.Box, rep.Exported.In(clinic.ICT).Format("2006-01-02 15:04"), rep.Own.Entries, rep.In.Entries, rep.Own.Holes+rep.In.Holes, rep.Raw)
	fmt.Fprintf(p.Stdout, "chữ ký / signatures: %d đúng / good, %d không khóa / without a key, %d khóa lạ / unknown key, %d hỏng / broken\n",
		rep.Good, rep.Keyless, rep.Unknown, rep.Broken)
	if key == nil {
		fmt.Fprintf(p.Stdout, "CHƯA BIẾT KHÓA CỦA HỘP: so khóa này với trung tâm hoặc giấy ghi, rồi chạy lại với -key.\nTHE KEY IS NOT KNOWN TO BE THE BOX'S: compare it with the centre or your paper, and run again with -key.\n%s\n", keyText(rep.Key))
	}
	return rep, nil
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
