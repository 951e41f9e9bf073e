package merge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/index"
)

// Sentinels of Answer.
var (
	// ErrChanged: somebody, or the rule, answered since the page was made.
	ErrChanged = errors.New("hub/merge: the pair has changed")
	// ErrOthers: the two are one, or are not, by answers about other IDs of theirs: those
	// must be changed first.
	ErrOthers = errors.New("hub/merge: other answers join or part them")
)

// laterFor is how long a pair stays away from the desk.
const laterFor = 7 * 24 * time.Hour

// Do is what an operator decides.
type Do string

// The decisions.
const (
	DoSame  Do = "same"
	DoApart Do = "apart"
	DoOpen  Do = "open" // takes back what was said
	DoLater Do = "later"
)

// Waiting is a pair that waits, without anything of who it is.
type Waiting struct {
	hub.Ask
	Homes [2][]string // sites that have each
}

// Agreed is what agrees and what differs.
func (w *Waiting) Agreed() index.Sign { return index.Sign(w.Signs) }

// Waiting returns pairs that wait, the likeliest first, of two people one pair; later
// those that were put off.
func (m *Merge) Waiting(ctx context.Context, later bool, n int) (out []Waiting, err error) {
	asks, err := m.o.DB.Asks(ctx, m.o.Now(), later, n)
	if err != nil {
		return nil, err
	}
	seen := map[[2]clinic.ID]bool{}
	for _, q := range asks {
		w := Waiting{Ask: q}
		var of [2]clinic.ID
		for i, id := range []clinic.ID{q.A, q.B} {
			who, err := m.who(ctx, id)
			if err != nil {
				return nil, err
			}
			of[i] = who.Lead()
			if w.Homes[i], err = m.o.DB.HeldBy(ctx, []clinic.ID{id}); err != nil {
				return nil, err
			}
		}
		if seen[of] || seen[[2]clinic.ID{of[1], of[0]}] {
			continue
		}
		seen[of] = true
		out = append(out, w)
	}
	return out, nil
}

// Counts sums up.
func (m *Merge) Counts(ctx context.Context) (hub.IndexCounts, error) {
	return m.o.DB.IndexCounts(ctx, m.o.Now())
}

// Side is one of the two.
type Side struct {
	ID        clinic.ID
	Now       *clinic.Patient // nil when nothing of it can be read
	Proven    []string        // numbers that were read from cards
	Homes     []string        // boxes that hold it
	Since     time.Time       // of the first registration
	Versions  int
	Linked    int // further IDs of the person
	Allergies clinic.AllergyFile
}

// Said is an answer that was given.
type Said struct {
	clinic.Record
	Link *clinic.Link
	Box  string // whose people gave it; empty = the centre
}

// Pair is two IDs beside each other.
type Pair struct {
	A, B    Side
	Signs   index.Sign
	Score   int
	Asked   *hub.Ask // nil: it does not wait
	One     bool     // they are one person, by whatever answers
	Bond    clinic.Bond
	Said    []Said // of the two, the latest first
	Mark    string // of what was said, for Answer
	CanOpen bool   // an operator's answer stands, which may be taken back
}

// Look shows an operator two patients. It is in the history before it returns.
func (m *Merge) Look(ctx context.Context, operator string, a, b clinic.ID) (*Pair, error) {
	if err := m.note(ctx, operator, "patients looked", a, b); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pair(ctx, a, b)
}

func (m *Merge) note(ctx context.Context, operator, action string, a, b clinic.ID) error {
	if m.o.Note == nil {
		return errors.New("hub/merge: nothing keeps who looks")
	}
	return m.o.Note(ctx, operator, action, a.String()+" "+b.String())
}

func (m *Merge) pair(ctx context.Context, a, b clinic.ID) (*Pair, error) {
	p := &Pair{}
	var records [2]*index.Record
	for i, id := range []clinic.ID{a, b} {
		var err error
		side := []*Side{&p.A, &p.B}[i]
		if records[i], err = (stored{m}).Record(ctx, id); err != nil {
			return nil, err
		}
		if *side, err = m.side(ctx, records[i]); err != nil {
			return nil, err
		}
		if side.Versions == 0 {
			return nil, fmt.Errorf("%w: %v", hub.ErrPair, id)
		}
	}
	if a == b {
		return nil, hub.ErrPair
	}
	if records[0].Now != nil && records[1].Now != nil {
		p.Signs = index.Compare(records[0], records[1])
	}
	if q, err := m.o.DB.AskOf(ctx, a, b); err == nil {
		p.Asked = &q
		p.Signs |= index.Sign(q.Signs)
	} else if !errors.Is(err, hub.ErrPair) {
		return nil, err
	}
	p.Score = p.Signs.Score()
	return p, m.said(ctx, p)
}

func (m *Merge) side(ctx context.Context, r *index.Record) (s Side, err error) {
	s = Side{ID: r.ID, Now: r.Now, Proven: r.Proven}
	homes, err := m.o.DB.Homes(ctx, r.ID)
	if err != nil {
		return s, err
	}
	for _, h := range homes {
		s.Homes = append(s.Homes, h.Box)
	}
	file, err := m.file(ctx, r.ID)
	if err != nil {
		return s, err
	}
	s.Linked, s.Allergies = len(file.Who.IDs)-1, file.Allergies
	for _, part := range file.Parts {
		if part.ID == r.ID && len(part.Versions) > 0 {
			s.Versions, s.Since = len(part.Versions), part.Versions[0].Recorded()
		}
	}
	return s, nil
}

