package desk_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
	"clinicbox/internal/testlog"
)

// secrets are words that a protected record must not show.
func secrets() []string {
	return []string{
		"xóm Kín", "0912345678", "034190012345", "bí mật ho ra máu", "bí mật lý do", "bí mật chẩn đoán", "I10", "Paracetamol",
		"bí mật lời dặn", "bí mật hẹn", "bí mật tiêm", "bí mật vì sao", "bí mật chỉ định", "Huyết sắc tố", "bí mật kết quả", "bí mật thai", "bí mật nằm lưu",
		"bí mật gia đình", "bí mật tiền sử", "bí mật kết luận", "bí mật nơi khác",
	}
}

// guarded is a station with a signed visit of a protected patient.
type guarded struct {
	*station
	on    desk.On
	slip  string
	base  clinic.Leaf // of the details
	old   clinic.ID   // an import that gave the patient something
	sheet clinic.Leaf // of a copy of the health book
	twin  clinic.ID   // somebody of the same name and birth date, not protected
	lab   struct {
		order, result clinic.Leaf
		sample        string
	}
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{station: newStation(t)}
	in := somebody("Nguyễn Thị Mẫu")
	in.Address, in.Phone = "xóm Kín", "0912345678"
	in.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034190012345"}}
	reg := g.must(g.Register(t.Context(), call(g.nurse), in))
	g.base = reg.Records[0].Leaf
	other := somebody("Nguyễn Thị Mẫu")
	other.Different = true
	g.twin = g.must(g.Register(t.Context(), call(g.nurse), other)).Patient
	open := g.must(g.OpenVisit(t.Context(), call(g.nurse), desk.VisitInput{Patient: reg.Patient, Reason: "bí mật lý do"}))
	g.on = desk.On{Patient: reg.Patient, Visit: open.Visit}
	g.must(g.SetAllergies(t.Context(), call(g.nurse), desk.AllergiesInput{Patient: reg.Patient, Asked: true, Items: []clinic.Allergy{{Substance: "penicillin"}}}))
	g.must(g.Vitals(t.Context(), call(g.nurse), desk.VitalsInput{On: g.on, Values: map[string]string{"pulse": "77"}}))
	g.exam(g.on, "bí mật ho ra máu")
	g.must(g.Diagnose(t.Context(), call(g.doctor), desk.DiagnosisInput{On: g.on, Main: "I10", Text: "bí mật chẩn đoán"}))
	g.must(g.Prescribe(t.Context(), call(g.doctor), desk.PrescriptionInput{
		On: g.on, Advice: "bí mật lời dặn", Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "5"}},
	}))
	g.must(g.Bill(t.Context(), call(g.cashier), desk.BillInput{On: g.on, Lines: []desk.BillLineInput{{Code: "KHAM"}}}))
	d := g.must(g.Appoint(t.Context(), call(g.doctor), desk.AppointInput{On: g.on, Due: clinic.Date{Year: 2026, Month: 11, Day: 16}, Note: "bí mật hẹn"}))
	g.slip = desk.SlipOf(d)
	more := oldFile(clinic.OldPatients, oldPerson(2, "Nguyễn Thị Mẫu", 1990, "034190012345"))
	more.Rows[0].Patient.Ethnic, more.ByNumber, more.ByName = "01", desk.OldSame, desk.OldSame
	more.Answers = map[int]desk.OldAnswer{2: {Do: desk.OldSame, Patient: reg.Patient}}
	imported := call(g.admin)
	brought := g.must(g.BringOld(t.Context(), imported, more))
	g.old, g.base = imported.Act, brought.Records[0].Leaf
	g.tests()
	g.scans["slip"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: g.slip}
	g.scans["card"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: clinic.Patient{
		Name: "Nguyễn Thị Mẫu", Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034190012345"}},
	}}
	g.put(clinic.Draft{Kind: clinic.KindImmunised, Subject: reg.Patient, Body: &clinic.Immunised{Day: clinic.Date{Year: 2020, Month: 1, Day: 1}, Place: "bí mật tiêm", Doses: []clinic.Dose{{Vaccine: "UV", Name: "bí mật tiêm", Counts: []string{"UV1"}, Batch: "LO1"}}}})
	g.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogProgramme, Code: "THA", Name: "THA", From: clinic.Date{Year: 2020, Month: 1, Day: 1}, Limits: "pulse<70", Minimum: 30}})
	g.put(clinic.Draft{Kind: clinic.KindHealthBook, Subject: reg.Patient, Body: &clinic.HealthBook{Items: []clinic.BookItem{{Code: "S6HTN", Name: "THA", Value: "bí mật gia đình"}}}})
	g.put(clinic.Draft{Kind: clinic.KindHealthBook, Subject: reg.Patient, Body: &clinic.HealthBook{Past: &clinic.PastItem{About: 1, Text: "bí mật tiền sử", Source: 1}}})
	g.put(clinic.Draft{Kind: clinic.KindHealthCheck, Subject: reg.Patient, Visit: g.on.Visit, Body: &clinic.HealthCheck{Purpose: "MDDK", PurposeName: "x", Conclusion: "bí mật kết luận"}})
	g.hears(reg.Patient, clinic.Leaf{9}, clinic.Summary{Outcome: clinic.SummaryFound, Places: []clinic.Place{{Name: "bí mật nơi khác"}}, Problems: []clinic.PastProblem{{Code: "I10"}}})
	g.sheet = g.must(g.BookSheetCopy(t.Context(), call(g.nurse), reg.Patient)).Records[0].Leaf
	g.put(clinic.Draft{Kind: clinic.KindEnrolled, Subject: reg.Patient, Body: &clinic.Enrolment{Programme: "THA", On: clinic.Date{Year: 2026, Month: 11, Day: 1}}})
	g.expectant()
	g.put(clinic.Draft{Kind: clinic.KindStay, Subject: reg.Patient, Visit: open.Visit, Body: &clinic.Stay{Bed: "9", Day: clinic.Date{Year: 2026, Month: 11, Day: 2}, Time: "08:00", Reason: "bí mật nằm lưu"}})
	g.put(clinic.Draft{Kind: clinic.KindCare, Subject: reg.Patient, Visit: open.Visit, Body: &clinic.Care{Day: clinic.Date{Year: 2026, Month: 11, Day: 2}, Time: "08:00", Course: "bí mật nằm lưu"}})
	g.put(clinic.Draft{Kind: clinic.KindAllergies, Subject: reg.Patient, Body: &clinic.Allergies{Asked: true}}) // another box's
	g.protect(true)
	return g
}

