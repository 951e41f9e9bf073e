package pages_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/merge"
	"clinicbox/internal/entry"
	"clinicbox/internal/fold"
)

// desk is a real merge desk over the site's database, whose looks go into the real
// history.
func (s *site) desk() *merge.Merge {
	return merge.New(merge.Options{
		DB: s.db, Encode: ingest.Encode, Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Now: func() time.Time { return s.now },
		Note: func(ctx context.Context, operator, action, object string) error {
			return s.trust.Note(ctx, authority.By{Operator: operator, Reason: "merge desk"}, action, object)
		},
	})
}

// patients are two records of one person that the rule does not join, and others.
func (s *site) patients() (a, b clinic.ID) {
	s.t.Helper()
	a, b = clinic.ID{0xa1, 1}, clinic.ID{0xb2, 2}
	write := func(box string, epoch byte, drafts ...clinic.Draft) {
		m := &dbtest.Maker{Box: box, Epoch: [8]byte{0x70, epoch}}
		var raws [][]byte
		for i, d := range drafts {
			d.Event = dbtest.At(i)
			raw, err := entry.Encode(d, clinic.NewID(), clinic.ID{9}, uint64(dbtest.At(10*int(epoch)+i).UnixMilli())<<16, true)
			if err != nil {
				s.t.Fatal(err)
			}
			raws = append(raws, raw)
		}
		batch := m.Of(raws...)
		batch.At = dbtest.At(50)
		for i, d := range drafts {
			batch.Entries[i].Kind = d.Kind
		}
		if err := s.db.Append(s.t.Context(), batch); err != nil {
			s.t.Fatal(err)
		}
	}
	person := func(id clinic.ID, change func(p *clinic.Patient)) clinic.Draft {
		p := &clinic.Patient{
			Name: "Nguyễn Thị Hòa", Birth: clinic.Date{Year: 1984, Month: 3, Day: 12}, Sex: clinic.SexFemale, Phone: "0200 123 456",
			Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056184000017"}}, Source: clinic.SourceCitizenQR,
			Address: "Thôn Bãi Đông, Xã Yến Xa, Khánh Hòa",
		}
		if change != nil {
			change(p)
		}
		p.Folded = fold.String(p.Name)
		return clinic.Draft{Kind: clinic.KindPatient, Subject: id, Body: p}
	}
	write("tram-01", 1, person(a, nil), clinic.Draft{Kind: clinic.KindAllergies, Subject: a, Body: &clinic.Allergies{Asked: true, Items: []clinic.Allergy{{Substance: "Penicilin"}}}},
		clinic.Draft{Kind: clinic.KindAsked, Subject: a, Body: &clinic.Asked{Consent: clinic.ConsentEmergency, Words: "ngất"}})
	write("tram-03", 2,
		person(b, func(p *clinic.Patient) {
			p.Name, p.Birth, p.Source, p.Address = "NGUYEN THI HOA", clinic.Date{Year: 1984}, clinic.SourceTyped, ""
		}),
		person(clinic.ID{0xc3}, func(p *clinic.Patient) { p.Name, p.Birth.Year, p.Identifiers = "Lê Thị Khác", 1991, nil }))
	write("luu-dong-01", 3, person(clinic.ID{0xd4}, nil))
	return a, b
}

