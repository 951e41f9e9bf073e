package staff_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/staff"
)

// memory is a staff.KV that can fail in both ways and notes the order of writes.
type memory struct {
	mu      sync.Mutex
	m       map[string][]byte
	puts    []string
	fail    int // number of the Put that fails, counted from 1; 0 = none
	applied bool
}

var errDisk = errors.New("disk")

func newMemory() *memory { return &memory{m: map[string][]byte{}} }

func (k *memory) Get(bucket, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Clone(k.m[bucket+"/"+key]), nil
}

func (k *memory) Put(bucket, key string, v []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.puts = append(k.puts, bucket)
	if k.fail > 0 {
		k.fail--
		if k.fail == 0 {
			if k.applied {
				k.m[bucket+"/"+key] = bytes.Clone(v)
			}
			return errDisk
		}
	}
	k.m[bucket+"/"+key] = bytes.Clone(v)
	return nil
}

const right, wrong = "480257", "480258"

// cheap makes the hashes of tests cost little; the costs have a test of their own.
func cheap() staff.Opts {
	o := staff.DefaultOpts()
	o.Params = staff.Params{Time: 1, Memory: 8, Threads: 1}
	o.Pause = func(int) time.Duration { return 0 }
	return o
}

func set(t *testing.T, kv staff.KV, o staff.Opts) (*staff.Pins, clinic.ID) {
	t.Helper()
	p, id := staff.New(kv, o), clinic.NewID()
	if err := p.Set(t.Context(), id, right, nil); err != nil {
		t.Fatal(err)
	}
	return p, id
}

func check(t *testing.T, p *staff.Pins, id clinic.ID, pin string, want clinic.PINResult, left int) {
	t.Helper()
	v, err := p.Check(t.Context(), id, pin, false)
	if err != nil || v.Result != want || v.Left != left {
		t.Fatalf("got %+v, %v; want result %d with %d left", v, err, want, left)
	}
}

func TestElevenWrongTries(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	check(t, p, clinic.NewID(), right, clinic.PINUnset, 0)
	for i := range 3 { // wrong ones are forgotten after a right one
		check(t, p, id, wrong, clinic.PINWrong, 9-i)
	}
	check(t, p, id, right, clinic.PINRight, 10)
	for i := range 10 {
		if i%3 == 2 {
			p = staff.New(kv, cheap()) // a restart buys nothing
		}
		check(t, p, id, wrong, clinic.PINWrong, 9-i)
	}
	check(t, p, id, right, clinic.PINLocked, 0)
	check(t, staff.New(kv, cheap()), id, right, clinic.PINLocked, 0)
	if err := p.Unlock(id); err != nil {
		t.Fatal(err)
	}
	check(t, p, id, right, clinic.PINRight, 10)
	if err := p.Unlock(clinic.NewID()); !errors.Is(err, staff.ErrNoPIN) {
		t.Fatalf("unlocking nobody: %v", err)
	}
}

func TestMissingCounterIsLocked(t *testing.T) {
	for _, damage := range [][]byte{nil, {}, {11}, {255}, {0, 0}} {
		kv := newMemory()
		p, id := set(t, kv, cheap())
		kv.m["staff.tries/"+id.String()] = damage
		check(t, p, id, right, clinic.PINLocked, 0)
		if err := p.Unlock(id); err != nil {
			t.Fatal(err)
		}
		check(t, p, id, right, clinic.PINRight, 10)
	}
}

// The try is on disk before the PIN is looked at: a cut at any write never gives
// back a try, and a failed write lets nobody in.
func TestCountedBeforeTheAnswer(t *testing.T) {
	for _, applied := range []bool{false, true} {
		kv := newMemory()
		p, id := set(t, kv, cheap())
		kv.fail, kv.applied = 1, applied
		if v, err := p.Check(t.Context(), id, right, false); !errors.Is(err, errDisk) || v.Result == clinic.PINRight {
			t.Fatalf("applied %v: the count failed, the answer is %+v, %v", applied, v, err)
		}
		kv.fail = 2 // forgetting the tries fails
		if v, err := p.Check(t.Context(), id, right, false); !errors.Is(err, errDisk) || v.Result == clinic.PINRight {
			t.Fatalf("applied %v: the reset failed, the answer is %+v, %v", applied, v, err)
		}
		for range 9 {
			if _, err := p.Check(t.Context(), id, wrong, false); err != nil {
				t.Fatal(err)
			}
		}
		v, err := p.Check(t.Context(), id, right, false)
		if applied && v.Result != clinic.PINRight || !applied && v.Result != clinic.PINLocked || err != nil {
			// Not applied: the one that was counted before the failed reset stays,
			// nine wrong ones after it make ten. Applied: the reset took it.
			t.Fatalf("applied %v: %+v, %v", applied, v, err)
		}
	}
}

