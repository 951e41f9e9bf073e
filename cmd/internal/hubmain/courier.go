package hubmain

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/hub/registrar"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/redact"
	"clinicbox/sync/courier"
	"clinicbox/sync/mqttlink"
	"clinicbox/sync/wire"
)

// Errors of the courier, for people.
var (
	errEmptyStick = errors.New("the stick names no box")
	errStickBox   = errors.New("something of the stick could not be used")
)

// carriedIn is the centre's ingest as the courier sees it.
type carriedIn struct {
	in   *ingest.Ingest
	note courier.NoteKey
}

var _ courier.Ingest = carriedIn{}

// newCarriedIn derives the key of the centre's notes from its identity.
func newCarriedIn(in *ingest.Ingest, keys *keyfile.Private) carriedIn {
	m := hmac.New(sha256.New, keys.Identity.Seed())
	m.Write([]byte("clinicbox courier note v1"))
	return carriedIn{in, courier.NoteKey(m.Sum(nil))}
}

// Carried implements courier.Ingest.
func (c carriedIn) Carried(ctx context.Context, p *courier.Piece) (courier.Told, error) {
	t, err := c.in.Carried(ctx, ingest.Piece{Box: p.Box, File: p.File, Start: p.Start, Frames: p.Frames})
	return courier.Told{Refused: t.Refused, First: t.First, Next: t.Next, Size: t.Size, New: t.New}, err
}

// Cargo implements courier.Ingest.
func (c carriedIn) Cargo(ctx context.Context, box string) (*courier.Cargo, error) {
	p, err := c.in.Parcel(ctx, box)
	if errors.Is(err, hub.ErrUnknownBox) || errors.Is(err, hub.ErrRevoked) {
		return nil, errors.Join(courier.ErrNobody, err)
	}
	if err != nil {
		return nil, err
	}
	out := &courier.Cargo{
		Extent: courier.Extent{
			Epoch: wire.Epoch(p.Epoch), First: p.Acked, Next: p.Last,
			Ack: courier.Mark{Epoch: wire.Epoch(p.Stream.Epoch), Next: p.Stream.Size},
		},
		Safe:  func(courier.Extent) bool { return true }, // of a stream down that was given up
		Begin: p.Begin, Note: &c.note, Now: time.Now(),
		Pack: func(ctx context.Context, from uint64) (wire.Message, uint64, error) { return p.Pack(ctx, from) },
	}
	for _, r := range p.Receipts {
		out.Head = append(out.Head, r)
	}
	return out, nil
}

// nowhere is a link of a centre that speaks by courier only.
type nowhere struct{}

// Publish implements ingest.Link.
func (nowhere) Publish(string, []byte) error { return mqttlink.ErrDown }

// courier takes in what boxes wrote to a stick, or writes to it what goes to them. A
// centre may run beside it.
func (p *Program) courier(ctx context.Context) error {
	what, dir := p.args[0], p.args[1]
	if what != "import" && what != "export" || p.flags.all && p.flags.box != "" {
		return p.usage()
	}
	stick, err := courier.Open(dir)
	if err != nil {
		return err
	}
	defer stick.Close()
	cfg, keys, err := p.settings()
	if err != nil {
		return err
	}
	return p.database(ctx, func(d *db.DB) error {
		log := slog.New(redact.NewHandler(p.Stderr, max(cfg.level(), slog.LevelWarn)))
		in := ingest.New(ingest.Options{DB: d, Link: nowhere{}, Identity: keys.Identity, HPKE: keys.HPKE, Log: log})
		run, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- in.Run(run) }()
		<-in.Ready()
		err := p.carry(ctx, d, courierTask{stick, newCarriedIn(in, keys), what == "import"})
		stop()
		return errors.Join(err, <-done)
	})
}

// courierTask is what to do with a stick.
type courierTask struct {
	stick courier.Medium
	in    carriedIn
	takes bool // what boxes wrote, first
}

