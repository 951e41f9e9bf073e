package legal_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/legal"
	"clinicbox/internal/cms"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
)

// world is a centre and boxes over calls, in a bubble of synctest.
type world struct {
	t       *testing.T
	db      *db.DB
	in      *ingest.Ingest
	boxes   map[string]*hubtest.Box
	keys    *keyfile.Private
	service *service
	log     *testlog.Log
	patient clinic.ID
	visit   clinic.ID
	frames  chan frame
}

type frame struct {
	topic string
	bytes []byte
}

// service is a demonstration's signer that counts, and answers as a test wants.
type service struct {
	*legal.Demonstration
	asked  []legal.Request
	answer func([]legal.Request, []legal.Result) ([]legal.Result, error)
}

func (s *service) Sign(ctx context.Context, rs []legal.Request) ([]legal.Result, error) {
	s.asked = append(s.asked, rs...)
	out, err := s.Demonstration.Sign(ctx, rs)
	if s.answer != nil && err == nil {
		return s.answer(rs, out)
	}
	return out, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run makes a world with one box "tram-01" and verifies the database at the end.
func run(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, boxes: map[string]*hubtest.Box{}, log: testlog.New(t),
			patient: clinic.ID{0xAA}, visit: clinic.ID{0xBB}, frames: make(chan frame, 4096),
		}
		var err error
		w.keys, err = keyfile.Generate("hub")
		must(t, err)
		w.db, err = db.Open(context.Background(), filepath.Join(t.TempDir(), "hub.db"))
		must(t, err)
		d, err := legal.NewDemonstration(filepath.Join(t.TempDir(), "demo.pem"), now)
		must(t, err)
		w.service = &service{Demonstration: d}
		w.in = ingest.New(ingest.Options{DB: w.db, Link: w, Identity: w.keys.Identity, HPKE: w.keys.HPKE, Log: w.log.Logger(), Now: now})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.in.Run(ctx) }()
		<-w.in.Ready()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			w.check()
		}()
		w.add("tram-01", "22736")
		f(w)
	})
}

