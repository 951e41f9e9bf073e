package web

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Allergies is the view of the form of allergies.
type Allergies struct {
	Page
	Form Form
	ID   clinic.ID
	Rows []int // numbers of the rows to show
	Tips string
	Old  int // how many versions there are
	// Stopped: a prescription waits for the answer, what was typed of it is kept.
	Stopped bool
}

const allergyRows = 2 // more come when these are filled

func (s *Server) allergies(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f, drafted := newForm(nil), false
	if d, ok := s.draft(r); ok {
		f, drafted = newForm(d), true
	} else {
		fillAllergies(&f, pv.File.Allergies)
	}
	if back := r.URL.Query().Get("back"); back != "" {
		f.Set("back", localPath(back))
	}
	v := s.allergiesView(pv, f)
	v.Draft = drafted
	s.show(w, r, http.StatusOK, "allergies", v)
	return nil
}

// allergiesFirst interrupts a prescription: the allergies are asked for again, and the
// answer leads back to what was typed.
func (s *Server) allergiesFirst(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f := newForm(nil)
	fillAllergies(&f, pv.File.Allergies)
	f.Set("back", r.URL.Path)
	v := s.allergiesView(pv, f)
	v.Act, v.Stopped = s.newID().String(), true
	s.show(w, r, http.StatusConflict, "allergies", v)
	return nil
}

func fillAllergies(f *Form, a clinic.AllergyFile) {
	switch {
	case a.State == clinic.AllergiesKnown:
		f.Set("known", "yes")
	case a.Lost: // nobody knows what the lost version said: it is asked again
	case a.State == clinic.AllergiesNoneKnown:
		f.Set("known", "no")
	}
	for i, it := range a.Items {
		f.Set(fmt.Sprintf("substance.%d", i), it.Substance)
		f.Set(fmt.Sprintf("reaction.%d", i), it.Reaction)
		if it.Severe {
			f.Set(fmt.Sprintf("severe.%d", i), "yes")
		}
	}
	var tips []string
	for _, t := range a.Tips {
		tips = append(tips, leafText(t))
	}
	f.Set("tips", strings.Join(tips, " "))
}

func (s *Server) allergiesView(pv *PatientPage, f Form) *Allergies {
	v := &Allergies{Page: pv.Page, Form: f, ID: pv.File.ID, Tips: f.Get("tips"), Old: len(pv.File.Allergies.Versions)}
	v.Title, v.Errors, v.Hold = "allergies.title", f.Errors, true
	n := 0
	for i := range 40 {
		if f.Get(fmt.Sprintf("substance.%d", i)) != "" {
			n = i + 1
		}
	}
	for i := range max(n+1, allergyRows) {
		v.Rows = append(v.Rows, i)
	}
	return v
}

func (s *Server) allergiesSave(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := desk.AllergiesInput{Patient: pv.File.ID, Asked: f.Get("known") != "", Why: f.Get("why")}
	if f.Get("known") == "yes" {
		in.Items = readAllergies(&f)
	}
	for t := range strings.FieldsSeq(f.Get("tips")) {
		if leaf, ok := parseLeaf(t); ok {
			in.Tips = append(in.Tips, leaf)
		}
	}
	switch {
	case f.Get("known") == "":
		f.Fail("known", "allergies.choose")
	case f.Get("known") == "yes" && len(in.Items) == 0:
		f.Fail("substance.0", "allergies.needs-item")
	default:
		if _, err = s.opts.Desk.SetAllergies(r.Context(), call(r, "act"), in); err == nil {
			s.saved(r)
			s.tell(r, "good", "allergies.saved")
			http.Redirect(w, r, localPath(backOr(f.Get("back"), patientPath(pv.File.ID))), http.StatusSeeOther)
			return nil
		}
		if !s.failed(r, &f, err) {
			return err
		}
	}
	s.keepForm(r, f)
	s.show(w, r, http.StatusUnprocessableEntity, "allergies", s.allergiesView(pv, f))
	return nil
}

// AllergyVersions is the view of every version of the allergies, the latest first.
type AllergyVersions struct {
	Page
	ID       clinic.ID
	Versions []AllergyVersion
}

// AllergyVersion is one version with who wrote it.
type AllergyVersion struct {
	After     *After // of visits: nil here
	Allergies *clinic.Allergies
	Record    clinic.Record
	By        desk.Person
	Signed    []SignedBy // a version that was signed alone
	Void      []SignedBy // confirmations that do not count
	Pending   string     // none: allergies need no signature
	Now       bool       // counts today
}

func (s *Server) allergyVersions(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	file := &pv.File.Allergies
	if len(file.Versions) == 0 {
		return errGone
	}
	v := &AllergyVersions{Page: pv.Page, ID: pv.File.ID}
	v.Title = "allergies.versions"
	for i := len(file.Versions) - 1; i >= 0; i-- {
		rec := file.Versions[i]
		body, _ := rec.Body.(*clinic.Allergies)
		x := AllergyVersion{Allergies: body, Record: rec, By: named(pv.File.Names, rec.Author), Now: slices.Contains(file.Tips, rec.Leaf)}
		good, void := pv.File.SignedAlone(rec.Leaf)
		x.Signed, x.Void = signedBy(pv.File.Names, good), signedBy(pv.File.Names, void)
		v.Versions = append(v.Versions, x)
	}
	s.show(w, r, http.StatusOK, "allergyversions", v)
	return nil
}

func backOr(back, other string) string {
	if back == "" {
		return other
	}
	return back
}

func readAllergies(f *Form) (items []clinic.Allergy) {
	for i := range 40 {
		substance := f.Get(fmt.Sprintf("substance.%d", i))
		if substance == "" {
			continue
		}
		items = append(items, clinic.Allergy{
			Substance: substance,
			Reaction:  f.Get(fmt.Sprintf("reaction.%d", i)),
			Severe:    f.Get(fmt.Sprintf("severe.%d", i)) != "",
		})
	}
	return items
}

func leafText(l clinic.Leaf) string { return hex.EncodeToString(l[:]) }

func parseLeaf(s string) (clinic.Leaf, bool) {
	var l clinic.Leaf
	if len(s) != hex.EncodedLen(len(l)) {
		return l, false
	}
	_, err := hex.Decode(l[:], []byte(s))
	return l, err == nil
}
