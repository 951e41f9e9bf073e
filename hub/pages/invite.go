package pages

import (
	"cmp"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// Limits of the invitation's form.
const (
	maxDays  = 400 // as the authority has it
	maxNames = 8
)

// ticketRow is an invitation and how it stands.
type ticketRow struct {
	authority.Ticket
	State  state
	Came   bool   // a box came in by it
	Serial string // of its certificate
}

type ticketsView struct {
	page
	Open, Past []ticketRow
}

func (s *server) invitations(w http.ResponseWriter, r *http.Request) {
	v := &ticketsView{page: s.page(r, "inv.title")}
	ts, err := s.Trust.Tickets(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	slices.SortFunc(ts, func(a, b authority.Ticket) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Invitation.Facility.Box, b.Invitation.Facility.Box))
	})
	for _, t := range ts {
		row := ticketRow{Ticket: t, Came: t.Used(), Serial: t.Serial.String()}
		switch {
		case row.Came:
			row.State = state{"inv.used", "✓", "ok"}
		case t.Ended:
			row.State = state{"inv.ended", "✕", "idle"}
		case s.Now().After(t.Expires):
			row.State = state{"inv.expired", "✕", "idle"}
		default:
			row.State = state{"inv.open", "○", "warn"}
			v.Open = append(v.Open, row)
			continue
		}
		v.Past = append(v.Past, row)
	}
	s.render(w, http.StatusOK, "invitations.html", v)
}

// inviteView is the form that invites a box.
type inviteView struct {
	*page
	Facility clinic.Facility
	Names    string
	Days     string
	Replaces string
	Reason   string
	Key      string
	Wrong    []wrong
	Problem  string
}

// Is reports whether the field must be corrected.
func (v *inviteView) Is(field string) bool { return isWrong(v.Wrong, field) }

// inviteForm begins empty, or with the box that is replaced.
func (s *server) inviteForm(w http.ResponseWriter, r *http.Request) {
	p := s.page(r, "inv.new")
	v := &inviteView{page: &p, Days: "30", Key: rand.Text()}
	if name := r.URL.Query().Get("replaces"); name != "" {
		b, err := s.Trust.Box(r.Context(), name)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v.Facility, v.Replaces = b.Facility, b.Facility.Box
	}
	s.render(w, http.StatusOK, "invite.html", v)
}

// fill takes what was typed, and says what is wrong with it.
func (v *inviteView) fill(f url.Values) (inv authority.Invitation) {
	get := func(k string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(f.Get(k), "?")), " ") }
	v.Key, v.Names, v.Days, v.Replaces, v.Reason = f.Get("key"), get("names"), get("days"), get("replaces"), get("reason")
	v.Facility = clinic.Facility{
		Code: strings.ToUpper(get("code")), Name: get("name"), Governing: get("governing"), Address: get("address"),
		Phone: get("phone"), Site: get("site"), Box: get("box"), Book: get("book"),
	}
	bad := func(when bool, field, message string) {
		if when {
			v.Wrong = append(v.Wrong, wrong{field, message})
		}
	}
	x := &v.Facility
	bad(!cert.ValidFacility(x.Code), "code", "inv.err.code")
	bad(!within(x.Name, 1, 200), "name", "inv.err.name")
	bad(!within(x.Governing, 0, 200), "governing", "inv.err.long")
	bad(!within(x.Address, 0, 200), "address", "inv.err.long")
	bad(!within(x.Phone, 0, 40), "phone", "inv.err.long")
	bad(!within(x.Site, 0, 100), "site", "inv.err.long")
	bad(!cert.ValidBox(x.Box), "box", "inv.err.box")
	bad(!authority.ValidBook(x.Book), "book", "inv.err.book")
	days, err := strconv.Atoi(v.Days)
	bad(err != nil || days < 1 || days > maxDays, "days", "inv.err.days")
	names, ok := namesOf(v.Names)
	bad(!ok, "names", "inv.err.names")
	if m := reasonProblem(v.Reason, v.Replaces != ""); m != "" {
		bad(true, "reason", m)
	}
	return authority.Invitation{Facility: *x, Names: names, Life: time.Duration(days) * 24 * time.Hour, Replaces: v.Replaces}
}

// namesOf reads further names and addresses of a box's pages: only such that the
// fleet's web authority may certify, for it is constrained to local ones.
func namesOf(text string) (n cert.Names, ok bool) {
	all := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	for _, s := range all {
		if a, err := netip.ParseAddr(s); err == nil {
			n.IPs = append(n.IPs, a.Unmap())
		} else {
			n.DNS = append(n.DNS, strings.ToLower(s))
		}
	}
	return n, len(all) <= maxNames && n.Local()
}

// codeShown is what is kept of a new code until it was seen.
type codeShown struct {
	Code    string
	Inv     authority.Invitation
	Expires time.Time
}

// invite makes the code and leads to the page that shows it.
func (s *server) invite(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, err)
		return
	}
	p := s.page(r, "inv.new")
	v := &inviteView{page: &p}
	inv := v.fill(r.PostForm)
	if len(v.Wrong) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "invite.html", v)
		return
	}
	who := callerOf(r)
	to, err := s.once.do(who, v.Key, s.Now(), func() (string, error) {
		code, err := s.Trust.Invite(r.Context(), authority.By{Operator: who.name, Reason: v.Reason}, inv)
		if err != nil {
			return "", err
		}
		shown := codeShown{code.String(), inv, s.Now().Add(inv.Life)}
		return "/invitations/code/" + s.once.keep(who, "code", shown, s.Now()), nil
	})
	if v.Problem = problem(err); v.Problem != "" {
		s.render(w, http.StatusConflict, "invite.html", v)
		return
	} else if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

type codeView struct {
	page
	codeShown
	QR   template.URL
	Left int // times that it will still be shown
}

// code shows a one-time code, and once more when the page is loaded again.
func (s *server) code(w http.ResponseWriter, r *http.Request) {
	kept, left, ok := s.once.show(callerOf(r), "code", r.PathValue("id"), s.Now())
	shown, _ := kept.(codeShown)
	if !ok {
		p := s.page(r, "gone.title")
		s.render(w, http.StatusGone, "gone.html", &goneView{page: p, Message: "gone.code", Back: "/invitations", BackTo: "inv.title"})
		return
	}
	qr, err := qrURL(shown.Code)
	if err != nil {
		s.Log.Error("QR code of a code", "err", err) // the page is good without
	}
	s.render(w, http.StatusOK, "code.html", &codeView{page: s.page(r, "code.title"), codeShown: shown, QR: qr, Left: left})
}

// goneView says that something was shown before.
type goneView struct {
	page
	Message, Back, BackTo string
}
