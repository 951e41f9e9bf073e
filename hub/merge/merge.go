// Package merge keeps the centre's patient index and its merge desk. As a task it takes
// in what boxes send of patients, has hub/index judge each, and sends every answer, the
// rule's, an operator's and that of people at boxes, to all boxes that hold one of the
// two. Each step is durable and may be done again; where it stands is in the database.
package merge

import (
	"context"
	"crypto"
	"log/slog"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/index"
	"clinicbox/hub/loop"
	"clinicbox/internal/entry"
)

// batch is how many entries or patients are taken at a time.
const batch = 256

// Pauses between looks.
const (
	lookEvery  = 2 * time.Second
	afterError = 10 * time.Second
)

// DB is what the index asks of the database. Every change is durable on return and
// harmless twice.
type DB interface {
	Intake
	Pairs
	Boxes
}

// Intake takes entries in and tells what is to be done.
type Intake interface {
	Unindexed(ctx context.Context, n int) ([]hub.Found, error)
	// Index keeps all of it and that the entries were looked at, or nothing.
	Index(ctx context.Context, found []hub.Found, rows []hub.Indexed) error
	Unjoined(ctx context.Context, n int) (judge, tell []hub.Todo, err error)
	JudgedPatient(ctx context.Context, t hub.Todo) error
	// Reask has questions about the patients looked at again.
	Reask(ctx context.Context, ids []clinic.ID) error
	ToldPatient(ctx context.Context, t hub.Todo) error
}

// Pairs keeps what is known of patients and said of pairs of them.
type Pairs interface {
	IndexEntries(ctx context.Context, id clinic.ID, k clinic.Kind) ([]hub.Found, error)
	Homes(ctx context.Context, id clinic.ID) ([]hub.Home, error)
	Alike(ctx context.Context, keys [][12]byte) ([]clinic.ID, error)
	SetKeys(ctx context.Context, id clinic.ID, keys [][12]byte) error
	Said(ctx context.Context, id clinic.ID) ([]hub.Down, error)
	Pair(ctx context.Context, p hub.PairAct) error
	SetConflicts(ctx context.Context, ids []clinic.ID, allergies, details bool) error
	Desk
}

// Desk keeps what waits for people.
type Desk interface {
	Asks(ctx context.Context, now time.Time, later bool, n int) ([]hub.Ask, error)
	// AskOf returns hub.ErrPair for a pair that does not wait.
	AskOf(ctx context.Context, a, b clinic.ID) (hub.Ask, error)
	PutOff(ctx context.Context, a, b clinic.ID, until time.Time) error
	IndexCounts(ctx context.Context, now time.Time) (hub.IndexCounts, error)
	LastSaid(ctx context.Context, n int) ([]hub.Down, error)
}

// Boxes knows the boxes and what each is told.
type Boxes interface {
	Boxes(ctx context.Context) ([]hub.Box, error)
	Sites(ctx context.Context, boxes []hub.Box) error
	// HeldBy returns the boxes in service that hold one of the patients, or whose
	// facility does.
	HeldBy(ctx context.Context, patients []clinic.ID) ([]string, error)
	// Tell queues what the box was not told yet, once for each digest, all or none.
	Tell(ctx context.Context, box string, digests [][32]byte, encode func(i int) (hub.Down, error)) (n int, err error)
}

// Options of New. DB, Encode and Key are needed.
type Options struct {
	DB DB
	// Encode makes entries of drafts (ingest.Encode).
	Encode func(now time.Time, drafts []clinic.Draft) ([]hub.Down, error)
	// Key signs what the centre says: that of its receipts (Ed25519).
	Key crypto.Signer
	// Note writes into the signed history who looked at whom and what was decided. Without
	// it nobody is shown anything.
	Note func(ctx context.Context, operator, action, object string) error
	// Queued has sent what was queued for a box (ingest.Ingest.Queued); nil = it goes when
	// somebody looks.
	Queued func(box string)
	// Joined hears that the index is up to date: questions about patients can be answered.
	// It must not wait; nil = nobody.
	Joined func()
	Now    func() time.Time
	Log    *slog.Logger
}

// Merge is a task; see the package comment. Its methods may be called at the same time.
type Merge struct {
	*loop.Loop
	o Options

	mu sync.Mutex // one judges, or answers, at a time
}

