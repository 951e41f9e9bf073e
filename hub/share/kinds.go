package share

import (
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// where an entry goes.
type where uint8

// Only is never shared: it is the machine's own. Place goes to a machine in this one's
// place; facility also to the other boxes of the facility.
const (
	only     where = 1
	place    where = 2
	facility where = 3
)

// rule says of a kind where its entries go, and when.
type rule struct {
	where where
	class hub.Class
}

// ruleOf returns the rule of a kind; ok is false for one that nobody has classified: its
// entries wait for a program that has.
func ruleOf(k clinic.Kind) (r rule, ok bool) {
	switch k {
	case clinic.KindSummary, // comes from the centre, to each box of the facility that asked
		clinic.KindFacility,  // each box has its own site, name and series
		clinic.KindStatement, // told to each box by the registrar
		clinic.KindMachine,   // what happened to a machine did not happen to another
		clinic.KindEscrow:    // opens one machine only
		return rule{where: only}, true
	case clinic.KindStaff, clinic.KindCredential:
		return rule{facility, hub.ClassPeople}, true
	case clinic.KindCatalogRow:
		return rule{facility, hub.ClassLists}, true
	case clinic.KindDayOne, // an import that is under way on one box; what it brought is shared
		clinic.KindSession: // which vials are open is of one refrigerator
		return rule{place, hub.ClassHistory}, true
	case clinic.KindReceived, clinic.KindCounted, clinic.KindAdjusted, clinic.KindRequisition: // stock is per box
		return rule{place, hub.ClassRunning}, true
	case clinic.KindPatient, clinic.KindAllergies, clinic.KindProtection, clinic.KindLink, clinic.KindDeath, clinic.KindReaction:
		return rule{facility, hub.ClassSafety}, true
	case clinic.KindPaper, clinic.KindAsked, clinic.KindLooked, clinic.KindViewed, clinic.KindAcknowledged:
		return rule{facility, hub.ClassLeftover}, true
	case clinic.KindImport, // that rows of a catalogue were set: not one of them
		clinic.KindReport, // one of the facility for each month
		clinic.KindAlert, clinic.KindAlertTold:
		return rule{facility, hub.ClassHistory}, true
	}
	return ofVisits(k)
}

// ofVisits is ruleOf for what is recorded of patients at visits and in programmes.
func ofVisits(k clinic.Kind) (rule, bool) {
	switch k {
	case clinic.KindVisit, clinic.KindVitals, clinic.KindExam, clinic.KindDiagnosis, clinic.KindPrescribe, clinic.KindBill,
		clinic.KindAppointment, clinic.KindSigned, clinic.KindVisitEnded, clinic.KindArrived, clinic.KindLegalAsked,
		clinic.KindLegalSigned, clinic.KindAttached, clinic.KindOrder, clinic.KindResult, clinic.KindReviewed,
		clinic.KindSample, clinic.KindDispensed, clinic.KindReturned, clinic.KindTraditional,
		clinic.KindDelivery, clinic.KindBirthCertificate, clinic.KindEmergencyNotice, clinic.KindStay, clinic.KindCare,
		clinic.KindDischarge, clinic.KindImmunised, clinic.KindPregnancy, clinic.KindAntenatal, clinic.KindEnrolled,
		clinic.KindHealthBook, clinic.KindHealthCheck, clinic.KindSettled:
		return rule{facility, hub.ClassHistory}, true
	}
	return rule{}, false
}

// runs tells the kinds that say what a patient takes, suffers from and waits for.
func runs(k clinic.Kind) bool {
	switch k {
	case clinic.KindVisit, clinic.KindDiagnosis, clinic.KindPrescribe, clinic.KindAppointment, clinic.KindSigned,
		clinic.KindVisitEnded, clinic.KindArrived, clinic.KindDispensed, clinic.KindStay, clinic.KindDischarge,
		clinic.KindPregnancy, clinic.KindEnrolled, clinic.KindImmunised, clinic.KindOrder, clinic.KindResult:
		return true
	}
	return false
}

// Recent is how long something runs, and how far back a day's work reaches.
const (
	recentRuns = 120 * 24 * time.Hour
	recentAll  = 3 * 24 * time.Hour
)

// verdict says of one entry whether and when it goes to a box; read is false when it
// cannot be read, or nobody has classified its kind.
func (s *Share) verdict(kind clinic.Kind, bytes []byte, same bool) (rank uint64, goes, read bool) {
	r, ok := ruleOf(kind)
	if !ok {
		return 0, false, false
	}
	if r.where == only || r.where == place && !same {
		return 0, false, true
	}
	look := func(k clinic.Kind) bool { return k == clinic.KindLooked || k == clinic.KindLink }
	rec, err := entry.DecodeIf(bytes, clinic.Ref{}, clinic.Leaf{}, look)
	if err != nil {
		return 0, false, false
	}
	if b, ok := rec.Body.(*clinic.Looked); ok && b.Opened == 0 && !same {
		return 0, false, true // many, and of the box where somebody looked; openings are for everybody
	}
	if b, ok := rec.Body.(*clinic.Link); ok && b.Centre != nil {
		return 0, false, true // no box speaks for the centre
	}
	age := s.o.Now().Sub(rec.Recorded())
	if r.class == hub.ClassHistory && (age < recentAll || age < recentRuns && runs(kind)) {
		r.class = hub.ClassRunning
	}
	return r.class.Rank(rec.HLC >> 16), true, true
}

// kindOf reads the kind of an entry that was stored as unreadable.
func kindOf(bytes []byte) clinic.Kind {
	rec, err := entry.DecodeIf(bytes, clinic.Ref{}, clinic.Leaf{}, func(clinic.Kind) bool { return false })
	if err != nil {
		return 0
	}
	return rec.Kind
}

// Where tells where entries of a kind go: "only" stays, "place" goes to a machine in the
// place of the one that recorded it, "facility" also to all boxes of the facility. Empty:
// nobody has decided.
func Where(k clinic.Kind) string {
	r, ok := ruleOf(k)
	if !ok {
		return ""
	}
	return [...]string{only: "only", place: "place", facility: "facility"}[r.where]
}
