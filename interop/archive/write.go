package archive

import (
	"archive/zip"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

//go:embed README.txt
var readme []byte

// Tree is a journal's size and RFC 6962 root when the export began.
type Tree struct {
	Size uint64
	Root [32]byte
}

// Head says what an export is of.
type Head struct {
	Scope
	Box      string // name, as in the origin of checkpoints
	Epoch    [8]byte
	Program  string // version of the program
	At       time.Time
	Trusted  bool // whether the clock was trusted
	Own, In  Tree
	Key      crypto.Signer // the box's Ed25519 identity
	Cosigned []byte        // a checkpoint with witnesses; nil = none is kept
	Certs    *Certificates // who says whose the key is; nil = nobody
}

// Writer writes an export. It holds the keys of people in memory, and a few lines.
type Writer struct {
	h        Head
	m        manifest
	schema   *schema
	zip      *zip.Writer
	out      *part
	trees    [2]tree
	last     [2]uint64 // behind the last index, of a patient's export
	keys     keyList
	line     []byte
	received bool // an entry of in was written
}

// NewWriter begins an export. The bytes depend on the head and the entries only, and on
// the program's version.
func NewWriter(w io.Writer, h Head) (*Writer, error) {
	public, ok := h.Key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("archive: sign: a key of type %T", h.Key.Public())
	}
	x := &Writer{h: h, schema: newSchema(), zip: zip.NewWriter(w)}
	x.m = manifest{
		Form: Form, Program: h.Program, Exported: h.At.In(clinic.ICT).Format(time.RFC3339), Trusted: h.Trusted,
		Box: h.Box, Epoch: hex.EncodeToString(h.Epoch[:]), Key: public,
	}
	if !h.Patient.IsZero() {
		x.m.Patient = h.Patient.String()
	}
	if h.Record != (clinic.Leaf{}) {
		x.m.Record = hex.EncodeToString(h.Record[:])
	}
	for _, j := range []clinic.Journal{clinic.Own, clinic.In} {
		t := x.tree(j)
		x.m.Journals = append(x.m.Journals, journalPart{
			Name: journalName(j), Origin: origin(h.Box, h.Epoch, j), Size: t.Size, Root: t.Root[:],
		})
	}
	if err := errors.Join(x.file(fileReadme, readme), x.file(fileSchema, x.schema.encode())); err != nil {
		return nil, err
	}
	return x, x.begin(fileEntries)
}

func (x *Writer) tree(j clinic.Journal) Tree {
	if j == clinic.In {
		return x.h.In
	}
	return x.h.Own
}

// Add writes an entry: those of own in order, then those of in. A whole export needs
// each below the sizes of the head; one of a patient needs a proof with each.
func (x *Writer) Add(e Entry) error {
	n := e.Journal - clinic.Own
	p := x.m.part(e.Journal)
	switch {
	case n > 1 || x.received && e.Journal == clinic.Own || e.Index < x.last[n] || e.Index >= p.Size,
		x.m.whole() && e.Index != x.last[n]:
		return fmt.Errorf("%w: %v", ErrOrder, &e)
	case !e.Hole() && entry.LeafHash(e.Salt, e.Bytes) != e.Leaf:
		return fmt.Errorf("%w: %v: leaf", ErrOrder, &e)
	}
	x.last[n], x.received = e.Index+1, e.Journal == clinic.In
	if x.m.whole() {
		e.Proof = nil
		x.trees[n].add(e.Leaf)
	} else if !p.holds(&e) {
		return fmt.Errorf("%w: %v: proof", ErrOrder, &e)
	} else if e.Proof == nil {
		e.Proof = [][32]byte{} // a log of one entry
	}
	p.Entries++
	if e.Hole() {
		p.Holes++
	}
	if r := decode(&e); r != nil {
		x.keys.note(r)
	}
	x.line = x.schema.appendLine(x.line[:0], &e)
	_, err := x.out.Write(x.line)
	return err
}

// Close signs and finishes the export. Of a whole one it verifies that the entries have
// the roots of the head: an error then means that the box's own tree is wrong.
func (x *Writer) Close() error {
	x.end()
	keys, err := x.keys.encode()
	if err != nil {
		return err
	}
	if err := x.file(fileKeys, keys); err != nil {
		return err
	}
	for _, j := range []clinic.Journal{clinic.Own, clinic.In} {
		p := x.m.part(j)
		if t := &x.trees[j-clinic.Own]; x.m.whole() && (t.size != p.Size || t.root() != x.tree(j).Root) {
			return fmt.Errorf("%w: %s has %d of %d entries, or another root", ErrOrder, p.Name, t.size, p.Size)
		}
		signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: p.Origin, Size: p.Size, Root: [32]byte(p.Root)}, x.h.Key)
		if err != nil {
			return err
		}
		name := map[clinic.Journal]string{clinic.Own: fileOwn, clinic.In: fileIn}[j]
		if err := x.file(name, signed); err != nil {
			return err
		}
	}
	if x.h.Cosigned != nil {
		if err := x.file(fileCosigned, x.h.Cosigned); err != nil {
			return err
		}
	}
	if x.h.Certs != nil {
		b, err := x.h.Certs.encode()
		if err == nil {
			err = x.file(fileCerts, b)
		}
		if err != nil {
			return err
		}
	}
	return x.seal()
}

func (x *Writer) seal() error {
	b, err := x.m.encode()
	if err != nil {
		return err
	}
	sig, err := signManifest(b, x.h.Key)
	if err != nil {
		return err
	}
	files := x.m.Files
	err = errors.Join(x.file(fileManifest, b), x.file(fileSig, sig))
	x.m.Files = files
	return errors.Join(err, x.zip.Close())
}

// part counts and hashes a file of the export.
type part struct {
	name string
	w    io.Writer
	sum  hash.Hash
	n    int64
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.sum.Write(b[:n])
	p.n += int64(n)
	return n, err
}

func (x *Writer) begin(name string) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(0o600)
	w, err := x.zip.CreateHeader(h)
	x.out = &part{name: name, w: w, sum: sha256.New()}
	return err
}

func (x *Writer) end() {
	x.m.Files = append(x.m.Files, filePart{x.out.name, x.out.n, hex.EncodeToString(x.out.sum.Sum(nil))})
}

func (x *Writer) file(name string, b []byte) error {
	if err := x.begin(name); err != nil {
		return err
	}
	_, err := x.out.Write(b)
	x.end()
	return err
}
