package desktest

import (
	"bytes"
	"cmp"
	"errors"
	"hash/fnv"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/fold"
)

// errDead is returned by a reader that outlived its View or Act.
var errDead = errors.New("desktest: the reader is dead")

// reader answers by looking through everything: slow, short and easy to trust.
type reader struct {
	all   []clinic.Record
	lost  []clinic.Record // Store.Lose
	every []clinic.Record // both: what lists keep of an entry outlives it
	dead  bool
}

// last returns the last record of each subject for which pick is true.
func (r *reader) last(pick func(*clinic.Record) bool) map[clinic.ID]clinic.Record {
	out := map[clinic.ID]clinic.Record{}
	for _, rec := range r.all {
		if pick(&rec) {
			out[rec.Subject] = rec
		}
	}
	return out
}

// details returns the current details of each patient.
func (r *reader) details() map[clinic.ID]*clinic.Patient {
	out := map[clinic.ID]*clinic.Patient{}
	versions := map[clinic.ID][]clinic.Record{}
	for _, rec := range r.all {
		if rec.Kind == clinic.KindPatient {
			versions[rec.Subject] = append(versions[rec.Subject], rec)
		}
	}
	for id, recs := range versions {
		file := clinic.FoldPatient(id, recs)
		out[id] = file.Own()
	}
	return out
}

func (r *reader) Records(subject clinic.ID) ([]clinic.Record, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.Record
	for _, rec := range r.all {
		if rec.Subject == subject && !subject.IsZero() && rec.Kind != clinic.KindLooked && rec.Kind != clinic.KindViewed {
			out = append(out, rec)
		}
	}
	return out, nil
}

// Position implements desk.People.
func (r *reader) Position(subject clinic.ID) (desk.Position, error) {
	records, err := r.Records(subject)
	if err != nil {
		return 0, err
	}
	links, err := r.Links(subject)
	if err != nil {
		return 0, err
	}
	lost, err := r.Lost(subject)
	h := fnv.New64a()
	for _, rec := range slices.Concat(records, links) {
		h.Write(rec.Leaf[:])
	}
	for _, x := range lost {
		h.Write([]byte{0})
		h.Write(x.Leaf[:])
	}
	return desk.Position(h.Sum64()), err
}

// Lost implements desk.People.
func (r *reader) Lost(subject clinic.ID) (out []clinic.Hole, err error) {
	if r.dead {
		return nil, errDead
	}
	for i := range r.lost {
		rec := &r.lost[i]
		_, other, _ := rec.Pair()
		if rec.Subject == subject || other == subject {
			out = append(out, clinic.Hole{Ref: rec.Ref, Leaf: rec.Leaf, Kind: rec.Kind, Recorded: rec.Recorded()})
		}
	}
	return out, nil
}

func (r *reader) Patient(id clinic.ID) (*clinic.Patient, error) {
	if r.dead {
		return nil, errDead
	}
	return r.details()[id], nil
}

func (r *reader) Links(patient clinic.ID) ([]clinic.Record, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.Record
	for _, rec := range r.all {
		if a, b, ok := rec.Pair(); ok && (a == patient || b == patient) {
			out = append(out, rec)
		}
	}
	return out, nil
}

func (r *reader) Children(mother clinic.ID) ([]clinic.ID, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.ID
	for id, p := range r.details() {
		if bytes.Equal(p.Mother, mother[:]) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}

func (r *reader) ByIdentifier(s clinic.System, value string) ([]clinic.ID, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.ID
	for _, rec := range r.every {
		b, ok := rec.Body.(*clinic.Patient)
		if !ok || slices.Contains(out, rec.Subject) {
			continue
		}
		for _, id := range b.Identifiers {
			if id.System == s && id.Value == value && !slices.Contains(out, rec.Subject) {
				out = append(out, rec.Subject)
			}
		}
	}
	return out, nil
}

func (r *reader) ByName(query string, limit int) ([]clinic.ID, error) {
	if r.dead {
		return nil, errDead
	}
	type hit struct {
		id   clinic.ID
		rank int
		name string
	}
	var hits []hit
	for id, p := range r.details() {
		if rank := match(query, p.SearchName()); rank > 0 {
			hits = append(hits, hit{id, rank, p.Folded})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name), bytes.Compare(a.id[:], b.id[:]))
	})
	var out []clinic.ID
	for _, h := range hits[:min(limit, len(hits))] {
		out = append(out, h.id)
	}
	return out, nil
}

