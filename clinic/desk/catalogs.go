package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// CatalogInfo is a line of the list of catalogues.
type CatalogInfo struct {
	Name     string
	Rows     int // all
	Holding  int // on the day
	Coming   int // that begin later
	Versions []string
}

// shownVersions is how many versions of rows the list names.
const shownVersions = 3

// Catalogs lists the catalogues as they are on a day. No row tells of a patient:
// everybody who works here may look.
func (d *Desk) Catalogs(ctx context.Context, by clinic.ID, on clinic.Date) (out []CatalogInfo, err error) {
	for _, name := range clinic.CatalogNames() {
		err = d.view(ctx, func(r Reader) error { // one at a time: communes are many
			if _, err := who(r, by, rightSelf); err != nil {
				return err
			}
			out = append(out, catalogInfo(name, r.Rows(name, ""), on))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func catalogInfo(name string, rows []clinic.CatalogRow, on clinic.Date) CatalogInfo {
	c := CatalogInfo{Name: name, Rows: len(rows)}
	for i := range rows {
		switch r := &rows[i]; {
		case r.ValidOn(on):
			c.Holding++
			if !slices.Contains(c.Versions, r.Version) && r.Version != "" && len(c.Versions) < shownVersions {
				c.Versions = append(c.Versions, r.Version)
			}
		case on.Before(r.From) && !r.Withdrawn():
			c.Coming++
		}
	}
	return c
}

// CatalogLook is what somebody looks for in a catalogue.
type CatalogLook struct {
	Catalog string
	Query   string // empty = from the beginning
	On      clinic.Date
	From    string // code to begin at, without a query
	Limit   int
}

// CatalogFound is what was found, and the code at which more of it begins.
type CatalogFound struct {
	Rows []clinic.CatalogRow
	Next string
	Info CatalogInfo
}

// CatalogSearch finds rows that hold on a day.
func (d *Desk) CatalogSearch(ctx context.Context, by clinic.ID, l CatalogLook) (out CatalogFound, err error) {
	if !slices.Contains(clinic.CatalogNames(), l.Catalog) {
		return out, &Error{Code: CodeNoCatalog}
	}
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightSelf); err != nil {
			return err
		}
		all := r.Rows(l.Catalog, "")
		out.Info = catalogInfo(l.Catalog, all, l.On)
		if l.Query != "" {
			out.Rows = r.SearchCatalog(l.Catalog, l.Query, l.On, l.Limit)
			return nil
		}
		for i := range all {
			switch row := &all[i]; {
			case row.Code < l.From || !row.ValidOn(l.On):
			case len(out.Rows) == l.Limit:
				out.Next = row.Code
				return nil
			default:
				out.Rows = append(out.Rows, *row)
			}
		}
		return nil
	})
	return out, err
}

// RowPage is one code of a catalogue with all that was said of it.
type RowPage struct {
	Rows     []clinic.CatalogRow // as they are, by first day
	Versions []RowVersion        // the latest first
	Names    map[clinic.ID]Person
}

// CatalogRow reads what is known of a code, also when no row holds any more.
func (d *Desk) CatalogRow(ctx context.Context, by clinic.ID, catalog, code string) (out RowPage, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightSelf); err != nil {
			return err
		}
		if out.Rows = r.Rows(catalog, code); len(out.Rows) == 0 || code == "" {
			return &Error{Code: CodeNoCatalog}
		}
		if out.Versions, err = r.RowVersions(catalog, code); err != nil {
			return err
		}
		slices.Reverse(out.Versions)
		out.Names, err = names(r)
		return err
	})
	return out, err
}
