package barcode_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/peripherals/barcode"
)

const (
	chip = "079190001234|271234567|Nguyễn Thị Hiền|05091990|Nữ|Thôn Đông, Xã Đảo Yến, Khánh Hòa|12082021"
	name = "Nguyễn Thị Hiền"
)

func citizen(old string) clinic.Patient {
	p := clinic.Patient{
		Name: name, Birth: clinic.Date{Year: 1990, Month: 9, Day: 5}, Sex: clinic.SexFemale,
		Address: "Thôn Đông, Xã Đảo Yến, Khánh Hòa", Source: clinic.SourceCitizenQR,
		Issued:      clinic.Date{Year: 2021, Month: 8, Day: 12},
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "079190001234"}},
	}
	if old != "" {
		p.Identifiers = append(p.Identifiers, clinic.Identifier{System: clinic.SystemOldID, Value: old})
	}
	return p
}

func with(p clinic.Patient, change func(*clinic.Patient)) clinic.Patient {
	change(&p)
	return p
}

type good struct {
	name, in string
	want     clinic.Patient
	extra    []string
	doubts   []string
}

func check(t *testing.T, kind clinic.ScanKind, tests []good) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := barcode.Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			want := clinic.Scan{Kind: kind, Patient: tt.want, Extra: tt.extra, Doubts: tt.doubts}
			if !reflect.DeepEqual(s, want) {
				t.Errorf("got\n%+v\nwant\n%+v", s, want)
			}
		})
	}
}

func TestCitizen(t *testing.T) {
	noOld := strings.Replace(chip, "271234567", "", 1)
	check(t, clinic.ScanCitizen, []good{
		{"2021", chip, citizen("271234567"), nil, nil},
		{"no former number", noOld, citizen(""), nil, nil},
		{"six fields", strings.Replace(chip, "271234567|", "", 1), citizen(""), nil, nil},
		{"a dash for none", strings.Replace(chip, "271234567", "-", 1), citizen(""), nil, nil},
		{"cancelled number", strings.Replace(chip, "271234567", "079090001234", 1), citizen("079090001234"), nil, nil},
		{"odd former number", strings.Replace(chip, "271234567", "B1234567", 1), citizen(""), []string{"B1234567"}, []string{barcode.DoubtOld}},
		{"decomposed", norm.NFD.String(chip), citizen("271234567"), nil, nil},
		{"line end", chip + "\r\n", citizen("271234567"), nil, nil},
		{"tab", chip + "\t", citizen("271234567"), nil, nil},
		{"AIM identifier", "]Q1" + chip + "\r", citizen("271234567"), nil, nil},
		{"AIM after a byte order mark", "\uFEFF]Q1" + chip, citizen("271234567"), nil, nil},
		{"STX ETX", "\x02" + chip + "\x03", citizen("271234567"), nil, nil},
		{"2024, empty ends", chip + "||||", citizen("271234567"), nil, nil},
		{"2024, parents", chip + "||Nguyễn Văn Ba|Lê Thị Tư", citizen("271234567"), []string{"", "Nguyễn Văn Ba", "Lê Thị Tư"}, nil},
		{"2024, no issue date", strings.Replace(noOld, "12082021", "", 1) + "|079090001234|", with(citizen(""), func(p *clinic.Patient) { p.Issued = clinic.Date{} }), []string{"079090001234"}, nil},
		{"capitals", strings.Replace(chip, "Nữ", "NỮ", 1), citizen("271234567"), nil, nil},
		{"Nu", strings.Replace(chip, "Nữ", "Nu", 1), citizen("271234567"), nil, nil},
		{"sex unreadable", strings.Replace(chip, "Nữ", "N?", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Sex = 0 }), nil, []string{barcode.DoubtSex}},
		{"sex differs", strings.Replace(chip, "Nữ", "Nam", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Sex = clinic.SexMale }), nil, []string{clinic.DoubtSex}},
		{"year only", strings.Replace(chip, "05091990", "1990", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1990} }), nil, nil},
		{"0000yyyy", strings.Replace(chip, "05091990", "00001990", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1990} }), nil, nil},
		{"mmyyyy", strings.Replace(chip, "05091990", "091990", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1990, Month: 9} }), nil, nil},
		{"other year", strings.Replace(chip, "05091990", "05091989", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Birth.Year = 1989 }), nil, []string{clinic.DoubtBirth}},
		{"issued before birth", strings.Replace(chip, "12082021", "12081989", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Issued.Year = 1989 }), nil, []string{barcode.DoubtOrder}},
		{"issue year only", strings.Replace(chip, "12082021", "2021", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Issued = clinic.Date{Year: 2021} }), nil, []string{barcode.DoubtIssued}},
		{"name lost letters", strings.Replace(chip, "ễ", "?", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Name = "" }), nil, []string{barcode.DoubtName}},
		{"VNI keystrokes", strings.Replace(chip, "Nguyễn", "Nguye64n", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Name = "" }), nil, []string{barcode.DoubtName}},
		{"Telex keystrokes", strings.Replace(chip, "Nguyễn", "Nguyeenx", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Name = "Nguyeenx Thị Hiền" }), nil, []string{barcode.DoubtSpelling}},
		{"address lost letters", strings.Replace(chip, "Đảo", "?ảo", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Address = "Thôn Đông, Xã ?ảo Yến, Khánh Hòa" }), nil, []string{barcode.DoubtAddress}},
		{"a name of the Ê-đê", strings.Replace(chip, name, "H’Linh Niê Kđăm", 1), with(citizen("271234567"), func(p *clinic.Patient) { p.Name = "H’Linh Niê Kđăm" }), nil, nil},
	})
}

