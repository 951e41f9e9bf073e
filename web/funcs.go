package web

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// funcs is what templates may call, in one language.
func funcs(c *i18n.Catalogue, a *assets) template.FuncMap {
	return template.FuncMap{
		"t":      c.Text,
		"icon":   icon,
		"asset":  func(name string) string { return a.path[name] },
		"date":   func(d clinic.Date) string { return dateText(c, d) },
		"day":    func(d clinic.Date) string { return dayText(c, d) },
		"clock":  func(t time.Time) string { return t.In(clinic.ICT).Format("15:04") },
		"unit":   func(u string) string { return unitText(c, u) },
		"lately": func(t, now time.Time) string { return lately(c, t, now) },
		"moment": func(t time.Time) string { return momentText(c, t) },
		"age":    func(birth clinic.Date, at string, now time.Time) string { return ageText(c, birth, at, now) },
		"count":  func(n any) string { return numText(c, countText(n)) },
		"num":    func(n any) string { return numText(c, fmt.Sprint(n)) },
		"input":  newInput, "chips": newChips, "described": described,
		"say":      func(key string, args []any) string { return c.Text(key, args...) },
		"who":      func(p desk.Person) string { return personText(c, p) },
		"author":   func(names map[clinic.ID]desk.Person, id clinic.ID) string { return personText(c, named(names, id)) },
		"rowName":  func(r clinic.CatalogRow) string { return rowName(c, r) },
		"rowMore":  func(r clinic.CatalogRow) string { return rowMore(c, r) },
		"lost":     lostView,
		"lostName": lostName,
		"queueRow": func(row desk.QueueRow, next bool, now time.Time) queueRow { return queueRow{row, next, now} },
		"hit":      newHit, "dateField": newDateField, "searchField": newSearchField,
		"numbersOf": numbersOf, "oldNumbers": oldNumbers,
		"systemKey": systemKey, "patientOf": patientOf,
		"leaf":          func(r clinic.Record) string { return leafText(r.Leaf) },
		"doseText":      func(l clinic.DrugLine) string { return numText(c, l.DoseText()) },
		"paperQuantity": func(q clinic.Milli) string { return numText(c, clinic.PaperQuantity(q)) },
		"fieldName":     func(name string) string { return fieldText(c, name) },
		"deviceDo":      func(name string) string { return strings.TrimSuffix(name, ".name") + ".do" },
		"words":         strings.Fields,
		"join":          strings.Join,
		"plus":          func(a, b int) int { return a + b },
		"initial":       initial,
		"lookers":       staffSorted,
		"limitText":     func(l clinic.Limit) string { return clinic.FormatFixed(l.Below, l.Field.Decimals) },
		"valueText":     func(v clinic.Value) string { return clinic.FormatFixed(v.N, v.Field.Decimals) },
		"followedRow":   func(x desk.FollowedRow, v *Programmes) followedRow { return followedRow{x, v.Works, v.Page} },
		"lying":         func(l desk.Lying, v *BedsPage) lyingRow { return lyingRow{l, v.Page} },
		"noticeHours":   hours, "noticeLate": late,
		"joins":      func(rows []clinic.CatalogRow, p clinic.ID, from string) joins { return joins{rows, p, from} },
		"typeChoice": newTypeChoice,
		"signValue":  signValue,
		"doseLine":   func(l DoseLine, p *ImmunisePage) *doseLine { return &doseLine{l, p.Form, p.Sites, p.Lang} },
		"childRow":   func(v desk.VaccineRow, p Page) childRow { return childRow{v, p.Now, p.Lang} },
		"children":   func(rows []desk.VaccineRow, v *Vaccines) children { return children{rows, v.Works, v.Page} },
		"leafText":   leafText, "pastDoses": pastDoses,
		"linkOf":    linkOf,
		"elsewhere": func(name string) string { return cmp.Or(name, c.Text("bond.elsewhere")) },
		"side":      func(x desk.Side, p *Same) sideView { return sideView{x, p} },
		"answers":   func(all []clinic.Record, names map[clinic.ID]desk.Person) answersView { return answersView{all, names} },
		"rowFields": func(r clinic.CatalogRow) []RowField { return rowFields(c, r) },
		"changesOf": func(x clinic.RowChange) []Change { return changesOf(c, x) },
		"rowProblem": func(p clinic.RowProblem) string {
			return c.RowProblem(p, func(d clinic.Date) string { return dateText(c, d) })
		},
		"catalogPath": catalogPath,
		"oldProblem":  c.OldProblem,
		"batchPath":   batchPath,
		"recallPath":  recallPath,
		"itemPath":    itemPath,
		"moveKey":     moveKey,
		"stockPaper":  func(p desk.StockPaper, prints bool) stockPaper { return stockPaper{&p, prints} },
		"handPart":    func(p HandPart, f *Form, compare bool) handPartView { return handPartView{p, f, compare} },
		"dispensedOf": func(r clinic.Record) *clinic.Dispensed { b, _ := r.Body.(*clinic.Dispensed); return b },
		"returnedOf":  func(r clinic.Record) *clinic.Returned { b, _ := r.Body.(*clinic.Returned); return b },
		"goodsLine":   func(g clinic.Goods, today clinic.Date, near bool) goodsLine { return goodsLine{g, today, near} },
		"flagKey":     flagKey,
		"labRow":      newLabRow,
		"labResultOf": newLabResult,
		"reviewOf":    func(r clinic.Record) *clinic.Reviewed { b, _ := r.Body.(*clinic.Reviewed); return b },
		"says":        func(v clinic.ResultValue) string { return resultText(c, &v) },
		"svg":         func(x Chart) template.HTML { return x.SVG(c) },
		"choiceName":  func(x clinic.Choice) string { return choiceName(c, x) },
		"has":         func(f Form, name, value string) bool { return slices.Contains(f.Values[name], value) },
		"lookForm":    func(of string, days int) lookForm { return lookForm{lookPeriods(of), days} },
	}
}

