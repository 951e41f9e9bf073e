package cert

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"clinicbox/clinic"
)

// judge gives a statement to whoever would believe it.
func judge(tr *Trust, s map[string][]byte, name string, raw []byte) error {
	var err error
	switch name {
	case "issuer", "hub", "list", "ratification":
		err = tr.Add(raw)
	case "box":
		_, err = tr.Box(raw, WantBox{Name: "tram-01", Facility: facility})
	case "admin":
		_, err = tr.Member(WantMember{facility, Now}, raw)
	case "request":
		_, err = OpenPersonRequest(raw)
	case "provisional":
		_, err = tr.Member(WantMember{facility, Now}, raw, s["admin"])
	case "command":
		_, err = tr.Command(raw, Box{Name: "tram-01", Serial: serial(1)}, 3)
	case "time":
		_, err = tr.Time(raw, "tram-01", Nonce{8})
	case "history":
		_, err = Open[History](pub(issuerKey), raw)
	case "beat":
		_, err = Open[Beat](pub(9), raw)
	case "issuer-request":
		_, err = OpenIssuerRequest(raw)
	default:
		panic(name)
	}
	return err
}

func TestEachStatementHolds(t *testing.T) {
	s := statements(t)
	for name, raw := range s {
		if err := judge(trusting(t), s, name, raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTamperedAtEveryByte: no byte of any statement may change, nor any be missing
// or added.
func TestTamperedAtEveryByte(t *testing.T) {
	s := statements(t)
	for name, raw := range s {
		tr := trusting(t)
		before := tr.Statements()
		for i := range raw {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << (i % 8)
			if judge(tr, s, name, bad) == nil {
				t.Fatalf("%s: byte %d changed is believed", name, i)
			}
			if judge(tr, s, name, raw[:i]) == nil {
				t.Fatalf("%s: cut at %d is believed", name, i)
			}
		}
		if judge(tr, s, name, append(bytes.Clone(raw), 0)) == nil {
			t.Errorf("%s: one byte more is believed", name)
		}
		if !slices.EqualFunc(before, tr.Statements(), bytes.Equal) {
			t.Errorf("%s: what was refused left something behind", name)
		}
	}
}

// TestNoKindPassesForAnother gives the signed body of each kind under the head of
// every other, and each statement to each reader.
func TestNoKindPassesForAnother(t *testing.T) {
	s, added := statements(t), []string{"issuer", "hub", "list", "ratification"}
	fresh := [][]byte{s["issuer"], s["hub"], s["list"]}
	for name, raw := range s {
		for other := range s {
			if s[other][2] == raw[2] {
				continue
			}
			// Add and Member tell kinds apart by themselves.
			apart := name == "admin" && other == "provisional" || slices.Contains(added, name) && slices.Contains(added, other)
			if err := judge(must[*Trust](t)(LoadTrust(pub(rootKey), fresh)), s, other, raw); err == nil && !apart {
				t.Errorf("%s passes for %s", name, other)
			}
			moved := bytes.Clone(raw)
			moved[2] = s[other][2]
			if err := judge(must[*Trust](t)(LoadTrust(pub(rootKey), fresh)), s, other, moved); err == nil {
				t.Errorf("%s passes for %s with a changed head", name, other)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	s := statements(t)
	sign := func(n byte, v Body) []byte { t.Helper(); return must[[]byte](t)(Sign(key(n), v)) }
	id := IDOf(pub(issuerKey))
	box := must[Box](t)(Unverified[Box](s["box"]))
	admin := must[Person](t)(Unverified[Person](s["admin"]))
	request := func(n byte, role clinic.Role, at string) []byte {
		return sign(n, PersonRequest{Person: person(n), Role: role, Facility: at, Key: pub(n)})
	}
	vouch := func(by byte, v Serial, r []byte) []byte {
		return sign(by, Provisional{Serial: serial(50), Request: r, Voucher: v, HLC: 500})
	}
	doctor := s["request"]
	list := func(seq uint64, items ...Revoked) []byte {
		return sign(issuerKey, Revocations{Issuer: id, Facility: facility, Seq: seq, Items: items})
	}
	member := func(chain ...[]byte) func(*Trust) error {
		return func(tr *Trust) error { _, err := tr.Member(WantMember{facility, Now}, chain...); return err }
	}
	boxIs := func(raw []byte, w WantBox) func(*Trust) error {
		return func(tr *Trust) error { _, err := tr.Box(raw, w); return err }
	}
	command := func(raw []byte, b Box, last uint64) func(*Trust) error {
		return func(tr *Trust) error { _, err := tr.Command(raw, b, last); return err }
	}
	tests := []struct {
		name string
		add  [][]byte // before
		do   func(*Trust) error
		want error
	}{
		{"issuer of another root", nil, func(tr *Trust) error { return tr.Add(sign(thiefKey, Issuer{Name: "x", Key: pub(thiefKey), Seq: 9})) }, ErrRoot},
		{"two issuers of one number", nil, func(tr *Trust) error { return tr.Add(sign(rootKey, Issuer{Name: "x", Key: pub(thiefKey), Seq: 1})) }, ErrReplayed},
		{"hub of an unknown issuer", nil, func(tr *Trust) error {
			return tr.Add(sign(thiefKey, Hub{Issuer: IDOf(pub(thiefKey)), Name: "x", Seq: 9, Receipt: pub(8), Command: pub(8)}))
		}, ErrIssuer},
		{"hub signed by a thief in the issuer's name", nil, func(tr *Trust) error {
			return tr.Add(sign(thiefKey, Hub{Issuer: id, Name: "x", Seq: 9, Receipt: pub(8), Command: pub(8)}))
		}, ErrSignature},
		{"another hub of the same number", nil, func(tr *Trust) error {
			return tr.Add(sign(issuerKey, Hub{Issuer: id, Name: "x", Seq: 1, Receipt: pub(8), Command: pub(8)}))
		}, ErrReplayed},
		{"older list", nil, func(tr *Trust) error { return tr.Add(list(2)) }, ErrReplayed},
		{"another list of the same number", nil, func(tr *Trust) error { return tr.Add(list(3)) }, ErrReplayed},
		{"the same list", nil, func(tr *Trust) error { return tr.Add(s["list"]) }, nil},
		{"list of another facility does not count", [][]byte{sign(issuerKey, Revocations{Issuer: id, Facility: "99999", Seq: 1, Items: []Revoked{{Serial: box.Serial}}})}, boxIs(s["box"], WantBox{}), nil},
		{"certificate for another box", nil, boxIs(s["box"], WantBox{Name: "tram-02"}), ErrOtherBox},
		{"certificate for another identity", nil, boxIs(s["box"], WantBox{Identity: pub(thiefKey)}), ErrOtherBox},
		{"certificate for another facility", nil, boxIs(s["box"], WantBox{Facility: "00001"}), ErrOtherFacility},
		{"revoked box", [][]byte{list(4, Revoked{Serial: box.Serial, Reason: ReasonStolen, From: Now})}, boxIs(s["box"], WantBox{}), ErrRevoked},
		{"revoked by the centre's list", [][]byte{sign(issuerKey, Revocations{Issuer: id, Seq: 1, Items: []Revoked{{Serial: box.Serial}}})}, boxIs(s["box"], WantBox{}), ErrRevoked},
		{"later version", nil, boxIs(craft(key(issuerKey), KindBox, 2, box), WantBox{}), ErrVersion},
		{"person for a box", nil, boxIs(s["admin"], WantBox{}), ErrKind},
		{"self-made staff", nil, member(sign(thiefKey, Person{Issuer: id, Serial: serial(9), Person: person(9), Role: clinic.RoleDoctor, Facility: facility, Key: pub(thiefKey)})), ErrSignature},
		{"staff of another facility", nil, member(sign(issuerKey, Person{Issuer: id, Serial: serial(9), Person: person(9), Role: clinic.RoleDoctor, Facility: "00001", Key: pub(9)})), ErrOtherFacility},
		{"revoked person", [][]byte{list(4, Revoked{Serial: admin.Serial, From: 9000})}, member(s["admin"]), ErrRevoked},
		{"nobody vouches", nil, member(s["provisional"]), ErrVoucher},
		{"vouched by a nurse", nil, member(vouch(nurseKey, serial(8), doctor), sign(issuerKey, Person{Issuer: id, Serial: serial(8), Person: person(nurseKey), Role: clinic.RoleNurse, Facility: facility, Key: pub(nurseKey)})), ErrVoucher},
		{"vouched by an administrator elsewhere", nil, member(vouch(nurseKey, serial(8), doctor), sign(issuerKey, Person{Issuer: id, Serial: serial(8), Person: person(nurseKey), Role: clinic.RoleAdministrator, Facility: "00001", Key: pub(nurseKey)})), ErrOtherFacility},
		{"signed by a thief in the administrator's name", nil, member(vouch(thiefKey, admin.Serial, doctor), s["admin"]), ErrVoucher},
		{"administrator for a second key of his own", nil, member(vouch(adminKey, admin.Serial, sign(nurseKey, PersonRequest{Person: person(adminKey), Role: clinic.RoleDoctor, Facility: facility, Key: pub(nurseKey)})), s["admin"]), ErrVoucher},
		{"person moved to another facility by the administrator", nil, member(vouch(adminKey, admin.Serial, request(nurseKey, clinic.RoleDoctor, "00001")), s["admin"]), ErrOtherFacility},
		{"vouched when already revoked", [][]byte{list(4, Revoked{Serial: admin.Serial, From: 400})}, member(s["provisional"], s["admin"]), ErrVoucher},
		{"vouched before he left", [][]byte{list(4, Revoked{Serial: admin.Serial, From: 600})}, member(s["provisional"], s["admin"]), nil},
		{"ratified, whoever vouched", [][]byte{s["ratification"], list(4, Revoked{Serial: admin.Serial})}, member(s["provisional"], s["admin"]), nil},
		{"ratified, then revoked", [][]byte{s["ratification"], list(4, Revoked{Serial: serial(3)})}, member(s["provisional"]), ErrRevoked},
		{"ratification of other bytes", [][]byte{sign(issuerKey, Ratification{Issuer: id, Serial: serial(3), Digest: Digest{1}, Accepted: true, Facility: facility})}, member(s["provisional"]), ErrVoucher},
		{"rejected", [][]byte{sign(issuerKey, Ratification{Issuer: id, Serial: serial(3), Digest: DigestOf(s["provisional"]), Facility: facility})}, member(s["provisional"], s["admin"]), ErrRevoked},
		{"rejected after ratified", [][]byte{s["ratification"]}, func(tr *Trust) error {
			return tr.Add(sign(issuerKey, Ratification{Issuer: id, Serial: serial(3), Digest: DigestOf(s["provisional"]), Facility: facility}))
		}, ErrNotProvisional},
		{"key that the person does not have", nil, member(vouch(adminKey, admin.Serial, craft(key(thiefKey), KindPersonRequest, Version, PersonRequest{Person: person(9), Role: clinic.RoleDoctor, Facility: facility, Key: pub(doctorKey)})), s["admin"]), ErrSignature},
		{"box makes an administrator", nil, member(vouch(boxKey, box.Serial, request(nurseKey, clinic.RoleAdministrator, facility)), s["box"]), nil},
		{"box makes a doctor", nil, member(vouch(boxKey, box.Serial, doctor), s["box"]), ErrVoucher},
		{"revoked box makes an administrator", [][]byte{list(4, Revoked{Serial: box.Serial})}, member(vouch(boxKey, box.Serial, request(nurseKey, clinic.RoleAdministrator, facility)), s["box"]), ErrVoucher},
		{"box that was replaced since made an administrator", [][]byte{list(4, Revoked{Serial: box.Serial, From: 501})}, member(vouch(boxKey, box.Serial, request(nurseKey, clinic.RoleAdministrator, facility)), s["box"]), nil},
		{"a ring", nil, member(s["provisional"], s["provisional"], s["provisional"]), ErrVoucher},
		{"too long", nil, member(s["provisional"], s["provisional"], s["provisional"], s["admin"]), ErrForm},
		{"command again", nil, command(s["command"], box, 4), ErrReplayed},
		{"command for another box", nil, command(s["command"], Box{Name: "tram-02", Serial: box.Serial}, 0), ErrOtherBox},
		{"command for the box before", nil, command(s["command"], Box{Name: "tram-01", Serial: serial(40)}, 0), ErrOtherBox},
		{"command by the issuing key", nil, command(sign(issuerKey, Command{Box: "tram-01", Serial: box.Serial, Seq: 9, Op: OpErase}), box, 0), ErrSignature},
		{"time of another nonce", nil, func(tr *Trust) error { _, err := tr.Time(s["time"], "tram-01", Nonce{9}); return err }, ErrReplayed},
		{"time for another box", nil, func(tr *Trust) error { _, err := tr.Time(s["time"], "tram-02", Nonce{8}); return err }, ErrOtherBox},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := trusting(t)
			for _, raw := range tt.add {
				if err := tr.Add(raw); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.do(tr); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOldSignaturesStayValid(t *testing.T) {
	s, tr := statements(t), trusting(t)
	raw := must[[]byte](t)(Sign(key(issuerKey), Revocations{
		Issuer: IDOf(pub(issuerKey)), Facility: facility, Seq: 9,
		Items: []Revoked{{Serial: serial(2), Reason: ReasonLeft, From: 1000}},
	}))
	if err := tr.Add(raw); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[uint64]error{0: nil, 999: nil, 1000: ErrRevoked, Now: ErrRevoked} {
		if _, err := tr.Member(WantMember{facility, at}, s["admin"]); !errors.Is(err, want) {
			t.Errorf("at %d: %v, want %v", at, err, want)
		}
	}
}

func TestProvisionalIsSaid(t *testing.T) {
	s, tr := statements(t), trusting(t)
	chain := [][]byte{s["provisional"], s["admin"]}
	if m, err := tr.Member(WantMember{facility, Now}, chain...); err != nil || !m.Provisional || m.Person != person(doctorKey) {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := tr.Add(s["ratification"]); err != nil {
		t.Fatal(err)
	}
	if m, err := tr.Member(WantMember{facility, Now}, chain...); err != nil || m.Provisional || !m.Key.Equal(pub(doctorKey)) {
		t.Fatalf("%+v, %v", m, err)
	}
}

// TestStolenIssuingKey: the root withdraws it, and all that it said is gone; the
// successor's word counts, older issuers that were only replaced stay.
func TestStolenIssuingKey(t *testing.T) {
	s, tr := statements(t), trusting(t)
	next := must[[]byte](t)(Sign(key(rootKey), Issuer{Name: "Mẫu 2", Key: pub(20), Seq: 2}))
	third := must[[]byte](t)(Sign(key(rootKey), Issuer{Name: "Mẫu 3", Key: pub(21), Seq: 3, Withdraws: []KeyID{IDOf(pub(issuerKey))}}))
	if err := tr.Add(next); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Box(s["box"], WantBox{}); err != nil {
		t.Errorf("a replaced issuer's certificate: %v", err)
	}
	if err := tr.Add(third); err != nil {
		t.Fatal(err)
	}
	if _, ok := tr.Hub(); ok || tr.ListSeq(facility) != 0 {
		t.Error("what the stolen key signed is still held")
	}
	if _, err := tr.Box(s["box"], WantBox{}); !errors.Is(err, ErrIssuer) {
		t.Errorf("box of the stolen key: %v", err)
	}
	for _, name := range []string{"issuer", "hub", "list", "ratification"} {
		if err := tr.Add(s[name]); name != "issuer" && !errors.Is(err, ErrIssuer) {
			t.Errorf("%s of the stolen key: %v", name, err)
		}
	}
	v := must[Box](t)(Unverified[Box](s["box"]))
	v.Issuer = IDOf(pub(21))
	if _, err := tr.Box(must[[]byte](t)(Sign(key(21), v)), WantBox{}); err != nil {
		t.Error(err)
	}
	again, err := LoadTrust(pub(rootKey), tr.Statements())
	if err != nil || !again.Withdrawn(IDOf(pub(issuerKey))) {
		t.Errorf("the withdrawal is forgotten after a restart: %v", err)
	}
	if _, err := LoadTrust(pub(thiefKey), tr.Statements()); !errors.Is(err, ErrRoot) {
		t.Errorf("another root: %v", err)
	}
}

func TestShortValuesAreRefused(t *testing.T) {
	for name, field := range map[string]any{"short": []byte{1}, "long": make([]byte, 17), "array": []int{1, 2}} {
		raw := craft(key(commandKey), KindTime, Version, map[int]any{1: "tram-01", 2: field, 3: 1})
		if _, err := Open[Time](pub(commandKey), raw); !errors.Is(err, ErrForm) {
			t.Errorf("%s nonce: %v", name, err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	if _, err := Sign(must2(NewP256()), Time{Box: "a"}); !errors.Is(err, ErrSignature) {
		t.Errorf("P-256: %v", err)
	}
	if _, err := Sign(key(1), Box{}); !errors.Is(err, ErrForm) {
		t.Errorf("empty: %v", err)
	}
	if _, err := Sign(lying{key(1)}, Time{Box: "a"}); !errors.Is(err, ErrSignature) {
		t.Errorf("token with another key: %v", err)
	}
	items := make([]Revoked, MaxRevoked)
	for i := range items {
		rand.Read(items[i].Serial[:])
		items[i].From, items[i].Size, items[i].Reason = 1<<62, 1<<40, ReasonLeft
	}
	if _, err := Sign(key(1), Revocations{Seq: 1, Items: items}); err != nil {
		t.Errorf("a full list: %v", err)
	}
}
