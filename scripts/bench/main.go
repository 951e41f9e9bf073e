// Command bench runs the benchmarks of the tree and prints one tab-separated line
// a figure: name, value, unit, baseline's name, ratio to it. A figure without a
// baseline has "-" twice.
//
// A baseline is a sub-benchmark whose name begins with "baseline:": it is compared
// with its siblings, unit by unit, in the same run on the same machine. So
//
//	BenchmarkCommit/baseline:append+fdatasync
//	BenchmarkCommit/one-desk
//
// becomes a line for store.Commit/one-desk with the ratio to append+fdatasync.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	pattern := flag.String("bench", ".", "which benchmarks, as go test -bench")
	long := flag.String("benchtime", "1s", "how long each, as go test -benchtime")
	flag.Parse()
	if err := run(os.Stdout, *pattern, *long); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
