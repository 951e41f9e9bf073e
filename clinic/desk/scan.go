package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// ScanAnswer tells what a scan leads to.
type ScanAnswer uint8

// What a scan leads to.
const (
	ScanKnown    ScanAnswer = 1 // Hits[0] is the patient
	ScanNew      ScanAnswer = 2 // nobody yet: Form is filled in
	ScanConflict ScanAnswer = 3 // several patients, only former holders, or somebody of another name and birth: choose among Hits
	ScanArrives  ScanAnswer = 4 // an appointment slip that is open: open a visit with Slip
)

// ScanResult is what a scan leads to. It holds personal data: never log it.
type ScanResult struct {
	Answer  ScanAnswer
	Scan    clinic.Scan
	Hits    []Hit
	Form    PatientInput   // ScanNew; for ScanKnown what the card says now
	Differs []string       // ScanKnown: fields where card and record differ ("name", "birth", "sex", "issued", "address")
	Doubts  []string       // Scan.Doubts and clinic.CitizenDoubts: keys of warnings
	Slip    AppointmentRow // ScanArrives
	Paper   PaperState     // of a paper of ours
	On      On             // the visit of what the paper shows; zero = none, or nothing may be said
}

// FromScan recognises a code and says what it leads to.
func (d *Desk) FromScan(ctx context.Context, by clinic.ID, raw []byte) (res ScanResult, err error) {
	scan, err := d.o.Scans.Recognise(raw)
	if err != nil {
		return ScanResult{}, &Error{Code: CodeScanUnknown, Err: err}
	}
	ahead := false
	if scan.Paper != nil {
		kept, err := d.o.Witness.Keeps(scan.Paper.TreeHead)
		if err != nil {
			return ScanResult{}, err
		}
		ahead = !kept
	}
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		switch scan.Kind {
		case clinic.ScanSlip:
			res, err = d.fromSlip(r, scan)
		case clinic.ScanGoods:
			return &Error{Code: CodeScanGoods}
		case clinic.ScanSample:
			res, err = d.fromSample(r, scan)
		case clinic.ScanPaper:
			res, err = d.fromPaper(r, scan)
		default:
			res, err = d.fromCard(r, scan)
		}
		if err != nil {
			return d.veilError(r, by, err)
		}
		if res.Hits, err = d.veilHits(r, by, res.Hits); len(res.Hits) > 0 && res.Hits[0].Closed {
			res.Differs = nil // what the card says and the record does not
		}
		if err != nil {
			return err
		}
		return d.paper(r, &res, ahead)
	})
	return res, err
}

func (d *Desk) fromSlip(r Reader, scan clinic.Scan) (ScanResult, error) {
	row, ok, err := r.Slip(scan.Slip)
	if err != nil {
		return ScanResult{}, err
	}
	ids := []clinic.ID{row.Patient}
	switch {
	case !ok:
		ids[0] = scan.Record // made by another box: the paper may name the record
	case !scan.Record.IsZero():
		ids = append(ids, scan.Record) // a forged paper, or two boxes with one book
	}
	hits, err := hitsOf(r, ids, BySlip)
	if err != nil {
		return ScanResult{}, err
	}
	switch {
	case len(hits) == 0:
		return ScanResult{}, &Error{Code: CodeScanSlipNone}
	case len(hits) > 1:
		return ScanResult{Answer: ScanConflict, Scan: scan, Hits: hits}, nil
	case !ok:
		return ScanResult{Answer: ScanKnown, Scan: scan, Hits: hits}, nil
	case !row.Used.IsZero():
		return ScanResult{Answer: ScanKnown, Scan: scan, Hits: hits, Paper: PaperUsed}, nil
	case row.Void:
		return ScanResult{Answer: ScanKnown, Scan: scan, Hits: hits, Paper: PaperReplaced}, nil
	}
	return ScanResult{Answer: ScanArrives, Scan: scan, Hits: hits, Slip: row}, nil
}

func (d *Desk) fromCard(r Reader, scan clinic.Scan) (ScanResult, error) {
	res := ScanResult{Scan: scan, Doubts: scan.Doubts}
	res.Form.Patient = scan.Patient
	if res.Form.Source == 0 {
		res.Form.Source = map[clinic.ScanKind]clinic.Source{
			clinic.ScanCitizen: clinic.SourceCitizenQR, clinic.ScanInsurance: clinic.SourceHealthQR,
			clinic.ScanNumber: clinic.SourceTyped,
		}[scan.Kind]
	}
	for _, id := range scan.Patient.Identifiers {
		if id.System == clinic.SystemCitizen {
			res.Doubts = union(res.Doubts, clinic.CheckCitizen(id.Value, scan.Patient.Sex, scan.Patient.Birth))
		}
	}
	hits, err := d.byNumbers(r, scan.Patient.Identifiers)
	if err != nil {
		return ScanResult{}, err
	}
	res.Hits = hits
	current := 0
	for _, h := range hits {
		if h.Why == ByNumber {
			current++
		}
	}
	switch {
	case len(hits) == 0:
		res.Answer = ScanNew
	case current == 1:
		res.Answer, res.Hits = ScanKnown, hits[:1]
		res.Form.ID = hits[0].ID
		res.Differs = d.differs(&hits[0].Now, &scan.Patient)
		if slices.Contains(res.Differs, "name") && slices.Contains(res.Differs, "birth") {
			// Somebody else by all that the card says: the number was typed wrong in
			// that record once, or given anew. A person must choose.
			res.Answer, res.Form.ID = ScanConflict, clinic.ID{}
		}
	case current == 0 && len(hits) == 1 && ours(scan.Patient.Identifiers):
		res.Answer, res.Form.ID = ScanKnown, hits[0].ID // no other person ever gets it
	default:
		res.Answer = ScanConflict
	}
	return res, nil
}

// ours reports whether the code is a temporary one of a box.
func ours(numbers []clinic.Identifier) bool {
	return len(numbers) == 1 && numbers[0].System == clinic.SystemTemporary
}

// differs names the fields in which the card says something else. What the card
// does not say does not differ.
func (d *Desk) differs(have, card *clinic.Patient) []string {
	var out []string
	if card.Name != "" && d.o.Fold(card.Name) != have.Folded {
		out = append(out, "name")
	}
	if !card.Birth.IsZero() && card.Birth != have.Birth {
		out = append(out, "birth")
	}
	if card.Sex != clinic.SexUnknown && card.Sex != have.Sex {
		out = append(out, "sex")
	}
	if card.Issued.Full() && !have.Issued.IsZero() && have.Issued.Before(card.Issued) {
		out = append(out, "issued")
	}
	if card.Address != "" && d.o.Fold(card.Address) != d.o.Fold(have.Address) {
		out = append(out, "address")
	}
	return out
}

func union(a, b []string) []string {
	out := append([]string(nil), a...)
	for _, s := range b {
		found := false
		for _, t := range a {
			found = found || s == t
		}
		if !found {
			out = append(out, s)
		}
	}
	return out
}
