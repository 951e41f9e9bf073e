package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/interop/archive"
)

var update = flag.Bool("update", false, "write testdata again")

// schemaOfVerifier is the copy that the independent verifier has.
const schemaOfVerifier = "../../scripts/verifyexport/schema.json"

func verify(b []byte, o archive.Options) (archive.Report, error) {
	return archive.Verify(context.Background(), bytes.NewReader(b), int64(len(b)), o)
}

// files takes an export apart.
func files(t testing.TB, b []byte) (names []string, content map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	content = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, content[f.Name] = append(names, f.Name), all
	}
	return names, content
}

func TestExportIsVerified(t *testing.T) {
	w := newWorld(t)
	b := w.export(w.head())
	var got []archive.Entry
	rep, err := verify(b, archive.Options{Key: boxKey().Public().(ed25519.PublicKey), Each: func(e *archive.Entry) error {
		got = append(got, *e)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(w.entries[0], w.entries[1])
	for i := range want {
		if i >= len(got) || got[i].Leaf != want[i].Leaf || got[i].Salt != want[i].Salt || !bytes.Equal(got[i].Bytes, want[i].Bytes) || got[i].Hole() != want[i].Hole() {
			t.Fatalf("entry %d: %+v, want %+v", i, got, want[i])
		}
	}
	if rep.Own.Size != 14 || rep.In.Size != 4 || rep.Own.Holes != 1 || rep.Raw != 1 || rep.Attached != 0 || rep.Good != 1 || rep.Broken+rep.Unknown+rep.Keyless != 0 ||
		rep.Box != "tram-01" || rep.Own.Root != w.tree(clinic.Own).Root || !rep.Exported.Equal(at()) {
		t.Errorf("%+v", rep)
	}
	if _, err := verify(b, archive.Options{Key: doctorKey().Public().(ed25519.PublicKey)}); !errors.Is(err, archive.ErrKey) {
		t.Error("another key:", err)
	}
}

// TestExportIsDeterministic: two exports differ by the time only.
func TestExportIsDeterministic(t *testing.T) {
	w := newWorld(t)
	h := w.head()
	a := w.export(h)
	if !bytes.Equal(a, w.export(h)) {
		t.Error("the same export has other bytes")
	}
	h.At = h.At.Add(time.Hour)
	_, x := files(t, a)
	_, y := files(t, w.export(h))
	for name := range x {
		if same := bytes.Equal(x[name], y[name]); same == strings.HasPrefix(name, "manifest.") {
			t.Errorf("%s: same %v an hour later", name, same)
		}
	}
}

// TestPatientsExport: all of the patient and of who wrote it, nothing of anybody else.
func TestPatientsExport(t *testing.T) {
	w := newWorld(t)
	h := w.head()
	h.Patient = patient()
	b := w.export(h)
	rep, err := verify(b, archive.Options{Key: boxKey().Public().(ed25519.PublicKey)})
	if err != nil || rep.Own.Entries != 9 || rep.In.Entries != 1 || rep.Good != 1 || rep.Patient != patient() {
		t.Fatalf("%+v, %v", rep, err)
	}
	_, all := files(t, b)
	lines := string(all["entries.jsonl"])
	for _, never := range []string{"Khác", other().String()} {
		for name, text := range all {
			if strings.Contains(string(text), never) {
				t.Errorf("%s of a patient's export has %q of somebody else", name, never)
			}
		}
	}
	if !strings.Contains(lines, `"name":"Nguyễn Thị \"Mẫu\" <Một>"`) || !strings.Contains(lines, "Trần Văn Bịa") {
		t.Error(lines)
	}
}

// TestFormIsFrozen: names and lines are what older exports have. A new kind or field
// changes the files here, and nothing that is in them.
func TestFormIsFrozen(t *testing.T) {
	w := everyKind(t)
	b := w.export(w.head())
	if rep, err := verify(b, archive.Options{}); err != nil || rep.Attached != 1 {
		t.Errorf("every kind: %+v, %v", rep, err)
	}
	_, got := files(t, b)
	for name, path := range map[string]string{"schema.json": schemaOfVerifier, "entries.jsonl": filepath.Join("testdata", "entries.jsonl")} {
		if *update {
			if err := os.WriteFile(path, got[name], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[name], want) {
			t.Errorf("%s is not as it is frozen; if a kind or field was added: go test ./interop/archive -run Frozen -update", name)
		}
	}
	for line := range strings.Lines(string(got["entries.jsonl"])) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil || strings.Contains(line, `"#`) || v["raw"] != nil {
			t.Errorf("a field without a name, or no JSON (%v): %s", err, line)
		}
	}
}

// TestNewerNamesAreRead: an export of a program that knows more kinds is good, and reads
// by the names that it brings.
func TestNewerNamesAreRead(t *testing.T) {
	w := newWorld(t)
	newer := rewrite(t, w.export(w.head()), func(f *forgery) {
		f.set("schema.json", "\n },\n \"types\"", ",\n  \"999\": {\n   \"name\": \"future\",\n   \"body\": \"Future\"\n  }\n },\n \"types\"")
		f.set("schema.json", "  \"Given\": {", "  \"Future\": {\n   \"1\": {\n    \"name\": \"what\"\n   }\n  },\n  \"Given\": {")
		f.set("entries.jsonl", `"kind-999"`, `"future"`)
		f.set("entries.jsonl", `"body":{"#1":"mới"`, `"body":{"what":"mới"`)
	})
	if _, err := verify(newer, archive.Options{}); err != nil {
		t.Fatal(err)
	}
	if code, said := independent(t)(newer); code != 0 {
		t.Fatal(said)
	}
}

// TestWriterRefuses: a box whose own tree is wrong makes no export that looks good.
func TestWriterRefuses(t *testing.T) {
	w := newWorld(t)
	for name, do := range map[string]func(*archive.Head, *[]archive.Entry){
		"root":    func(h *archive.Head, _ *[]archive.Entry) { h.Own.Root[0]++ },
		"missing": func(_ *archive.Head, e *[]archive.Entry) { *e = (*e)[:5] },
		"gap":     func(_ *archive.Head, e *[]archive.Entry) { *e = slices.Delete(slices.Clone(*e), 3, 4) },
		"leaf":    func(_ *archive.Head, e *[]archive.Entry) { *e = slices.Clone(*e); (*e)[2].Leaf[0]++ },
		"proof":   func(h *archive.Head, _ *[]archive.Entry) { h.Patient = patient() },
	} {
		h, entries := w.head(), slices.Concat(w.entries[0], w.entries[1])
		do(&h, &entries)
		x, err := archive.NewWriter(io.Discard, h)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err == nil {
				err = x.Add(e)
			}
		}
		if err == nil {
			err = x.Close()
		}
		if !errors.Is(err, archive.ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
