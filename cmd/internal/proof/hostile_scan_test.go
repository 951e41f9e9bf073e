package proof

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/peripherals/sim"
)

// scanned lays a code on the scanner and returns the address to which the page that
// waits for it goes by itself.
func (v *visitor) scanned(payload string, as sim.Shape) string {
	v.h.t.Helper()
	if err := v.h.scanner.ScanAs(payload, as); err != nil {
		v.h.t.Fatal(err)
	}
	var p page
	v.h.soon("the scan", func() bool {
		p = v.get("/scan")
		return p.status == http.StatusSeeOther
	})
	v.get(p.location) // opened: the next scan is another one
	return p.location
}

const (
	citizenCode = "056161054321|221234567|Đặng Thị Ẩn|02031961|Nữ|Thôn Cồn Dứa, Xã Yến Xa, Tỉnh Thử|01072021"
	citizenCut  = 60 // bytes: within the address
)

// insuranceCode is a card's code; the texts are hexadecimal, as on cards.
func insuranceCode(name, address string) string {
	x := func(s string) string { return hex.EncodeToString([]byte(s)) }
	return strings.Join([]string{
		"XD2565600012345", x(name), "02/03/1961", "2", x(address), "56 - 999", "01/01/2026", "31/12/2026", "01/01/2026",
		"5600012345", "-", "4", "01/01/2028", "1f-7102", "4", x("Tỉnh Thử"), "$",
	}, "|")
}

// telex is what an input method makes of hexadecimal digits on their way.
func telex(s string) string {
	return strings.NewReplacer("dd", "đ", "aa", "â", "ee", "ê", "af", "à", "ef", "è").Replace(s)
}

