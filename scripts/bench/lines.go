package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// figure is one measured value.
type figure struct {
	group, name, unit string // store.Commit, one-desk, ns/op
	value             float64
}

const baseline = "baseline:"

// run starts go test and turns its output into lines as packages finish.
func run(w io.Writer, pattern, long string) error {
	// -p 1: one package at a time, or they would measure each other.
	c := exec.Command("go", "test", "-p", "1", "-run", "^$", "-bench", pattern, "-benchtime", long, "-timeout", "1h", "./...")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	figures, failed := read(out)
	if err := c.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(failed, "\n"))
	}
	return write(w, figures)
}

// result matches "BenchmarkCommit/one-desk-2   100   1234 ns/op   5.00 p99-ms".
var result = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// read collects figures, and the lines that tell why something failed.
func read(r io.Reader) (figures []figure, failed []string) {
	pkg := ""
	for s := bufio.NewScanner(r); s.Scan(); {
		line := s.Text()
		if p, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = path.Base(p)
		}
		if strings.HasPrefix(line, "--- FAIL") || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "FAIL") {
			failed = append(failed, line)
		}
		m := result.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		group, name, _ := strings.Cut(m[1], "/")
		fields := strings.Fields(m[2])
		for i := 0; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				figures = append(figures, figure{group: pkg + "." + group, name: name, unit: fields[i+1], value: v})
			}
		}
	}
	return figures, failed
}

func write(w io.Writer, figures []figure) error {
	for _, f := range figures {
		if strings.HasPrefix(f.name, baseline) {
			continue
		}
		name, base, ratio := strings.TrimSuffix(f.group+"/"+f.name, "/"), "-", "-"
		if b, ok := against(figures, f); ok {
			base, ratio = cmp.Or(strings.TrimPrefix(b.name, baseline), b.group), strconv.FormatFloat(f.value/b.value, 'g', 3, 64)
		}
		value := strconv.FormatFloat(f.value, 'f', -1, 64)
		if _, err := fmt.Fprintln(w, strings.Join([]string{name, value, f.unit, base, ratio}, "\t")); err != nil {
			return err
		}
	}
	return nil
}

// pairs names the baselines of benchmarks that stand alone.
func pairs() map[string]string {
	return map[string]string{
		"store.CommitOneDesk":    "store.RawAppend",
		"store.CommitEightDesks": "store.CommitOneDesk",
	}
}

// against finds the baseline for a figure: a sibling of that kind or the other of
// its pair, in the same unit.
func against(figures []figure, f figure) (figure, bool) {
	for _, b := range figures {
		sibling := b.group == f.group && strings.HasPrefix(b.name, baseline)
		pair := f.name == "" && b.name == "" && b.group == pairs()[f.group]
		if (sibling || pair) && b.unit == f.unit && b.value != 0 {
			return b, true
		}
	}
	return figure{}, false
}
