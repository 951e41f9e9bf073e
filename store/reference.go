package store

import (
	"cmp"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/fold"
)

// Row implements desk.Reference.
func (r *reader) Row(catalog, code string, on clinic.Date) (clinic.CatalogRow, bool) {
	if r.enter() != nil {
		return clinic.CatalogRow{}, false
	}
	defer r.leave()
	return r.s.catalogs.Row(catalog, code, on)
}

// SearchCatalog implements desk.Reference.
func (r *reader) SearchCatalog(catalog, query string, on clinic.Date, limit int) []clinic.CatalogRow {
	if r.enter() != nil {
		return nil
	}
	defer r.leave()
	return r.s.catalogs.Find(catalog, query, on, limit)
}

// Rows implements desk.Catalogues.
func (r *reader) Rows(catalog, code string) []clinic.CatalogRow {
	if r.enter() != nil {
		return nil
	}
	defer r.leave()
	return r.s.catalogs.Rows(catalog, code)
}

// RowVersions implements desk.Catalogues. The table of rows is in order of their stamps.
func (r *reader) RowVersions(catalog, code string) ([]desk.RowVersion, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []desk.RowVersion
	for _, row := range r.s.catalogs.Started(catalog, code) {
		out = append(out, desk.RowVersion{Row: row})
	}
	err := r.eachCatalog(func(rec *clinic.Record) {
		if b, ok := rec.Body.(*clinic.CatalogRow); ok && b.Catalog == catalog && (code == "" || strings.EqualFold(b.Code, code)) {
			out = append(out, desk.RowVersion{Row: *b, Record: rec})
		}
	})
	return out, err
}

// Staff implements desk.Reference. Vietnamese people are listed by given name,
// the last word, then by the whole name.
func (r *reader) Staff() ([]desk.Person, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []desk.Person
	err := r.eachStaff(func(id clinic.ID, rec *clinic.Record) {
		if b, ok := rec.Body.(*clinic.Staff); ok {
			out = append(out, desk.Person{ID: id, Staff: *b, Received: rec.Ref.Journal == clinic.In})
		}
	})
	slices.SortFunc(out, func(a, b desk.Person) int {
		return cmp.Or(
			strings.Compare(givenName(a.Name), givenName(b.Name)),
			strings.Compare(fold.Lower(a.Name), fold.Lower(b.Name)),
			strings.Compare(string(a.ID[:]), string(b.ID[:])),
		)
	})
	return out, err
}

// eachStaff passes everybody's latest record. Of somebody whose latest cannot be read it
// is the one before, as of somebody who left: the name stays known, and no right that the
// lost entry may have taken away comes back.
func (r *reader) eachStaff(fn func(clinic.ID, *clinic.Record)) error {
	return r.each(tCurrent, []byte{byte(clinic.KindStaff >> 8), byte(clinic.KindStaff)}, func(k, v []byte) error {
		if len(k) < 18 || len(v) < 16 {
			return nil
		}
		id := clinic.ID(k[2:18])
		rec, ok, err := r.recordOf(id, v[:16], v[16:])
		if ok {
			fn(id, &rec)
		}
		if ok || err != nil {
			return err
		}
		recs, err := r.Records(id)
		for i := len(recs) - 1; i >= 0; i-- {
			if b, is := recs[i].Body.(*clinic.Staff); is {
				left := *b
				left.Left = true
				recs[i].Body = &left
				fn(id, &recs[i])
				break
			}
		}
		return err
	})
}

func givenName(name string) string {
	words := strings.Fields(fold.String(name))
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// eachCatalog passes every readable row entry.
func (r *reader) eachCatalog(fn func(*clinic.Record)) error {
	return r.each(tCatalog, nil, func(_, v []byte) error {
		rec, ok, err := r.record(refFrom(v))
		if ok {
			fn(&rec)
		}
		return err
	})
}
