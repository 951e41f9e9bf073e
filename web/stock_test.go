package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/testpeer"
)

// shelf is a station with something on it, and a visit with a signed prescription.
type shelf struct {
	*world
	nurses, doctors *browser
}

const boxGTIN = "08930000000125"

func newShelf(w *world) *shelf {
	w.t.Helper()
	s := &shelf{world: w, nurses: w.login(w.nurse, nursePIN), doctors: w.login(w.doctor, doctorPIN)}
	for lot, expiry := range map[string]string{"A1": "31/01/2027", "B2": "06/2028"} {
		w.scans["box "+lot] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{GTIN: boxGTIN, Lot: lot, Expiry: must(clinic.ParseExpiry(expiry))}}
	}
	w.scans["box Z9"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{GTIN: boxGTIN, Lot: "Z9", Expiry: must(clinic.ParseExpiry("06/2028"))}}
	s.received(url.Values{
		"goods.0": {"medicine;PARA500"}, "lot.0": {"A1"}, "expiry.0": {"31/01/2027"}, "quantity.0": {"10"}, "price.0": {"300"}, "gtin.0": {boxGTIN},
		"goods.1": {"medicine;PARA500"}, "lot.1": {"B2"}, "expiry.1": {"06/2028"}, "quantity.1": {"2"}, "packs.1": {"yes"}, "pack.1": {"100"}, "label.1": {"yes"},
		"goods.2": {"supply;GACVK"}, "quantity.2": {"50"},
		"confirmed": {"stock.near:medicine;PARA500;20270131;A1"},
	})
	return s
}

func must(d clinic.Date, ok bool) clinic.Date {
	if !ok {
		panic("no date")
	}
	return d
}

func (s *shelf) received(v url.Values) {
	s.t.Helper()
	v.Set("supplier", "Công ty Dược Mẫu")
	v.Set("do", "save")
	if a := s.doctors.send("/stock/receive", v); a.status != http.StatusSeeOther {
		s.t.Fatalf("receive: %d %s", a.status, a.text())
	}
}

// prescribed opens a visit whose signed prescription asks for 15 paracetamol.
func (s *shelf) prescribed(name, number string) string {
	s.t.Helper()
	visit := s.nurses.opened(name, number)
	s.nurses.send(visit[:42]+"/allergies", url.Values{"known": {"no"}})
	s.doctors.examined(visit, "prescription")
	s.doctors.send(visit+"/prescription", url.Values{"medicine.0": {"PARA500"}, "dose.0": {"1"}, "times.0": {"3"}, "days.0": {"5"}, "do": {"save"}})
	s.doctors.sign(visit)
	return visit
}