func hx(s string) string { return hex.EncodeToString([]byte(s)) }

func hx16(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return hex.EncodeToString(b)
}

// telex does to hexadecimal what a Telex input method does.
var telex = strings.NewReplacer("aa", "â", "ee", "ê", "dd", "đ", "af", "à", "ef", "è", "AA", "Â", "EE", "Ê", "DD", "Đ")

func health(number, hexName string) string {
	return number + "|" + hexName + "|05/09/1990|2|" + hx("Xã Đảo Yến") + "|56 - 101|01/01/2026|31/12/2026|20/12/2025|56010112345|-|4|01/01/2029|1a2b3c-7102|4|" + hx("Khánh Hòa") + "|$"
}

func insured(number string) clinic.Patient {
	d := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	id := clinic.Identifier{
		System: clinic.SystemInsurance, Value: number, From: d(2026, 1, 1), To: d(2026, 12, 31),
		Facility: "56101", FiveYears: d(2029, 1, 1),
	}
	p := clinic.Patient{
		Name: name, Birth: d(1990, 9, 5), Sex: clinic.SexFemale, Address: "Xã Đảo Yến",
		Source: clinic.SourceHealthQR, Issued: d(2025, 12, 20), Identifiers: []clinic.Identifier{id},
	}
	if len(number) == 10 {
		p.Identifiers[0].System = clinic.SystemSocial
		return p
	}
	p.Identifiers = append(p.Identifiers, clinic.Identifier{System: clinic.SystemSocial, Value: number[5:]})
	return p
}

