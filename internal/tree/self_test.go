package tree

import (
	"go/token"
	"strings"
	"testing"
)

// small makes a tree of one file.
func small(t *testing.T, path, text string) *tree {
	t.Helper()
	tr := &tree{root: ".", fset: token.NewFileSet()}
	if err := tr.parse(path, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestChecksCanFail shows each check something that it must refuse, and something
// near it that it must let through.
func TestChecksCanFail(t *testing.T) {
	tests := []struct {
		name      string
		check     func(*tree) []string
		path      string
		good, bad string
	}{
		{"long file", fileSizes, "a/a.go", "package a\n", "package a\n" + strings.Repeat("// x\n", fileMax+1)},
		{"long main", fileSizes, "cmd/a/main.go", "package main\n", "package main\n" + strings.Repeat("// x\n", maxMain)},
		{"long function", functionSizes, "a/a.go", "package a\nfunc f() {}", "package a\nfunc f() {" + strings.Repeat("\n", funcMax) + "}"},
		{"many parameters", functionSizes, "a/a.go", "package a\nfunc f(ctx context.Context, a, b, c, d int) {}", "package a\nfunc f(a, b, c, d, e int) {}"},
		{"no package comment", packageComments, "a/a.go", "// Package a is.\npackage a", "package a"},
		{"wrong package comment", packageComments, "a/a.go", "// Package a is.\npackage a", "// Package b is.\npackage a"},
		{"main's comment", packageComments, "cmd/x/main.go", "// Command x runs.\npackage main", "// Package main runs.\npackage main"},
		{"bare function", undocumented, "a/a.go", "package a\n// F is.\nfunc F() {}", "package a\nfunc F() {}"},
		{"bare method", undocumented, "a/a.go", "package a\nfunc (t hidden) F() {}", "package a\nfunc (t *Open) F() {}"},
		{"bare constant", undocumented, "a/a.go", "package a\n// The sizes.\nconst (\nA = 1\n)", "package a\nconst (\nA = 1\n)"},
		{"init", inits, "a/a.go", "package a\nfunc (t T) init() {}", "package a\nfunc init() {}"},
		{"state", variables, "a/a.go", "package a\nvar ErrX = errors.New(\"x\")", "package a\nvar cache = map[int]int{}"},
		{"state by make", variables, "a/a.go", "package a\nvar re = regexp.MustCompile(`x`)", "package a\nvar c = make(chan int)"},
		{"state without value", variables, "a/a.go", "package a\n//go:embed x\nvar f embed.FS", "package a\nvar n int"},
		{"state made by New", variables, "a/a.go", "package a\nvar _ I = (*T)(nil)", "package a\nvar x = cache.New()"},
		{"an error that is no sentinel", variables, "a/a.go", "package a\nvar errX = fmt.Errorf(\"x\")", "package a\nvar x = errors.New(\"x\")"},
		{"sleep", sleeps, "a/a_test.go", "package a\nfunc TestX(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }", "package a\nfunc TestX(t *testing.T) { time.Sleep(1) }"},
		{"sleep in a helper", sleeps, "a/a_test.go", "package a\nfunc h() { time.Sleep(1) }\nfunc TestX(t *testing.T) { synctest.Test(t, func(t *testing.T) { h() }) }", "package a\nfunc g() { time.Sleep(1) }\nfunc h() { g() }\nfunc TestX(t *testing.T) { h() }"},
		{"sleep beside a bubble maker", sleeps, "a/a_test.go", "package a\nfunc bubble(f func()) { synctest.Test(t, f) }\nfunc TestX(t *testing.T) { bubble(func() { time.Sleep(1) }) }", "package a\nfunc bubble(f func()) { f() }\nfunc TestX(t *testing.T) { bubble(func() { time.Sleep(1) }) }"},
		{"sentinel of another name", variables, "a/a.go", "package a\nvar ErrX = b.ErrX", "package a\nvar X = b.ErrX"},
		{"domain knows the desk", breaches, "clinic/a.go", "package a\nimport \"time\"", "package a\nimport \"clinicbox/clinic/desk\""},
		{"desk knows the store", breaches, "clinic/desk/a.go", "package a\nimport \"clinicbox/clinic/paper\"", "package a\nimport \"clinicbox/store\""},
		{"siblings", breaches, "peripherals/printer/a.go", "package a\nimport \"clinicbox/peripherals/printer/font\"", "package a\nimport \"clinicbox/peripherals/barcode\""},
		{"a simulator in a driver", breaches, "peripherals/printer/a.go", "package a\nimport \"clinicbox/clinic/paper\"", "package a\nimport \"clinicbox/peripherals/sim\""},
		{"web knows sync", breaches, "web/page/a.go", "package a\nimport \"clinicbox/clinic/desk\"", "package a\nimport \"clinicbox/sync/outbox\""},
		{"hub knows the link", breaches, "hub/ingest/a.go", "package a\nimport \"clinicbox/sync/wire\"", "package a\nimport \"clinicbox/sync/mqttlink\""},
		{"a leaf knows a part", breaches, "internal/a/a.go", "package a\nimport \"clinicbox/internal/b\"", "package a\nimport \"clinicbox/store\""},
		{"folder without a wall", breaches, "cmd/x/a.go", "package a\nimport \"clinicbox/web\"", ""},
		{"stray dependency", strays, "store/a.go", "package a\nimport \"go.etcd.io/bbolt\"", "package a\nimport \"modernc.org/sqlite\""},
		{"unknown dependency", strays, "store/a_test.go", "package a\nimport \"github.com/creack/pty\"", "package a\nimport \"example.org/x\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if bad := tt.check(small(t, tt.path, tt.good)); len(bad) != 0 {
				t.Errorf("refuses what is right: %v", bad)
			}
			path, text := tt.path, tt.bad
			if text == "" {
				path, text = "elsewhere/a.go", tt.good
			}
			if bad := tt.check(small(t, path, text)); len(bad) == 0 {
				t.Error("lets it through")
			}
		})
	}
}

func TestTextChecksCanFail(t *testing.T) {
	for s, want := range map[string]bool{
		"see /wo" + "rk/main/x": true, "\"/ro" + "ot/go\"": true, "a/work/b": false, "/dev/ttyUSB0": false, "the /work": false,
	} {
		if machine.MatchString(s) != want {
			t.Errorf("machine path %q: %v", s, !want)
		}
	}
	for s, want := range map[string]bool{
		`src="https://cdn.example.com/x.js"`: true, `href="//cdn.example.com"`: true, `href="/assets/a.css"`: false, `// comment`: false, `a // b.c`: false,
	} {
		if outside.MatchString(s) != want {
			t.Errorf("outside address %q: %v", s, !want)
		}
	}
	if d := difference("a\nb\n", "b\nc\n"); !strings.Contains(d, "- a\n") || !strings.Contains(d, "+ c\n") || strings.Contains(d, "b") {
		t.Errorf("difference: %q", d)
	}
}
