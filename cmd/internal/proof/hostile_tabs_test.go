package proof

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// queued registers an invented patient and returns the address of the visit.
func (v *visitor) queued(name string) string {
	v.h.t.Helper()
	return v.saves("/register", hostilePerson(name))
}

// TestFormSentTwice sends forms again, as they were and with something else in them.
func TestFormSentTwice(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileDoctor)
	before := h.entries()
	f := v.form("/register", hostilePerson("Mai Thị Đôi"))
	first := v.post("/register", f)
	if again := v.post("/register", f); first.status != http.StatusSeeOther || again.location != first.location {
		t.Fatalf("a form sent twice leads to %q, then %q", first.location, again.location)
	}
	if n := h.entries() - before; n != 2 { // the patient and the visit
		t.Fatalf("a form sent twice saved %d entries", n)
	}
	visit := first.location
	exam := v.form(visit+"/exam", url.Values{"reason": {"ho ra máu"}, "finding": {"ran nổ"}, "do": {"save"}})
	if _, err := v.saved(visit+"/exam", exam); err != nil {
		t.Fatal(err)
	}
	n := h.entries()
	if _, err := v.saved(visit+"/exam", exam); err != nil || h.entries() != n {
		t.Fatalf("the examination sent twice: %v, %d entries more", err, h.entries()-n)
	}
	other := with(exam, "finding", "phổi trong")
	another := with(f, "name", "Mai Thị Khác")
	v.refuses([]ask{
		{"an old examination with other words", func() page { return v.post(visit+"/exam", other) }, 422, "form.stale", []string{"phổi trong", "ho ra máu"}},
		{"an old registration of somebody else", func() page { return v.post("/register", another) }, 422, "form.stale", []string{"Mai Thị Khác", "Thôn Bãi Sau"}},
	})
	if p := v.get(visit); !strings.Contains(p.text(), "ran nổ") {
		t.Error("the examination is not what was saved first")
	}
	h.log.Absent("Mai Thị", "ho ra máu", "ran nổ", "phổi trong")
}

// TestTwoTabs works on two patients in two tabs of one browser and mixes them.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileDoctor)
	a, b := v.queued("Mai Thị Một"), v.queued("Đỗ Văn Hai")
	idsOf := func(visit string) (patient, id string) {
		parts := strings.Split(visit, "/")
		return parts[2], parts[4]
	}
	pa, va := idsOf(a)
	pb, vb := idsOf(b)
	fill := url.Values{"reason": {"đau bụng"}, "do": {"save"}}
	var asks []ask
	for _, c := range []struct {
		name, path, patient, visit string
		status                     int
		key                        string
	}{
		{"the form of A at the address of B", b, pa, va, 409, "trouble.mixed"},
		{"patient A with the visit of B", a, pa, vb, 409, "trouble.mixed"},
		{"an address of A with the visit of B", "/patients/" + pa + "/visits/" + vb, pa, vb, 409, "form.mixed"},
		{"an address of B with the visit of A", "/patients/" + pb + "/visits/" + va, pb, va, 409, "form.mixed"},
		{"no IDs in the form", a, "", "", 409, "trouble.mixed"},
		{"a visit of nobody", "/patients/" + pa + "/visits/" + clinic.NewID().String(), pa, "", 409, "trouble.mixed"},
	} {
		for _, step := range []string{"vitals", "exam", "diagnosis", "prescription", "bill", "appointment", "sign", "end", "print"} {
			asks = append(asks, ask{c.name + ": " + step, func() page {
				f := v.form(a+"/exam", fill)
				f.Set("patient", c.patient)
				f.Set("visit", c.visit)
				return v.post(c.path+"/"+step, f)
			}, c.status, c.key, nil})
		}
	}
	// Only the desk looks at the visit's patient when a slip is printed; its answer is
	// a note on the next page, which is the page of the mixed address itself.
	keep := asks[:0]
	for _, x := range asks {
		if x.key == "form.mixed" && strings.HasSuffix(x.name, ": print") {
			continue
		}
		keep = append(keep, x)
	}
	v.refuses(keep)
	p := v.post("/patients/"+pa+"/visits/"+vb+"/print", url.Values{"patient": {pa}, "visit": {vb}, "act": {clinic.NewID().String()}})
	h.inWords("print a slip of another", "vi", v.get(p.location), "form.mixed")
	h.log.Absent("Mai Thị", "Đỗ Văn", "đau bụng")
}