func TestInsurance(t *testing.T) {
	const card = "XD2565612345678"
	base := health(card, hx(name))
	extra := []string{"56010112345", "-", "4", "01/01/2029", "1a2b3c-7102", "4", hx("Khánh Hòa")}
	change := func(old, now string, f func(*clinic.Patient), doubts ...string) good {
		return good{now, strings.Replace(base, old, now, 1), with(insured(card), f), extra, doubts}
	}
	noName := func(p *clinic.Patient) { p.Name = "" }
	same := func(*clinic.Patient) {}
	check(t, clinic.ScanInsurance, []good{
		{"15 characters", base, insured(card), extra, nil},
		{"10 digits", health("5612345678", hx(name)), insured("5612345678"), extra, nil},
		{"small letters", strings.Replace(base, "XD", "xd", 1), insured(card), extra, nil},
		{"capital hex", strings.Replace(base, hx(name), strings.ToUpper(hx(name)), 1), insured(card), extra, nil},
		{"UTF-16LE", health(card, hx16(name)), insured(card), extra, nil},
		{"decomposed within the hex", health(card, hx(norm.NFD.String(name))), insured(card), extra, nil},
		{"name in clear", health(card, name), insured(card), extra, nil},
		{"Telex on", health(card, telex.Replace(hx("Bạn Ngọc Nế"))), with(insured(card), func(p *clinic.Patient) { p.Name = "Bạn Ngọc Nế" }), extra, []string{barcode.DoubtTelex}},
		{"Telex on, capitals", health(card, telex.Replace(strings.ToUpper(hx("Bạn Ngọc Nế")))), with(insured(card), func(p *clinic.Patient) { p.Name = "Bạn Ngọc Nế" }), extra, []string{barcode.DoubtTelex}},
		{"Telex on, tone on a circumflex", health(card, strings.Replace(hx("Lê Thắng"), "e1baaf", "e1bầ", 1)), with(insured(card), func(p *clinic.Patient) { p.Name = "Lê Thắng" }), extra, []string{barcode.DoubtTelex}},
		{"Telex on, horned u", health(card, strings.Replace(hx("Trần Ưng"), "c6af", "c6à", 1)), with(insured(card), func(p *clinic.Patient) { p.Name = "Trần Ưng" }), extra, []string{barcode.DoubtTelex}},
		{"Telex lost a key", health(card, strings.Replace(hx("LÊ THỊ MẪN"), "e1baaa", "e1baa", 1)), with(insured(card), noName), extra, []string{barcode.DoubtName}},
		{"hex of another script", health(card, hx("Иван")), with(insured(card), noName), extra, []string{barcode.DoubtName}},
		{"odd hex", health(card, hx(name)[1:]), with(insured(card), noName), extra, []string{barcode.DoubtName}},
		{"no name", health(card, ""), with(insured(card), noName), extra, []string{barcode.DoubtName}},
		{"parent", strings.Replace(base, "|-|4|", "|"+hx("Lê Thị Tư")+"|4|", 1), with(insured(card), func(p *clinic.Patient) { p.Guardian = "Lê Thị Tư" }), append([]string{extra[0], hx("Lê Thị Tư")}, extra[2:]...), nil},
		{"area", strings.Replace(base, "|-|4|", "|-|K3|", 1), with(insured(card), func(p *clinic.Patient) { p.Identifiers[0].Area = "K3" }), append([]string{extra[0], "-", "K3"}, extra[3:]...), nil},
		change("56 - 101", "56–101", same),
		change("56 - 101", "56101", same),
		change("56 - 101", "5 101", func(p *clinic.Patient) { p.Identifiers[0].Facility = "" }, barcode.DoubtFacility),
		change("05/09/1990", "5/9/1990", same),
		change("05/09/1990", "1990", func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1990} }),
		change("31/12/2026", "-", func(p *clinic.Patient) { p.Identifiers[0].To = clinic.Date{} }),
		change("31/12/2026", "31/12/2020", func(p *clinic.Patient) { p.Identifiers[0].To.Year = 2020 }, barcode.DoubtOrder),
		change("|2|", "|9|", func(p *clinic.Patient) { p.Sex = 0 }, barcode.DoubtSex),
		change(hx("Xã Đảo Yến"), "-", func(p *clinic.Patient) { p.Address = "" }),
	})
}

