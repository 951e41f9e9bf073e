package desk

import (
	"context"
	"errors"

	"clinicbox/clinic"
)

var errTodo = errors.New("desk: not yet")

// StaffSeed is a person of the staff as set-up brings them.
type StaffSeed struct {
	ID clinic.ID
	clinic.Staff
	PIN string // set once, if the person has none
}

// SetUp writes the facility when the configuration differs from what is
// recorded, people who are not recorded yet, and PINs that do not exist. It may
// run at every start.
func (d *Desk) SetUp(ctx context.Context, staff []StaffSeed) error { return errTodo }

// Staff returns who may log in: people who work here and have a role, by name.
func (d *Desk) Staff(ctx context.Context) ([]Person, error) { return nil, errTodo }

// Login checks the PIN and returns the person.
func (d *Desk) Login(ctx context.Context, person clinic.ID, pin string) (Person, error) {
	return Person{}, errTodo
}

// Who returns the person as they are now, or CodeNoPerson: for a session that
// goes on while the person may have left.
func (d *Desk) Who(ctx context.Context, person clinic.ID) (Person, error) { return Person{}, errTodo }

// StaffInput is the form of a person of the staff. A zero Person is a new one.
type StaffInput struct {
	Person clinic.ID
	clinic.Staff
	PIN string // empty = as it is
}

// SaveStaff adds or changes a person. Administrators only.
func (d *Desk) SaveStaff(ctx context.Context, c Call, in StaffInput) (clinic.ID, error) {
	return clinic.ID{}, errTodo
}

// ChangePIN gives the caller a new PIN after checking the old one.
func (d *Desk) ChangePIN(ctx context.Context, c Call, old, pin string) error { return errTodo }

// Unlock forgets a colleague's wrong PINs and records who did it. Administrators
// and doctors, with their own PIN; never for oneself.
func (d *Desk) Unlock(ctx context.Context, c Call, person clinic.ID, ownPIN string) error {
	return errTodo
}

// HitWhy tells why a patient was found.
type HitWhy uint8

// Why a patient was found.
const (
	ByNumber HitWhy = 1 // the number is theirs now
	ByOld    HitWhy = 2 // the number was theirs
	ByName   HitWhy = 3
	BySlip   HitWhy = 4
	ByBirth  HitWhy = 5 // same name and birth date (duplicates)
)

// Hit is a patient who was found.
type Hit struct {
	ID  clinic.ID
	Now clinic.Patient
	Why HitWhy
}

// Find returns patients by name, number or slip code, best first. A number of a
// length that no number has is an error, not an empty answer.
func (d *Desk) Find(ctx context.Context, by clinic.ID, query string) ([]Hit, error) {
	return nil, errTodo
}

// ScanAnswer tells what a scan leads to.
type ScanAnswer uint8

// What a scan leads to.
const (
	ScanKnown    ScanAnswer = 1 // Hits[0] is the patient
	ScanNew      ScanAnswer = 2 // nobody yet: Form is filled in
	ScanConflict ScanAnswer = 3 // several patients have the number: choose among Hits
	ScanArrives  ScanAnswer = 4 // an appointment slip that is open: open a visit with Slip
)

// ScanResult is what a scan leads to. It holds personal data: never log it.
type ScanResult struct {
	Answer  ScanAnswer
	Scan    clinic.Scan
	Hits    []Hit
	Form    PatientInput   // ScanNew; for ScanKnown what the card says now
	Differs []string       // ScanKnown: fields where card and record differ ("name", "birth", "sex", "address")
	Slip    AppointmentRow // ScanArrives
}

// FromScan recognises a code and says what it leads to.
func (d *Desk) FromScan(ctx context.Context, by clinic.ID, raw []byte) (ScanResult, error) {
	return ScanResult{}, errTodo
}

// PatientInput is the registration form. Birth and numbers are as typed or as a
// card said them; Folded and Source need not be set by hand entry (Source zero =
// typed).
type PatientInput struct {
	ID clinic.ID // zero = a new patient
	clinic.Patient
	// Different says that a person looked at the offered duplicates and this is
	// somebody else.
	Different bool
	Why       string // reason of a change, optional
}

