package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/clinic/starting"
	"clinicbox/internal/cms"
	"clinicbox/internal/cms/cmstest"
	"clinicbox/internal/fold"
	"clinicbox/internal/testlog"
)

// world is an invented station: a desk over a store in memory, and the pages.
type world struct {
	t      testing.TB
	clock  *desktest.Clock
	store  *desktest.Store
	pins   *desktest.Pins
	papers *desktest.Papers
	scans  desktest.Scans
	box    *fakeBox
	queue  *fakePrinter
	engine *fakeMachine
	sticks *fakeCourier
	budget *fakeBudget
	desk   *desk.Desk
	web    *Server
	http   *httptest.Server
	log    *testlog.Log
	law    *cmstest.Station
	lang   string // of the browsers; empty = as a browser comes
	nurse  clinic.ID
	doctor clinic.ID
	tech   clinic.ID
	admin  clinic.ID

	browsers int
}

const (
	nursePIN  = "204816"
	doctorPIN = "731950"
	techPIN   = "618273"
	adminPIN  = "950381"
)

// fakeBox is a machine that says what a test wants.
type fakeBox struct {
	mu       sync.Mutex
	truths   Truths
	devices  []Device
	warnings []Warning
	notReady []string
}

func (b *fakeBox) Truths() Truths      { b.mu.Lock(); defer b.mu.Unlock(); return b.truths }
func (b *fakeBox) Devices() []Device   { b.mu.Lock(); defer b.mu.Unlock(); return b.devices }
func (b *fakeBox) Warnings() []Warning { b.mu.Lock(); defer b.mu.Unlock(); return b.warnings }
func (b *fakeBox) NotReady() []string  { b.mu.Lock(); defer b.mu.Unlock(); return b.notReady }

// fakePrinter is a print queue that holds what a test puts into it.
type fakePrinter struct {
	mu      sync.Mutex
	jobs    []PrintJob
	retries int
	dropped []string
}

func (p *fakePrinter) Jobs() []PrintJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.jobs)
}
func (p *fakePrinter) Retry() { p.mu.Lock(); defer p.mu.Unlock(); p.retries++ }

func (p *fakePrinter) Drop(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, j := range p.jobs {
		if j.ID != id {
			continue
		}
		if j.Now {
			return ErrPrinting
		}
		p.jobs, p.dropped = slices.Delete(p.jobs, i, i+1), append(p.dropped, id)
		return nil
	}
	return nil
}

// waiting is a queue after a bad day: one being printed, one held, one behind it,
// one that nobody can read.
func waiting() []PrintJob {
	at := time.Date(2026, 11, 22, 8, 12, 0, 0, clinic.ICT)
	return []PrintJob{
		{ID: "a1", Paper: "test", Since: at, Now: true},
		{ID: "b2", Paper: "appointment", Code: "H22736A000012", Since: at, Held: true},
		{ID: "c3", Paper: "appointment", Code: "H22736A000013", Since: at.Add(-24 * time.Hour)},
		{ID: "damaged-04", Bad: true},
	}
}

func newBox() *fakeBox {
	now := time.Date(2026, 11, 22, 8, 30, 0, 0, clinic.ICT)
	return &fakeBox{
		truths: Truths{Saved: 1246, Received: 1234, Oldest: now.Add(-90 * time.Minute), LastReceipt: now.Add(-95 * time.Minute)},
		devices: []Device{
			{Name: "scanner.name", State: "scanner.ready", OK: true},
			{Name: "printer.name", State: "printer.paper-out"},
		},
		warnings: []Warning{{Code: "keys.development", Words: map[string]string{
			"vi": "Khóa lưu trữ nằm trong tệp: chỉ dùng để thử nghiệm.", "en": "The storage key is in a file: for trials only.",
		}}},
	}
}

