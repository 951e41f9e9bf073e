package boxmain

import (
	"context"
	"errors"
	"fmt"

	"clinicbox/sync/courier"
	"clinicbox/sync/outbox"
)

// errOff is the answer of a link that a command does not have.
var errOff = errors.New("no link")

// offline is a link that never comes up.
type offline struct{}

var _ outbox.Link = offline{}

// Publish implements outbox.Link.
func (offline) Publish([]byte) error { return errOff }

// Up implements outbox.Link.
func (offline) Up() bool { return false }

// Changed implements outbox.Link.
func (offline) Changed() <-chan struct{} { return nil }

// Frames implements outbox.Link.
func (offline) Frames() <-chan []byte { return nil }

// link is what the outbox sends over.
func (b *Box) link() outbox.Link {
	if b.carrier == nil {
		return offline{}
	}
	return b.carrier
}

// courierCommand visits a stick with a box that is stopped. A running one finds sticks by
// itself.
func (p *Program) courierCommand(ctx context.Context) error {
	if p.from == "" {
		return fmt.Errorf("%w: courier -config FILE -from DIR", ErrUsage)
	}
	m, err := courier.Open(p.from)
	if err != nil {
		return err
	}
	defer m.Close()
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	return p.settle(ctx, v, p.logger(v.cfg), func(b *Box) error { return p.visitStick(ctx, b, m) })
}

func (p *Program) visitStick(ctx context.Context, b *Box, m courier.Medium) error {
	if !b.joined() {
		return errAlone
	}
	if err := b.join(); err != nil {
		return err
	}
	if _, err := b.buildOutbox(); err != nil {
		return err
	}
	c, err := b.newCourier()
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- b.outbox.Run(run) }()
	err = courier.Prepare(m)
	var visit courier.Visit
	if err == nil {
		visit, err = c.Visit(ctx, m)
	}
	stop()
	err = errors.Join(err, <-done)
	fmt.Fprintf(p.Stdout, "trung tâm xác nhận / confirmed by the centre: %d\nnhận từ trung tâm / came from the centre: %d\ntrên thẻ, chờ trung tâm / on the stick for the centre: %d, %d KB\n",
		visit.Received, visit.Entries, visit.Up.Next-visit.Up.First, (visit.Up.Bytes+1023)/1024)
	if visit.Missing || visit.Bad > 0 {
		fmt.Fprintf(p.Stdout, "! phần của trung tâm không dùng được, sẽ được gửi lại: %d tệp hỏng\n! some of the centre's could not be used, it comes again: %d files\n", visit.Bad, visit.Bad)
	}
	return err
}

// errAlone tells that a box has no centre.
var errAlone = errors.New("the box has joined no centre")

// stickWords are those of sticks.
func stickWords() []word {
	return []word{
		{errAlone, "Hộp chưa thuộc trung tâm nào: không có nơi để gửi.", "The box has joined no centre: there is nobody to send to."},
		{courier.ErrFull, "Thẻ nhớ đầy. Phần đã ghi dùng được; phần còn lại vẫn ở hộp.", "The stick is full. What is on it is good; the rest stays in the box."},
		{courier.ErrReadOnly, "Thẻ nhớ không cho ghi: gạt khóa ghi, hoặc đổi thẻ.", "The stick takes no data: move its switch, or take another."},
		{courier.ErrDamaged, "Thẻ nhớ không trả lại đúng những gì đã ghi. Dùng thẻ khác; dữ liệu vẫn ở hộp.", "The stick does not give back what was written. Take another; the records are still in the box."},
		{courier.ErrGone, "Không thấy thư mục đó, hoặc thẻ nhớ bị rút ra. Không mất gì; cắm lại rồi làm lại.", "That folder is not there, or the stick was pulled out. Nothing is lost; plug it in and do it again."},
	}
}
