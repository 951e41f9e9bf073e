package search

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Catalogs holds the rows of all catalogues. A catalogue's starting rows are read when
// it is first asked for, and its names folded when it is first searched: a box that
// never looks up a commune carries none. All methods may be called at the same time.
type Catalogs struct {
	mu    sync.RWMutex
	fold  func(string) string
	start func(catalog string) []clinic.CatalogRow
	all   map[string]*catalog
	sets  uint64 // how often Put was called
}

type catalog struct {
	rows  []*row // by code, then first day, when sorted
	index map[rowKey]*row
	under map[rowKey]*clinic.CatalogRow // starting rows that an entry has replaced

	loaded, sorted, folded bool
}

type rowKey struct {
	code string
	from int
}

type row struct {
	*clinic.CatalogRow // never changed, only replaced
	stamp              Stamp
	code               string   // lower case
	name, other        string   // folded
	nameW, otherW      []string // their words
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

// NewCatalogs returns an index over the starting rows, which may be nil. Nobody changes
// the rows that start returns.
func NewCatalogs(f func(string) string, start func(catalog string) []clinic.CatalogRow) *Catalogs {
	if f == nil {
		f = fold.String
	}
	if start == nil {
		start = func(string) []clinic.CatalogRow { return nil }
	}
	return &Catalogs{fold: f, start: start, all: map[string]*catalog{}}
}

// Put sets the row of its catalogue, code and first day, unless a later stamp did.
func (x *Catalogs) Put(r clinic.CatalogRow, s Stamp) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.named(r.Catalog).put(&r, s)
	x.sets++
}

func (x *Catalogs) named(name string) *catalog {
	c := x.all[name]
	if c == nil {
		c = &catalog{index: map[rowKey]*row{}, under: map[rowKey]*clinic.CatalogRow{}}
		x.all[name] = c
	}
	return c
}

func (c *catalog) put(r *clinic.CatalogRow, s Stamp) {
	key := rowKey{strings.ToLower(r.Code), r.From.Int()}
	old := c.index[key]
	switch {
	case old == nil:
		n := &row{CatalogRow: r, stamp: s, code: key.code}
		c.rows, c.index[key] = append(c.rows, n), n
		c.sorted = false
	case s == Stamp{}:
		c.under[key] = r
		return
	case s.Compare(old.stamp) < 0:
		return
	default:
		if old.stamp == (Stamp{}) {
			c.under[key] = old.CatalogRow
		}
		*old = row{CatalogRow: r, stamp: s, code: key.code}
	}
	c.folded = false
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

// prepare makes the catalogue ready to be read, and to be searched. It needs the lock.
func (x *Catalogs) prepare(name string, search bool) {
	c := x.named(name)
	if !c.loaded {
		start := x.start(name)
		for i := range start {
			c.put(&start[i], Stamp{})
		}
		c.loaded = true
	}
	if !c.sorted {
		slices.SortFunc(c.rows, func(a, b *row) int { return a.key().compare(b.key()) })
		c.sorted = true
	}
	if search && !c.folded {
		for _, r := range c.rows {
			if r.nameW == nil {
				r.name, r.other = x.fold(r.Name), x.fold(r.English)
				more := " " + x.fold(r.Strength+" "+r.ATC) // "paracetamol 500" finds the strength
				r.nameW, r.otherW = splitWords(r.name+more), splitWords(r.other+more)
			}
		}
		c.folded = true
	}
}

func (c *catalog) find(k rowKey) int {
	at, _ := slices.BinarySearchFunc(c.rows, k, func(r *row, k rowKey) int { return r.key().compare(k) })
	return at
}

// get returns the catalogue ready, read-locked; the caller unlocks.
func (x *Catalogs) get(name string, search bool) *catalog {
	for {
		x.mu.RLock()
		if c := x.all[name]; c != nil && c.loaded && c.sorted && (c.folded || !search) {
			return c
		}
		x.mu.RUnlock()
		x.mu.Lock()
		x.prepare(name, search)
		x.mu.Unlock()
	}
}

// Row returns the row that holds on the day; of several, the one that began last.
func (x *Catalogs) Row(name, code string, on clinic.Date) (clinic.CatalogRow, bool) {
	c := x.get(name, false)
	defer x.mu.RUnlock()
	code = strings.ToLower(code)
	for at := c.find(rowKey{code, on.Int() + 1}) - 1; at >= 0 && c.rows[at].code == code; at-- {
		if c.rows[at].ValidOn(on) {
			return *c.rows[at].CatalogRow, true
		}
	}
	return clinic.CatalogRow{}, false
}

// Rows returns every row of the catalogue as the last stamp set it, by code and first
// day; of one code only, when code is not empty.
func (x *Catalogs) Rows(name, code string) []clinic.CatalogRow {
	c := x.get(name, false)
	defer x.mu.RUnlock()
	rows := c.rows
	if code != "" {
		code = strings.ToLower(code)
		at := c.find(rowKey{code, 0})
		end := at
		for end < len(rows) && rows[end].code == code {
			end++
		}
		rows = rows[at:end]
	}
	out := make([]clinic.CatalogRow, len(rows))
	for i, r := range rows {
		out[i] = *r.CatalogRow
	}
	return out
}

// Started returns the starting rows that are or were at places of the code; of every
// code, when it is empty.
func (x *Catalogs) Started(name, code string) (out []clinic.CatalogRow) {
	c := x.get(name, false)
	defer x.mu.RUnlock()
	code = strings.ToLower(code)
	for _, r := range c.rows {
		if code != "" && r.code != code {
			continue
		}
		if r.stamp == (Stamp{}) {
			out = append(out, *r.CatalogRow)
		} else if u := c.under[r.key()]; u != nil {
			out = append(out, *u)
		}
	}
	return out
}

// Find returns rows that hold on the day: by the beginning of the code, or by
// words or their beginnings in either language, diacritics aside; best first.
func (x *Catalogs) Find(name, query string, on clinic.Date, limit int) []clinic.CatalogRow {
	c := x.get(name, true)
	defer x.mu.RUnlock()
	q := x.fold(query)
	words := splitWords(q)
	if q == "" || limit <= 0 {
		return nil
	}
	type found struct {
		score int
		row   *row
	}
	var best []found
	for i, r := range c.rows {
		if s := r.score(q, words); s > 0 && r.ValidOn(on) && (i+1 == len(c.rows) || c.rows[i+1].code != r.code || !c.rows[i+1].ValidOn(on)) {
			best = append(best, found{s, r})
		}
	}
	slices.SortStableFunc(best, func(a, b found) int { // rows come by code
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.row.name), len(b.row.name)))
	})
	out := make([]clinic.CatalogRow, 0, min(limit, len(best)))
	for _, b := range best[:min(limit, len(best))] {
		out = append(out, *b.row.CatalogRow)
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
