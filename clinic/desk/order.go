package desk

import (
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// OrderInput is the form that asks for tests. A zero On.Base adds an order.
type OrderInput struct {
	On
	Tests  []string // codes of tests and panels; none takes the order back (a correction only)
	Urgent bool
	Note   string
	// Confirmed holds the codes of tests that are wanted although a result is still valid.
	Confirmed []string
}

// maxTests is more than a request slip of a station holds.
const maxTests = 60

// Order saves an order of tests; panels become their tests. A test of which a result is
// still valid, or that is on its way, is CodeLabValid or CodeLabWaits until confirmed.
func (d *Desk) Order(ctx context.Context, c Call, in OrderInput) (Done, error) {
	note, err := d.text("note", in.Note, 500)
	if err != nil {
		return Done{}, err
	}
	typed := clinic.Order{Urgent: in.Urgent, Note: note, Off: len(in.Tests) == 0}
	switch {
	case typed.Off && in.Base == (clinic.Leaf{}):
		return Done{}, &Error{Code: CodeNothing, Field: "tests"}
	case len(in.Tests) > maxTests:
		return Done{}, &Error{Code: CodeTooMany, Field: "tests", Args: map[string]string{"max": "60"}}
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindOrder, many: true,
		body: func(w *document) (any, error) {
			out := typed
			if err := w.orderTests(&out, in); err != nil {
				return nil, err
			}
			return &out, nil
		},
		same: func(body any) bool {
			o, ok := body.(*clinic.Order)
			return ok && o.Urgent == typed.Urgent && o.Note == typed.Note && o.Off == typed.Off && sameTests(o, in.Tests)
		},
	})
}

// sameTests reports whether the order is of these tests and panels.
func sameTests(o *clinic.Order, codes []string) bool {
	for _, t := range o.Tests {
		if !slices.Contains(codes, t.Code) && !slices.Contains(codes, t.Panel) {
			return false
		}
	}
	return !slices.ContainsFunc(codes, func(c string) bool {
		return !slices.ContainsFunc(o.Tests, func(t clinic.OrderedTest) bool { return t.Code == c || t.Panel == c })
	})
}

// orderTests fills in the tests by the catalogue of the visit's day.
func (w *document) orderTests(o *clinic.Order, in OrderInput) error {
	var bad Errors
	for _, code := range in.Tests {
		tests, err := testsOf(w, strings.TrimSpace(code), w.row.Day)
		if err := bad.collect(err); err != nil {
			return err
		}
		for _, t := range tests {
			if !slices.ContainsFunc(o.Tests, func(x clinic.OrderedTest) bool { return x.Code == t.Code }) {
				o.Tests = append(o.Tests, t)
			}
		}
	}
	for _, l := range w.whole.OrderLines() {
		mine := w.old != nil && l.Order.Leaf() == w.old.Leaf()
		kept := slices.ContainsFunc(o.Tests, func(t clinic.OrderedTest) bool { return t.Code == l.Test.Code })
		switch {
		case mine && !kept && l.State > clinic.LineOrdered:
			bad = append(bad, &Error{Code: CodeLabTaken, Field: "tests", Args: map[string]string{"test": l.Test.Name}})
		case !mine && kept && l.State < clinic.LineResult && !slices.Contains(in.Confirmed, l.Test.Code):
			bad = append(bad, &Error{Code: CodeLabWaits, Field: "tests", Args: map[string]string{
				"test": l.Test.Name, "code": l.Test.Code, "date": l.Order.Versions[0].Record.Event.In(clinic.ICT).Format("02/01/2006"),
			}})
		}
	}
	bad = append(bad, w.stillValid(o, in.Confirmed)...)
	return bad.join()
}

// stillValid finds the tests of which a result stands, and notes those that were ordered
// all the same.
func (w *document) stillValid(o *clinic.Order, confirmed []string) (bad Errors) {
	for _, t := range o.Tests {
		if w.old != nil && slices.ContainsFunc(clinic.BodyOf[clinic.Order](w.old).Tests, func(x clinic.OrderedTest) bool { return x.Code == t.Code }) {
			continue // it was asked when the test was ordered
		}
		row, _ := w.Row(clinic.CatalogLabTest, t.Code, w.row.Day)
		p, ok := w.whole.Lab.Latest(t.Code)
		switch {
		case !ok || w.today.Before(p.Taken) || !w.today.Before(p.Taken.AddDays(row.ValidDays())):
		case slices.Contains(confirmed, t.Code):
			o.Confirmed = append(o.Confirmed, t.Code)
		default:
			bad = append(bad, &Error{Code: CodeLabValid, Field: "tests", Args: map[string]string{
				"test": t.Name, "code": t.Code, "date": p.Taken.String(), "value": p.Value.Say(),
			}})
		}
	}
	return bad
}

// testsOf returns the test, or the tests of a panel, that hold on the day.
func testsOf(r Reader, code string, on clinic.Date) ([]clinic.OrderedTest, error) {
	row, ok := r.Row(clinic.CatalogLabTest, code, on)
	if !ok {
		return nil, &Error{Code: CodeLabNone, Field: "tests", Args: map[string]string{"code": code}}
	}
	var out []clinic.OrderedTest
	for _, x := range r.Rows(clinic.CatalogLabTest, "") {
		if x.ValidOn(on) && slices.Contains(strings.Fields(x.Parent), row.Code) {
			out = append(out, clinic.OrderedTest{Code: x.Code, Name: x.Name, Unit: x.Unit, Panel: row.Code})
		}
	}
	if len(out) == 0 {
		out = []clinic.OrderedTest{{Code: row.Code, Name: row.Name, Unit: row.Unit}}
	}
	return out, nil
}
