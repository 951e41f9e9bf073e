package store_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
	"clinicbox/clinic/stock"
	"clinicbox/interop/dayone"
	"clinicbox/interop/sheet"
	"clinicbox/interop/sheet/sheettest"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// messy is a file of old data with what must become of its rows.
type messy struct {
	list                      clinic.OldList
	text                      []byte
	lines, bad, refused, adds int
	skips                     int
	sum                       clinic.Milli // of the batches that come in
}

// add adds a row, sometimes in an old code as years of typing left it.
func (m *messy) add(cells ...string) {
	line := strings.Join(cells, ";") + "\n"
	m.lines++
	code := []sheet.Code{sheet.CodeTCVN3, sheet.CodeVNI}[m.lines%2]
	if m.lines%7 == 3 && accented(cells) > 2 && says(code, line) { // of a word or two nobody can tell the code
		m.text = append(m.text, sheettest.Encode(code, line)...)
		return
	}
	m.text = append(m.text, line...)
}

// accented counts the words that are not plain letters.
func accented(cells []string) (n int) {
	for _, w := range strings.Fields(strings.Join(cells, " ")) {
		if strings.ContainsFunc(w, func(r rune) bool { return r > 127 }) {
			n++
		}
	}
	return n
}

// messyShelf is a list of stock with headings in two rows: days in all shapes, quantities
// below zero and with commas, batches that stand there twice.
func messyShelf(n int) *messy {
	m := &messy{list: clinic.OldStock, text: []byte("Kho thuốc\nMã;Tên hàng;Lô, hạn;;Tồn kho;ĐVT;Đơn giá;Ngày nhập\n;;Số lô;Hạn dùng;;;;\n")}
	rows := slices.DeleteFunc(starting.Of(clinic.CatalogMedicine), func(r clinic.CatalogRow) bool { return strings.Contains(r.Name+r.Strength+r.Unit, ";") })
	names := map[string]int{}
	for _, r := range rows {
		names[strings.ToLower(r.Name+" "+r.Strength)]++
		names[strings.ToLower(r.Name)]++
	}
	var last []string
	for i := range n {
		r := rows[i%len(rows)]
		code, name, lot, expiry, quantity, unit, came := r.Code, r.Name, fmt.Sprintf("L%05d", i), fmt.Sprintf("%02d/%d", 1+i%12, 2027+i%3), fmt.Sprint(1+i%900), r.Unit, ""
		units := clinic.Milli(1+i%900) * 1000
		good, bad, skip := true, false, false
		switch i % 16 {
		case 1:
			expiry = "46568" // as a spreadsheet counts
		case 2:
			quantity, bad = "-"+quantity, true
		case 3:
			quantity, bad = "1.000", true
		case 4:
			quantity, units = quantity+",5", units+500
		case 5:
			code, good = "KHONG-CO", false
		case 6:
			came, bad = "01/06/2030", true
		case 7:
			if last != nil {
				m.add(last...)
				m.skips++
				continue
			}
		case 8:
			if last != nil {
				again := slices.Clone(last)
				again[4] = "77777"
				m.add(again...)
				m.skips++ // as its answer says
				continue
			}
		case 9:
			if full := r.Name + " " + r.Strength; names[strings.ToLower(full)] == 1 {
				code, name = "", full
			}
		case 10:
			expiry = "2025-06-30" // it stands there, expired
		case 11:
			expiry, bad = "05/27", true
		case 12:
			lot, good = "", false
		case 13:
			quantity, skip = "0", true
		case 14:
			unit, good = "Kiện", false
		}
		last = []string{code, name, lot, expiry, quantity, unit, "1.500", came}
		m.add(last...)
		switch {
		case bad:
			m.bad++
		case !good:
			m.refused++
		case skip:
			m.skips++
		default:
			m.adds, m.sum = m.adds+1, m.sum+units
			continue
		}
		last = nil
	}
	return m
}

