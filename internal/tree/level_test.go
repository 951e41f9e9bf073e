package tree

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// compiled are the calls whose result may stand at package level: they build a
// constant thing once that cannot be a Go constant.
var compiled = regexp.MustCompile(`^(?:[mM]ust\w*|\w+\.Must\w*|strings\.NewReplacer|crc32\.MakeTable|base\d\d\.NewEncoding|WithPadding|time\.FixedZone|sync\.Once(?:Func|Values?)|strictcbor\.(?:En|De)coding)$`)

func TestNoInit(t *testing.T) { report(t, inits) }

func inits(tr *tree) (bad []string) {
	for _, f := range tr.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, tr.at(f, fn)+": init runs before anybody can decide; make it a function that is called")
			}
		}
	}
	return bad
}

func TestPackageLevelVariables(t *testing.T) { report(t, variables) }

func variables(tr *tree) (bad []string) {
	for _, f := range tr.code() {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				if v := s.(*ast.ValueSpec); !fixed(g, v) {
					bad = append(bad, fmt.Sprintf("%s: %s is package-level state; allowed are sentinel errors, compiled templates, regexps and codecs, embeds, interface assertions", tr.at(f, v), v.Names[0]))
				}
			}
		}
	}
	return bad
}

// fixed reports whether a variable is one of the allowed kinds.
func fixed(g *ast.GenDecl, v *ast.ValueSpec) bool {
	name := v.Names[0].Name
	if name == "_" || embedded(g.Doc) || embedded(v.Doc) {
		return true
	}
	if len(v.Values) != len(v.Names) {
		return false
	}
	for i, x := range v.Values {
		if sel, ok := x.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "Err") && strings.HasPrefix(v.Names[i].Name, "Err") {
			continue // a sentinel of a package below, by its name here
		}
		call, ok := x.(*ast.CallExpr)
		if !ok {
			return false
		}
		if _, ok := call.Fun.(*ast.FuncLit); ok {
			continue // builds a codec, checked by reviewers
		}
		fn := callee(call)
		sentinel := strings.HasPrefix(strings.ToLower(v.Names[i].Name), "err") && (fn == "errors.New" || fn == "fmt.Errorf")
		if !sentinel && !compiled.MatchString(fn) {
			return false
		}
	}
	return true
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// callee names what a call calls: "regexp.MustCompile", the last two parts.
func callee(c *ast.CallExpr) string {
	fun := c.Fun
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			return x.Name + "." + fun.Sel.Name
		}
		return fun.Sel.Name
	}
	return ""
}

func TestNoSleepInTests(t *testing.T) { report(t, sleeps) }

func sleeps(tr *tree) (bad []string) {
	byDir := map[string][]*source{}
	for _, f := range tr.files {
		if f.test {
			byDir[f.dir] = append(byDir[f.dir], f)
		}
	}
	for _, files := range byDir {
		calls := callGraph(files)
		for _, f := range files {
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !contains(fn, "time.Sleep") {
					continue
				}
				for _, top := range calls.roots(fn.Name.Name) {
					if !calls.bubbles(top, map[string]bool{}) {
						bad = append(bad, fmt.Sprintf("%s: %s sleeps in real time for %s: use testing/synctest, or poll with testlog.Eventually", tr.at(f, fn), fn.Name, top))
					}
				}
			}
		}
	}
	return bad
}

// graph has the functions of a package's tests by name.
type graph map[string]*ast.FuncDecl

func callGraph(files []*source) graph {
	g := graph{}
	for _, f := range files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				g[fn.Name.Name] = fn
			}
		}
	}
	return g
}

// bubbles reports whether the function, or a helper that it mentions, runs
// something under synctest.Test.
func (g graph) bubbles(name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	if contains(g[name], "synctest.Test") {
		return true
	}
	for helper := range g {
		if mentions(g[name], helper) && g.bubbles(helper, seen) {
			return true
		}
	}
	return false
}

// roots lists the tests that reach the function by name, itself when it is one.
func (g graph) roots(name string) (out []string) {
	seen, queue := map[string]bool{name: true}, []string{name}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if strings.HasPrefix(n, "Test") || strings.HasPrefix(n, "Fuzz") || strings.HasPrefix(n, "Benchmark") {
			out = append(out, n)
			continue
		}
		for caller, fn := range g {
			if !seen[caller] && mentions(fn, n) {
				seen[caller] = true
				queue = append(queue, caller)
			}
		}
	}
	return out
}

func mentions(fn *ast.FuncDecl, name string) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name && id != fn.Name {
			found = true
		}
		return !found
	})
	return found
}

func contains(fn *ast.FuncDecl, call string) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && callee(c) == call {
			found = true
		}
		return !found
	})
	return found
}
