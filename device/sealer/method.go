package sealer

import (
	"context"
	"fmt"

	"clinicbox/clinic"
)

// Kind is the method of a slot. Numbers are frozen: they stand in files.
type Kind uint8

// The methods. A kind that this program does not know is kept and not opened.
const (
	KeyFile   Kind = 1 // a file; development only
	Staff     Kind = 2 // board secret and a person's PIN
	TPM       Kind = 3 // TPM 2.0 and a person's PIN
	StaffCard Kind = 4
	Recovery  Kind = 5 // code printed at set-up
	Telephone Kind = 6 // one answer of the centre
	Vacant    Kind = 7 // a person's number without a slot, after another storage key
)

// String returns a word for logs; pages have words of their own.
func (k Kind) String() string {
	names := [...]string{KeyFile: "key file", Staff: "staff PIN", TPM: "TPM", StaffCard: "staff card", Recovery: "recovery code", Telephone: "telephone", Vacant: "vacant"}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// guessable tells that a person types something short, so that tries are counted.
func (k Kind) guessable() bool { return k == Staff || k == TPM }

// once tells that a slot is spent by its use.
func (k Kind) once() bool { return k == Telephone }

// FileID names a slots file: random, made with it.
type FileID [16]byte

// Place says which slot of which file a key wraps. Keys are bound to it, so that
// a slot opens nowhere else.
type Place struct {
	File FileID
	Slot uint32
}

// Sealed is what a method makes for a new slot.
type Sealed struct {
	Key    *Key   // wraps the storage key; whoever receives it wipes it
	Params []byte // what Open needs again; kept in clear, bound to the slot
	Note   []byte // kept in clear until Delivered: what the centre must receive
}

// Method gives the keys of one kind of slot. A value serves one person and one
// secret; it may hold that secret in memory and must not print it. The file calls
// it from one goroutine at a time.
type Method interface {
	// Slot names the slots the method is for. It never changes. The owner is zero
	// for methods that belong to the box.
	Slot() (Kind, clinic.ID)
	// Make returns a new key and what finds it again. Nothing that it changes
	// outside may spoil an older slot: the new one may never reach the disk.
	Make(ctx context.Context, at Place) (Sealed, error)
	// Open finds the key of a slot made by Make. A wrong secret may give ErrWrong or
	// a wrong key, as the method can tell. Its time must not depend on the secret.
	Open(ctx context.Context, at Place, params []byte) (*Key, error)
}

// Slot says that somebody or something can open the box. It holds no secret and
// no name.
type Slot struct {
	Number      uint32 // never used again in this file; short enough to type
	Kind        Kind
	Owner       clinic.ID // zero for methods of the box
	Undelivered bool      // Telephone: the centre has not confirmed the escrow yet
}
