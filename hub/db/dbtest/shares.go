package dbtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Shares keeps what boxes of one facility have of each other.
type Shares interface {
	Admit(ctx context.Context, m hub.Member, at time.Time) (changed bool, err error)
	Sharing(ctx context.Context, box string, after *hub.Sharing, n int) ([]hub.Sharing, error)
	StreamEntries(ctx context.Context, stream int64, from uint64, n int) ([]hub.Entry, error)
	Share(ctx context.Context, s *hub.Sharing, next uint64, es []hub.Share, unread []uint64) error
	Unshared(ctx context.Context, after *hub.Unshared, n int) ([]hub.Unshared, error)
	ShareRead(ctx context.Context, s *hub.Sharing, index uint64, es []hub.Share) error
	Owed(ctx context.Context, box string, held hub.Ranks, n int) ([]hub.Owed, error)
	OwedCount(ctx context.Context, box string) (int, error)
	Delivered(ctx context.Context, box string, es []hub.Owed, received uint64) error
	Receded(ctx context.Context, box string, received uint64) (int64, error)
}

// admit certifies a box: name, serial and facility, with blanks between.
func admit(t *testing.T, d DB, who string) {
	t.Helper()
	f := strings.Fields(who)
	name, serial, facility := f[0], f[1], f[2]
	_, err := d.Admit(t.Context(), hub.Member{
		Name: name, Serial: serial, Keys: hub.Keys{Identity: [32]byte([]byte(fmt.Sprintf("%-32s", name+serial))), HPKE: []byte(serial)},
		Facility: clinic.Facility{Code: facility, Box: name},
	}, At(0))
	must(t, err)
}

// pairsOf are the streams to be looked through, as target<source.
func pairsOf(t *testing.T, d DB, box string) (out []string) {
	t.Helper()
	ss, err := d.Sharing(t.Context(), box, &hub.Sharing{}, 100)
	must(t, err)
	for _, s := range ss {
		out = append(out, fmt.Sprintf("%s<%s %d/%d", s.Box, s.From, s.Next, s.Size))
	}
	return out
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
}

