// Package search finds patients by name and catalogue rows by code or words. Its
// indexes live in memory only: on disk they would name people in clear.
package search

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Names is the index of patients' names. All methods may be called at the same time.
type Names struct {
	mu     sync.RWMutex
	fold   func(string) string
	words  []word           // the dictionary; a name is a list of indexes into it
	byText map[string]int32 // lower-case text with diacritics → index
	sorted []int32          // the dictionary in order of folded text
	slots  map[clinic.ID]int32
	names  []name
	flat   []int32 // the words of all names
}

type word struct{ text, toneless, folded string }

type name struct {
	id  clinic.ID
	at  int32 // where its words are in flat
	n   int32
	tie uint64 // who stays when too many are equal: the same at each start
}

// NewNames returns an empty index. fold makes the key without diacritics; nil
// means fold.String.
func NewNames(f func(string) string) *Names {
	if f == nil {
		f = fold.String
	}
	return &Names{fold: f, byText: map[string]int32{}, slots: map[clinic.ID]int32{}}
}

// Put sets the name of a patient.
func (x *Names) Put(id clinic.ID, text string) {
	key := fold.Lower(text)
	x.mu.Lock()
	defer x.mu.Unlock()
	parts := strings.Fields(key)
	slot, known := x.slots[id]
	if !known {
		slot = int32(len(x.names))
		x.slots[id] = slot
		x.names = append(x.names, name{id: id, tie: binary.BigEndian.Uint64(id[:])})
	}
	n := &x.names[slot]
	if len(parts) > int(n.n) { // a name that is not longer takes the place of the old
		n.at = int32(len(x.flat))
		x.flat = append(x.flat, make([]int32, len(parts))...)
	}
	n.n = int32(len(parts))
	for i, p := range parts {
		x.flat[int(n.at)+i] = x.word(p)
	}
}

// Len returns how many patients have a name.
func (x *Names) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.names)
}

func (x *Names) word(text string) int32 {
	if i, ok := x.byText[text]; ok {
		return i
	}
	text = strings.Clone(text)
	i := int32(len(x.words))
	w := word{text: text, toneless: fold.Toneless(text), folded: x.fold(text)}
	x.words = append(x.words, w)
	x.byText[text] = i
	at, _ := slices.BinarySearchFunc(x.sorted, w.folded, func(i int32, f string) int {
		return strings.Compare(x.words[i].folded, f)
	})
	x.sorted = slices.Insert(x.sorted, at, i)
	return i
}

// How well a word of a name answers a word of the query (facts/vietnam.md 9).
const (
	levelNone   = 0
	levelPrefix = 1 // begins with it, diacritics aside
	levelExactP = 2 // begins with it as typed
	levelFolded = 3 // equal, diacritics aside
	levelTones  = 4 // same letters, other tones
	levelExact  = 5
)

// levels fills a table word → level for one word of a query.
func (x *Names) levels(q string) []uint8 {
	out := make([]uint8, len(x.words))
	folded, toneless := x.fold(q), fold.Toneless(q)
	if folded == "" {
		return out
	}
	at, _ := slices.BinarySearchFunc(x.sorted, folded, func(i int32, f string) int {
		return strings.Compare(x.words[i].folded, f)
	})
	for _, i := range x.sorted[at:] {
		w := &x.words[i]
		if !strings.HasPrefix(w.folded, folded) {
			break
		}
		switch {
		case w.text == q:
			out[i] = levelExact
		case w.folded == folded && w.toneless == toneless:
			out[i] = levelTones
		case w.folded == folded:
			out[i] = levelFolded
		case strings.HasPrefix(w.text, q):
			out[i] = levelExactP
		default:
			out[i] = levelPrefix
		}
	}
	return out
}

type hit struct {
	score int32
	slot  int32
	tie   uint64
}

func (h hit) compare(o hit) int {
	if h.score != o.score { // most often; not worth two comparisons
		return cmp.Compare(o.score, h.score)
	}
	return cmp.Compare(h.tie, o.tie)
}

// Find returns the patients whose name holds every word of the query as a word or
// the beginning of one, in any order, best first and equals by name, at most limit
// of those that keep accepts (nil accepts all).
func (x *Names) Find(query string, limit int, keep func(clinic.ID) bool) []clinic.ID {
	words := strings.Fields(fold.Lower(query))
	if len(words) == 0 || len(words) > maxWords || limit <= 0 {
		return nil
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	tables := make([][]uint8, len(words))
	for i, w := range words {
		tables[i] = x.levels(w)
	}
	best := x.best(tables, answers(tables), limit+spare)
	slices.SortFunc(best, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(x.text(a), x.text(b)), cmp.Compare(a.tie, b.tie))
	})
	out := make([]clinic.ID, 0, min(limit, len(best)))
	for _, h := range best {
		id := x.names[h.slot].id
		if len(out) < limit && (keep == nil || keep(id)) {
			out = append(out, id)
		}
	}
	return out
}

const (
	maxWords = 16
	spare    = 16 // more hits than asked for, so that keep may refuse some
)

// answers turns the tables into one: a word's bits say which words of the query it
// answers. Most names are left after one look at it.
func answers(tables [][]uint8) []uint16 {
	out := make([]uint16, len(tables[0]))
	for q, t := range tables {
		for w, l := range t {
			if l != levelNone {
				out[w] |= 1 << q
			}
		}
	}
	return out
}

// best returns the first hits in the order of compare, at most room.
func (x *Names) best(tables [][]uint8, answers []uint16, room int) []hit {
	var best []hit
	all := uint16(1<<len(tables) - 1)
	for slot := range x.names {
		n := &x.names[slot]
		words := x.flat[n.at : n.at+n.n]
		var have uint16
		for _, w := range words {
			have |= answers[w]
		}
		if have != all {
			continue
		}
		h := hit{score: score(words, tables), slot: int32(slot), tie: n.tie}
		if len(best) == room && h.compare(best[room-1]) > 0 {
			continue
		}
		if len(best) == room {
			best = best[:room-1]
		}
		at, _ := slices.BinarySearchFunc(best, h, hit.compare)
		best = slices.Insert(best, at, h)
	}
	return best
}

// text returns a hit's name in lower case.
func (x *Names) text(h hit) string {
	n := &x.names[h.slot]
	parts := make([]string, 0, n.n)
	for _, w := range x.flat[n.at : n.at+n.n] {
		parts = append(parts, x.words[w].text)
	}
	return strings.Join(parts, " ")
}

// score orders hits: the worst word's level first, then whether the query is the
// whole name, then the sum of levels, then the order of words and a given name
// (the last word) that was asked for. Every word of the query has an answer.
func score(words []int32, tables [][]uint8) int32 {
	worst, sum, last, inOrder := uint8(levelExact), int32(0), -1, int32(1)
	given := int32(0)
	for _, t := range tables {
		top, where := uint8(levelNone), -1
		for i, w := range words {
			if l := t[w]; l > top || l == top && l > 0 && where <= last && i > last {
				top, where = l, i
			}
		}
		worst, sum = min(worst, top), sum+int32(top)
		if where <= last {
			inOrder = 0
		}
		last = where
		if where == len(words)-1 {
			given = 1
		}
	}
	whole := int32(0)
	if len(words) == len(tables) {
		whole = 1
	}
	return int32(worst)<<16 | whole<<12 | sum<<4 | inOrder<<1 | given
}
