package web

import (
	"net/http"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// conflictRoutes are the pages of what boxes wrote apart from each other.
func (s *Server) conflictRoutes() map[string]handler {
	const p, v = "/patients/{patient}", "/patients/{patient}/visits/{visit}"
	return map[string]handler{
		"GET /conflicts":        s.conflicts,
		"GET " + p + "/choose":  showing(s, "choose", s.chooseView),
		"POST " + p + "/choose": s.chooseSave,
		"POST " + v + "/choose": s.chooseDoc,
	}
}

// Conflicts is the view of the patients of whom boxes wrote apart.
type Conflicts struct {
	Page
	Rows []ConflictRow
	More string // address of what follows, empty = none
	Left int    // patients there of whom boxes may have written apart
}

// ConflictRow is a patient with what somebody must decide on.
type ConflictRow struct {
	Hit   desk.Hit
	Lines []ConflictLine
}

// ConflictLine is one of them, and where it is settled.
type ConflictLine struct {
	Key  string // of the words
	Step string // of a document: which
	Name string // of a thing of the health book
	Path string
}

func (s *Server) conflicts(w http.ResponseWriter, r *http.Request) error {
	v := &Conflicts{Page: s.page(r, "conflicts.title", "")}
	from, _ := clinic.ParseID(r.URL.Query().Get("from")) // anything else begins at the beginning
	page, err := s.opts.Desk.Conflicts(r.Context(), who(r).session.person.ID, from)
	if err != nil {
		return err
	}
	if v.Left = page.Left; v.Left > 0 {
		v.More = r.URL.Path + "?from=" + page.Next.String()
	}
	for _, x := range page.Rows {
		row := ConflictRow{Hit: x.Hit}
		for i := range x.Conflicts {
			row.Lines = append(row.Lines, conflictLine(x.Hit.ID, &x.Conflicts[i]))
		}
		v.Rows = append(v.Rows, row)
	}
	s.show(w, r, http.StatusOK, "conflicts", v)
	return nil
}

func conflictLine(id clinic.ID, c *clinic.Conflict) ConflictLine {
	switch c.About {
	case clinic.ConflictAllergies:
		return ConflictLine{Key: "conflict.allergies", Path: patientPath(id) + "/allergies"}
	case clinic.ConflictDetails:
		return ConflictLine{Key: "conflict.details", Path: patientPath(c.ID) + "/choose"}
	case clinic.ConflictBook:
		return ConflictLine{Key: "conflict.book", Name: c.Code, Path: patientPath(id) + "/healthbook/edit"}
	case clinic.ConflictDocument:
		step := stepOf(c.Doc.Kind)
		return ConflictLine{Key: "conflict.document", Step: step, Path: visitPath(c.Doc.Current().Record.Subject, c.Visit) + "/versions/" + step}
	}
	return ConflictLine{Key: "conflict.identity", Path: patientPath(id) + "#linked"}
}

// Choose is the view of versions of a patient's details that boxes wrote apart.
type Choose struct {
	Page
	File     desk.Patient
	ID       clinic.ID // under which they stand
	Versions []ChooseVersion
	Differs  Differs
	Tips     string
	Form     Form
	May      bool
}

// ChooseVersion is one of them, the latest first.
type ChooseVersion struct {
	Now    *clinic.Patient
	Record clinic.Record
	By     desk.Person
	Latest bool
}

// Differs tells in which details versions are not the same.
type Differs struct{ Name, Birth, Sex, Address, Phone bool }

// note compares two versions.
func (d *Differs) note(a, b *clinic.Patient) {
	d.Name = d.Name || a.Name != b.Name
	d.Birth = d.Birth || a.Birth != b.Birth
	d.Sex = d.Sex || a.Sex != b.Sex
	d.Address = d.Address || a.Address != b.Address
	d.Phone = d.Phone || a.Phone != b.Phone
}

func (s *Server) chooseView(r *http.Request) (*Choose, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	pv, err := s.patientView(r)
	if err != nil {
		return nil, err
	}
	v := &Choose{Page: pv.Page, File: pv.File, ID: id, Form: newForm(nil), May: who(r).session.person.Role != clinic.RoleAdministrator}
	v.Title, v.Hold = "choose.title", true
	for i := range pv.File.Parts {
		part := &pv.File.Parts[i]
		if part.ID != id || !part.Conflict() {
			continue
		}
		v.Tips = leafTexts(part.Tips)
		for _, rec := range slices.Backward(part.Versions) {
			if slices.Contains(part.Tips, rec.Leaf) {
				v.Versions = append(v.Versions, ChooseVersion{
					Now: patientOf(rec), Record: rec, By: named(pv.File.Names, rec.Author), Latest: len(v.Versions) == 0,
				})
			}
		}
	}
	for i := 1; i < len(v.Versions); i++ {
		v.Differs.note(v.Versions[0].Now, v.Versions[i].Now)
	}
	return v, nil
}

func (s *Server) chooseSave(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	in, err := settleInput(r, id)
	if err == nil {
		_, err = s.opts.Desk.SettleDetails(r.Context(), call(r, "act"), in)
	}
	if err := s.told(r, "choose.saved", err); err != nil {
		return err
	}
	http.Redirect(w, r, patientPath(id), http.StatusSeeOther)
	return nil
}

// chooseDoc takes which version of a document holds.
func (s *Server) chooseDoc(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	in, err := settleInput(r, patient)
	if in.Visit = visit; err == nil {
		_, err = s.opts.Desk.SettleDocument(r.Context(), call(r, "act"), in)
	}
	if err := s.told(r, "choose.saved", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

func settleInput(r *http.Request, patient clinic.ID) (desk.SettleInput, error) {
	keep, ok := parseLeaf(r.PostForm.Get("keep"))
	if !ok {
		return desk.SettleInput{}, errGone
	}
	return desk.SettleInput{Patient: patient, Keep: keep, Tips: leavesOf(r.PostForm.Get("tips")), Why: r.PostForm.Get("why")}, nil
}

// apartOf returns, for each version that stands beside others, the leaves of all of them
// as a form carries them.
func apartOf(docs []*clinic.Document) map[clinic.Leaf]string {
	out := map[clinic.Leaf]string{}
	for _, d := range docs {
		var tips []clinic.Leaf
		for _, v := range d.Apart() {
			tips = append(tips, v.Record.Leaf)
		}
		for _, l := range tips {
			out[l] = leafTexts(tips)
		}
	}
	return out
}