func newWorld(t testing.TB, idle time.Duration) *world {
	t.Helper()
	w := &world{
		t: t, clock: desktest.NewClock(time.Date(2026, 11, 22, 8, 30, 0, 0, clinic.ICT)), pins: desktest.NewPins(),
		papers: &desktest.Papers{}, scans: desktest.Scans{}, box: newBox(), log: testlog.New(t),
		nurse: clinic.NewID(), doctor: clinic.NewID(), tech: clinic.NewID(), admin: clinic.NewID(), queue: &fakePrinter{}, engine: newMachine(), sticks: &fakeCourier{}, budget: &fakeBudget{},
	}
	w.store, w.law = desktest.NewStore(w.clock), cmstest.NewStation(t, "Trần Văn Biển", "056080000001", "Trạm y tế đảo Sò Biển")
	site := desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm y tế đảo Sò Biển", Box: "tram-01", Book: "a"}}
	var err error
	w.desk, err = desk.New(desk.Options{
		Store: w.store, Clock: w.clock, Pins: w.pins, Papers: w.papers, Scans: w.scans, Witness: w.store,
		Fold: fold.String, NFC: norm.NFC.String, Site: site, Legal: desk.Legal{Judge: w.law.Judge().Judge, Decode: cms.Decode},
	})
	w.must(err)
	w.must(w.desk.SetUp(t.Context(), []desk.StaffSeed{
		{ID: w.nurse, Staff: clinic.Staff{Name: "Nguyễn Thị Hoa", Role: clinic.RoleNurse, Title: "ĐD."}, PIN: nursePIN},
		{ID: w.doctor, Staff: clinic.Staff{Name: "Trần Văn Biển", Role: clinic.RoleDoctor, Title: "BS.", Licence: "001234/KH-CCHN"}, PIN: doctorPIN},
		{ID: w.tech, Staff: clinic.Staff{Name: "Lê Kỹ Thuật", Role: clinic.RoleTechnician}, PIN: techPIN},
		{ID: w.admin, Staff: clinic.Staff{Name: "Đỗ Thị Quản", Role: clinic.RoleAdministrator}, PIN: adminPIN},
	}))
	w.catalogue()
	w.web, err = New(Opts{Desk: w.desk, Box: w.box, Clock: w.clock, Log: w.log.Logger(), Idle: idle, Facility: site.Facility.Name, Printer: w.queue, Machine: w.engine, Recovery: recoveryCodes{w}, Numbers: numbers{w}, Courier: w.sticks, Budget: w.budget})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) catalogue() {
	rows, err := starting.Rows(clinic.CatalogLabTest, clinic.CatalogICD10, clinic.CatalogMedicine, clinic.CatalogService, clinic.CatalogRetention, clinic.CatalogSupply, clinic.CatalogDepartment, clinic.CatalogStockRule,
		clinic.CatalogInteraction, clinic.CatalogAllergyClass, clinic.CatalogDoseLimit, clinic.CatalogCaution, clinic.CatalogVaccine, clinic.CatalogSchedule,
		clinic.CatalogRxDays, clinic.CatalogDosage, clinic.CatalogNotifiable, clinic.CatalogProgramme, clinic.CatalogHealthBook, clinic.CatalogHealthCheck, clinic.CatalogAntenatal, clinic.CatalogTradIllness)
	w.must(err)
	drafts := make([]clinic.Draft, 0, len(rows))
	for i := range rows {
		drafts = append(drafts, clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
	w.must(w.store.Fill(drafts...))
}

// serve starts the pages on a real listener.
func (w *world) serve() *world {
	w.http = httptest.NewServer(w.web.Handler())
	w.t.Cleanup(w.http.Close)
	return w
}

// browser is one browser with its cookies, at an address of its own; it does not
// follow redirects.
type browser struct {
	w      *world
	client *http.Client
	addr   string
	agent  string
	scheme string // http or https
}

func (w *world) browser() *browser { return w.at(w.web.Handler()) }

// at returns a browser that speaks with a handler.
func (w *world) at(h http.Handler) *browser {
	jar, err := cookiejar.New(nil)
	w.must(err)
	w.browsers++
	return &browser{w, &http.Client{
		Jar: jar, Transport: inProcess{h},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, fmt.Sprintf("192.168.%d.%d:40000", 4+w.browsers/250, 1+w.browsers%250), "test", "http"}
}

// secured makes it speak HTTPS.
func (b *browser) secured() *browser {
	b.scheme = "https"
	return b
}

// login returns a browser in which the person is logged in.
func (w *world) login(person clinic.ID, pin string) *browser {
	w.t.Helper()
	b := w.browser()
	if a := b.post("/login/"+person.String(), url.Values{"pin": {pin}}); a.status != http.StatusSeeOther {
		w.t.Fatalf("login: %d %s", a.status, a.text())
	}
	return b
}

// inProcess answers requests without a network, so that a test may own the time.
type inProcess struct{ h http.Handler }

const remoteHeader = "X-Test-Remote"

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	// The other side has its own request, as over a network.
	in := req.Clone(req.Context())
	in.RequestURI, in.RemoteAddr = req.URL.RequestURI(), req.Header.Get(remoteHeader)
	in.Host = req.URL.Host
	in.Header.Del(remoteHeader)
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{Version: tls.VersionTLS13}
	}
	p.h.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// answer is what came back.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
	asked    string // method and path
}

var tags = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>`)

// text is what a person reads.
func (a answer) text() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(a.body, " ")), " ")
}

var actField = regexp.MustCompile(`name="(act|act2|seen|base|from|tips)" value="([^"]*)"`)

