package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// errRefused marks everything that is wrong with an export.
var errRefused = errors.New("this is not what the box made")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errRefused, fmt.Sprintf(format, args...))
}

// manifest is manifest.json.
type manifest struct {
	Form     int    `json:"form"`
	Program  string `json:"program"`
	Exported string `json:"exported"`
	Trusted  bool   `json:"trusted"`
	Box      string `json:"box"`
	Epoch    string `json:"epoch"`
	Key      []byte `json:"key"`
	Patient  string `json:"patient"`
	Record   string `json:"record"`
	Journals []struct {
		Name, Origin  string
		Size, Entries uint64
		Root          []byte
		Holes         uint64
	} `json:"journals"`
	Files []struct {
		Name   string
		Bytes  uint64
		SHA256 string
	} `json:"files"`
}

// verifier is one verification.
type verifier struct {
	want   []byte // the box's key, if somebody knows it
	root   []byte // the fleet's root key, likewise
	proved bool   // the entry of a proof was there
	files  map[string]*zip.File
	m      manifest
	names  names
	keys   []key
	trees  [2]tree
	next   [2]uint64
	count  [2]uint64
	holes  [2]uint64
	good   int
	broken int
	other  int    // signatures without a key
	seen   []key  // keys of which the entries tell
	witsz  uint64 // size of the cosigned checkpoint
	wit    [32]byte
	sigs   []sigLine // of the cosigned checkpoint
	wtext  string    // what they sign
	vouch  []byte    // the root of the certificates; nil = there are none
	cert   []byte    // the box's certificate
	said   [][]byte  // statements beside it, and of the centre among the entries
	issue  [][]byte  // keys that the root lets issue
	gone   [][]byte  // ids of those that it took back
	centre []byte    // the key that must have cosigned, if somebody knows it
	when   int64     // of the centre's cosignature, Unix seconds; 0 = none that fits
}

func (v *verifier) summary() string {
	what := "everything"
	switch {
	case v.m.Record != "":
		what = "the entry " + v.m.Record
	case v.m.Patient != "":
		what = "one patient"
	}
	cosigned := ""
	if v.witsz > 0 {
		cosigned = fmt.Sprintf("; a checkpoint of %d is cosigned by others, whose keys are not known here (see cosigned)", v.witsz)
	}
	if v.when > 0 {
		cosigned = fmt.Sprintf("; a checkpoint of %d is cosigned by %s at %s, and its signature fits", v.witsz, centreName, time.Unix(v.when, 0).UTC().Format(time.RFC3339))
	}
	if v.witsz > 0 && !v.all() && v.witsz != v.m.Journals[0].Size {
		cosigned += ", but this part does not tell whether it was among them"
	}
	return fmt.Sprintf("GOOD: %s of box %s, %s; %d entries recorded there, %d received; %d signatures fit, %d are without a key%s",
		what, v.m.Box, v.m.Exported, v.count[0], v.count[1], v.good, v.other, cosigned)
}

func (v *verifier) verify(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := v.openZip(f, info.Size()); err != nil {
		return err
	}
	for _, step := range []func() error{v.manifest, v.listed, v.loadNames, v.loadKeys, v.checkpoints, v.certificates, v.entries, v.end, v.certified, v.cosigned} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// small reads a file of the export that is never large.
func (v *verifier) small(name string) ([]byte, error) {
	f, most := v.files[name], uint64(1<<20)
	if name == "keys.json" {
		most = 16 << 20
	}
	if f == nil || f.UncompressedSize64 > most {
		return nil, refuse("%s is missing or too large", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse("%s: %v", name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, int64(most)))
	if err != nil {
		return nil, refuse("%s: %v", name, err)
	}
	return b, nil
}

func (v *verifier) manifest() error {
	b, err := v.small("manifest.json")
	if err != nil {
		return err
	}
	sig, err := v.small("manifest.sig")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &v.m); err != nil || v.m.Form != 1 || len(v.m.Key) != ed25519.PublicKeySize || len(v.m.Journals) != 2 || len(v.m.Journals[0].Root) != 32 || len(v.m.Journals[1].Root) != 32 {
		return refuse("manifest.json cannot be read")
	}
	if len(v.want) > 0 && !bytes.Equal(v.want, v.m.Key) {
		return refuse("signed by another key")
	}
	s, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(string(sig), "\n"))
	if err != nil || ed25519.VerifyWithOptions(v.m.Key, b, s, &ed25519.Options{Context: "clinicbox export manifest v1"}) != nil {
		return refuse("signature of manifest.json")
	}
	if id, err := hex.DecodeString(v.m.Patient); err != nil || len(id) != 0 && len(id) != 16 {
		return refuse("patient in manifest.json")
	}
	if leaf, err := hex.DecodeString(v.m.Record); err != nil || len(leaf) != 0 && len(leaf) != 32 || v.m.Record != strings.ToLower(v.m.Record) {
		return refuse("record in manifest.json")
	}
	return nil
}