// shelfPages adds the pages of stock, empty and full.
func shelfPages(w *world, pages map[string]answer) {
	w.t.Helper()
	admin := w.login(w.admin, adminPIN)
	for _, path := range []string{"/stock", "/hand", "/stock/papers", "/stock/count?from=0", "/stock/month"} {
		pages["empty "+path] = admin.get(path)
	}
	s := newShelf(w)
	visit := s.prescribed("Lê Văn Phát", "056061088888")
	for _, name := range []string{"hand", "use", "back"} {
		pages["stock "+name] = s.nurses.get(visit + "/" + name)
		pages["stock refused "+name] = s.nurses.send(visit+"/"+name, url.Values{"do": {"save"}})
	}
	pages["stock scanned"] = s.nurses.send(visit+"/hand", url.Values{"do": {"scan"}, "scan": {"box Z9"}})
	s.hand(visit, "10")
	s.doctors.send("/stock/send", url.Values{"goods.0": {s.lot("B2").Key()}, "quantity.0": {"20"}, "to": {"Điểm trạm Bãi Mẫu"}, "do": {"save"}})
	s.doctors.send("/stock/requisition", url.Values{"goods.0": {"medicine;PARA500"}, "quantity.0": {"200"}, "to": {"Trung tâm Y tế"}, "do": {"save"}})
	s.put(clinic.Draft{Kind: clinic.KindDispensed, Subject: clinic.NewID(), Visit: clinic.NewID(), Body: &clinic.Dispensed{Site: "22736A", Lines: []clinic.DispensedLine{{Goods: s.lot("A1"), Quantity: 3_000}}}})
	for _, path := range []string{"/stock", "/stock?show=near", "/stock?show=low", "/stock?show=short&q=para", "/hand", "/stock/papers", "/stock/month", "/stock/month?m=2026-10", batchPath(s.lot("A1")), batchPath(s.lot("B2")), visit, visit + "/hand", visit + "/back"} {
		pages["stock "+path], pages["nurse's stock "+path] = s.doctors.get(path), s.nurses.get(path)
	}
	for _, g := range goodsForms() {
		at := "/stock/" + g.name
		pages["stock "+at], pages["stock of one "+at] = s.doctors.get(at+"?low=1&from=0"), s.doctors.get(at+"?item=medicine%3BPARA500")
		pages["stock found "+at] = s.doctors.send(at, url.Values{"q": {"paracetamol"}, "do": {"search"}})
		pages["stock refused "+at] = s.doctors.send(at, url.Values{"goods.0": {s.lot("A1").Key()}, "quantity.0": {"x"}, "do": {"save"}})
		pages["stock scanned "+at] = s.doctors.send(at, url.Values{"scan": {"nothing"}, "do": {"scan"}})
		pages["stock box "+at] = s.doctors.send(at, url.Values{"scan": {"box A1"}, "do": {"scan"}})
	}
	pages["stock asked"] = s.doctors.send("/stock/receive", url.Values{"goods.0": {"medicine;PARA500"}, "lot.0": {"A1"}, "expiry.0": {"06/2028"}, "quantity.0": {"5"}, "do": {"save"}})
}

func (s *shelf) lot(lot string) clinic.Goods {
	return clinic.Goods{Code: "PARA500", Lot: lot, Expiry: s.scans["box "+lot].Goods.Expiry}
}

// hand scans the first batch and hands out so much of it.
func (s *shelf) hand(visit, quantity string) {
	s.t.Helper()
	v := url.Values{"goods.0": {s.lot("A1").Key()}, "quantity.0": {quantity}, "checked.0": {"yes"}, "do": {"save"}}
	if a := s.nurses.send(visit+"/hand", v); a.status != http.StatusSeeOther {
		s.t.Fatalf("hand: %d %s", a.status, a.text())
	}
}

func (s *shelf) booked(lot string) clinic.Milli {
	s.t.Helper()
	v, err := s.desk.BatchPage(s.t.Context(), s.doctor, s.lot(lot))
	s.must(err)
	return v.Sheet.Booked
}

