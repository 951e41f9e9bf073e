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

// testName matches a test that docs/threats.md names: `TestName`, or with its package
// `internal/cert.TestName` where several packages have one of the name.
var testName = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)`")

// TestThreatsAreTested: each row of the tables of docs/threats.md says what an
// attacker cannot do, and names a test that exists and would fail if he could.
func TestThreatsAreTested(t *testing.T) {
	tr := theTree(t)
	text, err := os.ReadFile(filepath.Join(tr.root, "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	n, bad := untested(string(text), testsOf(tr))
	for _, p := range bad {
		t.Error(p)
	}
	if n < 60 {
		t.Errorf("%d rows: are the tables still read?", n)
	}
	sample := "| cannot | held by | test |\n|---|---|---|\n" +
		"| fly | gravity | `TestNoWings` |\n| swim | nothing | |\n| walk | two | `TestTwice` |\n| run | b | `a.TestTwice`, `c/d.TestOne` |\n" +
		"\n| can | more |\n|---|---|\n| sing | |\n"
	if n, bad := untested(sample, map[string][]string{"TestTwice": {"a", "b"}, "TestOne": {"c"}}); n != 4 || len(bad) != 4 {
		t.Error("bad rows pass:", n, bad)
	}
}

// testsOf returns all tests of the tree with the packages that have one of the name.
func testsOf(tr *tree) map[string][]string {
	out := map[string][]string{}
	for _, f := range tr.files {
		if !f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				out[fn.Name.Name] = append(out[fn.Name.Name], f.dir)
			}
		}
	}
	return out
}

// untested counts the rows of "cannot" tables, and returns what is wrong with them:
// no test, one that there is not, or a name that several have.
func untested(text string, tests map[string][]string) (n int, bad []string) {
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "| cannot |"):
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in && !strings.HasPrefix(line, "|---"):
			n++
			bad = append(bad, ofRow(line, tests)...)
		}
	}
	return n, bad
}

func ofRow(line string, tests map[string][]string) (bad []string) {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	names := testName.FindAllStringSubmatch(cells[len(cells)-1], -1)
	if len(cells) != 3 || len(names) == 0 {
		return []string{"docs/threats.md: no test is named in the last of three cells: " + line}
	}
	for _, m := range names {
		dirs := tests[m[2]]
		switch {
		case m[1] == "" && len(dirs) > 1:
			bad = append(bad, "docs/threats.md: "+m[2]+" without its package is one of "+strings.Join(dirs, ", "))
		case m[1] == "" && len(dirs) == 0, m[1] != "" && !slices.Contains(dirs, m[1]):
			bad = append(bad, "docs/threats.md names "+strings.Trim(m[0], "`")+", which is no test of the tree")
		}
	}
	return bad
}