// Register saves a new patient. Possible duplicates come back as CodeDuplicates
// with Found, unless in.Different.
func (d *Desk) Register(ctx context.Context, c Call, in PatientInput) (Done, error) {
	return Done{}, errTodo
}

// ChangePatient saves new demographics of a known patient, whole; identifiers
// that the form leaves out are kept with their end set to yesterday.
func (d *Desk) ChangePatient(ctx context.Context, c Call, in PatientInput) (Done, error) {
	return Done{}, errTodo
}

// AllergiesInput is the form of allergies, whole.
type AllergiesInput struct {
	Patient clinic.ID
	Asked   bool // somebody asked; with no item: none known
	Items   []clinic.Allergy
	Tips    []clinic.Leaf // AllergyFile.Tips as the form showed them
	Why     string
}

// SetAllergies saves the allergies and replaces every version the form showed.
func (d *Desk) SetAllergies(ctx context.Context, c Call, in AllergiesInput) (Done, error) {
	return Done{}, errTodo
}

// VisitInput is the form that opens a visit.
type VisitInput struct {
	Patient   clinic.ID
	Source    clinic.Source // how identity was established; zero = typed
	Insurance string        // card number shown
	Slip      string        // appointment slip that brought the patient
	Reason    string
	Another   bool // yes, a second visit although one waits today
}

// OpenVisit queues the patient: number, visit key, slip used up, in one act. The
// same patient waiting already is CodeAlreadyQueued with Visit, unless in.Another.
func (d *Desk) OpenVisit(ctx context.Context, c Call, in VisitInput) (Done, error) {
	return Done{}, errTodo
}

// VitalsInput is the form of vital signs. Values holds what was typed by field
// name (clinic.VitalFields), empty ones left out; Confirmed the fields whose
// unusual value was confirmed. A zero On.Base adds a measurement.
type VitalsInput struct {
	On
	Values    map[string]string
	Confirmed []string
}

// Vitals saves measurements. Impossible values are CodeImpossible, unusual ones
// CodeUnusual until confirmed, each naming its field.
func (d *Desk) Vitals(ctx context.Context, c Call, in VitalsInput) (Done, error) {
	return Done{}, errTodo
}

// ExamInput is the form of the examination.
type ExamInput struct {
	On
	clinic.Exam
}

// Exam saves reason, history and findings.
func (d *Desk) Exam(ctx context.Context, c Call, in ExamInput) (Done, error) {
	return Done{}, errTodo
}

// DiagnosisInput is the form of the diagnosis.
type DiagnosisInput struct {
	On
	Main   string
	Others []string
	Text   string
}

// Diagnose saves a diagnosis of codes that hold on the visit's day.
func (d *Desk) Diagnose(ctx context.Context, c Call, in DiagnosisInput) (Done, error) {
	return Done{}, errTodo
}

// DrugInput is one line of the prescription form, numbers as typed.
type DrugInput struct {
	Medicine string // catalogue code
	Dose     string // units each time: "1", "0,5", "1/2"
	Times    string // times a day
	Days     string
	Quantity string // only where dose × times × days is not what is handed out (bottles, tubes)
	Route    string // empty = the catalogue's
	When     string
}

// PrescriptionInput is the form of the prescription.
type PrescriptionInput struct {
	On
	Lines  []DrugInput
	Advice string
	// Confirmed holds the medicine codes whose allergy warning was confirmed.
	Confirmed []string
}

// Prescribe saves a prescription from the catalogue of the visit's day.
func (d *Desk) Prescribe(ctx context.Context, c Call, in PrescriptionInput) (Done, error) {
	return Done{}, errTodo
}

// BillInput is the form of the bill.
type BillInput struct {
	On
	Lines []BillLineInput
}

// BillLineInput is one line of it; name, unit and price come from the catalogue
// of services, else of medicines.
type BillLineInput struct {
	Code     string
	Quantity string // as typed; empty = 1
	Insured  bool
}

// Bill saves what is charged.
func (d *Desk) Bill(ctx context.Context, c Call, in BillInput) (Done, error) {
	return Done{}, errTodo
}

