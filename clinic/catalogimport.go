package clinic

// CatalogImport is the body of KindImport: rows of a catalogue were set from a file, or
// set back. Its subject is ImportsID; the rows' entries have the import's ID for subject.
// One whose rows do not fit into one act says so twice: when it begins, and Done.
type CatalogImport struct {
	ID      []byte `cbor:"1,keyasint"` // 16 bytes: the act that began it
	Catalog string `cbor:"2,keyasint"`
	File    string `cbor:"3,keyasint,omitempty"` // its name, as the person has it
	Hash    []byte `cbor:"4,keyasint,omitempty"` // SHA-256 of its bytes
	Day     Date   `cbor:"5,keyasint,omitempty"` // PlanInput.Day
	Whole   bool   `cbor:"6,keyasint,omitempty"`
	Added   int    `cbor:"7,keyasint,omitempty"`
	Changed int    `cbor:"8,keyasint,omitempty"`
	Ended   int    `cbor:"9,keyasint,omitempty"`
	Rows    int    `cbor:"10,keyasint,omitempty"` // that are set, the closed ones too
	Undoes  []byte `cbor:"11,keyasint,omitempty"` // ID of the import that it takes back
	Done    bool   `cbor:"12,keyasint,omitempty"`
}

// ImportsID returns the subject of all KindImport entries.
func ImportsID() ID { return namedID("clinicbox imports of catalogues") }
