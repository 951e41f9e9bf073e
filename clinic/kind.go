package clinic

import "fmt"

// Kind tells what an entry says. Numbers are frozen: they are in every journal.
type Kind uint16

// The kinds of entries. See NewBody for the body of each.
const (
	KindFacility    Kind = 1  // the facility and this box as they are from now on
	KindStaff       Kind = 2  // a person of the staff, as they are from now on
	KindCatalogRow  Kind = 3  // one row of a catalogue
	KindCredential  Kind = 4  // a person's signing key, and who vouches for it
	KindStatement   Kind = 5  // what the fleet's authority says: certificates, revocations, decisions
	KindMachine     Kind = 6  // something that happened to this box and must be seen
	KindEscrow      Kind = 7  // an answer by telephone, left with the centre
	KindImport      Kind = 8  // rows of a catalogue were set from a file
	KindDayOne      Kind = 9  // rows of a file of old data were brought in, or taken back
	KindPatient     Kind = 10 // demographics and identifiers of a patient, whole, as they are from now on
	KindAllergies   Kind = 11 // allergies of a patient, whole, as they are from now on
	KindProtection  Kind = 12 // a patient's record opens with a reason only, or freely again
	KindLink        Kind = 13 // two patient IDs are one person, or are not
	KindVisit       Kind = 20 // a visit was opened and queued
	KindVitals      Kind = 21
	KindExam        Kind = 22 // reason, history, examination
	KindDiagnosis   Kind = 23
	KindPrescribe   Kind = 24
	KindBill        Kind = 25
	KindAppointment Kind = 26 // the patient shall come back
	KindSigned      Kind = 27 // the clinician confirmed a visit's documents
	KindVisitEnded  Kind = 28 // left without being seen, or opened by mistake
	KindArrived     Kind = 29 // an appointment slip was used for a visit
	KindLegalAsked  Kind = 30 // a legal signature of a document is asked for
	KindLegalSigned Kind = 31 // a legal signature of a document
	KindAttached    Kind = 32 // a scan, image or document: a blob
	KindDeath       Kind = 63 // somebody died
	KindImmunised   Kind = 70 // vaccines that were given, here at a visit or elsewhere
	KindReaction    Kind = 71 // what was seen after a vaccine
	KindEnrolled    Kind = 74 // somebody is followed in a programme, or no longer
	KindSession     Kind = 76 // a session of vaccination and what is open in it
	KindOrder       Kind = 33 // tests are asked for
	KindResult      Kind = 34 // what tests showed
	KindReviewed    Kind = 35 // a clinician saw results
	KindSample      Kind = 36 // something was taken to be tested
	KindPaper       Kind = 40 // a paper was handed to the printer
	KindViewed      Kind = 41 // somebody looked at a record
	KindLooked      Kind = 42 // a person looked at several records
	KindReceived    Kind = 50 // goods came into stock
	KindDispensed   Kind = 51 // goods were handed out in a visit
	KindReturned    Kind = 52 // a patient brought goods back
	KindCounted     Kind = 53 // stock was counted
	KindAdjusted    Kind = 54 // goods left, or were found, without a patient; or went to another site
	KindRequisition Kind = 55 // goods are asked for
	KindAlert       Kind = 80 // a disease that must be reported was diagnosed
	KindAlertTold   Kind = 81 // an alert was reported in another way
	KindReport      Kind = 82 // a month's report as it was handed in
	// KindAcknowledged: somebody saw that a protected record was opened.
	KindAcknowledged Kind = 43
)

// NewBody returns a pointer to an empty body of the kind, or nil for a kind that
// this program does not know: such an entry is kept and shown as unknown.
func NewBody(k Kind) any {
	switch k {
	case KindFacility:
		return new(Facility)
	case KindStaff:
		return new(Staff)
	case KindCatalogRow:
		return new(CatalogRow)
	case KindCredential:
		return new(Credential)
	case KindStatement:
		return new(Statement)
	case KindMachine:
		return new(Machine)
	case KindEscrow:
		return new(Escrow)
	case KindImport:
		return new(CatalogImport)
	case KindDayOne:
		return new(DayOne)
	case KindPatient:
		return new(Patient)
	case KindAllergies:
		return new(Allergies)
	case KindVisit:
		return new(Visit)
	case KindVitals:
		return new(Vitals)
	case KindExam:
		return new(Exam)
	case KindDiagnosis:
		return new(Diagnosis)
	case KindPrescribe:
		return new(Prescription)
	case KindBill:
		return new(Bill)
	case KindAppointment:
		return new(Appointment)
	case KindSigned:
		return new(Signed)
	case KindVisitEnded:
		return new(VisitEnded)
	case KindArrived:
		return new(Arrived)
	case KindLegalAsked:
		return new(LegalAsked)
	case KindLegalSigned:
		return new(LegalSigned)
	case KindAttached:
		return new(Attached)
	case KindDeath:
		return new(Death)
	case KindImmunised:
		return new(Immunised)
	case KindReaction:
		return new(Reaction)
	case KindEnrolled:
		return new(Enrolment)
	case KindSession:
		return new(Session)
	case KindPaper:
		return new(Paper)
	case KindViewed:
		return new(Viewed)
	case KindLooked:
		return new(Looked)
	case KindAcknowledged:
		return new(Acknowledged)
	case KindProtection:
		return new(Protection)
	case KindLink:
		return new(Link)
	}
	return newListBody(k)
}

