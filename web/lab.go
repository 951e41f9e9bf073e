package web

import (
	"net/http"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// labRoutes are the pages about tests. They show patients.
func (s *Server) labRoutes() map[string]handler {
	const p = "/patients/{patient}/lab"
	return map[string]handler{
		"GET /lab":                            s.labList,
		"GET " + p:                            s.labPatient,
		"GET " + p + "/review":                s.labReview,
		"POST " + p + "/review":               s.labReviewSave,
		"GET " + p + "/tests/{test}":          s.labTrend,
		"GET " + p + "/orders/{leaf}/sample":  s.labSample,
		"POST " + p + "/orders/{leaf}/sample": s.labSampleSave,
		"GET " + p + "/orders/{leaf}/result":  s.labResult,
		"POST " + p + "/orders/{leaf}/result": s.labResultSave,
		"GET " + p + "/results/{leaf}":        s.labVersions,
		"GET " + p + "/results/{leaf}/edit":   s.labResult,
		"POST " + p + "/results/{leaf}/edit":  s.labResultSave,
		"GET " + p + "/samples/{number}":      s.labScanned,
		"POST " + p + "/samples/{number}":     s.labLabel,
	}
}

func labPath(patient clinic.ID) string { return patientPath(patient) + "/lab" }

// LabList is the view of the work list of tests.
type LabList struct {
	Page
	Day    desk.LabDay
	Doctor bool
}

func (s *Server) labList(w http.ResponseWriter, r *http.Request) error {
	by := who(r).session.person
	v := &LabList{Page: s.page(r, "lab.list", "today"), Doctor: by.Role == clinic.RoleDoctor}
	var err error
	if v.Day, err = s.opts.Desk.Lab(r.Context(), by.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "lablist", v)
	return nil
}

// LabPage is the view of a patient's tests; the others about one patient embed it.
type LabPage struct {
	Page
	File    desk.Patient
	At      string // its path
	Doctor  bool
	Works   bool // the person takes samples and enters results
	Orders  []LabOrder
	Results []LabResult
	Waits   int // results that nobody signed
}

// LabOrder is one order with where its tests stand.
type LabOrder struct {
	Leaf    string // of the version that stands
	Order   *clinic.Order
	Visit   string // its path
	Day     clinic.Date
	By      desk.Person
	Lines   []clinic.OrderLine
	Samples []LabSample
	Sample  bool // some test waits for a sample
	Result  bool // some test waits for a result
}

// LabSample is one sample of an order.
type LabSample struct {
	Record clinic.Record
	Sample *clinic.Sample
}

// LabResult is one result as it stands, or one version of it.
type LabResult struct {
	Leaf     string
	Record   clinic.Record
	Result   *clinic.Result
	By       desk.Person
	State    clinic.DocState
	Signed   []SignedBy
	Void     []SignedBy
	Reviews  []clinic.Record
	Versions int
	Conflict bool
	Old      bool // a later version replaced it
}

// labView reads a patient's tests.
func (s *Server) labView(r *http.Request, title string) (*LabPage, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	by := who(r).session.person
	v := &LabPage{Page: s.page(r, title, ""), At: labPath(id)}
	v.Doctor, v.Works = by.Role == clinic.RoleDoctor, by.Role == clinic.RoleDoctor || by.Role == clinic.RoleNurse
	if v.File, err = s.opts.Desk.PatientPage(r.Context(), by.ID, id); err != nil {
		return nil, err
	}
	v.Page.Patient = banner(v.File.ID, v.File.Now, v.File.Allergies, v.Today)
	v.Page.Patient.ID = id // forms are of the address
	lines := v.File.OrderLines()
	for len(lines) > 0 {
		n := slices.IndexFunc(lines, func(l clinic.OrderLine) bool { return l.Order != lines[0].Order })
		if n < 0 {
			n = len(lines)
		}
		v.Orders = append(v.Orders, v.order(lines[:n]))
		lines = lines[n:]
	}
	for i := range v.File.Lab.Results {
		d := &v.File.Lab.Results[i]
		v.Results = append(v.Results, v.result(d, d.Current()))
	}
	v.Waits = len(v.File.Lab.Waiting())
	return v, nil
}

func (v *LabPage) order(lines []clinic.OrderLine) LabOrder {
	first := &lines[0]
	rec := &first.Order.Versions[0].Record
	o := LabOrder{
		Leaf: leafText(first.Order.Leaf()), Order: first.Body(), Lines: lines, Day: clinic.DateOf(rec.Event),
		Visit: visitPath(first.Visit.Patient, first.Visit.ID), By: named(v.File.Names, rec.Author),
	}
	for i := range lines {
		l := &lines[i]
		o.Sample = o.Sample || l.State == clinic.LineOrdered
		o.Result = o.Result || l.State < clinic.LineResult
		if l.Sample == nil || slices.ContainsFunc(o.Samples, func(x LabSample) bool { return x.Record.Leaf == l.Sample.Leaf }) {
			continue
		}
		o.Samples = append(o.Samples, LabSample{*l.Sample, l.Sample.Body.(*clinic.Sample)})
	}
	return o
}

func (v *LabPage) result(d *clinic.Document, ver *clinic.Version) LabResult {
	b, _ := ver.Record.Body.(*clinic.Result)
	return LabResult{
		Leaf: leafText(ver.Record.Leaf), Record: ver.Record, Result: b, By: named(v.File.Names, ver.Record.Author), State: d.State,
		Signed: signedBy(v.File.Names, ver.Signed), Void: signedBy(v.File.Names, ver.Void), Reviews: v.File.Lab.ReviewsOf(ver.Record.Leaf),
		Versions: len(d.Versions), Conflict: d.Conflict, Old: ver != d.Current(),
	}
}

func (s *Server) labPatient(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labView(r, "lab.title")
	if err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "lab", v)
	return nil
}

