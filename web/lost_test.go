package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// lose damages what the patient's latest record of the kind is.
func (w *world) lose(patient clinic.ID, kind clinic.Kind) {
	w.t.Helper()
	page, err := w.desk.PatientPage(w.t.Context(), w.doctor, patient)
	w.must(err)
	if n := len(page.Allergies.Versions); kind == clinic.KindAllergies && n > 0 {
		w.store.Lose(page.Allergies.Versions[n-1].Leaf)
	} else if d := page.Visits[0].Doc(kind); d == nil || !w.store.Lose(d.Leaf()) {
		w.t.Fatal("nothing to lose")
	}
}

// TestWhatIsLostIsLoud: a record that lost an entry is nowhere shown as whole, in both
// languages; lost allergies are never "none", until they are asked again.
func TestWhatIsLostIsLoud(t *testing.T) {
	for lang, words := range map[string]map[string]string{
		"vi": {
			"torn": "Thiếu phần đã ký", "visit": "1 mục của lượt khám này không đọc được", "patient": "mục của người bệnh này không đọc được",
			"maybe": "có thể thuộc lượt khám này", "do": "hỏi lại người bệnh", "lost": "Dị ứng: không đọc được – hỏi lại", "none": "Đã hỏi, không có",
		},
		"en": {
			"torn": "A signed part is missing", "visit": "1 entry of this visit cannot be read", "patient": "of this patient cannot be read",
			"maybe": "may be of this visit", "do": "ask the patient again", "lost": "Allergies: cannot be read – ask again", "none": "Asked, none known",
		},
	} {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t, 0)
			w.keyed()
			w.speaking(lang)
			nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
			visit := nurse.opened("Phạm Thị Sương", "056161012345")
			patient := visit[:42]
			id, _ := clinic.ParseID(visit[10:42])
			ask := func() {
				if a := nurse.send(patient+"/allergies", url.Values{"known": {"no"}}); a.status != http.StatusSeeOther {
					t.Fatal(a.status, a.text())
				}
			}
			ask()
			doctor.examined(visit)
			doctor.sign(visit)
			says := func(path string, want ...string) {
				t.Helper()
				a := nurse.get(path)
				for _, key := range want {
					if !strings.Contains(a.text(), words[key]) {
						t.Errorf("%s does not say %q: %s", path, words[key], a.text())
					}
				}
				for _, key := range []string{"torn", "visit", "maybe", "lost"} {
					if !slices.Contains(want, key) && strings.Contains(a.text(), words[key]) {
						t.Errorf("%s says %q", path, words[key])
					}
				}
			}
			says(visit, "none")
			says(patient, "none")

			w.lose(id, clinic.KindExam)
			says(visit, "torn", "visit", "do")
			says(patient, "torn", "patient", "do")
			says("/", "torn")

			w.lose(id, clinic.KindAllergies)
			says(visit, "torn", "visit", "lost")
			says(patient, "torn", "patient", "lost")
			if a := nurse.get(patient); strings.Contains(a.text(), words["none"]) {
				t.Error("lost allergies are none:", a.text())
			}
			ask()
			says(patient, "torn", "patient", "none")

			second := nurse.opened("Trần Văn Đảo", "")
			other, _ := clinic.ParseID(second[10:42])
			doctor.examined(second)
			w.lose(other, clinic.KindExam) // nothing says of which visit it was
			says(second, "maybe", "do")
			w.log.Absent("Sương", id.String())
		})
	}
}

