package db_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/internal/entry"
)

func TestAuthorityContract(t *testing.T) {
	dir := ""
	store := func(t *testing.T) authority.Store { return open(t, dir).Authority() }
	authoritytest.Run(t, func(t *testing.T) authority.Store {
		dir = t.TempDir()
		return store(t)
	}, store)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func member(serial string) hub.Member {
	return hub.Member{
		Name: "a", Serial: serial, Keys: hub.Keys{Identity: [32]byte{serial[0]}, HPKE: []byte{serial[0]}},
		Facility: clinic.Facility{Code: "22736", Box: "a"},
	}
}

func TestAdmitExchangesKeys(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	admit := func(m hub.Member, want bool) hub.Box {
		t.Helper()
		changed, err := d.Admit(ctx, m, dbtest.At(1))
		if err != nil || changed != want {
			t.Fatal(changed, err)
		}
		b, err := d.Box(ctx, "a")
		must(t, err)
		return b
	}
	one := admit(member("1"), true)
	admit(member("1"), false)
	must(t, d.Append(ctx, (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(5)))
	last, err := d.Push(ctx, "a", []hub.Down{{Bytes: []byte{1}, Leaf: clinic.Leaf{1}}})
	must(t, err)
	must(t, d.Acked(ctx, "a", one.DownEpoch, last, dbtest.At(2)))
	ended := member("1")
	ended.Revoked = 1
	if b := admit(ended, true); b.Revoked != 1 {
		t.Fatal(b)
	}
	more := (&dbtest.Maker{Box: "a", Epoch: hub.Epoch{9}}).Next(1)
	if err := d.Append(ctx, more); !errors.Is(err, hub.ErrRevoked) {
		t.Fatal("stored of a revoked box", err)
	}
	b := admit(member("2"), true)
	if b.Revoked != 0 || b.Serial != "2" || b.Keys.Identity[0] != '2' || b.DownEpoch != one.DownEpoch || b.Facility.Code != "22736" {
		t.Fatalf("%+v", b)
	}
	if p, err := d.Pending(ctx); err != nil || len(p) != 1 {
		t.Fatalf("the new machine has nothing yet: %v %v", p, err)
	}
	if ss, err := d.Streams(ctx, "a"); err != nil || len(ss) != 1 || ss[0].Size != 5 {
		t.Fatalf("the old machine's stream: %+v %v", ss, err)
	}
	if _, err := d.Admit(ctx, hub.Member{Name: "../x"}, dbtest.At(1)); !errors.Is(err, hub.ErrBoxName) {
		t.Fatal(err)
	}
}

// TestNameGoesToAnotherFacility: what was queued for the facility that had the name of a
// box is nothing for the next one, and is told to it anew.
func TestNameGoesToAnotherFacility(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	admit := func(serial, facility string) hub.DownState {
		t.Helper()
		m := member(serial)
		m.Facility.Code = facility
		if _, err := d.Admit(ctx, m, dbtest.At(1)); err != nil {
			t.Fatal(err)
		}
		st, err := d.DownState(ctx, "a")
		must(t, err)
		return st
	}
	tell := func() int {
		t.Helper()
		n, err := d.Tell(ctx, "a", [][32]byte{{1}}, func(int) (hub.Down, error) { return hub.Down{Bytes: []byte{1}, Leaf: clinic.Leaf{1}}, nil })
		must(t, err)
		return n
	}
	one := admit("1", "22736")
	_, err := d.Push(ctx, "a", []hub.Down{{Bytes: []byte("of a patient"), Leaf: clinic.Leaf{9}}})
	must(t, err)
	if tell() != 1 || tell() != 0 {
		t.Fatal("not told, or twice")
	}
	if same := admit("2", "22736"); same.Epoch != one.Epoch || same.Last != 2 || tell() != 0 {
		t.Fatalf("a machine in the place of one of the same facility: %+v", same)
	}
	other := admit("3", "99999")
	if ds, err := d.Downs(ctx, "a", 0, 9); err != nil || len(ds) != 0 {
		t.Errorf("another facility gets %d entries of the one before: %v", len(ds), err)
	}
	if other.Epoch == one.Epoch || other.Last != 0 || other.Acked != 0 {
		t.Errorf("the stream goes on: %+v, was %+v", other, one)
	}
	if tell() != 1 {
		t.Error("what the box before was told, this one is not")
	}
}

// TestBoxDoesNotChooseItsFacility: what its certificate says stays, whatever it tells.
func TestBoxDoesNotChooseItsFacility(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	_, err := d.Admit(ctx, member("1"), dbtest.At(1))
	must(t, err)
	b := (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(1)
	b.Facility = &clinic.Facility{Code: "99999", Name: "Trạm Mẫu", Box: "b", Book: "z"}
	must(t, d.Append(ctx, b))
	got, err := d.Box(ctx, "a")
	if err != nil || got.Facility.Code != "22736" || got.Facility.Box != "a" || got.Facility.Book != "" || got.Facility.Name != "Trạm Mẫu" {
		t.Fatalf("%+v %v", got.Facility, err)
	}
}

func TestTellIsOnce(t *testing.T) {
	dir := t.TempDir()
	d, ctx := open(t, dir), t.Context()
	must(t, d.AddBox(ctx, "a", dbKeys(), dbtest.At(0)))
	salt := byte(0)
	encode := func(i int) (hub.Down, error) {
		salt++ // another leaf each time, as a fresh salt gives
		return hub.Down{Bytes: []byte{byte(i)}, Leaf: clinic.Leaf{salt}}, nil
	}
	stop := errors.New("stop")
	digests := [][32]byte{{1}, {2}}
	if _, err := d.Tell(ctx, "a", digests, func(i int) (hub.Down, error) {
		if i == 1 {
			return hub.Down{}, stop
		}
		return encode(i)
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0, 1} {
		if i == 2 {
			d, digests = open(t, dir), append(digests, [32]byte{3})
		}
		if n, err := d.Tell(ctx, "a", digests, encode); err != nil || n != want {
			t.Fatal(i, n, err)
		}
	}
	if ds, err := d.Downs(ctx, "a", 0, 9); err != nil || len(ds) != 3 || ds[2].Bytes[0] != 2 {
		t.Fatal(ds, err)
	}
}

func TestBeatsAreNotRepeated(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	beat := func(boot byte, n uint64, want bool) {
		t.Helper()
		fresh, err := d.Beat(ctx, hub.Beat{Box: "a", Serial: "s", Boot: [16]byte{boot}, N: n, At: dbtest.At(int(n)), State: 2, Obeyed: n})
		if err != nil || fresh != want {
			t.Fatal(boot, n, fresh, err)
		}
	}
	beat(1, 1, true)
	beat(1, 3, true)
	beat(1, 3, false)
	beat(1, 2, false)
	beat(2, 1, true)
	beat(1, 3, false) // of an earlier start
	beat(2, 2, true)
	all, err := d.Beats(ctx)
	if b := all["s"]; err != nil || len(all) != 1 || b.Boot[0] != 2 || b.N != 2 || b.Obeyed != 2 || !b.At.Equal(dbtest.At(2)) {
		t.Fatalf("%+v %v", all, err)
	}
	for i := range 300 {
		_, err := d.Beat(ctx, hub.Beat{Box: "a", Serial: "s", Boot: [16]byte{3, byte(i), byte(i >> 8)}, N: 1})
		must(t, err)
	}
	if fresh, err := d.Beat(ctx, hub.Beat{Box: "a", Serial: "s", Boot: [16]byte{3, 43, 1}, N: 1}); err != nil || fresh {
		t.Fatal("one of the last 256 starts is forgotten", err)
	}
}

func TestCredentialsAreScannedOnce(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	must(t, d.AddBox(ctx, "a", dbKeys(), dbtest.At(0)))
	b := (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(8)
	for _, i := range []int{2, 5} {
		b.Entries[i].Kind = clinic.KindCredential
	}
	b.Entries[6].Kind = clinic.KindEscrow
	b.Entries[1].Kind, b.Entries[7].Kind = clinic.KindMachine, clinic.KindMachine
	must(t, d.Append(ctx, b))
	found, err := d.Unscanned(ctx, 9)
	if err != nil || len(found) != 2 || found[0].Index != 2 || found[1].Box != "a" || found[1].Epoch != b.Epoch ||
		entry.LeafHash(entry.Salt(found[0].Salt), found[0].Bytes) != found[0].Leaf {
		t.Fatalf("%+v %v", found, err)
	}
	c := hub.Credential{
		Digest: "d", Box: "a", Index: 2, At: dbtest.At(1), Person: clinic.ID{1}, Role: clinic.RoleNurse, Facility: "22736",
		Request: []byte{1}, Chain: [][]byte{{2}, {3}}, Problem: "x",
	}
	must(t, d.Scanned(ctx, found[:1], []hub.Credential{c, c}))
	if rest, err := d.Unscanned(ctx, 9); err != nil || len(rest) != 1 || rest[0].Index != 5 {
		t.Fatalf("%+v %v", rest, err)
	}
	must(t, d.Scanned(ctx, found, []hub.Credential{c}))
	got, err := d.Credentials(ctx, "22736")
	if err != nil || len(got) != 1 || got[0].Person != c.Person || len(got[0].Chain) != 2 || got[0].Problem != "x" || got[0].Role != c.Role {
		t.Fatalf("%+v %v", got, err)
	}
	must(t, d.EndCredential(ctx, "d"))
	if got, err := d.Credentials(ctx, ""); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	if err := d.EndCredential(ctx, "none"); !errors.Is(err, hub.ErrCredential) {
		t.Fatal(err)
	}
	if es, err := d.MachineEvents(ctx, "a", 9); err != nil || len(es) != 2 || es[0].Index != 7 || es[1].Index != 1 {
		t.Fatalf("%+v %v", es, err)
	}
	if es, err := d.Escrows(ctx, "a", 9); err != nil || len(es) != 1 || es[0].Index != 6 {
		t.Fatalf("%+v %v", es, err)
	}
}

// TestSearchesByKindUseTheirIndex: a centre has millions of entries.
func TestSearchesByKindUseTheirIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	d, err := db.Open(t.Context(), path)
	must(t, err)
	defer d.Close()
	raw, err := sql.Open("sqlite", path)
	must(t, err)
	defer raw.Close()
	for kind, want := range map[string]string{"4": "credential_entries", "6": "machine_entries", "7": "escrow_entries"} {
		rows, err := raw.Query(`EXPLAIN QUERY PLAN SELECT e.idx FROM entries e JOIN streams s ON s.id=e.stream
			LEFT JOIN scanned c ON c.stream=e.stream WHERE e.kind=` + kind + ` AND e.idx >= COALESCE(c.next,0) ORDER BY e.stream, e.idx LIMIT 9`)
		must(t, err)
		plan := ""
		for rows.Next() {
			var a, b, c int
			var line string
			must(t, rows.Scan(&a, &b, &c, &line))
			plan += line + "\n"
		}
		rows.Close()
		if !strings.Contains(plan, want) {
			t.Error(plan)
		}
	}
}
