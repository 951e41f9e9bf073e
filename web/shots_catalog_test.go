package web

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfCatalogues takes pictures of the pages about catalogues.
func TestShotsOfCatalogues(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	prices := t.TempDir() + "/giá.csv"
	w.must(os.WriteFile(prices, []byte("Mã;Tên;Tên tiếng Anh;ĐVT;Đơn giá;Từ ngày\nKHAM;Khám bệnh;General consultation;lần;40.000;01/12/2026\nMOI;Dịch vụ mới;;lần;1000;\nGIUONG;Giường lưu;;ngày;60000;01/11/2026\n"), 0o600))
	bad := t.TempDir() + "/lỗi.csv"
	w.must(os.WriteFile(bad, []byte("Mã;Tên;Đơn giá;STT\nKHAM;Khám bệnh;x;1\nA B;a;1;2\nC;c;2;3\nC;c;3;4\n;d;4;5\n"), 0o600))
	admin := w.login(w.admin, adminPIN)
	path, page := admin.staged("code,name,unit,price\nSIEUAM,Siêu âm ổ bụng,lần,55000\n")
	if a := admin.post(path, page.hidden()); a.location != "/imports" {
		t.Fatal(a.text())
	}
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("90-catalogs", to("/login/"+w.admin.String()+"?next=/catalogs"), typing("#pin", adminPIN), press("main button"), wait(".cb-list"))
	shot("91-catalog", to("/catalogs/service?q=kham"))
	shot("92-catalog-row", to("/catalogs/service/rows/SIEUAM"))
	shot("93-import", to("/catalogs/service/import"))
	shot("94-import-errors", choose("#file", bad), press("main button"), wait(".cb-lines"))
	shot("95-import-preview", to("/catalogs/service/import"), choose("#file", prices), press("main button"), wait("#confirm"))
	shot("96-import-unsure", press("main form button"), wait("[data-errors]"))
	shot("97-imports", press("label[for=confirm]"), press("main form button"), wait(".cb-list"))
	shot("98-import-one", press(".cb-list a"), wait(".govuk-button--warning"))
	shot("99-import-one-english", press("button[name=lang]"), wait("html[lang=en]"))
}

func choose(sel, file string) chromedp.Action[chromedp.Void] {
	return chromedp.SetUploadFiles(chromedp.CSS(sel), []string{file})
}