// AppointInput is the form of the next appointment.
type AppointInput struct {
	On
	Due   clinic.Date
	Hour  string // "08:30" or empty
	Place string
	Note  string
}

// Appoint saves the appointment under a fresh slip code; the code of an earlier
// version is void from then on. Slip reads the code from Done.
func (d *Desk) Appoint(ctx context.Context, c Call, in AppointInput) (Done, error) {
	return Done{}, errTodo
}

// SignInput is the form that confirms a visit's documents.
type SignInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	PIN     string
	Seen    string // VisitFile.Seen as the page showed it
}

// Sign confirms the current version of every unsigned document of the visit.
// Doctors only; examination and diagnosis must be there.
func (d *Desk) Sign(ctx context.Context, c Call, in SignInput) (Done, error) {
	return Done{}, errTodo
}

// EndInput is the form that ends a visit without care.
type EndInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Why     string
}

// EndVisit takes the patient out of the queue: left unseen, opened by mistake.
func (d *Desk) EndVisit(ctx context.Context, c Call, in EndInput) (Done, error) {
	return Done{}, errTodo
}

// PrintInput is the form that prints the visit's appointment slip.
type PrintInput struct {
	Patient clinic.ID
	Visit   clinic.ID
}

// PrintAppointment records the copy and queues the paper; every copy after the
// first is marked as a reprint. CodePrintQueue means: the same form again queues
// the same copy.
func (d *Desk) PrintAppointment(ctx context.Context, c Call, in PrintInput) (Done, error) {
	return Done{}, errTodo
}

// PrintTest queues a plain test slip.
func (d *Desk) PrintTest(ctx context.Context, c Call) error { return errTodo }

// QueueRow is a line of today's list.
type QueueRow struct {
	VisitRow
	Name  string
	Birth clinic.Date
	Sex   clinic.Sex
	State clinic.VisitState // VisitAmended is told on the visit's page only
}

// Day is the list of a day.
type Day struct {
	Day  clinic.Date
	Rows []QueueRow // in queue order
	Next int        // index of who is next for the doctor in Rows; -1 = nobody
}

// Today returns the list of the day.
func (d *Desk) Today(ctx context.Context, by clinic.ID) (Day, error) { return Day{}, errTodo }

// Patient is what the patient's page shows.
type Patient struct {
	clinic.PatientFile
	Age       clinic.Age
	Today     []VisitRow           // visits of today that are neither signed nor ended
	Open      []AppointmentRow     // appointments from today on that are not used
	Names     map[clinic.ID]Person // authors by ID
	VisitRows map[clinic.ID]VisitRow
}

// PatientPage reads a patient's record; the view is recorded.
func (d *Desk) PatientPage(ctx context.Context, by, patient clinic.ID) (Patient, error) {
	return Patient{}, errTodo
}

// VisitView is what the visit's pages show.
type VisitView struct {
	Patient clinic.PatientFile // for the banner and earlier values
	Visit   clinic.VisitFile
	Row     VisitRow
	Age     clinic.Age                   // on the visit's day
	Names   map[clinic.ID]Person         // authors by ID
	ICD     map[string]clinic.CatalogRow // rows of the diagnosis' codes on the visit's day
}

// VisitPage reads a visit; the view is recorded. A visit of another patient is
// CodeMixed.
func (d *Desk) VisitPage(ctx context.Context, by, patient, visit clinic.ID) (VisitView, error) {
	return VisitView{}, errTodo
}

// DueRow is a line of the list of appointments.
type DueRow struct {
	AppointmentRow
	Name  string
	Birth clinic.Date
	Phone string
}

// Due returns appointments with from ≤ due ≤ to that are not void, by date; used
// ones too, so that the list shows who came.
func (d *Desk) Due(ctx context.Context, by clinic.ID, from, to clinic.Date) ([]DueRow, error) {
	return nil, errTodo
}

// Search finds catalogue rows that hold on the day; best first.
func (d *Desk) Search(ctx context.Context, catalog, query string, on clinic.Date, limit int) ([]clinic.CatalogRow, error) {
	return nil, errTodo
}
