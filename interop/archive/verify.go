package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

// Options says how to verify.
type Options struct {
	// Key is the box's, from a place that is trusted. Without it an export is only
	// found to be of one piece, whoever made it.
	Key ed25519.PublicKey
	// Origin is of the own journal whose key it is (checkpoint.ParseKeyLine); "" = any.
	Origin string
	// Root is the fleet's root key in base64, or its print (cert.Fingerprint), by which
	// the certificates in the export must say that its key is the box's; "" = not asked.
	Root string
	// Centre is the key by which the centre signs receipts, and must have cosigned; nil = the
	// certificates tell, where there are any.
	Centre ed25519.PublicKey
	// Each is given every entry in order before all of them are verified; its memory is
	// used again. May be nil.
	Each func(*Entry) error
	// Progress is told how many entries were read; may be nil.
	Progress func(done uint64)
}

// Part is what a report says of one journal.
type Part struct {
	Size    uint64 // entries when the export was made
	Root    [32]byte
	Entries uint64 // in the export, holes included
	Holes   uint64
}

// Report says what a verified export is.
type Report struct {
	Box      string
	Epoch    [8]byte
	Patient  clinic.ID   // zero = everything, or an entry that is about nobody
	Record   clinic.Leaf // the entry that it proves; zero = everything, or all of a patient
	Program  string
	Exported time.Time
	Trusted  bool // whether the box's clock was trusted
	Key      ed25519.PublicKey
	Origin   string            // of the own journal
	Root     ed25519.PublicKey // under which certificates say that the key is the box's; nil = there are none
	Trust    *cert.Trust       // what they say, with the statements among the entries; nil = there are none
	Revoked  bool              // they also say that the box was revoked: replaced, or in wrong hands
	Own, In  Part
	Raw      uint64 // entries that cannot be shown in words
	Attached uint64 // entries that name content which is not in the export
	Signatures
	BrokenAt  []string     // the first entries with a broken signature
	Witnesses []string     // names under the cosigned checkpoint, not verified
	Cosigned  *Cosignature // the centre's, verified; nil = none, or by a key that is not known
}

// mostBroken bounds BrokenAt.
const mostBroken = 20

// Verify verifies an export. ErrForm and ErrTampered tell what is wrong with it,
// without its content; ErrKey that another key signed it. A broken signature of a person
// is no tampering: the box recorded it, and the report names it.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o Options) (Report, error) {
	v := &verification{o: o, sums: map[string]string{}}
	err := v.open(r, size)
	if err == nil {
		err = v.entries(ctx)
	}
	if err == nil {
		err = v.finish()
	}
	return v.rep, err
}

// verification is a Verify on its way.
type verification struct {
	o      Options
	c      *container
	m      *manifest
	schema *schema
	known  map[string][]personKey
	keys   []byte
	found  keyList
	trees  [2]tree
	last   [2]uint64
	count  [2]journalPart
	in     bool
	cosign *checkpoint.Checkpoint
	note   []byte     // of cosign
	hubs   []cert.Hub // that certificates name
	certs  *Certificates
	said   [][]byte // statements of the centre among the entries
	proved bool     // the entry that is proven was there
	sums   map[string]string
	rep    Report
	line   []byte
}

// open verifies everything but the entries.
func (v *verification) open(r io.ReaderAt, size int64) (err error) {
	if v.c, err = openContainer(r, size); err != nil {
		return err
	}
	small := map[string][]byte{}
	for _, name := range v.c.names {
		if name == fileEntries {
			continue
		}
		if small[name], err = v.c.small(name, limitOf(name)); err != nil {
			return err
		}
		sum := sha256.Sum256(small[name])
		v.sums[name] = hex.EncodeToString(sum[:])
	}
	if v.m, err = parseManifest(small[fileManifest], small[fileSig]); err != nil {
		return err
	}
	if v.o.Key != nil && !v.o.Key.Equal(ed25519.PublicKey(v.m.Key)) {
		return ErrKey
	}
	if v.o.Origin != "" && v.o.Origin != v.m.part(clinic.Own).Origin {
		return fmt.Errorf("%w: it is of another journal", ErrKey)
	}
	if v.schema, err = parseSchema(small[fileSchema]); err != nil {
		return err
	}
	v.keys = small[fileKeys]
	if v.known, err = parseKeys(v.keys); err != nil {
		return err
	}
	v.describe()
	if small[fileCerts] != nil {
		if v.certs, err = parseCerts(small[fileCerts]); err != nil {
			return err
		}
	}
	err = errors.Join(v.m.verifyCheckpoint(small[fileOwn], clinic.Own), v.m.verifyCheckpoint(small[fileIn], clinic.In))
	if err == nil && small[fileCosigned] != nil {
		err = v.cosigned(small[fileCosigned])
	}
	return errors.Join(err, v.files())
}

func limitOf(name string) int64 {
	if name == fileKeys {
		return maxKeys
	}
	return maxSmall
}

