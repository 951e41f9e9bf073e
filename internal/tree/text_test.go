package tree

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/mod/modfile"
)

// texts yields every text file of the tree with its path from the root.
func texts(t *testing.T, root string, do func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if left(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if d.Name() == ".git" {
			return nil // of a second work tree: a file that says where the first one is
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if !bytes.Contains(b[:min(len(b), 8000)], []byte{0}) {
			do(filepath.ToSlash(rel), b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// machine matches places that exist on one machine only. It is written in pieces
// so as not to find itself.
var machine = regexp.MustCompile(`(?:^|[\s"'(=:\x60])/(?:` + strings.Join([]string{"wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"}, "|") + `)/\w`)

func TestNoMachinePaths(t *testing.T) {
	texts(t, theTree(t).root, func(path string, text []byte) {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if m := machine.Find(line); m != nil {
				t.Errorf("%s:%d names a place of one machine: %q", path, i+1, bytes.TrimSpace(m))
			}
		}
	})
}

var (
	outside   = regexp.MustCompile(`(?i)(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}`)
	namespace = regexp.MustCompile(`^http://www\.w3\.org/`)
)

// Pages must work with no link at all: whatever a browser loads is embedded.
func TestNoOutsideAddressInWebFiles(t *testing.T) {
	seen := 0
	texts(t, theTree(t).root, func(path string, text []byte) {
		switch filepath.Ext(path) {
		case ".html", ".css", ".js", ".svg", ".tmpl", ".gohtml", ".webmanifest":
		default:
			return
		}
		seen++
		for i, line := range bytes.Split(text, []byte("\n")) {
			for _, m := range outside.FindAll(line, -1) {
				if !namespace.Match(append(m, '/')) {
					t.Errorf("%s:%d names %s: a clinic without a link cannot load it", path, i+1, m)
				}
			}
		}
	})
	t.Logf("%d web files", seen)
}

func TestGoMod(t *testing.T) {
	tr := theTree(t)
	b, err := os.ReadFile(filepath.Join(tr.root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Replace {
		t.Errorf("go.mod replaces %s: whoever imports this module would not get it", r.Old.Path)
	}
	for _, x := range m.Exclude {
		t.Errorf("go.mod excludes %s", x.Mod.Path)
	}
	decisions := decisions(t, tr.root)
	for _, r := range m.Require {
		if !r.Indirect && !strings.Contains(decisions, "`"+r.Mod.Path+"`") {
			t.Errorf("no file in docs/decisions says why %s is used (licence, last release, weight)", r.Mod.Path)
		}
	}
}

// decisions returns all of docs/decisions as one text.
func decisions(t *testing.T, root string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// otherwise returns words that set the tone mark in the other way (khoá, huỷ): both are
// right, and a page that mixes them looks like a mistake.
func otherwise(text string) (words []string) {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		for _, end := range []string{"oá", "oà", "oả", "oã", "oạ", "oé", "oè", "oẻ", "oẽ", "oẹ", "uý", "uỳ", "uỷ", "uỹ", "uỵ"} {
			before, ends := strings.CutSuffix(strings.ToLower(w), end)
			if ends && (end[0] == 'o' || !strings.HasSuffix(before, "q")) { // quý is no other way
				words = append(words, w)
			}
		}
	}
	return words
}

func TestOneWayOfToneMarks(t *testing.T) {
	if got := otherwise("Mở khoá, HUỶ tờ giấy quý; khóa hoàn toàn, hủy, toán, thuở"); len(got) != 2 {
		t.Fatalf("%q", got)
	}
	texts(t, theTree(t).root, func(path string, text []byte) {
		switch {
		case strings.HasSuffix(path, "_test.go"), strings.HasPrefix(path, "internal/fold/"), strings.HasPrefix(path, "clinic/desk/desktest/"):
			return // names as people type them
		case strings.HasPrefix(path, "interop/sheet/sheettest/"):
			return // letters as old fonts have them
		case strings.HasPrefix(path, "clinic/starting/commune"):
			return // names as the list of units has them
		}
		switch filepath.Ext(path) {
		case ".go", ".toml", ".json", ".html", ".md", ".csv":
			for i, line := range strings.Split(string(text), "\n") {
				if words := otherwise(line); words != nil {
					t.Errorf("%s:%d writes %q; we write khóa, xóa, hủy", path, i+1, words)
				}
			}
		}
	})
}
