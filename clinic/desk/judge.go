package desk

import (
	"errors"
	"sync"

	"clinicbox/clinic"
)

// How much is remembered of what signatures are worth: of people a large station's, of
// visits those of some weeks.
const (
	keysHeld   = 256
	visitsHeld = 4096
)

// verdicts remember what was found of keys and visits, each with where everything stood
// that the answer rests on: an entry that comes makes it be found anew.
type verdicts struct {
	mu     sync.Mutex
	keys   map[clinic.ID]heldKeys
	visits map[clinic.ID]heldVisit
}

type heldKeys struct {
	at   keysAt
	keys []SigningKey
}

// keysAt is what the keys of a person follow from.
type keysAt struct {
	person, statements Position
	generation         uint64
}

type heldVisit struct {
	patient Position
	signers map[clinic.ID]keysAt
	state   clinic.VisitState
}

func newVerdicts() *verdicts {
	return &verdicts{keys: map[clinic.ID]heldKeys{}, visits: map[clinic.ID]heldVisit{}}
}

// judging finds what the signatures of one snapshot are worth.
type judging struct {
	d    *Desk
	r    Reader
	keys map[clinic.ID][]SigningKey
	at   map[clinic.ID]keysAt
	err  error
}

func (d *Desk) judging(r Reader) *judging {
	return &judging{d: d, r: r, keys: map[clinic.ID][]SigningKey{}, at: map[clinic.ID]keysAt{}}
}

// judge checks confirmations of visits.
func (d *Desk) judge(r Reader, visits ...*clinic.VisitFile) error {
	j := d.judging(r)
	for _, v := range visits {
		j.visit(v)
	}
	return j.err
}

// judgeAlone checks the confirmations of a patient's single documents.
func (d *Desk) judgeAlone(r Reader, p *clinic.PatientFile) error {
	j := d.judging(r)
	if d.o.Keys != nil && len(p.Signed) > 0 {
		p.JudgeSignatures(j.worth)
	}
	return j.err
}

func (j *judging) visit(v *clinic.VisitFile) {
	if j.d.o.Keys != nil {
		v.JudgeSignatures(j.worth)
	}
}

// worth is a clinic.SignatureJudge. A signature that confirms nothing is told to the
// centre, once (Views).
func (j *judging) worth(rec *clinic.Record) clinic.SignatureState {
	keys, err := j.keysOf(rec.Author)
	j.err = errors.Join(j.err, err)
	state := clinic.JudgeSigned(rec, keys, j.d.fits.fits)
	if j.err == nil {
		j.d.views.judged(rec, state)
	}
	return state
}

// keysOf returns a person's keys, read once a snapshot, and not at all while nothing
// came that concerns them.
func (j *judging) keysOf(person clinic.ID) ([]SigningKey, error) {
	if keys, ok := j.keys[person]; ok {
		return keys, nil
	}
	at, err := j.stand(person)
	if err != nil {
		return nil, err
	}
	d := j.d
	d.verdicts.mu.Lock()
	held, ok := d.verdicts.keys[person]
	d.verdicts.mu.Unlock()
	if ok && held.at == at {
		j.keys[person] = held.keys
		return held.keys, nil
	}
	var records []clinic.Record
	whole := true
	for _, subject := range []clinic.ID{person, clinic.StatementSubject()} {
		some, err := j.r.Records(subject)
		if err != nil {
			return nil, err
		}
		lost, err := j.r.Lost(subject)
		if err != nil {
			return nil, err
		}
		records, whole = append(records, some...), whole && len(lost) == 0
	}
	keys := d.o.Keys.Of(person, records)
	j.keys[person] = keys
	if whole { // what is lost may come back, and no position tells
		d.verdicts.mu.Lock()
		if len(d.verdicts.keys) >= keysHeld {
			clear(d.verdicts.keys)
		}
		d.verdicts.keys[person] = heldKeys{at, keys}
		d.verdicts.mu.Unlock()
	}
	return keys, nil
}

// stand tells where everything stands that a person's keys follow from.
func (j *judging) stand(person clinic.ID) (at keysAt, err error) {
	if at, ok := j.at[person]; ok {
		return at, nil
	}
	// The generation first: what changes meanwhile is asked for again.
	at.generation = j.d.o.Keys.Generation()
	if at.person, err = j.r.Position(person); err == nil {
		at.statements, err = j.r.Position(clinic.StatementSubject())
	}
	if err == nil {
		j.at[person] = at
	}
	return at, err
}

// state tells where a visit stands: by what it has, and when it is signed, by what its
// signatures are worth. A visit that is whole, and whose every signature counts, is
// remembered.
func (j *judging) state(row *VisitRow) (clinic.VisitState, error) {
	if row.Has&HasSigned == 0 {
		return stateOf(row.Has), nil
	}
	at, err := j.r.Position(row.Patient)
	if err != nil {
		return 0, err
	}
	v := j.d.verdicts
	v.mu.Lock()
	held, ok := v.visits[row.ID]
	v.mu.Unlock()
	if ok && held.patient == at {
		same, err := j.same(held.signers)
		if err != nil || same {
			return held.state, err
		}
	}
	records, err := j.r.Records(row.Patient)
	if err != nil {
		return 0, err
	}
	lost, err := j.r.Lost(row.Patient)
	if err != nil {
		return 0, err
	}
	file := clinic.FoldVisit(row.ID, records)
	if j.visit(&file); j.err != nil || len(lost) > 0 || len(file.Voids()) > 0 {
		return file.State, j.err
	}
	next := heldVisit{at, map[clinic.ID]keysAt{}, file.State}
	for i := range file.Signed {
		if j.d.o.Keys != nil {
			next.signers[file.Signed[i].By] = j.at[file.Signed[i].By]
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.visits) >= visitsHeld {
		clear(v.visits)
	}
	v.visits[row.ID] = next
	return file.State, nil
}

// same reports whether everything stands as it did.
func (j *judging) same(signers map[clinic.ID]keysAt) (bool, error) {
	for id, was := range signers {
		if at, err := j.stand(id); err != nil || at != was {
			return false, err
		}
	}
	return true, nil
}
