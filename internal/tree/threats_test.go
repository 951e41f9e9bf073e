package tree

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testName matches a test that docs/threats.md names.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)`")

// TestThreatsAreTested: each row of the tables of docs/threats.md says what an
// attacker cannot do, and names a test that exists and would fail if he could.
func TestThreatsAreTested(t *testing.T) {
	tr := theTree(t)
	text, err := os.ReadFile(filepath.Join(tr.root, "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range untested(string(text), testsOf(tr)) {
		t.Error(p)
	}
	if n := strings.Count(string(text), "`Test"); n < 100 {
		t.Errorf("docs/threats.md names %d tests: was a table lost?", n)
	}
	if p := untested("| cannot | held by | test |\n|---|---|---|\n| fly | gravity | `TestNoWings` |\n| swim | nothing | |\n", nil); len(p) != 2 {
		t.Error("a row without a test passes:", p)
	}
}

// testsOf returns the names of all tests of the tree.
func testsOf(tr *tree) map[string]bool {
	out := map[string]bool{}
	for _, f := range tr.files {
		if !f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}

// untested returns the rows of tables about what somebody cannot that name no test, or
// one that there is not. The header's column that says "cannot" is where it stands;
// a dash there claims nothing.
func untested(text string, tests map[string]bool) (bad []string) {
	column := -1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			column = -1
			continue
		}
		cells := strings.Split(line, "|")
		head := slices.IndexFunc(cells, func(c string) bool { return strings.HasPrefix(strings.TrimSpace(c), "cannot") })
		switch {
		case column < 0:
			column = head
			continue
		case column >= len(cells), strings.HasPrefix(line, "|---"), strings.TrimSpace(cells[column]) == "–":
			continue
		}
		names := testName.FindAllStringSubmatch(line, -1)
		if len(names) == 0 {
			bad = append(bad, "docs/threats.md: no test is named in: "+line)
		}
		for _, n := range names {
			if !tests[n[1]] {
				bad = append(bad, "docs/threats.md names "+n[1]+", which is no test of the tree")
			}
		}
	}
	return bad
}