func (p *Program) carry(ctx context.Context, d *db.DB, t courierTask) error {
	bad := 0
	if t.takes {
		if err := courier.Import(ctx, t.stick, t.in, func(r courier.Report) { bad += p.sayImported(&r) }); err != nil {
			return err
		}
		if err := p.lookThrough(ctx, d); err != nil {
			return err
		}
	}
	names, err := p.carriedTo(ctx, d)
	if err != nil {
		return err
	}
	n := 0
	err = courier.Export(ctx, t.stick, t.in, names, func(r courier.Report) { n, bad = n+1, bad+p.sayExported(&r) })
	switch {
	case err != nil:
		return err
	case n == 0:
		return errEmptyStick
	case bad > 0:
		return errStickBox
	}
	return nil
}

// lookThrough has what came judged as what the link brings is: a centre that runs
// beside is not told of it.
func (p *Program) lookThrough(ctx context.Context, d *db.DB) error {
	a, err := p.openedAuthority(ctx, d)
	if err != nil || a == nil {
		return err
	}
	r := registrar.New(registrar.Options{DB: d, Authority: a, Encode: ingest.Encode})
	return errors.Join(r.Scan(ctx), r.Judge(ctx))
}

// carriedTo names the boxes to write for; none are those whose folders are there.
func (p *Program) carriedTo(ctx context.Context, d *db.DB) (names []string, err error) {
	if p.flags.box != "" {
		return []string{p.flags.box}, nil
	}
	if !p.flags.all && p.flags.facility == "" {
		return nil, nil
	}
	boxes, err := d.Boxes(ctx)
	for i := range boxes {
		if b := &boxes[i]; b.Revoked == 0 && (p.flags.all || b.Facility.Code == p.flags.facility) {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 && err == nil {
		err = hub.ErrUnknownBox
	}
	return names, err
}

// sayImported prints what came of one box, and returns how much is not as it should be.
func (p *Program) sayImported(r *courier.Report) (bad int) {
	fmt.Fprintf(p.Stdout, "%s: %d mục mới, trung tâm giữ %d / new entries, the centre holds %d\n", r.Box, r.New, r.Size, r.Size)
	for _, w := range []struct {
		is     bool
		vi, en string
	}{
		{r.Refused > 0, "không phải của hộp này, hoặc hộp không còn hoạt động; không nhận", "not from this box, or it is not in service; nothing of it was taken"},
		{r.Bad > 0, "có tệp hỏng; hộp sẽ ghi lại lần sau", "some files are torn; the box writes them anew at the next visit"},
		{r.Missing, "thiếu phần trước đó: đang ở thẻ nhớ khác, hoặc đã mất; hộp vẫn giữ và sẽ ghi lại", "what comes before is missing: on another stick, or lost; the box keeps it and writes it again"},
		{r.Differs, "có mục khác với mục đang giữ: xem cảnh báo", "some differ from what is held: see the alarms"},
	} {
		if w.is {
			bad++
			fmt.Fprintf(p.Stdout, "! %s: %s / %s\n", r.Box, w.vi, w.en)
		}
	}
	return bad
}

// sayExported prints what waits for one box on the stick.
func (p *Program) sayExported(r *courier.Report) (bad int) {
	switch {
	case errors.Is(r.Err, courier.ErrNobody):
		fmt.Fprintf(p.Stdout, "! %s: không có hộp nào tên này đang hoạt động; không ghi gì / no such box in service; nothing was written for it\n", r.Box)
		return 1
	case errors.Is(r.Err, courier.ErrFull):
		fmt.Fprintf(p.Stdout, "! %s: thẻ nhớ đầy, ghi được %d mục / the stick is full, it holds %d entries\n", r.Box, r.Down.Next-r.Down.First, r.Down.Next-r.Down.First)
		return 0 // the error itself follows
	case r.Err != nil:
		return 0
	}
	fmt.Fprintf(p.Stdout, "%s: biên nhận và %d mục đang chờ hộp, %d KB / receipts and %d entries wait for the box, %d KB\n",
		r.Box, r.Down.Next-r.Down.First, (r.Down.Bytes+1023)/1024, r.Down.Next-r.Down.First, (r.Down.Bytes+1023)/1024)
	return 0
}
