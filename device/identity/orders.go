package identity

import (
	"time"

	"clinicbox/internal/cert"
)

// ordersFile is what must be remembered while the box is locked.
type ordersFile struct {
	head
	Obeyed  uint64 `json:"obeyed"`
	Blocked bool   `json:"blocked,omitempty"`
	Floor   int64  `json:"floor,omitempty"` // Unix milliseconds: surely past
}

// Order verifies an order of the centre that was not obeyed yet. Obey it, then
// call Obeyed: an order may come twice.
func (b *Box) Order(raw []byte) (cert.Command, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return cert.Command{}, ErrStranger
	}
	mine := cert.Box{Name: b.enrol.Facility.Box, Serial: b.enrol.serial}
	return b.trust.Command(raw, mine, b.orders.Obeyed)
}

// Obeyed notes an order as done, durably.
func (b *Box) Obeyed(seq uint64) error {
	return b.note(func(o *ordersFile) { o.Obeyed = max(o.Obeyed, seq) })
}

// Block forbids unlocking, or allows it again, durably.
func (b *Box) Block(on bool) error { return b.note(func(o *ordersFile) { o.Blocked = on }) }

// Blocked reports whether the centre forbids unlocking.
func (b *Box) Blocked() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.orders.Blocked
}

// Floor returns the latest time that is surely past; zero when none is known.
func (b *Box) Floor() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.orders.Floor == 0 {
		return time.Time{}
	}
	return time.UnixMilli(b.orders.Floor)
}

// floorStep is how far time must have gone on to be written down: an SD card wears.
const floorStep = time.Hour

// Raise notes a time that the centre signed. It never falls.
func (b *Box) Raise(t time.Time) error {
	if t.UnixMilli() < b.Floor().Add(floorStep).UnixMilli() {
		return nil
	}
	return b.note(func(o *ordersFile) { o.Floor = max(o.Floor, t.UnixMilli()) })
}

func (b *Box) note(change func(*ordersFile)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.orders
	next.head = head{version}
	change(&next)
	if next == b.orders {
		return nil
	}
	if err := b.f.save(fileOrders, next); err != nil {
		return err
	}
	b.orders = next
	return nil
}

// Time verifies the centre's time, which must echo this boot's nonce.
func (b *Box) Time(raw []byte, boot cert.Nonce) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return time.Time{}, ErrStranger
	}
	v, err := b.trust.Time(raw, b.enrol.Facility.Box, boot)
	return time.UnixMilli(v.Time), err
}