// check verifies the whole database and closes it.
func (w *world) check() {
	findings, err := w.db.Check(context.Background())
	if err != nil {
		w.t.Error(err)
	}
	for _, x := range findings {
		if x.Problem != "" {
			w.t.Error(x)
		}
	}
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

// now is the bubble's time, moved behind that of hubtest's entries.
func now() time.Time {
	return time.Now().Add(time.Unix(1_790_000_300, 0).Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// Publish implements ingest.Link.
func (w *world) Publish(topic string, b []byte) error {
	w.frames <- frame{topic, slices.Clone(b)}
	return nil
}

func (w *world) add(name, facility string) *hubtest.Box {
	w.t.Helper()
	b := hubtest.NewBox(name, w.keys.Public())
	b.Send = func(f []byte) { w.frames <- frame{"cb/1/" + name + "/up", slices.Clone(f)} }
	p := b.Keys.Public()
	must(w.t, w.db.AddBox(context.Background(), name, hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now()))
	b.RecordDraft(clinic.Draft{Kind: clinic.KindFacility, Body: &clinic.Facility{Code: facility, Name: "Trạm Mẫu", Box: name, Book: "a"}})
	w.boxes[name] = b
	return b
}

// settle carries frames until nothing moves and the box has a receipt for all.
func (w *world) settle(b *hubtest.Box) {
	w.t.Helper()
	for range 40 {
		for synctest.Wait(); len(w.frames) > 0; synctest.Wait() {
			f := <-w.frames
			if name, ok := strings.CutSuffix(strings.TrimPrefix(f.topic, "cb/1/"), "/down"); ok {
				w.boxes[name].Handle(f.bytes)
				continue
			}
			w.in.Handle(f.topic, f.bytes)
		}
		st, err := w.db.DownState(context.Background(), b.Keys.Name)
		must(w.t, err)
		if b.Synced() && st.Acked == st.Last {
			return
		}
		time.Sleep(time.Second) // of the bubble
		b.Tick()
	}
	w.t.Fatalf("nothing settles: %v", b.State().Bad)
}

// record appends an entry of the visit to a box's log and returns its leaf.
func (w *world) record(b *hubtest.Box, k clinic.Kind, body any) clinic.Leaf {
	w.t.Helper()
	n := int(b.Size())
	b.RecordDraft(clinic.Draft{Kind: k, Subject: w.patient, Visit: w.visit, Event: time.Unix(1_790_000_000, 0), Body: body})
	return entry.LeafHash((&entry.Seed{7}).Salt(uint32(n)), b.Bytes(n))
}

func (w *world) slip(b *hubtest.Box, facility string, n int) clinic.Leaf {
	w.t.Helper()
	code, err := clinic.NewSlip(facility, "a", n)
	must(w.t, err)
	return w.record(b, clinic.KindAppointment, &clinic.Appointment{Slip: code})
}

func (w *world) ask(b *hubtest.Box, where uint8, leaves ...clinic.Leaf) {
	w.t.Helper()
	a := &clinic.LegalAsked{Roles: []clinic.LegalRole{clinic.LegalPractitioner, clinic.LegalFacility}, Where: where, Licence: "001234/KH-CCHN"}
	for _, l := range leaves {
		a.Leaves = append(a.Leaves, slices.Clone(l[:]))
	}
	w.record(b, clinic.KindLegalAsked, a)
}

// visitAt is what the box shows after everything that came down.
func (w *world) visitAt(b *hubtest.Box) clinic.VisitFile {
	w.t.Helper()
	var all []clinic.Record
	seed := entry.Seed{7}
	for i := range int(b.Size()) {
		r, err := entry.Decode(b.Bytes(i), clinic.Ref{Journal: clinic.Own, Index: uint64(i)}, entry.LeafHash(seed.Salt(uint32(i)), b.Bytes(i)))
		must(w.t, err)
		all = append(all, r)
	}
	for i, d := range b.State().Down {
		r, err := entry.Decode(d.Bytes, clinic.Ref{Journal: clinic.In, Index: uint64(i)}, entry.LeafHash(entry.Salt(d.Salt), d.Bytes))
		must(w.t, err)
		all = append(all, r)
	}
	v := clinic.FoldVisit(w.visit, all)
	v.JudgeLegal(cms.Judge{Roots: w.service.Roots(), Facility: legal.DemonstrationFacility("22736")}.Judge)
	return v
}

func (w *world) options() legal.Options {
	return legal.Options{
		DB: w.db, Down: w.in, Signer: w.service, Roots: w.service.Roots(), Facility: legal.DemonstrationFacility,
		Now: now, Log: w.log.Logger(),
	}
}

func (w *world) legal(o legal.Options) *legal.Legal {
	w.t.Helper()
	l, err := legal.New(o)
	must(w.t, err)
	return l
}

func (w *world) alarms() (out []string) {
	w.t.Helper()
	all, err := w.db.Alarms(context.Background(), "", 100)
	must(w.t, err)
	for _, a := range all {
		out = append(out, a.Code+": "+a.Detail)
	}
	return out
}

func (w *world) waiting(want int) {
	w.t.Helper()
	if n, _, err := w.db.LegalWaiting(context.Background()); err != nil || n != want {
		w.t.Fatalf("%d wait (%v), want %d", n, err, want)
	}
}

// A box asks, the centre has it signed, the box shows the documents as signed.
func TestFromBoxToBox(t *testing.T) {
	run(t, func(w *world) {
		b, ctx := w.boxes["tram-01"], context.Background()
		slip := w.slip(b, "22736", 1)
		rx := w.record(b, clinic.KindPrescribe, &clinic.Prescription{Code: "22736a000001-C"})
		w.ask(b, clinic.LegalAtCentre, rx, slip)
		w.ask(b, clinic.LegalAtStation, w.slip(b, "22736", 2)) // not our business
		b.Connect()
		w.settle(b)
		l := w.legal(w.options())
		must(t, l.Step(ctx))
		w.settle(b)
		v := w.visitAt(b)
		for leaf, signed := range map[clinic.Leaf]int{slip: 2, rx: 1} {
			if x := v.FindVersion(leaf).Legal; x.State != clinic.LegalDone || len(x.Signatures) != signed || x.Broken {
				t.Errorf("%d, %+v", x.State, x.Signatures)
			}
		}
		if len(w.service.asked) != 3 || len(b.State().Down) != 3 {
			t.Errorf("%d asked, %d came down", len(w.service.asked), len(b.State().Down))
		}
		for _, r := range w.service.asked {
			if r.Licence != "001234/KH-CCHN" || r.Facility != "22736" || r.ID == "" {
				t.Errorf("%+v", r)
			}
		}
		w.waiting(0)
		w.ask(b, clinic.LegalAtCentre, rx) // again: signed once for ever
		b.Tick()
		w.settle(b)
		must(t, l.Step(ctx))
		if len(w.service.asked) != 3 || len(w.alarms()) != 0 {
			t.Errorf("asked again, or %v", w.alarms())
		}
	})
}

// flaky fails one call of the database, the stream down or the service, before it is
// done or after it.
type flaky struct {
	*db.DB
	legal.Down
	legal.Signer
	at, n   int
	applied bool
}

var errFault = errors.New("planned fault")

func (f *flaky) do(call func() error) error {
	f.n++
	if f.n-1 != f.at {
		return call()
	}
	if f.applied {
		if err := call(); err != nil {
			return err
		}
	}
	return errFault
}

func (f *flaky) LegalTake(ctx context.Context, found []hub.Found, rs []hub.LegalRequest) error {
	return f.do(func() error { return f.DB.LegalTake(ctx, found, rs) })
}

func (f *flaky) LegalMove(ctx context.Context, r hub.LegalRequest) error {
	return f.do(func() error { return f.DB.LegalMove(ctx, r) })
}

func (f *flaky) Queue(ctx context.Context, box string, es []hub.Down) error {
	return f.do(func() error { return f.Down.Queue(ctx, box, es) })
}

func (f *flaky) Sign(ctx context.Context, rs []legal.Request) (out []legal.Result, err error) {
	return out, f.do(func() error { out, err = f.Signer.Sign(ctx, rs); return err })
}

// Whatever call fails, done or not, and a new process goes on: each signature comes
// down exactly once, and the service signs none twice.
func TestRestartBetweenAnySteps(t *testing.T) {
	for at := range 9 {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprint(at, applied), func(t *testing.T) {
				run(t, func(w *world) {
					b, ctx := w.boxes["tram-01"], context.Background()
					slip := w.slip(b, "22736", 1)
					w.ask(b, clinic.LegalAtCentre, slip)
					b.Connect()
					w.settle(b)
					o := w.options()
					f := &flaky{DB: w.db, Down: w.in, Signer: w.service, at: at, applied: applied}
					o.DB, o.Down, o.Signer = f, f, f
					failed := w.legal(o).Step(ctx) != nil
					time.Sleep(10 * time.Minute) // after the back-off
					for range 2 {
						must(t, w.legal(w.options()).Step(ctx))
					}
					w.settle(b)
					if x := w.visitAt(b); x.FindVersion(slip).Legal.State != clinic.LegalDone || len(b.State().Down) != 2 {
						t.Errorf("state %d, %d came down (failed: %v)", x.FindVersion(slip).Legal.State, len(b.State().Down), failed)
					}
					ids := map[string]bool{}
					for _, r := range w.service.asked {
						ids[r.ID] = true
					}
					if len(ids) != 2 {
						t.Errorf("asked under %d IDs", len(ids))
					}
					w.waiting(0)
				})
			})
		}
	}
}

// What the service answers is not believed.
func TestWrongAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*world, []legal.Request, []legal.Result) ([]legal.Result, error)
		alarm  string
	}{
		"down":    {func(*world, []legal.Request, []legal.Result) ([]legal.Result, error) { return nil, errFault }, ""},
		"nothing": {func(*world, []legal.Request, []legal.Result) ([]legal.Result, error) { return nil, nil }, ""},
		"not yet": {func(_ *world, _ []legal.Request, r []legal.Result) ([]legal.Result, error) {
			r[0].Sig, r[1].Sig = nil, nil
			return r, nil
		}, ""},
		"exchanged": {func(_ *world, _ []legal.Request, r []legal.Result) ([]legal.Result, error) {
			r[0].Sig, r[1].Sig = r[1].Sig, r[0].Sig
			return r, nil
		}, "signature role"},
		"garbage": {func(_ *world, _ []legal.Request, r []legal.Result) ([]legal.Result, error) {
			r[0].Sig, r[1].Sig = []byte("x"), []byte("y")
			return r, nil
		}, "signature form"},
		"other content": {func(w *world, rs []legal.Request, _ []legal.Result) ([]legal.Result, error) {
			for i := range rs {
				rs[i].ID, rs[i].Content = rs[i].ID+"x", []byte("khác")
			}
			out, err := w.service.Demonstration.Sign(context.Background(), rs)
			for i := range out {
				out[i].ID = strings.TrimSuffix(out[i].ID, "x")
			}
			return out, err
		}, "signature content"},
		"of nobody's question": {func(_ *world, _ []legal.Request, r []legal.Result) ([]legal.Result, error) {
			r[0].ID, r[1].ID = "a", "b"
			return r, nil
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(w *world) {
				b, ctx := w.boxes["tram-01"], context.Background()
				slip := w.slip(b, "22736", 1)
				w.ask(b, clinic.LegalAtCentre, slip)
				b.Connect()
				w.settle(b)
				w.service.answer = func(rs []legal.Request, out []legal.Result) ([]legal.Result, error) {
					return c.answer(w, rs, slices.Clone(out))
				}
				_ = w.legal(w.options()).Step(ctx)
				w.settle(b)
				w.waiting(2)
				if len(b.State().Down) != 0 {
					t.Fatal("a wrong signature went down")
				}
				if as := strings.Join(w.alarms(), "\n"); c.alarm == "" && as != "" || !strings.Contains(as, c.alarm) {
					t.Errorf("alarms %q, want %q", as, c.alarm)
				}
				asked := len(w.service.asked)
				_ = w.legal(w.options()).Step(ctx)
				if len(w.service.asked) != asked {
					t.Error("asked again without a pause")
				}
				w.service.answer = nil
				time.Sleep(2 * time.Minute)
				must(t, w.legal(w.options()).Step(ctx))
				w.settle(b)
				v := w.visitAt(b)
				if x := v.FindVersion(slip).Legal; x.State != clinic.LegalDone || x.Broken {
					t.Errorf("state %d after the service is well", x.State)
				}
			})
		})
	}
}

