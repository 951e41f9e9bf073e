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
