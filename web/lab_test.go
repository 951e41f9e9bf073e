package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

var resultField = regexp.MustCompile(`name="result" value="([^"]*)"`)

// tested is a station where tests are done.
type tested struct {
	*world
	nurses, doctors *browser
	visit, lab      string // addresses of a visit and of its patient's tests
}

func newTested(w *world, name string) *tested {
	w.t.Helper()
	x := &tested{world: w, nurses: w.login(w.nurse, nursePIN), doctors: w.login(w.doctor, doctorPIN)}
	x.visit = x.nurses.opened(name, "")
	x.lab = x.visit[:42] + "/lab"
	return x
}

// order asks for tests and returns the address of the order.
func (x *tested) order(tests ...string) string {
	x.t.Helper()
	v := url.Values{"do": {"save"}}
	for i, code := range tests {
		v.Set(line("test", i), code)
	}
	if a := x.doctors.send(x.visit+"/order?again=1", v); a.status != http.StatusSeeOther {
		x.t.Fatalf("order: %d %s", a.status, a.text())
	}
	p, err := x.desk.PatientPage(x.t.Context(), x.world.doctor, x.patientID())
	x.must(err)
	newest := slices.MaxFunc(p.OrderLines(), func(a, b clinic.OrderLine) int {
		return cmp.Compare(a.Order.Versions[0].Record.HLC, b.Order.Versions[0].Record.HLC)
	})
	return x.lab + "/orders/" + leafText(newest.Order.Leaf())
}

func (x *tested) patientID() clinic.ID {
	id, err := clinic.ParseID(x.visit[10:42])
	x.must(err)
	return id
}

// result types results of an order.
func (x *tested) result(order string, v url.Values) answer {
	x.t.Helper()
	v.Set("do", "save")
	return x.nurses.send(order+"/result", v)
}

// first returns the address of the first result.
func (x *tested) first() string {
	x.t.Helper()
	p, err := x.desk.PatientPage(x.t.Context(), x.world.doctor, x.patientID())
	x.must(err)
	return x.lab + "/results/" + leafText(p.Lab.Results[0].Leaf())
}

