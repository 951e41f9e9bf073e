// Package registrar carries what the authority decides to where it counts: the rows
// of boxes, the broker's rights, and the boxes of each facility, which are told
// every statement once. The other way round it finds the keys of people in what
// boxes send, for an operator to certify.
//
// It follows the authority's signed history: whoever did something, in this process
// or beside it, the history has moved. All that it does can be done again; where it
// stands is in the database, so a restart at any point loses and repeats nothing.
package registrar

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
)

// Pauses between looks at the history.
const (
	lookEvery  = time.Second
	afterError = 5 * time.Second
)

// Authority is what the registrar asks of the authority.
type Authority interface {
	Head(ctx context.Context) (cert.Head, error)
	Boxes(ctx context.Context) ([]authority.Box, error)
	Registry
	Decider
}

// Registry is what the authority has said.
type Registry interface {
	Box(ctx context.Context, ref string) (authority.Box, error)
	Statements(ctx context.Context, facility string) ([][]byte, error)
	People(ctx context.Context, facility string) ([]authority.Person, error)
	Root() ed25519.PublicKey
}

// Decider signs what an operator decides. Each may be asked again.
type Decider interface {
	Certify(ctx context.Context, by authority.By, request []byte) ([]byte, error)
	Ratify(ctx context.Context, by authority.By, chain ...[]byte) ([]byte, error)
	Reject(ctx context.Context, by authority.By, provisional []byte) ([]byte, error)
	Command(ctx context.Context, by authority.By, ref string, o authority.Order) ([]byte, error)
	Note(ctx context.Context, by authority.By, action, object string) error
}

// DB is what the registrar asks of the database. Every change is durable on return.
type DB interface {
	// Admit brings a box's row to its certificate; true when something changed.
	Admit(ctx context.Context, m hub.Member, at time.Time) (changed bool, err error)
	// Tell queues what the box was not told yet, once for each digest, all or none.
	Tell(ctx context.Context, box string, digests [][32]byte, encode func(i int) (hub.Down, error)) (n int, err error)
	Keys
	Verdicts
	KeyEntries
}

// Keys keeps what was found of people's keys.
type Keys interface {
	Unscanned(ctx context.Context, n int) ([]hub.Found, error)
	// Scanned keeps both in one transaction, with an alarm for each key that is news and
	// has a problem.
	Scanned(ctx context.Context, found []hub.Found, cs []hub.Credential) error
	Credentials(ctx context.Context, facility string) ([]hub.Credential, error)
	EndCredential(ctx context.Context, digest string) error
}

// Verdicts keeps what signatures of records are worth.
type Verdicts interface {
	Unjudged(ctx context.Context, n int) ([]hub.Found, error)
	// Judged keeps that entries were judged, with an alarm for each verdict that is news,
	// in one transaction.
	Judged(ctx context.Context, found []hub.Found, vs []hub.Verdict) error
	// JudgedBy returns by what each facility's signatures were judged last.
	JudgedBy(ctx context.Context) (map[string][32]byte, error)
	// Rejudge has what the boxes sent judged anew.
	Rejudge(ctx context.Context, facility string, digest [32]byte, boxes []string) error
}

// KeyEntries reads what brought keys of people, and what a box says of an entry.
type KeyEntries interface {
	Entries(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]hub.Entry, error)
	CredentialEntries(ctx context.Context, person clinic.ID) ([]hub.Found, error)
	EndedCredentials(ctx context.Context) ([]hub.Credential, error)
}

// Options of New. DB, Authority and Encode are needed.
type Options struct {
	DB        DB
	Authority Authority
	// Encode makes entries of drafts (ingest.Encode).
	Encode func(now time.Time, drafts []clinic.Draft) ([]hub.Down, error)
	// Moved is called with all boxes, ended ones too, when the history has moved and
	// the rows follow it.
	Moved func(ctx context.Context, boxes []authority.Box) error
	Now   func() time.Time
	Log   *slog.Logger
	Room  int // bytes of a statement in an entry; 0 = what fits
}

// Registrar is a task; see the package comment.
type Registrar struct {
	o     Options
	ready chan struct{}
	wake  chan struct{}

	mu   sync.Mutex // one follows at a time
	head cert.Head  // rows follow it
	rows map[string]hub.Member
	done cert.Head // boxes are told
	by   cert.Head // signatures are judged by it
	bare int       // and by as many requests that were turned down
	told map[string]cert.Digest
}

// New prepares a Registrar.
func New(o Options) *Registrar {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Room == 0 {
		o.Room = entry.MaxSize - 512 // of the entry's head
	}
	if o.Moved == nil {
		o.Moved = func(context.Context, []authority.Box) error { return nil }
	}
	return &Registrar{o: o, ready: make(chan struct{}), wake: make(chan struct{}, 1), rows: map[string]hub.Member{}, told: map[string]cert.Digest{}}
}