// tests has a haemoglobin ordered, taken, measured and seen.
func (g *guarded) tests() {
	g.Helper()
	row := &clinic.CatalogRow{Catalog: clinic.CatalogLabTest, Code: "HB", Name: "Huyết sắc tố", Unit: "g/dL", Value: "1", From: clinic.Date{Year: 2026, Month: 1, Day: 1}}
	g.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: row})
	g.lab.order = g.must(g.Order(g.Context(), call(g.doctor), desk.OrderInput{On: g.on, Tests: []string{"HB"}, Note: "bí mật chỉ định"})).Records[0].Leaf
	d := g.must(g.TakeSample(g.Context(), call(g.nurse), desk.SampleInput{Patient: g.on.Patient, Order: g.lab.order, Tests: []string{"HB"}, Specimen: "blood"}))
	g.lab.sample = d.Records[0].Body.(*clinic.Sample).Number
	g.lab.result = g.must(g.EnterResult(g.Context(), call(g.nurse), desk.ResultInput{
		Patient: g.on.Patient, Order: g.lab.order, Values: []desk.ResultEntry{{Test: "HB", Text: "12"}}, Note: "bí mật kết quả",
	})).Records[0].Leaf
	_, err := g.Review(g.Context(), call(g.doctor), desk.ReviewInput{Patient: g.on.Patient, Results: []clinic.Leaf{g.lab.result}, Note: "bí mật kết quả"})
	if err != nil {
		g.Fatal(err)
	}
}

func (g *guarded) protect(on bool) {
	g.Helper()
	if err := g.Protect(g.Context(), call(g.admin), desk.ProtectInput{Patient: g.on.Patient, On: on, Why: "làm ở trạm"}); err != nil {
		g.Fatal(err)
	}
}

func (g *guarded) breakGlass(by clinic.ID) error {
	return g.OpenProtected(g.Context(), call(by), desk.OpenInput{Patient: g.on.Patient, Reason: clinic.OpenCare, Words: "đang khám"})
}

func (g *guarded) page(by clinic.ID) error {
	_, err := g.PatientPage(g.Context(), by, g.on.Patient)
	return err
}