// match ranks text for a query: 1 as it is written, 2 the same letters, 3 every
// word of the query begins a word of the text, 0 no match.
func match(query, text string) int {
	q, t := fold.String(query), fold.String(text)
	words := strings.Fields(t)
	if q == "" {
		return 0
	}
	for w := range strings.FieldsSeq(q) {
		i := slices.IndexFunc(words, func(s string) bool { return strings.HasPrefix(s, w) })
		if i < 0 {
			return 0
		}
		words = slices.Delete(words, i, i+1)
	}
	switch {
	case fold.Lower(query) == fold.Lower(text):
		return 1
	case q == t:
		return 2
	}
	return 3
}

// Rows implements desk.Catalogues.
func (r *reader) Rows(catalog, code string) (out []clinic.CatalogRow) {
	versions, _ := r.RowVersions(catalog, code)
	for _, v := range versions {
		i := slices.IndexFunc(out, func(o clinic.CatalogRow) bool {
			return strings.EqualFold(o.Code, v.Row.Code) && o.From == v.Row.From
		})
		if i < 0 {
			out = append(out, v.Row)
		} else {
			out[i] = v.Row
		}
	}
	slices.SortFunc(out, func(a, b clinic.CatalogRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Code), strings.ToLower(b.Code)), cmp.Compare(a.From.Int(), b.From.Int()))
	})
	return out
}

// RowVersions implements desk.Catalogues.
func (r *reader) RowVersions(catalog, code string) (out []desk.RowVersion, err error) {
	if r.dead {
		return nil, errDead
	}
	for i := range r.all {
		b, ok := r.all[i].Body.(*clinic.CatalogRow)
		if ok && b.Catalog == catalog && (code == "" || strings.EqualFold(b.Code, code)) {
			out = append(out, desk.RowVersion{Row: *b, Record: &r.all[i]})
		}
	}
	return out, nil
}

func (r *reader) Row(catalog, code string, on clinic.Date) (clinic.CatalogRow, bool) {
	rows := r.Rows(catalog, code)
	for _, row := range slices.Backward(rows) { // the one that began last
		if row.ValidOn(on) {
			return row, true
		}
	}
	return clinic.CatalogRow{}, false
}

func (r *reader) SearchCatalog(catalog, query string, on clinic.Date, limit int) []clinic.CatalogRow {
	var out []clinic.CatalogRow
	for _, b := range r.Rows(catalog, "") {
		if !b.ValidOn(on) || len(out) == limit {
			continue
		}
		code := strings.HasPrefix(strings.ToLower(b.Code), strings.ToLower(strings.TrimSpace(query)))
		if code && strings.TrimSpace(query) != "" || match(query, b.Name) > 0 || match(query, b.English) > 0 {
			out = append(out, b)
		}
	}
	return out
}

func (r *reader) Staff() ([]desk.Person, error) {
	if r.dead {
		return nil, errDead
	}
	var out []desk.Person
	for id, rec := range r.last(func(rec *clinic.Record) bool { return rec.Kind == clinic.KindStaff }) {
		p := desk.Person{ID: id, Staff: *rec.Body.(*clinic.Staff), Received: rec.Ref.Journal == clinic.In}
		for _, l := range r.lost {
			p.Left = p.Left || l.Kind == clinic.KindStaff && l.Subject == id && l.HLC > rec.HLC
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b desk.Person) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out, nil
}

func (r *reader) Last(series string) (int, error) {
	if r.dead {
		return 0, errDead
	}
	n := 0
	day, daily := clinic.SeriesDay(series)
	for _, rec := range r.every {
		if rec.Ref.Journal == clinic.In {
			continue // every box has series of its own
		}
		for _, is := range clinic.Issued(rec.Body) {
			if is.Series == series {
				n = max(n, is.Number)
			}
		}
		m, ok := rec.Body.(*clinic.Machine)
		switch {
		case !ok || m.Fresh == nil:
		case !daily:
			n += m.Fresh.Skip
		case day.Int() <= m.Fresh.Until:
			n = max(n, m.Fresh.Base)
		}
	}
	return n, nil
}
