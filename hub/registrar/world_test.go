package registrar_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/internal/testlog"
)

const facility = "22736"

var errFault = errors.New("injected")

// faulty is the database that fails as plan says: nothing applied, or all and nobody
// told.
type faulty struct {
	*db.DB
	plan func(method string) (before, after bool)
}

func (f *faulty) do(method string, call func() error) error {
	before, after := f.plan(method)
	if before {
		return errFault
	}
	if err := call(); err != nil {
		return err
	}
	if after {
		return errFault
	}
	return nil
}

// Admit may fail.
func (f *faulty) Admit(ctx context.Context, m hub.Member, at time.Time) (changed bool, err error) {
	err = f.do("Admit", func() error {
		changed, err = f.DB.Admit(ctx, m, at)
		return err
	})
	return changed, err
}

// Tell may fail.
func (f *faulty) Tell(ctx context.Context, box string, ds [][32]byte, encode func(int) (hub.Down, error)) (n int, err error) {
	err = f.do("Tell", func() error {
		n, err = f.DB.Tell(ctx, box, ds, encode)
		return err
	})
	return n, err
}

// Scanned may fail.
func (f *faulty) Scanned(ctx context.Context, found []hub.Found, cs []hub.Credential) error {
	return f.do("Scanned", func() error { return f.DB.Scanned(ctx, found, cs) })
}

// Judged may fail.
func (f *faulty) Judged(ctx context.Context, found []hub.Found, vs []hub.Verdict) error {
	return f.do("Judged", func() error { return f.DB.Judged(ctx, found, vs) })
}

// Rejudge may fail.
func (f *faulty) Rejudge(ctx context.Context, facility string, digest [32]byte, boxes []string) error {
	return f.do("Rejudge", func() error { return f.DB.Rejudge(ctx, facility, digest, boxes) })
}

type world struct {
	t      testing.TB
	log    *testlog.Log
	db     *faulty
	centre *hubtest.Centre
	r      *registrar.Registrar
	moved  []authority.Box
	makers map[string]*dbtest.Maker
	room   int
}

func newWorld(t testing.TB) *world {
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	w := &world{t: t, log: testlog.New(t), db: &faulty{d, func(string) (bool, bool) { return false, false }}, makers: map[string]*dbtest.Maker{}}
	w.centre = hubtest.NewCentre(t.Context(), d.Authority(), time.Now)
	w.restart()
	return w
}

// restart forgets what is in memory.
func (w *world) restart() {
	w.r = registrar.New(registrar.Options{
		DB: w.db, Authority: w.centre.Authority, Encode: ingest.Encode, Room: w.room, Log: w.log.Logger(),
		Moved: func(_ context.Context, boxes []authority.Box) error {
			w.moved = boxes
			return nil
		},
	})
}

// steps does what the task does until nothing fails.
func (w *world) steps() {
	w.t.Helper()
	for range 20 {
		_, err := w.r.Follow(w.t.Context())
		if err == nil {
			_, rerr := w.r.Rejudge(w.t.Context())
			err = errors.Join(w.r.Tell(w.t.Context()), rerr, w.r.Scan(w.t.Context()))
		}
		if err == nil {
			err = w.r.Judge(w.t.Context())
		}
		if err == nil {
			return
		}
		if !errors.Is(err, errFault) {
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("fails for ever")
}

func (w *world) join(box string) *hubtest.Machine {
	return w.centre.Join(w.t.Context(), hubtest.Invitation(facility, box))
}

// told takes what is queued for a box into its trust and returns the statements. None
// may come twice, and each must be good.
func (w *world) told(box string, t *cert.Trust) (out [][]byte) {
	w.t.Helper()
	ds, err := w.db.Downs(w.t.Context(), box, 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range ds {
		r, err := entry.Decode(d.Bytes, clinic.Ref{}, d.Leaf)
		s, ok := r.Body.(*clinic.Statement)
		if err != nil || !ok || r.Subject != clinic.StatementSubject() {
			w.t.Fatalf("%+v %v", r, err)
		}
		if seen[string(s.Raw)] {
			w.t.Error("told twice")
		}
		seen[string(s.Raw)] = true
		out = append(out, s.Raw)
		if k, _ := cert.KindOf(s.Raw); k == cert.KindPerson {
			_, err = t.Member(cert.WantMember{Facility: facility, At: cert.Now}, s.Raw)
		} else if err = t.Add(s.Raw); errors.Is(err, cert.ErrReplayed) {
			err = nil // the answer brought a newer list
		}
		if err != nil {
			w.t.Error(err)
		}
	}
	return out
}

// send stores an entry of a box, as ingest does.
func (w *world) send(box string, person clinic.ID, c clinic.Credential) {
	w.t.Helper()
	w.sendAt(box, person, 1<<40, clinic.Draft{Kind: clinic.KindCredential, Subject: person, Body: &c})
}

// sendAt stores any entry of a box under a hybrid time and returns its index.
func (w *world) sendAt(box string, author clinic.ID, hlc uint64, d clinic.Draft) uint64 {
	w.t.Helper()
	d.Event = time.Unix(1_790_000_000, 0)
	b, err := entry.Encode(d, clinic.NewID(), author, hlc, true)
	if err != nil {
		w.t.Fatal(err)
	}
	m := w.makers[box]
	if m == nil {
		m = &dbtest.Maker{Box: box, Epoch: dbtest.Epoch()}
		w.makers[box] = m
	}
	batch := m.Next(1)
	batch.Entries[0].Bytes, batch.Entries[0].Kind = b, d.Kind
	if err := w.db.Append(w.t.Context(), batch); err != nil {
		w.t.Fatal(err)
	}
	w.r.Stored(batch)
	return batch.Entries[0].Index
}

func (w *world) pending(want int) []hub.Credential {
	w.t.Helper()
	cs, err := w.r.Waiting(w.t.Context(), facility)
	if err != nil || len(cs) != want {
		w.t.Fatalf("%d pending, want %d: %+v %v", len(cs), want, cs, err)
	}
	return cs
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
