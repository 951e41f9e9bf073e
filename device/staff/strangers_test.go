package staff_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/staff"
)

// from wants a verdict on a PIN from a browser that the person never used.
func from(t *testing.T, p *staff.Pins, id clinic.ID, pin string, want clinic.PINResult, left int) {
	t.Helper()
	v, err := p.Check(t.Context(), id, pin, true)
	if err != nil || v.Result != want || v.Left != left {
		t.Fatalf("a stranger got %+v, %v; want result %d with %d left", v, err, want, left)
	}
}

func TestStrangersLockOutStrangersOnly(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	for i := range staff.MaxWrong {
		from(t, p, id, wrong, clinic.PINWrong, 9-i) // the last one: none left
	}
	for range 2 {
		shut(t, p, id, right, true, clinic.PINStrangers)
		check(t, p, id, wrong, clinic.PINWrong, 9)
		check(t, p, id, right, clinic.PINRight, 10) // forgets its own tries only
		if v, err := p.Look(id); err != nil || v.Result != clinic.PINStrangers || v.Left != 10 {
			t.Fatalf("%+v, %v", v, err)
		}
		p = staff.New(kv, cheap())
	}
	if err := p.Unlock(id); err != nil {
		t.Fatal(err)
	}
	check(t, p, id, wrong, clinic.PINWrong, 9)
	from(t, p, id, wrong, clinic.PINWrong, 9)
	from(t, p, id, right, clinic.PINRight, 10) // forgets both
	check(t, p, id, wrong, clinic.PINWrong, 9)
	from(t, p, id, wrong, clinic.PINWrong, 9)
}

func TestLockedPersonLocksStrangers(t *testing.T) {
	p, id := set(t, newMemory(), cheap())
	from(t, p, id, wrong, clinic.PINWrong, 9)
	for i := range staff.MaxWrong {
		check(t, p, id, wrong, clinic.PINWrong, 9-i)
	}
	shut(t, p, id, right, true, clinic.PINLocked)
	if err := p.Set(t.Context(), id, other, nil); err != nil {
		t.Fatal(err)
	}
	from(t, p, id, other, clinic.PINRight, 10)
}

// TestStrangersCutAnywhere: whichever writes fail, before or after they took
// effect, with a restart after each, never more than ten PINs of strangers are
// compared, and the person still gets in.
func TestStrangersCutAnywhere(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for first := 1; first <= 10; first++ {
			for second := range 4 { // 0: only one fails
				name := fmt.Sprintf("applied %v, cut at %d and %d after", applied, first, second)
				kv := newMemory()
				p, id := set(t, kv, cheap())
				kv.fail, kv.applied = first, applied
				compared := 0
				for range 15 {
					v, key, err := p.Open(t.Context(), id, wrong, true)
					if key != nil {
						t.Fatalf("%s: a wrong PIN opened a key", name)
					}
					if err != nil {
						p = staff.New(kv, cheap())
						kv.fail, second = second, 0
						continue
					}
					if v.Result == clinic.PINWrong {
						compared++
					}
				}
				if least := staff.MaxWrong - 2; compared > staff.MaxWrong || compared < least {
					t.Fatalf("%s: %d PINs compared", name, compared)
				}
				kv.fail = 0
				shut(t, p, id, right, true, clinic.PINStrangers)
				open(t, p, id, right, false)
				shut(t, p, id, right, true, clinic.PINStrangers)
			}
		}
	}
}

// TestStrangersResetCut: a right PIN that could not be written lets nobody in.
func TestStrangersResetCut(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := 1; n <= 3; n++ { // count, reset of the known, reset of strangers
			kv := newMemory()
			p, id := set(t, kv, cheap())
			check(t, p, id, wrong, clinic.PINWrong, 9)
			from(t, p, id, wrong, clinic.PINWrong, 9)
			kv.fail, kv.applied = n, applied
			if v, key, err := p.Open(t.Context(), id, right, true); !errors.Is(err, errDisk) || key != nil || v.Result == clinic.PINRight {
				t.Fatalf("cut at %d: %+v, key %v, %v", n, v, key != nil, err)
			}
			left := 7 // two tries are counted, and this one
			switch {
			case n == 1 && !applied:
				left = 8
			case n == 3 && applied:
				left = 9
			}
			from(t, staff.New(kv, cheap()), id, wrong, clinic.PINWrong, left)
		}
	}
}