// leaks walks through everything that a value holds and returns what must not be
// there.
func leaks(v reflect.Value, allowed ...string) (out []string) {
	switch v.Kind() {
	case reflect.String:
		for _, s := range secrets() {
			if strings.Contains(v.String(), s) && !slices.Contains(allowed, s) {
				out = append(out, s)
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			out = leaks(v.Elem(), allowed...)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = append(out, leaks(v.Index(i), allowed...)...)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			out = append(append(out, leaks(it.Key(), allowed...)...), leaks(it.Value(), allowed...)...)
		}
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[clinic.Vitals](), reflect.TypeFor[clinic.Exam](), reflect.TypeFor[clinic.Diagnosis](),
			reflect.TypeFor[clinic.Prescription](), reflect.TypeFor[clinic.Appointment](), reflect.TypeFor[clinic.Immunised](), reflect.TypeFor[clinic.Enrolment](), reflect.TypeFor[clinic.Value](), reflect.TypeFor[clinic.Reaction](),
			reflect.TypeFor[clinic.Order](), reflect.TypeFor[clinic.Sample](), reflect.TypeFor[clinic.Result](), reflect.TypeFor[clinic.Reviewed](),
			reflect.TypeFor[clinic.Pregnancy](), reflect.TypeFor[clinic.Antenatal](), reflect.TypeFor[clinic.Delivery](), reflect.TypeFor[clinic.Born](), reflect.TypeFor[clinic.BirthCertificate](),
			reflect.TypeFor[clinic.Stay](), reflect.TypeFor[clinic.Care](), reflect.TypeFor[clinic.Discharge](), reflect.TypeFor[clinic.EmergencyNotice](),
			reflect.TypeFor[clinic.HealthBook](), reflect.TypeFor[clinic.HealthCheck](), reflect.TypeFor[clinic.Indicator]():
			out = append(out, v.Type().String())
		}
		for i := range v.NumField() {
			out = append(out, leaks(v.Field(i), allowed...)...)
		}
	}
	return out
}