// String names the task.
func (r *Registrar) String() string { return "registrar" }

// Ready is closed when rows and rights follow the authority for the first time.
func (r *Registrar) Ready() <-chan struct{} { return r.ready }

// Wake has the entries looked through soon. It never waits.
func (r *Registrar) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Stored is told of every batch that was stored.
func (r *Registrar) Stored(b *hub.Batch) {
	if slices.ContainsFunc(b.Entries, func(e hub.Entry) bool {
		return e.Kind == clinic.KindCredential || e.Kind == clinic.KindSigned || e.Kind == clinic.KindMachine || e.Kind == clinic.KindAlert
	}) {
		r.Wake()
	}
}

// Run follows the authority until ctx ends.
func (r *Registrar) Run(ctx context.Context) error {
	if _, err := r.Follow(ctx); err != nil && ctx.Err() == nil {
		return err // nothing would be right; the supervisor tries again
	}
	close(r.ready)
	scan, pause := true, time.Duration(0)
	for {
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-r.wake:
			scan = true
		case <-t.C:
		}
		t.Stop()
		pause = lookEvery
		if err := r.step(ctx, scan); err == nil {
			scan = false
		} else if ctx.Err() == nil {
			r.o.Log.Error("registrar", "err", err)
			pause = afterError
		}
	}
}

func (r *Registrar) step(ctx context.Context, scan bool) error {
	if _, err := r.Follow(ctx); err != nil {
		return err
	}
	err := r.Tell(ctx)
	again, jerr := r.Rejudge(ctx)
	err = errors.Join(err, jerr)
	if scan {
		err = errors.Join(err, r.Scan(ctx))
	}
	if scan || again {
		err = errors.Join(err, r.Judge(ctx))
	}
	return err
}

// Follow brings the rows of boxes to what the authority says, when its history has
// moved, and hands the boxes on. It reports whether it had.
func (r *Registrar) Follow(ctx context.Context) (moved bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	head, err := r.o.Authority.Head(ctx)
	if err != nil || head == r.head {
		return false, err
	}
	boxes, err := r.o.Authority.Boxes(ctx)
	if err != nil {
		return false, err
	}
	for _, b := range Holders(boxes) {
		m := member(b)
		if old, ok := r.rows[m.Name]; ok && old.Serial == m.Serial && old.Revoked == m.Revoked {
			continue
		}
		changed, err := r.o.DB.Admit(ctx, m, r.o.Now())
		if err != nil {
			return false, err
		}
		r.rows[m.Name] = m
		if changed {
			r.o.Log.Info("box", "name", b.Facility.Box, "serial", b.Serial.String(), "ended", b.Revoked != nil)
		}
	}
	if err := r.o.Moved(ctx, boxes); err != nil {
		return false, err
	}
	r.head = head
	return true, nil
}

// Holders returns, by name, the box that has each name now: the one in service, else
// the one that came last.
func Holders(boxes []authority.Box) []*authority.Box {
	all := map[string]*authority.Box{}
	for i := range boxes {
		b := &boxes[i]
		if old := all[b.Facility.Box]; old == nil || later(b, old) {
			all[b.Facility.Box] = b
		}
	}
	out := make([]*authority.Box, 0, len(all))
	for _, b := range all {
		out = append(out, b)
	}
	slices.SortFunc(out, func(x, y *authority.Box) int { return cmp.Compare(x.Facility.Box, y.Facility.Box) })
	return out
}

// Held returns how many entries were received of one machine: the size of the newest
// stream that began while its certificate was the latest of the name, or before the
// first of the name. Streams are a box's, the newest first.
func Held(boxes []authority.Box, b *authority.Box, streams []hub.Stream) uint64 {
	var since, until time.Time // zero = no predecessor, no successor
	for i := range boxes {
		switch o := &boxes[i]; {
		case o.Facility.Box != b.Facility.Box:
		case o.Issued.After(b.Issued) && (until.IsZero() || o.Issued.Before(until)):
			until = o.Issued
		case o.Issued.Before(b.Issued):
			since = b.Issued
		}
	}
	for i := range streams {
		if at := streams[i].Started; !at.Before(since) && (until.IsZero() || at.Before(until)) {
			return streams[i].Size
		}
	}
	return 0
}

func later(b, old *authority.Box) bool {
	if (b.Revoked == nil) != (old.Revoked == nil) {
		return b.Revoked == nil
	}
	return b.Issued.After(old.Issued)
}

func member(b *authority.Box) hub.Member {
	m := hub.Member{
		Name: b.Facility.Box, Serial: b.Serial.String(), Facility: b.Facility,
		Keys: hub.Keys{Identity: [32]byte(b.Identity), HPKE: b.HPKE},
	}
	if b.Revoked != nil {
		m.Revoked = max(int(b.Revoked.Reason), 1)
	}
	return m
}
