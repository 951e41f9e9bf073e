package boxmain

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/store"
)

// Errors of verify, for people.
var (
	errNoRecord  = errors.New("no such record in the journals")
	errNotProven = errors.New("not proven")
)

// verify proves the whole log, one record of it, or all of one patient: leaf hashes and
// tree are computed anew from the entries and compared with what the box signed, and
// each signature is judged as on the pages.
//
// It is for whoever opens the records. It tells what kind a record is of, when and by
// whom it was made and what became of it, and never what it says: that is for pages and
// exports, which are recorded. A patient's list, which tells how often somebody came, is
// for administrators and for who has the recovery code.
func (p *Program) verify(ctx context.Context) error {
	q, err := p.question()
	if err != nil {
		return err
	}
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	x, err := p.look(ctx, v, q)
	if err != nil {
		return err
	}
	if q.whole() {
		return p.sayLog(x)
	}
	return p.sayRecords(x)
}

// look reads both journals for what is asked.
func (p *Program) look(ctx context.Context, v *vault, q question) (*gathered, error) {
	o, err := storeOptions(v, p.logger(v.cfg))
	if err != nil {
		return nil, err
	}
	for {
		x := &gathered{q: q, staff: map[clinic.ID]clinic.Record{}}
		o.Seen = x.see
		if x.Audited, err = store.Audit(ctx, o); err != nil {
			return nil, err
		}
		if err := x.judge(ctx, v); err != nil {
			return nil, err
		}
		if !q.patient.IsZero() && !p.owner.IsZero() && x.role(p.owner) != clinic.RoleAdministrator {
			return nil, errNotAdministrator
		}
		who, err := clinic.Identify(q.patient, x.linksOf)
		if q.patient.IsZero() || err != nil || len(who.IDs) == len(q.ids) {
			return x, err
		}
		q.ids = who.IDs // recorded under another ID too: read again
	}
}

// question is what verify is asked about; with nothing set about the whole log.
type question struct {
	ref     *clinic.Ref
	prefix  []byte          // of a leaf hash
	paper   *clinic.PaperQR // prefix is of it
	slip    string
	patient clinic.ID
	ids     []clinic.ID // of the patient
}

func (q *question) whole() bool {
	return q.ref == nil && q.prefix == nil && q.slip == "" && q.patient.IsZero()
}

// asks reports whether the record is meant.
func (q *question) asks(r *clinic.Record) bool {
	switch {
	case q.ref != nil:
		return r.Ref == *q.ref
	case q.prefix != nil:
		return bytes.HasPrefix(r.Leaf[:], q.prefix)
	case q.slip != "":
		a, ok := r.Body.(*clinic.Appointment)
		return ok && a.Slip == q.slip
	}
	for _, id := range q.ids {
		if r.Subject == id {
			return true
		}
	}
	return false
}

// question reads the command line.
func (p *Program) question() (q question, err error) {
	switch {
	case p.patient != "" && len(p.args) > 0 || len(p.args) > 1:
		return q, fmt.Errorf("%w: verify -config FILE [-patient ID | REF]", ErrUsage)
	case p.patient != "":
		if q.patient, err = clinic.ParseID(p.patient); err != nil {
			return q, patientUsage(err)
		}
		q.ids = []clinic.ID{q.patient}
	case len(p.args) == 1:
		return parseRef(p.args[0])
	}
	return q, nil
}

// leastPrefix is how many bytes of a leaf hash people must give.
const leastPrefix = 8

// parseRef reads how people name a record: journal:index, the beginning of its leaf
// hash in hexadecimal, the text in the QR of a paper, or the code of a slip.
func parseRef(s string) (q question, err error) {
	s = strings.TrimSpace(s)
	if name, digits, ok := strings.Cut(s, ":"); ok && (name == "own" || name == "in") {
		if index, err := strconv.ParseUint(digits, 10, 63); err == nil {
			q.ref = &clinic.Ref{Journal: map[string]clinic.Journal{"own": clinic.Own, "in": clinic.In}[name], Index: index}
			return q, nil
		}
	}
	if q.paper, err = clinic.ParsePaperQR(s); err == nil {
		q.prefix = q.paper.Leaf
		return q, nil
	}
	if q.slip, _, err = clinic.ParseSlip(s); err == nil {
		return q, nil
	}
	if b, err := hex.DecodeString(s); err == nil && len(b) >= leastPrefix && len(b) <= len(clinic.Leaf{}) {
		q.prefix = b
		return q, nil
	}
	return question{}, fmt.Errorf("%w: REF: own:SỐ, in:SỐ, mã băm (từ %d ký tự), mã phiếu hoặc nội dung QR / own:NUMBER, in:NUMBER, a leaf hash (%d digits or more), a slip's code or the text of a QR", ErrUsage, 2*leastPrefix, 2*leastPrefix)
}
