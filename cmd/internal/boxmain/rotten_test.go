package boxmain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"clinicbox/device/config"
	"clinicbox/device/identity"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/store/medium"
)

// TestRottenKeysAreNotCopied: a file of the keys that rots on the box, so that it can
// still be parsed or not, never goes over its copy on the stick, and is written anew.
func TestRottenKeysAreNotCopied(t *testing.T) {
	path := write(t, fmt.Sprintf("[copy]\ndir = %q\nsame_disk = true\n", t.TempDir()))
	cfg := must[config.Box](t)(Load(path))
	f := newFleet(t)
	f.joinBox(cfg)
	v := opened1(t, cfg)
	if err := v.loadKey(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	other := must[config.Box](t)(Load(write(t, "")))
	other.Box.Name = "tram-02"
	f.joinBox(other)
	stolen, _ := opened1(t, other).id.Enrolment()
	if err := f.Revoke(t.Context(), operator(), cert.Revoked{Serial: stolen.Serial(), Reason: cert.ReasonStolen}); err != nil {
		t.Fatal(err)
	}
	for _, raw := range must[[][]byte](t)(f.Statements(t.Context(), "22736")) {
		if err := v.id.Learn(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.id.Obeyed(12); err != nil {
		t.Fatal(err)
	}
	working(t, cfg, v, func(b *Box) {
		copied := func() *medium.Copy {
			t.Helper()
			if _, err := b.copier.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			return must[*medium.Copy](t)(medium.Find(cfg.Copy.Dir, durable.Cold{}))
		}
		copied()
		for _, name := range append(identity.Files(), "slots", "slots.copy") {
			path := filepath.Join(keysDir(cfg), name)
			want := must[[]byte](t)(os.ReadFile(path))
			for _, at := range bytesToBend(want) {
				bad := bytes.Clone(want)
				if bad[at] ^= 1; bytes.Equal(bad, want) {
					t.Fatal(name)
				}
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if got, err := copied().Read(t.Context(), "keys/"+name); !bytes.Equal(got, want) || err != nil {
						t.Fatalf("%s bent at %d: the stick holds another, %v", name, at, err)
					}
				}
				scrub := b.store.Scrubber(b.scrubOptions())
				for range 2 {
					if err := scrub.Part(context.WithoutCancel(t.Context()), <-b.rotten); err != nil {
						t.Fatal(err)
					}
				}
				if got := must[[]byte](t)(os.ReadFile(path)); name != "closed" && !bytes.Equal(got, want) {
					t.Fatalf("%s bent at %d: not as before", name, at)
				} else if name == "closed" {
					want = got // sealed anew
					copied()
				}
			}
		}
		if len(b.health.States()) > 0 {
			t.Errorf("all is right again: %+v", b.health.States())
		}
		copied()
		if len(b.rotten) > 0 {
			t.Error("something is still rotten")
		}
	})
}

// bytesToBend are some bytes of a file: of its values, so that most of it can be parsed
// afterwards, and its first.
func bytesToBend(b []byte) []int {
	out := []int{0}
	all := regexp.MustCompile(`[0-9A-Za-z+/]{2,}[,"}]`).FindAllIndex(b, -1)
	for i := 0; i < len(all); i += 1 + len(all)/6 {
		out = append(out, (all[i][0]+all[i][1])/2)
	}
	return append(out, len(b)/2)
}
