package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

const (
	shelfHead = "Mã;Tên hàng;Số lô;Hạn dùng;Tồn kho;ĐVT;Đơn giá\n"
	doseHead  = "Họ tên;Ngày sinh;CCCD;Vắc xin;Mũi số;Ngày tiêm\n"
)

// agree accepts to what a preview shows.
func (b *browser) agree(path string, page answer) {
	b.w.t.Helper()
	form := page.hidden()
	form.Set("do", "bring")
	form.Set("confirm", "yes")
	if a := b.post(path, form); a.status != http.StatusSeeOther || a.location != "/old" {
		b.w.t.Fatalf("%d %s", a.status, a.text())
	}
}

// TestOldShelfStory: the shelf and the vaccinations of before come in by forms; a batch
// that may count twice is asked about, and what was used stays when the rest goes back.
func TestOldShelfStory(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse, admin := w.login(w.nurse, nursePIN), w.login(w.admin, adminPIN)
	path, page := admin.old("stock", shelfHead+"PARA500;;A1;06/2028;1.200,5;viên;350\nPARA500;;A2;06/2028;1.000;viên;\nPARA500;;A1;06/2028;20;viên;\nKHONGCO;;A1;06/2028;1;;\nPARA500;;A3;06/2024;5;viên;\n")
	page.says(t, "số lượng: 1.000 có thể là một hoặc một nghìn", "mã trong danh mục: không có “KHONGCO” trong danh mục", "Vẫn ghi vào sổ kho là hàng hết hạn", "lô đã có ở dòng 2 với số khác", "Cộng thêm: hàng khác với số đã ghi")
	if strings.Contains(page.body, `value="bring"`) {
		t.Error("it can be brought in before the answer")
	}
	admin.send(path, url.Values{"do": {"answer"}, "row.4": {"other"}})
	page = admin.get(path)
	page.says(t, "Ghi mới 3", "2 dòng lỗi sẽ không nhập")
	admin.agree(path, page)
	nurse.get("/stock").says(t, "1.220,5")
	list := admin.get("/old")
	list.says(t, "Tồn kho ban đầu", "mới: 3")
	one := imported(list)[0]
	admin.get(one).says(t, "3 dòng sẽ được trả lại như trước")
	if a := admin.post(one, admin.get(one).hidden()); a.location != "/old" {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get("/stock"); strings.Contains(a.text(), "1.220,5") {
		t.Error("what was taken back is on the shelf")
	}
	path, page = admin.old("patients", oldHead+"1;Lê Bé Mẫu;05/01/2025;nam;;\n")
	admin.agree(path, page)
	path, page = admin.old("doses", doseHead+"Lê Bé Mẫu;05/01/2025;;Lao (BCG);;01/2025\nLê Bé Mẫu;05/01/2025;;DPTVGBHIB;2;08/04/2025\nLê Bé Mẫu;05/01/2025;;DPTVGBHIB;2;09/05/2025\nKhông Ai;2025;;BCG;;2025\n")
	page.says(t, "Ghi mới 2", "mũi này đã có trong hồ sơ: DPT2 08/04/2025", "chưa có người bệnh này trong máy")
	admin.agree(path, page)
	found := nurse.post("/find", url.Values{"q": {"le be mau"}})
	nurse.get("/patients/"+strings.Split(found.body, `href="/patients/`)[1][:32]+"/vaccines").says(t, "01/2025", "08/04/2025", "Theo sổ tiêm chủng")
}

// TestOldProblemStory: what is wrong with a row is told in words of its own list.
func TestOldProblemStory(t *testing.T) {
	w := newWorld(t, time.Hour)
	admin := w.login(w.admin, adminPIN)
	_, stock := admin.old("stock", "Mã;Số lô;Hạn dùng;Tồn kho;ĐVT;Loại\nPARA500;A1;2028;5;viên;\nPARA500;A1;06/2028;5;viên;gạo\nPARA500;A1;06/2028;5;hộp;\n")
	stock.says(t, "hạn dùng, ít nhất tháng và năm: 2028 không dùng được", "“gạo” không dùng được. Chỉ ghi loại: thuốc, vật tư, vắc xin; hoặc để trống", "khác với danh mục (viên)")
	_, past := admin.old("past", "Họ tên;Năm sinh;Tiền sử;Năm mắc\nA Dì;1961;Hen;2090\nA Dì;1961;Hen;1870\n")
	past.says(t, "năm, nếu biết: 2090 chưa đến", "năm, nếu biết: 1870 không dùng được")
	for _, text := range []string{stock.text(), past.text()} {
		if strings.Contains(text, "dị ứng") || strings.Contains(text, "Ghi lại phiếu giấy") || strings.Contains(text, "{") {
			t.Error(text)
		}
	}
}

// oldShelfPages adds the pages of the lists of stock and vaccines.
func oldShelfPages(admin *browser, pages map[string]answer) {
	pages["old form stock"], pages["old form doses"] = admin.get("/old/stock/new"), admin.get("/old/doses/new")
	path, page := admin.old("stock", shelfHead+"PARA500;;A1;06/2028;100;viên;350\nPARA500;;A1;06/2028;20;viên;\n;Paracetamol;A2;06/2028;1.000;hộp;\nKHONGCO;;A1;05/27;-1;;\nPARA500;;A3;06/2024;5;viên;\n")
	pages["old stock questions"] = page
	admin.send(path, url.Values{"do": {"answer"}, "all.name": {"other"}})
	pages["old stock preview"] = admin.get(path)
	pages["recall none"], pages["recall"] = admin.get("/stock/recall"), admin.get("/stock/recall?lot=AB-1207")
	_, pages["old doses preview"] = admin.old("doses", doseHead+"Nguyễn Thị Mẫu;1961;;Lao (BCG);;01/1990\nKhông Ai;2025;;thuốc lạ;;2025\n")
}

// vaccineStock puts vaccines on the shelf.
func (w *world) vaccineStock() {
	w.put(clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: clinic.StockSite(w.desk.Site().Facility), Supplier: "Trung tâm Y tế Mẫu", Lines: []clinic.ReceivedLine{
		{Goods: clinic.Goods{Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB", Lot: "AB-1207", Expiry: clinic.MonthEnd(2027, 3)}, Name: "DPT-VGB-Hib (5 trong 1)", Unit: "liều", Quantity: 20_000, Pack: 10},
	}}})
}

// TestVaccineShelfStory: the batch on the shelf is proposed, each dose leaves it, the end of
// the session throws away what the opened vial held, and the batch's list names who got it.
func TestVaccineShelfStory(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	w.vaccineStock()
	if page := nurse.get("/vaccines"); !strings.Contains(page.body, `value="AB-1207"`) || !strings.Contains(page.body, `value="31/03/2027"`) {
		t.Error("the batch on the shelf is not proposed")
	}
	children := nurse.infants(3)
	nurse.openBatches()
	for _, c := range children {
		nurse.given(c, nil)
	}
	page := nurse.get("/vaccines")
	page.says(t, "Kết thúc buổi tiêm", "Đã tiêm hôm nay 3 liều; kho còn 17", "Vắc xin này chưa có trong sổ kho")
	form := hiddenIn(page.body)
	if !strings.Contains(page.body, `name="waste.DPTVGBHIB" value="7"`) {
		t.Error("what the vial still holds is not proposed")
	}
	form.Set("waste.DPTVGBHIB", "18")
	nurse.post("/vaccines/close", form).says(t, "AB-1207")
	form.Set("waste.DPTVGBHIB", "7")
	if a := nurse.post("/vaccines/close", form); a.location != "/vaccines" {
		t.Fatalf("%d %s", a.status, a.text())
	}
	nurse.get("/vaccines").says(t, "Buổi tiêm đã kết thúc")
	g := clinic.Goods{Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB", Lot: "AB-1207", Expiry: clinic.MonthEnd(2027, 3)}
	card := nurse.get(batchPath(g))
	card.says(t, "10 liều", "Ai đã dùng lô này")
	link := html.UnescapeString(regexp.MustCompile(`href="(/stock/recall[^"]*)"`).FindStringSubmatch(card.body)[1])
	if page := nurse.get(link); !strings.Contains(page.body, `name="goods" value="vaccine;DPTVGBHIB"`) {
		t.Errorf("%s does not narrow the list to the batch's goods", link)
	}
	list := nurse.get("/stock/recall?lot=ab-1207&goods=vaccine%3BDPTVGBHIB")
	list.says(t, "Lò Thị Bé AA", "Lò Văn Ba", "Lò Thị Bé AC", "3 lượt", "DPT-VGB-Hib (5 trong 1) 0,5 ml: 1 liều")
	nurse.get("/stock/recall?lot=khac").says(t, "Chưa ghi ai dùng lô này")
}