// testShares: boxes of one facility, by their certificates, have each other's streams;
// others none.
func testShares(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	admit(t, d, "a 1 22736")
	admit(t, d, "b 1 22736")
	admit(t, d, "c 1 99999")
	add(t, d, "hand") // by hand: what it says of its facility proves nothing
	m := &Maker{Box: "a", Epoch: Epoch()}
	must(t, d.Append(ctx, m.Next(3)))
	told := (&Maker{Box: "hand", Epoch: Epoch()}).Next(2)
	told.Facility = &clinic.Facility{Code: "22736", Box: "hand"}
	must(t, d.Append(ctx, told))
	lies := (&Maker{Box: "c", Epoch: Epoch()}).Next(1)
	lies.Facility = &clinic.Facility{Code: "22736", Box: "c"}
	must(t, d.Append(ctx, lies))
	d = open(t)
	same(t, pairsOf(t, d, ""), "b<a 0/3")
	same(t, pairsOf(t, d, "a"), "b<a 0/3")
	same(t, pairsOf(t, d, "c"))
	ss, err := d.Sharing(ctx, "", &hub.Sharing{}, 10)
	must(t, err)
	s := ss[0]
	es, err := d.StreamEntries(ctx, s.Stream, 1, 10)
	must(t, err)
	if len(es) != 2 || es[0].Index != 1 || es[0].Kind != clinic.KindVitals || len(es[0].Bytes) == 0 {
		t.Fatalf("%+v", es)
	}
	must(t, d.Share(ctx, &s, 3, []hub.Share{{Index: 0, Rank: 9}, {Index: 1, Rank: 5}}, []uint64{2}))
	isErr(t, d.Share(ctx, &s, 3, nil, nil), hub.ErrMoved)
	d = open(t)
	same(t, pairsOf(t, d, ""))
	owed, err := d.Owed(ctx, "b", hub.Ranks{}, 10)
	must(t, err)
	if len(owed) != 2 || owed[0].Index != 1 || owed[1].Rank != 9 || string(owed[0].Bytes) != string(es[0].Bytes) || owed[0].Salt != es[0].Salt {
		t.Fatalf("%+v", owed)
	}
	for held, want := range map[hub.Ranks]int{{From: 5, To: 9}: 1, {From: 6, To: 9}: 2, {From: 9, To: 1 << 50}: 1, {From: 0, To: 10}: 0} {
		if es, err := d.Owed(ctx, "b", held, 10); err != nil || len(es) != want {
			t.Fatalf("%v held: %+v %v", held, es, err)
		}
	}
	pending, err := d.Pending(ctx)
	must(t, err)
	same(t, pending, "b")
	must(t, d.Delivered(ctx, "b", owed[:1], 40))
	must(t, d.Delivered(ctx, "b", owed[:1], 50)) // twice: the first time counts
	for received, want := range map[uint64]int64{50: 0, 40: 0} {
		if n, err := d.Receded(ctx, "b", received); n != want || err != nil {
			t.Fatal(received, n, err)
		}
	}
	if n, err := d.Receded(ctx, "b", 39); n != 1 || err != nil {
		t.Fatal("a restored box does not get what it lost: ", n, err)
	}
	if n, err := d.OwedCount(ctx, "b"); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	must(t, d.Delivered(ctx, "b", owed[:1], 40))
	if n, err := d.OwedCount(ctx, "b"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	us, err := d.Unshared(ctx, &hub.Unshared{}, 99)
	must(t, err)
	if len(us) != 1 || us[0].Box != "b" || us[0].From != "a" || us[0].Entry.Index != 2 {
		t.Fatalf("%+v", us)
	}
	must(t, d.ShareRead(ctx, &us[0].Sharing, 2, []hub.Share{{Index: 2, Rank: 1}}))
	must(t, d.ShareRead(ctx, &us[0].Sharing, 2, []hub.Share{{Index: 2, Rank: 7}})) // once only
	if owed, err = d.Owed(ctx, "b", hub.Ranks{}, 1); err != nil || owed[0].Index != 2 || owed[0].Rank != 1 {
		t.Fatalf("%+v %v", owed, err)
	}
	must(t, d.Append(ctx, m.Next(2)))
	same(t, pairsOf(t, d, "b"), "b<a 3/5")
	newEpoch(t, d)
}

// newEpoch: the box goes on in a new epoch, and what it has at the same place was looked at.
func newEpoch(t *testing.T, d DB) {
	t.Helper()
	ctx := t.Context()
	again := (&Maker{Box: "a", Epoch: hub.Epoch{7}}).Of([]byte("a entry"), []byte("another"))
	must(t, d.Append(ctx, again))
	ss, err := d.Sharing(ctx, "b", &hub.Sharing{}, 10)
	must(t, err)
	es, err := d.StreamEntries(ctx, ss[len(ss)-1].Stream, 0, 10)
	must(t, err)
	if len(ss) != 2 || len(es) != 2 || es[0].Bytes != nil || es[1].Bytes == nil {
		t.Fatalf("%+v %+v", ss, es)
	}
}

// testReplaced: a machine in another's place gets what that one had sent, and all that
// the facility has; one that was revoked, or moved to another facility, nothing.
func testReplaced(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	admit(t, d, "a 1 22736")
	admit(t, d, "b 1 22736")
	must(t, d.Append(ctx, (&Maker{Box: "a", Epoch: Epoch()}).Next(3)))
	must(t, d.Append(ctx, (&Maker{Box: "b", Epoch: Epoch()}).Next(2)))
	same(t, pairsOf(t, d, ""), "a<b 0/2", "b<a 0/3")
	ss, err := d.Sharing(ctx, "", &hub.Sharing{}, 10)
	must(t, err)
	for i := range ss {
		must(t, d.Share(ctx, &ss[i], ss[i].Size, []hub.Share{{Index: 0, Rank: 1}}, []uint64{1}))
	}
	admit(t, d, "a 2 22736")
	d = open(t)
	if n, err := d.OwedCount(ctx, "a"); n != 0 || err != nil {
		t.Fatal("the old machine's shares are the new one's: ", n, err)
	}
	must(t, d.Append(ctx, (&Maker{Box: "a", Epoch: hub.Epoch{2}}).Next(1)))
	same(t, pairsOf(t, d, ""), "a<a 0/3", "a<b 0/2", "b<a 0/1")
	isErr(t, d.Share(ctx, &ss[1], 9, nil, nil), hub.ErrMoved)
	admit(t, d, "a 3 99999")
	same(t, pairsOf(t, d, ""), "b<a 0/1")
	_, err = d.Admit(ctx, hub.Member{
		Name: "b", Serial: "1", Keys: hub.Keys{Identity: [32]byte([]byte(fmt.Sprintf("%-32s", "b1"))), HPKE: []byte("1")}, Revoked: 1,
		Facility: clinic.Facility{Code: "22736", Box: "b"},
	}, At(1))
	must(t, err)
	same(t, pairsOf(t, d, ""))
}
