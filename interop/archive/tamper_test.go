package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/interop/archive"
)

// The lines of the world that tamperings are about.
const (
	linePatient = 3
	lineVitals  = 6
	lineHole    = 8
	lineSigned  = 9
	lineLast    = 13 // of own
)

// part replaces one field of a line.
func part(line, name, value string) string {
	re := regexp.MustCompile(`"` + name + `":("[^"]*"|\d+|\[[^\]]*\])`)
	return re.ReplaceAllLiteralString(line, `"`+name+`":`+value)
}

func field(line, name string) string {
	m := regexp.MustCompile(`"` + name + `":("[^"]*"|\d+|\[[^\]]*\])`).FindStringSubmatch(line)
	return m[1]
}

// tamperings are exports that are not what the box made. Each has a manifest that fits
// and that the box's own key signed, unless it is about that.
func tamperings(other []string) map[string]func(*forgery) {
	flip := func(s string) string {
		return strings.Replace(s, s[1:2], map[bool]string{true: "1", false: "0"}[s[1] == '0'], 1)
	}
	return map[string]func(*forgery){
		"words changed":       func(f *forgery) { f.line(lineVitals, func(l string) string { return part(l, "pulse", "27") }) },
		"kind's name changed": func(f *forgery) { f.line(lineVitals, func(l string) string { return part(l, "kind", `"exam"`) }) },
		"author's changed": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return part(l, "author", `"`+patient().String()+`"`) })
		},
		"time changed": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return part(l, "event", `"2020-06-15T08:30:00+07:00"`) })
		},
		"a field twice": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return strings.Replace(l, `"body":{`, `"body":{"pulse":27,`, 1) })
		},
		"a field more": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return strings.Replace(l, `,"cbor"`, `,"note":"x","cbor"`, 1) })
		},
		"blanks": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return strings.Replace(l, `,"cbor"`, `, "cbor"`, 1) })
		},
		"bytes changed": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return part(l, "cbor", field(other[lineVitals], "cbor")) })
		},
		"entry changed, old leaf": func(f *forgery) {
			f.line(linePatient, func(l string) string {
				return part(part(other[linePatient], "leaf", field(l, "leaf")), "salt", field(l, "salt"))
			})
		},
		"entry changed":             func(f *forgery) { f.line(linePatient, func(string) string { return other[linePatient] }) },
		"signature's entry changed": func(f *forgery) { f.line(lineSigned, func(string) string { return other[lineSigned] }) },
		"salt changed": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return part(l, "salt", flip(field(l, "salt"))) })
		},
		"leaf changed": func(f *forgery) {
			f.line(lineVitals, func(l string) string { return part(l, "leaf", flip(field(l, "leaf"))) })
		},
		"hole's leaf changed": func(f *forgery) {
			f.line(lineHole, func(l string) string { return part(l, "leaf", flip(field(l, "leaf"))) })
		},
		"index changed":   func(f *forgery) { f.line(lineVitals, func(l string) string { return part(l, "index", "60") }) },
		"index again":     func(f *forgery) { f.line(lineVitals, func(l string) string { return part(l, "index", "5") }) },
		"journal changed": func(f *forgery) { f.line(lineVitals, func(l string) string { return part(l, "journal", `"in"`) }) },
		"entry made a hole": func(f *forgery) {
			f.line(lineVitals, func(l string) string {
				return `{"journal":"own","index":6,"hole":true,"leaf":` + field(l, "leaf") + "}\n"
			})
		},
		"entry removed": func(f *forgery) {
			f.lines(func(l []string) []string { return slices.Delete(l, lineVitals, lineVitals+1) })
		},
		"last entry removed": func(f *forgery) { f.lines(func(l []string) []string { return l[:len(l)-1] }) },
		"last of own removed, counted": func(f *forgery) {
			f.lines(func(l []string) []string { return slices.Delete(l, lineLast, lineLast+1) })
			f.edit(func(m *manifest) { m.Journals[0].Entries-- })
		},
		"entry added": func(f *forgery) {
			f.lines(func(l []string) []string { return append(l, part(l[len(l)-1], "index", "4")) })
		},
		"entry twice": func(f *forgery) {
			f.lines(func(l []string) []string { return slices.Insert(l, lineVitals, l[lineVitals]) })
		},
		"reordered": func(f *forgery) { f.lines(func(l []string) []string { l[5], l[6] = l[6], l[5]; return l }) },
		"reordered, numbered": func(f *forgery) {
			f.lines(func(l []string) []string { l[5], l[6] = part(l[6], "index", "5"), part(l[5], "index", "6"); return l })
		},
		"received before own": func(f *forgery) { f.lines(func(l []string) []string { return append(l[14:], l[:14]...) }) },
		"cut in a line": func(f *forgery) {
			f.content["entries.jsonl"] = f.content["entries.jsonl"][:len(f.content["entries.jsonl"])-9]
		},
		"no entries": func(f *forgery) { f.content["entries.jsonl"] = nil },
		"a long line": func(f *forgery) {
			f.lines(func(l []string) []string { return append(l, strings.Repeat("x", 2<<20)+"\n") })
		},
		"a bomb":         func(f *forgery) { f.content["entries.jsonl"] = make([]byte, 64<<20) },
		"a large README": func(f *forgery) { f.content["README.txt"] = make([]byte, 17<<20) },

		"checkpoint's size":      func(f *forgery) { f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Size-- }) },
		"checkpoint's root":      func(f *forgery) { f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Root[0]++ }) },
		"checkpoint's origin":    func(f *forgery) { f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Origin += "0" }) },
		"checkpoint's signature": func(f *forgery) { f.checkpoint(doctorKey(), func(*checkpoint.Checkpoint) {}) },
		"checkpoints swapped": func(f *forgery) {
			f.content["checkpoint"], f.content["checkpoint-in"] = f.content["checkpoint-in"], f.content["checkpoint"]
		},
		"size everywhere": func(f *forgery) {
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Size++ })
			f.edit(func(m *manifest) { m.Journals[0].Size++; m.Journals[0].Entries++ })
		},
		"root everywhere": func(f *forgery) {
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Root[0]++ })
			f.edit(func(m *manifest) { m.Journals[0].Root[0]++ })
		},
		"box renamed":          func(f *forgery) { f.edit(func(m *manifest) { m.Box = "tram-02" }) },
		"another epoch":        func(f *forgery) { f.edit(func(m *manifest) { m.Epoch = "0102030000000001" }) },
		"called one patient's": func(f *forgery) { f.edit(func(m *manifest) { m.Patient = patient().String() }) },
		"cosigned by another log": func(f *forgery) {
			other, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: "cb/tram-01/0000", Size: 3}, boxKey())
			if err != nil {
				f.t.Fatal(err)
			}
			f.names, f.content["cosigned"] = slices.Insert(f.names, 6, "cosigned"), other
		},
		"cosigned with another root": func(f *forgery) {
			was := f.content["checkpoint"]
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Size -= 2 })
			f.names, f.content["cosigned"], f.content["checkpoint"] = slices.Insert(f.names, 6, "cosigned"), f.content["checkpoint"], was
		},

		"key swapped": func(f *forgery) {
			b64 := func(k ed25519.PrivateKey) string {
				return base64.StdEncoding.EncodeToString(k.Public().(ed25519.PublicKey))
			}
			f.set("keys.json", b64(doctorKey()), b64(key(9)))
		},
		"key's person":      func(f *forgery) { f.set("keys.json", doctor().String(), patient().String()) },
		"key's ID":          func(f *forgery) { f.set("keys.json", `"id": "`, `"id": "00`) },
		"key removed":       func(f *forgery) { f.content["keys.json"] = []byte("[]\n") },
		"keys no JSON":      func(f *forgery) { f.content["keys.json"] = []byte("[") },
		"names swapped":     func(f *forgery) { f.set("schema.json", `"systolic"`, `"diastolic"`) },
		"kinds swapped":     func(f *forgery) { f.set("schema.json", `"name": "vitals"`, `"name": "exam"`) },
		"type swapped":      func(f *forgery) { f.set("schema.json", `"of": "DrugLine"`, `"of": "BillLine"`) },
		"schema of another": func(f *forgery) { f.set("schema.json", `"form": 1`, `"form": 2`) },

		"README changed":             func(f *forgery) { f.content["README.txt"] = []byte("x"); f.stale = true },
		"manifest's hash":            func(f *forgery) { f.edit(func(m *manifest) { m.Files[0].SHA256 = m.Files[1].SHA256 }); f.stale = true },
		"manifest's hash of entries": func(f *forgery) { f.edit(func(m *manifest) { m.Files[2].SHA256 = m.Files[1].SHA256 }); f.stale = true },
		"manifest's size":            func(f *forgery) { f.edit(func(m *manifest) { m.Files[2].Bytes++ }); f.stale = true },
		"manifest's count":           func(f *forgery) { f.edit(func(m *manifest) { m.Journals[0].Entries++ }) },
		"manifest's holes":           func(f *forgery) { f.edit(func(m *manifest) { m.Journals[0].Holes = 0 }) },
		"manifest's time":            func(f *forgery) { f.set("manifest.json", "2026-06-15", "2025-06-15"); f.stale = true },
		"manifest's form":            func(f *forgery) { f.edit(func(m *manifest) { m.Form = 2 }) },
		"manifest's signature":       func(f *forgery) { f.signer = key(9) },
		"all signed by another": func(f *forgery) {
			f.signer = key(9)
			f.edit(func(m *manifest) { m.Key = key(9).Public().(ed25519.PublicKey) })
			for _, name := range []string{"checkpoint", "checkpoint-in"} {
				c, err := checkpoint.Unverified(f.content[name])
				if err == nil {
					f.content[name], err = checkpoint.Sign(c, key(9))
				}
				if err != nil {
					f.t.Fatal(err)
				}
			}
		},
		"manifest a box's key only": func(f *forgery) {
			f.signer = key(9)
			f.edit(func(m *manifest) { m.Key = key(9).Public().(ed25519.PublicKey) })
		},

		"file missing":      func(f *forgery) { f.names = slices.Delete(f.names, 3, 4) },
		"signature missing": func(f *forgery) { f.names = f.names[:len(f.names)-1] },
		"file too many":     func(f *forgery) { f.names = append(f.names, "x"); f.content["x"] = []byte("x") },
		"path out of it":    func(f *forgery) { f.names = append(f.names, "../../x"); f.content["../../x"] = []byte("x") },
		"a folder":          func(f *forgery) { f.names = append(f.names, "x/"); f.content["x/"] = nil },
		"a file twice":      func(f *forgery) { f.names = append(f.names, "entries.jsonl") },
		"files reordered":   func(f *forgery) { f.names[0], f.names[1] = f.names[1], f.names[0] },
		"not compressed":    func(f *forgery) { f.method["README.txt"] = zip.Store },
	}
}

