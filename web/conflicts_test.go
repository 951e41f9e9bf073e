package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// fork lets another box have changed a patient's details and a visit's examination from
// the same versions as this one did since.
func (w *world) fork(b *browser, visit string) {
	w.t.Helper()
	id, err := clinic.ParseID(visit[10:42])
	v, err2 := clinic.ParseID(visit[50:])
	if err != nil || err2 != nil {
		w.t.Fatal(err, err2)
	}
	last := func() (details, exam clinic.Record) {
		err := w.store.View(w.t.Context(), func(r desk.Reader) error {
			records, err := r.Records(id)
			for _, x := range records {
				switch x.Body.(type) {
				case *clinic.Patient:
					details = x
				case *clinic.Exam:
					exam = x
				}
			}
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		return details, exam
	}
	details, exam := last()
	other := *details.Body.(*clinic.Patient)
	other.Address, other.Phone = "Thôn Hòn Rùa", "0200 111 222"
	change := person(other.Name, "")
	if n, ok := other.Current(clinic.SystemCitizen, clinic.Date{Year: 2026, Month: 11, Day: 2}); ok {
		change = person(other.Name, n.Value)
	}
	change.Set("address", "Thôn Bãi Tây")
	if a := b.send(visit[:42]+"/edit", change); a.status != http.StatusSeeOther {
		w.t.Fatal(a.status, a.text())
	}
	if a := b.send(visit+"/exam", url.Values{"reason": {"đau lưng từ sáng"}, "why": {"hỏi lại"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		w.t.Fatal(a.status, a.text())
	}
	err = w.store.Receive(w.doctor,
		clinic.Draft{Kind: clinic.KindPatient, Subject: id, Corrects: details.Leaf, Body: &other},
		clinic.Draft{Kind: clinic.KindExam, Subject: id, Visit: v, Corrects: exam.Leaf, Body: &clinic.Exam{Reason: "sốt từ tối qua"}},
		clinic.Draft{Kind: clinic.KindAllergies, Subject: id, Body: &clinic.Allergies{Items: []clinic.Allergy{{Substance: "Tôm"}}}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestConflictPages: what two boxes wrote apart is listed, shown and chosen between; the
// allergies of both hold at once, nothing is lost, and an old page chooses nothing.
func TestConflictPages(t *testing.T) {
	w := newWorld(t, 0)
	nurse, b := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	if a := nurse.get("/conflicts"); !strings.Contains(a.text(), "Không có hồ sơ nào ghi khác nhau") {
		t.Fatal(a.status, a.text())
	}
	visit := nurse.opened("Phạm Thị Sương", "056161012345")
	b.examined(visit)
	nurse.send(visit[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}})
	w.fork(b, visit)
	list := b.get("/conflicts")
	for _, want := range []string{"Phạm Thị Sương", "Hành chính được sửa ở hai nơi", "Hai bản của một phần khám", "Dị ứng ghi ở nhiều nơi", visit[:42] + "/choose", visit + "/versions/exam"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the list lacks %s: %s", want, list.text())
		}
	}
	for _, page := range []string{visit[:42], visit} {
		if a := b.get(page).text(); !strings.Contains(a, "Tôm") || !strings.Contains(a, "Penicillin") {
			t.Errorf("%s does not show both allergies", page)
		}
	}
	if a := b.get(visit[:42]).text(); !strings.Contains(a, "Hành chính được sửa ở hai nơi") {
		t.Error("the patient's page says nothing")
	}

	page := nurse.get(visit[:42] + "/choose")
	if n := strings.Count(page.body, "khác nhau"); n == 0 || n%2 != 0 {
		t.Errorf("%d details are marked as not the same on two versions", n)
	}
	both := []string{"Thôn Hòn Rùa", "Thôn Bãi Tây", "mới nhất, đang dùng"}
	for _, want := range both {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the choice lacks %s", want)
		}
	}
	form := lastForm(page, visit[:42]+"/choose") // of what was written here
	if a := nurse.post(visit[:42]+"/choose", form); a.status != http.StatusSeeOther || a.location != visit[:42] {
		t.Fatal(a.status, a.text())
	}
	if a := nurse.get(visit[:42]).text(); !strings.Contains(a, "Thôn Bãi Tây") || strings.Contains(a, "Hành chính được sửa") {
		t.Error("the choice does not hold", a)
	}
	n := w.store.Len()
	form.Set("act", clinic.NewID().String())
	nurse.post(visit[:42]+"/choose", form)
	if w.store.Len() != n {
		t.Error("an old page chooses")
	}

	at := visit + "/versions/exam"
	if a := nurse.get(at); strings.Contains(a.body, "/choose") {
		t.Error("a nurse may choose between examinations")
	}
	page = b.get(at)
	if strings.Count(page.body, visit+"/choose") != 2 {
		t.Fatal("no choice between two", page.text())
	}
	form = lastForm(page, visit+"/choose")
	if a := nurse.post(visit+"/choose", form); a.status == http.StatusSeeOther && w.store.Len() != n {
		t.Error("a nurse chose")
	}
	if a := b.post(visit+"/choose", form); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	if a := b.get(visit).text(); !strings.Contains(a, "đau lưng từ sáng") || strings.Contains(a, "Hai nơi sửa khác nhau") {
		t.Error("the choice does not hold")
	}
	if a := b.get(at).text(); !strings.Contains(a, "sốt từ tối qua") {
		t.Error("the other version is gone")
	}
	if a := b.get("/conflicts").text(); strings.Contains(a, "Hai bản") || strings.Contains(a, "Hành chính được") {
		t.Error("still listed:", a)
	}
}

// TestManyConflicts: the list comes in parts, and an address that is none begins anew.
func TestManyConflicts(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	for i := range 60 {
		id, name := clinic.NewID(), fmt.Sprintf("Trần Thị Giả %02d.", i)
		for _, address := range []string{"Thôn Hòn Rùa", "Thôn Bãi Tây"} {
			err := w.store.Receive(w.doctor, clinic.Draft{Kind: clinic.KindPatient, Subject: id, Body: &clinic.Patient{Name: name, Address: address}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	page := b.get("/conflicts")
	_, rest, more := strings.Cut(page.body, `href="/conflicts?from=`)
	next, _, _ := strings.Cut(rest, `"`)
	if n := strings.Count(page.text(), "Trần Thị Giả"); n != 50 || !more || !strings.Contains(page.text(), "còn nhiều nhất 10 người") {
		t.Fatalf("%d rows, more: %v\n%s", n, more, page.text())
	}
	last := b.get("/conflicts?from=" + next)
	if n := strings.Count(last.text(), "Trần Thị Giả"); n != 10 || strings.Contains(last.body, "/conflicts?from=") {
		t.Fatalf("%d rows on the last page\n%s", n, last.text())
	}
	if a := b.get("/conflicts?from=x"); strings.Count(a.text(), "Trần Thị Giả") != 50 {
		t.Error("an address that is none")
	}
}

// lastForm returns the hidden fields of the last form of a page that goes to the path.
func lastForm(page answer, path string) url.Values {
	_, rest, _ := strings.Cut(page.body[strings.LastIndex(page.body, `<form method="post" action="`+path+`"`):], ">")
	rest, _, _ = strings.Cut(rest, "</form>")
	v := url.Values{}
	for _, field := range strings.Split(rest, `<input type="hidden" name="`)[1:] {
		parts := strings.SplitN(field, `"`, 4)
		v.Set(parts[0], parts[2])
	}
	return v
}
