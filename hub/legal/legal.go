// Package legal has the legal signatures made that boxes ask the centre for: it finds
// the requests in what boxes upload, asks a signing service in batches, verifies what
// comes back, and queues it down to the box. Each step leaves a mark in the database,
// so a restart between any two goes on where it was.
package legal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/cms"
)

// Limits and times.
const (
	batch     = 50 // requests in one call of the service
	every     = 15 * time.Second
	retryMin  = time.Minute
	retryMax  = 6 * time.Hour
	callLimit = 2 * time.Minute
)

// Request is one signature that the service shall make.
type Request struct {
	ID       string // the same for the same document and role, also after a restart
	Role     clinic.LegalRole
	Content  []byte // what is signed (clinic.LegalContent), detached
	Facility string // MA_CSKCB
	Licence  string // of the practitioner; empty when the box does not know it
}

// Result is the service's answer to one request.
type Result struct {
	ID      string
	Sig     []byte   // detached CMS; empty = not yet, ask again later
	Chain   [][]byte // DER certificates that Sig lacks
	At      time.Time
	Refused string // for good, in a word; never patient data
}

// Signer is the signing service: remote signing of practitioners, an HSM for the
// facility's key. In production its keys are never files.
type Signer interface {
	// Sign answers some or all of the requests, in any order; what it leaves out is
	// asked for again. The same ID again must give an answer without signing a
	// second time. An error says that nothing is known of any of them.
	Sign(ctx context.Context, rs []Request) ([]Result, error)
}

// DB keeps requests. Every change is durable on return, and safe to repeat.
type DB interface {
	LegalAsks(ctx context.Context, n int) ([]hub.Found, error)
	LegalTake(ctx context.Context, found []hub.Found, rs []hub.LegalRequest) error
	LegalDue(ctx context.Context, s hub.LegalState, at time.Time, n int) ([]hub.LegalRequest, error)
	LegalMove(ctx context.Context, r hub.LegalRequest) error
	LegalWithdraw(ctx context.Context, leaf clinic.Leaf) error
	Documents
}

// Documents tells what is signed, and whose it is.
type Documents interface {
	LegalDocument(ctx context.Context, leaf clinic.Leaf) (f hub.Found, ok bool, err error)
	Box(ctx context.Context, name string) (hub.Box, error)
	Raise(ctx context.Context, a hub.Alarm) error
}

// Down queues entries for boxes (hub/ingest).
type Down interface {
	Encode(drafts []clinic.Draft) ([]hub.Down, error)
	// Queue is durable on return; the same entry again is not queued twice.
	Queue(ctx context.Context, box string, es []hub.Down) error
}

// Options of New. Revoked may be nil: then nobody looks at revocation here, and the
// signing service must.
type Options struct {
	DB      DB
	Down    Down
	Signer  Signer
	Roots   *cms.Roots
	Revoked cms.Revocation
	// Facility returns the identifier in the certificate of a facility, by facility
	// code; "" for one that gets no facility signatures. Nil: none gets any.
	Facility func(code string) string
	Now      func() time.Time // nil = time.Now
	Log      *slog.Logger
}

// Legal is the task.
type Legal struct {
	o       Options
	ready   chan struct{}
	woken   chan struct{} // has room for one: that something was asked for
	failing atomic.Bool
}

// New returns the task; nothing is asked before Run or Step.
func New(o Options) (*Legal, error) {
	if o.DB == nil || o.Down == nil || o.Signer == nil || o.Roots == nil {
		return nil, errors.New("hub/legal: an option is missing")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Facility == nil {
		o.Facility = func(string) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Legal{o: o, ready: make(chan struct{}), woken: make(chan struct{}, 1)}, nil
}

// String names the task.
func (l *Legal) String() string { return "legal signatures" }

// Ready is closed when Run has begun.
func (l *Legal) Ready() <-chan struct{} { return l.ready }

// Stored hears what ingest stored, and does not wait.
func (l *Legal) Stored(b *hub.Batch) {
	if !slices.ContainsFunc(b.Entries, func(e hub.Entry) bool { return e.Kind == clinic.KindLegalAsked }) {
		return
	}
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// Run does what is due until ctx ends. What fails is tried again: papers can be
// signed by hand meanwhile.
func (l *Legal) Run(ctx context.Context) error {
	close(l.ready)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := l.Step(ctx)
		if bad := err != nil && ctx.Err() == nil; bad != l.failing.Swap(bad) {
			if bad {
				l.o.Log.Error("legal signatures wait", "err", err)
			} else {
				l.o.Log.Info("legal signatures go on")
			}
		}
		select {
		case <-tick.C:
		case <-l.woken:
		case <-ctx.Done():
			return nil
		}
	}
}

// Step does everything that is due once: queue what is signed, take what was asked
// for, have it signed, queue that.
func (l *Legal) Step(ctx context.Context) error {
	return errors.Join(l.queue(ctx), l.take(ctx), l.sign(ctx), l.queue(ctx))
}

// RequestID names a request to the service.
func RequestID(leaf clinic.Leaf, role clinic.LegalRole) string {
	h := sha256.Sum256(fmt.Appendf(nil, "clinicbox legal request v1\n%x %d\n", leaf[:], role))
	return hex.EncodeToString(h[:16])
}

// queue sends down what is signed. A crash after Queue queues the same entry again,
// which is harmless.
func (l *Legal) queue(ctx context.Context) error {
	all, err := l.o.DB.LegalDue(ctx, hub.LegalSigned, l.o.Now(), batch)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range all {
		if err := l.o.Down.Queue(ctx, r.Box, []hub.Down{r.Down}); err != nil {
			errs = append(errs, err) // one box must not hold up the others
			continue
		}
		r.State = hub.LegalQueued
		errs = append(errs, l.o.DB.LegalMove(ctx, r))
	}
	return errors.Join(errs...)
}

// later sets when a request is tried again.
func (l *Legal) later(ctx context.Context, r hub.LegalRequest, problem string) error {
	gap := retryMin << min(r.Tries, 9)
	r.Tries, r.Problem, r.Due = r.Tries+1, problem, l.o.Now().Add(min(gap, retryMax))
	return l.o.DB.LegalMove(ctx, r)
}

// refuse ends a request; a person sees it.
func (l *Legal) refuse(ctx context.Context, r hub.LegalRequest, problem string) error {
	err := l.alarm(ctx, r, problem) // before: a crash here raises it again
	r.State, r.Problem = hub.LegalRefused, problem
	return errors.Join(err, l.o.DB.LegalMove(ctx, r))
}

func (l *Legal) alarm(ctx context.Context, r hub.LegalRequest, problem string) error {
	id := RequestID(r.Leaf, r.Role)
	l.o.Log.Error("legal signature", "box", r.Box, "request", id, "problem", problem)
	return l.o.DB.Raise(ctx, hub.Alarm{Box: r.Box, Code: hub.AlarmLegal, Detail: problem + " " + id, Last: l.o.Now()})
}