// listed compares the manifest's list with the files.
func (v *verifier) listed() error {
	if len(v.m.Files)+2 != len(v.files) {
		return refuse("%d files are listed, there are %d", len(v.m.Files), len(v.files)-2)
	}
	for _, l := range v.m.Files {
		f := v.files[l.Name]
		if f == nil || f.UncompressedSize64 != l.Bytes || l.Bytes > 16<<20 && l.Name != "entries.jsonl" {
			return refuse("%s is missing, or has another size", l.Name)
		}
		r, err := f.Open()
		if err != nil {
			return refuse("%s: %v", l.Name, err)
		}
		h := sha256.New()
		_, err = io.Copy(h, r)
		if err = errors.Join(err, r.Close()); err != nil || hex.EncodeToString(h.Sum(nil)) != l.SHA256 {
			return refuse("%s has another SHA-256", l.Name)
		}
	}
	return nil
}

// entries reads entries.jsonl line by line.
func (v *verifier) entries() error {
	f := v.files["entries.jsonl"]
	if f == nil {
		return refuse("entries.jsonl is missing")
	}
	r, err := f.Open()
	if err != nil {
		return refuse("entries.jsonl: %v", err)
	}
	defer r.Close()
	lines := bufio.NewReaderSize(r, 512<<10)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err == nil {
			err = v.entry(line)
		}
		if err != nil {
			return refuse("entries.jsonl, line %d: %v", n, err)
		}
	}
}

// entry verifies one line.
func (v *verifier) entry(line []byte) error {
	l, err := parseLine(line)
	if err != nil {
		return err
	}
	again, e := v.names.write(l)
	if !bytes.Equal(again, line) {
		return errors.New("what it says in words is not what its bytes say")
	}
	if !l.hole && sha256.Sum256(slices.Concat([]byte{0}, l.salt, l.cbor)) != l.leaf {
		return errors.New("leaf hash")
	}
	j := &v.m.Journals[l.journal]
	if l.journal == 0 && v.next[1] > 0 || l.index < v.next[l.journal] || l.index >= j.Size {
		return errors.New("out of place")
	}
	if v.all() && (l.index != v.next[l.journal] || l.proof != nil) {
		return errors.New("an entry is missing before it")
	}
	v.next[l.journal] = l.index + 1
	v.count[l.journal]++
	if l.hole {
		v.holes[l.journal]++
	}
	v.proved = v.proved || hex.EncodeToString(l.leaf[:]) == v.m.Record
	if !v.all() {
		if !l.proves(j.Size, [32]byte(j.Root)) {
			return errors.New("its proof does not lead to the root")
		}
	} else {
		v.trees[l.journal].add(l.leaf)
		if l.journal == 0 && v.witsz > 0 && v.trees[0].size == v.witsz && v.trees[0].root() != v.wit {
			return errors.New("the cosigned checkpoint has another root")
		}
	}
	v.people(e)
	return nil
}

// all reports whether everything is in the export.
func (v *verifier) all() bool { return v.m.Patient == "" && v.m.Record == "" }

// end verifies what all entries together show.
func (v *verifier) end() error {
	if v.m.Record != "" && !v.proved {
		return refuse("the entry that it proves is not in it")
	}
	for n := range v.trees {
		j := &v.m.Journals[n]
		if v.count[n] != j.Entries || v.holes[n] != j.Holes {
			return refuse("%s has %d entries, the manifest says %d", j.Name, v.count[n], j.Entries)
		}
		if root := v.trees[n].root(); v.all() && (v.trees[n].size != j.Size || !bytes.Equal(root[:], j.Root)) {
			return refuse("the entries of %s have not the root that was signed", j.Name)
		}
	}
	if !slices.EqualFunc(v.keys, v.seen, key.equal) {
		return refuse("keys.json is not what the entries say")
	}
	return nil
}