// readings is every method of the desk that answers with what is recorded of
// patients: a new one must be added here, or to the list of those that do not.
func (g *guarded) readings() map[string]func(by clinic.ID) (any, error) {
	ctx, p, v := g.Context(), g.on.Patient, g.on.Visit
	form := func(d desk.Done, err error) (any, error) { return d, err }
	on := g.on
	out := map[string]func(by clinic.ID) (any, error){
		"PatientPage": func(by clinic.ID) (any, error) { return g.PatientPage(ctx, by, p) },
		"VisitPage":   func(by clinic.ID) (any, error) { return g.VisitPage(ctx, by, p, v) },
		"Today":       func(by clinic.ID) (any, error) { return g.Today(ctx, by) },
		"Due": func(by clinic.ID) (any, error) {
			return g.Due(ctx, by, clinic.Date{Year: 2026, Month: 11, Day: 1}, clinic.Date{Year: 2026, Month: 12, Day: 1})
		},
		"Find": func(by clinic.ID) (any, error) {
			var all []any
			for _, q := range []string{"mau", "034190012345", g.slip} {
				hits, err := g.Find(ctx, by, q)
				if all = append(all, hits); err != nil {
					return nil, err
				}
			}
			return all, nil
		},
		"FromScan": func(by clinic.ID) (any, error) {
			a, err := g.FromScan(ctx, by, []byte("slip"))
			b, err2 := g.FromScan(ctx, by, []byte("card"))
			b.Scan, b.Form = clinic.Scan{}, desk.PatientInput{} // what the card in the hand says
			return []any{a, b}, errors.Join(err, err2)
		},
		"Compare": func(by clinic.ID) (any, error) {
			a, err := g.Compare(ctx, by, p, g.twin)
			b, err2 := g.Compare(ctx, by, g.twin, p)
			page, err3 := g.PatientPage(ctx, by, g.twin) // with the hint
			if by == g.technician {
				err3 = nil
			}
			return []any{a, b, page.Alike}, errors.Join(err, err2, err3)
		},
		"Lab":    func(by clinic.ID) (any, error) { return g.Lab(ctx, by) },
		"Alarms": func(by clinic.ID) (any, error) { return g.Alarms(ctx, by) },
		"Order": func(by clinic.ID) (any, error) {
			return form(g.Order(ctx, call(by), desk.OrderInput{On: on, Tests: []string{"HB"}}))
		},
		"TakeSample": func(by clinic.ID) (any, error) {
			return form(g.TakeSample(ctx, call(by), desk.SampleInput{Patient: p, Order: g.lab.order, Tests: []string{"HB"}, Specimen: "blood"}))
		},
		"PrintSample": func(by clinic.ID) (any, error) { return form(g.PrintSample(ctx, call(by), p, g.lab.sample)) },
		"EnterResult": func(by clinic.ID) (any, error) {
			return form(g.EnterResult(ctx, call(by), desk.ResultInput{Patient: p, Base: g.lab.result, Why: "x", Values: []desk.ResultEntry{{Test: "HB", Text: "999"}}}))
		},
		"Review": func(by clinic.ID) (any, error) {
			return form(g.Review(ctx, call(by), desk.ReviewInput{Patient: p, Results: []clinic.Leaf{g.lab.result}}))
		},
		"Link": func(by clinic.ID) (any, error) {
			return form(g.Link(ctx, call(by), desk.LinkInput{Patient: g.twin, Other: p, Same: true}))
		},
		"Findings": func(by clinic.ID) (any, error) {
			return g.Findings(ctx, by, desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "AMOX", Dose: "1", Times: "2", Days: "5"}}})
		},
		"Doses": func(by clinic.ID) (any, error) { return g.Doses(ctx, by, on, []string{"AMOX", "PARA"}) },
		"PrintPrescription": func(by clinic.ID) (any, error) {
			return form(g.PrintPrescription(ctx, call(by), desk.RxPrintInput{Patient: p, Visit: v, Code: "22736a000001-C"}))
		},
		"Closed":  func(by clinic.ID) (any, error) { return g.Closed(ctx, by, p) },
		"LooksAt": func(by clinic.ID) (any, error) { return g.LooksAt(ctx, by, p, desk.LookFilter{}) },
		"LooksBy": func(by clinic.ID) (any, error) {
			a, err := g.LooksBy(ctx, by, by, desk.LookFilter{})
			b, err2 := g.LooksBy(ctx, by, g.doctor, desk.LookFilter{})
			if by != g.admin {
				err2 = nil
			}
			return []any{a, b}, errors.Join(err, err2)
		},
		"RetentionDue": func(by clinic.ID) (any, error) {
			g.clock.Add(40 * 366 * 24 * time.Hour)
			defer g.clock.Add(-40 * 366 * 24 * time.Hour)
			due, _, err := g.RetentionDue(ctx, by)
			return due, err
		},
		"Openings": func(by clinic.ID) (any, error) { return g.Openings(ctx, by) },
		"Conflicts": func(by clinic.ID) (any, error) {
			page, err := g.Conflicts(ctx, by, clinic.ID{})
			if err == nil && len(page.Rows) != 1 {
				return page, errors.New("the conflict is not listed")
			}
			return page, err
		},
		"SettleDetails": func(by clinic.ID) (any, error) {
			return form(g.SettleDetails(ctx, call(by), desk.SettleInput{Patient: p, Keep: g.base, Tips: []clinic.Leaf{g.base, {9}}}))
		},
		"SettleDocument": func(by clinic.ID) (any, error) {
			return form(g.SettleDocument(ctx, call(by), desk.SettleInput{Patient: p, Visit: v, Keep: g.base, Tips: []clinic.Leaf{g.base, {9}}}))
		},
		"LegalFile": func(by clinic.ID) (any, error) {
			_, b, err := g.LegalFile(ctx, by, desk.LegalOn{Patient: p, Visit: v})
			return string(b), err
		},
		"Register": func(by clinic.ID) (any, error) {
			return form(g.Register(ctx, call(by), somebody("Nguyễn Thị Mẫu")))
		},
		"PrintTemporary": func(by clinic.ID) (any, error) { return form(g.PrintTemporary(ctx, call(by), p)) },
		"RegisterChild": func(by clinic.ID) (any, error) {
			in := desk.ChildInput{Mother: p, Sex: clinic.SexMale, Birth: clinic.Date{Year: 1900, Month: 1, Day: 1}}
			return form(g.RegisterChild(ctx, call(by), in))
		},
		"ChangePatient": func(by clinic.ID) (any, error) {
			in := somebody("Nguyễn Thị Mẫu")
			in.ID, in.Base = p, g.base
			return form(g.ChangePatient(ctx, call(by), in))
		},
		"OpenVisit": func(by clinic.ID) (any, error) { return form(g.OpenVisit(ctx, call(by), desk.VisitInput{Patient: p})) },
		"AskLegal": func(by clinic.ID) (any, error) {
			return form(g.AskLegal(ctx, call(by), desk.LegalOn{Patient: p, Visit: v}, clinic.LegalAtStation))
		},
		"PaperWork": func(by clinic.ID) (any, error) {
			if by == g.admin {
				return nil, nil
			}
			return g.PaperWork(ctx, by)
		},
		"OpenPaperVisit": func(by clinic.ID) (any, error) {
			return form(g.OpenPaperVisit(ctx, call(by), g.paperVisit(p)))
		},
		"PlanOld": func(by clinic.ID) (any, error) {
			a, err := g.PlanOld(ctx, by, oldFile(clinic.OldPatients, oldPerson(2, "Nguyễn Thị Mẫu", 1990, "034190012345")))
			for i := range a.Rows {
				a.Rows[i].Name = "" // what the file says
			}
			return a, err
		},
		"PlanOldUndo": func(by clinic.ID) (any, error) {
			return g.PlanOldUndo(ctx, by, g.old)
		},
		"HandPage": func(by clinic.ID) (any, error) { return g.HandPage(ctx, by, p, v) },
		"Alerts":   func(by clinic.ID) (any, error) { return g.Alerts(ctx, by) },
		"Recall":   func(by clinic.ID) (any, error) { return g.Recall(ctx, by, "LO1", clinic.Goods{}) },
		"DayBook":  func(by clinic.ID) (any, error) { return g.DayBook(ctx, by, clinic.Date{Year: 2026, Month: 11, Day: 2}) },
		"TellAlert": func(by clinic.ID) (any, error) {
			return form(g.TellAlert(ctx, call(by), desk.AlertToldInput{Patient: p, Visit: v, How: "x"}))
		},
		"HandList": func(by clinic.ID) (any, error) { return g.HandList(ctx, by) },
		"Dispense": func(by clinic.ID) (any, error) {
			return form(g.Dispense(ctx, call(by), desk.DispenseInput{Patient: p, Visit: v, Prescription: clinic.Leaf{1}}))
		},
		"Return": func(by clinic.ID) (any, error) {
			return form(g.Return(ctx, call(by), desk.ReturnInput{Patient: p, Visit: v, Words: "x"}))
		},
		"AttachLegal": func(by clinic.ID) (any, error) {
			return form(g.AttachLegal(ctx, call(by), desk.LegalOn{Patient: p, Visit: v}, []byte("x")))
		},
	}
	out["ChangeType"] = func(by clinic.ID) (any, error) {
		return form(g.ChangeType(ctx, call(by), desk.TypeInput{Patient: p, Visit: v, Type: clinic.VisitVaccination}))
	}
	out["Immunise"] = func(by clinic.ID) (any, error) {
		return form(g.Immunise(ctx, call(by), desk.ImmuniseInput{On: on, Outcome: clinic.OutcomePostpone, Note: "x"}))
	}
	out["Reaction"] = func(by clinic.ID) (any, error) {
		return form(g.Reaction(ctx, call(by), desk.ReactionInput{On: on, Reaction: clinic.Reaction{None: true}}))
	}
	out["SignAll"] = func(by clinic.ID) (any, error) {
		return form(g.SignAll(ctx, call(by), desk.SignAllInput{Visits: []desk.SignInput{{Patient: p, Visit: v}}, PIN: doctorPIN}))
	}
	out["Traditional"] = func(by clinic.ID) (any, error) {
		return form(g.Traditional(ctx, call(by), desk.TraditionalInput{On: on, Traditional: clinic.Traditional{Illness: "YTHONG"}}))
	}
	out["TraditionalHelp"] = func(by clinic.ID) (any, error) { return g.TraditionalHelp(ctx, by, on) }
	out["Death"] = func(by clinic.ID) (any, error) {
		return form(g.Death(ctx, call(by), desk.DeathInput{On: on, Death: clinic.Death{Day: clinic.Date{Year: 2026, Month: 11, Day: 1}, Place: 1, Chain: []clinic.Cause{{Code: "I10"}}}}))
	}
	out["AskElsewhere"] = func(by clinic.ID) (any, error) { return form(g.asks(by, p, clinic.ConsentPerson, "")) }
	out["Asking"] = func(by clinic.ID) (any, error) {
		state, _, err := g.Asking(ctx, by, p)
		return state, err
	}
	out["BookPage"] = func(by clinic.ID) (any, error) { return g.BookPage(ctx, by, p) }
	out["SaveBook"] = func(by clinic.ID) (any, error) {
		return form(g.SaveBook(ctx, call(by), desk.BookInput{Patient: p, Values: map[string]string{"S1": "x"}}))
	}
	out["SavePast"] = func(by clinic.ID) (any, error) {
		return form(g.SavePast(ctx, call(by), desk.PastInput{Patient: p, PastItem: clinic.PastItem{About: 1, Text: "x", Source: 1}}))
	}
	out["PrintBook"] = func(by clinic.ID) (any, error) { return form(g.PrintBook(ctx, call(by), p)) }
	out["BookSheetCopy"] = func(by clinic.ID) (any, error) { return form(g.BookSheetCopy(ctx, call(by), p)) }
	out["BookSheet"] = func(by clinic.ID) (any, error) { return g.BookSheet(ctx, by, p, g.sheet) }
	out["HealthCheck"] = func(by clinic.ID) (any, error) {
		return form(g.HealthCheck(ctx, call(by), desk.CheckInput{On: on, Purpose: "MDDK", Conclusion: "x", Parts: map[string]desk.CheckEntry{"PH01": {State: clinic.CheckNormal}}}))
	}
	out["PrintCheck"] = func(by clinic.ID) (any, error) {
		return form(g.PrintCheck(ctx, call(by), desk.PrintInput{Patient: p, Visit: v}))
	}
	out["Enrol"] = func(by clinic.ID) (any, error) {
		return form(g.Enrol(ctx, call(by), desk.EnrolInput{Patient: p, Programme: "THA"}))
	}
	out["ProgrammePage"] = func(by clinic.ID) (any, error) { return g.ProgrammePage(ctx, by, "THA") }
	g.stayReadings(out)
	out["VaccineDay"] = func(by clinic.ID) (any, error) { return g.VaccineDay(ctx, by) }
	out["VaccineCard"] = func(by clinic.ID) (any, error) { return g.VaccineCard(ctx, by, p) }
	out["PastDoses"] = func(by clinic.ID) (any, error) {
		return form(g.PastDoses(ctx, call(by), desk.PastDosesInput{Patient: p, Doses: []desk.PastDose{{Code: "DPT1", Day: clinic.Date{Year: 2020, Month: 1, Day: 1}}}}))
	}
	out["TakeBackDoses"] = func(by clinic.ID) (any, error) {
		return form(g.TakeBackDoses(ctx, call(by), desk.TakeBackInput{Patient: p, Base: g.base, Why: "x"}))
	}
	maps.Copy(out, g.motherReadings())
	names := map[string]string{
		"vitals": "Vitals", "exam": "Exam", "diagnose": "Diagnose", "prescribe": "Prescribe", "bill": "Bill",
		"appoint": "Appoint", "sign": "Sign", "end": "EndVisit", "print": "PrintAppointment",
	}
	for name, act := range g.everyAct(on) {
		out[names[name]] = func(by clinic.ID) (any, error) { return nil, act(call(by)) }
	}
	return out
}