// TestHandingOut: nothing leaves without a look at the box; the second scan adds nothing;
// what another tablet took meanwhile is told.
func TestHandingOut(t *testing.T) {
	s := newShelf(newWorld(t, 0))
	visit := s.prescribed("Nguyễn Văn Lâm", "056061000123")
	if a := s.doctors.get(visit); !strings.Contains(a.body, visit+"/hand") {
		t.Error("the visit does not lead to handing out")
	}
	page := s.nurses.get(visit + "/hand")
	for _, want := range []string{`name="quantity.0" value="10"`, `name="quantity.1" value="5"`, "Lô A1", "Lô B2"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not propose %s", want)
		}
	}
	base := url.Values{"goods.0": {s.lot("A1").Key()}, "quantity.0": {"10"}, "goods.1": {s.lot("B2").Key()}, "quantity.1": {"5"}}
	with := func(kv ...string) url.Values {
		v := url.Values{}
		for k, x := range base {
			v[k] = x
		}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	if a := s.nurses.send(visit+"/hand", with("do", "save")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Lô A1: quét mã trên hộp") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a := s.nurses.send(visit+"/hand", with("do", "scan", "scan", "box A1"))
	if !strings.Contains(a.body, `id="checked.0" name="checked.0" value="yes" checked`) || strings.Contains(a.body, `id="checked.1" name="checked.1" value="yes" checked`) {
		t.Fatal("the scan did not tick its batch alone")
	}
	if a := s.nurses.send(visit+"/hand", with("do", "scan", "scan", "box A1", "checked.0", "yes")); !strings.Contains(a.text(), "đã quét rồi") || !strings.Contains(a.body, `name="quantity.0" value="10"`) {
		t.Fatal(a.text())
	}
	for scan, words := range map[string]string{"box Z9": "không có trong đơn", "": "Chưa có mã nào", "zzz": "không phải mã trên hộp thuốc"} {
		if a := s.nurses.send(visit+"/hand", with("do", "scan", "scan", scan)); !strings.Contains(a.text(), words) {
			t.Errorf("%q: %s", scan, a.text())
		}
	}
	// Another tablet takes the first batch whole: what was typed here is told, and goes nowhere.
	other := s.prescribed("Trần Thị Mùa", "056161000456")
	s.hand(other, "10")
	a = s.nurses.send(visit+"/hand", with("do", "save", "checked.0", "yes", "checked.1", "yes"))
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Lô A1: sổ còn 0") || s.booked("B2") != 200_000 {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a = s.nurses.send(visit+"/hand", url.Values{"goods.0": {s.lot("B2").Key()}, "quantity.0": {"7"}, "checked.0": {"yes"}, "do": {"save"}})
	if a.status != http.StatusSeeOther || s.booked("B2") != 193_000 {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if list := s.nurses.get("/hand").text(); !strings.Contains(list, "Phát một phần, còn 1 thuốc") {
		t.Error(list)
	}
	if a := s.nurses.send(visit+"/back", url.Values{"quantity.0": {"8"}, "words": {"thừa"}, "do": {"save"}}); a.status != http.StatusUnprocessableEntity {
		t.Fatalf("more came back than went out: %d", a.status)
	}
	if a := s.nurses.send(visit+"/back", url.Values{"quantity.0": {"2"}, "words": {"thừa"}, "do": {"save"}}); a.status != http.StatusSeeOther || s.booked("B2") != 195_000 {
		t.Fatalf("%d %v", a.status, s.booked("B2"))
	}
	// Supplies go with the visit, without a prescription.
	if a := s.nurses.send(visit+"/use", url.Values{"goods.0": {clinic.Goods{Catalog: clinic.CatalogSupply, Code: "GACVK"}.Key()}, "quantity.0": {"3"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := s.doctors.get(visit); !strings.Contains(a.text(), "Gạc vô khuẩn") || !strings.Contains(a.text(), "03") && !strings.Contains(a.text(), "3 miếng") {
		t.Error("the visit does not tell what was used")
	}
}

// TestManySupplies: a page with more batches than a form has lines puts each amount where
// it was typed, also when another tablet emptied a batch meanwhile.
func TestManySupplies(t *testing.T) {
	s := newShelf(newWorld(t, 0))
	visit := s.prescribed("Nguyễn Văn Lâm", "056061000123")
	supply := func(i int) clinic.Goods {
		return clinic.Goods{Catalog: clinic.CatalogSupply, Code: fmt.Sprintf("VT%02d", i)}
	}
	first, rest := url.Values{}, url.Values{}
	for i := range 40 {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogSupply, Code: supply(i).Code, Name: "Vật tư", Unit: "cái", From: clinic.Date{Year: 2026, Month: 1, Day: 1}}})
		v := first
		if i >= 20 {
			v = rest
		}
		v.Set(line("goods", i%20), "supply;"+supply(i).Code)
		v.Set(line("quantity", i%20), "50")
	}
	s.received(first)
	s.received(rest)
	page := s.nurses.get(visit + "/use")
	v := url.Values{"do": {"save"}}
	for i := range 41 { // and gauze
		v.Set(line("goods", i), between(page.body, `name="`+line("goods", i)+`" value="`, `"`))
	}
	typed := map[string]string{supply(0).Key(): "2", supply(30).Key(): "3", supply(38).Key(): "5"}
	for i := range 41 {
		v.Set(line("quantity", i), typed[v.Get(line("goods", i))])
	}
	// Another tablet uses up one that stands before them.
	other := s.prescribed("Trần Thị Mùa", "056161000456")
	if a := s.nurses.send(other+"/use", url.Values{"goods.0": {supply(5).Key()}, "quantity.0": {"50"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := s.nurses.send(visit+"/use", v); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	for i, want := range map[int]clinic.Milli{0: 48_000, 29: 50_000, 30: 47_000, 31: 50_000, 38: 45_000, 39: 50_000} {
		card, err := s.desk.BatchPage(t.Context(), s.doctor, supply(i))
		if s.must(err); card.Sheet.Booked != want {
			t.Errorf("%d: %v are left", i, card.Sheet.Booked)
		}
	}
}

// TestReceivingByScan: a box fills in its line, the same box asks, a near expiry asks, and a
// transfer paper of a site without a link fills in its lines.
func TestReceivingByScan(t *testing.T) {
	s := newShelf(newWorld(t, 0))
	a := s.doctors.send("/stock/receive", url.Values{"do": {"scan"}, "scan": {"box B2"}})
	for _, want := range []string{`name="lot.0" value="B2"`, `name="expiry.0" value="30/06/2028"`, `name="gtin.0" value="` + boxGTIN + `"`, `value="medicine;PARA500"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s", want)
		}
	}
	v := url.Values{"goods.0": {"medicine;PARA500"}, "lot.0": {"B2"}, "expiry.0": {"30/06/2028"}, "quantity.0": {"1"}, "packs.0": {"yes"}, "pack.0": {"100"}}
	again := func(do, scan string) url.Values {
		w := url.Values{"do": {do}, "scan": {scan}}
		for k, x := range v {
			w[k] = x
		}
		return w
	}
	if a := s.doctors.send("/stock/receive", again("scan", "box B2")); !strings.Contains(a.text(), "chưa cộng thêm") || !strings.Contains(a.body, `value="more.1"`) || strings.Contains(a.body, `name="lot.1"`) {
		t.Error(a.text())
	}
	if a := s.doctors.send("/stock/receive", again("more.1", "")); !strings.Contains(a.body, `name="quantity.0" value="2"`) {
		t.Error("one more box was not added")
	}
	w := again("save", "")
	w.Set("supplier", "Công ty Dược Mẫu")
	ask := s.doctors.send("/stock/receive", w) // today's delivery has the batch already
	if ask.status != http.StatusConflict || !strings.Contains(ask.text(), "đã ghi nhập 200 viên") || s.booked("B2") != 200_000 {
		t.Fatalf("%d %s", ask.status, ask.text())
	}
	w.Set("do", "confirm")
	w["confirmed"] = []string{"stock.again:paper:" + s.lot("B2").Key()}
	if a := s.doctors.send("/stock/receive", w); a.status != http.StatusSeeOther || s.booked("B2") != 300_000 {
		t.Fatalf("%d %s", a.status, a.text())
	}
	code, _ := clinic.NewTransferCode("22736", "b", 3)
	sent, err := clinic.ParseGoodsQR(clinic.GoodsQR(code, []clinic.AdjustedLine{{Goods: s.lot("B2"), Quantity: 40_000, Price: 300, Pack: 100}})[0])
	s.must(err)
	s.scans["paper"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: sent}
	a = s.doctors.send("/stock/receive", url.Values{"do": {"scan"}, "scan": {"paper"}})
	if !strings.Contains(a.body, `value="`+code+`"`) || !strings.Contains(a.text(), "Phiếu ghi 40 viên") {
		t.Fatal(a.text())
	}
	v = url.Values{"from": {code}, "goods.0": {"medicine;PARA500"}, "lot.0": {"B2"}, "expiry.0": {"30/06/2028"}, "sent.0": {"40"}, "quantity.0": {"38"}, "do": {"save"}}
	if a := s.doctors.send("/stock/receive", v); a.status != http.StatusConflict || !strings.Contains(a.text(), "phiếu ghi 40 viên, thực nhận 38 viên") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := s.nurses.send("/stock/receive", v); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a nurse receives: %d", a.status)
	}
	// A number of English pages means what it says.
	en := s.speaking("en").login(s.doctor, doctorPIN)
	if a := en.send("/stock/receive", url.Values{"goods.0": {"medicine;PARA500"}, "lot.0": {"C3"}, "expiry.0": {"06/2028"}, "quantity.0": {"1,500"}, "do": {"save"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("1,500: %d", a.status)
	}
}

// TestCountOnTwoTablets counts on one tablet while another hands out.
func TestCountOnTwoTablets(t *testing.T) {
	s := newShelf(newWorld(t, 0))
	visit := s.prescribed("Nguyễn Văn Lâm", "056061000123")
	page := s.doctors.get("/stock/count?item=medicine%3BPARA500")
	if strings.Count(page.body, `name="found.`) != 2 {
		t.Fatal("the count does not begin with the batches of its row")
	}
	at := between(page.body, `name="at" value="`, `"`)
	s.hand(visit, "4")
	v := url.Values{
		"at": {at}, "goods.0": {s.lot("A1").Key()}, "booked.0": {"10000"}, "found.0": {"9"}, "goods.1": {s.lot("B2").Key()}, "booked.1": {"200000"}, "found.1": {""}, "do": {"save"},
	}
	if a := s.doctors.send("/stock/count", v); a.status != http.StatusSeeOther || s.booked("A1") != 5_000 || s.booked("B2") != 200_000 {
		t.Fatalf("9 when it began, 4 since: %v (%d %s)", s.booked("A1"), a.status, a.text())
	}
	v.Set("found.1", "2") // boxes instead of tablets
	if a := s.doctors.send("/stock/count", v); a.status != http.StatusConflict || !strings.Contains(a.text(), "Có đếm theo hộp không") {
		t.Fatalf("%d %s", a.status, a.text())
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}

// TestPharmacyInABrowser: a box is received by a scanner that types, and handed out the
// same way, in a real browser with JavaScript.
func TestPharmacyInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is slow")
	}
	testpeer.Need(t, "chromium")
	w := newWorld(t, time.Hour).serve()
	s := newShelf(w)
	visit := s.prescribed("Nguyễn Văn Lâm", "056061000123")
	ctx, cancel := newBrowser(t)
	defer cancel()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, late := context.WithTimeout(ctx, 20*time.Second)
		defer late()
		if err := chromedp.Do(step, actions...); err != nil {
			t.Fatal(err)
		}
	}
	to := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(w.http.URL + path) }
	do(to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
	do(to("/stock/receive"), typing("#scan", "box B2"+kb.Enter), wait("#lot\\.0"), typing("#pack\\.0", "100"), press("button[value=save]"), wait(".cb-note--good"))
	if s.booked("B2") != 300_000 {
		t.Fatalf("received: %v", s.booked("B2"))
	}
	do(to(visit+"/hand"), typing("#scan", "box A1"+kb.Enter), wait("#checked\\.0:checked"), typing("#scan", "box B2"+kb.Enter), wait("#checked\\.1:checked"))
	do(press("button[value=save]"), wait(".cb-note--good"))
	if s.booked("A1") != 0 || s.booked("B2") != 295_000 {
		t.Fatalf("handed out: %v %v", s.booked("A1"), s.booked("B2"))
	}
	v, err := w.desk.HandList(t.Context(), w.doctor)
	if err != nil || len(v) != 1 || !v[0].Done() {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := w.desk.StockPage(t.Context(), w.tech, clinic.Date{}, clinic.Date{}); desk.ErrorsOf(err) == nil {
		t.Error("a technician sees stock")
	}
}
