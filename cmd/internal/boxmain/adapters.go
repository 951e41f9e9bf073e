package boxmain

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/internal/entry"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/printer"
	"clinicbox/store"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

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

// witness tells slips the head of the own journal.
type witness struct{ store *store.Store }

var _ desk.Witness = witness{}

func (w witness) Head() (uint64, [32]byte, error) {
	size := w.store.Own().Size()
	root, err := w.store.Own().Root(size)
	return size, root, err
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
type applier struct{ store *store.Store }

var _ outbox.Applier = applier{}

func (a applier) Apply(ctx context.Context, entries []wire.Salted) error {
	got := make([]store.Received, len(entries))
	for i, e := range entries {
		got[i] = store.Received{Salt: entry.Salt(e.Salt), Bytes: e.Bytes}
	}
	_, err := a.store.Receive(ctx, got)
	return err
}
