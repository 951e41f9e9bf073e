package desk

import (
	"bytes"
	"slices"

	"clinicbox/clinic"
)

// PaperState tells what became of a paper of ours since it was printed.
type PaperState uint8

// The states of a paper. Zero: no paper was scanned, or nothing may be said of it.
const (
	PaperHolds    PaperState = 1 // what it shows is recorded here, and holds
	PaperReplaced PaperState = 2 // what it shows was corrected since, or replaced by a newer paper
	PaperVoid     PaperState = 3 // the visit was ended without care
	PaperUsed     PaperState = 4 // an appointment slip, and used already
	PaperOther    PaperState = 5 // nothing like it is recorded here: of another box, or no paper of ours
	PaperTorn     PaperState = 6 // what it shows was recorded here and can no longer be read
	PaperAhead    PaperState = 7 // it knows entries that this box has lost, or others in their place
)

// paperQR is what the QR says of a paper that shows the record.
func (d *Desk) paperQR(of *clinic.Record, slip string) (string, error) {
	head, err := d.o.Witness.Head()
	q := clinic.PaperQR{Leaf: of.Leaf[:], TreeHead: head, Record: of.Subject, Slip: slip}
	return q.String(), err
}

// fromPaper finds the patient whose record a paper names.
func (d *Desk) fromPaper(r Reader, scan clinic.Scan) (ScanResult, error) {
	if scan.Record == clinic.TransfersID() || scan.Record == clinic.RequisitionsID() {
		return ScanResult{}, &Error{Code: CodeScanGoods}
	}
	hits, err := hitsOf(r, []clinic.ID{scan.Record}, BySlip)
	if err != nil {
		return ScanResult{}, err
	}
	if len(hits) == 0 {
		return ScanResult{}, &Error{Code: CodeScanPaperNone}
	}
	return ScanResult{Answer: ScanKnown, Scan: scan, Hits: hits}, nil
}

// paper says what became of the paper that was scanned, unless the record is closed:
// also that it has a visit stands behind the reason.
func (d *Desk) paper(r Reader, res *ScanResult, ahead bool) error {
	q := res.Scan.Paper
	if len(res.Hits) != 1 || res.Hits[0].Closed {
		res.Paper, res.On = 0, On{}
		return nil
	}
	if q == nil {
		return nil
	}
	state, on, err := paperState(r, q, res.Hits[0].ID)
	switch {
	case err != nil:
		return err
	case ahead:
		state = PaperAhead
	case res.Paper != 0 && state == PaperHolds: // the code alone tells more
		state = res.Paper
	}
	res.Paper, res.On = state, on
	return nil
}

// paperState looks among the person's records for the entry that the paper shows.
func paperState(r People, q *clinic.PaperQR, patient clinic.ID) (PaperState, On, error) {
	who, err := identity(r, patient)
	if err != nil {
		return 0, On{}, err
	}
	records, err := recordsOf(r, &who)
	if err != nil {
		return 0, On{}, err
	}
	i := slices.IndexFunc(records, func(x clinic.Record) bool { return bytes.HasPrefix(x.Leaf[:], q.Leaf) })
	if i < 0 {
		state, err := torn(r, q, &who)
		return state, On{}, err
	}
	rec := &records[i]
	on := On{Patient: rec.Subject, Visit: rec.Visit}
	switch fate := clinic.FateOf(rec, records); {
	case fate.By != nil:
		return PaperReplaced, on, nil
	case fate.Ended != nil:
		return PaperVoid, on, nil
	}
	return PaperHolds, on, nil
}

// torn tells an entry that can no longer be read from one that is not here.
func torn(r People, q *clinic.PaperQR, who *clinic.Identity) (PaperState, error) {
	for _, id := range who.IDs {
		holes, err := r.Lost(id)
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(holes, func(h clinic.Hole) bool { return bytes.HasPrefix(h.Leaf[:], q.Leaf) }) {
			return PaperTorn, nil
		}
	}
	return PaperOther, nil
}
