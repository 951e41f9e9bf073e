package dayone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/interop/dayone"
)

func today() clinic.Date { return clinic.Date{Year: 2026, Month: 11, Day: 2} }

// told writes what was read in one line a row and problem, to compare.
func told(r dayone.Result) (out []string) {
	for _, row := range r.Rows {
		p := &row.Patient
		s := fmt.Sprintf("%d %s|%s|%d", row.At, p.Name, p.Birth, p.Sex)
		for _, id := range p.Identifiers {
			s += fmt.Sprintf("|%d:%s", id.System, id.Value)
		}
		if p.Phone != "" {
			s += "|" + p.Phone
		}
		for _, a := range row.Allergies {
			s += "|!" + a.Substance
		}
		if row.NoAllergy {
			s += "|none"
		}
		if v := row.Visit; v != nil {
			s += fmt.Sprintf("|%s|%s|%s|%d/%d", v.Day, v.Exam.Reason, v.Diagnosis.Main, v.Vitals.Systolic, v.Vitals.Diastolic)
		}
		out = append(out, s)
	}
	for _, p := range r.Problems {
		s := fmt.Sprintf("line %d %s %s", p.At, p.Column, p.Code)
		if p.Warn {
			s += " (warn)"
		}
		if v := p.Args["value"]; v != "" {
			s += " " + v
		}
		out = append(out, s)
	}
	return out
}