// newListBody is NewBody for what stands in lists of the clinic: stock, tests, alerts, reports.
func newListBody(k Kind) any {
	switch k {
	case KindReceived:
		return new(Received)
	case KindDispensed:
		return new(Dispensed)
	case KindReturned:
		return new(Returned)
	case KindCounted:
		return new(Counted)
	case KindAdjusted:
		return new(Adjusted)
	case KindRequisition:
		return new(Requisition)
	case KindOrder:
		return new(Order)
	case KindResult:
		return new(Result)
	case KindReviewed:
		return new(Reviewed)
	case KindSample:
		return new(Sample)
	case KindAlert:
		return new(Alert)
	case KindAlertTold:
		return new(AlertTold)
	case KindReport:
		return new(Report)
	case KindTraditional:
		return new(Traditional)
	}
	if b := newStayBody(k); b != nil {
		return b
	}
	if b := newBookBody(k); b != nil {
		return b
	}
	if b := newSettledBody(k); b != nil {
		return b
	}
	if b := newAskedBody(k); b != nil {
		return b
	}
	return newMotherBody(k)
}

// IsStock reports whether entries of the kind are about stock.
func (k Kind) IsStock() bool { return k >= KindReceived && k <= KindRequisition }

// IsDocument reports whether the kind is a clinical document of a visit: one
// that a signature covers and that is amended, never replaced.
func (k Kind) IsDocument() bool {
	return k >= KindVitals && k <= KindAppointment || k == KindOrder || k == KindImmunised || k == KindReaction || k == KindDeath ||
		k == KindTraditional || k.motherDocument() || k.OfStay() || k == KindHealthCheck
}

// InProgrammes reports whether the kind is of what patients are followed in beyond one
// visit: stores keep the patients of whom there is one (immunisation, pregnancy …).
func (k Kind) InProgrammes() bool {
	return k >= 60 && k < KindTraditional && k != KindSession && k != KindHealthBook && k != KindHealthCheck
}

// String returns a short English name for logs and checks.
func (k Kind) String() string {
	names := map[Kind]string{
		KindFacility: "facility", KindStaff: "staff", KindCatalogRow: "catalog-row",
		KindCredential: "credential", KindStatement: "statement", KindMachine: "machine", KindEscrow: "escrow", KindImport: "import", KindDayOne: "day-one",
		KindProtection: "protection", KindLink: "link", KindSettled: "settled", KindAsked: "asked", KindSummary: "summary", KindLegalAsked: "legal-asked", KindLegalSigned: "legal-signed", KindLooked: "looked",
		KindPatient: "patient", KindAllergies: "allergies", KindVisit: "visit", KindVitals: "vitals",
		KindExam: "exam", KindDiagnosis: "diagnosis", KindPrescribe: "prescription", KindBill: "bill",
		KindAppointment: "appointment", KindImmunised: "immunised", KindReaction: "reaction", KindSession: "session", KindDeath: "death", KindEmergencyNotice: "emergency-notice", KindStay: "stay", KindCare: "care", KindDischarge: "discharge", KindTraditional: "traditional", KindEnrolled: "enrolled", KindAlert: "alert", KindAlertTold: "alert-told", KindReport: "report", KindSigned: "signed", KindVisitEnded: "visit-ended",
		KindOrder: "order", KindResult: "result", KindReviewed: "reviewed", KindSample: "sample",
		KindHealthBook: "health-book", KindHealthCheck: "health-check",
		KindArrived: "arrived", KindPaper: "paper", KindAttached: "attached", KindViewed: "viewed", KindAcknowledged: "acknowledged",
		KindReceived: "received", KindDispensed: "dispensed", KindReturned: "returned", KindCounted: "counted", KindAdjusted: "adjusted", KindRequisition: "requisition",
	}
	if n, ok := names[k]; ok {
		return n
	}
	if n := k.motherName(); n != "" {
		return n
	}
	return fmt.Sprintf("kind-%d", uint16(k))
}
