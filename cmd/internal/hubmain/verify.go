package hubmain

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/internal/entry"
)

// Errors of verify, for people.
var (
	errNotHeld   = errors.New("the centre holds no such entry")
	errNotProven = errors.New("the paper is not proven")
)

// verify proves a paper by what the centre holds, also when its box is gone: that the
// entry is held, in a tree that is computed anew and is what the paper knows, and what
// became of it since. It never says what the entry says.
func (p *Program) verify(ctx context.Context) error {
	q, err := clinic.ParsePaperQR(p.args[0])
	if err != nil {
		return fmt.Errorf("%w: nội dung QR của giấy / the text in the QR of a paper", ErrUsage)
	}
	return p.database(ctx, func(d *db.DB) error {
		var turns []clinic.Record // what ends a visit, or corrects the entry
		held, err := d.Held(ctx, q, func(_ *hub.Stream, e *hub.Entry) error {
			r, err := entry.DecodeIf(e.Bytes, clinic.Ref{Journal: clinic.Own, Index: e.Index}, e.Leaf, func(k clinic.Kind) bool {
				return k == clinic.KindVisitEnded || k == clinic.KindAllergies
			})
			if err == nil && e.Bytes != nil && (r.Kind == clinic.KindVisitEnded || r.Corrects != clinic.Leaf{}) {
				turns = append(turns, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return fmt.Errorf("%w: %w", errNotHeld, ErrDamage)
		}
		bad := 0
		for i := range held {
			bad += p.sayHeld(&held[i], q, turns)
		}
		if bad > 0 {
			return fmt.Errorf("%w: %w: %d", errNotProven, ErrDamage, bad)
		}
		fmt.Fprintln(p.Stdout, "đúng / good")
		return nil
	})
}

// sayHeld says what the paper is worth by one stream, and how much is not as it must be.
func (p *Program) sayHeld(h *db.Held, q *clinic.PaperQR, turns []clinic.Record) (bad int) {
	wrong := func(vi, en string) {
		bad++
		fmt.Fprintf(p.Stdout, "!  %s / %s\n", vi, en)
	}
	fmt.Fprintf(p.Stdout, "hộp / box %s, kỳ / epoch %s, mục / entry %d of %d, mã băm / leaf %x\n", h.Box, h.Epoch, h.Entry.Index, h.Size, h.Entry.Leaf)
	if h.Problem != "" {
		wrong("bản lưu ở trung tâm bị hỏng", "the centre's own copy is damaged: "+h.Problem)
		return bad
	}
	switch {
	case h.Fits(q):
		fmt.Fprintf(p.Stdout, "giấy / paper: đúng nhật ký này khi có %d mục / this journal as it was with %d entries\n", q.Size, q.Size)
	case !h.Named:
		fmt.Fprintln(p.Stdout, "giấy / paper: của kỳ khác: chỉ so được mã băm / of another epoch: only the leaf hash is compared")
	case q.Size > h.Size:
		fmt.Fprintf(p.Stdout, "giấy / paper: trung tâm mới có %d trong %d mục / the centre has only %d of the %d entries yet\n", h.Size, q.Size, h.Size, q.Size)
	default:
		wrong("nhật ký ở trung tâm không phải nhật ký mà giấy biết", "the journal at the centre is not the one that the paper knows")
	}
	if h.Entry.Bytes == nil {
		fmt.Fprintln(p.Stdout, "nội dung / content: hộp không còn đọc được khi gửi, chỉ có mã băm / the box could no longer read it, only the hash is held")
		return bad
	}
	r, err := entry.DecodeIf(h.Entry.Bytes, clinic.Ref{Journal: clinic.Own, Index: h.Entry.Index}, h.Entry.Leaf, func(clinic.Kind) bool { return false })
	if err != nil {
		wrong("phiên bản này không hiểu mục đó", "this program does not understand the entry")
		return bad
	}
	if !q.Record.IsZero() && !bytes.Equal(q.Record[:], r.Subject[:]) {
		wrong("giấy nói đến hồ sơ khác", "the paper names another patient's record")
	}
	fmt.Fprintf(p.Stdout, "loại / kind: %s, ghi lúc / recorded %s\n", r.Kind, r.Recorded().Format("2006-01-02 15:04:05"))
	since := "không đổi / unchanged"
	if fate := clinic.FateOf(&r, turns); fate.By != nil {
		since = fmt.Sprintf("ĐÃ SỬA / CORRECTED %s (mục / entry %d)", fate.By.Recorded().Format("2006-01-02 15:04:05"), fate.By.Ref.Index)
	} else if fate.Ended != nil {
		since = fmt.Sprintf("lượt khám ĐÃ HỦY / the visit was ENDED %s", fate.Ended.Recorded().Format("2006-01-02 15:04:05"))
	}
	fmt.Fprintf(p.Stdout, "từ đó / since: %s\n", since)
	return bad
}
