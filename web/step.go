package web

import (
	"context"
	"net/http"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
)

// step is one page of a visit: a form over one kind of document.
type step struct {
	name string // in addresses, keys and forms
	kind clinic.Kind
	// optional: the visit goes on without it, unless somebody asks for it.
	optional bool
	// fresh reports whether the page adds a document although there is this one; nil = never.
	fresh func(v *desk.VisitView, d *clinic.Document) bool
	// renew makes a form that adds a document one of what is recorded now; nil = there is
	// nothing that it starts from.
	renew func(f *Form, v *desk.VisitView)
	// fill puts the saved document into the form.
	fill func(f *Form, d *clinic.Document, v *desk.VisitView)
	// edit does what a button other than save asks: search, add a line, remove it.
	// It is nil when there is none.
	edit func(f *Form, do string, v *desk.VisitView)
	// view makes the page's view struct around the frame.
	view func(s *Server, ctx context.Context, base Step) (viewer, error)
	// save hands the form to the desk.
	save func(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error
}

// steps are the pages that visits have, in their order; stepsOf those of one visit.
func steps() []step {
	return []step{
		vitalsStep(), examStep(), healthCheckStep(), orderStep(), diagnosisStep(), traditionalStep(), prescriptionStep(), billStep(), immuniseStep(), reactionStep(), antenatalStep(), deliveryStep(), certificateStep(), deathStep(), appointmentStep(),
		stayStep(), careStep(), noticeStep(), dischargeStep(),
	}
}

// works reports whether a role's people fill in a kind of document. The desk
// decides; this only spares them a button that would be refused.
func works(role clinic.Role, kind clinic.Kind, paper bool) bool {
	switch role {
	case clinic.RoleDoctor:
		return true
	case clinic.RoleNurse:
		return kind == clinic.KindVitals || kind == clinic.KindBill || kind == clinic.KindImmunised || kind == clinic.KindReaction ||
			kind == clinic.KindStay || kind == clinic.KindCare || kind == clinic.KindEmergencyNotice ||
			kind == clinic.KindAntenatal || kind == clinic.KindDelivery || kind == clinic.KindBirthCertificate ||
			paper && (kind == clinic.KindExam || kind == clinic.KindTraditional || kind == clinic.KindDiagnosis || kind == clinic.KindHealthCheck)
	case clinic.RoleCashier:
		return kind == clinic.KindBill
	}
	return false
}

func stepOf(kind clinic.Kind) string {
	return map[clinic.Kind]string{
		clinic.KindVitals: "vitals", clinic.KindExam: "exam", clinic.KindDiagnosis: "diagnosis",
		clinic.KindPrescribe: "prescription", clinic.KindBill: "bill", clinic.KindAppointment: "appointment",
		clinic.KindDeath: "death", clinic.KindImmunised: "immunise", clinic.KindReaction: "reaction",
		clinic.KindOrder: "order", clinic.KindTraditional: "traditional", clinic.KindAntenatal: "antenatal", clinic.KindDelivery: "delivery", clinic.KindBirthCertificate: "certificate",
		clinic.KindStay: "stay", clinic.KindCare: "care", clinic.KindEmergencyNotice: "notice", clinic.KindDischarge: "discharge",
		clinic.KindHealthCheck: "healthcheck",
	}[kind]
}

// Step is what the views of all steps embed.
type Step struct {
	Page
	Form    Form
	File    desk.VisitView
	Name    string
	Steps   []StepLink
	Base    string   // leaf of the version that the form was filled from
	Signed  bool     // a version is signed: a change needs a reason
	Changed *DocView // the version that somebody saved meanwhile
	Next    string
}

// StepLink is one step in the row on top of the page.
type StepLink struct {
	Name, Path string
	Done, Here bool
	Optional   bool
}

// stepPage shows a step's form: what was typed before a lock, or what is saved.
func (s *Server) stepPage(st step) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, err := s.stepBase(r, st)
		if err != nil {
			return err
		}
		b.Form = newForm(nil)
		doc := b.File.Visit.Doc(st.kind)
		if r.URL.Query().Has("again") {
			doc = nil // another measurement or prescription, not a correction
		} else if leaf, ok := parseLeaf(r.URL.Query().Get("of")); ok {
			if of := b.File.Visit.Find(leaf); of != nil && of.Kind == st.kind {
				doc = of
			}
		} else if doc != nil && st.fresh != nil && st.fresh(&b.File, doc) {
			doc = nil
		}
		if d, ok := s.draft(r); ok {
			b.Form, b.Draft = newForm(d), true
		} else {
			if doc != nil {
				leaf := doc.Leaf()
				b.Form.Set("base", leafText(leaf))
			}
			st.fill(&b.Form, doc, &b.File)
			if b.Lang == "en" {
				b.Form.english()
			}
		}
		return s.stepShow(w, r, st, b, http.StatusOK)
	}
}