// TestLaterVersionIsNotSigned: a change after the signature is shown as not signed, and
// signed alone; the bill needs none.
func TestLaterVersionIsNotSigned(t *testing.T) {
	w := newWorld(t, 0)
	w.keyed()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "")
	doctor.examined(visit)
	doctor.sign(visit)
	const pending = "Sửa sau khi ký: bản này chưa ký"
	if a := nurse.get(visit); strings.Contains(a.text(), pending) {
		t.Error(a.text())
	}
	if a := doctor.send(visit+"/exam", url.Values{"reason": {"Ho, sốt 5 ngày"}, "finding": {"Họng đỏ"}, "why": {"nghe nhầm"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	if a := nurse.get(visit); strings.Count(a.text(), pending) != 1 {
		t.Error(a.text())
	}
	if a := nurse.get("/"); !strings.Contains(a.text(), "Đã sửa, cần ký lại") {
		t.Error("the list of the day shows it as signed:", a.text())
	}
	doctor.sign(visit)
	p, _ := clinic.ParseID(visit[10:42])
	v, _ := clinic.ParseID(visit[50:])
	page, err := w.desk.VisitPage(t.Context(), w.doctor, p, v)
	w.must(err)
	last := page.Visit.Signed[len(page.Visit.Signed)-1].Record.Body.(*clinic.Signed)
	if len(last.Leaves) != 1 || clinic.Leaf(last.Leaves[0]) != page.Visit.Doc(clinic.KindExam).Leaf() || page.Visit.State != clinic.VisitSigned {
		t.Errorf("%d documents are signed, the visit is %d", len(last.Leaves), page.Visit.State)
	}
	if a := nurse.get(visit); strings.Contains(a.text(), pending) {
		t.Error(a.text())
	}
}

// TestLostAllergiesInterruptAPrescription: what was typed stays, the answer is recorded,
// then the prescription is saved; until then the doctor cannot sign one.
func TestLostAllergiesInterruptAPrescription(t *testing.T) {
	w := newWorld(t, 0)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "056161012345")
	id, _ := clinic.ParseID(visit[10:42])
	nurse.send(visit[:42]+"/allergies", url.Values{"known": {"no"}})
	doctor.examined(visit)
	w.lose(id, clinic.KindAllergies)
	if a := doctor.get(visit + "/check"); strings.Contains(a.body, `name="pin"`) || !strings.Contains(a.text(), "chưa kê và ký đơn thuốc được") {
		t.Error("the page lets the doctor sign:", a.text())
	}
	typed := w.medicine("amoxicilin")
	typed.Set("advice", "Uống nhiều nước")
	a := doctor.send(visit+"/prescription", typed)
	if a.status != http.StatusConflict || !strings.Contains(a.text(), "Đơn thuốc chưa lưu") {
		t.Fatal(a.status, a.text())
	}
	v := a.hidden()
	v.Set("patient", id.String())
	v.Set("back", visit+"/prescription")
	v.Set("known", "yes")
	v.Set("substance.0", "Aspirin")
	if !strings.Contains(a.body, `name="back" value="`+visit+`/prescription"`) {
		t.Error("the answer does not lead back")
	}
	if a = doctor.post(visit[:42]+"/allergies", v); a.status != http.StatusSeeOther || a.location != visit+"/prescription" {
		t.Fatal(a.status, a.location, a.text())
	}
	a = doctor.get(visit + "/prescription")
	if !strings.Contains(a.body, "Uống nhiều nước") || !strings.Contains(a.body, typed.Get("medicine.0")) || strings.Contains(a.text(), "không đọc được") {
		t.Error("what was typed is gone, or still refused:", a.text())
	}
	if a := doctor.send(visit+"/prescription", typed); a.status != http.StatusSeeOther {
		t.Error(a.status, a.text())
	}
	if a := doctor.get(visit + "/check"); !strings.Contains(a.body, `name="pin"`) {
		t.Error(a.text())
	}
}

// TestNobodyKnownIsNotTheBox: what somebody wrote whose entry is lost is not the box's, and
// a signature that does not count is nobody's.
func TestNobodyKnownIsNotTheBox(t *testing.T) {
	w := newWorld(t, 0)
	w.keyed()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "")
	doctor.examined(visit)
	w.voided(visit)
	if a := nurse.get(visit); strings.Contains(a.text(), "ký lúc") || !strings.Contains(a.text(), "Mang tên BS. Trần Văn Biển") {
		t.Error("a signature that does not count is told as one:", a.text())
	}
	_, page, err := w.staffEntry(w.doctor)
	w.must(err)
	w.store.Lose(page)
	if a := nurse.get(visit); !strings.Contains(a.text(), "Người không rõ tên ghi lúc") || strings.Contains(a.text(), "Máy ghi lúc") {
		t.Error(a.text())
	}
}

// TestLostDetailsAreNotUnasked, and what is typed again takes their place.
func TestLostDetailsAreNotUnasked(t *testing.T) {
	w := newWorld(t, 0)
	nurse := w.login(w.nurse, nursePIN)
	visit := nurse.opened("Phạm Thị Sương", "056161012345")
	id, _ := clinic.ParseID(visit[10:42])
	w.loseDetails(id)
	a := nurse.get(visit[:42])
	if strings.Contains(a.text(), "Giới Chưa hỏi") || strings.Contains(a.text(), "Chưa có số") || strings.Count(a.text(), "Thông tin người bệnh không đọc được") != 2 {
		t.Error(a.text())
	}
	if a := nurse.get("/"); !strings.Contains(a.text(), "Tên không đọc được") {
		t.Error(a.text())
	}
	again := url.Values{"name": {"Phạm Thị Sương"}, "birth.year": {"1961"}, "sex": {"2"}, "citizen": {"056161012345"}}
	if a := nurse.send(visit[:42]+"/edit", again); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	if a := nurse.get(visit[:42]); !strings.Contains(a.text(), "Phạm Thị Sương") || strings.Contains(a.text(), "Tên không đọc được") {
		t.Error(a.text())
	}
}

// staffEntry finds the latest entry about somebody of the staff.
func (w *world) staffEntry(id clinic.ID) (p clinic.Staff, leaf clinic.Leaf, err error) {
	err = w.store.View(w.t.Context(), func(r desk.Reader) error {
		records, err := r.Records(id)
		for _, rec := range records {
			if b, ok := rec.Body.(*clinic.Staff); ok {
				p, leaf = *b, rec.Leaf
			}
		}
		return err
	})
	return p, leaf, err
}
