package desk_test

import (
	"errors"
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func oldGoods(at int, code, lot string, q clinic.Milli) clinic.OldRow {
	return clinic.OldRow{At: at, Goods: &clinic.OldGoods{Code: code, Lot: lot, Expiry: clinic.Date{Year: 2028, Month: 6, Day: 30}, Quantity: q * 1000}}
}

// rows puts rows of goods into the catalogues.
func (s *shop) rows(rows ...clinic.CatalogRow) {
	for i := range rows {
		r := &rows[i]
		if r.From = (clinic.Date{Year: 2026, Month: 1, Day: 1}); r.Catalog == "" {
			r.Catalog = clinic.CatalogMedicine
		}
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: r})
	}
}

// TestOldStock: a batch is what its row surely means, one that may count twice is asked
// about, and what was not used since goes back as it came.
func TestOldStock(t *testing.T) {
	s := newShop(t)
	s.rows(clinic.CatalogRow{Code: "PARA5", Name: "Paracetamol", Strength: "500 mg", Unit: "viên", Registration: "VD-1"},
		clinic.CatalogRow{Code: "PARA6", Name: "Paracetamol", Strength: "650 mg", Unit: "viên"},
		clinic.CatalogRow{Catalog: clinic.CatalogVaccine, Code: "MR", Name: "Sởi-rubella (MR)", Unit: "liều"})
	s.receive(desk.ReceiveLine{Code: "PARA6", Lot: "HAVE", Expiry: "06/2028", Quantity: "5"})
	rows := []clinic.OldRow{
		oldGoods(2, "para5", "A1", 100), oldGoods(3, "", "A2", 7), oldGoods(4, "", "A3", 1), oldGoods(5, "KHONG", "A4", 1), oldGoods(6, "para5", "A1", 100), oldGoods(7, "PARA5", "A1", 40),
		oldGoods(8, "PARA6", "HAVE", 5), oldGoods(9, "PARA5", "", 1), oldGoods(10, "PARA5", "Z0", 0), oldGoods(11, "MR", "V1", 3), oldGoods(12, "PARA5", "P1", 10), oldGoods(13, "PARA5", "A1", 9), oldGoods(14, "PARA6", "B9", 4),
	}
	rows[1].Goods.Name, rows[2].Goods.Name = "paracetamol 500 MG", "Paracetamol"
	rows[9].Goods.Unit, rows[9].Goods.Pack, rows[9].Goods.Price = "Lọ", 10, 25_000
	rows[10].Goods.Unit = "Hộp"
	rows[11].Goods.Expiry.Year = 2027
	rows[12].Goods.Name = "Paracetamol 500 mg"
	in := oldFile(clinic.OldStock, rows...)
	p := s.plan(in)
	if does(p) != "aaxxs??xsax?x" {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	for at, want := range map[int]string{2: clinic.RowManyGoods, 3: clinic.RowGoods, 5: clinic.RowTwiceLot, 6: clinic.RowBooked, 7: clinic.RowEmpty, 10: clinic.RowUnit, 11: clinic.RowLotDay, 12: clinic.RowOtherGoods} {
		if p.Rows[at].Problem.Code != want {
			t.Errorf("row %d: %+v, want %s", at, p.Rows[at].Problem, want)
		}
	}
	if p.Rows[2].Problem.Args["value"] != "PARA, PARA5, PARA6" {
		t.Errorf("%+v", p.Rows[2].Problem)
	}
	_, err := s.BringOld(t.Context(), call(s.admin), in)
	s.refused(err, desk.CodeOldAsk, "")
	in.Answers, in.ByName = map[int]desk.OldAnswer{7: {Do: desk.OldOther}}, desk.OldSkip
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	end := clinic.Date{Year: 2028, Month: 6, Day: 30}
	a1, a2, v1 := clinic.Goods{Code: "PARA5", Lot: "A1", Expiry: end}, clinic.Goods{Code: "PARA5", Lot: "A2", Expiry: end}, clinic.Goods{Catalog: clinic.CatalogVaccine, Code: "MR", Lot: "V1", Expiry: end}
	if s.booked(a1) != 140_000 || s.booked(a2) != 7_000 || s.booked(v1) != 30_000 || s.booked(clinic.Goods{Code: "PARA6", Lot: "HAVE", Expiry: end}) != 5_000 {
		t.Errorf("%s %s %s", s.booked(a1), s.booked(a2), s.booked(v1))
	}
	view, _ := s.StockPage(t.Context(), s.nurse, clinic.Date{}, clinic.Date{})
	for _, it := range view.Items {
		if it.Row.Code == "MR" && (it.Sum.Opening != 30_000 || it.Sum.Received != 0 || it.Sum.Closing != 30_000) {
			t.Errorf("what the books began with was received: %+v", it.Sum)
		}
	}
	card, err := s.BatchPage(t.Context(), s.nurse, v1)
	if err != nil || card.Receipt.Price != 2_500 || card.Receipt.Pack != 10 {
		t.Errorf("%+v %v", card.Receipt, err)
	}
	if p := s.plan(in); p.Count(desk.OldAdds) != 0 {
		t.Errorf("the same file again: %s", does(p))
	}
	s.must(s.Adjust(t.Context(), call(s.doctor), desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "vỡ", Lines: []desk.AdjustLine{{Goods: a2, Quantity: "1"}}}))
	list, _ := s.OldImports(t.Context(), s.admin)
	u, err := s.PlanOldUndo(t.Context(), s.admin, list[0].ID)
	if err != nil || u.Back != 3 || len(u.Kept) != 1 || u.Kept[0].At != 3 || u.Kept[0].Name != "Paracetamol 500 mg · A2" {
		t.Fatalf("%+v %v", u, err)
	}
	s.must(s.UndoOld(t.Context(), call(s.admin), list[0].ID))
	if s.booked(a1) != 0 || s.booked(v1) != 0 || s.booked(a2) != 6_000 {
		t.Errorf("%s %s %s", s.booked(a1), s.booked(a2), s.booked(v1))
	}
	if p := s.plan(in); p.Rows[0].Does != desk.OldAdds || p.Rows[1].Problem.Code != clinic.RowBooked {
		t.Errorf("%s: what was taken back can come again, what stayed is asked about: %+v", does(p), p.Rows[1])
	}
}

