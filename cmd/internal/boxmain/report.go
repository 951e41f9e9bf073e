package boxmain

import (
	"fmt"

	"clinicbox/store"
)

// maxVoid signatures that confirm nothing are listed one by one.
const maxVoid = 1000

// say prints what check found and returns ErrDamage when something is wrong. Holes
// and unknown kinds are told, but are no damage of today: they stay as they are.
func (p *Program) say(r store.Report, s signatures) error {
	p.count(append(journalCounts(r, s), []count{
		{"dòng chỉ mục đã so", "rows of the views compared", r.Rows},
		{"mục chỉ mục còn thiếu (sẽ bổ sung khi mở)", "entries that the views miss (applied at the next start)", r.Unapplied},
		{"tệp còn dưới khóa cũ (sẽ thay khi mở)", "files that a change of keys has not reached (finished at the next start)", uint64(r.Unturned)},
		{"tệp đính kèm", "blobs", r.Blobs},
	}...))
	return p.conclude(r, s)
}

// count is one line of a report.
type count struct {
	vi, en string
	n      uint64
}

func (p *Program) count(lines []count) {
	for _, l := range lines {
		fmt.Fprintf(p.Stdout, "%8d  %s / %s\n", l.n, l.vi, l.en)
	}
}

// journalCounts are those of both journals and their signatures.
func journalCounts(r store.Report, s signatures) []count {
	return []count{
		{"mục đã ghi tại hộp", "entries recorded here", r.Own},
		{"mục nhận từ trung tâm", "entries received", r.In},
		{"mục dưới điểm kiểm tra mà hộp đã ký", "entries under the newest checkpoint that the box signed", r.Signed},
		{"mục dưới điểm kiểm tra mà trung tâm đồng ký", "entries under the newest checkpoint that the centre cosigned", r.Cosigned},
		{"mục không còn đọc được", "entries that can no longer be read", r.Holes},
		{"mục của phiên bản khác", "entries of another version", r.Unknown},
		{"chữ ký đã xét", "signatures judged", s.judged},
		{"chữ ký khớp, trung tâm chưa xác nhận khóa", "signatures that fit, whose key the centre has not confirmed", s.unconfirmed},
		{"xác nhận từ trước khi có khóa ký", "confirmations from before people had keys", s.keyless},
		{"chữ ký không được tính", "signatures that confirm nothing", uint64(len(s.void))},
	}
}

// conclude names what is wrong: ErrDamage then.
func (p *Program) conclude(r store.Report, s signatures) error {
	fmt.Fprintf(p.Stdout, "root      %x\n", r.OwnRoot)
	for _, problem := range r.Problems {
		fmt.Fprintf(p.Stdout, "!         %s\n", problem)
	}
	for i, void := range s.void {
		if i == maxVoid {
			fmt.Fprintf(p.Stdout, "!         … %d\n", len(s.void)-i)
			break
		}
		fmt.Fprintf(p.Stdout, "!         %s\n", void)
	}
	if n := len(r.Problems) + len(s.void); n > 0 {
		return fmt.Errorf("%w: %d", ErrDamage, n)
	}
	fmt.Fprintln(p.Stdout, "sạch / clean")
	return nil
}