// silent are the methods that answer with nothing that is recorded of a patient.
func silent() []string {
	return []string{
		"Analyse", // says to a device whether a sample is known
		"Acknowledge", "Centre", "ChangePIN", "CloseOpened", "Colleagues", "Confirm", "DosesDue", "ExportLinked", "Login", "NoteEscrow", "NoteExport", "NoteLoss", "NoteMachine", "NoteMachineAs",
		"CatalogRow", "CatalogSearch", "Catalogs", "CheckTemplate", "Import", "Imports", "PlanImport", "PlanUndo", "Undo",
		"Adjust", "BatchPage", "Count", "PrintLabels", "PrintStockPaper", "Receive", "Requisition", "ScanGoods", "Send",
		"StockPage", "StockPapers",
		"BringOld", "OldImports", "UndoOld",
		"NewID",
		"MonthReport", "HandIn", // figures, which name nobody
		"OpenProtected", "OtherSigner", "PrintTest", "Programmes", "Protect",
		"CloseSession", "ResetPIN", "SaveSession", "SaveStaff", "Search", "SetAllergies", "SetUp", "Site", "Staff", "StaffPage", "Unlock", "Views", "Vouch", "Who",
	}
}

// TestProtectedRecordStaysClosed calls every method of the desk about a protected
// patient: nothing of the record comes back, and a new method must say where it
// belongs.
func TestProtectedRecordStaysClosed(t *testing.T) {
	g := newGuarded(t)
	body := &clinic.Looked{Opened: clinic.OpenCare, Words: "bí mật vì sao"} // by somebody who left
	body.Add(g.on.Patient, g.on.Visit, 0)
	g.put(clinic.Draft{Kind: clinic.KindLooked, Body: body})
	all := g.readings()
	for m := range reflect.TypeOf(g.Desk).Methods() {
		if all[m.Name] == nil && !slices.Contains(silent(), m.Name) {
			t.Errorf("%s is in neither list: what does it show of a protected record?", m.Name)
		}
	}
	for _, by := range []clinic.ID{g.nurse, g.doctor, g.cashier, g.admin, g.technician} {
		for name, read := range all {
			got, err := read(by)
			var allowed []string
			if by == g.admin && (name == "LooksAt" || name == "Openings") {
				allowed = []string{"bí mật vì sao"} // must judge it
			}
			if found := leaks(reflect.ValueOf([]any{got, err}), allowed...); len(found) > 0 {
				t.Errorf("%s shows %d: %q", name, by[0], found)
			}
		}
	}
	if err := g.breakGlass(g.doctor); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"PatientPage", "VisitPage", "Find"} { // the walk finds what there is
		if got, err := all[name](g.doctor); err != nil || len(leaks(reflect.ValueOf(got))) == 0 {
			t.Errorf("%s shows nothing to who opened the record: %v", name, err)
		}
	}
	for _, by := range []clinic.ID{g.nurse, g.admin} {
		g.refused(g.page(by), desk.CodeProtected, "")
	}
}

