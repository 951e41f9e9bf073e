package desktest

import (
	"cmp"
	"maps"
	"slices"

	"clinicbox/clinic"
)

func (r *reader) CatalogRows(catalog string, on clinic.Date) []clinic.CatalogRow {
	byCode := map[string]clinic.CatalogRow{}
	for _, rec := range r.all {
		b, is := rec.Body.(*clinic.CatalogRow)
		if is && b.Catalog == catalog && b.ValidOn(on) && !b.From.Before(byCode[b.Code].From) {
			byCode[b.Code] = *b
		}
	}
	out := slices.Collect(maps.Values(byCode))
	slices.SortFunc(out, func(a, b clinic.CatalogRow) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

func (r *reader) CatalogVersion() (n uint64) {
	for i := range r.all {
		if r.all[i].Kind == clinic.KindCatalogRow {
			n++
		}
	}
	return n
}