// TestHostileScans lays codes on the scanner that are damaged, of something else, or
// made to deceive.
func TestHostileScans(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileNurse)
	cr := sim.Shape{Suffix: "\r"}
	slips := h.slips()
	other, _ := clinic.NewSlip("11111", "b", 5)
	refused := []struct {
		name, code string
		as         sim.Shape
		key        string
	}{
		{"half a code", citizenCode, sim.Shape{Cut: citizenCut, Suffix: "\r"}, "scan.error.truncated"},
		{"half a code without its end", citizenCode, sim.Shape{Cut: citizenCut}, "scan.error.truncated"},
		{"cut within a letter", citizenCode, sim.Shape{Cut: strings.Index(citizenCode, "Ẩ") + 1, Suffix: "\r"}, "scan.error.truncated"},
		{"the second half", citizenCode[citizenCut:], cr, "scan.error.truncated"},
		{"half an insurance card", insuranceCode("Đặng Thị Ẩn", "Thôn Cồn Dứa"), sim.Shape{Cut: 70, Suffix: "\r"}, "scan.error.truncated"},
		{"a code of something else", "WIFI:T:WPA;S:tau-ca;P:matkhau123;;", cr, "scan.error.unknown"},
		{"a link", "https://evil.test/?id=056161054321", cr, "scan.error.unknown"},
		{"goods", "]E08934563138165", cr, "scan.goods"},
		{"13 digits", "0561610543210", cr, "scan.error.number-length"},
		{"13 digits on a card", strings.Replace(citizenCode, "056161054321", "0561610543210", 1), cr, "scan.error.number-length"},
		{"a card born on 31 February", strings.Replace(citizenCode, "02031961", "31021961", 1), cr, "scan.error.date"},
		{"a card of month 13", strings.Replace(citizenCode, "02031961", "02131961", 1), cr, "scan.error.date"},
		{"another character set", "056161054321||\xd0\xe3ng Th\xde |02031961|N\xfd|x|01072021", cr, "scan.error.bad-utf8"},
		{"more than any code holds", strings.Repeat("7", 5000), cr, "scan.error.too-long"},
		{"a slip of another station", other, cr, "scan.slip-none"},
		{"a slip with a wrong check character", strings.Replace(other, "5", "6", 1), cr, "scan.error.slip-check"},
		{"a slip of another version", "CB9/" + other + "/A/1/B", cr, "scan.error.slip-form"},
		{"half a slip", slips.open.String(), sim.Shape{Cut: 30, Suffix: "\r"}, "scan.error.truncated"},
	}
	var asks []ask
	for _, r := range refused {
		at := "" // laid on the scanner once, looked at in both languages
		asks = append(asks, ask{r.name, func() page {
			if at == "" {
				at = v.scanned(r.code, r.as)
			}
			return v.get(at)
		}, http.StatusUnprocessableEntity, r.key, nil})
	}
	forged := slips.open
	forged.Record = slips.stranger
	asks = append(asks, ask{"a slip that names another record", func() page {
		return v.get(v.scanned(forged.String(), cr))
	}, http.StatusOK, "scan.choose", nil})
	v.refuses(asks)
	// A wrong root proves nothing and takes nothing away: the number counts.
	right := slips.open
	right.Root = bytes.Repeat([]byte{9}, 32)
	if p := v.get(v.scanned(right.String(), cr)); !strings.HasPrefix(p.location, "/patients/"+slips.patient.String()) {
		t.Errorf("a slip with another root leads to %q", p.location)
	}
	// A slip that holds no more leads to its patient, and says so there; so does any
	// other paper, to its visit.
	plain, ahead, foreign := slips.open, slips.open, slips.open
	plain.Slip, ahead.Slip, foreign.Slip = "", "", ""
	ahead.Log, ahead.Size = h.store.Epoch(), 1_000_000
	foreign.Leaf = bytes.Repeat([]byte{7}, 16)
	home := "/patients/" + slips.patient.String()
	for _, c := range []struct{ code, key, to string }{
		{slips.void, "scan.paper.replaced", home},
		{slips.used, "scan.paper.used", home},
		{plain.String(), "scan.paper.holds", home + "/visits/" + slips.visit.String()},
		{ahead.String(), "scan.paper.ahead", home + "/visits/" + slips.visit.String()},
		{foreign.String(), "scan.paper.other", home},
	} {
		for _, lang := range []string{"vi", "en"} {
			v.speaks(lang)
			p := v.get(v.scanned(c.code, cr))
			if !strings.HasPrefix(p.location, c.to) {
				t.Fatalf("%s: leads to %d %q", c.key, p.status, p.location)
			}
			h.inWords(c.key, lang, v.get(p.location), c.key)
		}
	}
	nobody := plain
	nobody.Record = clinic.ID{9, 9}
	v.refuses([]ask{{"a paper of a record that is not here", func() page { return v.get(v.scanned(nobody.String(), cr)) }, http.StatusUnprocessableEntity, "scan.paper-none", nil}})
	v.speaks("vi")
	h.goesOn(v)
	h.log.Absent("Đặng Thị", "056161054321", "Cồn Dứa", "matkhau123", "XD2565600012345", slips.used, slips.void, "Người Có Phiếu")
}

// slips are papers of one patient in every state.
type slips struct {
	used, void        string
	open              clinic.PaperQR
	patient, stranger clinic.ID
	visit             clinic.ID // of open
}

// slips makes papers, at the desk directly: the pages' part is tested elsewhere.
func (h *hostileBox) slips() (s slips) {
	h.t.Helper()
	ctx, by := h.t.Context(), h.staff[hostileDoctor].ID
	call := func() desk.Call { return desk.Call{Act: clinic.NewID(), By: by} }
	must := func(d desk.Done, err error) desk.Done {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		return d
	}
	register := func(name string) clinic.ID {
		return must(h.desk.Register(ctx, call(), desk.PatientInput{Patient: clinic.Patient{
			Name: name, Sex: clinic.SexMale, Birth: clinic.Date{Year: 1950, Month: 1, Day: 1},
		}})).Patient
	}
	day := clinic.DateOf(h.now())
	s.patient, s.stranger = register("Người Có Phiếu"), register("Người Không Phiếu")
	visit := func(slip string) desk.On {
		d := must(h.desk.OpenVisit(ctx, call(), desk.VisitInput{Patient: s.patient, Slip: slip, Another: true}))
		return desk.On{Patient: s.patient, Visit: d.Visit}
	}
	appoint := func(on desk.On, days int) desk.Done {
		return must(h.desk.Appoint(ctx, call(), desk.AppointInput{On: on, Due: day.AddDays(days)}))
	}
	on := visit("")
	first := appoint(on, 7)
	s.void = desk.SlipOf(first)
	on.Base = first.Records[0].Leaf
	s.used = desk.SlipOf(appoint(on, 8))
	latest := visit(s.used)
	last := appoint(latest, 9)
	s.visit = latest.Visit
	s.open = clinic.PaperQR{
		Slip: desk.SlipOf(last), Leaf: last.Records[0].Leaf[:], Record: s.patient,
		TreeHead: clinic.TreeHead{Size: 3, Root: bytes.Repeat([]byte{1}, 32)},
	}
	return s
}

