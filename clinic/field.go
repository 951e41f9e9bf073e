package clinic

// FieldError says what is wrong with one typed value. Problem is a stable key
// (the Problem constants); the value itself is never part of the text.
type FieldError struct {
	Field   string // name of the field, as in forms
	Problem string // one of the Problem constants
	Args    map[string]string
}

// Error names field and problem, never the value.
func (e *FieldError) Error() string { return "clinic: " + e.Field + ": " + e.Problem }

// What may be wrong with a typed value.
const (
	ProblemEmpty     = "empty"      // nothing was typed
	ProblemNumber    = "number"     // not a number
	ProblemPrecise   = "precise"    // more decimals than the field keeps
	ProblemAmbiguous = "ambiguous"  // 1.500: thousands or decimals?
	ProblemTooLarge  = "too-large"  // larger than any value of the field
	ProblemNegative  = "negative"   // below zero
	ProblemDate      = "date"       // no date of the calendar
	ProblemDigits9   = "digits-9"   // an old identity number has 9 digits
	ProblemDigits12  = "digits-12"  // a citizen number has 12 digits
	ProblemInsurance = "insurance"  // a card number has 15 characters or 10 digits
	ProblemDigits10  = "digits-10"  // a social insurance number has 10 digits
	ProblemPassport  = "passport"   // a letter and 7 digits, or 6–15 letters and digits
	ProblemTemporary = "temporary"  // our own code with its check character
	ProblemSystem    = "system"     // no such system of identifiers
	ProblemICD       = "icd"        // not of the form A00, A00.0, A00.00
	ProblemPINLength = "pin-length" // a PIN has 6 digits
	ProblemPINWeak   = "pin-weak"   // repeats, runs
)

// Problems lists every problem key, for the catalogues of words.
func Problems() []string {
	return []string{
		ProblemEmpty, ProblemNumber, ProblemPrecise, ProblemAmbiguous, ProblemTooLarge, ProblemNegative,
		ProblemDate, ProblemDigits9, ProblemDigits12, ProblemInsurance, ProblemDigits10, ProblemPassport,
		ProblemTemporary, ProblemSystem, ProblemICD, ProblemPINLength, ProblemPINWeak,
	}
}
