package web

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfOldStock takes pictures of opening stock, of a session's end and of a batch's
// list, in both languages.
func TestShotsOfOldStock(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	w.vaccineStock()
	children := nurse.infants(3)
	nurse.openBatches()
	for _, c := range children {
		nurse.given(c, nil)
	}
	file := filepath.Join(t.TempDir(), "tồn kho.csv")
	text := shelfHead + "PARA500;;A1;06/2028;1.200,5;viên;350\nPARA500;;A1;06/2028;20;viên;\nPARA500;;A2;06/2028;1.000;viên;\nKHONGCO;;A1;06/2028;1;;\nPARA500;;A3;06/2024;5;viên;\n"
	w.must(os.WriteFile(file, []byte(text), 0o600))
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("o-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-old", c.to("/login/"+w.admin.String()), typing("#pin", adminPIN), press("main button"), wait(".cb-tiles, main"), c.to("/old"))
		} else {
			shot("00-old", c.to("/old"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-form", c.to("/old/stock/new"))
		shot("02-plan", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}), press("main form button"), wait("fieldset"))
		shot("03-recall", c.to("/stock/recall?lot=AB-1207"))
		shot("04-batch", c.to("/stock"))
	}
	shotNurse := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("o-nurse-"+name, do...) }
	shotNurse("05-end", c.to("/logout"), c.to("/login/"+w.nurse.String()), typing("#pin", nursePIN), press("main button"), wait("main"), c.to("/vaccines"), press("details:last-of-type summary"))
}
