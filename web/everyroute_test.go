package web

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// noPage are the GET routes that answer with no page of words, and why.
func noPage() map[string]string {
	return map[string]string{
		"GET /patients/{patient}/lab/samples/{number}": "leads on to another page",
		"GET /events":                       "a stream, whose words are those of scans",
		"GET /patients/{patient}/elsewhere": "one word for the script of a page that waits",
		"GET /books/month.csv":              "a file",
		"GET /healthz":                      "code words for the supervisor",
		"GET /assets/":                      "files",
		"GET /favicon.ico":                  "a picture",
		"GET /trust":                        "looked at as a bare page",
		"GET /trust/qr.png":                 "a picture",
		"GET /trust/clinicbox-root.crt":     "a file",
		"GET /trust/clinicbox-root.pem":     "a file",
		"GET /machine/request/{part}":       "a picture",
		"GET /patients/{patient}/visits/{visit}/legal/{leaf}/file": "a file",
	}
}

// everyRoute fails for a page of the route table that is not among the pages: a new one
// cannot be forgotten.
func everyRoute(w *world, pages map[string]answer) {
	w.t.Helper()
	open := map[string]handler{}
	for _, m := range []map[string]handler{w.web.publicRoutes(), w.web.staffRoutes(), w.web.recordRoutes()} {
		maps.Copy(open, m)
	}
	for set, routes := range map[string]map[string]handler{"": open, "bare ": (&locked{}).routes()} {
		mux := http.NewServeMux()
		for pattern := range routes {
			mux.Handle(pattern, http.NotFoundHandler())
		}
		seen := map[string]bool{}
		for name, a := range pages {
			method, path, _ := strings.Cut(a.asked, " ")
			if a.status != http.StatusOK || strings.HasPrefix(name, "bare ") != (set != "") {
				continue
			}
			_, pattern := mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}, Host: "box.test"})
			seen[pattern] = true
		}
		for pattern := range routes {
			if strings.HasPrefix(pattern, "GET ") && !seen[pattern] && noPage()[pattern] == "" {
				w.t.Errorf("%s%s is a page that this test never looks at", set, pattern)
			}
		}
	}
}

// troubledPages adds the pages of records that are linked, that lost something, and whose
// signatures do not hold.
func troubledPages(w *world, pages map[string]answer) {
	w.t.Helper()
	w.keyed()
	d := newDoubled(w.t, w, "056161044444")
	pages["hint"], pages["same"] = d.nurses.get(d.b[:42]), d.nurses.get(d.pair())
	d.answer(d.nurses, d.pair(), url.Values{"do": {"yes"}, "why": {"cùng chồng"}})
	pages["linked"], pages["linked looks"] = d.nurses.get(d.a[:42]+"?was=1"), d.nurses.get(d.a[:42]+"/looks")
	apart := d.a[:42] + "/apart/" + d.b[10:42]
	pages["apart"], pages["apart refused"] = d.doctors.get(apart), d.answer(d.doctors, apart, nil)
	d.answer(d.doctors, apart, url.Values{"why": {"hai chị em"}})
	pages["parted"] = d.nurses.get(d.b[:42])

	visit := d.nurses.opened("Lê Thị Mất", "056161055555")
	id, _ := clinic.ParseID(visit[10:42])
	d.nurses.send(visit[:42]+"/allergies", url.Values{"known": {"no"}})
	d.doctors.examined(visit)
	d.doctors.sign(visit)
	w.lose(id, clinic.KindExam)
	w.lose(id, clinic.KindAllergies)
	again := d.nurses.post(visit[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {id.String()}, "do": {"another"}})
	d.doctors.examined(again.location, "prescription")
	pages["asks first"] = d.doctors.send(again.location+"/prescription", w.medicine("paracetamol"))
	for _, path := range []string{"", "/allergies", "/looks", "/edit"} {
		pages["lost"+path] = d.nurses.get(visit[:42] + path)
	}
	for _, path := range []string{"", "/check", "/prescription", "/exam", "/versions/diagnosis"} {
		pages["lost visit"+path] = d.doctors.get(visit + path)
	}
	pages["lost today"], pages["lost compared"] = d.nurses.get("/"), d.nurses.get(visit[:42]+"/same/"+d.a[10:42])
	w.loseDetails(id)
	pages["nameless"], pages["nameless edit"], pages["nameless today"] = d.nurses.get(visit[:42]), d.nurses.get(visit[:42]+"/edit"), d.nurses.get("/")

	broken := d.nurses.opened("Ngô Văn Giả", "")
	d.doctors.examined(broken)
	w.voided(broken)
	pages["broken"], pages["broken check"] = d.nurses.get(broken), d.doctors.get(broken+"/check")

	w.scans["both"] = clinic.Scan{Kind: clinic.ScanInsurance, Patient: clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemPassport, Value: "C7654321"}}}}
	for range 2 {
		w.put(clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.NewID(), Body: &clinic.Patient{
			Name: "Hai Người", Folded: "hai nguoi", Birth: clinic.Date{Year: 1990}, Sex: clinic.SexMale, Identifiers: w.scans["both"].Patient.Identifiers,
		}})
	}
	scan := w.web.scans.add([]byte("both"), true).String()
	pages["scan"] = d.nurses.get("/scan/" + scan)
	admin := w.login(w.admin, adminPIN)
	w.login(w.doctor, doctorPIN)
	pages["vouch"] = admin.get("/staff/" + w.doctor.String() + "/key")
}

