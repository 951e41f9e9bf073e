package boxmain

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/internal/cms"
)

// A missing file of authorities is told, and stops nobody: papers are signed by hand.
func TestLegalAuthorities(t *testing.T) {
	ca, err := cms.NewInvented("thử", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "bad.pem")
	for path, text := range map[string][]byte{good: ca.PEM(), bad: []byte("không phải")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]struct{ judge, warn bool }{
		"": {}, good: {judge: true}, bad: {warn: true}, filepath.Join(dir, "none"): {warn: true},
	} {
		b := New(Options{Config: config.Box{Legal: config.Legal{Roots: path, Centre: true}}, Log: quiet()})
		l := b.legal()
		warned := false
		for _, s := range b.health.States() {
			warned = warned || s.Code == health.LegalRoots
		}
		if (l.Judge != nil) != want.judge || warned != want.warn || !l.Centre || l.Decode == nil {
			t.Errorf("%q: judge %v, warned %v", path, l.Judge != nil, warned)
		}
	}
}
