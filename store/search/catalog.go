package search

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Catalogs holds the rows of all catalogues. All methods may be called at the
// same time.
type Catalogs struct {
	mu   sync.RWMutex
	fold func(string) string
	all  map[string]*catalog
}

type catalog struct {
	rows  []row            // by code, then first day
	index map[rowKey]Stamp // what set a row last
	dirty bool
}

type rowKey struct {
	code string
	from int
}

type row struct {
	clinic.CatalogRow
	code          string   // lower case
	name, other   string   // folded
	nameW, otherW []string // their words
}

// Stamp orders the entries that set one row; the highest wins. Starting rows have
// the zero stamp.
type Stamp struct {
	HLC  uint64
	Leaf clinic.Leaf
}

// Compare orders stamps.
func (s Stamp) Compare(o Stamp) int {
	if c := cmp.Compare(s.HLC, o.HLC); c != 0 {
		return c
	}
	return strings.Compare(string(s.Leaf[:]), string(o.Leaf[:]))
}

// NewCatalogs returns an index with the starting rows.
func NewCatalogs(f func(string) string, start []clinic.CatalogRow) *Catalogs {
	if f == nil {
		f = fold.String
	}
	x := &Catalogs{fold: f, all: map[string]*catalog{}}
	for _, r := range start {
		x.put(r, Stamp{})
	}
	return x
}

// Put sets the row of its catalogue, code and first day, unless a later stamp did.
func (x *Catalogs) Put(r clinic.CatalogRow, s Stamp) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.put(r, s)
}

func (x *Catalogs) put(r clinic.CatalogRow, s Stamp) {
	c := x.all[r.Catalog]
	if c == nil {
		c = &catalog{index: map[rowKey]Stamp{}}
		x.all[r.Catalog] = c
	}
	n := row{CatalogRow: r, code: strings.ToLower(r.Code), name: x.fold(r.Name), other: x.fold(r.English)}
	more := " " + x.fold(r.Strength+" "+r.ATC) // "paracetamol 500" finds the strength
	n.nameW, n.otherW = splitWords(n.name+more), splitWords(n.other+more)
	key := rowKey{n.code, r.From.Int()}
	if old, ok := c.index[key]; ok {
		if s.Compare(old) < 0 {
			return
		}
		c.sort()
		if at, ok := c.find(key); ok {
			c.rows[at] = n
		}
	} else {
		c.rows, c.dirty = append(c.rows, n), true
	}
	c.index[key] = s
}

// splitWords cuts at everything that is not a letter or digit: "[j00] viem
// mui-hong" has three words.
func splitWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r < 0x80 && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

func (r *row) key() rowKey { return rowKey{r.code, r.From.Int()} }

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(strings.Compare(k.code, o.code), cmp.Compare(k.from, o.from))
}

func (c *catalog) sort() {
	if c.dirty {
		slices.SortFunc(c.rows, func(a, b row) int { return a.key().compare(b.key()) })
		c.dirty = false
	}
}

func (c *catalog) find(k rowKey) (int, bool) {
	return slices.BinarySearchFunc(c.rows, k, func(r row, k rowKey) int { return r.key().compare(k) })
}

// get returns the catalogue with its rows in order, read-locked; the caller
// unlocks also when there is none.
func (x *Catalogs) get(name string) *catalog {
	for {
		x.mu.RLock()
		c := x.all[name]
		if c == nil || !c.dirty {
			return c
		}
		x.mu.RUnlock()
		x.mu.Lock()
		c.sort()
		x.mu.Unlock()
	}
}

// Row returns the row that holds on the day; of several, the one that began last.
func (x *Catalogs) Row(name, code string, on clinic.Date) (clinic.CatalogRow, bool) {
	c := x.get(name)
	defer x.mu.RUnlock()
	if c == nil {
		return clinic.CatalogRow{}, false
	}
	code = strings.ToLower(code)
	at, _ := c.find(rowKey{code, on.Int() + 1})
	for at--; at >= 0 && c.rows[at].code == code; at-- {
		if c.rows[at].ValidOn(on) {
			return c.rows[at].CatalogRow, true
		}
	}
	return clinic.CatalogRow{}, false
}

// Find returns rows that hold on the day: by the beginning of the code, or by
// words or their beginnings in either language, diacritics aside; best first.
func (x *Catalogs) Find(name, query string, on clinic.Date, limit int) []clinic.CatalogRow {
	c := x.get(name)
	defer x.mu.RUnlock()
	q := x.fold(query)
	words := splitWords(q)
	if c == nil || q == "" || limit <= 0 {
		return nil
	}
	type found struct {
		score int
		row   *row
	}
	var best []found
	for i := range c.rows {
		r := &c.rows[i]
		if s := r.score(q, words); s > 0 && r.ValidOn(on) && (i+1 == len(c.rows) || c.rows[i+1].code != r.code || !c.rows[i+1].ValidOn(on)) {
			best = append(best, found{s, r})
		}
	}
	slices.SortStableFunc(best, func(a, b found) int { // rows come by code
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.row.name), len(b.row.name)))
	})
	out := make([]clinic.CatalogRow, 0, min(limit, len(best)))
	for _, b := range best[:min(limit, len(best))] {
		out = append(out, b.row.CatalogRow)
	}
	return out
}

// score: code equal > code begins > name equal > name begins > words equal > words begin.
func (r *row) score(q string, words []string) int {
	switch {
	case r.code == q:
		return 7
	case strings.HasPrefix(r.code, q):
		return 6
	case r.name == q || r.other == q:
		return 5
	case strings.HasPrefix(r.name, q) || r.other != "" && strings.HasPrefix(r.other, q):
		return 4
	}
	return max(wordScore(r.nameW, words), wordScore(r.otherW, words))
}

// wordScore: 2 = every word of the query is there, 1 = as beginnings, 0 = not.
func wordScore(have, words []string) int {
	score := 2
	if len(words) == 0 {
		return 0
	}
	for _, w := range words {
		best := 0
		for _, h := range have {
			if h == w {
				best = 2
				break
			}
			if strings.HasPrefix(h, w) {
				best = 1
			}
		}
		if score = min(score, best); score == 0 {
			return 0
		}
	}
	return score
}
