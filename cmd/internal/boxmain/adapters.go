package boxmain

import (
	"context"
	"crypto"
	"errors"
	"log/slog"
	"syscall"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/device/staff"
	"clinicbox/internal/entry"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/printer"
	"clinicbox/store"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// records is the store as the desk sees it: a disk that takes nothing is a refusal in
// words.
type records struct{ *store.Store }

var _ desk.Store = records{}

func (r records) Act(ctx context.Context, act, author clinic.ID, f func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	saved, err := r.Store.Act(ctx, act, author, f)
	return saved, noRoom(err)
}

// pins are the staff's PINs, whose tries are counted on the same disk. A PIN also
// opens the box after a start: its key slot goes first, so that a cut between leaves
// somebody who opens the box with the new PIN and logs in with the old one. Whose slot
// ended with a storage key gets another when the PIN is typed next.
type pins struct {
	*staff.Pins
	vault *vault
	log   *slog.Logger
}

var _ desk.Pins = pins{}

func (p pins) Open(ctx context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, crypto.Signer, error) {
	v, key, err := p.Pins.Open(ctx, person, pin, stranger)
	if err == nil && v.Result == clinic.PINRight && !p.vault.opensFor(person) {
		if err := p.vault.setPIN(ctx, person, pin); err != nil { // a reason to keep nobody from work
			p.log.Error("somebody who logged in cannot unlock the box yet", "err", err)
		}
	}
	return v, key, noRoom(err)
}

func (p pins) Set(ctx context.Context, person clinic.ID, pin string, keep crypto.Signer) error {
	if err := p.vault.setPIN(ctx, person, pin); err != nil {
		return noRoom(err)
	}
	return noRoom(p.Pins.Set(ctx, person, pin, keep))
}

// Remove keeps who left from the records after a start, and from logging in.
func (p pins) Remove(ctx context.Context, person clinic.ID) error {
	if err := p.vault.removePerson(ctx, person); err != nil {
		return noRoom(err)
	}
	return noRoom(p.Pins.Remove(ctx, person))
}

func (p pins) Unlock(person clinic.ID) error { return noRoom(p.Pins.Unlock(person)) }

func noRoom(err error) error {
	if errors.Is(err, store.ErrFatal) {
		return err // it may be saved
	}
	if errors.Is(err, store.ErrReadOnly) || errors.Is(err, syscall.EROFS) {
		return &desk.Error{Code: desk.CodeStoreReadOnly, Err: err}
	}
	if errors.Is(err, store.ErrFull) || errors.Is(err, syscall.ENOSPC) {
		return &desk.Error{Code: desk.CodeStoreFull, Err: err}
	}
	return err
}

// scans lets the desk recognise codes.
type scans struct{}

var _ desk.Scans = scans{}

func (scans) Recognise(raw []byte) (clinic.Scan, error) { return barcode.Parse(raw) }

// papers lets the desk print.
type papers struct{ spooler *printer.Spooler }

var _ desk.Papers = papers{}

func (p papers) Enqueue(ctx context.Context, id clinic.ID, doc paper.Doc) error {
	if p.spooler == nil {
		return errNoPrinter
	}
	return p.spooler.Submit(ctx, id.String(), doc, false) // the desk marks reprints itself
}

// Witness tells papers the head of a store's own journal.
type Witness struct{ Store *store.Store }

var _ desk.Witness = Witness{}

// Head implements desk.Witness.
func (w Witness) Head() (clinic.TreeHead, error) {
	size := w.Store.Own().Size()
	root, err := w.Store.Own().Root(size)
	return clinic.TreeHead{Log: w.Store.Epoch(), Size: size, Root: root[:]}, err
}

// Keeps implements desk.Witness.
func (w Witness) Keeps(h clinic.TreeHead) (bool, error) {
	of, err := w.Store.HoldsOf(h)
	if !of && err == nil {
		return true, nil
	}
	if errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrForked) {
		return false, nil
	}
	return err == nil, err
}

// upload is the own journal as the outbox reads it.
type upload struct{ *store.Log }

var _ outbox.Log = upload{}

func (u upload) Read(from uint64, max, maxBytes int) ([]wire.Raw, error) {
	raws, err := u.Log.Read(from, max, maxBytes)
	out := make([]wire.Raw, len(raws))
	for i, r := range raws {
		out[i] = wire.Raw{
			Index: r.Index, Leaf: r.Leaf, Segment: r.Segment, Place: r.Place,
			Seed: r.Seed, Salt: r.Salt, Explicit: r.Explicit, Bytes: r.Bytes,
		}
	}
	return out, err
}

// applier stores what the hub sent.
type applier struct{ b *Box }

var _ outbox.Applier = applier{}

func (a applier) Apply(ctx context.Context, entries []wire.Salted) error {
	got := make([]store.Received, len(entries))
	for i, e := range entries {
		got[i] = store.Received{Salt: entry.Salt(e.Salt), Bytes: e.Bytes}
	}
	if _, err := a.b.store.Receive(ctx, got); err != nil {
		return err
	}
	if _, in := a.b.store.Holes(); in > 0 { // some may be what cannot be read any more
		if _, err := a.b.store.Mend(ctx, got, a.b.scrubOptions()); err != nil {
			return err
		}
	}
	a.b.statements(entries) // after they are durable: opening learns what a cut keeps from here
	return nil
}
