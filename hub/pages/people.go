package pages

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// facilityRow is a facility with boxes, as the registry last described it.
type facilityRow struct {
	clinic.Facility
	Boxes   int
	Waiting int
}

type facilitiesView struct {
	page
	Rows    []facilityRow
	Waiting int
}

func (s *server) facilities(w http.ResponseWriter, r *http.Request) {
	v := &facilitiesView{page: s.page(r, "people.title")}
	waiting, err := s.Trust.Waiting.Waiting(r.Context(), "")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.Rows, err = s.facilityRows(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	for _, c := range waiting {
		i := slices.IndexFunc(v.Rows, func(f facilityRow) bool { return f.Code == c.Facility })
		if i < 0 {
			v.Rows = append(v.Rows, facilityRow{Facility: clinic.Facility{Code: c.Facility}})
			i = len(v.Rows) - 1
		}
		v.Rows[i].Waiting++
		v.Waiting++
	}
	slices.SortStableFunc(v.Rows, func(a, b facilityRow) int {
		return cmp.Or(cmp.Compare(min(b.Waiting, 1), min(a.Waiting, 1)), cmp.Compare(a.Code, b.Code))
	})
	s.render(w, http.StatusOK, "facilities.html", v)
}

// facilityRows returns the facilities by code; the description of a box without a
// site of its own goes first.
func (s *server) facilityRows(ctx context.Context) (out []facilityRow, err error) {
	boxes, err := s.Trust.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(boxes, func(a, b authority.Box) int {
		return cmp.Or(cmp.Compare(a.Facility.Code, b.Facility.Code), b.Issued.Compare(a.Issued))
	})
	for _, b := range boxes {
		if n := len(out); n == 0 || out[n-1].Code != b.Facility.Code {
			f := b.Facility
			f.Site = ""
			out = append(out, facilityRow{Facility: f})
		}
		if b.Revoked == nil {
			out[len(out)-1].Boxes++
		}
	}
	return out, nil
}

// personRow is a person's certificate and how it stands.
type personRow struct {
	authority.Person
	ID, Serial string
	State      state
	From       time.Time // from when on it is not good; zero = it never was
	Ended      bool
	Can        bool // may be revoked
}

// waitingRow is a key that waits for a decision.
type waitingRow struct {
	hub.Credential
	ID          string
	Provisional bool
	Voucher     string // serial of who vouched
}

type peopleView struct {
	page
	Facility clinic.Facility
	Waiting  []waitingRow
	People   []personRow
	Done     string
}

func (s *server) people(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("facility")
	v := &peopleView{page: s.page(r, "people.title"), Done: s.done(r)}
	known, err := s.facility(r.Context(), code)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Facility = known
	if err := s.fillPeople(r.Context(), v); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, http.StatusOK, "people.html", v)
}

// facility describes a facility, or returns authority.ErrMissing when neither a box
// nor a waiting key is of it.
func (s *server) facility(ctx context.Context, code string) (clinic.Facility, error) {
	all, err := s.facilityRows(ctx)
	if err != nil {
		return clinic.Facility{}, err
	}
	for _, f := range all {
		if f.Code == code {
			return f.Facility, nil
		}
	}
	waiting, err := s.Trust.Waiting.Waiting(ctx, code)
	if err == nil && len(waiting) == 0 {
		err = authority.ErrMissing
	}
	return clinic.Facility{Code: code}, err
}

func (s *server) fillPeople(ctx context.Context, v *peopleView) error {
	waiting, err := s.Trust.Waiting.Waiting(ctx, v.Facility.Code)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		v.Waiting = append(v.Waiting, waitingOf(c))
	}
	v.People, err = s.personRows(ctx, v.Facility.Code)
	return err
}

func waitingOf(c hub.Credential) waitingRow {
	row := waitingRow{Credential: c, ID: c.Person.String(), Provisional: c.Serial != ""}
	if len(c.Chain) > 0 {
		if v, _, err := cert.ReadProvisional(c.Chain[0]); err == nil {
			row.Voucher = v.Voucher.String()
		}
	}
	return row
}

func (s *server) personRows(ctx context.Context, facility string) (out []personRow, err error) {
	people, err := s.Trust.People(ctx, facility)
	if err != nil {
		return nil, err
	}
	statements, err := s.Trust.Statements(ctx, facility)
	if err != nil {
		return nil, err
	}
	trust, err := cert.LoadTrust(s.Trust.Root(), statements)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		out = append(out, personOf(p, trust))
	}
	slices.Reverse(out) // the latest first
	slices.SortStableFunc(out, func(a, b personRow) int { return cmp.Compare(btoi(a.Ended), btoi(b.Ended)) })
	return out, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func personOf(p authority.Person, trust *cert.Trust) personRow {
	row := personRow{Person: p, ID: p.Person.String(), Serial: p.Serial.String(), State: state{"person.good", "✓", "ok"}}
	if p.Decision != nil && !p.Accepted {
		row.State, row.Ended = state{"person.rejected", "✕", "bad"}, true
		return row
	}
	row.Can = true
	if r, gone := trust.Revoked(p.Facility, p.Serial); gone {
		row.State, row.Ended = state{reasonKey(r.Reason), "✕", "idle"}, true
		row.Can = r.From > 0 // may still reach further back
		if r.From > 0 {
			row.From = fromHLC(r.From)
		}
	}
	return row
}

