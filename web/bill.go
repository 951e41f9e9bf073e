package web

import (
	"context"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// BillPage is the view of the fifth step.
type BillPage struct {
	Step
	Lines []BillRow
	Total clinic.Dong
	Fresh int
	Drugs bool // the visit has a prescription to take over
	Search
}

// BillRow is one charge in the form.
type BillRow struct {
	N     int
	Row   clinic.CatalogRow
	Total clinic.Dong
	None  bool // no price on the visit's day: never 0 đ
}

func billStep() step {
	return step{name: "bill", kind: clinic.KindBill, fill: fillBill, edit: editBill, view: viewBill, save: saveBill}
}

func fillBill(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Bill](d)
	if b == nil {
		return
	}
	for i, l := range b.Lines {
		f.Set(line("code", i), l.Code)
		f.Set(line("quantity", i), l.Quantity.String())
		if l.Insured {
			f.Set(line("insured", i), "yes")
		}
	}
}

// editBill: pick.CODE adds a charge, drop.N takes one out, drugs takes over the
// prescription.
func editBill(f *Form, do string, v *desk.VisitView) {
	if do != "drugs" {
		editLines(f, do, "code")
		return
	}
	rows := readLines(f, "code")
	has := map[string]bool{}
	for _, r := range rows {
		has[r["code"]] = true
	}
	for _, d := range v.Visit.Docs(clinic.KindPrescribe) {
		p := clinic.BodyOf[clinic.Prescription](d)
		if p == nil {
			continue
		}
		for _, l := range p.Lines {
			if !has[l.Medicine] && len(rows) < linesMax {
				rows = append(rows, map[string]string{"code": l.Medicine, "quantity": strings.ReplaceAll(l.Quantity.String(), ".", "")})
			}
		}
	}
	writeLines(f, rows)
}

func viewBill(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &BillPage{Step: b, Fresh: -1, Drugs: b.File.Visit.Doc(clinic.KindPrescribe) != nil}
	for i := range linesMax {
		code := b.Form.Get(line("code", i))
		if code == "" {
			continue
		}
		row := s.catalogRow(ctx, clinic.CatalogService, code, b.File.Row.Day)
		if row.Name == "" {
			row = s.catalogRow(ctx, clinic.CatalogMedicine, code, b.File.Row.Day)
		}
		x := BillRow{N: i, Row: row}
		q, err := clinic.ParseMilli("", b.Form.Get(line("quantity", i)))
		if err != nil {
			q = 1000
		}
		x.Total, x.None = row.Price.Times(q), row.Price == 0 && !row.Has(clinic.FlagFree)
		v.Total += x.Total
		v.Lines = append(v.Lines, x)
	}
	var err error
	v.Search, err = s.search(ctx, clinic.CatalogService, b.Form.Get("q"), b.File.Row.Day)
	return v, err
}

func saveBill(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.BillInput{On: on, Confirmed: f.Values["confirmed"]}
	for _, row := range readLines(f, "code") {
		in.Lines = append(in.Lines, desk.BillLineInput{Code: row["code"], Quantity: row["quantity"], Insured: row["insured"] != ""})
	}
	_, err := d.Bill(ctx, c, in)
	return err
}