// Who may open, with what, and for how long.
func TestOpenProtected(t *testing.T) {
	g := newGuarded(t)
	ctx := t.Context()
	g.refused(g.page(g.doctor), desk.CodeProtected, "")
	for _, by := range []clinic.ID{g.cashier, g.admin, g.technician} {
		g.refused(g.breakGlass(by), desk.CodeNotAllowed, "")
	}
	open := func(in desk.OpenInput) error {
		in.Patient = g.on.Patient
		return g.OpenProtected(ctx, call(g.doctor), in)
	}
	g.refused(open(desk.OpenInput{Words: "x"}), desk.CodeRequired, "reason")
	g.refused(open(desk.OpenInput{Reason: clinic.OpenForAll, Words: "x"}), desk.CodeRequired, "reason")
	g.refused(open(desk.OpenInput{Reason: clinic.OpenOther, Words: " "}), desk.CodeRequired, "words")
	before := g.store.Len()
	if err := open(desk.OpenInput{Reason: clinic.OpenEmergency}); err != nil || g.store.Len() != before+2 {
		t.Fatal(err, g.store.Len()-before)
	}
	if err := g.page(g.doctor); err != nil {
		t.Fatal(err)
	}
	g.refused(g.page(g.nurse), desk.CodeProtected, "")
	if l := g.looks(g.on.Patient)[0]; l.Opened != clinic.OpenEmergency || l.By != g.doctor {
		t.Errorf("%+v", l)
	}
	g.clock.Add(2*time.Hour - time.Second)
	if err := g.page(g.doctor); err != nil {
		t.Error("before two hours:", err)
	}
	g.clock.Add(time.Second)
	g.refused(g.page(g.doctor), desk.CodeProtected, "")
	if err := g.breakGlass(g.doctor); err != nil {
		t.Fatal(err)
	}
	cashier := desk.StaffInput{Person: g.doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleCashier}}
	if _, err := g.SaveStaff(ctx, call(g.admin), cashier); err != nil {
		t.Fatal(err)
	}
	g.refused(g.page(g.doctor), desk.CodeProtected, "") // another role opens it no longer
	cashier.Role = clinic.RoleDoctor
	if _, err := g.SaveStaff(ctx, call(g.admin), cashier); err != nil {
		t.Fatal(err)
	}
	if err := g.breakGlass(g.doctor); err != nil {
		t.Fatal(err)
	}
	g.CloseOpened(g.doctor) // logs out
	g.refused(g.page(g.doctor), desk.CodeProtected, "")
	g.clock.Trust(false) // an emergency does not wait for a clock
	g.clock.Add(-20 * 365 * 24 * time.Hour)
	if err := errors.Join(g.breakGlass(g.nurse), g.page(g.nurse)); err != nil {
		t.Error(err)
	}
}

