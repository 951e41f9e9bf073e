package web

import (
	"html/template"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// motherFuncs is what templates of pregnancy and birth may call, in one language.
func motherFuncs(c *i18n.Catalogue) template.FuncMap {
	return template.FuncMap{
		"choices":    newChoices,
		"kinds":      motherChoices,
		"concernKey": concernKey,
		"fixed":      clinic.FormatFixed,
		"weeks":      func(days int) string { return c.Text("mothers.age", "w", days/7, "d", days%7) },
		"grams":      func(n int) string { return numText(c, countText(n)) + " g" },
		"motherRow":  func(x desk.MotherRow, v *MothersPage) motherRow { return motherRow{x, v.Works, v.Page} },
	}
}

// ChoiceKind is what may be chosen, and where its words stand.
type ChoiceKind struct {
	Prefix string
	Values []string
}

// Choices is a set of chips: one of several, or as many as apply. The words of a value
// stand under Prefix and the value.
type Choices struct {
	Form   Form
	Head   Input
	Prefix string
	Values []string
	None   bool // one chip more takes the answer back
}

func newChoices(f Form, name, label string, k ChoiceKind) Choices {
	return Choices{Form: f, Head: newChips(f, name, label, ""), Prefix: k.Prefix, Values: k.Values}
}

// Optional adds the chip that takes the answer back.
func (c Choices) Optional() Choices { c.None = true; return c }

// Chosen reports whether the form holds the value.
func (c Choices) Chosen(v string) bool { return c.Form.Has(c.Head.Name, v) }

// Nothing reports whether the form holds no value.
func (c Choices) Nothing() bool { return c.Form.Get(c.Head.Name) == "" }