// labPages adds the pages about tests.
func labPages(w *world, pages map[string]answer) {
	w.t.Helper()
	x := newTested(w, "Ngô Thị Mẫu")
	pages["lab none"], pages["lab list none"] = x.doctors.get(x.lab), x.nurses.get("/lab")
	pages["lab review none"] = x.doctors.get(x.lab + "/review")
	order := x.order("HB", "GLUBK", "NS1", "SOIPHAN", "NHOMMAU")
	pages["lab take"] = x.nurses.get(order + "/sample")
	pages["lab take refused"] = x.nurses.send(order+"/sample", url.Values{})
	x.nurses.send(order+"/sample", url.Values{"specimen": {"blood"}, "tests": {"HB", "NS1"}})
	pages["lab list"], pages["lab ordered"] = x.nurses.get("/lab"), x.nurses.get(x.lab)
	pages["lab enter"] = x.nurses.get(order + "/result")
	pages["lab impossible"] = x.result(order, url.Values{"v.HB": {"125"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mmol/L"}})
	pages["lab no unit"] = x.result(order, url.Values{"v.GLUBK": {"126"}, "v.NS1": {"có"}})
	pages["lab sure"] = x.result(order, url.Values{"v.HB": {"7"}})
	x.result(order, url.Values{"v.HB": {"7"}, "confirmed": {"HB"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mg/dL"}, "v.NS1": {"Dương tính"}, "v.NHOMMAU": {"O"}, "note": {"máu hơi vỡ"}})
	pages["lab alarm"], pages["lab waits"], pages["lab list waits"] = x.doctors.get("/"), x.doctors.get(x.lab), x.doctors.get("/lab")
	pages["lab edit"] = x.nurses.get(x.first() + "/edit")
	pages["lab edit refused"] = x.nurses.send(x.first()+"/edit", url.Values{"v.HB": {"7,1"}})
	pages["lab review"], pages["lab nurse's review"] = x.doctors.get(x.lab+"/review"), x.nurses.get(x.lab+"/review")
	pages["lab review refused"] = x.review("", doctorPIN)
	x.review("chuyển viện", "")
	x.review("chuyển viện", doctorPIN)
	x.nurses.send(x.first()+"/edit", url.Values{"v.HB": {"7,5"}, "v.NS1": {"Dương tính"}, "why": {"đọc nhầm"}, "confirmed": {"HB"}})
	pages["lab corrected"], pages["lab versions"] = x.doctors.get(x.lab), x.doctors.get(x.first())
	pages["lab trend"], pages["lab trend of words"], pages["lab trend none"] = x.doctors.get(x.lab+"/tests/HB"), x.doctors.get(x.lab+"/tests/NS1"), x.doctors.get(x.lab+"/tests/KALI")
	pages["lab asks again"] = x.doctors.send(x.visit+"/order?again=1", url.Values{"test.0": {"GLUBK"}, "do": {"save"}})
	pages["lab order none"] = x.doctors.send(x.visit+"/order?again=1", url.Values{"do": {"save"}})
	pages["lab visit"], pages["lab check"], pages["lab patient"] = x.doctors.get(x.visit), x.doctors.get(x.visit+"/check"), x.doctors.get(x.visit[:42])
}

// review sends the form of the results as the page shows it; without a PIN they are seen.
func (x *tested) review(note, pin string) answer {
	x.t.Helper()
	page := x.doctors.get(x.lab + "/review")
	v := page.hidden()
	v.Set("patient", x.visit[10:42])
	for _, m := range resultField.FindAllStringSubmatch(page.body, -1) {
		v.Add("result", m[1])
	}
	v.Set("note", note)
	v.Set("pin", pin)
	v.Set("do", "sign")
	if pin == "" {
		v.Set("do", "seen")
	}
	return x.doctors.post(x.lab+"/review", v)
}

// TestLabStory: a test from the order to the signature, in words as people see them.
func TestLabStory(t *testing.T) {
	x := newTested(newWorld(t, 0), "Ngô Thị Mẫu")
	says := func(a answer, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(a.text(), w) {
				_, text, _ := strings.Cut(a.text(), "Dị ứng: Chưa hỏi")
				t.Errorf("%s does not say %q: %d %s", a.asked, w, a.status, text)
			}
		}
	}
	order := x.order("HB", "GLUBK", "NS1")
	says(x.nurses.get("/lab"), "Chờ lấy mẫu (1)", "Ngô Thị Mẫu", "Huyết sắc tố")
	a := x.nurses.send(order+"/sample", url.Values{"specimen": {"capillary"}, "tests": {"HB", "GLUBK", "NS1"}})
	if a.location != x.lab || len(x.papers.Docs) != 1 {
		t.Fatalf("%d %s, %d labels", a.status, a.text(), len(x.papers.Docs))
	}
	says(x.nurses.get(x.lab), "Mẫu M22736A00001", "đã lấy mẫu")
	p, err := x.desk.PatientPage(t.Context(), x.nurse, x.patientID())
	x.must(err)
	number := p.Lab.Samples[0].Body.(*clinic.Sample).Number
	x.scans[number] = clinic.Scan{Kind: clinic.ScanSample, Sample: number}
	scan := x.nurses.post("/scan/type", url.Values{"code": {number}})
	if a := x.nurses.get(scan.location); a.location != x.lab+"/samples/"+number {
		t.Errorf("the label leads to %s", a.location)
	}
	if a := x.nurses.get(x.lab + "/samples/" + number); a.location != order+"/result" {
		t.Errorf("the label leads on to %s", a.location)
	}
	a = x.result(order, url.Values{"v.HB": {"125"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mmol/L"}})
	says(a, "chỉ từ 1 đến 30 g/dL", "Có phải 126 mg/dL?")
	if !strings.Contains(a.body, `value="125"`) {
		t.Error("what was typed is gone")
	}
	says(x.result(order, url.Values{"v.GLUBK": {"126"}}), "chọn đơn vị")
	sure := x.result(order, url.Values{"v.HB": {"7"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mg/dL"}})
	says(sure, "Đọc đúng chưa?", "7 g/dL")
	x.result(order, url.Values{"v.HB": {"7"}, "confirmed": {"HB"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mg/dL"}, "v.NS1": {"Không đọc được"}})
	says(x.nurses.get(x.lab), "7 mmol/L", "đọc là 126 mg/dL", "nguy kịch", "không đọc được, phải làm lại", "chưa ký")
	says(x.doctors.get("/"), "Kết quả nguy kịch chưa ai xem: Ngô Thị Mẫu")
	if a := x.review("", doctorPIN); a.status != http.StatusUnprocessableEntity {
		t.Errorf("signed without a word: %d", a.status)
	}
	if a := x.review("x", ""); a.status != http.StatusSeeOther || strings.Contains(x.doctors.get("/").text(), "nguy kịch") {
		t.Errorf("seen: %d %s", a.status, a.text())
	}
	says(x.doctors.get("/lab"), "Chờ bác sĩ xem và ký (1)")
	if a := x.review("", "000000"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong PIN: %d", a.status)
	}
	if a := x.review("truyền máu", doctorPIN); a.status != http.StatusSeeOther {
		t.Fatalf("signed: %d %s", a.status, a.text())
	}
	says(x.doctors.get(x.lab), "Trần Văn Biển", "truyền máu", "đã ký")
	says(x.doctors.get("/lab"), "Chờ bác sĩ xem và ký (0)", "Chờ lấy mẫu (1)") // the rapid test once more
	says(x.doctors.send(x.visit+"/order?again=1", url.Values{"test.0": {"GLUBK"}, "do": {"save"}}), "còn giá trị", "22/11/2026")
	trend := x.doctors.get(x.lab + "/tests/HB")
	says(trend, "7 g/dL", "nguy kịch: rất thấp", "22/11/2026")
	if !strings.Contains(trend.body, `<svg class="cb-chart"`) {
		t.Error("no chart")
	}
	if a := x.nurses.get("/lab"); a.status != 200 || strings.Contains(a.text(), "truyền máu") {
		t.Error("the list says what the doctor said")
	}
}

// Nobody is called normal for want of a range.
func TestNoRangeIsSaid(t *testing.T) {
	x := newTested(newWorld(t, 0), "Ngô Thị Mẫu")
	order := x.order("NHOMMAU", "KALI")
	x.result(order, url.Values{"v.NHOMMAU": {"O"}, "v.KALI": {"4"}})
	a := x.nurses.get(x.lab).text()
	if !strings.Contains(a, "chưa có khoảng tham chiếu") || !strings.Contains(a, "bình thường") {
		t.Error(a)
	}
}

// TestLabInABrowser takes a test from the order to the signature with fingers.
func TestLabInABrowser(t *testing.T) {
	x := newTested(newWorld(t, time.Hour).serve(), "Ngô Thị Mẫu")
	c := &camera{t: t, w: x.world}
	ctx, cancel := newBrowser(t)
	defer cancel()
	c.ctx = ctx
	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, late := context.WithTimeout(ctx, 20*time.Second)
		defer late()
		if err := chromedp.Do(step, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("login", c.to("/login/"+x.world.doctor.String()+"?next="+x.visit+"/order"), typing("#pin", doctorPIN), press("main button"), wait("#q"))
	do("search", typing("#q", "huyet sac to"), wait("#found button"), press("#found button"), wait("#tests .cb-lines"))
	do("save", press("button[value=save]"), wait(".cb-note--good")) // the next page says that it is saved
	p, err := x.desk.PatientPage(t.Context(), x.world.doctor, x.patientID())
	x.must(err)
	lines := p.OrderLines()
	if len(lines) != 1 || lines[0].Test.Code != "HB" {
		t.Fatalf("%d tests were ordered", len(lines))
	}
	do("take", c.to(x.lab), press("a[href$='/sample']"), wait("#specimen"), press("label[for=specimen-blood]"), press("main form button"), wait("a[href$='/result']"))
	do("enter", press("a[href$='/result']"), wait("#v\\.HB"), typing("#v\\.HB", "7,5"), press("button[value=save]"), wait("button[value=confirm]"))
	do("sure", press("button[value=confirm]"), wait("a[href$='/review']"))
	do("review", press("a[href$='/review']"), wait("#pin"), typing("#note", "chuyển viện"), typing("#pin", doctorPIN), press("button[value=sign]"), wait(".cb-note--good"))
	if p, err = x.desk.PatientPage(t.Context(), x.world.doctor, x.patientID()); err != nil || len(p.Lab.Results) != 1 || p.Lab.Results[0].State != clinic.DocSigned {
		t.Fatalf("%+v %v", p.Lab, err)
	}
}

// TestShotsOfTests takes pictures of the pages about tests in both languages.
func TestShotsOfTests(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	x := newTested(newWorld(t, time.Hour).serve(), "Ngô Thị Mẫu")
	for i, hb := range []string{"9,1", "9,8", "10,9"} {
		x.clock.Add(time.Duration(i+1) * 24 * time.Hour)
		old := x.order("HB")
		x.result(old, url.Values{"v.HB": {hb}})
		x.review("", doctorPIN)
		x.clock.Add(31 * 24 * time.Hour)
		x.visit = x.nurses.post(x.visit[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {x.visit[10:42]}}).location
	}
	order := x.order("HB", "GLUBK", "NS1", "NUOCTIEU")
	c := newCamera(t, x.world, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("l-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-login", c.to("/login/"+x.world.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
			shot("01-order", c.to(x.visit+"/order?again=1"))
			shot("02-order-search", typing("#q", "nuoc tieu"), wait("#found button"))
			shot("03-order-lines", press("#found button"), wait("#tests .cb-lines"))
			shot("04-order-asks", press("button[value=save]"), wait("button[value=confirm]"))
			shot("05-take", c.to(order+"/sample"))
			shot("06-ordered", press("main form button"), wait("a[href$='/result']"))
			shot("07-enter", c.to(order+"/result"))
			shot("08-refused", typing("#v\\.HB", "125"), typing("#v\\.GLUBK", "126"), press("label[for='u.GLUBK-0']"), press("button[value=save]"), wait("[data-errors]"))
			x.result(order, url.Values{"v.HB": {"7"}, "confirmed": {"HB"}, "v.GLUBK": {"126"}, "u.GLUBK": {"mg/dL"}, "v.NS1": {"Dương tính"}, "v.NTPH": {"6"}, "v.NTPRO": {"1+"}})
		} else {
			shot("00-switch", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
			shot("07-enter", c.to(order+"/result"))
		}
		shot("10-today", c.to("/"))
		shot("11-list", c.to("/lab"))
		shot("12-lab", c.to(x.lab))
		shot("13-review", c.to(x.lab+"/review"))
		shot("14-trend", c.to(x.lab+"/tests/HB"))
		shot("15-patient", c.to(x.visit[:42]))
		shot("16-visit", c.to(x.visit))
		shot("17-edit", c.to(x.first()+"/edit"))
	}
}
