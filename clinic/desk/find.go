package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clinicbox/clinic"
)

// HitWhy tells why a patient was found.
type HitWhy uint8

// Why a patient was found.
const (
	ByNumber HitWhy = 1 // the number is theirs now
	ByOld    HitWhy = 2 // the number was theirs
	ByName   HitWhy = 3
	BySlip   HitWhy = 4
	ByBirth  HitWhy = 5 // same name and birth date (duplicates)
	ByMother HitWhy = 6 // a child of somebody
)

// Hit is a patient who was found.
type Hit struct {
	ID  clinic.ID
	Now clinic.Patient
	Why HitWhy
	// Closed: the record is protected, Now holds name and year of birth only.
	Closed bool
	// Under is the name of the linked record by which the person was found, when it
	// is not the one in Now.
	Under string
	// Mother is her name, by which a child was found.
	Mother string
	// Like tells that the person may be the same as LikeID, another hit, or as the
	// person whose page it is.
	Like   clinic.Likeness
	LikeID clinic.ID

	who clinic.Identity
}

// findLimit is how many names one answer shows: more is a query too short.
const findLimit = 30

// Find returns patients by name, number or slip code, best first. A number of a
// length that no number has is an error, not an empty answer.
func (d *Desk) Find(ctx context.Context, by clinic.ID, query string) (hits []Hit, err error) {
	query, err = d.line("q", query, 200)
	if err != nil {
		return nil, err
	}
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		found, err := d.find(r, query)
		if err != nil {
			return err
		}
		if err := d.pairUp(r, found); err != nil {
			return err
		}
		hits, err = d.veilHits(r, by, found)
		// Whose child somebody is is told by their record alone.
		hits = slices.DeleteFunc(hits, func(h Hit) bool { return h.Closed && h.Mother != "" })
		return err
	})
	return hits, err
}

func (d *Desk) find(r Reader, query string) ([]Hit, error) {
	if query == "" {
		return nil, nil
	}
	if code, _, err := clinic.ParseSlip(query); err == nil {
		row, ok, err := r.Slip(code)
		if err != nil || !ok {
			return nil, err
		}
		return hitsOf(r, []clinic.ID{row.Patient}, BySlip)
	}
	number := clinic.NormalIdentifier(query)
	system, known := clinic.GuessSystem(number)
	if known {
		return d.byNumbers(r, []clinic.Identifier{{System: system, Value: number}})
	}
	if strings.Trim(number, "0123456789") == "" {
		if n := utf8.RuneCountInString(number); n >= 6 {
			return nil, &Error{Code: CodeNumberLength, Field: "q", Args: map[string]string{"digits": strconv.Itoa(n)}}
		}
	}
	if clinic.CheckIdentifier("", clinic.SystemPassport, number) == nil {
		hits, err := d.byNumbers(r, []clinic.Identifier{{System: clinic.SystemPassport, Value: number}})
		if err != nil || len(hits) > 0 {
			return hits, err
		}
	}
	return d.byName(r, query)
}

// byName returns who has the name, then who had it as a child without one.
func (d *Desk) byName(r Reader, query string) ([]Hit, error) {
	ids, err := r.ByName(query, findLimit)
	if err != nil {
		return nil, err
	}
	out, err := hitsOf(r, ids, ByName)
	if err != nil {
		return nil, err
	}
	children, err := d.smallChildrenOf(r, query)
	for _, h := range children {
		if !slices.ContainsFunc(out, func(o Hit) bool { return o.ID == h.ID }) {
			out = append(out, h)
		}
	}
	return out, err
}

// byNumbers returns who has one of the numbers now, then who had one. A cancelled
// citizen number may be kept as an old one, and the other way round.
func (d *Desk) byNumbers(r Reader, numbers []clinic.Identifier) ([]Hit, error) {
	today := d.today()
	var now, old []Hit
	seen := map[clinic.ID]bool{}
	for _, n := range alternatives(numbers) {
		ids, err := r.ByIdentifier(n.System, n.Value)
		if err != nil {
			return nil, err
		}
		hits, err := hitsOf(r, ids, ByOld)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			switch {
			case seen[h.ID]:
				continue
			case h.Now.Holds(n.System, n.Value, today):
				h.Why = ByNumber
				now = append(now, h)
			default:
				old = append(old, h)
			}
			seen[h.ID] = true
		}
	}
	return append(now, old...), nil
}

// alternatives adds the systems under which the same number may be kept.
func alternatives(numbers []clinic.Identifier) []clinic.Identifier {
	out := slices.Clone(numbers)
	for _, n := range numbers {
		if social, ok := clinic.SocialOf(n.Value); ok {
			out = append(out, clinic.Identifier{System: clinic.SystemSocial, Value: social})
		}
		if n.System == clinic.SystemCitizen {
			out = append(out, clinic.Identifier{System: clinic.SystemOldID, Value: n.Value})
		}
	}
	return out
}

// hitsOf returns the people that the IDs belong to, each once.
func hitsOf(r People, ids []clinic.ID, why HitWhy) ([]Hit, error) {
	var out []Hit
	at := map[clinic.ID]int{}
	for _, id := range ids {
		who, p, err := detailsOf(r, id)
		if err != nil {
			return nil, err
		}
		if p == nil || p.Withdrawn {
			continue
		}
		h := Hit{ID: who.Lead(), Now: *p, Why: why, who: who}
		if who.Joined() {
			part, err := r.Patient(id)
			if err != nil {
				return nil, err
			}
			if part != nil && part.Name != p.Name {
				h.Under = part.Name
			}
		}
		if i, ok := at[h.ID]; !ok {
			at[h.ID] = len(out)
			out = append(out, h)
		} else if h.Under == "" {
			out[i].Under = "" // the person's own name was found too
		}
	}
	return out, nil
}
