package boxmain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/durable"
	"clinicbox/interop/archive"
	"clinicbox/store"
)

// export writes everything, all of one patient, or one record with its proof into a
// file in open formats. It is
// for an administrator, whose PIN is asked for, or who has the recovery code.
func (p *Program) export(ctx context.Context) error {
	var patient clinic.ID
	if p.patient != "" {
		var err error
		if patient, err = clinic.ParseID(p.patient); err != nil {
			return patientUsage(err)
		}
	}
	if len(p.args) != 1 || p.patient != "" && p.record != "" {
		return fmt.Errorf("%w: export -config FILE [-patient ID | -record REF] [-reason TEXT] EXPORT.zip", ErrUsage)
	}
	var record question
	if p.record != "" {
		var err error
		if record, err = parseRef(p.record); err != nil {
			return err
		}
	}
	path := p.args[0]
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s", fs.ErrExist, path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return err
	}
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stderr, "CẢNH BÁO: tệp xuất KHÔNG mã hóa. Ai có tệp thì đọc được hồ sơ.\nWARNING: the export is NOT encrypted. Whoever has the file can read the records.")
	x := &exporting{p: p, path: path, asked: record, note: desk.ExportInput{Patient: patient, Words: p.reason, Act: clinic.NewID()}}
	x.box = New(Options{Config: v.cfg, Log: p.logger(v.cfg), Probe: selfProbe(), Prepare: x.run})
	x.box.vault = v
	return x.box.setUp(ctx)
}

func patientUsage(err error) error {
	return fmt.Errorf("%w: -patient: 32 ký tự trong địa chỉ trang của người bệnh / the 32 digits in the address of the patient's page: %w", ErrUsage, err)
}

// exporting is one export, between its permission and its file.
type exporting struct {
	p    *Program
	box  *Box
	path string
	note desk.ExportInput
	// Of one record.
	asked  question
	record clinic.Leaf
}

// run asks who it is, records it, and writes. A full or read-only disk keeps nobody from saving the
// records elsewhere: the export then is told aloud and not recorded.
func (x *exporting) run(ctx context.Context, d *desk.Desk, s *store.Store) (err error) {
	if x.note.By, err = x.p.administrator(ctx, d); err != nil {
		return err
	}
	if !x.asked.whole() {
		if err := x.find(ctx, s); err != nil {
			return err
		}
	}
	err = d.NoteExport(ctx, x.note)
	if errors.Is(err, &desk.Error{Code: desk.CodeStoreFull}) || errors.Is(err, &desk.Error{Code: desk.CodeStoreReadOnly}) {
		fmt.Fprintln(x.p.Stderr, "Ổ lưu đầy hoặc chỉ đọc được: việc xuất này KHÔNG ghi được vào nhật ký. Hãy ghi ra giấy.\nThe disk is full or read-only: this export is NOT recorded. Write it down on paper.")
		err = nil
	}
	if err != nil {
		return err
	}
	rep, err := x.write(ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(x.p.Stdout, "đã xuất / exported: %s\n%d + %d mục / entries\nkhóa của hộp / key of the box: %s\n%s\n",
		x.path, rep.Own.Entries, rep.In.Entries, keyText(rep.Key), checkpoint.KeyLine(rep.Origin, rep.Key))
	others, err := d.ExportLinked(ctx, x.note.Patient)
	if err != nil {
		return err
	}
	if x.note.Record {
		others = nil // one entry was asked for
	}
	for _, id := range others {
		fmt.Fprintf(x.p.Stdout, "CHÚ Ý: người này còn một hồ sơ đã gộp, KHÔNG có trong bản xuất. Xuất riêng bằng -patient %v\nNOTE: this person has another linked record, which is NOT in this export. Export it too, with -patient %v\n", id, id)
	}
	if rep.Attached > 0 {
		fmt.Fprintf(x.p.Stdout, "CHÚ Ý: nội dung của %d tệp đính kèm KHÔNG có trong bản xuất; giữ bản sao trên phương tiện thứ hai.\nNOTE: the content of %d attachments is NOT in the export; keep a copy on a second medium.\n", rep.Attached, rep.Attached)
	}
	return nil
}

// write makes the file and verifies it. What fails leaves nothing.
func (x *exporting) write(ctx context.Context, s *store.Store) (rep archive.Report, err error) {
	tmp := x.path + durable.TempSuffix
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return rep, err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(tmp) // it may be what fills the disk
		}
	}()
	h, err := x.head(s)
	if err != nil {
		return rep, err
	}
	if err := writeArchive(ctx, f, s, h, x.p.counted("đã ghi / written")); err != nil {
		return rep, err
	}
	if err := f.Sync(); err != nil {
		return rep, err
	}
	size, err := f.Seek(0, 2)
	if err != nil {
		return rep, err
	}
	rep, err = archive.Verify(ctx, f, size, archive.Options{Progress: x.p.counted("đã kiểm / verified")})
	if err != nil {
		return rep, err
	}
	return rep, durable.Rename(tmp, x.path)
}

