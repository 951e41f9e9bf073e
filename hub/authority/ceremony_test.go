package authority_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

func TestCeremonyFromFiles(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	pass := []byte("mật khẩu của két sắt")
	if err := w.root.Save(dir, pass); err != nil {
		t.Fatal(err)
	}
	_, err := authority.LoadRoot(dir, []byte("sai"))
	wants(t, err, authority.ErrPassphrase)
	_, err = authority.LoadRoot(dir, nil)
	wants(t, err, authority.ErrPassphrase)
	r := must[*authority.Root](t)(authority.LoadRoot(dir, pass))
	if r.Name != "Tỉnh Mẫu" {
		t.Errorf("name %q", r.Name)
	}
	request := must[[]byte](t)(authority.Request("a", w.keys.Issuing, w.keys.Web))
	g := must[authority.Grant](t)(r.Grant(request, authority.Terms{Seq: 2, At: w.now}))
	path := filepath.Join(dir, "grant.json")
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	opts := w.opts
	opts.Keys.Grant = must[authority.Grant](t)(authority.LoadGrant(path))
	if _, err := authority.Open(t.Context(), opts); err != nil {
		t.Error(err)
	}
	request[80] ^= 1
	if _, err := r.Grant(request, authority.Terms{Seq: 3, At: w.now}); err == nil {
		t.Error("a changed request is granted")
	}
	for _, name := range []string{"root.key", "web-root.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, info.Mode())
		}
	}
}

func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	ec := must[*ecdsa.PrivateKey](t)(cert.NewP256())
	for name, k := range map[string]crypto.Signer{"ed": newKey(), "ec": ec} {
		path := filepath.Join(dir, name)
		if err := authority.SaveKey(path, k, nil); err != nil {
			t.Fatal(err)
		}
		got := must[crypto.Signer](t)(authority.LoadKey(path, nil))
		if !got.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public()) {
			t.Errorf("%s: another key", name)
		}
	}
	path := filepath.Join(dir, "ed")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := authority.LoadKey(path, nil)
	wants(t, err, authority.ErrPerms)
	if err := authority.SaveKey(path, token{newKey()}, nil); err == nil {
		t.Error("a token's key is in a file")
	}
	if _, err := authority.LoadKey(dir, nil); err == nil {
		t.Error("a folder is a key")
	}
}

// TestKeyFileTampered: no line of a sealed key may change, and a file cannot ask
// for a gigabyte of memory.
func TestKeyFileTampered(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "k")
	k := newKey()
	if err := authority.SaveKey(path, k, []byte("a")); err != nil {
		t.Fatal(err)
	}
	good := must[[]byte](t)(os.ReadFile(path))
	if bytes.Contains(good, k.Seed()) {
		t.Error("the seed is in the file")
	}
	for name, change := range map[string]func(string) string{
		"cheaper":     func(s string) string { return strings.Replace(s, "argon2id: 3 ", "argon2id: 1 ", 1) },
		"dear":        func(s string) string { return strings.Replace(s, " 65536 ", " 65536000 ", 1) },
		"no threads":  func(s string) string { return strings.Replace(s, " 4 ", " 0 ", 1) },
		"plain":       func(s string) string { return strings.Replace(s, " sealed", "", 1) },
		"cut":         func(s string) string { return s[:len(s)-10] },
		"ciphertext":  func(s string) string { return s[:len(s)-20] + "AAAA" + s[len(s)-16:] },
		"empty":       func(string) string { return "" },
		"other thing": func(string) string { return "clinicbox authority key 1\nAAAA\n" },
	} {
		if err := os.WriteFile(path, []byte(change(string(good))), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := authority.LoadKey(path, []byte("a")); err == nil {
			t.Errorf("%s: opens", name)
		}
	}
}

// token is a key that cannot leave its place.
type token struct{ k ed25519.PrivateKey }

func (t token) Public() crypto.PublicKey { return t.k.Public() }

func (t token) Sign(r io.Reader, m []byte, o crypto.SignerOpts) ([]byte, error) {
	return t.k.Sign(r, m, o)
}

// TestTokenIssues runs the centre on keys behind an interface.
func TestTokenIssues(t *testing.T) {
	w := newWorld(t)
	opts := w.opts
	opts.Keys.Issuing = token{w.keys.Issuing.(ed25519.PrivateKey)}
	opts.Keys.Command = token{w.keys.Command.(ed25519.PrivateKey)}
	w.Authority = must[*authority.Authority](t)(authority.Open(t.Context(), opts))
	w.enrol(t, w.invitation("tram-01"))
}

func TestOpenRefusesKeysThatDoNotFit(t *testing.T) {
	w := newWorld(t)
	other := newWorld(t)
	for name, change := range map[string]func(*authority.Keys){
		"issuing key of another": func(k *authority.Keys) { k.Issuing = other.keys.Issuing },
		"web key of another":     func(k *authority.Keys) { k.Web = other.keys.Web },
		"link key of another":    func(k *authority.Keys) { k.Link = other.keys.Link },
		"grant of another root":  func(k *authority.Keys) { k.Grant.Root = other.keys.Grant.Root },
		"no web chain":           func(k *authority.Keys) { k.Grant.Web = nil },
		"issuing key on P-256":   func(k *authority.Keys) { k.Issuing = other.keys.Web },
	} {
		opts := w.opts
		opts.Store, opts.Keys = other.store, w.keys
		change(&opts.Keys)
		_, err := authority.Open(t.Context(), opts)
		t.Run(name, func(t *testing.T) { wants(t, err, authority.ErrKeys) })
	}
	opts := w.opts
	opts.Store = other.store // a registry of another fleet
	_, err := authority.Open(t.Context(), opts)
	wants(t, err, authority.ErrKeys)
}