// messyChildren is a list of children, and that of their vaccines.
func messyChildren(n int) (people, doses *messy) {
	people = &messy{list: clinic.OldPatients, text: []byte("Họ và tên;Ngày sinh;Giới tính;CCCD\n"), adds: n}
	doses = &messy{list: clinic.OldDoses, text: []byte("Họ và tên;Năm sinh;CCCD;Vắc xin;Mũi số;Ngày tiêm;Số lô;Nơi tiêm\n")}
	vaccines := [][2]string{{"Lao (BCG)", ""}, {"DPTVGBHIB", "1"}, {"DPT-VGB-Hib mũi 2", ""}, {"OPV3", ""}, {"sởi", "mũi 1"}}
	days := []string{"06/05/2025", "2025-05-06", "45783", "05/2025", "2025", "6.5.2025"}
	for i := range n {
		name, number := fmt.Sprintf("Lò Thị Bé %c%c", 'A'+i/26%26, 'A'+i%26), fmt.Sprintf("0342250%05d", i)
		people.add(name, "02/01/2025", "nữ", number)
		v, day := vaccines[i%len(vaccines)], days[i%len(days)]
		row := []string{name, "2025", number, v[0], v[1], day, fmt.Sprintf("V%d", i%9), "Trạm cũ"}
		doses.adds++
		switch i % 14 {
		case 1:
			row[5], doses.bad = "1/2/25", doses.bad+1
		case 2:
			row[5], doses.bad = "12/2031", doses.bad+1
		case 3:
			row[5], doses.refused = "05/2024", doses.refused+1
			row[1] = ""
		case 4:
			row[3], doses.refused = "thuốc lạ", doses.refused+1
		case 5:
			row[0], row[2], doses.refused = "Không Ai", "", doses.refused+1
		case 6:
			doses.add(row...)
			doses.skips++
			doses.add(row...)
			continue
		default:
			doses.add(row...)
			continue
		}
		doses.adds--
		doses.add(row...)
	}
	return people, doses
}

// input reads the file as the page does.
func (m *messy) input(t *testing.T, today clinic.Date) desk.OldInput {
	t.Helper()
	r := dayone.Read("sổ.csv", m.list, m.text, today)
	if r.Lines != m.lines || r.Bad != m.bad {
		for _, p := range r.Problems {
			if !p.Warn {
				t.Log(p)
			}
		}
		t.Fatalf("%s: %d lines, %d bad; want %d, %d", m.list, r.Lines, r.Bad, m.lines, m.bad)
	}
	byName := desk.OldSkip
	if m.list == clinic.OldPatients { // in a long list names come again
		byName = desk.OldOther
	}
	return desk.OldInput{
		List: m.list, File: "sổ.csv", Hash: sha256.Sum256(m.text), Rows: r.Rows, Size: r.Lines, ByNumber: desk.OldSame, ByName: byName, Confirmed: true,
	}
}

// oldBox is a box with its catalogues that lists of old data come into.
type oldBox struct {
	*desk.Desk
	store *store.Store
	today clinic.Date
}

func (b *oldBox) admin() clinic.ID { return clinic.ID{5} }

// telling sees every act that is saved.
type telling struct {
	*store.Store
	saved func()
}

func (e telling) Act(ctx context.Context, act, author clinic.ID, f func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	out, err := e.Store.Act(ctx, act, author, f)
	e.saved()
	return out, err
}

func openOld(t *testing.T, dir string, saved func()) *oldBox {
	t.Helper()
	o := storetest.Options(dir)
	o.Catalog = starting.Of
	s := storetest.Start(t, o)
	now, _ := o.Clock.Now()
	return &oldBox{Desk: oldDesk(t, telling{s, saved}, o.Clock), store: s, today: clinic.DateOf(now)}
}

func (b *oldBox) setUp(t *testing.T) {
	t.Helper()
	if err := b.SetUp(t.Context(), []desk.StaffSeed{{ID: b.admin(), Staff: clinic.Staff{Name: "Quản Trị", Role: clinic.RoleAdministrator}}}); err != nil {
		t.Fatal(err)
	}
}

// sums is what the lists left: how many of each fate, what is on the shelf, who has which
// doses.
func (b *oldBox) sums(t *testing.T) string {
	t.Helper()
	out := map[string]string{}
	infos, err := b.OldImports(t.Context(), b.admin())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		out[string(i.List)] += fmt.Sprintf("%v %v;", i.Done, i.Counts)
	}
	storetest.View(t, b.store, func(r desk.Reader) {
		sheets, err := r.Stock(desk.StockQuery{Site: "22736A", From: b.today, To: b.today})
		if err != nil {
			t.Fatal(err)
		}
		var sum stock.Sheet
		for i := range sheets {
			sum.Add(&sheets[i])
			out[sheets[i].Batch.Key()] = sheets[i].Booked.String()
		}
		out["sum"] = fmt.Sprint(sum.Booked, sum.Opening, sum.Received, sum.Moves)
		ids, err := r.ByName("lò thị bé", 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			records, err := r.Records(id)
			if err != nil {
				t.Fatal(err)
			}
			f := clinic.FoldPatient(id, records)
			key := f.Now.Identifiers[0].Value
			if out[key] != "" {
				t.Errorf("%s is there twice", key)
			}
			out[key] = "here"
			for _, g := range f.GivenDoses() {
				out[key] += " " + g.Code + g.Day.String()
			}
		}
	})
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(out)) {
		lines = append(lines, k+" "+out[k])
	}
	return strings.Join(lines, "\n")
}