// Protection that is set while somebody reads holds from the next page on, and does
// not keep who cares for the patient from going on with a reason.
func TestProtectedWhileSomebodyReads(t *testing.T) {
	g := newGuarded(t)
	g.protect(false)
	if err := g.page(g.nurse); err != nil {
		t.Fatal(err)
	}
	base := g.baseOf(clinic.KindExam)
	g.protect(true)
	g.refused(g.page(g.nurse), desk.CodeProtected, "")
	form := desk.ExamInput{On: base, Exam: clinic.Exam{Reason: "khám tiếp"}}
	c := call(g.doctor)
	_, err := g.Exam(t.Context(), c, form)
	g.refused(err, desk.CodeProtected, "")
	if err := g.breakGlass(g.doctor); err != nil {
		t.Fatal(err)
	}
	g.must(g.Exam(t.Context(), c, form))
	for _, by := range []clinic.ID{g.nurse, g.cashier, g.technician} {
		err := g.Protect(t.Context(), call(by), desk.ProtectInput{Patient: g.on.Patient, Why: "x"})
		g.refused(err, desk.CodeNotAllowed, "")
	}
	g.refused(g.Protect(t.Context(), call(g.doctor), desk.ProtectInput{Patient: g.on.Patient}), desk.CodeRequired, "why")
}

func (g *guarded) baseOf(k clinic.Kind) desk.On {
	on := g.on
	v := g.visit(g.on)
	on.Base = v.Visit.Doc(k).Leaf()
	return on
}

