package web

import (
	"context"
	"net/http"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Scan is the view of the page that waits for the scanner.
type Scan struct {
	Page
	Form  Form
	Ready bool // the scanner answers
	Key   string
}

// Hits is the view of a list of people to choose from: found, or meant by a scan.
type Hits struct {
	Page
	Form  Form
	Asked bool
	Hits  []desk.Hit
	Scan  string // ID of the scan that led here, for what follows
	Hint  string // message key above the list
}

// scan waits for the scanner. Without JavaScript the page loads itself anew and
// goes on as soon as a code was read.
func (s *Server) scan(w http.ResponseWriter, r *http.Request) error {
	s.sessions.takeDesk(who(r).session.token)
	if x, ok, _ := s.scans.fresh(); ok {
		http.Redirect(w, r, "/scan/"+x.id.String(), http.StatusSeeOther)
		return nil
	}
	v := &Scan{Page: s.page(r, "scan.title", "scan"), Key: "scanner.none"}
	v.Refresh = 3
	for _, d := range v.Strip.Devices {
		if d.Name == "scanner.name" {
			v.Ready, v.Key = d.OK, d.State
		}
	}
	s.show(w, r, http.StatusOK, "scan", v)
	return nil
}

// scanType takes a code from a scanner that types like a keyboard, or by hand.
func (s *Server) scanType(w http.ResponseWriter, r *http.Request) error {
	v := &Scan{Page: s.page(r, "scan.type.title", "scan"), Form: newForm(nil)}
	v.Hold = true
	s.show(w, r, http.StatusOK, "scantype", v)
	return nil
}

func (s *Server) scanTyped(w http.ResponseWriter, r *http.Request) error {
	raw := r.PostForm.Get("code")
	_, err := s.opts.Desk.FromScan(r.Context(), who(r).session.person.ID, []byte(raw))
	if err == nil && strings.TrimSpace(raw) != "" {
		id := s.scans.add([]byte(raw), true)
		http.Redirect(w, r, "/scan/"+id.String(), http.StatusSeeOther)
		return nil
	}
	v := &Scan{Page: s.page(r, "scan.type.title", "scan"), Form: newForm(r.PostForm)}
	v.Hold, v.Asking = true, true
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i := range v.Form.Errors {
		v.Form.Errors[i].Field = "code"
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "scantype", v)
	return nil
}

// scanOpen goes where a scan leads: the patient, or the form filled in.
func (s *Server) scanOpen(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("scan")
	res, err := s.scanned(r, id)
	if err != nil {
		return s.scanFailed(w, r, err)
	}
	s.sessions.takeDesk(who(r).session.token)
	switch res.Answer {
	case desk.ScanKnown, desk.ScanArrives:
		if len(res.Hits) == 0 {
			return errGone
		}
		if n := scanNote(res); n != nil {
			s.sessions.tell(who(r).session.token, n)
		}
		to := patientPath(res.Hits[0].ID) + "?scan=" + id
		if res.Scan.Kind == clinic.ScanPaper && !res.On.Visit.IsZero() {
			to = visitPath(res.On.Patient, res.On.Visit)
		}
		if res.Scan.Kind == clinic.ScanSample {
			to = patientPath(res.Hits[0].ID) + "/lab/samples/" + res.Scan.Sample
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	case desk.ScanNew:
		http.Redirect(w, r, "/register?scan="+id, http.StatusSeeOther)
	default:
		v := &Hits{Page: s.page(r, "scan.choose", "scan"), Form: newForm(nil), Asked: true, Hits: res.Hits, Scan: id, Hint: "scan.choose.hint"}
		s.show(w, r, http.StatusOK, "find", v)
	}
	return nil
}

// scanFailed explains a code that leads nowhere, on the page that waits for the
// next one.
func (s *Server) scanFailed(w http.ResponseWriter, r *http.Request, err error) error {
	refusals := desk.ErrorsOf(err)
	if refusals == nil {
		return err
	}
	v := &Scan{Page: s.page(r, "scan.title", "scan"), Ready: true}
	p := s.problem(r, refusals[0])
	v.Note = &Note{Kind: "warn", Key: p.Key, Args: p.Args}
	s.show(w, r, http.StatusUnprocessableEntity, "scan", v)
	return nil
}

// scanned reads a kept scan again. It is asked anew each time: the record may
// have changed since.
func (s *Server) scanned(r *http.Request, id string) (desk.ScanResult, error) {
	sid, err := clinic.ParseID(id)
	if err != nil {
		return desk.ScanResult{}, errGone
	}
	raw, ok := s.scans.take(sid)
	if !ok {
		return desk.ScanResult{}, errGone
	}
	return s.opts.Desk.FromScan(r.Context(), who(r).session.person.ID, raw)
}

// scanNote says what the scan brought besides the patient.
func scanNote(res desk.ScanResult) *Note {
	switch {
	case res.Paper > desk.PaperHolds:
		return &Note{Kind: "warn", Key: paperKey(res.Paper), More: paperKey(res.Paper) + ".do"}
	case res.Answer == desk.ScanArrives:
		return &Note{Kind: "good", Key: "scan.arrives", Args: []any{"slip", res.Slip.Slip}, More: "scan.arrives.do"}
	case len(res.Differs) > 0:
		return &Note{Kind: "warn", Key: "scan.differs", More: "scan.differs.do"}
	case len(res.Scan.Doubts) > 0:
		return &Note{Kind: "warn", Key: res.Scan.Doubts[0]}
	case res.Paper == desk.PaperHolds:
		return &Note{Kind: "good", Key: "scan.paper.holds"}
	}
	return nil
}

// paperKey names what is said of a paper that is not as it was.
func paperKey(s desk.PaperState) string {
	return "scan.paper." + map[desk.PaperState]string{
		desk.PaperReplaced: "replaced", desk.PaperVoid: "void", desk.PaperUsed: "used",
		desk.PaperOther: "other", desk.PaperTorn: "torn", desk.PaperAhead: "ahead",
	}[s]
}

// scanLabel names in a word what was scanned, for the notice on other pages.
func (s *Server) scanLabel(ctx context.Context, v visitor, raw []byte) (label string, ok bool) {
	c := s.engine.catalogues[v.lang]
	res, err := s.opts.Desk.FromScan(ctx, v.session.person.ID, raw)
	if refusals := desk.ErrorsOf(err); refusals != nil {
		p := problemIn(c, refusals[0])
		return c.Text(p.Key, p.Args...), false
	}
	if err != nil {
		return c.Text("trouble.failed"), false
	}
	switch {
	case len(res.Hits) > 0:
		label = res.Hits[0].Now.Name
	case res.Form.Name != "":
		label = res.Form.Name + " (" + c.Text("scan.new") + ")"
	default:
		label = c.Text("scan.new")
	}
	return c.Text("live.scanned", "name", label), true
}
