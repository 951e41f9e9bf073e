// Package index holds the rules by which the centre finds patient IDs from different
// boxes that are one person. It has no I/O of its own: Judge walks over a Store.
//
// A false link shows one person's allergies as another's; a miss shows less than there
// is. So the rule links by itself only what agrees in citizen number, whole birth date
// and name as it is spelled, and whatever speaks against it is left to people.
package index

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Version of the rule: it stands in every link that the rule makes. A change of what it
// links is another number.
const Version = 1

// Record is what the index knows of one patient ID.
type Record struct {
	ID     clinic.ID
	Homes  []string        // boxes that wrote of it, sorted
	Now    *clinic.Patient // the details that count; nil when there are none, or they were taken back
	First  uint64          // hybrid time of the first version
	Proven []string        // numbers of citizen cards that a scanner or reader read, sorted

	forms forms // of Now
}

// forms are what is compared of details, made once.
type forms struct {
	folded, spelled string
	bare            bool // the name was typed without any mark
	phone, commune  string
}

func formsOf(p *clinic.Patient) forms {
	f := forms{folded: fold.String(p.Name), spelled: fold.Spelled(p.Name), commune: communeOf(p.Address)}
	f.bare = fold.Lower(p.Name) == f.folded
	if phone := digitsOf(p.Phone); len(phone) >= 9 {
		f.phone = phone
	}
	return f
}

// Of returns what the KindPatient records of an ID tell. Their order does not matter;
// records of other kinds and subjects are left out.
func Of(id clinic.ID, homes []string, records []clinic.Record) *Record {
	file := clinic.FoldPatient(id, records)
	out := &Record{ID: id, Homes: slices.Sorted(slices.Values(homes)), Now: file.Own()}
	out.Homes = slices.Compact(out.Homes)
	if out.Now != nil && out.Now.Withdrawn {
		out.Now = nil
	}
	for i := range file.Versions {
		r := &file.Versions[i]
		if i == 0 || r.HLC < out.First {
			out.First = r.HLC
		}
		if p := r.Body.(*clinic.Patient); p.Source == clinic.SourceCitizenQR || p.Source == clinic.SourceChip {
			if n, ok := p.Current(clinic.SystemCitizen, clinic.DateOf(r.Event)); ok {
				out.Proven = append(out.Proven, n.Value)
			}
		}
	}
	if out.Now != nil {
		out.forms = formsOf(out.Now)
	}
	slices.Sort(out.Proven)
	out.Proven = slices.Compact(out.Proven)
	return out
}

// Leads reports whether a's details shall be the person's: those that a card proved,
// else of who was registered first.
func Leads(a, b *Record) bool {
	if x, y := len(a.Proven) > 0, len(b.Proven) > 0; x != y {
		return x
	}
	return cmp.Or(cmp.Compare(a.First, b.First), bytes.Compare(a.ID[:], b.ID[:])) <= 0
}

// shareHome reports whether one box wrote of both: its own pages compare them.
func shareHome(a, b *Record) bool {
	return slices.ContainsFunc(a.Homes, func(h string) bool { return slices.Contains(b.Homes, h) })
}

// Key is a hash under which records that may be one person are found.
type Key [12]byte

// Keys returns the keys of a record: each number, and parts of the details that a typing
// error leaves as they are.
func Keys(r *Record) (out []Key) {
	if r.Now == nil {
		return nil
	}
	add := func(parts ...any) {
		sum := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
		out = append(out, Key(sum[:len(Key{})]))
	}
	p := r.Now
	for _, n := range p.Identifiers {
		switch n.System {
		case clinic.SystemCitizen, clinic.SystemOldID:
			add("citizen", n.Value)
		case clinic.SystemInsurance, clinic.SystemSocial:
			add("social", social(n))
		case clinic.SystemPassport:
			add("passport", n.Value)
		}
	}
	if phone := r.forms.phone; phone != "" {
		add("phone", phone)
	}
	name := strings.Fields(r.forms.folded)
	if p.Unnamed || len(name) == 0 {
		return unique(out)
	}
	if !p.Birth.IsZero() {
		add("name", r.forms.folded, p.Birth.Year)
	}
	if p.Birth.Full() {
		add("name-day", r.forms.folded, p.Birth.Month, p.Birth.Day)
		add("family", p.Birth.Int(), name[0])
		add("given", p.Birth.Int(), name[len(name)-1])
	}
	return unique(out)
}

func unique(keys []Key) []Key {
	slices.SortFunc(keys, func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// social is the part of an insurance number that stays the person's.
func social(n clinic.Identifier) string {
	if s, ok := clinic.SocialOf(n.Value); ok {
		return s
	}
	return n.Value
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// communeOf takes the commune out of an address, folded; empty when none is named.
func communeOf(address string) string {
	for part := range strings.SplitSeq(fold.String(address), ",") {
		part = strings.TrimSpace(part)
		for _, kind := range []string{"xa ", "phuong ", "thi tran ", "dac khu "} {
			if name, ok := strings.CutPrefix(part, kind); ok {
				return name
			}
		}
	}
	return ""
}
