package tree

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "clinicbox"

// source is one Go file of the tree.
type source struct {
	path  string // from the root, with slashes
	dir   string // folder = import path below the module; "." for the root
	test  bool
	lines int
	ast   *ast.File
}

// tree is the source tree, read once.
type tree struct {
	root  string
	fset  *token.FileSet
	files []*source
}

var load = sync.OnceValues(func() (*tree, error) { return read(filepath.Join("..", "..")) })

func theTree(t *testing.T) *tree {
	t.Helper()
	tr, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// report runs a check over the tree.
func report(t *testing.T, check func(*tree) []string) {
	t.Helper()
	for _, p := range check(theTree(t)) {
		t.Error(p)
	}
}

// left are folders that are no part of the source.
func left(name string) bool {
	return slices.Contains([]string{".git", ".data", ".cache", "bin", "node_modules"}, name)
}

func read(root string) (*tree, error) {
	tr := &tree{root: root, fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && left(d.Name()), d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		return tr.add(path)
	})
	return tr, err
}

func (tr *tree) add(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return tr.parse(path, text)
}

func (tr *tree) parse(path string, text []byte) error {
	f, err := parser.ParseFile(tr.fset, path, text, parser.ParseComments)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(tr.root, path)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	dir, _ := filepath.Split(rel)
	if dir = strings.TrimSuffix(dir, "/"); dir == "" {
		dir = "."
	}
	tr.files = append(tr.files, &source{
		path: rel, dir: dir, test: strings.HasSuffix(rel, "_test.go"),
		lines: tr.fset.Position(f.FileEnd).Line, ast: f,
	})
	return nil
}

// at names the place of a node as file:line.
func (tr *tree) at(f *source, n ast.Node) string {
	return f.path + ":" + strconv.Itoa(tr.fset.Position(n.Pos()).Line)
}

// code yields the files that are no tests.
func (tr *tree) code() (out []*source) {
	for _, f := range tr.files {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

// span is the number of lines of a node.
func (tr *tree) span(n ast.Node) int {
	return tr.fset.Position(n.End()).Line - tr.fset.Position(n.Pos()).Line + 1
}

// imports lists what a file imports.
func (f *source) imports() (out []string) {
	for _, s := range f.ast.Imports {
		p, _ := strconv.Unquote(s.Path.Value) // the parser has checked it
		out = append(out, p)
	}
	return out
}

// generated reports whether a tool wrote the file: budgets are for people.
func (f *source) generated() bool { return ast.IsGenerated(f.ast) }

// under reports whether the slash path is the folder or below it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// percentile returns the value that p percent of the values do not exceed.
func percentile(values []int, p int) int {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)*p+99)/100-1]
}
