package boxmain

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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

func TestConfigurationTable(t *testing.T) {
	want := config.Table(config.Describe(new(config.Box)))
	got := section(t, "config")
	if got == want {
		return
	}
	if !*update {
		t.Fatal("the table of keys differs from the struct; go test ./cmd/internal/boxmain -run Table -update")
	}
	b, err := os.ReadFile(architecture())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), "<!-- begin config -->\n"+got, "<!-- begin config -->\n"+want, 1)
	if err := os.WriteFile(architecture(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTaskTable(t *testing.T) {
	var all config.Box
	all.Hub.Broker, all.Scanner.Device, all.Printer.Address = "tcp://h:1", "/dev/x", "tcp:h:1"
	if got, want := column(section(t, "tasks")), New(Options{Config: all, Log: quiet()}).Names(); !slices.Equal(got, want) {
		t.Errorf("docs/architecture.md lists the tasks\n%q, the program starts\n%q", got, want)
	}
}
