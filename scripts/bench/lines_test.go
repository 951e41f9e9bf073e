package main

import (
	"strings"
	"testing"
)

const output = `goos: linux
pkg: clinicbox/store
BenchmarkCommit/baseline:append+fdatasync-2         	     100	    200000 ns/op
BenchmarkCommit/one-desk-2                          	     100	    700000 ns/op	         5.500 p99-ms
BenchmarkSearch                                     	    1000	      1500 ns/op
BenchmarkRawAppend-2  100  100 ns/op
BenchmarkCommitOneDesk-2  100  250 ns/op
PASS
ok  	clinicbox/store	2.1s
pkg: clinicbox/sync/wire
BenchmarkSeal/no-baseline-64-2	10	12 ns/op
`

func TestLines(t *testing.T) {
	figures, failed := read(strings.NewReader(output))
	if len(failed) != 0 {
		t.Fatal(failed)
	}
	var b strings.Builder
	if err := write(&b, figures); err != nil {
		t.Fatal(err)
	}
	want := "store.Commit/one-desk\t700000\tns/op\tappend+fdatasync\t3.5\n" +
		"store.Commit/one-desk\t5.5\tp99-ms\t-\t-\n" +
		"store.Search\t1500\tns/op\t-\t-\n" +
		"store.RawAppend\t100\tns/op\t-\t-\n" +
		"store.CommitOneDesk\t250\tns/op\tstore.RawAppend\t2.5\n" +
		"wire.Seal/no-baseline-64\t12\tns/op\t-\t-\n"
	if b.String() != want {
		t.Fatalf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestFailuresAreSaid(t *testing.T) {
	_, failed := read(strings.NewReader("--- FAIL: BenchmarkX\n    x_test.go:1: no disk\nFAIL\n"))
	if len(failed) != 3 {
		t.Fatal(failed)
	}
}