// TestOldDoses: a vaccine of long ago finds its person and its place in the schedule,
// takes nothing from the shelf, and goes back unless somebody corrected it.
func TestOldDoses(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	child := oldPerson(2, "Lê Bé Mẫu", 2025, "034225000007")
	child.Patient.Birth = clinic.Date{Year: 2025, Month: 1, Day: 5}
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, child)))
	who := clinic.OldRow{Patient: clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034225000007"}}}}
	dose := func(at int, vaccine string, n int, day clinic.Date) clinic.OldRow {
		r := who
		r.At, r.Dose = at, &clinic.OldDose{Vaccine: vaccine, Number: n, Day: day, Lot: "L1"}
		return r
	}
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	nobody := dose(8, "BCG", 0, day(2025, 1, 6))
	nobody.Patient = clinic.Patient{Name: "Không Ai", Birth: day(1970, 0, 0)}
	in := oldFile(clinic.OldDoses, dose(2, "lao (bcg)", 0, day(2025, 1, 0)), dose(3, "DPTVGBHIB", 1, day(2025, 3, 6)), dose(4, "DPT-VGB-Hib mũi 2", 0, day(2025, 4, 8)), dose(5, "DPTVGBHIB", 1, day(2025, 3, 6)),
		dose(6, "DPTVGBHIB", 2, day(2025, 6, 8)), dose(7, "thuốc lạ", 0, day(2025, 3, 6)), nobody, dose(9, "VGB", 0, day(2024, 12, 30)), dose(10, "dpt3", 0, day(2025, 0, 0)))
	p := s.plan(in)
	if does(p) != "aaasxxxxa" || p.Rows[4].Problem.Code != clinic.RowHadDose || p.Rows[5].Problem.Code != clinic.RowGoods || p.Rows[6].Problem.Code != clinic.RowNobody || p.Rows[7].Problem.Code != clinic.RowUnborn {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	hits, _ := s.Find(t.Context(), s.nurse, "034225000007")
	card, err := s.VaccineCard(t.Context(), s.nurse, hits[0].ID)
	if err != nil || len(card.Given) != 4 || len(card.Past) != 4 {
		t.Fatalf("%+v %v", card.Given, err)
	}
	got := ""
	for _, g := range card.Given {
		got += g.Code + " " + g.Day.String() + "; "
	}
	if got != "DPT3 2025; LAO1 01/2025; DPT1 06/03/2025; DPT2 08/04/2025; " {
		t.Error(got)
	}
	for _, d := range card.Due {
		if d.Code == "DPT2" && (d.State != clinic.DoseGiven || d.Given != day(2025, 4, 8)) || d.Code == "DPT4" && d.State == clinic.DoseGiven {
			t.Errorf("%+v", d)
		}
	}
	s.must(s.TakeBackDoses(t.Context(), call(s.nurse), desk.TakeBackInput{Patient: hits[0].ID, Base: card.Past[0].Leaf(), Why: "nhầm"}))
	list, _ := s.OldImports(t.Context(), s.admin)
	if list[0].Counts[clinic.DayOneAdded] != 4 || list[0].Counts[clinic.DayOneSkipped] != 1 {
		t.Errorf("%+v", list[0])
	}
	s.must(s.UndoOld(t.Context(), call(s.admin), list[0].ID))
	if card, _ = s.VaccineCard(t.Context(), s.nurse, hits[0].ID); len(card.Given) != 0 {
		t.Errorf("%+v", card.Given)
	}
	if p := s.plan(in); does(p) != "aaasxxxxa" {
		t.Errorf("again: %s", does(p))
	}
}

// TestOldPast: histories find their person, stand once in the health book, and are taken
// back unless somebody changed them since.
func TestOldPast(t *testing.T) {
	s := newStation(t)
	child := oldPerson(2, "Lê Bé Mẫu", 1980, "034080000007")
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, child)))
	hits, _ := s.Find(t.Context(), s.nurse, "034080000007")
	id := hits[0].ID
	past := func(at int, text string, about clinic.PastAbout, year int) clinic.OldRow {
		return clinic.OldRow{
			At: at, Patient: clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034080000007"}}},
			Past: &clinic.PastItem{Text: text, About: about, Year: year, Source: clinic.PastPaper},
		}
	}
	nobody := past(7, "lao phổi", clinic.PastIllness, 0)
	nobody.Patient = clinic.Patient{Name: "Không Ai", Birth: clinic.Date{Year: 1970}}
	in := oldFile(clinic.OldPast, past(2, "Mổ ruột thừa", clinic.PastOperation, 1999), past(3, "MỔ RUỘT THỪA", clinic.PastOperation, 1999),
		past(4, "Mổ ruột thừa", clinic.PastOperation, 0), past(5, "lao phổi", clinic.PastIllness, 1975), past(6, "", clinic.PastIllness, 0), nobody)
	p := s.plan(in)
	if does(p) != "asaxxx" || p.Rows[3].Problem.Code != clinic.RowUnborn || p.Rows[5].Problem.Code != clinic.RowNobody {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	book := s.bookPage(id)
	if len(book.Past) != 2 {
		t.Fatalf("%d things of the history", len(book.Past))
	}
	if p := s.plan(oldFile(clinic.OldPast, past(9, "mổ ruột thừa", clinic.PastOperation, 1999))); does(p) != "s" {
		t.Errorf("again: %s", does(p))
	}
	of := book.Past[0]
	changed := *clinic.PastOf(&of)
	changed.Text = "Mổ ruột thừa ở huyện"
	s.must(s.SavePast(t.Context(), call(s.nurse), desk.PastInput{Patient: id, Base: of.Leaf(), Why: "hỏi lại", PastItem: changed}))
	list, _ := s.OldImports(t.Context(), s.admin)
	s.must(s.UndoOld(t.Context(), call(s.admin), list[0].ID))
	if book = s.bookPage(id); len(book.Past) != 1 || clinic.PastOf(&book.Past[0]).Text != changed.Text {
		t.Errorf("what somebody changed since is gone, or the rest is not: %d", len(book.Past))
	}
}

