package store

import (
	"bytes"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store/seal"
)

// kv is what applying needs of the views: a bbolt transaction, or memory when
// they are built anew or compared. Nothing here can fail for a reason that lies
// in an entry: applying is total.
type kv interface {
	get(t table, key []byte) []byte
	put(t table, key, value []byte)
	del(t table, key []byte)
	// putMin is for write-only tables: the smallest value of a key stays.
	putMin(t table, key, value []byte)
}

// tokens hashes what would name a person.
type tokens struct {
	key   seal.Key
	blobs seal.Key // of blobs' names, which stay when keys change
}

// tokensUnder makes the tokens of views that are hashed under a data key.
func (s *Store) tokensUnder(k *seal.Key) tokens { return tokens{k.Sub("index"), blobNames(s.ring)} }

func (s *tokens) blob(b clinic.Blob) token { return blobToken(&s.blobs, b) }

// applier puts records into the views. Every rule is a union, a minimum or a
// maximum over stamps, so the result depends on the set of records only, not on
// the order in which they came.
type applier struct {
	kv      kv
	tokens  tokens
	changed func(r *clinic.Record) // a patient's or row's new current record, without a body when
	// another one gave way to it; may be nil
	last clinic.ID // the act of the own record before
	hlc  uint64    // highest of own
}

// needsBody tells which kinds are applied by what they say, not by their head.
func needsBody(k clinic.Kind) bool {
	switch k {
	case clinic.KindPatient, clinic.KindVisit, clinic.KindAppointment, clinic.KindArrived, clinic.KindPrescribe,
		clinic.KindCatalogRow, clinic.KindLooked, clinic.KindMachine, clinic.KindAttached, clinic.KindLink, clinic.KindSample:
		return true
	}
	return k.IsStock()
}

func (a *applier) apply(r *clinic.Record) {
	s := stampOf(r)
	ref := appendRef(nil, r.Ref)
	switch r.Ref.Journal {
	case clinic.Own:
		if r.Act != a.last && !r.Act.IsZero() {
			a.kv.putMin(tAct, r.Act[:], u64(r.Ref.Index))
			a.last = r.Act
		}
		a.hlc = max(a.hlc, r.HLC)
		a.series(r)
	case clinic.In:
		a.kv.putMin(tLeaf, r.Leaf[:16], u64(r.Ref.Index))
	}
	for _, b := range clinic.BlobsOf(r.Body) {
		t := a.tokens.blob(b)
		a.kv.putMin(tBlob, t[:], u64(uint64(r.Ref.Journal)))
	}
	a.stock(r)
	if looks(r.Kind) {
		a.look(r, s, ref)
	} else if !r.Subject.IsZero() {
		k := []byte{byte(r.Kind >> 8), byte(r.Kind)}
		a.kv.putMin(tRecord, join(r.Subject[:], s[:]), join(ref, k))
	}
	switch b := r.Body.(type) {
	case *clinic.Patient:
		for _, id := range b.Identifiers {
			t := a.tokens.ident(id.System, id.Value)
			a.kv.putMin(tIdent, join(t[:], r.Subject[:]), []byte{1})
		}
		if len(b.Mother) == len(clinic.ID{}) {
			a.kv.putMin(tChild, join(b.Mother, r.Subject[:]), []byte{1})
		}
		if !b.Birth.IsZero() {
			t := a.tokens.born(b.Birth)
			a.kv.putMin(tBorn, join(t[:], r.Subject[:]), []byte{1})
		}
	case *clinic.Visit:
		a.visit(r, b, s)
	case *clinic.Appointment:
		a.appointment(r, b, s)
	case *clinic.Arrived:
		a.arrived(r, b, s)
	case *clinic.Link:
		if one, other, ok := r.Pair(); ok {
			a.kv.putMin(tLink, join(one[:], s[:]), ref)
			a.kv.putMin(tLink, join(other[:], s[:]), ref)
		}
	}
	switch r.Kind {
	case clinic.KindPatient:
		a.details(r, s, ref)
	case clinic.KindStaff:
		a.current(r, s, ref)
	case clinic.KindProtection:
		a.kv.putMin(tGuard, join(r.Subject[:], s[:]), ref)
	case clinic.KindCatalogRow:
		if old := a.kv.get(tCatalog, s[:]); old == nil || bytes.Compare(ref, old) < 0 {
			a.kv.put(tCatalog, s[:], ref)
		}
		a.change(r)
	}
	if r.Kind.InProgrammes() && !r.Subject.IsZero() {
		a.kv.putMin(tMember, currentKey(r.Kind, r.Subject), []byte{1})
	}
	a.lab(r, s)
	a.apart(r)
	if bit := desk.ProgressOf(r.Kind); bit != 0 && !r.Visit.IsZero() {
		a.progress(r.Visit, bit)
	}
}

func (a *applier) change(r *clinic.Record) {
	if a.changed != nil {
		a.changed(r)
	}
}

// series keeps the highest number this box issued. Numbers that came from
// elsewhere do not count: every box has series of its own.
func (a *applier) series(r *clinic.Record) {
	if m, ok := r.Body.(*clinic.Machine); ok && m.Fresh != nil {
		a.fresh(m.Fresh)
	}
	for _, n := range clinic.Issued(r.Body) {
		key, number := []byte(n.Series), n.Number
		if _, day := clinic.SeriesDay(n.Series); !day {
			number -= int(number64(a.kv.get(tSeries, freshKey())))
		}
		if len(key) > 0 && len(key) <= 256 && number > 0 {
			a.highest(key, uint64(number))
		}
	}
}

// fresh makes the series jump. The rows of series without a day hold numbers less
// all jumps before them, so that one row makes all of them jump, also those that
// have no number yet.
func (a *applier) fresh(f *clinic.Fresh) {
	if f.Skip > 0 {
		a.kv.put(tSeries, freshKey(), u64(number64(a.kv.get(tSeries, freshKey()))+uint64(f.Skip)))
	}
	if f.Base > 0 && f.Until > 0 {
		a.highest(untilKey(f.Until), uint64(f.Base))
	}
}

func (a *applier) highest(key []byte, n uint64) {
	if old := a.kv.get(tSeries, key); old == nil || number64(old) < n {
		a.kv.put(tSeries, key, u64(n))
	}
}
