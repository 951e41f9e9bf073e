package store

import "clinicbox/clinic"

// CatalogRows implements desk.Reference.
func (r *reader) CatalogRows(catalog string, on clinic.Date) []clinic.CatalogRow {
	if r.enter() != nil {
		return nil
	}
	defer r.leave()
	return r.s.catalogs.On(catalog, on)
}

// CatalogVersion implements desk.Reference.
func (r *reader) CatalogVersion() uint64 { return r.s.catalogs.Version() }