func TestSetFails(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := 1; n <= 3; n++ {
			kv := newMemory()
			p, id := set(t, kv, cheap())
			kv.fail, kv.applied = n, applied
			if err := p.Set(t.Context(), id, "739105", nil); !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			pin := right
			if n == 3 && applied {
				pin = "739105"
			}
			check(t, p, id, pin, clinic.PINRight, 10)
		}
	}
	kv := newMemory()
	if _, id := set(t, kv, cheap()); !slices.Equal(kv.puts, []string{"staff.tries", "staff.strangers", "staff.pin"}) {
		t.Fatalf("written in the order %v for %v", kv.puts, id.IsZero())
	}
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheap()
		o.Pause = staff.DefaultPause
		kv := newMemory()
		p, id := set(t, kv, o)
		start := time.Now()
		for i := range 10 {
			v, err := p.Check(t.Context(), id, wrong, false)
			for err == nil && v.Result == clinic.PINWait {
				if v.Left != 10-i || v.Wait > 16*time.Second {
					t.Fatalf("%+v", v)
				}
				time.Sleep(v.Wait)
				v, err = p.Check(t.Context(), id, wrong, false)
			}
			if err != nil || v.Result != clinic.PINWrong || v.Left != 9-i {
				t.Fatalf("try %d: %+v, %v", i+1, v, err)
			}
		}
		if took := time.Since(start); took != 31*time.Second {
			t.Errorf("ten tries took %v", took)
		}
		if v, _ := p.Check(t.Context(), id, right, false); v.Result != clinic.PINLocked {
			t.Errorf("the eleventh gave %+v", v)
		}
	})
}

func TestRestartKeepsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheap()
		kv := newMemory()
		p, id := set(t, kv, o)
		for i := range 7 {
			check(t, p, id, wrong, clinic.PINWrong, 9-i)
		}
		o.Pause = staff.DefaultPause
		p = staff.New(kv, o)
		if v, _ := p.Check(t.Context(), id, right, false); v.Result != clinic.PINWait || v.Wait != 4*time.Second {
			t.Fatalf("%+v", v)
		}
		time.Sleep(4 * time.Second)
		check(t, p, id, right, clinic.PINRight, 10)
	})
}

func TestAtOnce(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	var mu sync.Mutex
	got := map[clinic.PINResult]int{}
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			v, err := p.Check(context.Background(), id, wrong, false)
			mu.Lock()
			defer mu.Unlock()
			got[v.Result]++
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got[clinic.PINWrong] != 10 || got[clinic.PINLocked] != 30 {
		t.Fatalf("40 at once compared %d PINs", got[clinic.PINWrong])
	}
}

func TestWeakPINs(t *testing.T) {
	p := staff.New(newMemory(), cheap())
	for _, pin := range []string{
		"", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456", "654321", "000000", "111112", "211111", "121212",
		"123123", "112233", "789012", "987654", "098765", "012345", " 48025", "48025７",
	} {
		if err := p.Set(t.Context(), clinic.NewID(), pin, nil); err == nil {
			t.Errorf("%q was taken", pin)
		}
	}
}

func TestCancelledSpendsNoTry(t *testing.T) {
	p, id := set(t, newMemory(), cheap())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Check(ctx, id, wrong, false); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	check(t, p, id, wrong, clinic.PINWrong, 9)
}

func TestNothingInClear(t *testing.T) {
	kv := newMemory()
	_, a := set(t, kv, cheap())
	_, b := set(t, kv, cheap())
	va, vb := kv.m["staff.pin/"+a.String()], kv.m["staff.pin/"+b.String()]
	if bytes.Equal(va, vb) || bytes.Contains(va, []byte(right)) {
		t.Fatal("one PIN of two people is kept alike, or in clear")
	}
}

// TestLookSpendsNoTry: how often somebody looks at the list of the staff, no PIN
// comes nearer to its lock.
func TestLookSpendsNoTry(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	look := func(who clinic.ID, want clinic.PINResult, left int) {
		t.Helper()
		if v, err := p.Look(who); err != nil || v.Result != want || v.Left != left {
			t.Fatalf("%+v, %v; want %d, %d left", v, err, want, left)
		}
	}
	for range 2 * staff.MaxWrong {
		look(id, clinic.PINRight, staff.MaxWrong)
	}
	look(clinic.NewID(), clinic.PINUnset, 0)
	check(t, p, id, wrong, clinic.PINWrong, 9)
	look(id, clinic.PINRight, 9)
	delete(kv.m, "staff.tries/"+id.String())
	look(id, clinic.PINLocked, 0)
	kv.m["staff.pin/"+id.String()] = []byte("damaged")
	look(id, clinic.PINLocked, 0) // one damaged PIN does not take the list away
}

func TestDamagedVerifierLetsNobodyIn(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	good := kv.m["staff.pin/"+id.String()]
	for i := range 10 { // version, costs: each byte set to its largest
		bad := bytes.Clone(good)
		bad[i] = 0xff
		kv.m["staff.pin/"+id.String()] = bad
		v, err := p.Check(t.Context(), id, right, false)
		if v.Result == clinic.PINRight || err != nil && !errors.Is(err, staff.ErrVerifier) {
			t.Errorf("byte %d: %+v, %v", i, v, err)
		}
	}
	kv.m["staff.pin/"+id.String()] = good[:len(good)-1]
	if _, err := p.Check(t.Context(), id, right, false); !errors.Is(err, staff.ErrVerifier) {
		t.Error(err)
	}
}

func TestDefaultCosts(t *testing.T) {
	kv := newMemory()
	_, id := set(t, kv, cheap())
	if d := staff.DefaultParams(); d.Memory > 64<<10 || d.Memory < 19<<10 || d.Time < 2 {
		t.Fatalf("%+v: above what a Pi 3 can spare, or below OWASP's least", d)
	}
	o := cheap()
	o.Params = staff.DefaultParams()
	before := kv.m["staff.pin/"+id.String()]
	p := staff.New(kv, o)
	check(t, p, id, right, clinic.PINRight, 10) // made cheaply, renewed at the log-in
	if bytes.Equal(before, kv.m["staff.pin/"+id.String()]) {
		t.Fatal("the verifier kept its old costs")
	}
	check(t, p, id, right, clinic.PINRight, 10)
	check(t, p, id, wrong, clinic.PINWrong, 9)
}