// Partial failure: one refused for good, the other signed.
func TestRefusedForGood(t *testing.T) {
	run(t, func(w *world) {
		b, ctx := w.boxes["tram-01"], context.Background()
		slip := w.slip(b, "22736", 1)
		w.ask(b, clinic.LegalAtCentre, slip)
		b.Connect()
		w.settle(b)
		w.service.answer = func(rs []legal.Request, out []legal.Result) ([]legal.Result, error) {
			i := slices.IndexFunc(rs, func(r legal.Request) bool { return r.Role == clinic.LegalFacility })
			out[i].Refused = "contract ended 079090000001"
			return out, nil
		}
		must(t, w.legal(w.options()).Step(ctx))
		w.settle(b)
		v := w.visitAt(b)
		if x := v.FindVersion(slip).Legal; x.State != clinic.LegalPending || x.Of(clinic.LegalPractitioner) == nil || !x.Waits(clinic.LegalFacility) {
			t.Fatalf("%+v", x)
		}
		w.waiting(0)
		if as := w.alarms(); len(as) != 1 || !strings.Contains(as[0], "contract ended") || strings.Contains(as[0], "0790") {
			t.Fatal(as)
		}
		w.log.Absent("079090000001")
	})
}

// A box gets signatures for its own facility's documents only.
func TestForeignDocuments(t *testing.T) {
	run(t, func(w *world) {
		ctx := context.Background()
		a, b := w.boxes["tram-01"], w.add("tram-09", "22999")
		theirs := w.slip(b, "22999", 1)
		pretended := w.slip(a, "22999", 2) // numbered as another facility's
		w.ask(a, clinic.LegalAtCentre, theirs, pretended, clinic.Leaf{1})
		a.RecordDraft(clinic.Draft{Kind: clinic.KindLegalAsked, Body: &clinic.LegalAsked{Leaves: [][]byte{{1}, nil}, Roles: []clinic.LegalRole{9}, Where: clinic.LegalAtCentre}})
		a.RecordDraft(clinic.Draft{Kind: clinic.KindLegalAsked, Body: "không phải"})
		for _, x := range []*hubtest.Box{b, a} {
			x.Connect()
			w.settle(x)
		}
		must(t, w.legal(w.options()).Step(ctx))
		if len(w.service.asked) != 0 {
			t.Fatalf("%d foreign documents signed", len(w.service.asked))
		}
		w.waiting(2) // the leaf that is not here yet
		as := strings.Join(w.alarms(), "\n")
		if strings.Count(as, "document of another box or facility") != 4 {
			t.Fatal(as)
		}
	})
}