// waiting finds the key that the address names.
func (s *server) waiting(r *http.Request) (hub.Credential, error) {
	all, err := s.Trust.Waiting.Waiting(r.Context(), r.PathValue("facility"))
	if err != nil {
		return hub.Credential{}, err
	}
	for _, c := range all {
		if c.Digest == r.PathValue("digest") {
			return c, nil
		}
	}
	return hub.Credential{}, hub.ErrCredential
}

// decideJob asks about a key that waits: certify, ratify or reject.
func (s *server) decideJob(r *http.Request) (*job, error) {
	code, task := r.PathValue("facility"), r.PathValue("task")
	c, err := s.waiting(r)
	if err != nil {
		return s.decidedAlready(r, err)
	}
	p := s.page(r, "task."+task)
	to := "/people/" + url.PathEscape(code)
	v := &askView{page: &p, Back: to, Go: "go." + task, Points: []string{"point." + task}, Facts: []fact{
		{"person.id", short(c.Person.String())}, {"person.role", p.T(roleKey(c.Role))}, {"people.facility", code}, {"col.box", c.Box},
	}}
	if c.Problem != "" && task != "reject" {
		v.Points = append(v.Points, "point.problem")
	}
	provisional := c.Serial != ""
	var do func(ctx context.Context, by authority.By, digest string) error
	switch {
	case task == "certify" && !provisional:
		do = s.Trust.Certify
	case task == "ratify" && provisional:
		do = s.Trust.Ratify
	case task == "reject":
		do = s.Trust.Reject
	default:
		return nil, authority.ErrMissing
	}
	switch {
	case task != "reject":
		v.Points = append(v.Points, "point.whose")
	case provisional:
		v.final(true, short(c.Person.String()))
	default:
		v.Points = []string{"point.turndown"}
	}
	return &job{v, func(ctx context.Context, by authority.By) (string, error) {
		return to + "?done=" + task, do(ctx, by, c.Digest)
	}}, nil
}

// decidedAlready lets the second sending of a form through: the key waits no more
// because of the first. Nothing is done; the list shows what was decided.
func (s *server) decidedAlready(r *http.Request, err error) (*job, error) {
	if r.Method != http.MethodPost || err != hub.ErrCredential { //nolint:errorlint // our own, from waiting
		return nil, err
	}
	p := s.page(r, "people.title")
	return &job{&askView{page: &p, Go: "go.certify"}, func(context.Context, authority.By) (string, error) {
		return "/people/" + url.PathEscape(r.PathValue("facility")) + "?done=already", nil
	}}, nil
}

// revokeJob asks about the end of a person's certificate.
func (s *server) revokeJob(r *http.Request) (*job, error) {
	code := r.PathValue("facility")
	people, err := s.personRows(r.Context(), code)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(people, func(p personRow) bool { return p.Serial == r.PathValue("serial") })
	if i < 0 || !people[i].Can && r.Method != http.MethodPost {
		return nil, authority.ErrMissing
	}
	row := people[i]
	p := s.page(r, "task.end")
	to := "/people/" + url.PathEscape(code)
	v := &askView{
		page: &p, Back: to, Go: "go.end", Points: []string{"point.end", "point.end.before"}, Since: true, Ever: row.Ended, Final: true, Retype: short(row.ID),
		Choices: []option{
			{"left", "reason.left", "reason.left.hint"},
			{"lost", "reason.lost", "reason.lost.hint"},
			{"stolen", "reason.key", "reason.key.hint"},
			{"error", "reason.error", "reason.error.hint"},
		},
		Facts: []fact{
			{"person.id", short(row.ID)}, {"person.role", p.T(roleKey(row.Role))}, {"people.facility", code}, {"cert.serial", row.Serial},
		},
	}
	if row.Ended {
		v.Points = []string{"point.end.further"}
	}
	return &job{v, func(ctx context.Context, by authority.By) (string, error) {
		reason := map[string]cert.Reason{
			"left": cert.ReasonLeft, "lost": cert.ReasonLost, "stolen": cert.ReasonStolen, "error": cert.ReasonError,
		}[v.Choice]
		return to + "?done=end", s.Trust.Revoke(ctx, by, cert.Revoked{Serial: row.Person.Serial, Reason: reason, From: s.from(v)})
	}}, nil
}

// Role names a role.
func (v *peopleView) Role(r clinic.Role) string { return v.T(roleKey(r)) }

// Why is the message key of what does not verify about a key, as hub/registrar says it.
func (v *peopleView) Why(problem string) string {
	what, _, _ := strings.Cut(problem, ":")
	switch what {
	case "request", "certificate", "voucher":
		return "people.bad." + what
	}
	return "people.problem"
}

// Same reports whether the person has a certificate in service: a second key is worth
// a question.
func (v *peopleView) Same(c waitingRow) bool {
	for _, p := range v.People {
		if !p.Ended && bytes.Equal(p.Person.Person[:], c.Person[:]) {
			return true
		}
	}
	return false
}
