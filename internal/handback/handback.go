// Package handback is the file in which the centre hands a box's own entries back to
// it, carried by a person: what the box can no longer read is put back from it.
//
//	"CBXBACK1" | head length u32 | head, CBOR | pieces
//	piece: length u32 | CBOR list of entries, sealed
//
// All is sealed to the box's HPKE key (RFC 9180, base mode, one context, a message a
// piece), so a lost stick tells the box's name and how much there is. Head and order of
// the pieces are bound in, and the last one says so. Base mode does not tell who wrote
// the file: whoever reads it must know each entry by its leaf hash.
package handback

import (
	"bytes"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/fxamacker/cbor/v2"

	"clinicbox/internal/entry"
)

// Sentinels for callers that decide on them.
var (
	// ErrForm tells that a file is no such file, or is damaged.
	ErrForm = errors.New("handback: not a file of entries handed back, or damaged")
	// ErrVersion tells that a newer program wrote it.
	ErrVersion = errors.New("handback: written by a newer program")
	// ErrOther tells that the file is sealed to another box, or to this one's earlier keys.
	ErrOther = errors.New("handback: made for another box")
	// ErrCut tells that the end is missing. What came before it is good.
	ErrCut = errors.New("handback: the file is cut short")
)

const (
	magic   = "CBXBACK1"
	version = 1
	info    = "clinicbox/1/handback"

	maxHead  = 16 << 10
	maxPiece = 2 << 20
	pieceOf  = 512 << 10 // bytes of entries, about
)

// Entry is an entry as the box had sent it.
type Entry struct {
	Index uint64     `cbor:"1,keyasint"` // in the box's own journal
	Salt  entry.Salt `cbor:"2,keyasint"`
	Bytes []byte     `cbor:"3,keyasint"`
}

// To says which line of a box's history is handed back, and to which key.
type To struct {
	Box   string
	Epoch [8]byte
	HPKE  hpke.PublicKey
}

type head struct {
	V     uint   `cbor:"1,keyasint"`
	Box   string `cbor:"2,keyasint"`
	Epoch []byte `cbor:"3,keyasint"`
	Encap []byte `cbor:"4,keyasint"`
}

// Writer writes such a file. It is not safe for use by several goroutines.
type Writer struct {
	w     io.Writer
	s     *hpke.Sender
	head  []byte
	wait  []Entry
	bytes int
}

// NewWriter begins a file.
func NewWriter(w io.Writer, to To) (*Writer, error) {
	enc, s, err := hpke.NewSender(to.HPKE, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("handback: %w", err)
	}
	h, err := cbor.Marshal(head{version, to.Box, to.Epoch[:], enc})
	if err != nil {
		return nil, fmt.Errorf("handback: %w", err)
	}
	out := &Writer{w: w, s: s, head: h}
	return out, out.write(append([]byte(magic), framed(h)...))
}

func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

func (w *Writer) write(b []byte) error {
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("handback: %w", err)
	}
	return nil
}

// Add appends an entry. Its bytes must not change before the next call.
func (w *Writer) Add(e Entry) error {
	w.wait = append(w.wait, Entry{e.Index, e.Salt, bytes.Clone(e.Bytes)})
	if w.bytes += len(e.Bytes) + 32; w.bytes < pieceOf {
		return nil
	}
	return w.piece(false)
}

func (w *Writer) piece(last bool) error {
	plain, err := cbor.Marshal(w.wait)
	if err != nil {
		return fmt.Errorf("handback: %w", err)
	}
	sealed, err := w.s.Seal(aad(w.head, last), plain)
	if err != nil {
		return fmt.Errorf("handback: %w", err)
	}
	w.wait, w.bytes = w.wait[:0], 0
	return w.write(framed(sealed))
}

// Close ends the file; the writer below stays open.
func (w *Writer) Close() error { return w.piece(true) }

func aad(head []byte, last bool) []byte {
	if last {
		return append(bytes.Clone(head), 1)
	}
	return append(bytes.Clone(head), 0)
}

// Reader reads such a file. It is not safe for use by several goroutines.
type Reader struct {
	Box   string // as the file says
	Epoch [8]byte

	r     io.Reader
	o     *hpke.Recipient
	head  []byte
	begun bool
	done  bool
}

// NewReader begins to read. ErrOther may also mean that the head is damaged.
func NewReader(r io.Reader, key hpke.PrivateKey) (*Reader, error) {
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(r, start); err != nil || string(start) != magic {
		return nil, ErrForm
	}
	out := &Reader{r: r}
	var err error
	if out.head, err = out.next(maxHead); err != nil {
		return nil, ErrForm
	}
	var h head
	if cbor.Unmarshal(out.head, &h) != nil || h.V == 0 {
		return nil, ErrForm
	}
	if h.V > version {
		return nil, ErrVersion
	}
	if len(h.Epoch) != len(out.Epoch) {
		return nil, ErrForm
	}
	out.Box, out.Epoch = h.Box, [8]byte(h.Epoch)
	if out.o, err = hpke.NewRecipient(h.Encap, key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info)); err != nil {
		return nil, ErrOther // flat on purpose
	}
	return out, nil
}

// next reads what stands behind a length.
func (r *Reader) next(most uint32) ([]byte, error) {
	n := make([]byte, 4)
	if _, err := io.ReadFull(r.r, n); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(n)
	if size > most {
		return nil, ErrForm
	}
	b, err := io.ReadAll(io.LimitReader(r.r, int64(size)))
	if err == nil && uint32(len(b)) < size {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// Next returns some entries, and io.EOF behind the last. ErrOther on the first call
// tells that the key is not the one that the file is sealed to; later it is ErrForm.
func (r *Reader) Next() ([]Entry, error) {
	if r.done {
		return nil, io.EOF
	}
	sealed, err := r.next(maxPiece)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrCut
	case err != nil:
		return nil, err
	}
	plain, err := r.open(sealed)
	switch {
	case err != nil && !r.begun:
		return nil, ErrOther
	case err != nil:
		return nil, ErrForm
	}
	r.begun = true
	var out []Entry
	if cbor.Unmarshal(plain, &out) != nil {
		return nil, ErrForm
	}
	return out, nil
}

func (r *Reader) open(sealed []byte) ([]byte, error) {
	plain, err := r.o.Open(aad(r.head, false), sealed)
	if err != nil { // only a success counts as a message
		plain, err = r.o.Open(aad(r.head, true), sealed)
		r.done = err == nil
	}
	return plain, err
}