// TestOldListsThatAreCut: both lists go on after a cut at any act, and end as without it.
func TestOldListsThatAreCut(t *testing.T) {
	var goods, doses []clinic.OldRow
	for i := range 130 {
		goods = append(goods, oldGoods(i+2, "PARA5", fmt.Sprintf("L%d", i), 10))
	}
	for i := range 3 {
		r := oldPerson(i+2, "Lê Bé Mẫu", 2025, "034225000007")
		r.Dose = &clinic.OldDose{Vaccine: "DPTVGBHIB", Day: clinic.Date{Year: 2025, Month: 4 + i, Day: 8}}
		doses = append(doses, r)
	}
	for cut := range 3 {
		for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
			for _, list := range []clinic.OldList{clinic.OldStock, clinic.OldDoses} {
				t.Run(fmt.Sprint(cut, fault, list), func(t *testing.T) {
					s := newShop(t)
					s.vaccines()
					s.rows(clinic.CatalogRow{Code: "PARA5", Name: "Paracetamol", Unit: "viên"})
					rows := goods
					if list == clinic.OldDoses {
						rows = doses
						s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, oldPerson(2, "Lê Bé Mẫu", 2025, "034225000007"))))
					}
					in := oldFile(list, rows...)
					s.store.PlanAt(cut, fault)
					if _, err := s.BringOld(t.Context(), call(s.admin), in); !errors.Is(err, desktest.ErrFault) {
						t.Fatal(err)
					}
					s.must(s.BringOld(t.Context(), call(s.admin), in))
					infos, _ := s.OldImports(t.Context(), s.admin)
					if !infos[0].Done || infos[0].Counts[clinic.DayOneAdded] != len(rows) {
						t.Fatalf("%+v", infos[0])
					}
					if list == clinic.OldStock {
						var sum clinic.Milli
						for i := range rows {
							sum += s.booked(clinic.Goods{Code: "PARA5", Lot: fmt.Sprintf("L%d", i), Expiry: clinic.Date{Year: 2028, Month: 6, Day: 30}})
						}
						if sum != 1_300_000 {
							t.Errorf("%s booked", sum)
						}
					}
					s.store.PlanAt(cut%2, fault)
					if _, err := s.UndoOld(t.Context(), call(s.admin), infos[0].ID); !errors.Is(err, desktest.ErrFault) {
						t.Fatal(err)
					}
					s.must(s.UndoOld(t.Context(), call(s.admin), infos[0].ID))
					if infos, _ = s.OldImports(t.Context(), s.admin); infos[0].Counts[clinic.DayOneUndone] != len(rows) {
						t.Errorf("%+v", infos[0])
					}
				})
			}
		}
	}
}