// broken are exports whose container is wrong.
func broken(b []byte) map[string][]byte {
	name := []byte("entries.jsonl")
	local := bytes.Clone(b)
	copy(local[bytes.Index(local, name):], "entries.jsonX")
	at := bytes.LastIndex(b, []byte("PK\x05\x06"))
	change := func(i int) []byte { c := bytes.Clone(b); c[i] ^= 1; return c }
	behind := bytes.Index(b, []byte("PK\x07\x08"))
	comment := bytes.Clone(b)
	comment[len(comment)-2] = 3
	directory := bytes.Index(b, []byte("PK\x01\x02"))
	return map[string][]byte{
		"truncated": b[:len(b)/2], "truncated by one": b[:len(b)-1], "empty": nil, "no zip": []byte("x"),
		"bytes before": append([]byte("MZ\x00\x00"), b...), "bytes behind": append(bytes.Clone(b), 0),
		"another method in the header": change(8), "another flag": change(6), "a size in the header": change(20),
		"another size behind": change(behind + 8), "another CRC behind": change(behind + 4),
		"comment": append(comment, "abc"...), "two names": local, "no directory": b[at:],
		"before the directory": slices.Concat(b[:directory], []byte("hidden"), b[directory:]),
	}
}

// patients are tamperings of an export of one patient.
func patients() map[string]func(*forgery) {
	return map[string]func(*forgery){
		"proof changed": func(f *forgery) {
			f.line(1, func(l string) string { return strings.Replace(l, `"proof":["`, `"proof":["00`, 1) })
		},
		"proof of another": func(f *forgery) {
			f.lines(func(l []string) []string { l[1] = part(l[1], "proof", field(l[2], "proof")); return l })
		},
		"proof longer": func(f *forgery) {
			f.line(1, func(l string) string {
				return strings.Replace(l, `"proof":[`, `"proof":["`+strings.Repeat("0", 64)+`",`, 1)
			})
		},
		"no proof": func(f *forgery) { f.line(1, func(l string) string { return part(l, "proof", "[]") }) },
		"no proof at all": func(f *forgery) {
			f.line(1, func(l string) string { return regexp.MustCompile(`,"proof":\[[^\]]*\]`).ReplaceAllString(l, "") })
		},
		"entry removed": func(f *forgery) { f.lines(func(l []string) []string { return slices.Delete(l, 4, 5) }) },
		"reordered":     func(f *forgery) { f.lines(func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }) },
		"index changed": func(f *forgery) {
			f.line(1, func(l string) string {
				n, _ := strconv.Atoi(field(l, "index"))
				return part(l, "index", strconv.Itoa(n+1))
			})
		},
		"another patient":   func(f *forgery) { f.stale = true; f.set("manifest.json", patient().String(), other().String()) },
		"called everything": func(f *forgery) { f.edit(func(m *manifest) { m.Patient = "" }) },
		"no patient's ID":   func(f *forgery) { f.edit(func(m *manifest) { m.Patient = "x" }) },
	}
}

