package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// LegalLine is one legal document of a visit in a list.
type LegalLine struct {
	Step, Code, Path string
	State            clinic.LegalState
	Waits            []clinic.LegalRole // that are still wanted
	Broken           bool
}

// LegalPage is the view of one document's legal signatures.
type LegalPage struct {
	Page
	Form   Form
	File   desk.VisitView
	At     string // path of the visit
	Line   LegalLine
	Leaf   string
	Signs  []LegalSign
	Sign   bool // the person may sign now: it is confirmed, current, and a signature lacks
	Centre bool // the centre may be asked
	Old    bool // it was corrected since
	First  bool // it must be confirmed with the PIN first
}

// LegalSign is one signature in words.
type LegalSign struct {
	clinic.LegalSignature
	Other *desk.Person // remark: the certificate does not name this person
}

// legalLines lists the current version of each legal document.
func legalLines(v *clinic.VisitFile, at string) (out []LegalLine) {
	for _, d := range v.LegalDocs() {
		if clinic.LegalCode(d.Current().Record.Body) != "" {
			out = append(out, legalLine(d.Current(), at))
		}
	}
	return out
}

func legalLine(ver *clinic.Version, at string) LegalLine {
	l := LegalLine{
		Step: stepOf(ver.Record.Kind), Code: clinic.LegalCode(ver.Record.Body), State: ver.Legal.State, Broken: ver.Legal.Broken,
		Path: at + "/legal/" + leafText(ver.Record.Leaf),
	}
	for _, role := range ver.Legal.Roles {
		if ver.Legal.Of(role) == nil {
			l.Waits = append(l.Waits, role)
		}
	}
	return l
}

func (s *Server) legalView(r *http.Request) (*LegalPage, desk.LegalOn, error) {
	patient, visit, err := ids(r)
	if err != nil {
		return nil, desk.LegalOn{}, err
	}
	leaf, ok := parseLeaf(r.PathValue("leaf"))
	by := who(r).session.person
	v := &LegalPage{Page: s.page(r, "legal.title", ""), Form: newForm(nil), At: visitPath(patient, visit), Leaf: r.PathValue("leaf")}
	if v.File, err = s.opts.Desk.VisitPage(r.Context(), by.ID, patient, visit); err != nil {
		return nil, desk.LegalOn{}, err
	}
	ver := v.File.Visit.FindVersion(leaf)
	if !ok || ver == nil || ver.Legal == nil || clinic.LegalCode(ver.Record.Body) == "" {
		return nil, desk.LegalOn{}, errGone
	}
	v.Page.Patient = banner(patient, v.File.Patient.Now, v.File.Patient.Allergies, v.Today)
	v.Line = legalLine(ver, v.At)
	v.Old = v.File.Visit.Find(leaf).Leaf() != leaf
	v.First = len(ver.Signed) == 0
	v.Sign = by.Role == clinic.RoleDoctor && !v.Old && !v.First && len(v.Line.Waits) > 0
	v.Centre = v.Sign && s.opts.Desk.Centre() && !ver.Legal.Asks(v.Line.Waits[0], clinic.LegalAtCentre)
	s.signs(v, ver)
	return v, desk.LegalOn{Patient: patient, Visit: visit, Leaf: leaf}, nil
}

// signs tells of every signature, also of those that do not hold.
func (s *Server) signs(v *LegalPage, ver *clinic.Version) {
	for _, x := range ver.Legal.Signatures {
		line := LegalSign{LegalSignature: x}
		if n := len(ver.Signed); n > 0 && x.Valid && x.Role == clinic.LegalPractitioner {
			if p := v.File.Names[ver.Signed[n-1].By]; s.opts.Desk.OtherSigner(p, x.Subject) {
				line.Other = &p
			}
		}
		v.Signs = append(v.Signs, line)
	}
}

// legal shows how a document is signed by law, and takes a signature.
func (s *Server) legal(w http.ResponseWriter, r *http.Request) error {
	v, _, err := s.legalView(r)
	if err != nil {
		return err
	}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	}
	s.show(w, r, http.StatusOK, "legal", v)
	return nil
}

// legalFile sends the bytes that the token must sign. They are sent as a file that
// no browser opens and no editor changes the line ends of.
func (s *Server) legalFile(w http.ResponseWriter, r *http.Request) error {
	_, on, err := s.legalView(r)
	if err != nil {
		return err
	}
	name, content, err := s.opts.Desk.LegalFile(r.Context(), who(r).session.person.ID, on)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, err = w.Write(content)
	return err
}

// legalSave takes a signature as a file or as pasted text, or asks the centre.
func (s *Server) legalSave(w http.ResponseWriter, r *http.Request) error {
	v, on, err := s.legalView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	said := "legal.attached"
	if r.PostForm.Get("do") == "centre" {
		said = "legal.asked"
		_, err = s.opts.Desk.AskLegal(r.Context(), call(r, "act"), on, clinic.LegalAtCentre)
	} else {
		var file []byte
		if file, err = uploaded(r, "file", "signature"); err != nil {
			return err
		}
		_, err = s.opts.Desk.AttachLegal(r.Context(), call(r, "act"), on, file)
	}
	if err == nil {
		s.saved(r)
		s.tell(r, "good", said)
		http.Redirect(w, r, v.Line.Path, http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	s.keepForm(r, v.Form)
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "legal", v)
	return nil
}

// uploaded returns a small file of a form, or what was pasted instead.
func uploaded(r *http.Request, file, text string) ([]byte, error) {
	f, _, err := r.FormFile(file)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return []byte(r.PostForm.Get(text)), nil
	}
	if err != nil {
		return nil, errors.Join(errForm, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, bodyLimit))
	if err != nil {
		return nil, errors.Join(errForm, err)
	}
	if len(b) == 0 {
		return []byte(r.PostForm.Get(text)), nil // browsers send an empty part for no file
	}
	return b, nil
}
