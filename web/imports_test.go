package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// sendFile sends a file as the form of a catalogue does.
func (b *browser) sendFile(catalog, name, text string, v url.Values) answer {
	b.w.t.Helper()
	return b.sendUpload("/catalogs/"+catalog+"/import", name, text, v)
}

// sendUpload sends a file as forms do.
func (b *browser) sendUpload(path, name, text string, v url.Values) answer {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for field, values := range v {
		b.w.must(m.WriteField(field, values[0]))
	}
	f, err := m.CreateFormFile("file", name)
	b.w.must(err)
	_, err = f.Write([]byte(text))
	b.w.must(err)
	b.w.must(m.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.scheme+"://box.test"+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(req)
}

// staged sends a file and returns the page that says what it would change.
func (b *browser) staged(text string) (path string, page answer) {
	b.w.t.Helper()
	a := b.sendFile(clinic.CatalogService, "giá.csv", text, nil)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/catalogs/service/import/") {
		b.w.t.Fatalf("upload: %d %s", a.status, a.text())
	}
	return a.location, b.get(a.location)
}

func (a answer) says(t *testing.T, words ...string) {
	t.Helper()
	text := a.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%d: no %q in %s", a.status, w, text)
		}
	}
}

// TestImportOfPrices: a file with errors, the mended one, its differences, the saved
// rows, the history, and back, by forms alone.
func TestImportOfPrices(t *testing.T) {
	w := newWorld(t, time.Hour)
	admin := w.login(w.admin, adminPIN)
	n := w.store.Len()
	path, page := admin.staged("Mã;Tên;Đơn giá;Từ ngày\nKHAM;Khám bệnh;40.000;01/12/2026\nMOI;Dịch vụ mới;12x;\nMOI;Dịch vụ mới;1000;31/02/2026\n")
	page.says(t, "Tệp có lỗi. Chưa ghi gì.", "Dòng 3: giá 12x không đọc được", "Dòng 4: từ ngày: 31/02/2026 không phải ngày")
	if a := admin.post(path, page.hidden()); a.status != http.StatusUnprocessableEntity || w.store.Len() != n {
		t.Errorf("a file with errors is saved: %d", a.status)
	}
	path, page = admin.staged("Mã;Tên;Đơn giá;Từ ngày;ĐVT;Tên tiếng Anh\nKHAM;Khám bệnh;40.000;01/12/2026;lần;General consultation\nMOI;Dịch vụ mới;1000;;lần;\n")
	page.says(t, "thêm 1 · đổi 1 · kết thúc 0", "Đổi KHAM Khám bệnh 01/12/2026 – chưa có ngày kết thúc", "giá: 35.000 đ → 40.000 đ", "Thêm MOI Dịch vụ mới 22/11/2026")
	if w.store.Len() != n {
		t.Fatal("a preview is saved")
	}
	form := page.hidden()
	for range 2 { // pressed twice
		if a := admin.post(path, form); a.status != http.StatusSeeOther || a.location != "/imports" {
			t.Fatalf("%d %s %s", a.status, a.location, a.text())
		}
	}
	admin.get("/catalogs/service/rows/KHAM").says(t, "40.000 đ", "trung tâm gửi xuống", "Đỗ Thị Quản")
	list := admin.get("/imports")
	list.says(t, "giá.csv", "thêm 1 · đổi 1 · kết thúc 0", "Xong")
	if strings.Count(list.body, `href="/imports/`) != 1 {
		t.Error("two presses, two imports")
	}
	admin.get("/catalogs/service?q=kham&on=30/11/2026").says(t, "KHAM", "35.000 đ")
	admin.get("/catalogs/service?q=kham&on=01/12/2026").says(t, "KHAM", "40.000 đ")
	admin.get("/catalogs/service?on=30/2/2026").says(t, "Ngày này không có trong lịch")

	one := "/imports/" + strings.Split(strings.Split(list.body, `href="/imports/`)[1], `"`)[0]
	admin.get(one).says(t, "Trả lại như trước", "MOI", "đã rút lại, không dùng ngày nào")
	if a := admin.send(one, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	admin.get("/catalogs/service?q=kham&on=01/12/2026").says(t, "35.000 đ")
	admin.get("/imports").says(t, "Đã trả lại", "Trả lại:")
	admin.get("/catalogs/service?q=moi&on=01/12/2026").says(t, "Không có dòng nào")
}

// TestWarningsMustBeSeen: what changes the past is saved only when somebody says so.
func TestWarningsMustBeSeen(t *testing.T) {
	w := newWorld(t, time.Hour)
	admin := w.login(w.admin, adminPIN)
	path, page := admin.staged("code,name,unit,price,from\nKHAM,Khám bệnh,lần,1,2026-01-01\n")
	page.says(t, "đổi cả những ngày đã qua, từ 01/01/2026")
	a := admin.post(path, page.hidden())
	if a.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", a.status)
	}
	a.says(t, "Xem các cảnh báo rồi đánh dấu là đã xem.")
	v := a.hidden()
	v.Set("confirm", "yes")
	if a := admin.post(path, v); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := admin.get(path); a.status != http.StatusSeeOther || a.location != "/catalogs/service/import" {
		t.Errorf("a file that was imported waits: %d", a.status)
	}
}