// TestMergeDesk: the list shows nobody, each look at two patients is in the history, and
// what was decided is said, shown and can be taken back.
func TestMergeDesk(t *testing.T) {
	s := openSite(t, true)
	s.enter()
	a, b := s.patients()
	if err := s.merge.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, list := s.get("/patients")
	has(t, list, "Người bệnh có nhiều mã", "số định danh", "năm sinh", "tram-03", "/patients/"+a.String()+"/"+b.String())
	if code != 200 || strings.Contains(list, "Hòa") || strings.Contains(list, "056184000017") || strings.Contains(list, "HOA") {
		t.Error("the list shows who it is", code)
	}
	looks := func() int {
		t.Helper()
		_, h := s.get("/history")
		return strings.Count(h, "Xem hai người bệnh")
	}
	if looks() != 0 {
		t.Error("a look is noted that nobody took")
	}
	path := "/patients/" + a.String() + "/" + b.String()
	_, page := s.get(path)
	has(t, page, "Nguyễn Thị Hòa", "NGUYEN THI HOA", "056184000017 ✓ đọc từ thẻ", "Penicilin", "chưa hỏi", "họ tên (không dấu)", "Trang này có thông tin người bệnh")
	if looks() != 1 {
		t.Error("the look is not in the history")
	}
	form := func(page, do string) url.Values {
		t.Helper()
		v := url.Values{"do": {do}}
		for _, k := range []string{"key", "mark"} {
			m := regexp.MustCompile(`name="` + k + `" value="([^"]*)"`).FindStringSubmatch(page)
			if m == nil {
				t.Fatal("no", k)
			}
			v.Set(k, m[1])
		}
		return v
	}
	same := form(page, "same")
	_, done := s.post(path, same)
	has(t, done, "Đã nối. Các hộp sẽ nhận được.", "cùng một người")
	s.post(path, same) // twice is once
	same.Set("key", "another")
	if code, again := s.post(path, same); code != http.StatusConflict {
		t.Error("an old page counts", code, again)
	}
	if err := s.merge.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, page = s.get(path)
	has(t, page, "Đang nối", "Rút lại quyết định", "Đã trả lời")
	_, _ = s.post(path, form(page, "open"))
	_, page = s.get(path)
	_, done = s.post(path, form(page, "apart"))
	has(t, done, "Đã ghi: hai người khác nhau.", "rút lại")
	_, h := s.get("/history")
	has(t, h, "Nối hai mã", "Rút lại câu trả lời", "Hai người khác nhau")
	for _, bad := range []string{"/patients/x/y", "/patients/" + a.String() + "/" + clinic.ID{7}.String(), "/patients/" + a.String() + "/" + a.String()} {
		if code, _ := s.get(bad); code != http.StatusNotFound {
			t.Error(bad, code)
		}
	}
}

// TestMergeDeskScreenshots writes pictures to the folder in CLINICHUB_SHOTS.
func TestMergeDeskScreenshots(t *testing.T) {
	dir := os.Getenv("CLINICHUB_SHOTS")
	if dir == "" {
		t.Skip("CLINICHUB_SHOTS is not set")
	}
	s := openSite(t, true)
	a, b := s.patients()
	if err := s.merge.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	actx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoSandbox)
	defer cancel()
	ctx, cancel := chromedp.NewContext(actx)
	defer cancel()
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(what, err)
		}
	}
	do("log in", chromedp.Navigate(s.URL+"/"), chromedp.SetValue(chromedp.CSS("#token"), token), chromedp.Submit(chromedp.CSS("#token")), chromedp.WaitVisible(chromedp.CSS(".sum")))
	for name, width := range map[string]int64{"": 1280, "-phone": 420} {
		for _, lang := range []string{"vi", "en"} {
			s.lang(ctx, lang)
			for page, path := range map[string]string{"patients": "/patients", "pair": "/patients/" + a.String() + "/" + b.String()} {
				do(page, chromedp.EmulateViewport(width, 800), chromedp.Navigate(s.URL+path), chromedp.WaitReady(chromedp.CSS("#main")))
				png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "desk-"+page+"-"+lang+name+".png"), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestAskedList: who asked about a patient, why and what came of it, without a name.
func TestAskedList(t *testing.T) {
	s := openSite(t, true)
	s.enter()
	a, _ := s.patients()
	if _, body := s.get("/patients/asked"); strings.Contains(body, "chưa có đồng ý") {
		t.Error("a question that nobody asked")
	}
	if err := s.merge.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, body := s.get("/patients/asked")
	has(t, body, "chưa có đồng ý", "chưa trả lời", "/boxes/tram-01")
	if code != http.StatusOK || strings.Contains(body, a.String()) || strings.Contains(body, "Hòa") || strings.Contains(body, "ngất") {
		t.Errorf("%d %s", code, body)
	}
	if _, body := s.get("/patients/asked?box=tram-99"); strings.Contains(body, "chưa có đồng ý") {
		t.Error("another box's question")
	}
}