// New prepares a Merge.
func New(o Options) *Merge {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Queued == nil {
		o.Queued = func(string) {}
	}
	if o.Joined == nil {
		o.Joined = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &Merge{o: o}
	m.Loop = loop.New(loop.Loop{Name: "patients", Every: lookEvery, Retry: afterError, Step: m.Step, Log: o.Log})
	return m
}

// indexed are the kinds that are looked at soon; those that only summaries need can wait.
func indexed(k clinic.Kind) bool {
	return k == clinic.KindPatient || k == clinic.KindAllergies || k == clinic.KindLink || k == clinic.KindVisit || k == clinic.KindAsked
}

// Stored is told of every batch that was stored.
func (m *Merge) Stored(b *hub.Batch) {
	if slices.ContainsFunc(b.Entries, func(e hub.Entry) bool { return indexed(e.Kind) }) {
		m.Wake()
	}
}

// Step does all that there is to do.
func (m *Merge) Step(ctx context.Context) error {
	boxes, err := m.o.DB.Boxes(ctx)
	if err == nil {
		err = m.o.DB.Sites(ctx, boxes)
	}
	if err != nil {
		return err
	}
	if err := m.take(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		judge, tell, err := m.o.DB.Unjoined(ctx, batch)
		if err != nil {
			return err
		}
		if len(judge)+len(tell) == 0 {
			m.o.Joined()
			return nil
		}
		for _, t := range judge {
			if err := m.judge(ctx, t); err != nil {
				return err
			}
		}
		if len(judge) > 0 {
			continue // what is said by then is told at once
		}
		for _, t := range tell {
			if err := m.tell(ctx, t); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// take takes in what boxes sent. What cannot be read tells nothing.
func (m *Merge) take(ctx context.Context) error {
	for {
		found, err := m.o.DB.Unindexed(ctx, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		var rows []hub.Indexed
		for i := range found {
			if row, ok := rowOf(&found[i]); ok {
				row.Found, row.At = i, m.o.Now()
				rows = append(rows, row)
			}
		}
		if err := m.o.DB.Index(ctx, found, rows); err != nil {
			return err
		}
	}
}

func rowOf(f *hub.Found) (row hub.Indexed, ok bool) {
	r, err := recordOf(f.Bytes, f.Leaf)
	if err != nil || r.Subject.IsZero() {
		return row, false
	}
	switch r.Kind {
	case clinic.KindLink:
		// Only the centre says what the centre says.
		a, b, is := r.Pair()
		return hub.Indexed{Patients: []clinic.ID{a, b}, Keep: true}, is && r.Body.(*clinic.Link).Centre == nil
	case clinic.KindVisit:
		return hub.Indexed{Patients: []clinic.ID{r.Subject}, Wrote: true, Note: true}, true
	case clinic.KindPatient, clinic.KindAllergies:
		return hub.Indexed{Patients: []clinic.ID{r.Subject}, Wrote: true, Keep: true}, true
	case clinic.KindAsked:
		consent := r.Body.(*clinic.Asked).Consent
		return hub.Indexed{Patients: []clinic.ID{r.Subject}, Asked: consent}, consent.Valid()
	}
	return hub.Indexed{Patients: []clinic.ID{r.Subject}, Note: true}, true
}

func recordOf(b []byte, leaf clinic.Leaf) (clinic.Record, error) {
	if b == nil {
		return clinic.Record{}, entry.ErrForm
	}
	return entry.Decode(b, clinic.Ref{}, leaf)
}

// judge brings the keys of a patient up to date and compares them with all who are alike.
func (m *Merge) judge(ctx context.Context, t hub.Todo) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := stored{m}
	r, err := s.Record(ctx, t.ID)
	if err != nil {
		return err
	}
	var keys [][12]byte
	for _, k := range index.Keys(r) {
		keys = append(keys, k)
	}
	if err := m.o.DB.SetKeys(ctx, t.ID, keys); err != nil {
		return err
	}
	if err := index.Judge(ctx, s, t.ID); err != nil {
		return err
	}
	if err := m.conflicts(ctx, t.ID); err != nil {
		return err
	}
	return m.o.DB.JudgedPatient(ctx, t)
}

// conflicts notes whether boxes wrote different things of a person apart from each other.
func (m *Merge) conflicts(ctx context.Context, id clinic.ID) error {
	file, err := m.file(ctx, id)
	if err != nil {
		return err
	}
	details := slices.ContainsFunc(file.Parts, func(p clinic.Part) bool { return p.Conflict() })
	return m.o.DB.SetConflicts(ctx, file.Who.IDs, file.Allergies.Conflict, details)
}

// file folds what the index knows of a person: details and allergies.
func (m *Merge) file(ctx context.Context, id clinic.ID) (clinic.PatientFile, error) {
	who, err := m.who(ctx, id)
	if err != nil {
		return clinic.PatientFile{}, err
	}
	var all []clinic.Record
	for _, id := range who.IDs {
		for _, k := range []clinic.Kind{clinic.KindPatient, clinic.KindAllergies} {
			records, err := m.records(ctx, id, k)
			if err != nil {
				return clinic.PatientFile{}, err
			}
			all = append(all, records...)
		}
	}
	return clinic.FoldPerson(who, all), nil
}
