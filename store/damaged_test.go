package store_test

import (
	"errors"
	"testing"

	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestDamagedStateValue: one value that does not open takes no other with it, is
// named, and goes away only by that name.
func TestDamagedStateValue(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	for _, k := range []string{"a", "b", "c"} {
		if err := s.State().Put("print", k, []byte("job "+k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.DamageState(t, o.Dir, "print", 1)
	s = storetest.OpenWith(t, o)
	st := s.State()
	read := 0
	if err := st.ForEach("print", func(string, []byte) error { read++; return nil }); !errors.Is(err, store.ErrState) || read != 2 {
		t.Fatalf("%d values read, %v", read, err)
	}
	names, err := st.Damaged("print")
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	for _, name := range []string{"", "zz", "00", names[0] + "00"} {
		if err := st.DropDamaged("print", name); err != nil {
			t.Fatal(name, err)
		}
	}
	if again, _ := st.Damaged("print"); len(again) != 1 {
		t.Fatal("dropped by another name")
	}
	for range 2 {
		if err := st.DropDamaged("print", names[0]); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := st.Damaged("print"); err != nil || len(names) != 0 {
		t.Fatal(names, err)
	}
	if names, err := st.Damaged("nothing"); err != nil || names != nil {
		t.Fatal(names, err)
	}
}