// What was corrected before the service came to it is not signed any more.
func TestCorrectedIsNotSigned(t *testing.T) {
	run(t, func(w *world) {
		b, ctx := w.boxes["tram-01"], context.Background()
		old := w.slip(b, "22736", 1)
		w.ask(b, clinic.LegalAtCentre, old)
		code, err := clinic.NewSlip("22736", "a", 2)
		must(t, err)
		n := int(b.Size())
		b.RecordDraft(clinic.Draft{
			Kind: clinic.KindAppointment, Subject: w.patient, Visit: w.visit, Event: time.Unix(1_790_000_000, 0), Corrects: old, Body: &clinic.Appointment{Slip: code},
		})
		now := entry.LeafHash((&entry.Seed{7}).Salt(uint32(n)), b.Bytes(n))
		w.ask(b, clinic.LegalAtCentre, now)
		b.Connect()
		w.settle(b)
		must(t, w.legal(w.options()).Step(ctx))
		w.settle(b)
		w.waiting(0)
		v := w.visitAt(b)
		if v.FindVersion(now).Legal.State != clinic.LegalDone || len(v.FindVersion(old).Legal.Signatures) != 0 || len(w.service.asked) != 2 {
			t.Fatalf("%d asked", len(w.service.asked))
		}
		if as := w.alarms(); len(as) != 0 {
			t.Fatal(as)
		}
	})
}

