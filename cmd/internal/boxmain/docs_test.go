package boxmain

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/device/config"
)

var update = flag.Bool("update", false, "write the configuration table in docs/architecture.md again")

func architecture() string { return filepath.Join("..", "..", "..", "docs", "architecture.md") }

// section returns what stands between the markers of a table.
func section(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(architecture())
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "<!-- begin "+name+" -->\n")
	body, _, ok2 := strings.Cut(rest, "<!-- end "+name+" -->")
	if !ok || !ok2 {
		t.Fatalf("docs/architecture.md has no markers for %s", name)
	}
	return body
}

// column returns the first words in back-ticks of each row of a table.
func column(table string) (out []string) {
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestConfigurationTables(t *testing.T) {
	for name, of := range map[string]any{"config": new(config.Box), "hub-config": new(hubmain.Config)} {
		want := config.Table(config.Describe(of))
		got := section(t, name)
		if got == want {
			continue
		}
		if !*update {
			t.Errorf("the table %s differs from the struct; go test ./cmd/internal/boxmain -run Tables -update", name)
			continue
		}
		b, err := os.ReadFile(architecture())
		if err != nil {
			t.Fatal(err)
		}
		mark := "<!-- begin " + name + " -->\n"
		text := strings.Replace(string(b), mark+got, mark+want, 1)
		if err := os.WriteFile(architecture(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTopicTable(t *testing.T) {
	want := []string{topicUp("<box>"), topicDown("<box>"), topicBeat("<box>"), topicCmd("<box>")}
	if got := column(section(t, "topics")); !slices.Equal(got, want) {
		t.Errorf("docs/architecture.md lists the topics %q, the program uses %q", got, want)
	}
}

func TestTaskTable(t *testing.T) {
	cfg := board(t)
	cfg.Scanner.Device, cfg.Printer.Address = "/dev/x", "tcp:h:1"
	cfg.Web.MDNS, cfg.Copy.Dir = true, "/media/copy"
	b := New(Options{Config: cfg, Log: quiet()})
	b.vault = opened1(t, cfg)
	if _, err := b.vault.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
	f := newFleet(t)
	if _, err := b.vault.join(t.Context(), f.invite("tram-01"), f.ask); err != nil {
		t.Fatal(err)
	}
	if got, want := column(section(t, "tasks")), b.Names(); !slices.Equal(got, want) {
		t.Errorf("docs/architecture.md lists the tasks\n%q, the program starts\n%q", got, want)
	}
}
