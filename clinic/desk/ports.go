// Package desk holds the clinic's use cases: log in, register, find, queue,
// measure, examine, prescribe, bill, appoint, sign, amend. Pages and console call
// it; it speaks to the outside through the small interfaces of this file, which
// the command joins to store, devices and clock.
package desk

import (
	"context"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// Store keeps records. All methods may be called at the same time.
type Store interface {
	// View runs f over one consistent snapshot of what is saved. The Reader is
	// dead when f returns. f must be short and must not wait for anything.
	View(ctx context.Context, f func(Reader) error) error

	// Act runs f alone, with nothing written between what it reads and what it
	// returns, and saves all its drafts or none; more than MostDrafts are refused. It returns after they are durable
	// (fdatasync): from then on a power cut cannot take them. An error from f saves
	// nothing and is returned as it is. The same act ID again does not run f and
	// returns what the first call saved (Saved.Again). An error that wraps
	// context.Canceled may come though the act was saved: repeat with the same ID.
	Act(ctx context.Context, act, author clinic.ID, f func(Reader) ([]clinic.Draft, error)) (Saved, error)
}

// MostDrafts is how many drafts one act saves at most: other people's acts wait no
// longer than that takes.
const MostDrafts = 64

// Saved tells what an act wrote.
type Saved struct {
	Records []clinic.Record
	Again   bool // the act had been saved before
}

// Reader answers from one snapshot (in Act: with the acts before it in the batch).
type Reader interface {
	People
	Audit
	Agenda
	Laboratory
	Reference
	Catalogues
	Shelves
	Programmes
	Differences
}

// People reads what is known of patients.
type People interface {
	// Records returns every readable record of a subject, oldest first by hybrid
	// time; looks aside (Audit), which are many. An unknown subject has none.
	Records(subject clinic.ID) ([]clinic.Record, error)
	// Position names what is recorded of a subject, without reading it: while it is the
	// same, so is what Records and Lost return, save for damage that nobody has met yet.
	// It means nothing after a restart.
	Position(subject clinic.ID) (Position, error)
	// Lost returns the records of a subject that can no longer be read, as far as they
	// are known, and those of Links: they were there, and a page that leaves them out says
	// something false.
	Lost(subject clinic.ID) ([]clinic.Hole, error)
	// Patient returns the current demographics under one ID, the latest that can be read,
	// or nil when there are none.
	Patient(id clinic.ID) (*clinic.Patient, error)
	// ByIdentifier returns the patients who have or had the number.
	ByIdentifier(s clinic.System, value string) ([]clinic.ID, error)
	// ByName returns patients whose name holds every word of the query as a word
	// or its beginning, best first; words may carry diacritics or not.
	ByName(query string, limit int) ([]clinic.ID, error)
	// Protected tells whether what stands under one ID opens with a reason only, as
	// clinic.Protected does; true also when what said so can no longer be read.
	Protected(patient clinic.ID) (bool, error)
	// Links returns every readable KindLink record that names the patient, as subject
	// or as the other, in no order that matters: clinic.Identify walks over them.
	Links(patient clinic.ID) ([]clinic.Record, error)
	// Children returns the patients whose current demographics name this one as their
	// mother, in order of their bytes.
	Children(mother clinic.ID) ([]clinic.ID, error)
}

// Differences finds patients of whom boxes may have written apart from each other.
type Differences interface {
	// Apart returns every patient of whom two entries do not know each other, or who is
	// linked with another ID, and others too: clinic.PatientFile.Conflicts tells. Each
	// once, in order of their bytes.
	Apart() ([]clinic.ID, error)
}

// Position is where the records of a subject stand (People.Position).
type Position uint64

// Agenda reads visits, queues and appointments.
type Agenda interface {
	// Visit returns the visit's projection; ok is false for an unknown one.
	Visit(id clinic.ID) (v VisitRow, ok bool, err error)
	// Day returns the visits of a day in queue order.
	Day(day clinic.Date) ([]VisitRow, error)
	// NextDay returns the first day on or after the given one that has visits; ok is
	// false when there is none.
	NextDay(from clinic.Date) (day clinic.Date, ok bool, err error)
	// Due returns appointments with from ≤ due ≤ to, in order of their date.
	Due(from, to clinic.Date) ([]AppointmentRow, error)
	// Slip finds an appointment by the code on its slip.
	Slip(code string) (a AppointmentRow, ok bool, err error)
}

// Laboratory finds the patients with work on tests. What the work is stands in their
// records.
type Laboratory interface {
	// Ordered returns the patients of whom an order was recorded at or after a hybrid time
	// (clinic.HLCAt), each once, in order of the first such entry.
	Ordered(since uint64) ([]clinic.ID, error)
	// Unseen returns the patients who have a result that nothing closed (clinic.LabSeen),
	// each once; also when that result can no longer be read.
	Unseen() ([]clinic.ID, error)
	// SampleOf finds whose sample has the number; of several the first that was recorded.
	SampleOf(number string) (patient clinic.ID, ok bool, err error)
}

// Reference reads dated data, staff and numbers.
type Reference interface {
	// Row returns the catalogue row that holds on the day.
	Row(catalog, code string, on clinic.Date) (clinic.CatalogRow, bool)
	// SearchCatalog finds rows that hold on the day by code, or by words with or
	// without diacritics in either language; best first.
	SearchCatalog(catalog, query string, on clinic.Date, limit int) []clinic.CatalogRow
	// CatalogRows returns every row of a catalogue that holds on the day, by code.
	CatalogRows(catalog string, on clinic.Date) []clinic.CatalogRow
	// CatalogVersion is another number after any row was set.
	CatalogVersion() uint64
	// Staff returns everybody by their latest entry, those who left too, by name;
	// Received is filled in. Whose latest cannot be read counts as somebody who left, by
	// the one before.
	Staff() ([]Person, error)
	// Last returns the highest number that this box issued in a series, 0 for none; one
	// that stood in an entry which can no longer be read counts.
	// The series' name tells its period; see the Series functions.
	Last(series string) (int, error)
}

// Programmes reads who is followed, or should be.
type Programmes interface {
	// Members returns the patients of whom an entry of the kind is here
	// (clinic.Kind.InProgrammes), also one that can no longer be read, in order of their
	// bytes.
	Members(kind clinic.Kind) ([]clinic.ID, error)
	// BornIn returns the patients whose current details say that they were born in the
	// month; month 0 means those of whom the year only is known. In order of their bytes.
	BornIn(year, month int) ([]clinic.ID, error)
}

// Catalogues reads reference data whole, for those who keep it.
type Catalogues interface {
	// Rows returns every row of a catalogue as the latest entry set it, by code (in lower
	// case) and first day; only those of one code when it is not empty.
	Rows(catalog, code string) []clinic.CatalogRow
	// RowVersions returns what set rows of a catalogue, in order of hybrid time and the
	// rows of the program first; only those of one code when it is not empty.
	RowVersions(catalog, code string) ([]RowVersion, error)
}

// Shelves reads stock: sums of the movements of entries, whoever's journal they are in.
type Shelves interface {
	// Stock returns a sheet of every batch that an entry moved, in the order of
	// stock.Compare. A batch whose entries can no longer be read has no sheet.
	Stock(q StockQuery) ([]stock.Sheet, error)
	// StockRecords returns every readable record that moved the batch, oldest first.
	StockRecords(b clinic.Batch) ([]clinic.Record, error)
	// StockLost counts the entries of stock that are known to be unreadable, also those
	// of patients.
	StockLost() (int, error)
}

// StockQuery says which sheets are asked for.
type StockQuery struct {
	Site     string
	Catalog  string // with Code: of one row only; empty = CatalogMedicine
	Code     string // empty = all
	From, To clinic.Date
}

// RowVersion is a row as one entry set it.
type RowVersion struct {
	Row    clinic.CatalogRow
	Record *clinic.Record // nil: the program brought it
}

// VisitRow is what lists show of a visit without reading its documents.
type VisitRow struct {
	ID      clinic.ID
	Patient clinic.ID
	Key     string
	Day     clinic.Date
	Queue   int
	Opened  time.Time
	Has     Progress
	Type    clinic.VisitType
}

// Progress is the set of what a visit has.
type Progress uint16

// The parts of a visit; HasAppointment and so on are set when such a document
// exists in any version.
const (
	HasVitals Progress = 1 << iota
	HasExam
	HasDiagnosis
	HasPrescription
	HasBill
	HasAppointment
	HasSigned
	HasEnded
	HasDispensed
	HasOther // a document of a kind that not every visit has
	HasAlert
)

// HasAfter tells of a visit that was entered after it had been: nobody waits for it.
const HasAfter Progress = 1 << 15

// ProgressOf is the part of a visit that an entry of a kind makes; 0 for none.
func ProgressOf(k clinic.Kind) Progress {
	switch k {
	case clinic.KindVitals:
		return HasVitals
	case clinic.KindExam:
		return HasExam
	case clinic.KindDiagnosis:
		return HasDiagnosis
	case clinic.KindPrescribe:
		return HasPrescription
	case clinic.KindBill:
		return HasBill
	case clinic.KindAppointment:
		return HasAppointment
	case clinic.KindSigned:
		return HasSigned
	case clinic.KindVisitEnded:
		return HasEnded
	case clinic.KindDispensed:
		return HasDispensed
	case clinic.KindAlert:
		return HasAlert
	}
	if k.IsDocument() {
		return HasOther
	}
	return 0
}

// AppointmentRow is what lists show of an appointment.
type AppointmentRow struct {
	Slip    string
	Patient clinic.ID
	Visit   clinic.ID // that made it
	Due     clinic.Date
	Used    clinic.ID // the visit that used the slip; zero = still open
	Ref     clinic.Ref
	Void    bool // a later version of the visit's appointment replaced it
}

// Person is a member of the staff as they are now.
type Person struct {
	ID clinic.ID
	clinic.Staff
	Received bool // the latest entry was not made on this box
	Foreign  bool // no entry of this box admits them: they can do nothing here (staffOf)
}

// Clock tells the time. Trusted is false until something reliable set it.
type Clock interface {
	Now() (t time.Time, trusted bool)
}