// TestOldTwinBeyondACut: a batch that stands in the file twice is not booked twice when the
// power goes between its rows.
func TestOldTwinBeyondACut(t *testing.T) {
	var rows []clinic.OldRow
	for i := range 100 {
		rows = append(rows, oldGoods(i+2, "PARA5", fmt.Sprintf("L%d", i), 10))
	}
	rows = append(rows, oldGoods(102, "PARA5", "L3", 4))
	for _, answer := range []desk.OldDo{desk.OldSkip, desk.OldOther} {
		s := newShop(t)
		s.rows(clinic.CatalogRow{Code: "PARA5", Name: "Paracetamol", Unit: "viên"})
		in := oldFile(clinic.OldStock, rows...)
		in.Answers = map[int]desk.OldAnswer{102: {Do: answer}}
		s.store.PlanAt(1, desktest.FaultNotApplied)
		if _, err := s.BringOld(t.Context(), call(s.admin), in); !errors.Is(err, desktest.ErrFault) {
			t.Fatal(err)
		}
		asked := in
		asked.Answers = nil
		if p := s.plan(asked); p.Rows[100].Problem.Code != clinic.RowTwiceLot || p.Rows[100].Problem.Args["line"] != "5" {
			t.Errorf("%+v", p.Rows[100])
		}
		s.must(s.BringOld(t.Context(), call(s.admin), in))
		want := clinic.Milli(10_000)
		if answer == desk.OldOther {
			want += 4_000
		}
		if q := s.booked(clinic.Goods{Code: "PARA5", Lot: "L3", Expiry: clinic.Date{Year: 2028, Month: 6, Day: 30}}); q != want {
			t.Errorf("%d: %s booked, want %s", answer, q, want)
		}
	}
}