// labOrder finds the order of the address, of whichever version.
func (v *LabPage) labOrder(r *http.Request) (*LabOrder, error) {
	leaf, ok := parseLeaf(r.PathValue("leaf"))
	for i := range v.Orders {
		o := &v.Orders[i]
		if ok && slices.ContainsFunc(o.Lines[0].Order.Versions, func(x clinic.Version) bool { return x.Record.Leaf == leaf }) {
			return o, nil
		}
	}
	return nil, errGone
}

// LabTake is the view of the page that takes a sample.
type LabTake struct {
	LabPage
	Form      Form
	Order     *LabOrder
	Specimens []string
}

func (s *Server) labTake(r *http.Request) (*LabTake, error) {
	p, err := s.labView(r, "lab.take-title")
	if err != nil {
		return nil, err
	}
	v := &LabTake{LabPage: *p, Specimens: clinic.Specimens()}
	v.Hold = true
	v.Order, err = p.labOrder(r)
	return v, err
}

func (s *Server) labSample(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labTake(r)
	if err != nil {
		return err
	}
	v.Form = newForm(nil)
	for _, l := range v.Order.Lines {
		guess := specimenGuess(l.Test.Name)
		if v.Form.Get("specimen") == "" && l.State == clinic.LineOrdered {
			v.Form.Set("specimen", guess)
		}
		if l.State == clinic.LineOrdered && guess == v.Form.Get("specimen") {
			v.Form.Values.Add("tests", l.Test.Code)
		}
	}
	s.show(w, r, http.StatusOK, "labtake", v)
	return nil
}

func (s *Server) labSampleSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labTake(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.SampleInput{Patient: v.Page.Patient.ID, Tests: v.Form.Values["tests"], Specimen: v.Form.Get("specimen")}
	in.Order, _ = parseLeaf(r.PathValue("leaf"))
	done, err := s.opts.Desk.TakeSample(r.Context(), call(r, "act"), in)
	switch {
	case len(done.Records) > 0: // saved, though the printer may not have taken the label
		s.tell(r, "good", "lab.taken", "number", done.Records[0].Body.(*clinic.Sample).Number)
		if err != nil {
			s.tell(r, "warn", string(desk.CodePrintQueue))
		}
		http.Redirect(w, r, v.At, http.StatusSeeOther)
		return nil
	case !s.failed(r, &v.Form, err):
		return err
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "labtake", v)
	return nil
}

// labScanned leads from a sample's label to where its results are entered.
func (s *Server) labScanned(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labView(r, "lab.title")
	if err != nil {
		return err
	}
	to := v.At
	for _, o := range v.Orders {
		for _, x := range o.Samples {
			if x.Sample.Number == r.PathValue("number") && o.Result && v.Works {
				to = v.At + "/orders/" + o.Leaf + "/result"
			}
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// labLabel prints a label once more.
func (s *Server) labLabel(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintSample(r.Context(), call(r, "act"), id, r.PathValue("number"))
	if refusals := desk.ErrorsOf(err); len(refusals) > 0 && refusals[0].Code == desk.CodePrintQueue {
		s.tell(r, "warn", string(desk.CodePrintQueue))
	} else if err != nil {
		return err
	} else {
		s.tell(r, "good", "lab.label-sent")
	}
	http.Redirect(w, r, labPath(id), http.StatusSeeOther)
	return nil
}

// labVersions shows a result with all its versions, the latest first.
func (s *Server) labVersions(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labView(r, "versions.title")
	if err != nil {
		return err
	}
	leaf, _ := parseLeaf(r.PathValue("leaf"))
	d := v.File.Lab.Find(leaf)
	if d == nil {
		return errGone
	}
	v.Results = nil
	for i := range slices.Backward(d.Versions) {
		v.Results = append(v.Results, v.result(d, &d.Versions[i]))
	}
	s.show(w, r, http.StatusOK, "labversions", v)
	return nil
}

// labListRow is a line of the work list with what the list knows around it.
type labListRow struct {
	Row  desk.LabRow
	More string // of the address
	Now  time.Time
}

func newLabRow(row desk.LabRow, review bool, now time.Time) labListRow {
	x := labListRow{Row: row, Now: now}
	if review {
		x.More = "/review"
	}
	return x
}

// labResultRow is a result with the page that shows it.
type labResultRow struct {
	Of   LabResult
	Page *LabPage
}

// newLabResult returns a pointer: templates call methods of the records in it.
func newLabResult(x LabResult, of interface{ lab() *LabPage }) *labResultRow {
	return &labResultRow{x, of.lab()}
}

func (v *LabPage) lab() *LabPage { return v }
