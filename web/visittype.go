package web

import (
	"net/http"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// stepsOf are the pages of a visit of its kind; documents that are there although the
// kind asks for none, because it was changed, keep theirs.
func stepsOf(v *clinic.VisitFile) (out []step) {
	kinds := v.Type().Documents()
	all := steps()
	for _, k := range kinds {
		if i := slices.IndexFunc(all, func(s step) bool { return s.kind == k }); i >= 0 {
			out = append(out, all[i])
		}
	}
	for _, s := range all {
		if !slices.Contains(kinds, s.kind) && v.Doc(s.kind) != nil {
			out = append(out, s)
		}
	}
	return out
}

// TypeChoice is the choice of the kind of visit.
type TypeChoice struct {
	Form  Form
	Types []clinic.VisitType
}

func newTypeChoice(f Form) *TypeChoice {
	if f.Get("type") == "" {
		f.Set("type", "0")
	}
	return &TypeChoice{f, clinic.VisitTypes()}
}

// readType reads the chosen kind; none is an out-patient visit.
func readType(f *Form) clinic.VisitType {
	n, err := strconv.Atoi(f.Get("type"))
	if err != nil || n < 0 || n > 255 {
		return clinic.VisitOutpatient
	}
	return clinic.VisitType(n)
}

// typeSave says that the visit is of another kind.
func (s *Server) typeSave(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if _, err := s.opts.Desk.ChangeType(r.Context(), call(r, "act"), desk.TypeInput{Patient: patient, Visit: visit, Type: readType(&f)}); err != nil {
		return err
	}
	s.tell(r, "good", "visittype.saved")
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

// firstPage is where a visit begins that was opened from a list of a programme.
func firstPage(path string, then string) string {
	if slices.ContainsFunc(steps(), func(s step) bool { return s.name == then }) {
		return path + "/" + then
	}
	return path
}