// hidden returns the steering fields of the page's form.
func (a answer) hidden() url.Values {
	v := url.Values{}
	for _, m := range actField.FindAllStringSubmatch(a.body, -1) {
		v.Set(m[1], m[2])
	}
	return v
}

func (b *browser) get(path string) answer {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodGet, b.scheme+"://box.test"+path, nil)
	b.w.must(err)
	return b.do(req)
}

func (b *browser) post(path string, v url.Values) answer {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.scheme+"://box.test"+path, strings.NewReader(v.Encode()))
	b.w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func (b *browser) do(req *http.Request) answer {
	b.w.t.Helper()
	req.Header.Set(remoteHeader, b.addr)
	req.Header.Set("User-Agent", b.agent)
	if b.w.lang != "" {
		name := langCookie
		if b.scheme == "https" {
			name = hostPrefix + name
		}
		req.AddCookie(&http.Cookie{Name: name, Value: b.w.lang})
	}
	res, err := b.client.Do(req)
	b.w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.w.must(err)
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body), req.Method + " " + req.URL.Path}
}

// send fills the form that a page shows and posts it to the page's own address.
func (b *browser) send(path string, v url.Values) answer {
	b.w.t.Helper()
	page := b.get(path)
	if page.status != http.StatusOK {
		b.w.t.Fatalf("GET %s: %d %s", path, page.status, page.text())
	}
	all := page.hidden()
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[1] == "patients" {
		all.Set("patient", parts[2])
	}
	if len(parts) > 4 && parts[3] == "visits" {
		all.Set("visit", parts[4])
	}
	maps.Copy(all, v)
	return b.post(strings.TrimSuffix(path, "?again=1"), all)
}

// person is a form that registers somebody invented.
func person(name, citizen string) url.Values {
	return url.Values{
		"name": {name}, "birth.day": {"2"}, "birth.month": {"3"}, "birth.year": {"1961"}, "sex": {"2"}, "citizen": {citizen},
		"address": {"Thôn Bãi Sau, xã Sò Biển"}, "reason": {"ho, sốt 3 ngày"}, "do": {"queue"},
	}
}

// opened registers somebody and opens a visit; it returns the visit's address.
func (b *browser) opened(name, citizen string) string {
	b.w.t.Helper()
	a := b.send("/register", person(name, citizen))
	if a.status != http.StatusSeeOther || !strings.Contains(a.location, "/visits/") {
		b.w.t.Fatalf("register: %d %s %s", a.status, a.location, a.text())
	}
	return a.location
}

// examined takes a visit to the page before the signature, without some steps.
func (b *browser) examined(visit string, without ...string) {
	b.w.t.Helper()
	for _, st := range []struct {
		name string
		v    url.Values
	}{
		{"vitals", url.Values{"pulse": {"84"}, "temperature": {"37,2"}, "systolic": {"128"}, "diastolic": {"78"}, "weight": {"52,5"}, "height": {"156"}}},
		{"exam", url.Values{"reason": {"Ho, sốt 3 ngày"}, "finding": {"Họng đỏ, phổi trong"}}},
		{"diagnosis", url.Values{"main": {"J06.9"}, "other": {"I10"}}},
		{"prescription", url.Values{"medicine.0": {b.w.code(clinic.CatalogMedicine, "paracetamol")}, "dose.0": {"1"}, "times.0": {"3"}, "days.0": {"5"}, "when.0": {"sau ăn"}, "advice": {"Uống nhiều nước"}}},
		{"bill", url.Values{"code.0": {b.w.code(clinic.CatalogService, "kham")}, "quantity.0": {"1"}, "insured.0": {"yes"}}},
		{"appointment", url.Values{"in": {"20261129"}, "hour": {"08:30"}}},
	} {
		if slices.Contains(without, st.name) {
			continue
		}
		st.v.Set("do", "save")
		if a := b.send(visit+"/"+st.name, st.v); a.status != http.StatusSeeOther {
			b.w.t.Fatalf("%s: %d %s", st.name, a.status, a.text())
		}
	}
}

// code finds a code of a catalogue.
func (w *world) code(catalog, query string) string {
	w.t.Helper()
	rows, err := w.desk.Search(context.Background(), catalog, query, clinic.Date{Year: 2026, Month: 11, Day: 22}, 1)
	w.must(err)
	if len(rows) == 0 {
		w.t.Fatalf("nothing in %s for %q", catalog, query)
	}
	return rows[0].Code
}