// TestChangedByAColleague saves forms that were opened before a colleague saved.
func TestChangedByAColleague(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	mine, theirs := h.login(hostileDoctor), h.login(hostileColleague)
	visit := mine.queued("Mai Thị Chung")
	patient := strings.Split(visit, "/visits/")[0]
	words := func(s string) url.Values { return url.Values{"reason": {s}, "do": {"save"}} }
	first := mine.form(visit+"/exam", words("của tôi lần đầu"))
	theirs.saves(visit+"/exam", words("của đồng nghiệp"))
	mine.refuses([]ask{{"a second first examination", func() page {
		first.Set("act", clinic.NewID().String())
		return mine.post(visit+"/exam", first)
	}, 422, "form.changed", []string{"của tôi lần đầu", "của đồng nghiệp"}}})
	mine.throws(visit + "/exam")
	stale := mine.form(visit+"/exam", words("của tôi"))
	theirs.saves(visit+"/exam", words("đồng nghiệp viết lại"))
	details := mine.form(patient+"/edit", url.Values{"phone": {"0200 999 888"}})
	theirs.saves(patient+"/edit", url.Values{"address": {"Thôn Mới"}, "sex": {"2"}})
	allergies := mine.form(patient+"/allergies", url.Values{"known": {"no"}})
	theirs.saves(patient+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicilin"}})
	mine.refuses([]ask{
		{"an examination", func() page { return mine.post(visit+"/exam", stale) }, 422, "form.changed", []string{"của tôi", "đồng nghiệp viết lại"}},
		{"details", func() page { return mine.post(patient+"/edit", with(details, "sex", "2")) }, 422, "form.changed", []string{"0200 999 888", "Thôn Mới"}},
		{"allergies", func() page { return mine.post(patient+"/allergies", allergies) }, 422, "form.changed", []string{"Penicilin"}},
	})
	// What the page shows now is what the next save corrects.
	if p, err := mine.browser.post(visit+"/exam", stale); err == nil {
		f, err := p.form()
		if err == nil {
			_, err = mine.saved(visit+"/exam", with(f, "do", "save"))
		}
		if err != nil {
			t.Error("the second save:", err)
		}
	}
	h.log.Absent("Mai Thị", "của tôi", "Penicilin", "0200 999 888")
}

// throws discards what was typed on a page and not saved.
func (v *visitor) throws(path string) {
	v.h.t.Helper()
	if p := v.post("/draft/forget", url.Values{"draft": {path}}); p.status != http.StatusSeeOther {
		v.h.t.Fatal(p.status, p.text())
	}
}

// TestWhoHasLeft goes on in a session of somebody who left meanwhile, and in one of
// somebody whose role reaches no records.
func TestWhoHasLeft(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	nurse, leaver, technician := h.login(hostileNurse), h.login(hostileColleague), h.login(hostileTechnician)
	visit := nurse.queued("Mai Thị Ở")
	patient := strings.Split(visit, "/visits/")[0]
	exam := leaver.form(visit+"/exam", url.Values{"reason": {"đau đầu"}, "do": {"save"}})
	s := h.staff[hostileColleague]
	s.Left = true
	if _, err := h.desk.SaveStaff(t.Context(), desk.Call{Act: clinic.NewID(), By: h.staff[hostileAdmin].ID},
		desk.StaffInput{Person: s.ID, Staff: s.Staff}); err != nil {
		t.Fatal(err)
	}
	get := func(v *visitor, path string) func() page { return func() page { return v.get(path) } }
	leaver.refused([]ask{
		{"today's list", get(leaver, "/"), 403, "staff.none", nil},
		{"a patient", get(leaver, patient), 403, "staff.none", nil},
		{"a visit", get(leaver, visit), 403, "staff.none", nil},
		{"an examination", func() page { return leaver.post(visit+"/exam", exam) }, 403, "staff.none", nil},
		{"a registration", func() page {
			return leaver.post("/register", with(hostilePerson("Ai Đó"), "act", clinic.NewID().String()))
		}, 422, "staff.none", []string{"Ai Đó"}},
		{"find", func() page { return leaver.post("/find", url.Values{"q": {"Mai"}}) }, 422, "staff.none", nil},
		{"log in", func() page { return h.comes().with(leaver).post("/login/"+s.ID.String(), url.Values{"pin": {s.PIN}}) }, 404, "trouble.none", nil},
	})
	var asks []ask
	for _, path := range []string{"/", "/find", "/scan", "/register", patient, visit, visit + "/exam", "/events", patient + "/allergies"} {
		asks = append(asks, ask{"technician at " + path, get(technician, path), 403, "trouble.role", nil})
	}
	technician.refused(asks)
	h.goesOn(nurse)
	h.log.Absent("Mai Thị", "đau đầu", "Ai Đó")
}

// with speaks the language of another visitor.
func (v *visitor) with(o *visitor) *visitor {
	for _, c := range o.client.Jar.Cookies(o.address()) {
		if strings.HasSuffix(c.Name, "_lang") {
			v.client.Jar.SetCookies(v.address(), []*http.Cookie{c})
		}
	}
	return v
}

func (v *visitor) address() *url.URL {
	u, err := url.Parse(v.base)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return u
}
