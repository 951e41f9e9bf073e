package boxmain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/device/health"
	"clinicbox/store"
)

// TestRewoundBoxSaysSo puts an older copy of the records in their place and leaves the
// checkpoint that was signed since: the box works, and everybody hears of it.
func TestRewoundBoxSaysSo(t *testing.T) {
	config := write(t, "")
	data := filepath.Join(filepath.Dir(config), "data")
	runOnce(t, config, func(string) {})
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	if code, _, said := clinicbox(t, "839201\n", "staff", "-config", config, "-name", "Trần Văn Thử"); code != ExitOK {
		t.Fatalf("staff: %d %s", code, said)
	}
	runOnce(t, config, func(string) {})
	note, err := os.ReadFile(filepath.Join(data, "own", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(data, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "own", "checkpoint"), note, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, said := clinicbox(t, "", "check", "-config", config); code != ExitDamage || !strings.Contains(out, "saved entries are gone") {
		t.Errorf("check: %d %s%s", code, out, said)
	}
	for range 2 {
		runOnce(t, config, func(url string) {
			var rep health.Report
			_, body := get(t, url+"healthz")
			if err := json.Unmarshal([]byte(body), &rep); err != nil ||
				!slices.ContainsFunc(rep.Causes, func(s health.State) bool { return s.Code == health.StoreRewound }) {
				t.Errorf("healthz says %s", body)
			}
		})
	}
	withStore(t, config, func(v *vault) error { return v.loadKey(t.Context(), false) }, func(s *store.Store) {
		if n := timesTold(t, s, clinic.MachineRewound); n != 1 {
			t.Errorf("recorded %d times", n)
		}
	})
}

// runOnce runs the box, lets f look at it, and stops it.
func runOnce(t *testing.T, config string, f func(url string)) {
	t.Helper()
	url, process, log := start(t, config)
	f(url)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Fatalf("stop: %v\n%s", err, log)
	}
}
