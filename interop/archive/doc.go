// Package archive writes and verifies exports: everything that a box recorded and
// received, all of one patient, or one entry with what proves it, in one .zip that
// anybody opens without this program.
//
//	README.txt     what this is and how to read and verify it, Vietnamese and English
//	schema.json    names of the kinds, and of the fields of their bodies
//	entries.jsonl  one entry a line: readable, with the exact bytes, salt and leaf hash
//	keys.json      the signing keys of people, as far as the entries tell of them
//	checkpoint     signed tree head of the own journal (C2SP tlog-checkpoint)
//	checkpoint-in  the same of what was received
//	cosigned       a checkpoint of the own journal with witnesses, where one was kept
//	certificates.json  who says whose the box's key is, where the box has a centre
//	manifest.json  SHA-256 of each file, sizes, roots, box, time; signed
//	manifest.sig   the box's Ed25519ctx signature of manifest.json, base64
//
// A line is a function of journal, index, salt, bytes and schema.json, so that a
// verifier writes it again and compares. Leaves are RFC 6962 leaf hashes over salt and
// bytes. A whole export has every leaf of both journals, so the checkpoints' roots
// verify it; one of a patient or of an entry has an inclusion proof (RFC 6962 section
// 2.1.1) in each line, and that it is complete is the word of the box that signed the
// manifest.
//
// The form is frozen as version 1 by testdata; scripts/verifyexport verifies it with
// nothing of this program.
package archive

import (
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Form is the version that this program writes and reads.
const Form = 1

// Sentinels for callers that decide on them.
var (
	// ErrForm tells that a file is no export, or not one that this program reads.
	ErrForm = errors.New("archive: not an export")
	// ErrTampered tells that an export is not as the box made it.
	ErrTampered = errors.New("archive: not as the box made it")
	// ErrKey tells that another key than the expected one signed.
	ErrKey = errors.New("archive: signed by another key")
	// ErrOrder tells that a Writer was given what it cannot write: entries and tree
	// of the box do not agree.
	ErrOrder = errors.New("archive: entry out of place")
)

// Names of the files in an export, in the order in which they stand there.
const (
	fileReadme   = "README.txt"
	fileSchema   = "schema.json"
	fileEntries  = "entries.jsonl"
	fileKeys     = "keys.json"
	fileOwn      = "checkpoint"
	fileIn       = "checkpoint-in"
	fileCosigned = "cosigned"
	fileCerts    = "certificates.json"
	fileManifest = "manifest.json"
	fileSig      = "manifest.sig"
)

// Limits in bytes of what a reader holds in memory.
const (
	maxLine  = 512 << 10 // of entries.jsonl
	maxSmall = 1 << 20   // of a file that is read at once
	maxKeys  = 16 << 20  // of keys.json
)

// Entry is one entry of an export. A hole, which the box could not read any more, has
// nil Bytes.
type Entry struct {
	Journal clinic.Journal
	Index   uint64
	Salt    entry.Salt
	Bytes   []byte
	Leaf    clinic.Leaf
	Proof   [][32]byte // of a patient's export only
}

// Hole reports whether the entry could not be read any more.
func (e *Entry) Hole() bool { return e.Bytes == nil }

func (e *Entry) String() string { return fmt.Sprintf("%s %d", journalName(e.Journal), e.Index) }

// journalName is how a journal is called in the files.
func journalName(j clinic.Journal) string {
	if j == clinic.In {
		return "in"
	}
	return "own"
}

// tampered says what is wrong, without content.
func tampered(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTampered, fmt.Sprintf(format, args...))
}
