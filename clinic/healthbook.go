package clinic

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// CatalogHealthBook is the template of the health book: what is asked. A row without a
// Value is a section; Parent of a thing is its section, Value the form of its answer,
// Possible the least and the most of a number; FlagFemale and FlagMale leave it out for
// the other sex.
const CatalogHealthBook = "healthbook"

// HealthBook is the body of KindHealthBook, outside visits: what was heard or seen of
// things that stand in a person's health book (personal health record, Decision
// 831/QĐ-BYT) and in no other entry. One entry holds Items or Past, never both.
type HealthBook struct {
	Items []BookItem `cbor:"1,keyasint,omitempty"` // those that changed; the others stay as they were
	// Version names the template's rows that were asked.
	Version string `cbor:"2,keyasint,omitempty"`
	// Past is one thing of the history whose day nobody knows. A correction of the entry
	// says it anew.
	Past *PastItem `cbor:"3,keyasint,omitempty"`
	// Line names the line of old data that it came from (DayOneID); empty = typed.
	Line []byte `cbor:"4,keyasint,omitempty"`
}

// BookItem is one thing of the template as it is said from now on. Boxes that changed
// different things apart from each other both hold; of one thing, every word holds that no
// other replaced.
type BookItem struct {
	Code  string   `cbor:"1,keyasint"`           // of CatalogHealthBook
	Name  string   `cbor:"2,keyasint"`           // as it was asked
	Value string   `cbor:"3,keyasint,omitempty"` // a word of the choice, a number with a decimal comma, or words; empty = taken back
	Over  [][]byte `cbor:"4,keyasint,omitempty"` // leaves of the entries whose word on this thing it replaces
}

// PastItem is one thing of the history that belongs to no visit.
type PastItem struct {
	About  PastAbout  `cbor:"1,keyasint"`
	Text   string     `cbor:"2,keyasint"`
	Year   int        `cbor:"3,keyasint,omitempty"` // 0 = not known
	Source PastSource `cbor:"4,keyasint"`
	Gone   bool       `cbor:"5,keyasint,omitempty"` // taken back
}

// PastAbout is what a thing of the history is. Values are frozen.
type PastAbout uint8

// What things of the history are.
const (
	PastIllness   PastAbout = 1
	PastOperation PastAbout = 2
	PastInjury    PastAbout = 3
	PastOther     PastAbout = 4
)

// PastAbouts returns them in the order of pages.
func PastAbouts() []PastAbout { return []PastAbout{PastIllness, PastOperation, PastInjury, PastOther} }

// PastSource is who or what says it. Values are frozen.
type PastSource uint8

// The sources of a history.
const (
	PastPatient  PastSource = 1 // the person says it
	PastRelative PastSource = 2
	PastPaper    PastSource = 3 // a paper that was shown
)

// PastSources returns them in the order of pages.
func PastSources() []PastSource { return []PastSource{PastPatient, PastRelative, PastPaper} }

// BookFile is what the health book's entries say of a person, under any ID.
type BookFile struct {
	Entries []Record // KindHealthBook, oldest first
	Lost    bool     // one of them, or one that may be of them, can no longer be read
}

// BookSaid is what one entry says of a thing.
type BookSaid struct {
	Item   BookItem
	Record *Record
}

// Said returns everything that was ever said of a thing, the latest first.
func (b *BookFile) Said(code string) (out []BookSaid) {
	for i := range slices.Backward(b.Entries) {
		for _, it := range b.Entries[i].Body.(*HealthBook).Items {
			if it.Code == code {
				out = append(out, BookSaid{it, &b.Entries[i]})
			}
		}
	}
	return out
}

// Stands returns what was said of a thing and that nothing replaced, the latest first;
// also that it was taken back. More than one: boxes changed it apart from each other.
func (b *BookFile) Stands(code string) []BookSaid {
	all := b.Said(code)
	var out []BookSaid
	for _, x := range all {
		if !slices.ContainsFunc(all, func(y BookSaid) bool { return y.Record != x.Record && y.Item.over(x.Record.Leaf) }) {
			out = append(out, x)
		}
	}
	if len(out) == 0 { // entries that replace each other in a ring are damaged: nothing is left out
		return all
	}
	return out
}

func (it *BookItem) over(l Leaf) bool {
	return slices.ContainsFunc(it.Over, func(x []byte) bool { return bytes.Equal(x, l[:]) })
}

// Values returns what holds of a thing, the latest first, each word once: none when
// nothing is known, several when boxes changed it apart and nobody has decided yet. A word
// that one box took back while another wrote stays.
func (b *BookFile) Values(code string) (out []string) {
	for _, x := range b.Stands(code) {
		if v := x.Item.Value; v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Codes returns the things of which something holds, by code.
func (b *BookFile) Codes() (out []string) {
	for i := range b.Entries {
		for _, it := range b.Entries[i].Body.(*HealthBook).Items {
			if !slices.Contains(out, it.Code) && len(b.Values(it.Code)) > 0 {
				out = append(out, it.Code)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Past returns the things of the history with their versions: what somebody took back
// only when another box wrote of it at the same time. The latest year first, then those
// without one, as they were written.
func (b *BookFile) Past() []Document {
	own := slices.DeleteFunc(slices.Clone(b.Entries), func(r Record) bool { return r.Body.(*HealthBook).Past == nil })
	docs := slices.DeleteFunc(documents(KindHealthBook, own, nil), func(d Document) bool {
		return PastOf(&d).Gone && !d.Conflict
	})
	slices.SortStableFunc(docs, func(x, y Document) int { return cmp.Compare(PastOf(&y).Year, PastOf(&x).Year) })
	return docs
}

// PastOf returns what the document's current version says.
func PastOf(d *Document) *PastItem { return BodyOf[HealthBook](d).Past }

// Mark names all entries, in 32 characters for a form: what somebody saw who fills it in.
func (b *BookFile) Mark() string {
	leaves := make([]Leaf, len(b.Entries))
	for i := range b.Entries {
		leaves[i] = b.Entries[i].Leaf
	}
	slices.SortFunc(leaves, func(x, y Leaf) int { return bytes.Compare(x[:], y[:]) })
	h := sha256.New()
	for _, l := range leaves {
		h.Write(l[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// lose tells that something of the book may be missing.
func (b *BookFile) lose(holes []Hole) {
	b.Lost = slices.ContainsFunc(holes, func(h Hole) bool { return h.Kind == KindHealthBook || h.Kind == 0 })
}
