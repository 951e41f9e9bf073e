package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/index"
	"clinicbox/hub/merge"
)

// Patients is the merge desk. Its list shows nobody; who is looked at stands in the
// signed history before Look returns.
type Patients interface {
	Counts(ctx context.Context) (hub.IndexCounts, error)
	Waiting(ctx context.Context, later bool, n int) ([]merge.Waiting, error)
	Decided(ctx context.Context, n int) ([]merge.Decided, error)
	// Look returns hub.ErrPair for IDs of whom nothing is known.
	Look(ctx context.Context, operator string, a, b clinic.ID) (*merge.Pair, error)
	// Answer returns merge.ErrChanged or merge.ErrOthers when nothing was done.
	Answer(ctx context.Context, operator string, d merge.Decision) error
}

// patientRows stand on the list.
const patientRows = 100

// signed is what agrees and differs, in words.
type signed struct{ Agrees, Differs []string }

// waitingPair is a pair on the list, without anything of who it is.
type waitingPair struct {
	merge.Waiting
	signed
	Href  string
	Homes [2]string
}

// saidRow is an answer in words.
type saidRow struct {
	At              time.Time
	Word, Sign, CSS string
	By, Box, Why    string // By empty = the rule
	Href            string
}

type patientsView struct {
	page
	Counts  hub.IndexCounts
	Rows    []waitingPair
	Decided []saidRow
	Later   bool
	Done    string
}

func pairPath(a, b clinic.ID) string { return "/patients/" + a.String() + "/" + b.String() }

