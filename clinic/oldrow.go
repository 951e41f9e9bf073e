package clinic

// OldList names what a file of old data holds.
type OldList string

// The lists that a clinic brings along on its first day.
const (
	OldPatients OldList = "patients" // who is known, with their allergies
	OldVisits   OldList = "visits"   // when they came before, and for what
	OldPast     OldList = "past"     // what they had before, of days that nobody knows
	OldDoses    OldList = "doses"    // the vaccines that they have had
	OldStock    OldList = "stock"    // what stands on this box's shelf as its books begin
)

// OldLists returns every list, in the order in which they are brought.
func OldLists() []OldList { return []OldList{OldPatients, OldVisits, OldPast, OldDoses, OldStock} }

// OldRow is one row of a file of old data.
type OldRow struct {
	At int // the line in the file
	// Patient is whole in OldPatients; in OldVisits, OldPast and OldDoses it tells whose row it is.
	Patient   Patient
	Allergies []Allergy
	NoAllergy bool // the file says that none is known
	Visit     *OldVisit
	Past      *PastItem
	Dose      *OldDose
	Goods     *OldGoods
}

// OldDose is a vaccine that somebody has had, as a book or list shows it.
type OldDose struct {
	Vaccine string // its code or name, or the code of a dose of the schedule
	Number  int    // of the dose in its series; 0 = not said
	Day     Date   // month or day may be missing
	Lot     string // as NormalLot writes it
	Place   string // where; empty = not said
}

// OldGoods is a batch that stands on the shelf before the books begin.
type OldGoods struct {
	Catalog      string // what the file says it is; empty = not said
	Code         string
	Name         string
	GTIN         string
	Registration string
	Tender       string
	Lot          string // as NormalLot writes it
	Expiry       Date
	Quantity     Milli // of Unit
	Unit         string
	Pack         int // units of the catalogue in one Unit; 0 = not said
	Price        Dong
}

// OldVisit is a visit as the old records tell of it.
type OldVisit struct {
	Day       Date
	Author    string // who wrote it then
	Exam      Exam
	Diagnosis Diagnosis // its Text alone when the code is not known
	Vitals    Vitals
}

// What may be wrong with a row of old data, besides the codes of catalogues.
const (
	RowName       = "name"        // no name of a person
	RowBirth      = "birth"       // no birth date that can be
	RowYear2      = "year2"       // a year of two digits
	RowAge        = "age"         // Warn; Args: value; the birth date follows from an age
	RowSerial     = "serial"      // Warn; Args: value; a day as the spreadsheet counts
	RowSex        = "sex"         // no sex
	RowIdentifier = "identifier"  // a number that has not its form
	RowDigits     = "digits"      // the spreadsheet kept 7.9E+10: digits are lost
	RowZeros      = "zeros"       // Warn; Args: value; zeros that the spreadsheet dropped
	RowDoubt      = "doubt"       // Warn; Args: value; the number says another sex or year
	RowFromNumber = "from-number" // Warn; Args: value; taken from the citizen number
	RowPhone      = "phone"       // Warn; Args: value; no number of a telephone: left out
	RowSwapped    = "swapped"     // Args: value, column; it would fit in another column
	RowOldCode    = "old-code"    // Warn; Args: value; rows in an old code of Vietnamese
	RowFuture     = "future"      // a day that has not come
	RowUnborn     = "unborn"      // before the birth
	RowNobody     = "nobody"      // nobody is known by that number, or name and birth date
	RowClosed     = "closed"      // the record is protected
	RowMinus      = "minus"       // less than nothing
	RowThousand   = "thousand"    // 1.000 may be one or a thousand
	RowStale      = "stale"       // Warn; Args: value; expired: it is booked as that
	RowStaleCame  = "stale-came"  // expired before it came
	RowGoods      = "goods"       // Args: value; no row of a catalogue is that
	RowManyGoods  = "many-goods"  // Args: value; more than one is
	RowOtherGoods = "other-goods" // Args: value; the columns name different goods
	RowUnit       = "unit"        // Args: value, unit; not the unit of the catalogue
	RowTwiceLot   = "twice-lot"   // Args: line; the batch stands in another line
	RowBooked     = "booked"      // Args: value; the batch is in the books
	RowLotDay     = "lot-day"     // Args: value; the lot is known with another last day
	RowHadDose    = "had-dose"    // Args: value; the dose is in the record, of another day
	RowWhichDose  = "which-dose"  // Args: value; a dose of that day or later is there: which one is this?
	RowChoice     = "choice"      // Args: value; none of the few words that may stand in the column
)

// OldCodes returns every code that a row of old data may be told by.
func OldCodes() []string {
	return []string{
		RowEmpty, RowLong, RowText, RowForm, RowNumber, RowDate, RowColumn, RowTwice, RowTooMany, RowFile, RowNoColumns, RowKind, RowLarge,
		RowEncoding, RowNothing, RowFormula, RowValue, RowName, RowBirth, RowYear2, RowAge, RowSerial, RowSex, RowIdentifier, RowDigits, RowZeros, RowDoubt,
		RowFromNumber, RowPhone, RowSwapped, RowOldCode, RowFuture, RowUnborn, RowNobody, RowClosed,
		RowMinus, RowThousand, RowStale, RowStaleCame, RowGoods, RowManyGoods, RowOtherGoods, RowUnit, RowTwiceLot, RowBooked, RowLotDay, RowHadDose, RowWhichDose, RowChoice,
	}
}