func (w *world) put(d ...clinic.Draft) {
	w.t.Helper()
	_, err := w.store.Act(w.t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return d, nil })
	w.must(err)
}

// loseDetails makes every version of a patient's details unreadable.
func (w *world) loseDetails(patient clinic.ID) {
	w.t.Helper()
	page, err := w.desk.PatientPage(w.t.Context(), w.doctor, patient)
	w.must(err)
	for _, v := range page.Versions {
		w.store.Lose(v.Leaf)
	}
}

// voided puts a signature on a visit that nobody made.
func (w *world) voided(visit string) {
	w.t.Helper()
	p, _ := clinic.ParseID(visit[10:42])
	v, _ := clinic.ParseID(visit[50:])
	page, err := w.desk.VisitPage(w.t.Context(), w.doctor, p, v)
	w.must(err)
	body := &clinic.Signed{Method: 1, Key: make([]byte, 16), Sig: make([]byte, 64)}
	for _, l := range page.Visit.Unsigned() {
		body.Leaves = append(body.Leaves, l[:])
	}
	_, err = w.store.Act(w.t.Context(), clinic.NewID(), w.doctor, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindSigned, Subject: p, Visit: v, Body: body}}, nil
	})
	w.must(err)
}

// medicine is a prescription of one.
func (w *world) medicine(name string) url.Values {
	return url.Values{
		"medicine.0": {w.code(clinic.CatalogMedicine, name)}, "dose.0": {"1"}, "times.0": {"3"}, "days.0": {"5"}, "do": {"save"},
	}
}

// TestShotsOfTrouble takes pictures of what is lost, linked and not signed, in both
// languages.
func TestShotsOfTrouble(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	w.keyed()
	d := newDoubled(t, w)
	visit := d.nurses.opened("Lê Thị Mất", "056161055555")
	id, _ := clinic.ParseID(visit[10:42])
	d.nurses.send(visit[:42]+"/allergies", url.Values{"known": {"no"}})
	d.doctors.examined(visit)
	d.doctors.sign(visit)
	w.lose(id, clinic.KindExam)
	w.lose(id, clinic.KindAllergies)
	again := d.nurses.post(visit[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {id.String()}, "do": {"another"}}).location
	d.doctors.examined(again, "prescription")
	nameless := d.nurses.opened("Trần Mất Tên", "056161066666")
	of, _ := clinic.ParseID(nameless[10:42])
	w.loseDetails(of)
	broken := d.nurses.opened("Ngô Văn Giả", "")
	d.doctors.examined(broken)
	w.voided(broken)
	w.box.warnings = append(w.box.warnings, Warning{Code: "rot", Bad: true, Words: map[string]string{"vi": "Có 3 mục không đọc được nữa.", "en": "3 entries can no longer be read."}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("n-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-login", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-switch", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-patient", c.to(visit[:42]))
		shot("02-visit", c.to(visit))
		shot("03-prescription", c.to(again+"/prescription"))
		shot("04-typed", typing("#q", "paracetamol"), wait("#found button"), press("#found button"), wait("#dose\\.0"),
			typing("#dose\\.0", "1"), typing("#times\\.0", "2"), typing("#days\\.0", "5"))
		shot("05-stopped", press("button[value=save]"), wait("#known"))
		shot("06-allergies", c.to(visit[:42]+"/allergies"))
		shot("07-check", c.to(again+"/check"))
		shot("08-broken", c.to(broken))
		shot("09-broken-check", c.to(broken+"/check"))
		shot("10-nameless", c.to(nameless[:42]))
		shot("11-today", c.to("/"))
		shot("12-same", c.to(d.pair()))
		shot("13-lost-same", c.to(visit[:42]+"/same/"+d.a[10:42]))
		shot("14-status", c.to("/status"))
	}
	d.answer(d.nurses, d.pair(), url.Values{"do": {"yes"}, "why": {"cùng chồng"}})
	c.shot("n-en-15-linked", c.to(d.a[:42]))
	c.shot("n-en-16-apart", c.to(d.a[:42]+"/apart/"+d.b[10:42]))
	c.shot("n-vi-15-linked", press("button[name=lang]"), wait("html[lang=vi]"), c.to(d.a[:42]))
	c.shot("n-vi-16-apart", c.to(d.a[:42]+"/apart/"+d.b[10:42]))
}