// TestWhoMayImport: everybody at work may look, only administrators send files, and
// what others send is not kept.
func TestWhoMayImport(t *testing.T) {
	w := newWorld(t, time.Hour)
	n := w.store.Len()
	for name, b := range map[string]*browser{"nurse": w.login(w.nurse, nursePIN), "technician": w.login(w.tech, techPIN)} {
		for _, path := range []string{"/catalogs", "/catalogs/service", "/catalogs/service/rows/KHAM", "/imports"} {
			if a := b.get(path); a.status != http.StatusOK {
				t.Errorf("%s: %s: %d", name, path, a.status)
			}
		}
		if a := b.get("/catalogs/service/import"); a.status != http.StatusForbidden {
			t.Errorf("%s: the form: %d", name, a.status)
		}
		if a := b.sendFile(clinic.CatalogService, "a.csv", strings.Repeat("x", 1<<20), nil); a.status != http.StatusForbidden {
			t.Errorf("%s: a file: %d %s", name, a.status, a.text())
		}
	}
	if a := w.browser().sendFile(clinic.CatalogService, "a.csv", "code,name\nA,a\n", nil); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login") {
		t.Errorf("a stranger: %d", a.status)
	}
	admin := w.login(w.admin, adminPIN)
	path, page := admin.staged("code,name,unit,price\nA,a,lần,1\n")
	other := w.login(w.admin, adminPIN)
	if a := other.get(path); a.status != http.StatusSeeOther {
		t.Errorf("another session sees the file: %d", a.status)
	}
	if a := other.post(path, page.hidden()); a.status != http.StatusSeeOther || w.store.Len() != n {
		t.Errorf("another session saves the file: %d", a.status)
	}
	for _, path := range []string{"/catalogs/nothing", "/catalogs/nothing/import", "/catalogs/service/rows/NONE", "/imports/" + clinic.NewID().String(), "/imports/x"} {
		if a := admin.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := admin.sendFile(clinic.CatalogService, "a.csv", strings.Repeat("x", uploadLimit), nil); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", a.status)
	}
	if a := admin.sendFile(clinic.CatalogService, "a.csv", "", nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("empty: %d", a.status)
	}
	admin.post("/lock", nil)
	if a := admin.sendFile(clinic.CatalogService, "a.csv", strings.Repeat("x", 1<<20), nil); a.status != http.StatusSeeOther || a.location != "/lock?next=%2Fcatalogs%2Fservice%2Fimport" {
		t.Errorf("locked: %d %s", a.status, a.location)
	}
}