// describe fills the report from the signed manifest.
func (v *verification) describe() {
	m := v.m
	v.rep = Report{Box: m.Box, Program: m.Program, Trusted: m.Trusted, Key: m.Key, Origin: m.part(clinic.Own).Origin}
	_ = digits(v.rep.Record[:], m.Record)              // parsed before
	_, _ = hex.Decode(v.rep.Epoch[:], []byte(m.Epoch)) // parsed before
	v.rep.Exported, _ = time.Parse(time.RFC3339, m.Exported)
	v.rep.Patient, _ = clinic.ParseID(m.Patient)
	for j, p := range map[clinic.Journal]*Part{clinic.Own: &v.rep.Own, clinic.In: &v.rep.In} {
		f := m.part(j)
		*p = Part{Size: f.Size, Entries: f.Entries, Holes: f.Holes}
		copy(p.Root[:], f.Root)
	}
}

// files compares the manifest's list with what is there; the sum of the entries comes
// last.
func (v *verification) files() error {
	names := v.c.names[:len(v.c.names)-2]
	if len(v.m.Files) != len(names) {
		return tampered("%s lists %d files, there are %d", fileManifest, len(v.m.Files), len(names))
	}
	for i, f := range v.m.Files {
		if f.Name != names[i] || f.Bytes != int64(v.c.files[f.Name].UncompressedSize64) || f.Name != fileEntries && f.SHA256 != v.sums[f.Name] {
			return tampered("%s is not the file that %s lists", names[i], fileManifest)
		}
	}
	return nil
}

// entries reads the lines.
func (v *verification) entries(ctx context.Context) (err error) {
	f, err := v.c.files[fileEntries].Open()
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrForm, fileEntries, err)
	}
	defer f.Close()
	sum := sha256.New()
	lines := bufio.NewReaderSize(io.TeeReader(f, sum), maxLine)
	for n := uint64(1); ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			v.sums[fileEntries] = hex.EncodeToString(sum.Sum(nil))
			return nil
		}
		if err != nil {
			return tampered("%s: line %d: %v", fileEntries, n, err)
		}
		if err := v.entry(line); err != nil {
			return fmt.Errorf("%s: line %d: %w", fileEntries, n, err)
		}
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if v.o.Progress != nil {
				v.o.Progress(n)
			}
		}
	}
}

// entry verifies one line.
func (v *verification) entry(line []byte) error {
	e, err := parseLine(line)
	if err != nil {
		return err
	}
	if v.line = v.schema.appendLine(v.line[:0], &e); !bytes.Equal(v.line, line) {
		return tampered("%v: words and bytes differ", &e)
	}
	if !e.Hole() && entry.LeafHash(e.Salt, e.Bytes) != e.Leaf {
		return tampered("%v: leaf hash", &e)
	}
	if err := v.place(&e); err != nil {
		return err
	}
	v.proved = v.proved || e.Leaf == v.rep.Record
	if bytes.Contains(line[:min(len(line), 64)], []byte(`"raw":true`)) {
		v.rep.Raw++
	}
	if r := decode(&e); r != nil {
		v.found.note(r)
		if s, ok := r.Body.(*clinic.Statement); ok {
			v.said = append(v.said, s.Raw)
		}
		if r.Kind == clinic.KindAttached {
			v.rep.Attached++
		}
		if v.rep.judge(r, v.known) && len(v.rep.BrokenAt) < mostBroken {
			v.rep.BrokenAt = append(v.rep.BrokenAt, e.String())
		}
	}
	if v.o.Each != nil {
		return v.o.Each(&e)
	}
	return nil
}

// place verifies that the entry stands where it must and that the tree has it.
func (v *verification) place(e *Entry) error {
	n, p := e.Journal-clinic.Own, v.m.part(e.Journal)
	whole := v.m.whole()
	if v.in && e.Journal == clinic.Own || e.Index < v.last[n] || e.Index >= p.Size || whole && e.Index != v.last[n] || whole != (e.Proof == nil) {
		return tampered("%v: out of place", e)
	}
	v.last[n], v.in = e.Index+1, e.Journal == clinic.In
	v.count[n].Entries++
	if e.Hole() {
		v.count[n].Holes++
	}
	if !whole {
		if !p.holds(e) {
			return tampered("%v: proof", e)
		}
		return nil
	}
	v.trees[n].add(e.Leaf)
	if c := v.cosign; c != nil && e.Journal == clinic.Own && v.trees[n].size == c.Size && v.trees[n].root() != c.Root {
		return tampered("%s has another root", fileCosigned)
	}
	return nil
}

// finish verifies what only all entries together show.
func (v *verification) finish() error {
	for n := range v.trees {
		p := &v.m.Journals[n]
		if v.count[n].Entries != p.Entries || v.count[n].Holes != p.Holes {
			return tampered("%s has %d entries, %s says %d", p.Name, v.count[n].Entries, fileManifest, p.Entries)
		}
		if root := v.trees[n].root(); v.m.whole() && (v.trees[n].size != p.Size || !bytes.Equal(root[:], p.Root)) {
			return tampered("%s has another root than its checkpoint", p.Name)
		}
	}
	for _, f := range v.m.Files {
		if f.SHA256 != v.sums[f.Name] {
			return tampered("%s is not the file that %s lists", f.Name, fileManifest)
		}
	}
	if v.m.Record != "" && !v.proved {
		return tampered("the entry that it proves is not in it")
	}
	if err := v.certified(); err != nil {
		return err
	}
	if err := v.countersigned(); err != nil {
		return err
	}
	keys, err := v.found.encode()
	if err != nil || !bytes.Equal(keys, v.keys) {
		return tampered("%s is not what the entries say", fileKeys)
	}
	return nil
}
