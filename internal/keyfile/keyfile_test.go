package keyfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaveLoad(t *testing.T) {
	p, err := Generate("tram-01")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "box.key")
	for range 2 { // the second time replaces
		if err := p.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	q, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if q.Public().String() != p.Public().String() || !q.Identity.Equal(p.Identity) {
		t.Fatal("keys changed on the way")
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if len(left) != 1 {
		t.Fatalf("temporary files stay: %v", left)
	}
}

func TestLoadRefuses(t *testing.T) {
	p, _ := Generate("tram-01")
	good, err := p.encode()
	if err != nil {
		t.Fatal(err)
	}
	seed := base64.StdEncoding.EncodeToString(p.Identity.Seed())
	tests := []struct {
		name string
		data string
		mode os.FileMode
		want error
	}{
		{"group may read", string(good), 0o640, ErrPerms},
		{"others may read", string(good), 0o604, ErrPerms},
		{"empty", "", 0o600, ErrForm},
		{"other heading", "x" + string(good), 0o600, ErrForm},
		{"half", string(good[:len(good)/2]), 0o600, ErrForm},
		{"name with a wildcard", strings.Replace(string(good), "tram-01", "tram/+", 1), 0o600, ErrForm},
		{"twice the name", string(good) + "name: b\n", 0o600, ErrForm},
		{"short seed", strings.Replace(string(good), seed, seed[:8], 1), 0o600, ErrForm},
		{"too long", string(good) + strings.Repeat("x", maxFile), 0o600, ErrForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k")
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if strings.Contains(err.Error(), seed[:8]) {
				t.Fatal("the error shows key material")
			}
		})
	}
}

func TestSaveFails(t *testing.T) {
	p, _ := Generate("a")
	if err := p.Save(filepath.Join(t.TempDir(), "none", "k")); err == nil {
		t.Fatal("saved into a folder that does not exist")
	}
	if err := (&Private{Name: "a"}).Save(filepath.Join(t.TempDir(), "k")); !errors.Is(err, ErrForm) {
		t.Fatalf("saved without keys: %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "k"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.Save(filepath.Join(dir, "k")); err == nil {
		t.Fatal("saved over a folder")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Fatal("temporary file stays after a failure")
	}
}

func TestPublicLine(t *testing.T) {
	p, _ := Generate("hub")
	line := p.Public().String()
	q, err := ParsePublic(" " + line + "\n")
	if err != nil || q.String() != line || q.Fingerprint() != p.Public().Fingerprint() {
		t.Fatalf("%v", err)
	}
	parts := strings.Split(line, ":")
	for _, bad := range []string{
		"", ":", "::", line + ":x", "Hub:" + parts[1] + ":" + parts[2],
		parts[0] + ":" + parts[1], "hub:" + parts[2] + ":" + parts[1],
		"hub:" + parts[1] + ":" + parts[2][:40], "hub:" + parts[1][:4] + "\n" + parts[1][4:] + ":" + parts[2],
	} {
		if _, err := ParsePublic(bad); err == nil {
			t.Errorf("accepted %.60q", bad)
		}
	}
}

func TestPrintingShowsNoKey(t *testing.T) {
	p, _ := Generate("tram-01")
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(f, p); s != "private keys of tram-01" {
			t.Errorf("%s prints %q", f, s)
		}
	}
}

func TestNames(t *testing.T) {
	for _, s := range []string{"", "A", "a/b", "a+", "#", "a b", "tràm", "-a", strings.Repeat("a", 65), "a:b"} {
		if ValidName(s) {
			t.Errorf("%q is accepted", s)
		}
		if _, err := Generate(s); !errors.Is(err, ErrName) {
			t.Errorf("%q generates: %v", s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	p, _ := Generate("a")
	b, _ := p.encode()
	f.Add(string(b))
	f.Add(p.Public().String())
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = parsePrivate([]byte(s))
		if pub, err := ParsePublic(s); err == nil {
			if _, err := ParsePublic(pub.String()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