// dateText writes a date so that it cannot be misread: day first with figures in
// Vietnamese, as every paper of the country does; month as a word in English.
func dateText(c *i18n.Catalogue, d clinic.Date) string {
	if c.Lang != "en" || d.Month == 0 {
		return d.String()
	}
	month := time.Month(d.Month).String()[:3]
	if d.Day == 0 {
		return fmt.Sprintf("%s %04d", month, d.Year)
	}
	return fmt.Sprintf("%d %s %04d", d.Day, month, d.Year)
}

// dayText writes a date with its weekday.
func dayText(c *i18n.Catalogue, d clinic.Date) string {
	if !d.Full() {
		return dateText(c, d)
	}
	return c.Text("weekday."+strconv.Itoa(int(d.Time().Weekday()))) + " " + dateText(c, d)
}

// ageText writes an age as papers say it (clinic.SayAge).
func ageText(c *i18n.Catalogue, birth clinic.Date, at string, now time.Time) string {
	n, unit, ok := clinic.SayAge(birth, at, now)
	if !ok {
		return ""
	}
	return c.Text([...]string{"age.years", "age.months", "age.days", "age.hours"}[unit], "n", n)
}

// numText writes a number that the country's way was written in, 1.234,5, as
// readers of the language expect it.
func numText(c *i18n.Catalogue, s string) string {
	if c.Lang != "en" {
		return s
	}
	return strings.NewReplacer(".", ",", ",", ".").Replace(s)
}

// momentText writes time of day and date.
func momentText(c *i18n.Catalogue, t time.Time) string {
	return t.In(clinic.ICT).Format("15:04") + " " + dateText(c, clinic.DateOf(t))
}

// countText groups thousands with dots, as Vietnamese papers do.
func countText(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}

// initial returns the first letter of the given name, which stands last.
func initial(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	return strings.ToUpper(string([]rune(words[len(words)-1])[:1]))
}

// named finds a person of the staff; somebody who is not known here keeps the ID.
func named(names map[clinic.ID]desk.Person, id clinic.ID) desk.Person {
	p, ok := names[id]
	if !ok {
		p.ID = id
	}
	return p
}

// personText names a person of the staff as papers do; an entry that the box
// itself wrote has no person.
func personText(c *i18n.Catalogue, p desk.Person) string {
	switch {
	case p.Name == "" && p.ID.IsZero():
		return c.Text("doc.box")
	case p.Name == "":
		return c.Text("doc.somebody")
	case p.Title == "":
		return p.Name
	}
	return p.Title + " " + p.Name
}

// fieldText names a form's field, without the number of its line.
func fieldText(c *i18n.Catalogue, name string) string {
	base, _, _ := strings.Cut(name, ".")
	if key := "field." + base; c.Has(key) {
		return c.Text(key)
	}
	return ""
}

// patientOf returns the details that a version of a patient holds.
func patientOf(r clinic.Record) *clinic.Patient {
	p, _ := r.Body.(*clinic.Patient)
	return p
}

// queueRow is a line of today's list with what the list knows around it.
type queueRow struct {
	Row  desk.QueueRow
	Next bool
	Now  time.Time
}

// foundRow is a found patient with what the list knows around it.
type foundRow struct {
	Hit    desk.Hit
	Scan   string
	Now    time.Time
	Number string // the last digits only: enough to tell people apart
}

func newHit(h desk.Hit, scan string, now time.Time) foundRow {
	row := foundRow{Hit: h, Scan: scan, Now: now}
	for _, id := range h.Now.Identifiers {
		if id.To.IsZero() && !id.Unsure && len(id.Value) > 4 {
			row.Number = id.Value[len(id.Value)-4:]
			break
		}
	}
	return row
}

// unitText names a unit; only the ones with words differ between languages.
func unitText(c *i18n.Catalogue, unit string) string {
	if unit == "lần/phút" {
		return c.Text("unit.per-minute")
	}
	return unit
}

// lately writes the time of day, and the date too unless it is today.
func lately(c *i18n.Catalogue, t, now time.Time) string {
	clock := t.In(clinic.ICT).Format("15:04")
	if clinic.DateOf(t) == clinic.DateOf(now) {
		return clock
	}
	return clock + " " + dateText(c, clinic.DateOf(t))
}

// rowName is a catalogue row's name in the language of the page.
func rowName(c *i18n.Catalogue, r clinic.CatalogRow) string {
	if c.Lang == "en" && r.English != "" {
		return r.English
	}
	return r.Name
}
