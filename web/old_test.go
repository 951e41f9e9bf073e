package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/interop/sheet"
	"clinicbox/interop/sheet/sheettest"
)

const oldHead = "STT;Họ và tên;Ngày sinh;Giới;CCCD;Dị ứng\n"

// old sends a file of old data and returns the page that says what it would bring.
func (b *browser) old(list, text string) (path string, page answer) {
	b.w.t.Helper()
	a := b.sendUpload("/old/"+list+"/new", "sổ cũ.csv", text, nil)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/old/"+list+"/file/") {
		b.w.t.Fatalf("upload: %d %s", a.status, a.text())
	}
	return a.location, b.get(a.location)
}

// TestOldBookStory: a book in an old font with errors and somebody who is known comes in
// by forms alone, with its visits, and is taken back; who came meanwhile stays.
func TestOldBookStory(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse, admin := w.login(w.nurse, nursePIN), w.login(w.admin, adminPIN)
	nurse.opened("Lê Thị Giữ", "056161012345")
	text := oldHead + "1;Nguyễn Thị Mẫu;02/03/1961;nữ;;Penicilin\n2;Trần Văn Thử;1950;nam;;không\n3;Lê Thị Giữ;1961;nữ;056161012345;tôm\n4;Phạm Văn Sai;31/02/1960;nam;;\n5;Trần Văn Thử;1950;nam;;\n"
	n := w.store.Len()
	path, page := admin.old("patients", string(sheettest.Encode(sheet.CodeTCVN3, text)))
	page.says(t, "có dòng gõ bằng TCVN3", "Dòng 5: ngày sinh, hoặc năm sinh: 31/02/1960 không phải ngày sinh", "Chờ bạn trả lời 2", "Cùng số giấy tờ.", "Chính là người ở dòng 3")
	if strings.Contains(page.body, `value="bring"`) {
		t.Error("it can be brought in before the answers")
	}
	id := strings.Split(page.body, `name="row.4" value="same.`)[1][:32]
	if a := admin.send(path, url.Values{"do": {"answer"}, "row.4": {"same." + id}, "all.name": {"other"}}); a.location != path || w.store.Len() != n {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page = admin.get(path)
	page.says(t, "Ghi mới 3", "Đã biết, bổ sung phần còn thiếu 1", "1 dòng lỗi sẽ không nhập")
	form := page.hidden()
	form.Set("do", "bring")
	admin.post(path, form).says(t, "Xem các cảnh báo rồi đánh dấu là đã xem.")
	form.Set("confirm", "yes")
	for range 2 { // pressed twice
		if a := admin.post(path, form); a.status != http.StatusSeeOther || a.location != "/old" {
			t.Fatalf("%d %s", a.status, a.text())
		}
	}
	admin.get("/old").says(t, "Người bệnh", "mới: 3", "bổ sung: 1")
	nurse.get("/patients/"+id).says(t, "tôm")
	if p, again := admin.old("patients", text); !strings.Contains(admin.get(p).text(), "Đã nhập") && !strings.Contains(again.text(), "Chờ") {
		t.Error(again.text())
	}
	path, page = admin.old("visits", "Ngày khám;Họ tên;Ngày sinh;Lý do;Mã ICD;Người khám\n04/03/2019;Nguyễn Thị Mẫu;1961;ho;J06.9;y sĩ Xưa\n04/03/2019;Không Ai;1961;ho;;\n")
	page.says(t, "Ghi mới 1", "chưa có người bệnh này trong máy")
	form = page.hidden()
	form.Set("do", "bring")
	form.Set("confirm", "yes")
	admin.post(path, form)
	found := nurse.post("/find", url.Values{"q": {"nguyen thi mau"}})
	mau := "/patients/" + strings.Split(found.body, `href="/patients/`)[1][:32]
	nurse.get(mau).says(t, "04/03/2019", "Hồ sơ cũ")
	list := admin.get("/old")
	first := imported(list)[1]
	one := admin.get(first)
	one.says(t, "Giữ nguyên vì đã được dùng sau khi nhập", "Nguyễn Thị Mẫu")
	if a := admin.post(first, one.hidden()); a.location != "/old" {
		t.Fatalf("%d %s", a.status, a.text())
	}
	admin.get("/old").says(t, "Hoàn tác: Người bệnh", "hoàn tác: 3", "giữ lại: 1")
	if a := nurse.post("/find", url.Values{"q": {"tran van thu"}}); strings.Contains(a.body, `href="/patients/`) {
		t.Error("who was taken back is found")
	}
}

// TestWhoMayBringOldData: administrators only, and nobody's file is kept for another.
func TestWhoMayBringOldData(t *testing.T) {
	w := newWorld(t, time.Hour)
	admin := w.login(w.admin, adminPIN)
	path, _ := admin.old("patients", oldHead+"1;Nguyễn Thị Mẫu;1961;nữ;;\n")
	for _, b := range []*browser{w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)} {
		for _, p := range []string{"/old", "/old/patients/new", path} {
			if a := b.get(p); a.status != http.StatusForbidden || strings.Contains(a.body, "Nguyễn Thị Mẫu") {
				t.Errorf("%s: %d", p, a.status)
			}
		}
		if a := b.sendUpload("/old/patients/new", "a.csv", oldHead, nil); a.status == http.StatusSeeOther {
			t.Error("a file is taken")
		}
	}
	if a := w.login(w.admin, adminPIN).get(path); a.location != "/old" {
		t.Errorf("another session sees the file: %d", a.status)
	}
	if a := admin.get("/old/medicine/new"); a.status != http.StatusNotFound {
		t.Errorf("a list that is none: %d", a.status)
	}
}

// oldPages adds the pages about old data.
func oldPages(admin *browser, pages map[string]answer) {
	pages["old none"] = admin.get("/old")
	pages["old form"], pages["old form visits"] = admin.get("/old/patients/new"), admin.get("/old/visits/new")
	pages["old form empty"] = admin.sendUpload("/old/patients/new", "a.csv", "", nil)
	_, pages["old of no kind"] = admin.old("patients", "%PDF-1.7")
	path, page := admin.old("patients", oldHead+"1;Nguyễn Thị Mẫu;1961;nữ;;tôm\n2;Nguyễn Thị Mẫu;1961;nữ;056161000001;\n3;1961;Trần Văn;nữ;;\n4;Đỗ Văn Tuổi;45 tuổi;nam;5.6E+10;\n")
	pages["old questions"] = page
	admin.send(path, url.Values{"do": {"answer"}, "all.number": {""}, "all.name": {"same"}})
	page = admin.get(path)
	pages["old preview"] = page
	form := page.hidden()
	form.Set("do", "bring")
	pages["old not confirmed"] = admin.post(path, form)
	form.Set("confirm", "yes")
	admin.post(path, form)
	list := admin.get("/old")
	one := imported(list)[0]
	pages["old done"], pages["old one"] = list, admin.get(one)
	_, pages["old again"] = admin.old("patients", oldHead+"1;Nguyễn Thị Mẫu;1961;nữ;;tôm\n2;Nguyễn Thị Mẫu;1961;nữ;056161000001;\n3;1961;Trần Văn;nữ;;\n4;Đỗ Văn Tuổi;45 tuổi;nam;5.6E+10;\n")
	admin.send(one, nil)
	pages["old undone"], pages["old one undone"] = admin.get("/old"), admin.get(one)
}

// imported are the addresses of the imports that a page lists, the newest first.
func imported(list answer) []string {
	return regexp.MustCompile(`/old/[0-9a-f]{32}`).FindAllString(list.body, -1)
}
