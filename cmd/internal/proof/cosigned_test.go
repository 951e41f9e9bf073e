package proof

import (
	"bytes"
	"context"
	"encoding/base64"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/internal/checkpoint"
	"clinicbox/sync/wire"
)

// TestCosignedExport: what the centre has receipted, the box can prove to anybody: the
// real centre's cosignature of the box's tree is kept, and leaves with an export that
// both verifiers accept.
func TestCosignedExport(t *testing.T) {
	w := newWorld(t, 20, "")
	w.begins()
	w.days(1, 6)
	w.agree()
	hub := checkpoint.Cosigner{Name: wire.Witness, Key: w.hub.Public().Identity}
	var c checkpoint.Checkpoint
	w.within(30*time.Second, "the cosigned checkpoint of everything", func() bool {
		note := w.store.Own().Cosigned()
		_, ok := checkpoint.Cosigned(note, hub)
		c, _ = checkpoint.Unverified(note)
		return ok && c.Size == w.store.Own().Size()
	})
	if root, err := w.store.Own().Root(c.Size); err != nil || root != c.Root {
		t.Fatalf("another root than the box's: %v", err)
	}
	w.stopBox()
	pin := ""
	for _, s := range w.play.Staff() {
		if s.Role == clinic.RoleAdministrator {
			pin = s.PIN
		}
	}
	out := filepath.Join(t.TempDir(), "all.zip")
	said := w.typed("1\n"+pin+"\n", "export", "-config", filepath.Join(w.dir, "box.toml"), out)
	key := regexp.MustCompile(`key of the box: (\S{44})`).FindStringSubmatch(said)[1]
	verdict := w.typed("", "verify", "export", "-key", key, out)
	if !strings.Contains(verdict, wire.Witness) {
		t.Error(verdict)
	}
	outside := exec.CommandContext(t.Context(), "go", "run", "clinicbox/scripts/verifyexport", "-key", key, out)
	if b, err := outside.CombinedOutput(); err != nil || !strings.Contains(string(b), "GOOD: everything") || !strings.Contains(string(b), "cosigned") {
		t.Errorf("the independent verifier: %v %s", err, b)
	}
	centre := base64.StdEncoding.EncodeToString(hub.Key)
	if verdict = w.typed("", "verify", "export", "-key", key, "-centre", centre, out); !strings.Contains(verdict, "its signature fits") {
		t.Error(verdict)
	}
	outside = exec.CommandContext(t.Context(), "go", "run", "clinicbox/scripts/verifyexport", "-key", key, "-centre", centre, out)
	if b, err := outside.CombinedOutput(); err != nil || !strings.Contains(string(b), "its signature fits") {
		t.Errorf("the independent verifier, with the centre's key: %v %s", err, b)
	}
}

// typed runs a command, with what somebody types, of the stopped box's program.
func (w *world) typed(stdin string, args ...string) string {
	w.t.Helper()
	var out bytes.Buffer
	p := &boxmain.Program{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out}
	err := p.ParseFlags(args)
	if err == nil {
		err = p.Run(context.Background())
	}
	if err != nil {
		w.t.Fatalf("clinicbox %q: %v\n%s", args, err, out.String())
	}
	return out.String()
}