func (s *Server) stepBase(r *http.Request, st step) (Step, error) {
	patient, visit, err := ids(r)
	if err != nil {
		return Step{}, err
	}
	b := Step{Page: s.page(r, "step."+st.name, ""), Name: st.name}
	if b.File, err = s.opts.Desk.VisitPage(r.Context(), who(r).session.person.ID, patient, visit); err != nil {
		return Step{}, err
	}
	b.Hold = true
	b.Page.Patient = banner(patient, b.File.Patient.Now, b.File.Patient.Allergies, b.Today)
	b.Page.Patient.Closed = b.File.Closed
	b.Steps = stepLinks(&b.File.Visit, st.name)
	for _, d := range b.File.Visit.Docs(st.kind) {
		b.Signed = b.Signed || d.State != clinic.DocUnsigned
	}
	return b, nil
}

func stepLinks(v *clinic.VisitFile, here string) []StepLink {
	path := visitPath(v.Patient, v.ID)
	var out []StepLink
	for _, st := range stepsOf(v) {
		out = append(out, StepLink{Name: st.name, Path: path + "/" + st.name, Done: v.Doc(st.kind) != nil, Here: st.name == here, Optional: st.optional})
	}
	out = append(out, StepLink{Name: "check", Path: path + "/check", Done: v.State == clinic.VisitSigned, Here: here == "check"})
	if _, rx, signed := v.Prescribed(); rx != nil && (signed || here == "hand") {
		out = append(out, StepLink{Name: "hand", Path: path + "/hand", Done: handedOut(v), Here: here == "hand"})
	}
	return out
}

// handedOut reports whether nothing of the prescription is left to hand out.
func handedOut(v *clinic.VisitFile) bool {
	_, rx, _ := v.Prescribed()
	lines, _ := stock.Hand(rx, v.Handed)
	return !slices.ContainsFunc(lines, func(g stock.Given) bool { return g.Left() > 0 })
}

func (s *Server) stepShow(w http.ResponseWriter, r *http.Request, st step, b Step, status int) error {
	s.keepForm(r, b.Form)
	b.Errors = b.Form.Errors
	b.Base = b.Form.Get("base")
	v, err := st.view(s, r.Context(), b)
	if err != nil {
		return err
	}
	s.show(w, r, status, st.name, v)
	return nil
}

// stepSave does what the pressed button says. Whatever happens, what was typed
// comes back.
func (s *Server) stepSave(st step) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, err := s.stepBase(r, st)
		if err != nil {
			return err
		}
		b.Form = newForm(r.PostForm)
		do := r.PostForm.Get("do")
		switch {
		case do == "back":
			return s.stepShow(w, r, st, b, http.StatusOK)
		case do != "" && do != "save" && do != "confirm" && st.edit != nil:
			st.edit(&b.Form, do, &b.File)
			if b.Lang == "en" {
				b.Form.english()
			}
			return s.stepShow(w, r, st, b, http.StatusOK)
		}
		if b.Lang == "en" {
			if b.Form.unclear(); !b.Form.OK() {
				return s.stepShow(w, r, st, b, http.StatusUnprocessableEntity)
			}
		}
		on := desk.On{Patient: b.File.Visit.Patient, Visit: b.File.Visit.ID, Why: b.Form.Get("why")}
		on.Base, _ = parseLeaf(b.Form.Get("base"))
		if err := st.save(r.Context(), s.opts.Desk, call(r, "act"), on, &b.Form); err != nil {
			return s.stepRefused(w, r, st, b, err)
		}
		if !b.Form.OK() {
			return s.stepShow(w, r, st, b, http.StatusUnprocessableEntity)
		}
		s.saved(r)
		s.tell(r, "good", "saved."+st.name)
		http.Redirect(w, r, s.after(r, st, b.File.Visit), http.StatusSeeOther)
		return nil
	}
}

