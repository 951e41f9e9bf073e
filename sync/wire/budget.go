package wire

import (
	"fmt"

	"clinicbox/clinic"
)

// Class is what bytes on the link are for. Values are frozen.
type Class uint8

// The classes, after the link's own in the order in which they go when bytes are scarce.
const (
	ClassLink       Class = iota // what carries the others
	ClassSafety                  // allergies, reactions to vaccines
	ClassRecords                 // all other records
	ClassCommands                // statements and decisions of the authority
	ClassCatalogues              // rows of catalogues
	ClassUpdates                 // programs
	ClassImages                  // contents of documents
	classes
)

// Classes lists them.
func Classes() (out []Class) {
	for c := range classes {
		out = append(out, c)
	}
	return out
}

// String is the class in keys of words.
func (c Class) String() string {
	if c >= classes {
		return fmt.Sprintf("class%d", uint8(c))
	}
	return [...]string{"link", "safety", "records", "commands", "catalogues", "updates", "images"}[c]
}

// ClassOf returns what an entry is for.
func ClassOf(k clinic.Kind) Class {
	switch k {
	case clinic.KindAllergies, clinic.KindReaction, clinic.KindAsked, clinic.KindSummary:
		return ClassSafety
	case clinic.KindCatalogRow:
		return ClassCatalogues
	case clinic.KindStatement, clinic.KindCredential:
		return ClassCommands
	}
	return ClassRecords
}

// Budget tells the hub what the box's link has cost this month, and which classes wait
// there; the hub holds those back. Key numbers are frozen.
type Budget struct {
	Month uint32   `cbor:"1,keyasint"` // 202611; 0 while the box does not know
	Cap   uint64   `cbor:"2,keyasint"` // bytes; 0 is none
	Used  uint64   `cbor:"3,keyasint"` // bytes of all
	Of    []uint64 `cbor:"4,keyasint"` // by class
	Waits []byte   `cbor:"5,keyasint"` // classes
}

// Holds reports whether a class waits.
func (b *Budget) Holds(c Class) bool {
	for _, w := range b.Waits {
		if Class(w) == c {
			return true
		}
	}
	return false
}

func (b Budget) kind() uint8 { return kindBudget }

func (b Budget) body() ([]byte, bool, error) {
	out, err := encMode.Marshal(b)
	return out, false, err
}