// TestOddScansFillTheForm lays codes on the scanner that an input method or a
// scanner changed, and that can be repaired.
func TestOddScansFillTheForm(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileNurse)
	card := insuranceCode("Đàm Thị Nở", "Thôn Cồn Dứa, Đảo Ngà")
	if telex(card) == card {
		t.Fatal("the card has nothing that an input method would change")
	}
	for _, c := range []struct {
		name, code string
		as         sim.Shape
		filled     []string
		key        string
	}{
		{"decomposed letters", norm.NFD.String(citizenCode), sim.Shape{Prefix: "]Q1", Suffix: "\r\n"}, []string{"Đặng Thị Ẩn", "Thôn Cồn Dứa", "056161054321"}, "register.from-card"},
		{"in small pieces", citizenCode, sim.Shape{Suffix: "\r", Chunk: 7}, []string{"Đặng Thị Ẩn"}, "register.from-card"},
		{"an input method", telex(card), sim.Shape{Suffix: "\r"}, []string{"Đàm Thị Nở", "Thôn Cồn Dứa, Đảo Ngà", "XD2565600012345"}, "scan.telex-undone"},
		{"a name of markup", strings.Replace(citizenCode, "Đặng Thị Ẩn", "<script>alert(1)</script>", 1), sim.Shape{Suffix: "\r"}, []string{"056161054321"}, "scan.name-undecodable"},
		{"a name that turns round", strings.Replace(citizenCode, "Ẩn", "\u202enẨ", 1), sim.Shape{Suffix: "\r"}, []string{"056161054321"}, "scan.name-undecodable"},
		{"a number that does not fit", strings.Replace(citizenCode, "Nữ", "Nam", 1), sim.Shape{Suffix: "\r"}, []string{"Đặng Thị Ẩn"}, clinic.DoubtSex},
	} {
		before := h.entries()
		p := v.get(v.scanned(c.code, c.as))
		if !strings.HasPrefix(p.location, "/register?scan=") {
			t.Fatalf("%s: leads to %d %q", c.name, p.status, p.location)
		}
		for _, lang := range []string{"vi", "en"} {
			v.speaks(lang)
			form := v.get(p.location)
			h.inWords(c.name, lang, form, c.key)
			for _, want := range c.filled {
				if !strings.Contains(form.body, `value="`+want) {
					t.Errorf("%s: %q is not filled in", c.name, want)
				}
			}
			if strings.ContainsAny(form.body, "\u202e") || strings.Contains(form.body, "<script>alert") {
				t.Errorf("%s: the card became part of the page", c.name)
			}
		}
		if h.entries() != before {
			t.Errorf("%s: something was saved", c.name)
		}
	}
	// A keyboard wedge types the same into the field, where nothing may be lost either.
	if p := v.post("/scan/type", url.Values{"code": {telex(card)}}); p.status != http.StatusSeeOther {
		t.Errorf("typed by a scanner: %d %.300s", p.status, p.text())
	}
	h.goesOn(v)
	h.log.Absent("Đặng Thị", "Đàm Thị", "056161054321", "Cồn Dứa", "XD2565600012345")
}
