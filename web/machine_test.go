package web

import (
	"bytes"
	"context"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// fakeMachine joins an invented centre.
type fakeMachine struct {
	mu     sync.Mutex
	state  MachineState
	fails  error
	slow   bool
	answer string
}

func newMachine() *fakeMachine {
	return &fakeMachine{state: MachineState{
		Box: "tram-01", Sealer: "tpm", Slots: 7, Telephone: 3, Recovery: time.Date(2026, 10, 2, 9, 15, 0, 0, clinic.ICT),
	}}
}

func (m *fakeMachine) State() MachineState { m.mu.Lock(); defer m.mu.Unlock(); return m.state }

// enrolled is the state after joining.
func (m *fakeMachine) enrolled() {
	m.state.Enrolled, m.state.Pending = true, false
	m.state.Facility, m.state.Hub, m.state.Serial = "22736", "https://hub.example:8090", "5f1c09a2b3d4e5f60718293a4b5c6d7e"
	m.state.RootPrint, m.state.BoxPrint = "3C1F-88A0-5B7E-11D2", "A9C4-0F3B-77E1-6D58"
}

func (m *fakeMachine) do(f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails == nil {
		f()
	}
	return m.fails
}

func (m *fakeMachine) Enrol(ctx context.Context, _ EnrolInput) error {
	if m.slow {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.do(m.enrolled)
}

func (m *fakeMachine) Request(context.Context, string) (string, []string, error) {
	text := "CLINICBOX REQUEST 3\n001 ABCD EFGH JKMN PQRS TVWX YZ01 2345 6789 ABCD EFGH 7K\n002 ABCD EFGH JKMN PQRS TVWX YZ01 2345 6789 ABCD EFGH 8M\n003 ABCD EFGH 2C\n"
	return text, []string{"CB1:R:SET:01:02:" + strings.Repeat("ABCDEFGH", 100), "CB1:R:SET:02:02:ABC"}, m.do(func() { m.state.Pending = true })
}

func (m *fakeMachine) Answer(_ context.Context, text string) error {
	return m.do(func() { m.answer = text; m.enrolled() })
}

const recoveryText = "CFGHJ2-KLMNP3-QRTVX4-234567-89CFG5-HJKLM6"

type recoveryCodes struct{ w *world }

func (c recoveryCodes) NewRecoveryCode(ctx context.Context, person clinic.ID, pin string) (string, error) {
	v, _, err := c.w.pins.Open(ctx, person, pin, false)
	if err == nil && v.Result != clinic.PINRight {
		err = &desk.Error{Code: desk.CodePINWrong, Args: map[string]string{"left": "9"}}
	}
	return recoveryText, err
}

type numbers struct{ w *world }

func (n numbers) Number(p clinic.ID) (uint32, bool) {
	x, ok := map[clinic.ID]uint32{n.w.nurse: 3, n.w.doctor: 4, n.w.admin: 1}[p]
	return x, ok
}

// machinePages adds the pages about the machine, before and after it is joined.
func machinePages(w *world, pages map[string]answer) {
	admin := w.login(w.admin, adminPIN)
	take := func(when string) {
		for _, path := range []string{"/machine", "/machine/join", "/machine/carry", "/machine/request", "/machine/answer", "/machine/recovery"} {
			if a := admin.get(path); a.status == http.StatusOK {
				pages[when+path] = a
			}
		}
	}
	take("alone ")
	pages["join empty"] = admin.post("/machine/join", nil)
	w.engine.fails = &MachineError{MachineLines, []any{"lines", "3, 7"}}
	pages["answer bad"] = admin.post("/machine/answer", url.Values{"answer": {"x"}})
	w.engine.fails = nil
	admin.post("/machine/carry", url.Values{"code": {"ABCD"}})
	take("pending ")
	admin.post("/machine/answer", url.Values{"answer": {"001 ABCD"}})
	w.engine.state.Blocked, w.engine.state.Sealer, w.engine.state.Telephone = true, "keyfile", 0
	take("joined ")
	pages["recovery wrong"] = admin.post("/machine/recovery", url.Values{"own": {"000000"}})
	pages["recovery code"] = admin.post("/machine/recovery", url.Values{"own": {adminPIN}})
	*w.engine = *newMachine()
}

func TestMachineIsForAdministrators(t *testing.T) {
	w := newWorld(t, 0)
	for name, b := range map[string]*browser{"nurse": w.login(w.nurse, nursePIN), "doctor": w.login(w.doctor, doctorPIN), "technician": w.login(w.tech, techPIN)} {
		for pattern := range w.web.machineRoutes() {
			method, path := address(pattern)
			if a := b.request(method, path); a.status != http.StatusForbidden || strings.Contains(a.body, "A9C4") {
				t.Errorf("%s as %s: %d", pattern, name, a.status)
			}
		}
	}
	w.web.opts.Machine = nil
	if a := w.login(w.admin, adminPIN).get("/machine"); a.status != http.StatusNotFound {
		t.Errorf("a box without: %d", a.status)
	}
}

func TestJoinOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0)
		b := w.login(w.admin, adminPIN)
		form := url.Values{"hub": {"https://hub.example:8090"}, "code": {"K7M2-Q9XZ-4T8W-31RB"}}
		for key, field := range map[string]string{MachineAddress: "hub", MachineUnreachable: "hub", MachineCode: "code", MachineRefused: "code", MachineForged: "code", MachineFull: "code"} {
			w.engine.fails = &MachineError{Key: key}
			a := b.post("/machine/join", form)
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#`+field+`"`) || !strings.Contains(a.body, "K7M2-Q9XZ-4T8W-31RB") {
				t.Errorf("%s: %d %s", key, a.status, a.text())
			}
		}
		w.engine.fails, w.engine.slow = nil, true
		begin := time.Now()
		if a := b.post("/machine/join", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Không liên lạc được") || time.Since(begin) != enrolTime {
			t.Errorf("a centre that never answers: %d %s", a.status, a.text())
		}
		w.engine.slow = false
		if a := b.post("/machine/join", form); a.status != http.StatusSeeOther || a.location != "/machine" {
			t.Fatalf("%d %s", a.status, a.text())
		}
		a := b.get("/machine")
		for _, want := range []string{"Máy đã gia nhập trung tâm", "A9C4-0F3B-77E1-6D58", "22736", "5f1c09a2"} {
			if !strings.Contains(a.text(), want) {
				t.Errorf("the page lacks %q: %s", want, a.text())
			}
		}
		w.log.Absent("K7M2")
	})
}