func TestNumber(t *testing.T) {
	typed := func(ids ...clinic.Identifier) clinic.Patient {
		return clinic.Patient{Source: clinic.SourceTyped, Identifiers: ids}
	}
	id := func(s clinic.System, v string) clinic.Identifier { return clinic.Identifier{System: s, Value: v} }
	check(t, clinic.ScanNumber, []good{
		{"citizen", "079190001234", typed(id(clinic.SystemCitizen, "079190001234")), nil, nil},
		{"spaces", " 079 190 001 234\r", typed(id(clinic.SystemCitizen, "079190001234")), nil, nil},
		{"next century", "079490001234", typed(id(clinic.SystemCitizen, "079490001234")), nil, []string{clinic.DoubtCentury}},
		{"former", "271234567", typed(id(clinic.SystemOldID, "271234567")), nil, nil},
		{"social", "5612345678", typed(id(clinic.SystemSocial, "5612345678")), nil, nil},
		{"card as printed", "xd 2 56 56 1234 5678", typed(id(clinic.SystemInsurance, "XD2565612345678"), id(clinic.SystemSocial, "5612345678")), nil, nil},
	})
}

func TestRefused(t *testing.T) {
	card := health("XD2565612345678", hx(name))
	for _, tt := range []struct {
		name, in string
		want     barcode.Error
	}{
		{"nothing", "\r\n", barcode.Error{Code: barcode.CodeEmpty}},
		{"only an AIM identifier", "]Q1\r", barcode.Error{Code: barcode.CodeEmpty}},
		{"too long", strings.Repeat("x", barcode.MaxPayload+1), barcode.Error{Code: barcode.CodeTooLong, Offset: barcode.MaxPayload}},
		{"Windows-1258", "079190001234||Nguy\xean V\xe3n|", barcode.Error{Code: barcode.CodeUTF8, Field: 2, Offset: 18}},
		{"13 digits", "0791900012345", barcode.Error{Code: barcode.CodeLength, Offset: 12}},
		{"11 digits", "07919000123", barcode.Error{Code: barcode.CodeLength, Offset: 11}},
		{"13 digits on a card", "0791900012345|x", barcode.Error{Code: barcode.CodeLength}},
		{"14 characters", "XD256561234567", barcode.Error{Code: barcode.CodeLength, Offset: 12}},
		{"benefit 9", "XD9565612345678", barcode.Error{Code: barcode.CodeNumber}},
		{"benefit 9 on a card", strings.Replace(card, "XD2", "XD9", 1), barcode.Error{Code: barcode.CodeNumber}},
		{"letters in a card number", "XD25656123456O8", barcode.Error{Code: barcode.CodeNumber}},
		{"goods with a wrong check digit", "]E00036000291453", barcode.Error{Code: barcode.CodeUnknown, Offset: 3}},
		{"half a code of goods", "]d201089300000001", barcode.Error{Code: barcode.CodeTruncated, Offset: 17}},
		{"goods of a wrong number", "]C10108930000000102", barcode.Error{Code: barcode.CodeNumber, Offset: 3}},
		{"goods of the 32nd", "]d2010893000000012517271232", barcode.Error{Code: barcode.CodeDate, Offset: 3}},
		{"no goods at all", "]d221ABC", barcode.Error{Code: barcode.CodeUnknown, Offset: 3}},
		{"half a list of goods", "CBG1/X22736A00001", barcode.Error{Code: barcode.CodeTruncated, Offset: 17}},
		{"address of a page", "https://example.test/a?b=c", barcode.Error{Code: barcode.CodeUnknown}},
		{"bank QR", "00020101021138570010A00000072701270006970403", barcode.Error{Code: barcode.CodeUnknown}},
		{"bars of something else", "WIFI|S:home|T:WPA", barcode.Error{Code: barcode.CodeUnknown}},
		{"30 February", strings.Replace(chip, "05091990", "30021990", 1), barcode.Error{Code: barcode.CodeDate, Field: 3, Offset: 45}},
		{"month 13", strings.Replace(chip, "05091990", "05131990", 1), barcode.Error{Code: barcode.CodeDate, Field: 3, Offset: 45}},
		{"a day without a month", strings.Replace(chip, "05091990", "05001990", 1), barcode.Error{Code: barcode.CodeDate, Field: 3, Offset: 45}},
		{"year 0001", strings.Replace(chip, "05091990", "0001", 1), barcode.Error{Code: barcode.CodeDate, Field: 3, Offset: 45}},
		{"impossible issue date", strings.Replace(chip, "12082021", "32082021", 1), barcode.Error{Code: barcode.CodeDate, Field: 6, Offset: strings.LastIndex(chip, "|") + 1}},
		{"31 April on a card", strings.Replace(card, "31/12/2026", "31/4/2026", 1), barcode.Error{Code: barcode.CodeDate, Field: 7, Offset: strings.Index(card, "31/12/2026")}},
		{"the tail of a card", "ễn Thị Hiền|05091990|Nữ|Xã Đảo|12082021", barcode.Error{Code: barcode.CodeTruncated}},
		{"a bar and no more", "079190001234|", barcode.Error{Code: barcode.CodeTruncated, Field: 2, Offset: 13}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := barcode.Parse([]byte(tt.in))
			got, ok := errors.AsType[*barcode.Error](err)
			if !ok || *got != tt.want {
				t.Errorf("got %v, want %v", err, &tt.want)
			}
		})
	}
}