// TestOldDosesOfAYear: of a year alone two doses are two, and one that does not say which
// it is gets no number by its place in the file.
func TestOldDosesOfAYear(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	child := oldPerson(2, "Lê Bé Mẫu", 2025, "034225000007")
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, child)))
	dose := func(at int, vaccine string, n int, day clinic.Date) clinic.OldRow {
		r := child
		r.At, r.Dose = at, &clinic.OldDose{Vaccine: vaccine, Number: n, Day: day}
		return r
	}
	day := func(m, d int) clinic.Date { return clinic.Date{Year: 2025, Month: m, Day: d} }
	in := oldFile(clinic.OldDoses, dose(2, "DPTVGBHIB", 1, day(0, 0)), dose(3, "DPTVGBHIB", 2, day(0, 0)), dose(4, "DPTVGBHIB", 2, day(0, 0)), dose(5, "DPTVGBHIB", 0, day(6, 8)),
		dose(6, "BOPV", 0, day(5, 8)), dose(7, "BOPV", 0, day(3, 8)), dose(8, "BOPV", 0, day(6, 8)), dose(9, "BOPV", 0, day(5, 8)), dose(10, "DPT-VGB-Hib mũi 3", 2, day(9, 1)), dose(11, "BCG", 0, day(0, 0)), dose(12, "BCG", 0, day(0, 0)))
	p := s.plan(in)
	if does(p) != "aasxaxasxas" {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	for at, want := range map[int]string{3: "dose which-dose 2025", 5: "dose which-dose 08/05/2025", 8: "dose number 2"} {
		if x := p.Rows[at].Problem; x.Column+" "+x.Code+" "+x.Args["value"] != want {
			t.Errorf("%+v, want %s", x, want)
		}
	}
}

// TestOldNumberOfAnother: a row that names somebody else than the holder of its number is
// asked about, and goes nowhere by itself.
func TestOldNumberOfAnother(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	mother := oldPerson(2, "Lê Thị Mẹ", 1990, "034190000001")
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, mother)))
	hits, _ := s.Find(t.Context(), s.nurse, "034190000001")
	row := func(at int, name string, year int) clinic.OldRow {
		r := oldPerson(at, name, year, "034190000001")
		r.Past = &clinic.PastItem{Text: fmt.Sprint("Hen ", at), About: clinic.PastIllness, Source: clinic.PastPaper}
		return r
	}
	rows := []clinic.OldRow{row(2, "Lê Bé Con", 2025), row(3, "Lê Thị Mẹ", 1990), row(4, "Lê T. Mẹ", 1990), row(5, "le thi me", 1991), row(6, "", 0), row(7, "Lê Bé Con", 0), row(8, "", 2025)}
	in := oldFile(clinic.OldPast, rows...)
	p := s.plan(in)
	if does(p) != "?aaaa??" || len(p.Rows[0].Found) != 1 || p.Rows[0].Found[0].ID != hits[0].ID || p.Rows[0].Like != clinic.LikeNumber {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	in.Answers = map[int]desk.OldAnswer{2: {Do: desk.OldSkip}, 7: {Do: desk.OldSame, Patient: hits[0].ID}, 8: {Do: desk.OldSkip}}
	if p = s.plan(in); does(p) != "saaaaas" {
		t.Fatalf("%s", does(p))
	}
	for i := range rows {
		rows[i].Past, rows[i].Dose = nil, &clinic.OldDose{Vaccine: "UV", Number: 1, Day: clinic.Date{Year: 2026, Month: 3}}
	}
	if p = s.plan(oldFile(clinic.OldDoses, rows[0])); does(p) != "?" {
		t.Errorf("a child's dose in the mother's record: %s", does(p))
	}
	born := row(2, "", 0)
	born.Past.Year = 1980
	if p = s.plan(oldFile(clinic.OldPast, born)); p.Rows[0].Problem.Args["value"] != "1980" {
		t.Errorf("%+v", p.Rows[0].Problem)
	}
}