func oldSize() (children, batches int) {
	if testing.Short() {
		return 150, 320
	}
	return 1500, 5000
}

// TestMessyLists: lists of vaccines and stock as years of typing left them come in as far
// as they surely mean something, and go back.
func TestMessyLists(t *testing.T) {
	children, batches := oldSize()
	b := openOld(t, t.TempDir(), func() {})
	b.setUp(t)
	people, doses := messyChildren(children)
	shelf := messyShelf(batches)
	for _, m := range []*messy{people, doses, shelf} {
		in := m.input(t, b.today)
		plan, err := b.PlanOld(t.Context(), b.admin(), in)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Count(desk.OldAdds) != m.adds || plan.Count(desk.OldSkips) != m.skips || plan.Count(desk.OldRefuses) != m.refused {
			for _, r := range plan.Rows {
				if r.Does == desk.OldRefuses {
					t.Log(r.Problem)
				}
			}
			t.Fatalf("%s: %d come in, %d stay out, %d are refused, %d asked; want %d, %d, %d", m.list, plan.Count(desk.OldAdds), plan.Count(desk.OldSkips), plan.Count(desk.OldRefuses), plan.Count(desk.OldAsks), m.adds, m.skips, m.refused)
		}
		if _, err := b.BringOld(t.Context(), desk.Call{Act: clinic.NewID(), By: b.admin()}, in); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.sums(t); !strings.Contains(s, fmt.Sprintf("sum %s %s 0 %d", shelf.sum, shelf.sum, shelf.adds)) {
		t.Errorf("want %s of %d batches: %s", shelf.sum, shelf.adds, s[strings.Index(s, "\nsum"):])
	}
	infos, _ := b.OldImports(t.Context(), b.admin())
	for _, i := range infos { // the latest first: doses go before their people
		if _, err := b.UndoOld(t.Context(), desk.Call{Act: clinic.NewID(), By: b.admin()}, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.sums(t); strings.Contains(s, "here") || !strings.Contains(s, "sum 0 0 0") {
		t.Errorf("something is left: %.400s", s)
	}
	t.Logf("%d children, %d vaccines, %d batches of %d rows; %d entries", people.adds, doses.adds, shelf.adds, shelf.lines, b.store.Own().Size())
}

const killImport = "CLINICBOX_KILL_IMPORT"

// bringAll brings the three lists in, as somebody who chooses the files again does.
func (b *oldBox) bringAll(t *testing.T) {
	t.Helper()
	people, doses := messyChildren(240)
	for _, m := range []*messy{people, doses, messyShelf(480)} {
		if _, err := b.BringOld(context.Background(), desk.Call{Act: clinic.NewID(), By: b.admin()}, m.input(t, b.today)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledImport is the process that TestKillNineOfAnImport kills: it says each act.
func TestKilledImport(t *testing.T) {
	dir := os.Getenv(killImport)
	if dir == "" {
		t.Skip("only as a child of TestKillNineOfAnImport")
	}
	openOld(t, dir, func() { fmt.Println("act") }).bringAll(t)
	fmt.Println("whole")
}

// TestKillNineOfAnImport kills the importing process again and again, at and between its
// acts: it ends as an import that nobody disturbed.
func TestKillNineOfAnImport(t *testing.T) {
	calm := openOld(t, t.TempDir(), func() {})
	calm.setUp(t)
	calm.bringAll(t)
	want := calm.sums(t)
	dir := t.TempDir()
	first := openOld(t, dir, func() {})
	first.setUp(t)
	if err := first.store.Close(); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(9, 9))
	kills := 0
	for !killOne(t, dir, 1+rnd.IntN(2)) {
		if kills++; kills > 60 {
			t.Fatal("the import does not go on")
		}
		o := storetest.Options(dir)
		if rep, err := store.Check(t.Context(), o); err != nil || len(rep.Problems) > 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
	}
	if kills < 5 {
		t.Errorf("only %d kills", kills)
	}
	got := openOld(t, dir, func() {})
	if s := got.sums(t); s != want {
		t.Errorf("after %d kills\n%s\nwant\n%s", kills, s, want)
	}
	t.Logf("%d kills; %d entries, undisturbed %d", kills, got.store.Own().Size(), calm.store.Own().Size())
}

// killOne runs the child and kills it when it has said so many acts; whole: it ended first.
func killOne(t *testing.T, dir string, acts int) (whole bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledImport$")
	cmd.Env = append(os.Environ(), killImport+"="+dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		said += lines.Text() + "\n"
		if lines.Text() == "act" {
			acts--
		}
		whole = whole || lines.Text() == "whole"
		if acts == 0 {
			_ = cmd.Process.Kill() // it may be gone already
		}
	}
	if err := cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%v\n%s", err, said)
	}
	return whole
}