// independent builds the verifier that shares no code with this package.
func independent(t *testing.T) func(b []byte, more ...string) (code int, said string) {
	t.Helper()
	dir := t.TempDir()
	exe := filepath.Join(dir, "verifyexport")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "clinicbox/scripts/verifyexport").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	k := base64.StdEncoding.EncodeToString(boxKey().Public().(ed25519.PublicKey))
	return func(b []byte, more ...string) (int, string) {
		path := filepath.Join(dir, "export.zip")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.CommandContext(t.Context(), exe, append(append([]string{"-key", k}, more...), path)...)
		out, _ := c.CombinedOutput() // the exit code tells
		return c.ProcessState.ExitCode(), string(out)
	}
}

// TestTamperings: both verifiers accept what a box made and refuse everything else.
func TestTamperings(t *testing.T) {
	w := newWorld(t)
	outside := independent(t)
	whole := w.export(w.head())
	h := w.head()
	h.Patient = patient()
	one := w.export(h)
	w2 := newWorld(t)
	w2.seed[0]++ // other salts, so other leaves; other times, so other bytes
	otherLines := func() []string {
		again := &world{t: t, seed: w2.seed}
		for _, e := range w.entries[0] {
			b := bytes.Clone(e.Bytes)
			if i := bytes.Index(b, []byte("Nguy")); i >= 0 {
				b[i] = 'B'
			} else if i := bytes.LastIndexByte(b, 72); i >= 0 {
				b[i]-- // a pulse
			}
			again.raw(clinic.Own, b)
		}
		_, c := files(t, again.export(again.head()))
		return slices.Collect(strings.Lines(string(c["entries.jsonl"])))
	}()
	accept := func(name string, b []byte) {
		t.Helper()
		if _, err := verify(b, archive.Options{Key: boxKey().Public().(ed25519.PublicKey)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if code, said := outside(b); code != 0 || !strings.Contains(said, "1 signatures fit") {
			t.Errorf("%s: the independent verifier says %d %s", name, code, said)
		}
	}
	refuse := func(name string, b []byte) {
		t.Helper()
		_, err := verify(b, archive.Options{Key: boxKey().Public().(ed25519.PublicKey)})
		if !errors.Is(err, archive.ErrTampered) && !errors.Is(err, archive.ErrForm) && !errors.Is(err, archive.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if code, said := outside(b); code != 3 {
			t.Errorf("%s: the independent verifier says %d %s", name, code, said)
		}
	}
	accept("whole", whole)
	accept("one patient's", one)
	accept("made again", rewrite(t, whole, func(*forgery) {}))
	accept("made again, one patient's", rewrite(t, one, func(*forgery) {}))
	for name, do := range tamperings(otherLines) {
		refuse(name, rewrite(t, whole, do))
	}
	for name, do := range patients() {
		refuse("one patient's: "+name, rewrite(t, one, do))
	}
	for name, b := range broken(whole) {
		refuse("container: "+name, b)
	}
}

// TestEveryByte: an export with one byte changed is refused, or the byte is one of the
// container's that means nothing.
func TestEveryByte(t *testing.T) {
	w := newWorld(t)
	b := w.export(w.head())
	_, want := files(t, b)
	for i := range len(b) {
		if i%5 != 0 && i < len(b)-900 {
			continue // a fifth of the content, all of the directory
		}
		c := bytes.Clone(b)
		c[i] ^= 0x11
		if _, err := verify(c, archive.Options{}); err != nil {
			continue
		}
		_, got := files(t, c)
		for name := range want {
			if !bytes.Equal(got[name], want[name]) {
				t.Fatalf("byte %d changes %s unseen", i, name)
			}
		}
	}
}

// FuzzVerify changes one place of one file of an export, which the box's key then signs
// again, or of the container. What is fuzzed is the change and not the export, of which
// go's fuzzer would spend all its time on making it smaller.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	h := w.head()
	good := [2][]byte{w.export(h)}
	h.Patient = patient()
	good[1] = w.export(h)
	for of, b := range good {
		names, content := files(f, b)
		for i, name := range names {
			f.Add(uint8(of), uint8(i), uint16(len(content[name])/2), uint16(1), []byte("0"))
		}
		f.Add(uint8(of), uint8(len(names)), uint16(len(b)/2), uint16(1), []byte{0})
	}
	f.Fuzz(func(t *testing.T, of, file uint8, at, cut uint16, put []byte) {
		b := good[of%2]
		names, want := files(t, b)
		change := func(b []byte) []byte {
			from := min(int(at), len(b))
			return slices.Concat(b[:from], put, b[min(from+int(cut), len(b)):])
		}
		if n := int(file) % (len(names) + 1); n == len(names) {
			b = change(b)
		} else {
			b = rewrite(t, b, func(f *forgery) {
				f.content[names[n]] = change(f.content[names[n]])
				f.stale = strings.HasPrefix(names[n], "manifest.")
			})
		}
		if _, err := verify(b, archive.Options{Key: boxKey().Public().(ed25519.PublicKey)}); err == nil {
			if _, got := files(t, b); !bytes.Equal(got["entries.jsonl"], want["entries.jsonl"]) {
				t.Fatal("a forgery is accepted")
			}
		}
	})
}
