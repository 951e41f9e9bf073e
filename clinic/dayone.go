package clinic

import "crypto/sha256"

// DayOne is the body of KindDayOne: rows of a file of old data were brought in, or taken
// back. Entries of subject DayOnesID tell that an import began and that it is Done; those
// whose subject is the import's ID tell what became of lines, and stand in one act with
// what they made.
type DayOne struct {
	ID     []byte       `cbor:"1,keyasint"` // 16 bytes: the act that began it
	List   OldList      `cbor:"2,keyasint,omitempty"`
	File   string       `cbor:"3,keyasint,omitempty"` // its name, as the person has it
	Hash   []byte       `cbor:"4,keyasint,omitempty"` // SHA-256 of its bytes
	Rows   int          `cbor:"5,keyasint,omitempty"` // of the file, those with errors too
	Undoes []byte       `cbor:"6,keyasint,omitempty"` // ID of the import that it takes back
	Done   bool         `cbor:"7,keyasint,omitempty"`
	Lines  []DayOneLine `cbor:"8,keyasint,omitempty"`
}

// DayOneLine is what became of one line.
type DayOneLine struct {
	Line    int        `cbor:"1,keyasint"`
	Fate    DayOneFate `cbor:"2,keyasint"`
	Patient []byte     `cbor:"3,keyasint,omitempty"` // 16 bytes
	Visit   []byte     `cbor:"4,keyasint,omitempty"` // 16 bytes, that the line made
	// Of OldStock: what the line put into the books.
	Goods    *Goods `cbor:"5,keyasint,omitempty"`
	Quantity Milli  `cbor:"6,keyasint,omitempty"`
}

// DayOneFate is what became of a line. Values are frozen.
type DayOneFate uint8

// What became of a line.
const (
	DayOneAdded   DayOneFate = 1 // somebody new, a visit, a dose, a batch
	DayOneSame    DayOneFate = 2 // somebody known: what was missing was added
	DayOneSkipped DayOneFate = 3 // as the person said, or a line that stands there twice
	DayOneUndone  DayOneFate = 4 // taken back
	DayOneKept    DayOneFate = 5 // not taken back: it was used since
)

// DayOnesID returns the subject of what tells of imports of old data.
func DayOnesID() ID { return namedID("clinicbox imports of old data") }

// DayOneID names what a line of an import makes: the same at every try.
func DayOneID(of ID, line int, what string) ID {
	b := append([]byte("clinicbox old data\x00"), of[:]...)
	b = append(b, byte(line>>24), byte(line>>16), byte(line>>8), byte(line))
	sum := sha256.Sum256(append(b, what...))
	return ID(sum[:16])
}

// WhyTakenBack is VisitEnded.Why of a visit whose import was taken back.
const WhyTakenBack = "Hoàn tác việc nhập dữ liệu cũ"