// after is the page that follows a saved step: the next one for who examines, the
// visit for a nurse who measured and for a correction.
func (s *Server) after(r *http.Request, st step, v clinic.VisitFile) string {
	path := visitPath(v.Patient, v.ID)
	if st.kind == clinic.KindCare {
		return path + "/care" // the next line
	}
	if len(v.Signed) > 0 || st.kind == clinic.KindDischarge {
		return path
	}
	if who(r).session.person.Role != clinic.RoleDoctor && st.kind == clinic.KindVitals {
		return path
	}
	if st.kind == clinic.KindAntenatal || st.kind == clinic.KindDelivery || st.kind == clinic.KindBirthCertificate {
		return path // what must be done, and the children, stand there
	}
	if v.Type() == clinic.VisitVaccination && (st.kind == clinic.KindImmunised || st.kind == clinic.KindReaction) {
		return "/vaccines" // the next child
	}
	all := stepsOf(&v)
	for i := range all {
		if all[i].name != st.name {
			continue
		}
		for _, next := range all[i+1:] {
			if !next.optional {
				return path + "/" + next.name
			}
		}
	}
	return path + "/check"
}

// Confirm is the view of the page that interrupts: something unusual, is it so?
type Confirm struct {
	Page
	Name    string
	Items   []Problem
	Reasons []Reason // of severe findings: why the prescription stays as it is
	Hidden  []Pair
	Actions string
}

// stepRefused shows the form again with what is wrong, or asks about what is
// unusual.
func (s *Server) stepRefused(w http.ResponseWriter, r *http.Request, st step, b Step, err error) error {
	refusals := desk.ErrorsOf(err)
	if refusals == nil {
		return err
	}
	ask, severe := true, false
	var confirmed []Pair
	for _, e := range refusals {
		switch e.Code {
		case desk.CodeUnusual:
			confirmed = append(confirmed, Pair{"confirmed", e.Field})
		case desk.CodeBillChanged, desk.CodeLabValid, desk.CodeLabWaits, desk.CodeDoseSigns, desk.CodeDoseEarly, desk.CodeDoseTwice, desk.CodeDoseOver, desk.CodeDoseOld, desk.CodeDoseShort:
			confirmed = append(confirmed, Pair{"confirmed", e.Args["code"]})
		case desk.CodeDrugSafety:
			severe = true
		default:
			ask = false
		}
		if e.Code == desk.CodeChanged {
			s.stepChanged(&b, st)
		}
		p := s.problem(r, e)
		p.Field = formField(p.Field)
		b.Form.Errors = append(b.Form.Errors, p)
	}
	if refusals[0].Code == desk.CodeAllergiesLost {
		b.Form.Errors = nil
		s.keepForm(r, b.Form)
		return s.allergiesFirst(w, r)
	}
	if !ask {
		return s.stepShow(w, r, st, b, http.StatusUnprocessableEntity)
	}
	s.keepForm(r, b.Form)
	v := &Confirm{Page: b.Page, Name: st.name, Items: b.Form.Errors, Actions: r.URL.Path}
	v.Title, v.Act = "confirm.title", r.PostForm.Get("act")
	if st.kind == clinic.KindOrder {
		v.Title = "lab.ask.title"
	}
	if severe {
		v.Title, v.Items = "confirm.drug", nil
		v.Reasons, confirmed = reasons(&b.Form, refusals)
	}
	v.Hidden = append(slices.DeleteFunc(hidden(r.PostForm, "act", "do"), func(p Pair) bool { return isReason(p.Name) }), confirmed...)
	s.show(w, r, http.StatusConflict, "confirm", v)
	return nil
}

// stepChanged shows what somebody else saved meanwhile, and makes the next save
// of what is typed here a correction of that.
func (s *Server) stepChanged(b *Step, st step) {
	doc := b.File.Visit.Doc(st.kind)
	if leaf, ok := parseLeaf(b.Form.Get("base")); ok { // of several the one that the form corrects
		if of := b.File.Visit.Find(leaf); of != nil && of.Kind == st.kind {
			doc = of
		}
	}
	if doc == nil {
		b.Form.Set("base", "")
		return
	}
	if st.renew != nil && b.Form.Get("base") == "" {
		st.renew(&b.Form, &b.File)
	} else {
		leaf := doc.Leaf()
		b.Form.Set("base", leafText(leaf))
	}
	v := docView(&b.File, doc, doc.Current())
	b.Changed = &v
}
