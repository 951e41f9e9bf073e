package i18n

import (
	"strconv"

	"clinicbox/clinic"
)

// RowProblem writes what is wrong with a row of a catalogue. date writes a day as
// readers of the language do.
func (c *Catalogue) RowProblem(p clinic.RowProblem, date func(clinic.Date) string) string {
	args := []any{"column", c.Column(p.Column)}
	for _, name := range []string{"value", "max", "line", "day"} {
		value := p.Args[name]
		switch name {
		case "day":
			if d, ok := clinic.ParseDay(value); ok {
				value = date(d)
			}
		case "line":
			if value == "" {
				value = c.Text("row.known")
			} else if p.Code == clinic.RowOverlap {
				value = c.Text("row.line", "n", value)
			}
		case "max":
			if n, err := strconv.Atoi(value); err == nil {
				value = c.group(n)
			}
		}
		args = append(args, name, value)
	}
	return c.Text("row."+p.Code, args...)
}

// Column names a column of rows.
func (c *Catalogue) Column(name string) string {
	if name == "" {
		return c.Text("column.row")
	}
	return c.Text("column." + name)
}

// group writes a number of up to six digits with its thousands apart.
func (c *Catalogue) group(n int) string {
	sep := "."
	if c.Lang == "en" {
		sep = ","
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return strconv.Itoa(n/1000) + sep + strconv.Itoa(1000 + n%1000)[1:]
}

// OldProblem writes what is wrong with a row of old data.
func (c *Catalogue) OldProblem(p clinic.RowProblem) string {
	column := c.Text("column.row")
	if p.Column != "" {
		column = c.Text("old.column." + p.Column)
	}
	belongs := ""
	if b := p.Args["column"]; b != "" {
		belongs = c.Text("old.column." + b)
	}
	return c.Text("old.row."+p.Code, "column", column, "value", p.Args["value"], "max", p.Args["max"], "line", p.Args["line"], "unit", p.Args["unit"], "other", belongs)
}
