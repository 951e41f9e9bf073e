package boxmain

import (
	"path/filepath"
	"slices"
	"testing"

	"clinicbox/cmd/internal/hubmain"
	"clinicbox/internal/testlog"
)

// TestTasksOfTheCentre compares docs/architecture.md with a centre that has
// everything.
func TestTasksOfTheCentre(t *testing.T) {
	dir := t.TempDir()
	cfg := hubmain.Config{
		Data:      hubmain.Data{Dir: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "hub.keys")},
		Authority: hubmain.Authority{Dir: filepath.Join(dir, "authority")},
		Broker:    hubmain.Broker{Listen: "127.0.0.1:0"}, Web: hubmain.Web{Listen: "127.0.0.1:0", Enrol: "127.0.0.1:0"},
		Metrics: hubmain.Metrics{Listen: "127.0.0.1:0"},
	}
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	h, err := hubmain.Open(t.Context(), cfg, testlog.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, want := h.Tasks(), column(section(t, "hub-tasks")); !slices.Equal(got, want) {
		t.Errorf("docs/architecture.md lists the centre's tasks %q, it starts %q", want, got)
	}
}