// The cashier of a protected patient sees the bill, and writes it, and no more.
func TestCashierSeesTheBillOnly(t *testing.T) {
	g := newGuarded(t)
	v, err := g.VisitPage(t.Context(), g.cashier, g.on.Patient, g.on.Visit)
	if err != nil || !v.Closed || len(v.Visit.Documents) != 1 || v.Patient.Now.Name == "" || len(v.Patient.Allergies.Items) != 1 {
		t.Fatalf("%+v %v", v, err)
	}
	on := g.on
	on.Base = v.Visit.Doc(clinic.KindBill).Leaf()
	g.must(g.Bill(t.Context(), call(g.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}, {Code: "PARA", Quantity: "2"}}}))
	_, err = g.PrintAppointment(t.Context(), call(g.cashier), desk.PrintInput{Patient: g.on.Patient, Visit: g.on.Visit})
	g.refused(err, desk.CodeProtected, "") // the slip names the diagnosis
}

// Power cuts around the entry: nothing opens before it is durable, and the same form
// again opens without a second entry.
func TestOpeningFaultsInPairs(t *testing.T) {
	for name, fault := range map[string]desktest.Fault{"not applied": desktest.FaultNotApplied, "applied": desktest.FaultApplied} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t)
			before := g.store.Len()
			c, in := call(g.doctor), desk.OpenInput{Patient: g.on.Patient, Reason: clinic.OpenCare, Words: "đang khám"}
			g.store.Plan(fault)
			if err := g.OpenProtected(t.Context(), c, in); !errors.Is(err, desktest.ErrFault) {
				t.Fatal(err)
			}
			g.refused(g.page(g.doctor), desk.CodeProtected, "")
			if err := g.OpenProtected(t.Context(), c, in); err != nil {
				t.Fatal(err)
			}
			if err := g.page(g.doctor); err != nil || g.store.Len() != before+2 {
				t.Fatal(err, g.store.Len()-before)
			}
			g.CloseOpened(g.doctor)
			g.clock.Add(3 * time.Hour)
			g.refused(g.OpenProtected(t.Context(), c, in), desk.CodeFormStale, "") // the browser sends the old form
			g.refused(g.page(g.doctor), desk.CodeProtected, "")
		})
	}
}

// fullStore is a store whose disk is full, as the box's adapter says it.
type fullStore struct {
	desk.Store
	full bool
}

func (f *fullStore) Act(ctx context.Context, act, author clinic.ID, g func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	if f.full {
		return desk.Saved{}, &desk.Error{Code: desk.CodeStoreFull}
	}
	return f.Store.Act(ctx, act, author, g)
}

// On a full disk a doctor gets in, a nurse in an emergency only; it is in the log, and recorded
// once as soon as there is room.
func TestOpeningOnAFullDisk(t *testing.T) {
	g := newGuarded(t)
	log := testlog.New(t)
	full := &fullStore{Store: g.store}
	var err error
	g.Desk, err = desk.New(desk.Options{
		Store: full, Clock: g.clock, Pins: g.pins, Papers: g.papers, Scans: g.scans, Witness: g.store, Fold: fold.String,
		Site: g.Site(), Log: log.Logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	full.full = true
	g.refused(g.breakGlass(g.nurse), desk.CodeStoreFull, "")
	g.refused(g.page(g.nurse), desk.CodeProtected, "")
	if err := g.OpenProtected(t.Context(), call(g.nurse), desk.OpenInput{Patient: g.on.Patient, Reason: clinic.OpenEmergency}); err != nil {
		t.Error("a nurse alone in an emergency:", err)
	}
	g.refused(g.OpenProtected(t.Context(), call(g.cashier), desk.OpenInput{Patient: g.on.Patient, Reason: clinic.OpenEmergency}), desk.CodeNotAllowed, "")
	c, in := call(g.doctor), desk.OpenInput{Patient: g.on.Patient, Reason: clinic.OpenEmergency, Words: "ngất"}
	looked, _ := g.clock.Now()
	for range 2 { // pressed twice
		if err := g.OpenProtected(t.Context(), c, in); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.page(g.doctor); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "while the disk takes nothing") {
		t.Error("the log does not tell of it")
	}
	log.Absent("Mẫu", g.on.Patient.String(), "ngất")
	before := g.viewed(clinic.OpenedSubject())
	g.clock.Add(time.Hour)
	full.full = false
	if err := g.Views().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := g.looks(clinic.OpenedSubject())
	if len(all) != before+2 || all[0].By != g.doctor || !all[0].At.Equal(looked) || all[0].Words != "ngất" {
		t.Errorf("%d openings, the last %+v", len(all)-before, all[0])
	}
}
