package search

import "clinicbox/clinic"

// Version is another number after any row was set.
func (x *Catalogs) Version() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.sets
}

// On returns the rows of a catalogue that hold on the day, by code; of several of one
// code, the one that began last.
func (x *Catalogs) On(name string, on clinic.Date) (out []clinic.CatalogRow) {
	c := x.get(name, false)
	defer x.mu.RUnlock()
	last := ""
	for _, r := range c.rows {
		if !r.ValidOn(on) {
			continue
		}
		if n := len(out); n > 0 && last == r.code {
			out[n-1] = *r.CatalogRow
			continue
		}
		out, last = append(out, *r.CatalogRow), r.code
	}
	return out
}
