package clinic

import (
	"encoding/base32"
	"strconv"
	"strings"
)

// TreeHead is the state of a box's own journal: what a paper, a receipt or a checkpoint
// knows of it.
type TreeHead struct {
	Log  [8]byte // epoch of the journal, which names it (internal/checkpoint.Origin); zero = not known
	Size uint64  // entries
	Root []byte  // first 16–32 bytes of the RFC 6962 root at that size
}

// PaperQR is what the QR on a paper says. Leaf and head make the patient a witness of
// the journal: the paper names an entry, and a tree that holds it. It says nothing of
// the person: Record is a random number.
type PaperQR struct {
	Leaf []byte // first 16–32 bytes of the leaf hash of the entry that the paper shows
	TreeHead
	Record ID     // the patient's record; zero when the paper does not say it
	Slip   string // code of an appointment slip; empty on other papers
}

// The forms of the payload. The first, of slips only, is still read.
const (
	qrSlips = "CB1" // CB1/slip/leaf/size/root[/record]
	qrPaper = "CB2" // CB2/leaf/log/size/root/record[/slip]
)

// base32 in upper case keeps the payload within the alphanumeric characters of a
// QR symbol (ISO/IEC 18004 table 5), 5.5 bits each instead of 8.
var qrBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// String writes the payload, with hashes cut to 128 bits: at most 122 characters, a QR
// symbol of version 5, below a thousand million entries.
func (q *PaperQR) String() string {
	parts := []string{
		qrPaper, qrBase32.EncodeToString(q.Leaf[:min(16, len(q.Leaf))]), qrBase32.EncodeToString(q.Log[:]),
		strconv.FormatUint(q.Size, 10), qrBase32.EncodeToString(q.Root[:min(16, len(q.Root))]), qrBase32.EncodeToString(q.Record[:]),
	}
	if q.Slip != "" {
		parts = append(parts, q.Slip)
	}
	return strings.Join(parts, "/")
}

// ParsePaperQR reads a payload written by String, by this version or the one before, in
// either case. Parts after the ones it knows are ignored: a later version may add some.
// ErrSlip.
func ParsePaperQR(s string) (*PaperQR, error) {
	if len(s) > 512 {
		return nil, ErrSlip
	}
	parts := strings.Split(strings.ToUpper(strings.TrimSpace(s)), "/")
	switch parts[0] {
	case qrSlips:
		return parseSlipQR(parts[1:])
	case qrPaper:
		return parsePaperQR(parts[1:])
	}
	return nil, ErrSlip
}

func parsePaperQR(parts []string) (*PaperQR, error) {
	if len(parts) < 5 {
		return nil, ErrSlip
	}
	q := new(PaperQR)
	log, record := qrPart(parts[1], len(q.Log), len(q.Log)), qrPart(parts[4], len(q.Record), len(q.Record))
	if log == nil || record == nil || !q.hashes(parts[0], parts[2], parts[3]) {
		return nil, ErrSlip
	}
	q.Record, q.Log = ID(record), [8]byte(log)
	if len(parts) == 5 || len(parts) > 6 && parts[5] == "" {
		return q, nil
	}
	var err error
	if q.Slip, _, err = ParseSlip(parts[5]); err != nil {
		return nil, err
	}
	return q, nil
}

func parseSlipQR(parts []string) (*PaperQR, error) {
	if len(parts) < 4 {
		return nil, ErrSlip
	}
	q := new(PaperQR)
	var err error
	if q.Slip, _, err = ParseSlip(parts[0]); err != nil || !q.hashes(parts[1], parts[2], parts[3]) {
		return nil, ErrSlip
	}
	if len(parts) > 4 {
		if b := qrPart(parts[4], len(q.Record), len(q.Record)); b != nil {
			q.Record = ID(b)
		}
	}
	return q, nil
}

// hashes reads what both forms have.
func (q *PaperQR) hashes(leaf, size, root string) bool {
	q.Leaf, q.Root = qrPart(leaf, 16, len(Leaf{})), qrPart(root, 16, len(Leaf{}))
	n, err := strconv.ParseUint(size, 10, 63)
	q.Size = n
	return q.Leaf != nil && q.Root != nil && err == nil && strconv.FormatUint(n, 10) == size
}

// qrPart decodes as many bytes, nil when it holds others; the encoding of a value must
// be the only one.
func qrPart(s string, least, most int) []byte {
	b, err := qrBase32.DecodeString(s)
	if err != nil || len(b) < least || len(b) > most || qrBase32.EncodeToString(b) != s {
		return nil
	}
	return b
}