// revocation is a service that answers as a test says.
type revocation struct {
	bad bool
	err error
}

func (r revocation) Revoked(*x509.Certificate, *x509.Certificate, time.Time) (bool, error) {
	return r.bad, r.err
}

func TestRevocationIsAsked(t *testing.T) {
	run(t, func(w *world) {
		b, ctx := w.boxes["tram-01"], context.Background()
		w.ask(b, clinic.LegalAtCentre, w.slip(b, "22736", 1))
		b.Connect()
		w.settle(b)
		for _, r := range []revocation{{bad: true}, {err: errFault}} {
			o := w.options()
			o.Revoked = r
			must(t, w.legal(o).Step(ctx))
			w.waiting(2)
			time.Sleep(time.Hour)
		}
		o := w.options()
		o.Revoked = revocation{}
		must(t, w.legal(o).Step(ctx))
		w.waiting(0)
	})
}

func TestRunStopsAndGoesOn(t *testing.T) {
	run(t, func(w *world) {
		b := w.boxes["tram-01"]
		l := w.legal(w.options())
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		<-l.Ready()
		w.ask(b, clinic.LegalAtCentre, w.slip(b, "22736", 1))
		b.Connect()
		w.settle(b)
		begin := time.Now()
		l.Stored(&hub.Batch{Entries: []hub.Entry{{Kind: clinic.KindVitals}}}) // nothing for us
		l.Stored(&hub.Batch{Entries: []hub.Entry{{Kind: clinic.KindLegalAsked}}})
		synctest.Wait()
		if !time.Now().Equal(begin) {
			t.Error("waited for the clock")
		}
		w.waiting(0)
		time.Sleep(time.Minute)
		w.settle(b)
		cancel()
		must(t, <-done)
		w.waiting(0)
		if l.String() == "" || len(b.State().Down) != 2 {
			t.Error("nothing came down")
		}
	})
	if _, err := legal.New(legal.Options{}); err == nil {
		t.Error("made of nothing")
	}
}

// A demonstration signs with keys of its own making only.
func TestDemonstrationTakesNoOtherKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "demo.pem")
	d, err := legal.NewDemonstration(path, nil)
	must(t, err)
	again, err := legal.NewDemonstration(path, nil)
	must(t, err)
	if string(d.RootsPEM()) != string(again.RootsPEM()) {
		t.Error("another authority after a restart")
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st, err)
	}
	text, err := os.ReadFile(path)
	must(t, err)
	other, err := legal.NewDemonstration(filepath.Join(dir, "b.pem"), nil)
	must(t, err)
	for name, b := range map[string][]byte{
		"empty": nil, "no key": d.RootsPEM(), "another's certificate": append(other.RootsPEM(), text[len(d.RootsPEM()):]...), "garbage": []byte("-----BEGIN"),
	} {
		p := filepath.Join(dir, "x.pem")
		must(t, os.WriteFile(p, b, 0o600))
		if _, err := legal.NewDemonstration(p, nil); !errors.Is(err, legal.ErrDemonstration) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