// said fills in what was answered.
func (m *Merge) said(ctx context.Context, p *Pair) error {
	who, err := m.who(ctx, p.A.ID)
	if err != nil {
		return err
	}
	p.One = who.Has(p.B.ID)
	for _, b := range who.Bonds {
		if b.Names(p.A.ID) && b.Names(p.B.ID) {
			p.Bond = b
		}
	}
	from := map[clinic.Leaf]string{}
	found, err := m.o.DB.IndexEntries(ctx, p.A.ID, clinic.KindLink)
	if err != nil {
		return err
	}
	for _, f := range found {
		from[f.Leaf] = f.Box
	}
	for _, r := range slices.Backward(p.Bond.All) {
		l := r.Body.(*clinic.Link)
		p.Said = append(p.Said, Said{Record: r, Link: l, Box: from[r.Leaf]})
	}
	h := sha256.New()
	for _, leaf := range p.Bond.Replaceable() {
		h.Write(leaf[:])
	}
	p.Mark = hex.EncodeToString(h.Sum(nil)[:12])
	p.CanOpen = !p.Bond.Open && slices.ContainsFunc(p.Bond.Tips, func(r clinic.Record) bool {
		c := r.Body.(*clinic.Link).Centre
		return c != nil && c.By == clinic.CentreOperator
	})
	return nil
}

// Decision is what an operator says of a pair whose page showed Mark.
type Decision struct {
	A, B clinic.ID
	Do   Do
	Mark string
}

// Answer takes a decision. Repeated it changes nothing.
func (m *Merge) Answer(ctx context.Context, operator string, d Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, b, do := d.A, d.B, d.Do
	p, err := m.pair(ctx, a, b)
	if err != nil {
		return err
	}
	if p.Mark != d.Mark {
		return ErrChanged
	}
	if do == DoLater {
		if err := m.note(ctx, operator, "patients later", a, b); err != nil {
			return err
		}
		return m.o.DB.PutOff(ctx, a, b, m.o.Now().Add(laterFor))
	}
	l := &clinic.Link{Same: do == DoSame, Centre: &clinic.CentreLink{By: clinic.CentreOperator, Who: operator, Open: do == DoOpen}}
	if err := m.allowed(ctx, p, do); err != nil {
		return err
	}
	if err := m.note(ctx, operator, "patients "+string(do), a, b); err != nil {
		return err
	}
	if do == DoSame {
		if a, b, err = m.lead(ctx, a, b); err != nil {
			return err
		}
	}
	act := hub.PairAct{A: a, B: b, At: m.o.Now(), Who: clinic.CentreOperator, What: map[Do]int{DoSame: hub.SaidOne, DoApart: hub.SaidTwo, DoOpen: hub.SaidOpen}[do]}
	if act.Said, err = m.answer(&p.Bond, a, b, l); err != nil {
		return err
	}
	if err := m.o.DB.Pair(ctx, act); err != nil {
		return err
	}
	m.Wake()
	return nil
}

// allowed refuses what would say nothing, or what other answers stand against.
func (m *Merge) allowed(ctx context.Context, p *Pair, do Do) error {
	counts := p.Bond.ByPerson() && !p.Bond.Open && !p.Bond.Split
	switch {
	case do == DoOpen && !p.CanOpen:
		return ErrChanged
	case do == DoSame && p.Bond.Same && counts, do == DoApart && !p.Bond.Same && counts:
		return ErrChanged
	case do == DoApart && p.One && !p.Bond.Same && len(p.Bond.Tips) == 0:
		return ErrOthers
	case do != DoSame && do != DoApart && do != DoOpen:
		return hub.ErrPair
	case do != DoSame || p.One:
		return nil
	}
	one, err := m.who(ctx, p.A.ID)
	if err != nil {
		return err
	}
	two, err := m.who(ctx, p.B.ID)
	if err != nil {
		return err
	}
	for _, b := range one.Between(&two) {
		if !b.Same && !b.Open && !(b.Names(p.A.ID) && b.Names(p.B.ID)) {
			return ErrOthers
		}
	}
	return nil
}

// lead puts the ID first whose details shall count.
func (m *Merge) lead(ctx context.Context, a, b clinic.ID) (clinic.ID, clinic.ID, error) {
	x, err := (stored{m}).Record(ctx, a)
	if err != nil {
		return a, b, err
	}
	y, err := (stored{m}).Record(ctx, b)
	if err == nil && !index.Leads(x, y) {
		a, b = b, a
	}
	return a, b, err
}

// Decided is something that was said lately at the centre.
type Decided struct {
	A, B   clinic.ID
	At     time.Time
	Centre clinic.CentreLink
	Same   bool
}

// Decided returns what was said last at the centre, the latest first.
func (m *Merge) Decided(ctx context.Context, n int) (out []Decided, err error) {
	said, err := m.o.DB.LastSaid(ctx, n)
	for i := range said {
		r, err := recordOf(said[i].Bytes, said[i].Leaf)
		if err != nil {
			return nil, err
		}
		a, b, ok := r.Pair()
		l, is := r.Body.(*clinic.Link)
		if !ok || !is || l.Centre == nil {
			return nil, fmt.Errorf("hub/merge: %v is no answer of the centre", r.Leaf)
		}
		out = append(out, Decided{A: a, B: b, At: r.Event, Centre: *l.Centre, Same: l.Same})
	}
	return out, err
}