func same(t *testing.T, list clinic.OldList, text string, want ...string) {
	t.Helper()
	r := dayone.Read("sổ.csv", list, []byte(text), today())
	if got := told(r); !slices.Equal(got, want) {
		t.Errorf("%s\ngot\n %s\nwant\n %s", text, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
	if r.Lines != len(r.Rows)+r.Bad {
		t.Errorf("%d lines, %d read, %d bad", r.Lines, len(r.Rows), r.Bad)
	}
}

const head = "STT;Họ và tên;Ngày sinh;Giới tính;Số CCCD;Điện thoại;Dị ứng\n"

func TestPatients(t *testing.T) {
	same(t, clinic.OldPatients, "TRẠM Y TẾ MẪU;;\n"+head+"1;Nguyễn Thị  Mẫu;2/3/1961;Nữ;056161000001;0912 345 678;Penicilin, tôm\n\n2;Trần Văn Thử;1950;nam;;;không\n",
		"3 Nguyễn Thị Mẫu|02/03/1961|2|1:056161000001|0912345678|!Penicilin|!tôm", "5 Trần Văn Thử|1950|1|none")
	same(t, clinic.OldPatients, "name,dob,gender,cmnd,bhyt\nLe Van A,1980-05-31,M,12345678,GD4010120000001\n",
		"2 Le Van A|31/05/1980|1|2:012345678|3:GD4010120000001", "line 2 oldid zeros (warn) 012345678")
	same(t, clinic.OldPatients, "Họ tên;Nam;Nữ\nA Dì;;1950\nB Chú;45;\nC Cô;x;\nD Ai;1;2\n",
		"2 A Dì|1950|2", "3 B Chú|1981|1", "line 3 age age (warn) 45 → 1981", "line 4 birth empty", "line 5 sex sex 1 / 2")
	same(t, clinic.OldPatients, "tên;mã\nx;y\n", "line 0  columns name, birth")
	same(t, clinic.OldPatients, head, "line 0  nothing")
	same(t, clinic.OldPatients, "", "line 0  nothing")
	same(t, clinic.OldPatients, "%PDF-1.4", "line 0  kind")
	same(t, clinic.OldPatients, "Họ tên;Ngày sinh;Năm sinh\n", "line 1 birth twice")
}

// TestBirthDates: what a person means is read, what may mean two things is not.
func TestBirthDates(t *testing.T) {
	for typed, want := range map[string]string{
		"31/12/1999": "31/12/1999", "1-2-2000": "01/02/2000", "2000-02-01 00:00:00": "01/02/2000", "2000-02-01T00:00:00": "01/02/2000",
		"05/1980": "05/1980", "1980": "1980", "1980.0": "1980", "00/00/1950": "1950", "45 tuổi": "1981 age", "45t": "1981 age", "3 tháng": "08/2026 age", "12 tháng": "11/2025 age",
		"32874": "01/01/1990 serial", "31/02/1990": "birth", "12/25/1990": "birth", "1/2/90": "year2", "90": "year2", "01/01/2027": "birth", "1890": "birth",
		"khoảng 1950": "birth", "200 tuổi": "birth", "": "empty", "-5": "year2", "99999": "birth", "0": "year2",
	} {
		r := dayone.Read("a.csv", clinic.OldPatients, []byte("họ tên;ngày sinh;giới\nNguyễn Thị Mẫu;"+typed+";nữ\n"), today())
		got := ""
		for _, row := range r.Rows {
			got = row.Patient.Birth.String()
		}
		for _, p := range r.Problems {
			got = strings.TrimSpace(got + " " + p.Code)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// TestNumbers: zeros that a spreadsheet dropped come back, digits that it dropped do not.
func TestNumbers(t *testing.T) {
	for typed, want := range map[string]string{
		"056161000001": "1:056161000001", "56161000001": "1:056161000001 zeros", "5.6161000001E+10": "1:056161000001 zeros", "5.6E+10": "digits", "56161000001.0": "1:056161000001 zeros",
		"'056161000001": "1:056161000001", "056 161 000 001": "1:056161000001", "123456789": "2:123456789", "1234": "identifier", "0561610000012": "identifier", "-": "", "5,6161000001E10": "1:056161000001 zeros",
		"056061000001": "1:056061000001 doubt", "056162000001": "1:056162000001 doubt",
	} {
		r := dayone.Read("a.csv", clinic.OldPatients, []byte("họ tên;ngày sinh;giới;cccd\nNguyễn Thị Mẫu;1961;nữ;"+typed+"\n"), today())
		got := ""
		for _, row := range r.Rows {
			for _, id := range row.Patient.Identifiers {
				got = fmt.Sprintf("%d:%s", id.System, id.Value)
			}
		}
		for _, p := range r.Problems {
			got = strings.TrimSpace(got + " " + p.Code)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	for typed, want := range map[string]string{
		"912345678": "0912345678", "9.12345678E8": "0912345678", "9.12E+08": "phone", "+84912345678": "0912345678", "(0256)3812345": "02563812345", "không có": "phone", "912345678.0": "0912345678",
	} {
		r := dayone.Read("a.csv", clinic.OldPatients, []byte("họ tên;ngày sinh;giới;sđt\nNguyễn Thị Mẫu;1961;nữ;"+typed+"\n"), today())
		got := ""
		for _, row := range r.Rows {
			got = row.Patient.Phone
		}
		for _, p := range r.Problems {
			got += p.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// TestSwapped: values in each other's columns are told as that, and what the citizen
// number knows is taken from it.
func TestSwapped(t *testing.T) {
	h := "họ tên;ngày sinh;giới;cccd\n"
	same(t, clinic.OldPatients, h+"056161000001;1961;nữ;Nguyễn Thị Mẫu\n1961;Nguyễn Thị Mẫu;nữ;\nNguyễn Thị Mẫu;nữ;02/03/1961;\nNguyễn Thị Mẫu;056161000001;nữ;02/03/1961\n",
		"line 2 name swapped 056161000001", "line 2 citizen swapped Nguyễn Thị Mẫu", "line 3 name swapped 1961", "line 3 birth swapped Nguyễn Thị Mẫu",
		"line 4 birth swapped nữ", "line 4 sex swapped 02/03/1961", "line 5 birth swapped 056161000001", "line 5 citizen swapped 02/03/1961")
	same(t, clinic.OldPatients, h+"Nguyễn Thị Mẫu;;;056161000001\nNguyễn Văn Mẫu;;;\n",
		"2 Nguyễn Thị Mẫu|1961|2|1:056161000001", "line 2 sex from-number (warn) 056161000001", "line 2 birth from-number (warn) 056161000001", "line 3 birth empty", "line 3 sex empty")
}

func TestVisits(t *testing.T) {
	h := "Ngày khám;Họ tên;Năm sinh;CCCD;Lý do;Mã ICD;Huyết áp;Cân nặng\n"
	same(t, clinic.OldVisits, h+"04/03/2019;;;056161000001;đau đầu;i10;150/90;51,5\n04/03/2019;Nguyễn Thị Mẫu;1961;;;I10;;\n",
		"2 ||0|1:056161000001|04/03/2019|đau đầu|I10|150/90", "3 Nguyễn Thị Mẫu|1961|0|04/03/2019||I10|0/0")
	same(t, clinic.OldVisits, h+"03/2019;A Dì;1961;;x;;;\n04/03/1999;A Dì;1961;;x;;;\n04/03/2030;A Dì;1961;;x;;;\n04/03/2019;A Dì;2020;;x;;;\n04/03/2019;;;;x;;;\n04/03/2019;A Dì;1961;;;;;\n04/03/2019;A Dì;1961;;x;;150;\n04/03/2019;A Dì;1961;;x;;;5000\n",
		"line 2 date date 03/2019", "line 3 date date 04/03/1999", "line 4 date future 04/03/2030", "line 5 date unborn 04/03/2019", "line 6 name empty",
		"line 7 reason empty", "line 8 pressure number 150", "line 9 vitals number 5000")
	same(t, clinic.OldVisits, "ngày;lý do\n04/03/2019;x\n", "line 0  columns date, name")
}

func TestPast(t *testing.T) {
	h := "Họ tên;Năm sinh;CCCD;Tiền sử bệnh;Loại;Năm mắc\n"
	r := dayone.Read("a.csv", clinic.OldPast, []byte(h+"A Dì;1961;;Mổ ruột thừa;Phẫu thuật;1999\n;;056161000001;Hen;;\n"), clinic.Date{Year: 2026, Month: 11, Day: 22})
	if len(r.Rows) != 2 || *r.Rows[0].Past != (clinic.PastItem{Text: "Mổ ruột thừa", About: clinic.PastOperation, Year: 1999, Source: clinic.PastPaper}) ||
		r.Rows[1].Past.About != clinic.PastIllness || r.Rows[1].Past.Year != 0 {
		t.Errorf("%+v", r)
	}
	r = dayone.Read("a.csv", clinic.OldPast, []byte(h+"A Dì;1961;;;;\nA Dì;1961;;Hen;lạ;\nA Dì;1961;;Hen;;99\nA Dì;1961;;Hen;;2030\nA Dì;1961;;Hen;;1950\nA Dì;1961;;Hen;;x\n"), clinic.Date{Year: 2026, Month: 11, Day: 22})
	got := ""
	for _, p := range r.Problems {
		got += p.Column + " " + p.Code + ", "
	}
	if got != "past empty, about choice, year year2, year future, year unborn, year number, " || len(r.Rows) != 0 {
		t.Error(got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head+"1;Nguyễn Thị Mẫu;2/3/1961;Nữ;056161000001;0912345678;tôm\n"), false)
	f.Add([]byte("Ngày khám;Họ tên;Năm sinh;Huyết áp\n04/03/2019;A Dì;45 tuổi;150/90\n"), true)
	f.Add([]byte("Họ tên;Nam;Nữ;BHXH\nA;3t;;9E9\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, visits bool) {
		list := clinic.OldPatients
		if visits {
			list = clinic.OldVisits
		}
		r := dayone.Read("a.csv", list, b, today())
		if len(r.Rows) == 0 && len(r.Problems) == 0 {
			t.Fatal("neither rows nor a word")
		}
		for _, row := range r.Rows {
			p := &row.Patient
			if !p.Birth.Valid() || today().Before(p.Birth) || !visits && (p.Name == "" || p.Birth.IsZero() || p.Sex == 0) || visits && (row.Visit == nil || !row.Visit.Day.Full()) {
				t.Fatalf("%+v", row)
			}
			for _, id := range p.Identifiers {
				if clinic.CheckIdentifier("", id.System, id.Value) != nil {
					t.Fatal(id)
				}
			}
		}
	})
}

// toldMore writes rows of stock and vaccines, and what is wrong with others.
func toldMore(r dayone.Result) (out []string) {
	for _, row := range r.Rows {
		switch g, d := row.Goods, row.Dose; {
		case g != nil:
			out = append(out, fmt.Sprintf("%d %s|%s|%s|%s|%s|%s %s×%d|%d", row.At, g.Code, g.Name, g.GTIN, g.Lot, g.Expiry, g.Quantity, g.Unit, g.Pack, g.Price))
		case d != nil:
			out = append(out, fmt.Sprintf("%d %s|%s %d|%s|%s|%s", row.At, row.Patient.Name, d.Vaccine, d.Number, d.Day, d.Lot, d.Place))
		}
	}
	r.Rows = nil
	return append(out, told(r)...)
}

func sameMore(t *testing.T, list clinic.OldList, text string, want ...string) {
	t.Helper()
	if got := toldMore(dayone.Read("kho.csv", list, []byte(text), today())); !slices.Equal(got, want) {
		t.Errorf("%s\ngot\n %s\nwant\n %s", text, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

// TestGoods: a shelf as spreadsheets have it, with merged headings.
func TestGoods(t *testing.T) {
	h := "Mã thuốc;Tên thuốc;Số lô;Hạn dùng;Số lượng;ĐVT;Đơn giá\n"
	sameMore(t, clinic.OldStock, "KHO TRẠM;;\n"+h+"PARA;Paracetamol 500mg;a  1;06/2028;1.234,5;viên;1.500\n;Gạc;;;20;miếng;\n",
		"3 PARA|Paracetamol 500mg||A 1|30/06/2028|1.234,5 viên×0|1500", "4 |Gạc||||20 miếng×0|0")
	sameMore(t, clinic.OldStock, "Mã;Tên hàng;Lô, hạn;;Tồn;\n;;Số lô;Hạn dùng;Số lượng;Đơn vị\nA;x;L1;46568;3;viên\n",
		"3 A|x||L1|30/06/2027|3 viên×0|0", "line 3 expiry serial (warn) 46568 → 30/06/2027")
	sameMore(t, clinic.OldStock, h+"A;;L;31/12/2025;1;;\nA;;L;2027;1;;\nA;;L;05/27;1;;\nA;;L;31/02/2027;1;;\nA;;L;05/2027;-4;;\nA;;L;05/2027;1.000;;\nA;;L;05/2027;1,000;;\nA;;L;05/2027;x;;\nA;;L;05/2027;;;\n;;L;05/2027;1;;\nA;;L;05/2027;1;;1,5\nA;;L;05/2027;1.000.000;;\nA;;L;05/2027;0;;\n",
		"2 A|||L|31/12/2025|1 ×0|0", "13 A|||L|31/05/2027|1.000.000 ×0|0", "14 A|||L|31/05/2027|0 ×0|0",
		"line 2 expiry stale (warn) 31/12/2025", "line 3 expiry date 2027", "line 4 expiry year2 05/27", "line 5 expiry date 31/02/2027", "line 6 quantity minus -4",
		"line 7 quantity thousand 1.000", "line 8 quantity thousand 1,000", "line 9 quantity number x", "line 10 quantity empty", "line 11 code empty", "line 12 price number 1,5")
	sameMore(t, clinic.OldStock, "code,gtin,quantity,received,expiry,kind,pack\nA,8930000000125,2,2026-05-01,2026-04-30,thuốc,10\nA,123456789,2,,,thuốc,\nA,,2,,,gạo,\nA,,2,,,vắc xin,0\nA,8.93E+12,2,,,,\n",
		"line 2 expiry stale-came 2026-04-30", "line 3 gtin form 123456789", "line 4 kind choice gạo", "line 5 pack number 0", "line 6 gtin digits 8.93E+12")
	sameMore(t, clinic.OldStock, "Tên;ghi chú\nx;y\n", "line 0  columns code, quantity")
}

// TestGoodsInDoubt: signs that part no thousands are not guessed at, and the day when goods
// came in is read as other days are.
func TestGoodsInDoubt(t *testing.T) {
	h := "Mã;Số lô;Hạn dùng;Tồn;Ngày nhập\n"
	sameMore(t, clinic.OldStock, h+"A;L;05/2027;1.2,5;\nA;L;05/2027;1,2.5;\nA;L;05/2027;1,234.5;\nA;L;05/2027;12.345,25;\nA;L;05/2027;1,234.567,5;\n",
		"4 A|||L|31/05/2027|1.234,5 ×0|0", "5 A|||L|31/05/2027|12.345,25 ×0|0", "line 2 quantity thousand 1.2,5", "line 3 quantity thousand 1,2.5", "line 6 quantity thousand 1,234.567,5")
	sameMore(t, clinic.OldStock, h+"A;L;30/04/2026;1;46143\nA;L;30/04/2027;1;1/5/26\n",
		"line 2 received serial (warn) 46143 → 01/05/2026", "line 2 expiry stale-came 30/04/2026", "line 3 received year2 1/5/26")
}

// TestDoses: what a book of vaccinations says, with days as far as they are known.
func TestDoses(t *testing.T) {
	h := "Họ tên;Ngày sinh;CCCD;Tên vắc xin;Mũi số;Ngày tiêm;Số lô;Nơi tiêm\n"
	sameMore(t, clinic.OldDoses, h+"Lê Bé A;05/01/2025;;BCG;;06/01/2025;lo1;TYT Mẫu\nLê Bé A;05/01/2025;;DPT;mũi 2;03/2025;;\nLê Bé A;05/01/2025;;DPT;3;2025;;\n",
		"2 Lê Bé A|BCG 0|06/01/2025|LO1|TYT Mẫu", "3 Lê Bé A|DPT 2|03/2025||", "4 Lê Bé A|DPT 3|2025||")
	sameMore(t, clinic.OldDoses, h+"Lê Bé A;05/01/2025;;;;06/01/2025;;\nLê Bé A;05/01/2025;;BCG;;;;\nLê Bé A;05/01/2025;;BCG;x;1/2/25;;\nLê Bé A;05/01/2025;;BCG;;32/01/2025;;\nLê Bé A;05/01/2025;;BCG;;01/2027;;\nLê Bé A;05/01/2025;;BCG;;2024;;\n;;;BCG;;2025;;\n",
		"line 2 vaccine empty", "line 3 given empty", "line 4 dose number x", "line 4 given year2 1/2/25", "line 5 given date 32/01/2025", "line 6 given future 01/2027", "line 7 given unborn 2024", "line 8 name empty")
	sameMore(t, clinic.OldDoses, "Họ tên;vắc xin\nx;y\n", "line 0  columns vaccine, given, name")
}

// TestTwoRowsOfNames: names in two rows, as merged cells leave them, are read as one.
func TestTwoRowsOfNames(t *testing.T) {
	same(t, clinic.OldPatients, "STT;Họ và tên;Năm sinh;;Địa chỉ\n;;Nam;Nữ;\n1;A Dì;;1950;Thôn 1\n", "3 A Dì|1950|2")
}

func FuzzReadMore(f *testing.F) {
	f.Add([]byte("Mã;Tên;Số lô;Hạn dùng;Số lượng;ĐVT;Đơn giá\nA;x;L1;06/2028;1.234,5;viên;1.500\n"), true)
	f.Add([]byte("Họ tên;Ngày sinh;Vắc xin;Mũi;Ngày tiêm\nA Dì;2025;BCG;2;03/2025\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, goods bool) {
		list := clinic.OldDoses
		if goods {
			list = clinic.OldStock
		}
		dayone.Read("a.csv", clinic.OldPast, b, today())
		r := dayone.Read("a.csv", list, b, today())
		if len(r.Rows) == 0 && len(r.Problems) == 0 {
			t.Fatal("neither rows nor a word")
		}
		for _, row := range r.Rows {
			g, d := row.Goods, row.Dose
			if goods && (g == nil || g.Quantity < 0 || !g.Expiry.IsZero() && !g.Expiry.Full() || g.Price < 0 || g.Pack < 0 || g.Code+g.Name+g.GTIN+g.Registration == "") ||
				!goods && (d == nil || d.Vaccine == "" || d.Day.IsZero() || !d.Day.Valid() || today().Before(d.Day)) {
				t.Fatalf("%+v", row)
			}
		}
	})
}