func TestMissingStrangersCounter(t *testing.T) {
	for _, damage := range [][]byte{nil, {}, {11}, {255}, {0, 0}} {
		kv := newMemory()
		p, id := set(t, kv, cheap())
		kv.m["staff.strangers/"+id.String()] = damage
		shut(t, p, id, right, true, clinic.PINStrangers)
		check(t, p, id, right, clinic.PINRight, 10)
		shut(t, p, id, right, true, clinic.PINStrangers)
		if err := p.Unlock(id); err != nil {
			t.Fatal(err)
		}
		from(t, p, id, right, clinic.PINRight, 10)
	}
	kv := newMemory()
	id, p := plain(kv), staff.New(kv, cheap())
	kv.m["staff.strangers/"+id.String()] = []byte{11} // damaged, not missing
	shut(t, p, id, right, true, clinic.PINStrangers)
	check(t, p, id, right, clinic.PINRight, 10)
	shut(t, p, id, right, true, clinic.PINStrangers) // the upgrade forgives nothing
}

func TestPausesOfStrangersAreTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheap()
		o.Pause = staff.DefaultPause
		kv := newMemory()
		p, id := set(t, kv, o)
		for i := range 5 {
			from(t, p, id, wrong, clinic.PINWrong, 9-i)
		}
		from(t, p, id, right, clinic.PINWait, 5)
		check(t, p, id, right, clinic.PINRight, 10) // the person does not wait
		from(t, p, id, right, clinic.PINWait, 5)    // and takes no pause away
		from(t, staff.New(kv, o), id, right, clinic.PINWait, 5)
		time.Sleep(time.Second)
		from(t, p, id, right, clinic.PINRight, 10)
	})
}

func TestRemove(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := range 4 { // PIN, known, strangers; 0: nothing fails
			kv := newMemory()
			p, id := set(t, kv, cheap())
			old := open(t, p, id, right, false)
			shut(t, p, id, wrong, false, clinic.PINWrong)
			kv.fail, kv.applied = n, applied
			if err := p.Remove(t.Context(), id); (err != nil) != (n > 0) {
				t.Fatal(err)
			}
			if len(kv.m["staff.pin/"+id.String()]) > 1 { // still there: no try is given back
				kv.fail = 0
				check(t, p, id, wrong, clinic.PINWrong, 8)
			}
			if err := p.Remove(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			p = staff.New(kv, cheap())
			removed(t, p, id)
			if v := kv.m["staff.pin/"+id.String()]; !bytes.Equal(v, []byte{0}) {
				t.Fatalf("%d bytes are left", len(v))
			}
			if err := p.Set(t.Context(), id, right, nil); err != nil { // who comes back
				t.Fatal(err)
			}
			if open(t, p, id, right, true).Equal(old) {
				t.Fatal("the removed key is back")
			}
		}
	}
	kv := newMemory()
	if err := staff.New(kv, cheap()).Remove(t.Context(), clinic.NewID()); err != nil || len(kv.m) > 0 {
		t.Fatalf("removing nobody: %v, %d values", err, len(kv.m))
	}
}

func removed(t *testing.T, p *staff.Pins, id clinic.ID) {
	t.Helper()
	for _, stranger := range []bool{false, true} {
		shut(t, p, id, right, stranger, clinic.PINUnset)
	}
	if v, err := p.Look(id); err != nil || v.Result != clinic.PINUnset {
		t.Fatalf("%+v, %v", v, err)
	}
	if err := p.Unlock(id); !errors.Is(err, staff.ErrNoPIN) {
		t.Fatal(err)
	}
}

func TestRemoveTakesWhatIsDamaged(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	kv.m["staff.pin/"+id.String()] = []byte("damaged")
	if err := p.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	removed(t, p, id)
}
