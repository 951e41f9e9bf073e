package tree

import (
	"fmt"
	"go/ast"
	"path"
	"strings"
	"testing"
)

// The budgets (style guide): the usual size is a 90th percentile over the tree,
// the largest holds for each.
const (
	fileUsual, fileMax = 400, 700
	funcUsual, funcMax = 45, 80
	maxParameters      = 4
	maxMain            = 60
)

func TestFileSizes(t *testing.T) { report(t, fileSizes) }

func fileSizes(tr *tree) (bad []string) {
	var sizes []int
	for _, f := range tr.files {
		if f.generated() {
			continue
		}
		if f.lines > fileMax {
			bad = append(bad, fmt.Sprintf("%s has %d lines; none may have more than %d: split it by idea", f.path, f.lines, fileMax))
		}
		if !f.test {
			sizes = append(sizes, f.lines)
		}
		if !f.test && path.Base(f.path) == "main.go" && f.lines > maxMain {
			bad = append(bad, fmt.Sprintf("%s has %d lines; a main.go only calls its Main (%d)", f.path, f.lines, maxMain))
		}
	}
	if p := percentile(sizes, 90); p > fileUsual {
		bad = append(bad, fmt.Sprintf("9 of 10 files have up to %d lines; the budget is %d", p, fileUsual))
	}
	return bad
}

func TestFunctionSizes(t *testing.T) { report(t, functionSizes) }

func functionSizes(tr *tree) (bad []string) {
	var sizes []int
	for _, f := range tr.code() {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || f.generated() {
				continue
			}
			n := tr.span(fn)
			sizes = append(sizes, n)
			if n > funcMax {
				bad = append(bad, fmt.Sprintf("%s: %s has %d lines; none may have more than %d", tr.at(f, fn), fn.Name, n, funcMax))
			}
			if p := parameters(fn.Type); p > maxParameters && excused()[f.dir+"."+fn.Name.Name] == "" {
				bad = append(bad, fmt.Sprintf("%s: %s takes %d parameters; more than %d belong into a struct", tr.at(f, fn), fn.Name, p, maxParameters))
			}
		}
	}
	if p := percentile(sizes, 90); p > funcUsual {
		bad = append(bad, fmt.Sprintf("9 of 10 functions have up to %d lines; the budget is %d", p, funcUsual))
	}
	return bad
}

// excused are functions that take more, each with its reason.
func excused() map[string]string {
	return map[string]string{
		"internal/entry.Encode": "the parts of an entry's head, in the order of the format",
	}
}

// parameters counts them without a context, which a handler has in its request.
func parameters(ft *ast.FuncType) (n int) {
	for _, p := range ft.Params.List {
		t := p.Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		if sel, ok := t.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Context" || sel.Sel.Name == "Request") {
			continue
		}
		n += max(len(p.Names), 1)
	}
	return n
}

func TestPackageComments(t *testing.T) { report(t, packageComments) }

func packageComments(tr *tree) (bad []string) {
	has, count := map[string]int{}, map[string]int{}
	for _, f := range tr.files {
		if f.test {
			continue
		}
		count[f.dir]++
		if f.ast.Doc == nil {
			continue
		}
		has[f.dir]++
		want := "Package " + f.ast.Name.Name
		if f.ast.Name.Name == "main" {
			want = "Command " + path.Base(f.dir)
		}
		if text := f.ast.Doc.Text(); !strings.HasPrefix(text, want) {
			bad = append(bad, fmt.Sprintf("%s: the package comment begins %.40q, not %q", f.path, text, want))
		}
	}
	for dir := range count {
		if n := has[dir]; n != 1 {
			bad = append(bad, fmt.Sprintf("%s has %d package comments, want 1", dir, n))
		}
	}
	return bad
}

func TestExportedNamesAreDocumented(t *testing.T) { report(t, undocumented) }

func undocumented(tr *tree) (bare []string) {
	var all int
	for _, f := range tr.code() {
		for name, ok := range exported(tr, f) {
			all++
			if !ok {
				bare = append(bare, name)
			}
		}
	}
	if len(bare)*100 <= all*5 {
		return nil
	}
	return append(bare, fmt.Sprintf("%d of %d exported names have no comment; at most 5%% may", len(bare), all))
}

// exported yields a file's exported names and whether each has a comment.
func exported(tr *tree, f *source) func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && receiver(d) && !yield(tr.at(f, d)+": "+d.Name.Name, d.Doc != nil) {
					return
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if name, ok := specDoc(s); name != "" && !yield(tr.at(f, s)+": "+name, ok || d.Doc != nil) {
						return
					}
				}
			}
		}
	}
}

// receiver reports whether a method's type is exported; true for functions.
func receiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.IsExported() {
			exported = true
		}
		return true
	})
	return exported
}

// specDoc returns the first exported name of a declaration.
func specDoc(s ast.Spec) (name string, doc bool) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			return s.Name.Name, s.Doc != nil || s.Comment != nil
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() {
				return n.Name, s.Doc != nil || s.Comment != nil
			}
		}
	}
	return "", false
}
