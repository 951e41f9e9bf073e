package web

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

func (w *world) token(content string, c *x509.Certificate) []byte {
	w.t.Helper()
	now, _ := w.clock.Now()
	return w.law.Token([]byte(content), c, now)
}

var legalLink = regexp.MustCompile(`<b>([^<]*)</b> [^<]* .*?href="(/patients/[0-9a-f]+/visits/[0-9a-f]+/legal/[0-9a-f]{64})"`)

// legalPaths finds the pages of a visit's legal documents by their names.
func legalPaths(a answer) map[string]string {
	out := map[string]string{}
	for _, m := range legalLink.FindAllStringSubmatch(a.body, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// sign confirms the visit with the PIN.
func (b *browser) sign(visit string) {
	b.w.t.Helper()
	v := b.get(visit + "/check").hidden()
	v.Set("patient", visit[10:42])
	v.Set("visit", visit[50:])
	v.Set("pin", doctorPIN)
	if a := b.post(visit+"/sign", v); a.status != http.StatusSeeOther {
		b.w.t.Fatalf("sign: %d %s", a.status, a.text())
	}
}

// upload posts a file as a browser does.
func (b *browser) upload(path string, file []byte, more url.Values) answer {
	b.w.t.Helper()
	all := b.get(path).hidden()
	all.Set("patient", path[10:42])
	all.Set("visit", path[50:82])
	all.Set("do", "attach")
	for k, v := range more {
		all[k] = v
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, vs := range all {
		for _, v := range vs {
			b.w.must(form.WriteField(k, v))
		}
	}
	part, err := form.CreateFormFile("file", "chu-ky.p7s")
	b.w.must(err)
	_, err = part.Write(file)
	b.w.must(err)
	b.w.must(form.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, "http://box.test"+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(req)
}

// A doctor signs the slip with a token, in the browser, file down and file up.
func TestLegalSignatureInTheBrowser(t *testing.T) {
	w := newWorld(t, 0)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "001161012345")
	doctor.examined(visit)
	path := legalPaths(doctor.get(visit + "/check"))["Hẹn khám lại"]
	if path == "" {
		t.Fatal(doctor.get(visit + "/check").text())
	}
	if a := doctor.get(path); !strings.Contains(a.text(), "Cần xác nhận bằng mã PIN trước") || strings.Contains(a.body, "multipart") {
		t.Fatal(a.text())
	}
	doctor.sign(visit)
	if a := doctor.get(visit); strings.Count(a.body, "Chưa ký số") != 2 {
		t.Fatal(a.text())
	}
	file := doctor.get(path + "/file")
	if file.status != http.StatusOK || file.header.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment; filename=H22736A0000") || !strings.HasPrefix(file.body, "clinicbox legal document v1\n") {
		t.Fatal(file)
	}
	if a := nurse.get(path + "/file"); a.status != http.StatusForbidden {
		t.Errorf("a nurse takes the file: %d", a.status)
	}
	for _, c := range []struct{ file, paste, say string }{
		{"", "", "Ô này bắt buộc"},
		{file.body, "", "Đây không phải một chữ ký"}, // the file to sign instead of the signature
		{string(w.token("khác", w.law.Doctor)), "", "ký cho nội dung khác"},
		{"", "dán nhầm", "Đây không phải một chữ ký"},
	} {
		a := doctor.upload(path, []byte(c.file), url.Values{"signature": {c.paste}})
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), c.say) || !strings.Contains(a.body, c.paste) {
			t.Errorf("%q: %d %s", c.say, a.status, a.text())
		}
	}
	if a := doctor.upload(path, make([]byte, bodyLimit), nil); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large file: %d", a.status)
	}
	if a := doctor.upload(path, w.token(file.body, w.law.Doctor), nil); a.status != http.StatusSeeOther || a.location != path {
		t.Fatal(a.status, a.text())
	}
	if a := doctor.get(path); !strings.Contains(a.text(), "Trần Văn Biển") || !strings.Contains(a.text(), "Đang chờ: cơ sở") || !strings.Contains(a.text(), "Chưa kiểm tra chứng thư có bị thu hồi") {
		t.Fatal(a.text())
	}
	pasted := base64.StdEncoding.EncodeToString(w.token(file.body, w.law.Facility))
	if a := doctor.send(path, url.Values{"signature": {pasted}, "do": {"attach"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	if a := doctor.get(visit); !strings.Contains(a.text(), "Đã ký số") || strings.Count(a.body, "Chưa ký số") != 1 {
		t.Fatal(a.text())
	}
	if a := doctor.get(path); strings.Contains(a.body, "multipart") || strings.Contains(a.text(), "Chứng thư không ghi tên") {
		t.Fatal("asks for more signatures, or sees another person: " + a.text())
	}
	if a := doctor.get(visit + "/legal/" + strings.Repeat("0", 64)); a.status != http.StatusNotFound {
		t.Errorf("a document that is not there: %d", a.status)
	}
	w.log.Absent("Sương", doctorPIN)
}

// A signature that does not hold is loud on the visit's page.
func TestBrokenSignatureIsLoud(t *testing.T) {
	w := newWorld(t, 0)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "")
	doctor.examined(visit)
	doctor.sign(visit)
	w.forge(visit)
	path := legalPaths(doctor.get(visit))["Đơn thuốc"]
	for _, p := range []string{visit, path} {
		if a := nurse.get(p); !strings.Contains(a.text(), "Có chữ ký sai") || strings.Contains(a.text(), "Đã ký số") {
			t.Error(a.text())
		}
	}
	if a := nurse.get(path); !strings.Contains(a.text(), "Không có giá trị: Chữ ký này ký cho nội dung khác") {
		t.Error(a.text())
	}
}

// forge writes a signature of something else as if the centre had sent it.
func (w *world) forge(visit string) {
	w.t.Helper()
	p, _ := clinic.ParseID(visit[10:42])
	v, _ := clinic.ParseID(visit[50:])
	page, err := w.desk.VisitPage(w.t.Context(), w.doctor, p, v)
	w.must(err)
	leaf := page.Visit.Doc(clinic.KindPrescribe).Leaf()
	w.must2(w.store.Act(w.t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindLegalSigned, Subject: p, Visit: v, Body: &clinic.LegalSigned{
			Leaf: leaf[:], Role: clinic.LegalPractitioner, Format: clinic.LegalCMS, Sig: w.token("khác", w.law.Doctor), At: 1,
		}}}, nil
	}))
}

func (w *world) must2(_ desk.Saved, err error) { w.t.Helper(); w.must(err) }

// TestLegalShots takes pictures for a person to look at.
func TestLegalShots(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "056161012345")
	doctor.examined(visit)
	doctor.sign(visit)
	paths := legalPaths(doctor.get(visit))
	slip, rx := paths["Hẹn khám lại"], paths["Đơn thuốc"]
	content := doctor.get(slip + "/file").body
	doctor.upload(slip, w.token(content, w.law.Doctor), nil)
	w.forge(visit)
	c := newCamera(t, w, dir)
	c.shot("60-legal-login", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
	c.shot("61-legal-visit", c.to(visit))
	c.shot("62-legal-half", c.to(slip))
	c.shot("63-legal-broken", c.to(rx))
	c.shot("64-legal-error", c.to(slip), press("details summary"), typing("#signature", "không phải"), press("button[value=attach]"), wait("[data-errors]"))
	doctor.upload(slip, w.token(content, w.law.Facility), nil)
	c.shot("65-legal-done", c.to(slip))
}
