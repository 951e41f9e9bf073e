// Package testpeer finds the programs that some tests talk to.
package testpeer

import (
	"os"
	"os/exec"
	"testing"
)

// Need returns the program's path. Without it the test is skipped by name, or
// fails with CI=true: there nothing is skipped unseen. scripts/peers installs all.
func Need(t testing.TB, program string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program} { // PATH may lack sbin
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Lacks(t, program+" is missing; scripts/peers installs it")
	return ""
}

// Lacks skips a test that this machine cannot run, by name, or fails it with CI=true.
func Lacks(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