// head says what the export is of.
func (x *exporting) head(s *store.Store) (h archive.Head, err error) {
	_, keys, err := x.box.vault.storage()
	if err != nil {
		return h, err
	}
	h = archive.Head{
		Box: boxName(x.box.vault), Epoch: s.Epoch(), Scope: archive.Scope{Patient: x.note.Patient, Record: x.record}, Program: Version(), Key: keys.Private.Identity,
	}
	if e, ok := x.box.vault.id.Enrolment(); ok {
		h.Certs = &archive.Certificates{Root: e.Root, Statements: e.Statements, Box: e.Box}
	}
	h.At, h.Trusted = x.box.clock.Now()
	for _, j := range []struct {
		log  *store.Log
		tree *archive.Tree
	}{{s.Own(), &h.Own}, {s.Received(), &h.In}} {
		j.tree.Size = j.log.Size()
		if j.tree.Root, err = j.log.Root(j.tree.Size); err != nil {
			return h, err
		}
	}
	h.Cosigned = cosignedOf(s, &h)
	return h, nil
}

// cosignedOf is the kept checkpoint that the centre cosigned, when it is of the journal
// that is exported: a box that was renamed, or whose journal went back, has another.
func cosignedOf(s *store.Store, h *archive.Head) []byte {
	note := s.Own().Cosigned()
	c, err := checkpoint.Unverified(note)
	if err != nil || c.Origin != checkpoint.Origin(h.Box, h.Epoch) || c.Size > h.Own.Size {
		return nil
	}
	if root, err := s.Own().Root(c.Size); err != nil || root != c.Root {
		return nil
	}
	return note
}

// boxName is the name that the centre gave, or that of the configuration.
func boxName(v *vault) string {
	if e, ok := v.id.Enrolment(); ok {
		return e.Facility.Box
	}
	return v.cfg.Box.Name
}

// administrator finds who is at the keyboard: who opened the box with number and PIN;
// nobody for the recovery code; in a development box somebody says who and types the
// PIN. That they are an administrator is for the desk to find.
func (p *Program) administrator(ctx context.Context, d *desk.Desk) (clinic.ID, error) {
	if p.recovered || !p.owner.IsZero() {
		return p.owner, nil
	}
	all, err := d.Staff(ctx)
	if err != nil {
		return clinic.ID{}, err
	}
	var who []desk.Person
	for _, a := range all {
		if a.Role == clinic.RoleAdministrator {
			who = append(who, a)
			fmt.Fprintf(p.Stderr, "%d  %s\n", len(who), a.Name)
		}
	}
	text, err := p.readLine("Số thứ tự của bạn / your number in the list: ")
	if err != nil {
		return clinic.ID{}, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(who) {
		return clinic.ID{}, fmt.Errorf("%w: số / number %q", ErrUsage, text)
	}
	pin, err := p.readLine("PIN: ")
	if err != nil {
		return clinic.ID{}, err
	}
	return who[n-1].ID, d.Confirm(ctx, who[n-1].ID, pin)
}

// counted tells how far something came, every 100,000 entries.
func (p *Program) counted(what string) func(uint64) {
	const every = 100_000
	next := uint64(every)
	return func(done uint64) {
		if done >= next {
			next = done - done%every + every
			fmt.Fprintf(p.Stdout, "%s: %d\n", what, done-done%every)
		}
	}
}
