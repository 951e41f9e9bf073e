package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/checkpoint"
)

// forgery is an export taken apart. Made again it has a manifest that fits, signed by
// the box's own key unless signer says otherwise: what is wrong must be found by more
// than the manifest's signature.
type forgery struct {
	t       testing.TB
	names   []string
	content map[string][]byte
	signer  ed25519.PrivateKey
	stale   bool              // the manifest stays as it was
	method  map[string]uint16 // of compression
}

// rewrite makes a forged export.
func rewrite(t testing.TB, b []byte, do func(*forgery)) []byte {
	t.Helper()
	f := &forgery{t: t, signer: boxKey(), method: map[string]uint16{}}
	f.names, f.content = files(t, b)
	do(f)
	if !f.stale {
		f.sign()
	}
	return f.zip()
}

func (f *forgery) sign() {
	m := f.manifest()
	var list []filePart
	for _, name := range f.names {
		if !strings.HasPrefix(name, "manifest.") {
			sum := sha256.Sum256(f.content[name])
			list = append(list, filePart{name, len(f.content[name]), hex.EncodeToString(sum[:])})
		}
	}
	m.Files = list
	f.put(m)
}

// manifest and its parts are as the form has them, in its order.
type manifest struct {
	Form     int           `json:"form"`
	Program  string        `json:"program"`
	Exported string        `json:"exported"`
	Trusted  bool          `json:"trusted"`
	Box      string        `json:"box"`
	Epoch    string        `json:"epoch"`
	Key      []byte        `json:"key"`
	Patient  string        `json:"patient,omitempty"`
	Record   string        `json:"record,omitempty"`
	Journals []journalPart `json:"journals"`
	Files    []filePart    `json:"files"`
}

type journalPart struct {
	Name    string `json:"name"`
	Origin  string `json:"origin"`
	Size    uint64 `json:"size"`
	Root    []byte `json:"root"`
	Entries uint64 `json:"entries"`
	Holes   uint64 `json:"holes"`
}

type filePart struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (f *forgery) manifest() (m manifest) {
	if err := json.Unmarshal(f.content["manifest.json"], &m); err != nil {
		f.t.Fatal(err)
	}
	return m
}

// put signs a manifest and puts it in.
func (f *forgery) put(m manifest) {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		f.t.Fatal(err)
	}
	b = append(b, '\n')
	sig, err := f.signer.Sign(nil, b, &ed25519.Options{Context: "clinicbox export manifest v1"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.content["manifest.json"] = b
	f.content["manifest.sig"] = []byte(base64.StdEncoding.EncodeToString(sig) + "\n")
}

// edit changes the manifest; sign then keeps the change.
func (f *forgery) edit(do func(*manifest)) {
	m := f.manifest()
	do(&m)
	f.put(m)
}

// set replaces one text in a file.
func (f *forgery) set(name, old, new string) {
	f.t.Helper()
	if !bytes.Contains(f.content[name], []byte(old)) {
		f.t.Fatalf("%s has no %q", name, old)
	}
	f.content[name] = bytes.Replace(f.content[name], []byte(old), []byte(new), 1)
}

// lines changes entries.jsonl line by line.
func (f *forgery) lines(do func([]string) []string) {
	lines := slices.Collect(strings.Lines(string(f.content["entries.jsonl"])))
	f.content["entries.jsonl"] = []byte(strings.Join(do(lines), ""))
}

// line changes one line.
func (f *forgery) line(n int, do func(string) string) {
	f.lines(func(l []string) []string {
		was := l[n]
		if l[n] = do(was); l[n] == was {
			f.t.Fatalf("line %d was not changed", n)
		}
		return l
	})
}

// checkpoint signs another one of the own journal.
func (f *forgery) checkpoint(key crypto.Signer, do func(*checkpoint.Checkpoint)) {
	c, err := checkpoint.Unverified(f.content["checkpoint"])
	if err != nil {
		f.t.Fatal(err)
	}
	do(&c)
	if f.content["checkpoint"], err = checkpoint.Sign(c, key); err != nil {
		f.t.Fatal(err)
	}
}

func (f *forgery) zip() []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range f.names {
		method, ok := f.method[name]
		if !ok {
			method = zip.Deflate
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(f.content[name])
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		f.t.Fatal(err)
	}
	return out.Bytes()
}
