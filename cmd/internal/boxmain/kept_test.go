package boxmain

import (
	"encoding/binary"
	"testing"

	"clinicbox/store/storetest"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// TestKeptCursor: the leaf hash beside the cursor counts for its own place only; an
// older program that moves the cursor leaves one that is of no use, not a wrong one.
func TestKeptCursor(t *testing.T) {
	k := keeper{storetest.Open(t).State()}
	want := outbox.Cursor{Epoch: wire.Epoch{1, 2}, Next: 40, Last: wire.Nonce{3, 4}}
	if err := k.SaveCursor(want); err != nil {
		t.Fatal(err)
	}
	if _, c, err := k.Load(); err != nil || c != want {
		t.Fatalf("%+v %v", c, err)
	}
	older := binary.BigEndian.AppendUint64(append([]byte(nil), want.Epoch[:]...), 41)
	if err := k.state.Put(bucketSync, "cursor", older); err != nil {
		t.Fatal(err)
	}
	if _, c, err := k.Load(); err != nil || c.Next != 41 || c.Last != (wire.Nonce{}) {
		t.Fatalf("%+v %v", c, err)
	}
}

// TestKeptUntold: what the centre was not told of survives, is 0 as well, and ends.
func TestKeptUntold(t *testing.T) {
	i := intake{storetest.Open(t)}
	want := func(n uint64, is bool) {
		t.Helper()
		if got, has, err := i.LoadUntold(); err != nil || has != is || got != n {
			t.Fatalf("%d %v %v, want %d %v", got, has, err, n, is)
		}
	}
	want(0, false)
	for _, n := range []uint64{0, 77} {
		if err := i.SaveUntold(n, true); err != nil {
			t.Fatal(err)
		}
		want(n, true)
	}
	for range 2 {
		if err := i.SaveUntold(0, false); err != nil {
			t.Fatal(err)
		}
		want(0, false)
	}
}
