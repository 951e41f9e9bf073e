package tree

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/deps again")

// TestDependencyLists compares what each program is made of with the list that is
// checked in, so that a new dependency is seen in review.
func TestDependencyLists(t *testing.T) {
	root := theTree(t).root
	mains, err := filepath.Glob(filepath.Join(root, "cmd", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, m := range mains {
		name := filepath.Base(filepath.Dir(m))
		t.Run(name, func(t *testing.T) {
			list := filepath.Join(root, "docs", "deps", name+".txt")
			got := deps(t, root, name)
			if *update {
				if err := os.WriteFile(list, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(list)
			if err != nil {
				t.Fatalf("%v; run make deps", err)
			}
			if d := difference(string(want), got); d != "" {
				t.Errorf("the packages in %s changed; if that is meant, run make deps and commit:\n%s", name, d)
			}
		})
	}
}

// deps lists the packages outside the standard library, as built for the board.
func deps(t *testing.T, root, name string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/"+name)
	c.Dir = root
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	var msg strings.Builder
	c.Stderr = &msg
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, msg.String())
	}
	return string(out)
}

// difference lists lines of one text that the other lacks.
func difference(want, got string) string {
	var b strings.Builder
	for mark, pair := range map[string][2]string{"- ": {want, got}, "+ ": {got, want}} {
		has := map[string]bool{}
		for l := range strings.Lines(pair[1]) {
			has[l] = true
		}
		for l := range strings.Lines(pair[0]) {
			if !has[l] {
				b.WriteString(mark + l)
			}
		}
	}
	return b.String()
}
