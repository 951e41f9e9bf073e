package db

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestLookedNamesEveryMark: a table of marks that looked does not name would pass over
// what is released, filled or branched off.
func TestLookedNamesEveryMark(t *testing.T) {
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	names, err := list(t.Context(), d.r, func(r row) (n string, err error) { return n, r.Scan(&n) }, `SELECT m.name FROM sqlite_master m
		WHERE m.type='table' AND (SELECT group_concat(name) FROM pragma_table_info(m.name))='stream,next' ORDER BY m.name`)
	if err != nil {
		t.Fatal(err)
	}
	want := looked()
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("tables of marks are %v, looked names %v", names, want)
	}
}
