package boxmain

import (
	"fmt"

	"clinicbox/store"
)

// say prints what check found and returns ErrDamage when something is wrong. Holes
// and unknown kinds are told, but are no damage of today: they stay as they are.
func (p *Program) say(r store.Report) error {
	for _, line := range []struct {
		vi, en string
		n      uint64
	}{
		{"mục đã ghi tại hộp", "entries recorded here", r.Own},
		{"mục nhận từ trung tâm", "entries received", r.In},
		{"dòng chỉ mục đã so", "rows of the views compared", r.Rows},
		{"mục chỉ mục còn thiếu (sẽ bổ sung khi mở)", "entries that the views miss (applied at the next start)", r.Unapplied},
		{"mục không còn đọc được", "entries that can no longer be read", r.Holes},
		{"mục của phiên bản khác", "entries of another version", r.Unknown},
	} {
		fmt.Fprintf(p.Stdout, "%8d  %s / %s\n", line.n, line.vi, line.en)
	}
	fmt.Fprintf(p.Stdout, "root      %x\n", r.OwnRoot)
	for _, problem := range r.Problems {
		fmt.Fprintf(p.Stdout, "!         %s\n", problem)
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%w: %d", ErrDamage, len(r.Problems))
	}
	fmt.Fprintln(p.Stdout, "sạch / clean")
	return nil
}