func TestJoinCarried(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.admin, adminPIN)
	if a := b.get("/machine/request"); a.location != "/machine/carry" {
		t.Errorf("no request yet: %d %s", a.status, a.location)
	}
	if a := b.post("/machine/carry", url.Values{"code": {"K7M2"}}); a.location != "/machine/request" {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := b.get("/machine/request")
	if !strings.Contains(page.body, "003 ABCD EFGH 2C") || !strings.Contains(page.body, "/machine/request/2.png") {
		t.Errorf("request: %s", page.text())
	}
	for path, want := range map[string]int{"1.png": 200, "2.png": 200, "0.png": 404, "3.png": 404, "x.png": 404, "1": 404, "-1.png": 404} {
		a := b.get("/machine/request/" + path)
		if a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
		if want == 200 {
			img, err := png.Decode(strings.NewReader(a.body))
			if err != nil || img.Bounds().Dx() < 100 {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if a := w.login(w.admin, adminPIN).get("/machine/request/1.png"); a.status != http.StatusNotFound {
		t.Errorf("another session sees the request: %d", a.status)
	}
	if a := b.post("/machine/answer", nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("nothing: %d", a.status)
	}
	w.engine.fails = &MachineError{MachineLines, []any{"lines", "3, 7"}}
	lines := "001 ABCD\n003 ABCX"
	if a := b.post("/machine/answer", url.Values{"answer": {lines}}); !strings.Contains(a.text(), "Gõ sai ở dòng 3, 7") || !strings.Contains(a.body, "003 ABCX") {
		t.Errorf("mistyped: %s", a.text())
	}
	b.post("/lock", nil)
	b.post("/unlock", url.Values{"pin": {adminPIN}})
	if a := b.get("/machine/answer"); !strings.Contains(a.body, "003 ABCX") {
		t.Error("typed lines are lost")
	}
	w.engine.fails = nil
	if a := b.bring("/machine/answer", "trả lời\n001 ABCD\xff"); a.location != "/machine" {
		t.Fatalf("file: %d %s", a.status, a.text())
	}
	if w.engine.answer != "trả lời\n001 ABCD?" {
		t.Errorf("got %q", w.engine.answer)
	}
	if a := b.bring("/machine/answer", "CB\x00\xff"); a.location != "/machine" || w.engine.answer != "CB\x00\xff" {
		t.Errorf("a file that is no text: %d, got %q", a.status, w.engine.answer)
	}
	if a := b.bring("/machine/answer", strings.Repeat("x", bodyLimit)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large file: %d", a.status)
	}
	w.log.Absent("K7M2", "001 ABCD")
}

// bring sends a file as a browser does.
func (b *browser) bring(path, content string) answer {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("file", "answer.txt")
	b.w.must(err)
	_, err = part.Write([]byte(content))
	b.w.must(err)
	b.w.must(m.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, "http://box.test"+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(req)
}

func TestRecoveryCode(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.admin, adminPIN)
	if a := b.get("/machine/recovery"); !strings.Contains(a.text(), "làm lúc 09:15 02/10/2026") {
		t.Errorf("form: %s", a.text())
	}
	if a := b.post("/machine/recovery", url.Values{"own": {nursePIN}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#own"`) || strings.Contains(a.body, "CFGHJ2") {
		t.Errorf("wrong PIN: %d %s", a.status, a.text())
	}
	a := b.post("/machine/recovery", url.Values{"own": {adminPIN}})
	if a.status != http.StatusOK || !strings.Contains(a.text(), strings.ReplaceAll(recoveryText, "-", " ")) || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("code: %d %s", a.status, a.text())
	}
	w.log.Absent("CFGHJ2", adminPIN)
}

func TestPeopleLearnTheirNumbers(t *testing.T) {
	w := newWorld(t, 0)
	if a := w.browser().get("/login"); strings.Count(a.text(), "số mở máy:") != 3 || !strings.Contains(a.text(), "số mở máy: 3") {
		t.Errorf("login: %s", a.text())
	}
	b := w.login(w.nurse, nursePIN)
	if a := b.get("/staff/" + w.nurse.String()); !strings.Contains(a.text(), "Số mở máy của bạn: 3") {
		t.Errorf("own page: %s", a.text())
	}
	if a := b.get("/staff/" + w.tech.String()); strings.Contains(a.text(), "Số mở máy") {
		t.Errorf("somebody without a number: %s", a.text())
	}
}
