package web

import (
	"context"
	"net/http"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// emergencyOpen takes an emergency in with one press: somebody whom nobody knows, or the
// patient of the form.
func (s *Server) emergencyOpen(w http.ResponseWriter, r *http.Request) error {
	var in desk.EmergencyInput
	if id := r.PostForm.Get("patient"); id != "" {
		var err error
		if in.Patient, err = clinic.ParseID(id); err != nil {
			return errForm
		}
	}
	done, err := s.opts.Desk.OpenEmergency(r.Context(), call(r, "act"), in)
	if err != nil {
		return err
	}
	s.tell(r, "good", "emergency.opened")
	http.Redirect(w, r, visitPath(done.Patient, done.Visit), http.StatusSeeOther)
	return nil
}

// triageSave says how urgent an emergency is.
func (s *Server) triageSave(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	level, err := strconv.ParseUint(r.PostForm.Get("level"), 10, 8)
	if err != nil {
		return errForm
	}
	in := desk.TriageInput{Patient: patient, Visit: visit, Level: clinic.Triage(level)}
	if _, err := s.opts.Desk.Triage(r.Context(), call(r, "act"), in); err != nil {
		return err
	}
	s.tell(r, "good", "triage.saved")
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

// NoticePage is the view of the step that says who was told.
type NoticePage struct {
	Step
	Tos     []clinic.NoticeTo
	Before  []*clinic.EmergencyNotice
	Unknown bool // nobody knows who the patient is
}

func noticeStep() step {
	return step{name: "notice", kind: clinic.KindEmergencyNotice, optional: true, fresh: always, fill: fillNotice, view: viewNotice, save: saveNotice}
}

func fillNotice(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.EmergencyNotice](d)
	if b == nil {
		return
	}
	f.Set("to", strconv.Itoa(int(b.To)))
	f.Set("told", b.Name)
	f.Set("how", b.How)
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
}

func viewNotice(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &NoticePage{Step: b, Tos: clinic.NoticeTos(), Before: b.File.Visit.Noticed()}
	v.Unknown = b.File.Patient.Now != nil && b.File.Patient.Now.Nameless()
	return v, nil
}

func saveNotice(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	to, _ := strconv.ParseUint(f.Get("to"), 10, 8)
	in := desk.NoticeInput{On: on, EmergencyNotice: clinic.EmergencyNotice{
		To: clinic.NoticeTo(to), Name: f.Get("told"), How: f.Get("how"), Day: readDate(f, "day"), Time: f.Get("time"), Mistake: readMistake(f),
	}}
	if !f.OK() {
		return nil
	}
	_, err := d.Notice(ctx, c, in)
	return renamed(err, "name", "told")
}

// hours is how long is left, in whole hours that do not say more than there is.
func hours(n desk.NoticeRow) int { return max(int(n.Left.Hours()), 0) }

// late is for how many hours it is overdue, begun ones counted.
func late(n desk.NoticeRow) int { return int(-n.Left.Hours()) + 1 }
