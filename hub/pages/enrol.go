package pages

import (
	"context"
	"errors"
	"html/template"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// enrolView takes a request that was carried here.
type enrolView struct {
	page
	Text    string
	Message string // key; empty = nothing is wrong
	Wrong   []int  // lines that were mistyped
	Missing []int
	Parts   []int // QR codes that are missing
	Unread  int   // lines without a readable number
}

func (s *server) enrolForm(w http.ResponseWriter, r *http.Request) {
	s.render(w, http.StatusOK, "enrol.html", &enrolView{page: s.page(r, "enrol.title")})
}

// enrol answers a carried request. The same request again leads to the same answer.
func (s *server) enrol(w http.ResponseWriter, r *http.Request) {
	v := &enrolView{page: s.page(r, "enrol.title")}
	raw, err := v.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if raw == nil {
		s.render(w, http.StatusUnprocessableEntity, "enrol.html", v)
		return
	}
	if _, err = s.Trust.Enrol(r.Context(), authority.By{Operator: callerOf(r).name}, raw); err == nil {
		var t authority.Ticket
		digest := cert.DigestOf(raw)
		if t, err = s.ticket(r.Context(), func(t *authority.Ticket) bool { return t.Request == digest }); err == nil {
			http.Redirect(w, r, "/carried/"+t.Serial.String(), http.StatusSeeOther)
			return
		}
	}
	if v.Message = problem(err); v.Message == "" {
		s.fail(w, r, err)
		return
	}
	s.render(w, http.StatusConflict, "enrol.html", v)
}

// read finds the request in the form: a file, pasted lines, or the text of QR
// codes. nil with no error means that the view says what is wrong.
func (v *enrolView) read(r *http.Request) ([]byte, error) {
	if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	v.Text = strings.ReplaceAll(r.PostFormValue("text"), "\x00", "")
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll() //nolint:errcheck // what the body limit lets in stays in memory
		if fs := r.MultipartForm.File["file"]; len(fs) > 0 && fs[0].Size > 0 {
			b, err := readFile(fs[0])
			if err != nil {
				return nil, err
			}
			if _, err := cert.OpenRequest(b); err == nil {
				return b, nil
			}
			v.Text = strings.ToValidUTF8(strings.ReplaceAll(string(b), "\x00", ""), "?")
		}
	}
	v.Text = strings.ToValidUTF8(v.Text, "?")
	raw, err := v.parse()
	if err == nil && len(raw) > 0 {
		if k, _ := cert.KindOf(raw); k != cert.KindRequest {
			v.Message = "enrol.err.answer"
			return nil, nil
		}
	}
	return raw, nil
}

func readFile(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBody))
}

// parse reads lines or QR codes, whichever was pasted.
func (v *enrolView) parse() ([]byte, error) {
	if strings.TrimSpace(v.Text) == "" {
		v.Message = "enrol.err.empty"
		return nil, cert.ErrForm
	}
	if strings.Contains(v.Text, "CB1:") {
		return v.parseCodes()
	}
	raw, err := cert.ParseText(v.Text)
	if bad, ok := errors.AsType[*cert.TextError](err); ok {
		v.Message = "enrol.err.lines"
		for _, n := range bad.Wrong {
			if n == 0 {
				v.Unread++
			} else {
				v.Wrong = append(v.Wrong, n)
			}
		}
		v.Missing = bad.Missing
		return nil, err
	}
	if err != nil {
		v.Message = "enrol.err.form"
		return nil, err
	}
	return raw, nil
}

func (v *enrolView) parseCodes() ([]byte, error) {
	var p cert.Parts
	for code := range strings.FieldsSeq(v.Text) {
		if err := p.Add(code); errors.Is(err, cert.ErrOtherSet) {
			v.Message = "enrol.err.mixed"
			return nil, err
		} else if err != nil {
			v.Message = "enrol.err.form"
			return nil, err
		}
	}
	if v.Parts = p.Missing(); len(v.Parts) > 0 {
		v.Message = "enrol.err.parts"
		return nil, cert.ErrForm
	}
	raw, err := p.Bytes()
	if err != nil {
		v.Message = "enrol.err.form"
	}
	return raw, err
}

func (s *server) ticket(ctx context.Context, is func(*authority.Ticket) bool) (authority.Ticket, error) {
	ts, err := s.Trust.Tickets(ctx)
	if err != nil {
		return authority.Ticket{}, err
	}
	for i := range ts {
		if is(&ts[i]) {
			return ts[i], nil
		}
	}
	return authority.Ticket{}, authority.ErrMissing
}

// answerView shows an answer in every form in which it can be carried back.
type answerView struct {
	page
	authority.Ticket
	Serial string
	Text   string
	Codes  []answerCode
}

type answerCode struct {
	N, Of int
	QR    template.URL
}

func (s *server) answerOf(r *http.Request) (authority.Ticket, error) {
	serial, err := cert.ParseSerial(r.PathValue("serial"))
	if err != nil {
		return authority.Ticket{}, authority.ErrMissing
	}
	return s.ticket(r.Context(), func(t *authority.Ticket) bool { return t.Used() && t.Serial == serial })
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	t, err := s.answerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := &answerView{page: s.page(r, "answer.title"), Ticket: t, Serial: t.Serial.String()}
	if v.Text, err = cert.Text(t.Answer); err != nil {
		s.fail(w, r, err)
		return
	}
	codes, err := cert.QR(t.Answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for i, c := range codes {
		u, err := qrURL(c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v.Codes = append(v.Codes, answerCode{i + 1, len(codes), u})
	}
	s.render(w, http.StatusOK, "answer.html", v)
}

func (s *server) answerText(w http.ResponseWriter, r *http.Request) {
	t, err := s.answerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	text, err := cert.Text(t.Answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sendFile(w, "clinicbox-answer-"+t.Invitation.Facility.Box+".txt", []byte(text))
}

func (s *server) answerFile(w http.ResponseWriter, r *http.Request) {
	t, err := s.answerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sendFile(w, "clinicbox-answer-"+t.Invitation.Facility.Box+".bin", t.Answer)
}

// sendFile hands out a download. The name holds ASCII only.
func sendFile(w http.ResponseWriter, name string, b []byte) {
	kind := "application/octet-stream"
	if strings.HasSuffix(name, ".txt") {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}
