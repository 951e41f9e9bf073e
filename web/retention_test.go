package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// old saves a visit of an earlier year as the box would have then.
func (w *world) old(year int, icd string) (patient, visit clinic.ID) {
	w.t.Helper()
	patient, visit = clinic.NewID(), clinic.NewID()
	day := clinic.Date{Year: year, Month: 5, Day: 4}
	drafts := []clinic.Draft{
		{Kind: clinic.KindPatient, Subject: patient, Body: &clinic.Patient{Name: "Lê Thị Xưa", Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1950}}},
		{Kind: clinic.KindVisit, Subject: patient, Visit: visit, Event: day.Time(), Body: &clinic.Visit{
			Key: fmt.Sprintf("22736a%02d05040001", year%100), Day: day, Queue: 1,
		}},
		{Kind: clinic.KindDiagnosis, Subject: patient, Visit: visit, Event: day.Time(), Body: &clinic.Diagnosis{Main: icd, Text: "?"}},
	}
	_, err := w.store.Act(w.t.Context(), clinic.NewID(), w.doctor, func(desk.Reader) ([]clinic.Draft, error) { return drafts, nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return patient, visit
}

// shut protects a patient's record.
func (w *world) shut(patient clinic.ID) {
	w.t.Helper()
	_, err := w.store.Act(w.t.Context(), clinic.NewID(), w.doctor, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindProtection, Subject: patient, Body: &clinic.Protection{On: true}}}, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestRetention: what is due is listed for administrators, by the longest rule that
// applies and from the end of its year; nothing is deleted, nobody is named.
func TestRetention(t *testing.T) {
	w := newWorld(t, time.Hour) // on 2026-11-22
	patient, visit := w.old(2015, "J06.9")
	_, mad := w.old(2014, "F32.0")
	_, young := w.old(2016, "J06.9")
	admin := w.login(w.admin, adminPIN)
	a := admin.get("/retention")
	if a.status != http.StatusOK || !strings.Contains(a.body, visit.String()) || strings.Contains(a.body, "Xưa") {
		t.Errorf("the visit that is due is not listed, or named: %d", a.status)
	}
	for why, v := range map[string]clinic.ID{"20 years": mad, "until the end of 2026": young} {
		if strings.Contains(a.body, v.String()) {
			t.Error("listed though it must be kept:", why)
		}
	}
	for _, words := range []string{"22736a1505040001", "31/12/2025", "10 năm", "30 năm"} {
		if !strings.Contains(a.body, words) {
			t.Error("not said:", words)
		}
	}
	hidden, closed := w.old(2004, "F20.0")
	w.shut(hidden)
	a = admin.get("/retention")
	head, _, _ := strings.Cut(a.body, "Thời hạn lưu trữ đang áp dụng")
	if !strings.Contains(head, closed.String()) || !strings.Contains(head, "Hồ sơ được bảo vệ") || strings.Contains(head, "tâm thần") {
		t.Error("a protected record is not listed, or the list tells its illness")
	}
	if b := w.login(w.doctor, doctorPIN); b.get("/retention").status != http.StatusForbidden || b.get("/patients/"+patient.String()).status != http.StatusOK {
		t.Error("others see the list, or the record is gone")
	}
}
