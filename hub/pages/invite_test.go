package pages_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
)

func inviteForm(box string) url.Values {
	return url.Values{
		"code": {"22736"}, "name": {"Trạm Y tế xã Đảo Mẫu"}, "governing": {"Trung tâm Y tế huyện Mẫu"}, "phone": {"0203 000 0000"},
		"box": {box}, "book": {"a"}, "days": {"30"}, "names": {"tram.lan 192.168.1.10"},
	}
}

var codeShape = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}`)

// invite sends the form and returns the page with the code and its address.
func (s *site) invite(v url.Values) (at, body string) {
	s.t.Helper()
	v.Set("key", s.key("/invitations/new"))
	r, err := s.client.PostForm(s.URL+"/invitations/new", v)
	if err != nil {
		s.t.Fatal(err)
	}
	at = r.Request.URL.Path
	code, body := read(s.t, r)
	if code != 200 {
		s.t.Fatal(code, body)
	}
	return at, body
}

// TestACodeIsShownTwice: at first, and once more when the page is loaded again.
func TestACodeIsShownTwice(t *testing.T) {
	s := trusted(t)
	at, body := s.invite(inviteForm("tram-09"))
	has(t, body, "tram-09", "data:image/png;base64,", "written down"[:0], "once more")
	text := codeShape.FindString(body)
	if _, err := cert.ParseCode(text); err != nil {
		t.Fatal(text, err)
	}
	_, again := s.get(at)
	has(t, again, text, "the last time")
	code, gone := s.get(at)
	if code != 410 || strings.Contains(gone, text) {
		t.Error("shown a third time", code)
	}
	has(t, gone, "new invitation")
	for raw := range s.trust.store.Rows() {
		if strings.Contains(raw, text) {
			t.Error("the code is kept")
		}
	}
	_, body = s.get("/invitations")
	has(t, body, "tram-09", "Open", "first")
	if strings.Contains(body, text) {
		t.Error("the list shows the code")
	}
}

// TestACodeIsForOneSession: not another log-in, not after some minutes, not after
// logging out; a form sent twice makes one code.
func TestACodeIsForOneSession(t *testing.T) {
	s := trusted(t)
	v := inviteForm("tram-09")
	_, body := s.invite(v)
	text := codeShape.FindString(body)
	_, body = s.post("/invitations/new", v)
	has(t, body, text)
	if n := s.trust.count("invite"); n != 1 {
		t.Errorf("%d codes of one form", n)
	}
	at, _ := s.invite(inviteForm("tram-10"))
	mine := s.client
	s.client = newClient(t)
	s.enter()
	if code, _ := s.get(at); code != 410 {
		t.Error("another session saw it", code)
	}
	s.client = mine
	s.now = s.now.Add(11 * time.Minute)
	if code, _ := s.get(at); code != 410 {
		t.Error("shown after minutes", code)
	}
	at, _ = s.invite(inviteForm("tram-11"))
	s.post("/logout", nil)
	s.enter()
	if code, _ := s.get(at); code != 410 {
		t.Error("shown after logging out", code)
	}
}

func TestInvitationsAreChecked(t *testing.T) {
	s := trusted(t)
	s.trust.join("tram-01")
	for field, bad := range map[string][]string{
		"code": {"", "2273", "22-36", "227366"}, "name": {"", strings.Repeat("ạ", 201)}, "box": {"", "Tram", "-x", "a/b"},
		"book": {"", "ab", "Ạ"}, "days": {"0", "401", "x"}, "phone": {strings.Repeat("1", 41)}, "reason": {strings.Repeat("ạ", 100)},
		"names": {"google.com", "8.8.8.8", "fe80::1%eth0", "lan", "a..lan", "x.home.arpa.com", strings.Repeat("a.lan ", 9)},
	} {
		for _, b := range bad {
			v := inviteForm("tram-09")
			v.Set(field, b)
			code, body := s.post("/invitations/new", v)
			if code != 422 || !strings.Contains(body, `href="#f-`+field+`"`) {
				t.Errorf("%s=%q: %d", field, b, code)
			}
		}
	}
	if n := s.trust.count("invite"); n != 1 {
		t.Error("something was invited")
	}
	code, body := s.post("/invitations/new", inviteForm("tram-01"))
	if code != 409 {
		t.Fatal(code)
	}
	has(t, body, "in service", "Trung tâm Y tế huyện Mẫu")
	_, body = s.get("/invitations/new?replaces=tram-01")
	has(t, body, "ends at once", `name="replaces" value="tram-01"`, "Thôn Mẫu")
	v := inviteForm("tram-01")
	v.Set("replaces", "tram-01")
	if code, _ := s.post("/invitations/new", v); code != 422 {
		t.Error("replaced without a reason", code)
	}
	v.Set("reason", "máy hỏng")
	_, body = s.invite(v)
	has(t, body, "Replaces")
	if code, _ := s.get("/invitations/new?replaces=nobody"); code != 404 {
		t.Error(code)
	}
}

// upload sends the form of a carried request.
func (s *site) upload(text string, file []byte) (int, string) {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.WriteField("text", text)
	f, _ := m.CreateFormFile("file", "request.bin")
	_, _ = f.Write(file)
	_ = m.Close()
	r, err := s.client.Post(s.URL+"/carried", m.FormDataContentType(), &b)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, r)
}

func (s *site) machine(box string) *hubtest.Machine {
	s.t.Helper()
	_, body := s.invite(inviteForm(box))
	code, err := cert.ParseCode(codeShape.FindString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	return hubtest.NewMachine(code)
}

// TestCarriedRequests brings boxes in by file, text and QR codes, and takes the
// answer back in each form.
func TestCarriedRequests(t *testing.T) {
	s := trusted(t)
	text := func(m *hubtest.Machine) string {
		x, err := cert.Text(m.Request)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for box, send := range map[string]func(*hubtest.Machine) (int, string){
		"tram-11": func(m *hubtest.Machine) (int, string) { return s.upload("", m.Request) },
		"tram-12": func(m *hubtest.Machine) (int, string) { return s.upload(text(m), nil) },
		"tram-13": func(m *hubtest.Machine) (int, string) { return s.upload("", []byte(strings.ToLower(text(m)))) },
		"tram-14": func(m *hubtest.Machine) (int, string) {
			codes, _ := cert.QR(m.Request)
			return s.upload(strings.Join(codes, "\r\n"), nil)
		},
	} {
		m := s.machine(box)
		send(m)
		code, body := send(m)
		if code != 200 {
			t.Fatal(box, code, body)
		}
		has(t, body, box, "data:image/png;base64,", "CLINICBOX ANSWER")
		serial := between(t, body, `href="/certs/`, `"`)
		_, raw := s.get("/carried/" + serial + "/answer.bin")
		if err := m.Accept([]byte(raw)); err != nil {
			t.Fatal(box, err)
		}
		_, lines := s.get("/carried/" + serial + "/answer.txt")
		if back, err := cert.ParseText(lines); err != nil || string(back) != raw {
			t.Error(box, err)
		}
		pre := strings.ReplaceAll(between(t, body, "tabindex=\"0\">", "</pre>"), "&#43;", "+")
		if back, err := cert.ParseText(pre); err != nil || string(back) != raw {
			t.Error(box, err)
		}
	}
	if n := s.trust.count("enrol"); n != 4 {
		t.Error("not once each", n)
	}
	_, body := s.get("/invitations")
	has(t, body, "Used", "Answer")
}

func TestMistypedLinesAreNamed(t *testing.T) {
	s := trusted(t)
	m := s.machine("tram-11")
	text, _ := cert.Text(m.Request)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines[3] = lines[3][:8] + "Z" + lines[3][9:]
	lines[4] = lines[4][:8] + "7777" + lines[4][12:]
	lines = append(lines[:7], lines[8:]...)
	code, body := s.upload(strings.Join(lines, "\n"), nil)
	if code != 422 {
		t.Fatal(code)
	}
	has(t, body, "mistyped", "007"[:0], "Missing, line number: <b>7</b>", lines[2][:12])
	if !strings.Contains(body, "<b>3, 4</b>") && !strings.Contains(body, "<b>4</b>") {
		t.Error("lines 3 and 4 are not named")
	}
	codes, _ := cert.QR(m.Request)
	_, body = s.upload(strings.Join(codes[1:], " "), nil)
	has(t, body, "Missing QR code number: <b>1</b>")
	other := s.machine("tram-12")
	more, _ := cert.QR(other.Request)
	_, body = s.upload(codes[0]+"\n"+more[1], nil)
	has(t, body, "two requests")
}

// TestHostileText: nothing pasted or uploaded changes anything, breaks the page or
// comes back as more than text.
func TestHostileText(t *testing.T) {
	s := trusted(t)
	m := s.machine("tram-11")
	text, _ := cert.Text(m.Request)
	tampered := bytes.Clone(m.Request)
	tampered[100] ^= 1
	stranger := hubtest.NewMachine(cert.NewCode())
	s.trust.join("tram-20")
	for name, c := range map[string]struct {
		text string
		file []byte
		code int
	}{
		"nothing":        {"", nil, 422},
		"script":         {`</textarea><script>alert("x")</script>`, nil, 422},
		"heading only":   {"CLINICBOX REQUEST 999", nil, 422},
		"huge count":     {"CLINICBOX REQUEST 99999999999999999999", nil, 422},
		"zero bytes":     {"\x00\x00CLINICBOX", nil, 422},
		"not UTF-8":      {"CLINICBOX \xff\xfe", nil, 422},
		"code garbage":   {"CB1:Q:AAAAAAAA:01:99:0", nil, 422},
		"many lines":     {strings.Repeat("001 0\n", 20_000), nil, 422},
		"binary":         {"", bytes.Repeat([]byte{0xcb}, 5000), 422},
		"tampered":       {"", tampered, 422},
		"text in upper":  {strings.ToUpper(text) + "\n999 ABCD", nil, 422},
		"another's code": {"", stranger.Request, 409},
		"too large":      {strings.Repeat("x", 2<<20), nil, 413},
	} {
		code, body := s.upload(c.text, c.file)
		if code != c.code {
			t.Errorf("%s: %d, want %d", name, code, c.code)
		}
		if strings.Contains(body, "<script") {
			t.Errorf("%s: the page carries it on", name)
		}
	}
	if n := s.trust.count("enrol"); n != 1 {
		t.Error("somebody came in")
	}
	for _, path := range []string{"/carried/x", "/carried/" + strings.Repeat("0", 32), "/carried/" + strings.Repeat("0", 32) + "/answer.bin"} {
		if code, _ := s.get(path); code != 404 {
			t.Error(path, code)
		}
	}
	if code, _ := s.upload("", m.Request); code != 200 {
		t.Error("the good request", code)
	}
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Jar: jar(t)}
}