// TestHalf cuts codes at every byte: a half may be taken for a bare number or for
// a card with a shorter issue date and a warning, never for the whole card.
func TestHalf(t *testing.T) {
	card := health("XD2565612345678", hx(name))
	for _, whole := range []string{chip, "]Q1" + chip, card} {
		want, err := barcode.Parse([]byte(whole))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(whole) {
			s, err := barcode.Parse([]byte(whole[:i]))
			switch {
			case err == nil && s.Kind == clinic.ScanNumber:
			case err == nil && reflect.DeepEqual(s.Patient, want.Patient):
				// Only what is not ours to read was lost: the check string behind it.
				if !strings.HasPrefix(whole, "XD") || i < strings.Index(whole, "|1a2b") {
					t.Errorf("cut at %d of %d: taken for whole", i, len(whole))
				}
			case err == nil && !slices.Contains(s.Doubts, barcode.DoubtIssued):
				t.Errorf("cut at %d of %d: accepted without a doubt", i, len(whole))
			case err != nil && i > 15+3:
				if e, _ := errors.AsType[*barcode.Error](err); e == nil || e.Code != barcode.CodeTruncated {
					t.Errorf("cut at %d of %d: %v, want truncated", i, len(whole), err)
				}
			}
		}
	}
}

// TestErrorsAreMute: an error names places, never what stood there.
func TestErrorsAreMute(t *testing.T) {
	for _, c := range barcode.Codes() {
		if c.Key() == "" || strings.ContainsAny(string(c), " |") {
			t.Errorf("code %q is no key", c)
		}
	}
	_, err := barcode.Parse([]byte(strings.Replace(chip, "05091990", "99999990", 1)))
	for _, w := range []string{"0791", "Hiền", "9999"} {
		if strings.Contains(err.Error(), w) {
			t.Errorf("error tells %q: %v", w, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		chip, norm.NFD.String(chip), chip + "||a|b", health("XD2565612345678", hx(name)),
		health("5612345678", telex.Replace(hx("Bạn"))), "0791900012345", "]Q1079190001234\r", "CB1/H", "||||||", "$",
		"079190001234|Nguyễn|1990|Nam|x|2021",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := barcode.Parse(raw)
		if err != nil {
			e, ok := errors.AsType[*barcode.Error](err)
			if !ok || !slices.Contains(barcode.Codes(), e.Code) || e.Offset < 0 || e.Offset > len(raw) || e.Field < 0 {
				t.Fatalf("bad error %#v", err)
			}
			return
		}
		p := &s.Patient
		for _, w := range []string{p.Name, p.Address, p.Guardian} {
			if !norm.NFC.IsNormalString(w) {
				t.Fatalf("not NFC: %q", w)
			}
		}
		if !p.Birth.Valid() || !p.Issued.Valid() || s.Kind == 0 {
			t.Fatalf("invalid %+v", s)
		}
		for _, d := range s.Doubts {
			if !slices.Contains(barcode.Doubts(), d) {
				t.Fatalf("unlisted doubt %q", d)
			}
		}
	})
}