func (s *server) patients(w http.ResponseWriter, r *http.Request) {
	v := &patientsView{page: s.page(r, "patients.title"), Later: r.URL.Query().Has("later"), Done: s.done(r)}
	var err error
	if v.Counts, err = s.Trust.Counts(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	waiting, err := s.Trust.Patients.Waiting(r.Context(), v.Later, patientRows)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, x := range waiting {
		v.Rows = append(v.Rows, waitingPair{
			Waiting: x, signed: signedOf(x.Agreed()), Href: pairPath(x.A, x.B),
			Homes: [2]string{strings.Join(x.Homes[0], ", "), strings.Join(x.Homes[1], ", ")},
		})
	}
	if !v.Later && len(waiting) < patientRows {
		v.Counts.Waiting = len(waiting) // of people, not of their IDs
	}
	decided, err := s.Trust.Decided(r.Context(), 30)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, d := range decided {
		row := saidOf(&clinic.Link{Same: d.Same, Centre: &d.Centre}, d.At)
		row.Href = pairPath(d.A, d.B)
		v.Decided = append(v.Decided, row)
	}
	s.render(w, http.StatusOK, "patients.html", v)
}

func saidOf(l *clinic.Link, at time.Time) saidRow {
	row := saidRow{At: at, Word: "said.two", Sign: "✕", CSS: "idle"}
	switch {
	case l.Same:
		row.Word, row.Sign, row.CSS = "said.one", "✓", "ok"
	case l.Centre != nil && l.Centre.Open:
		row.Word, row.Sign, row.CSS = "said.open", "↶", "warn"
	}
	if l.Centre != nil {
		row.By = l.Centre.Who
	}
	return row
}

// signedOf names the signs, and those of which people need to know first.
func signedOf(s index.Sign) (out signed) {
	s.Each(func(one index.Sign) {
		key := signKey(one)
		if one >= index.NumberDiffers {
			out.Differs = append(out.Differs, key)
		} else {
			out.Agrees = append(out.Agrees, key)
		}
	})
	return out
}

// signKey names a sign.
func signKey(s index.Sign) string {
	return map[index.Sign]string{
		index.NumberSame: "sign.number", index.NumberOnce: "sign.number.once", index.NumberNear: "sign.number.near", index.SocialSame: "sign.social",
		index.BirthSame: "sign.birth", index.BirthYear: "sign.birth.year", index.BirthNear: "sign.birth.near",
		index.NameSame: "sign.name", index.NameBare: "sign.name.bare", index.NameNear: "sign.name.near",
		index.PhoneSame: "sign.phone", index.CommuneSame: "sign.commune", index.MotherSame: "sign.mother",
		index.NumberDiffers: "sign.number.differs", index.ProvenDiffers: "sign.proven.differs", index.BirthDiffers: "sign.birth.differs",
		index.NameDiffers: "sign.name.differs", index.SexDiffers: "sign.sex.differs", index.TwinsBorn: "sign.twins", index.OneOf: "sign.oneof",
		index.Nameless: "sign.nameless", index.OneBox: "sign.onebox", index.Rival: "sign.rival", index.Clash: "sign.clash", index.Split: "sign.split",
	}[s]
}

// compared is a line of the two sides.
type compared struct {
	Label string
	Of    [2]string
	CSS   string // ok agrees, bad differs, empty = cannot be compared
	Sign  string
}

type pairView struct {
	page
	*merge.Pair
	signed
	Lines   []compared
	Said    []saidRow
	Key     string
	Problem string
}

// pairOf reads the address.
func pairOf(r *http.Request) (a, b clinic.ID, err error) {
	a, err = clinic.ParseID(r.PathValue("a"))
	b, err2 := clinic.ParseID(r.PathValue("b"))
	if err != nil || err2 != nil {
		return a, b, hub.ErrPair
	}
	return a, b, nil
}

func (s *server) pair(w http.ResponseWriter, r *http.Request) {
	a, b, err := pairOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showPair(w, r, &pairView{page: s.page(r, "pair.title"), Key: rand.Text()}, [2]clinic.ID{a, b})
}

func (s *server) showPair(w http.ResponseWriter, r *http.Request, v *pairView, of [2]clinic.ID) {
	p, err := s.Trust.Look(r.Context(), callerOf(r).name, of[0], of[1])
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Pair, v.signed, v.Holds = p, signedOf(p.Signs), true
	v.Lines = v.compare()
	for _, x := range p.Said {
		row := saidOf(x.Link, x.Recorded())
		if row.Box, row.Why = x.Box, x.Why; x.Link.Centre == nil {
			row.By = short(x.Author.String())
		}
		v.Said = append(v.Said, row)
	}
	status := http.StatusOK
	if v.Problem != "" {
		status = http.StatusConflict
	}
	s.render(w, status, "pair.html", v)
}

// compare sets the two sides beside each other.
func (v *pairView) compare() (out []compared) {
	var cols [2][]fact
	for i, side := range []*merge.Side{&v.A, &v.B} {
		cols[i] = v.facts(side)
	}
	for i, f := range cols[0] {
		line := compared{Label: f.Label, Of: [2]string{f.Value, cols[1][i].Value}}
		if x, y := line.Of[0], line.Of[1]; x != "" && y != "" && i < 9 { // allergies and what follows mark nobody
			line.CSS, line.Sign = v.mark(f.Label, x == y)
		}
		out = append(out, line)
	}
	return out
}

// mark tells how two lines agree: what the rule compares as it does, the rest by what
// stands there.
func (v *pairView) mark(label string, equal bool) (css, sign string) {
	near := map[string]index.Sign{
		"pair.name":    index.NameBare | index.NameNear,
		"pair.birth":   index.BirthYear | index.BirthNear,
		"pair.citizen": index.NumberOnce | index.NumberNear,
	}[label]
	same := map[string]index.Sign{"pair.name": index.NameSame, "pair.birth": index.BirthSame, "pair.citizen": index.NumberSame, "pair.social": index.SocialSame}[label]
	switch {
	case equal, v.Signs.Has(same):
		return "ok", "="
	case v.Signs.Has(near):
		return "warn", "≈"
	}
	return "bad", "≠"
}

// facts are the lines of one side, in the order of the page.
func (v *pairView) facts(s *merge.Side) []fact {
	p := s.Now
	if p == nil {
		p = &clinic.Patient{}
	}
	numbers := func(systems ...clinic.System) string {
		var all []string
		for _, n := range p.Identifiers {
			if !slices.Contains(systems, n.System) {
				continue
			}
			t := n.Value
			if slices.Contains(s.Proven, n.Value) {
				t += " ✓ " + v.T("pair.proven")
			}
			if n.Unsure {
				t += " (" + v.T("pair.unsure") + ")"
			}
			if !n.To.IsZero() {
				t += " (" + v.T("pair.until") + " " + n.To.String() + ")"
			}
			all = append(all, t)
		}
		return strings.Join(all, "; ")
	}
	name := p.Name
	if p.Unnamed {
		name += " (" + v.T("pair.unnamed") + ")"
	}
	sex := ""
	if p.Sex != 0 {
		sex = v.T([]string{"", "sex.male", "sex.female", "sex.other"}[min(p.Sex, 3)])
	}
	var allergies []string
	for _, a := range s.Allergies.Items {
		allergies = append(allergies, a.Substance)
	}
	allergy := strings.Join(allergies, "; ")
	if allergy == "" {
		allergy = v.T([]string{"allergy.unasked", "allergy.none", "allergy.known"}[min(s.Allergies.State, 2)])
	}
	linked := ""
	if s.Linked > 0 {
		linked = strconv.Itoa(s.Linked)
	}
	return []fact{
		{"pair.name", name},
		{"pair.birth", p.Birth.String()},
		{"pair.sex", sex},
		{"pair.citizen", numbers(clinic.SystemCitizen)},
		{"pair.old", numbers(clinic.SystemOldID)},
		{"pair.social", numbers(clinic.SystemInsurance, clinic.SystemSocial)},
		{"pair.phone", p.Phone},
		{"pair.address", p.Address},
		{"pair.guardian", p.Guardian},
		{"pair.allergies", allergy},
		{"pair.boxes", strings.Join(s.Homes, ", ")},
		{"pair.since", v.Time(s.Since)},
		{"pair.linked", linked},
	}
}

// answerPair takes a decision.
func (s *server) answerPair(w http.ResponseWriter, r *http.Request) {
	a, b, err := pairOf(r)
	if err == nil {
		err = r.ParseForm()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := r.PostForm
	d := merge.Decision{A: a, B: b, Do: merge.Do(f.Get("do")), Mark: f.Get("mark")}
	to, err := s.once.do(callerOf(r), f.Get("key"), s.Now(), func() (string, error) {
		return "/patients?done=" + url.QueryEscape("pair."+string(d.Do)), s.Trust.Patients.Answer(r.Context(), callerOf(r).name, d)
	})
	v := &pairView{page: s.page(r, "pair.title"), Key: rand.Text()}
	switch {
	case errors.Is(err, merge.ErrChanged):
		v.Problem = "pair.changed"
	case errors.Is(err, merge.ErrOthers):
		v.Problem = "pair.others"
	case err != nil:
		s.fail(w, r, err)
		return
	default:
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	s.showPair(w, r, v, [2]clinic.ID{a, b})
}