// TestPriceIsAskedAbout: the bill's page shows what has no price, and asks when a price
// changed behind the bill.
func TestPriceIsAskedAbout(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse, admin := w.login(w.nurse, nursePIN), w.login(w.admin, adminPIN)
	visit := nurse.opened("Phạm Thị Sương", "")
	set := func(text string) {
		path, page := admin.staged("code,name,unit,price,from\n" + text)
		v := page.hidden()
		v.Set("confirm", "yes")
		if a := admin.post(path, v); a.status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.status, a.text())
		}
	}
	set("KHONGGIA,Chưa có giá,lần,,2026-11-01\n")
	bill := url.Values{"code.0": {"KHAM"}, "code.1": {"KHONGGIA"}, "do": {"save"}}
	a := nurse.send(visit+"/bill", bill)
	if a.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", a.status)
	}
	a.says(t, "Mã KHONGGIA chưa có giá ngày khám. Chưa lưu", "chưa có giá")
	if a := nurse.send(visit+"/bill", url.Values{"code.0": {"KHAM"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	set("KHAM,Khám bệnh,lần,50000,2026-01-01\n")
	two := url.Values{"code.0": {"KHAM"}, "quantity.0": {"2"}, "do": {"save"}}
	a = nurse.send(visit+"/bill", two)
	if a.status != http.StatusConflict || !strings.Contains(a.body, `name="confirmed" value="KHAM"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a.says(t, "Giá của KHAM đã đổi từ 35.000 đ thành 50.000 đ")
	two.Set("confirmed", "KHAM")
	two.Set("do", "confirm")
	if a := nurse.send(visit+"/bill", two); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	nurse.get(visit).says(t, "100.000 đ")
}

// TestStagedFiles: one file a session waits, and of all sessions no more than few.
func TestStagedFiles(t *testing.T) {
	var s staged
	ids := map[string]clinic.ID{}
	for i := range stagedMax + 2 {
		token := fmt.Sprint(i)
		ids[token] = clinic.NewID()
		s.put(upload{id: clinic.NewID(), token: token})
		s.put(upload{id: ids[token], token: token})
	}
	for token, id := range ids {
		_, ok := s.get(token, id)
		if old := token == "0" || token == "1"; ok == old {
			t.Errorf("session %s: %v", token, ok)
		}
		if _, ok := s.get("x", id); ok {
			t.Error("of another session")
		}
	}
	if len(s.all) != stagedMax {
		t.Errorf("%d wait", len(s.all))
	}
}

// catalogPages adds the pages about catalogues.
func catalogPages(w *world, nurse, admin *browser, pages map[string]answer) {
	w.t.Helper()
	_, pages["import errors"] = admin.staged("Mã;Tên;Đơn giá;Lạ\nKHAM;Khám bệnh;x;1\nA B;a;1;\nC;c;2;\nC;c;3;\n;d;4;\n")
	_, pages["import of no kind"] = admin.staged("%PDF-1.7")
	path, page := admin.staged("code,name,unit,price,from,to\nKHAM,Khám bệnh,lần,1,2026-01-01,\nMOI,Mới,lần,5,,\nGIUONG,Giường,ngày,5,2026-12-01,2026-12-31\n")
	pages["import preview"] = page
	pages["import not confirmed"] = admin.post(path, page.hidden())
	v := pages["import not confirmed"].hidden()
	v.Set("confirm", "yes")
	admin.post(path, v)
	list := admin.get("/imports")
	one := "/imports/" + strings.Split(strings.Split(list.body, `href="/imports/`)[1], `"`)[0]
	_, pages["import nothing"] = admin.staged("code,name,unit,price,from,to\nMOI,Mới,lần,5,,\n")
	for name, b := range map[string]*browser{"nurse ": nurse, "admin ": admin} {
		for _, path := range []string{"/catalogs", "/catalogs/service", "/catalogs/medicine", "/catalogs/icd10?q=sot", "/catalogs/labtest", "/catalogs/service?on=x", "/catalogs/service/rows/KHAM", "/catalogs/service/import", "/imports", one} {
			pages[name+path] = b.get(path)
		}
	}
	pages["import form empty"] = admin.sendFile(clinic.CatalogService, "a.csv", "", url.Values{"day.day": {"31"}, "day.month": {"2"}, "day.year": {"2026"}})
	admin.send(one, nil)
	pages["import undone"], pages["imports undone"] = admin.get(one), admin.get("/imports")
	pages["row withdrawn"] = admin.get("/catalogs/service/rows/MOI")
}
