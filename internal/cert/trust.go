package cert

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"maps"
	"slices"
)

// Trust is what one box, or the centre, holds to be true: the root that it pins
// and what has been signed below it. It is not safe for concurrent use.
type Trust struct {
	root      ed25519.PublicKey
	issuers   map[KeyID]kept[Issuer]
	withdrawn map[KeyID]bool
	hub       kept[Hub]
	lists     map[string]kept[Revocations] // by facility, "" = the centre's
	ratified  map[Serial]kept[Ratification]
}

// kept is a statement with its bytes, which are what is handed on.
type kept[T any] struct {
	v   T
	raw []byte
}

// NewTrust starts from the root's public key.
func NewTrust(root ed25519.PublicKey) *Trust {
	return &Trust{
		root: root, issuers: map[KeyID]kept[Issuer]{}, withdrawn: map[KeyID]bool{},
		lists: map[string]kept[Revocations]{}, ratified: map[Serial]kept[Ratification]{},
	}
}

// LoadTrust reads what Statements returned. Everything is verified again.
func LoadTrust(root ed25519.PublicKey, statements [][]byte) (*Trust, error) {
	t := NewTrust(root)
	for _, raw := range statements {
		if err := t.Add(raw); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Root returns the pinned key.
func (t *Trust) Root() ed25519.PublicKey { return t.root }

// Statements returns everything to keep, in an order that LoadTrust takes.
func (t *Trust) Statements() (out [][]byte) {
	issuers := slices.SortedFunc(maps.Values(t.issuers), func(a, b kept[Issuer]) int { return cmp.Compare(a.v.Seq, b.v.Seq) })
	for _, k := range issuers {
		out = append(out, k.raw)
	}
	if t.hub.raw != nil {
		out = append(out, t.hub.raw)
	}
	for _, f := range slices.Sorted(maps.Keys(t.lists)) {
		out = append(out, t.lists[f].raw)
	}
	rest := slices.Collect(maps.Values(t.ratified))
	slices.SortFunc(rest, func(a, b kept[Ratification]) int { return bytes.Compare(a.v.Serial[:], b.v.Serial[:]) })
	for _, k := range rest {
		out = append(out, k.raw)
	}
	return out
}

// Add verifies a statement that changes what is trusted (Issuer, Hub, Revocations,
// Ratification) and takes it in. The same bytes again are no error.
func (t *Trust) Add(raw []byte) error {
	kind, err := KindOf(raw)
	if err != nil {
		return err
	}
	switch kind {
	case KindIssuer:
		return t.addIssuer(raw)
	case KindHub:
		return t.addHub(raw)
	case KindRevocations:
		return t.addList(raw)
	case KindRatification:
		return t.addRatification(raw)
	}
	return ErrKind
}

func (t *Trust) addIssuer(raw []byte) error {
	v, err := read[Issuer](raw)
	if err != nil {
		return err
	}
	if !signed(t.root, raw) {
		return ErrRoot
	}
	id := IDOf(v.Key)
	for other, k := range t.issuers {
		if same := bytes.Equal(k.raw, raw); same {
			return nil
		} else if k.v.Seq == v.Seq || other == id && v.Seq < k.v.Seq {
			return ErrReplayed
		}
	}
	if slices.Contains(v.Withdraws, id) {
		return ErrForm
	}
	t.issuers[id] = kept[Issuer]{v, bytes.Clone(raw)}
	for _, w := range v.Withdraws {
		t.withdraw(w)
	}
	return nil
}

// withdraw forgets all that a stolen key signed: its thief could have named other
// hub keys, or revoked everybody. Whoever brings the withdrawal brings anew what
// still holds.
func (t *Trust) withdraw(id KeyID) {
	t.withdrawn[id] = true
	if t.hub.v.Issuer == id {
		t.hub = kept[Hub]{}
	}
	maps.DeleteFunc(t.lists, func(_ string, k kept[Revocations]) bool { return k.v.Issuer == id })
	maps.DeleteFunc(t.ratified, func(_ Serial, k kept[Ratification]) bool { return k.v.Issuer == id })
}

// issued checks that a key that may issue signed the statement.
func (t *Trust) issued(id KeyID, raw []byte) error {
	k, ok := t.issuers[id]
	if !ok || t.withdrawn[id] {
		return ErrIssuer
	}
	if !signed(k.v.Key, raw) {
		return ErrSignature
	}
	return nil
}

func (t *Trust) addHub(raw []byte) error {
	v, err := read[Hub](raw)
	if err != nil {
		return err
	}
	if err := t.issued(v.Issuer, raw); err != nil || bytes.Equal(raw, t.hub.raw) {
		return err
	}
	if v.Seq <= t.hub.v.Seq {
		return ErrReplayed
	}
	t.hub = kept[Hub]{v, bytes.Clone(raw)}
	return nil
}

func (t *Trust) addList(raw []byte) error {
	v, err := read[Revocations](raw)
	if err != nil {
		return err
	}
	old := t.lists[v.Facility]
	if err := t.issued(v.Issuer, raw); err != nil || bytes.Equal(raw, old.raw) {
		return err
	}
	if v.Seq <= old.v.Seq {
		return ErrReplayed
	}
	t.lists[v.Facility] = kept[Revocations]{v, bytes.Clone(raw)}
	return nil
}

func (t *Trust) addRatification(raw []byte) error {
	v, err := read[Ratification](raw)
	if err != nil {
		return err
	}
	if err := t.issued(v.Issuer, raw); err != nil {
		return err
	}
	if old, ok := t.ratified[v.Serial]; ok && (old.v.Accepted != v.Accepted || old.v.Digest != v.Digest) {
		return ErrNotProvisional
	}
	t.ratified[v.Serial] = kept[Ratification]{v, bytes.Clone(raw)}
	return nil
}

// Hub returns the centre's keys, false while none are known.
func (t *Trust) Hub() (Hub, bool) { return t.hub.v, t.hub.raw != nil }

// Withdrawn reports whether the root ended an issuing key.
func (t *Trust) Withdrawn(id KeyID) bool { return t.withdrawn[id] }

// ListSeq returns the number of the revocation list held for a facility.
func (t *Trust) ListSeq(facility string) uint64 { return t.lists[facility].v.Seq }

// Revoked returns why a certificate is no longer good, false when it is.
func (t *Trust) Revoked(facility string, s Serial) (Revoked, bool) {
	for _, f := range []string{facility, ""} {
		for _, r := range t.lists[f].v.Items {
			if r.Serial == s {
				return r, true
			}
		}
	}
	return Revoked{}, false
}

// WantBox says which box a certificate must be for; empty fields allow any.
type WantBox struct {
	Name     string
	Facility string
	Identity ed25519.PublicKey
}

// Box verifies a box certificate as of this moment: any revocation ends it.
func (t *Trust) Box(raw []byte, want WantBox) (Box, error) {
	v, err := t.box(raw, want)
	if err != nil {
		return Box{}, err
	}
	if _, gone := t.Revoked(v.Facility, v.Serial); gone {
		return Box{}, ErrRevoked
	}
	return v, nil
}

// box verifies all but revocation.
func (t *Trust) box(raw []byte, want WantBox) (Box, error) {
	v, err := read[Box](raw)
	if err != nil {
		return Box{}, err
	}
	if err := t.issued(v.Issuer, raw); err != nil {
		return Box{}, err
	}
	switch {
	case want.Name != "" && v.Name != want.Name, want.Identity != nil && !v.Identity.Equal(want.Identity):
		return Box{}, ErrOtherBox
	case want.Facility != "" && v.Facility != want.Facility:
		return Box{}, ErrOtherFacility
	}
	return v, nil
}

// Command verifies an order for the box with that certificate; last is the number
// of the last order that it obeyed. Obey first, then keep the number: each order
// may be done twice.
func (t *Trust) Command(raw []byte, box Box, last uint64) (Command, error) {
	if t.hub.raw == nil {
		return Command{}, ErrIssuer
	}
	v, err := Open[Command](t.hub.v.Command, raw)
	switch {
	case err != nil:
		return Command{}, err
	case v.Box != box.Name || v.Serial != box.Serial:
		return Command{}, ErrOtherBox
	case v.Seq <= last:
		return Command{}, ErrReplayed
	}
	return v, nil
}

// Time verifies the hub's time, which must echo the nonce.
func (t *Trust) Time(raw []byte, box string, n Nonce) (Time, error) {
	if t.hub.raw == nil {
		return Time{}, ErrIssuer
	}
	v, err := Open[Time](t.hub.v.Command, raw)
	switch {
	case err != nil:
		return Time{}, err
	case v.Box != box:
		return Time{}, ErrOtherBox
	case v.Nonce != n:
		return Time{}, ErrReplayed
	}
	return v, nil
}
