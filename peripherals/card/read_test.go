package card_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/peripherals/card"
	"clinicbox/peripherals/sim"
)

// authority is made once: keys of issuers are slow to make.
var authority = sync.OnceValue(func() *sim.CardAuthority {
	a, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "brainpoolP256r1"})
	if err != nil {
		panic(err)
	}
	return a
})

func holder() clinic.Patient {
	return clinic.Patient{
		Name: "Nguyễn Thị Thử", Birth: clinic.Date{Year: 1990, Month: 2, Day: 1}, Sex: clinic.SexFemale,
		Address: "Thôn Thử, Xã Thử, Tỉnh Thử",
	}
}

const holderNumber = "001190000007"

func spec() sim.CardSpec {
	p := holder()
	return sim.CitizenCard(&p, holderNumber, authority())
}

func write(t testing.TB, s sim.CardSpec, f sim.CardFaults) *sim.Card {
	t.Helper()
	c, err := sim.NewCard(s, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func key(t testing.TB, s sim.CardSpec) card.Key {
	t.Helper()
	k, err := card.KeyOf(s.Number, s.Birth, s.Expiry)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func roots(t testing.TB, issuer string, a *sim.CardAuthority) *card.Roots {
	t.Helper()
	r := &card.Roots{}
	if err := r.Add(issuer, a.Root); err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t testing.TB, c *sim.Card, k card.Key, o card.Opts) *card.Reading {
	t.Helper()
	r, err := card.Read(t.Context(), c, k, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var day = sync.OnceValue(func() time.Time { return time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) })

// TestGenuineCard reads a card as Viet Nam issues them: no command for the master file,
// DG3 for others.
func TestGenuineCard(t *testing.T) {
	s := spec()
	s.Details = map[int]string{0x5F0E: "NGUYEN<<THI<THU", 0x5F10: holderNumber}
	c := write(t, s, sim.CardFaults{NoMaster: true, Missing: []int{11}, Refused: []int{3}})
	r := read(t, c, key(t, s), card.Opts{Roots: roots(t, "VNM", authority()), At: day()})
	if r.Access != card.PACE || r.Proof.Verdict != card.Genuine || r.Commands != c.Commands() || r.Commands >= 50 || c.Air() > 1500*time.Millisecond {
		t.Errorf("%s, %+v, %d commands, %v", r.Access, r.Proof, r.Commands, c.Air())
	}
	for _, step := range r.Proof.Steps {
		if step.Outcome != card.Held {
			t.Errorf("%+v", step)
		}
	}
	got, want := r.Patient(day()), holder()
	if got.Name != want.Name || got.Birth != want.Birth || got.Sex != want.Sex || got.Address != want.Address ||
		got.Source != clinic.SourceChip || got.Issued != (clinic.Date{Year: 2021, Month: 3, Day: 14}) ||
		!slices.Equal(got.Identifiers, []clinic.Identifier{{System: clinic.SystemCitizen, Value: holderNumber}}) {
		t.Errorf("%+v", got)
	}
	if r.Citizen[card.ItemParents][1] != "Người Mẹ" || r.MRZ.Issuer != "VNM" || r.MRZ.Optional != holderNumber {
		t.Errorf("%v %v", r.Citizen[card.ItemParents], r.MRZ.Issuer)
	}
	states := map[int]card.State{}
	for _, f := range r.Files {
		states[f.Group] = f.State
	}
	if strings.Contains(fmt.Sprint(r.Files), strings.Trim(fmt.Sprint([]byte("NGUYEN")), "[]")) {
		t.Error("the list of files prints their bytes")
	}
	if states[11] != card.StateMissing || states[1] != card.StateRead || len(states) != 5 {
		t.Errorf("%v", states)
	}
}

// TestEachWayIn opens cards by each protocol, with the zone and with the CAN, through
// readers and cards of each kind.
func TestEachWayIn(t *testing.T) {
	ways := map[string]func(*sim.CardSpec){
		"bac":                 func(s *sim.CardSpec) { s.PACE = nil },
		"3des, P-256":         func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 1, Parameter: 12}} },
		"aes-128, P-256":      func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 2, Parameter: 12}} },
		"aes-192, brainpool":  func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 3, Parameter: 13}} },
		"aes-256, P-256":      func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 4, Parameter: 12}} },
		"aes-256, large":      func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 4, Parameter: 17}} },
		"3des, brainpool":     func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 1, Parameter: 13}} },
		"two curves":          func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 2, Parameter: 12}, {Suite: 2, Parameter: 13}} },
		"one that is unknown": func(s *sim.CardSpec) { s.PACE = []sim.PACEOffer{{Suite: 2, Parameter: 12}, {Suite: 4, Parameter: 2}} },
	}
	faults := map[string]sim.CardFaults{
		"": {}, "strict": {StrictEnd: true}, "bare": {Bare: true, Missing: []int{13}}, "halves": {Halves: true}, "short": {ShortOnly: true},
	}
	for name, change := range ways {
		for kind, f := range faults {
			for _, extended := range []bool{false, true} {
				if name != "bac" && name != "two curves" && (extended || kind != "") {
					continue
				}
				t.Run(strings.Join([]string{name, kind, map[bool]string{true: "extended"}[extended]}, "/"), func(t *testing.T) {
					s := spec()
					change(&s)
					c := write(t, s, f)
					o := card.Opts{Extended: extended, Roots: roots(t, "VNM", authority())}
					if r := read(t, c, key(t, s), o); r.Proof.Verdict != card.Genuine || r.Commands >= 60 {
						t.Errorf("%+v, %d commands", r.Proof, r.Commands)
					}
					if name == "bac" {
						return
					}
					c.Lay(f)
					k, err := card.CAN(s.CAN)
					if err != nil {
						t.Fatal(err)
					}
					if r := read(t, c, k, o); r.Proof.Verdict != card.Genuine || r.Proof.Of(card.CheckKey) != card.NothingThere {
						t.Errorf("by CAN: %+v", r.Proof)
					}
				})
			}
		}
	}
}

// declineAt is the command by which a card without PACE proves its chip: the last one.
func declineAt(t *testing.T) int {
	s := spec()
	s.PACE = nil
	return read(t, write(t, s, sim.CardFaults{}), key(t, s), card.Opts{}).Commands
}

// TestVerdicts: the result says what was proven, and nothing more.
func TestVerdicts(t *testing.T) {
	stranger, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "P-256"})
	if err != nil {
		t.Fatal(err)
	}
	expired, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "P-256", Until: day().AddDate(0, 0, -1)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "P-256", Purpose: true})
	if err != nil {
		t.Fatal(err)
	}
	weak, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "weak"})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := sim.NewCardAuthority(sim.CardAuthorityOpts{Kind: "P-256"})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Elsewhere = true
	good := roots(t, "VNM", authority())
	cases := map[string]struct {
		change func(*sim.CardSpec)
		faults sim.CardFaults
		roots  *card.Roots
		want   card.Verdict
		step   card.Step
	}{
		"active, curve":           {nil, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"active, RSA":             {func(s *sim.CardSpec) { s.Active = "rsa" }, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"active, P-384":           {func(s *sim.CardSpec) { s.Active = "P-384" }, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"chip, AES":               {func(s *sim.CardSpec) { s.Active, s.Suite = "", 2 }, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"chip, AES-256":           {func(s *sim.CardSpec) { s.Active, s.Suite = "", 4 }, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"chip, 3DES":              {func(s *sim.CardSpec) { s.Active, s.Suite = "", 1 }, sim.CardFaults{}, good, card.Genuine, card.Step{Check: card.CheckChip, Outcome: card.Held}},
		"keys not shown":          {nil, sim.CardFaults{Missing: []int{14, 15}}, good, card.Signed, card.Step{Check: card.CheckChip, Outcome: card.Declined}},
		"no chip key":             {func(s *sim.CardSpec) { s.Active, s.PACE = "", nil }, sim.CardFaults{}, good, card.Signed, card.Step{Check: card.CheckChip, Outcome: card.NothingThere}},
		"declined":                {func(s *sim.CardSpec) { s.PACE = nil }, sim.CardFaults{StatusAt: map[int]uint16{declineAt(t): 0x6F00}}, good, card.Signed, card.Step{Check: card.CheckChip, Outcome: card.Declined}},
		"copied, curve":           {func(s *sim.CardSpec) { s.Copy = true }, sim.CardFaults{}, good, card.Copied, card.Step{Check: card.CheckChip, Outcome: card.Failed}},
		"copied, RSA":             {func(s *sim.CardSpec) { s.Copy, s.Active = true, "rsa" }, sim.CardFaults{}, good, card.Copied, card.Step{Check: card.CheckChip, Outcome: card.Failed}},
		"copied, chip":            {func(s *sim.CardSpec) { s.Copy, s.Active, s.Suite = true, "", 2 }, sim.CardFaults{}, good, card.Copied, card.Step{Check: card.CheckChip, Outcome: card.Failed}},
		"no roots":                {nil, sim.CardFaults{}, nil, card.NoRoot, card.Step{Check: card.CheckChain, Outcome: card.NoIssuer}},
		"another's root":          {nil, sim.CardFaults{}, roots(t, "VNM", stranger), card.NoRoot, card.Step{Check: card.CheckChain, Outcome: card.NoIssuer}},
		"root of a neighbour":     {nil, sim.CardFaults{}, roots(t, "LAO", authority()), card.NoRoot, card.Step{Check: card.CheckChain, Outcome: card.NoIssuer}},
		"altered name":            {nil, sim.CardFaults{Altered: []int{1}}, good, card.Altered, card.Step{Check: card.CheckHashes, Outcome: card.Failed}},
		"altered items":           {nil, sim.CardFaults{Altered: []int{13}}, good, card.Altered, card.Step{Check: card.CheckHashes, Outcome: card.Failed}},
		"altered key":             {nil, sim.CardFaults{Altered: []int{14}}, nil, card.Altered, card.Step{Check: card.CheckHashes, Outcome: card.Failed}},
		"forged hashes":           {nil, sim.CardFaults{Altered: []int{1}, Relist: sim.ForgeHashes}, good, card.Altered, card.Step{Check: card.CheckSignature, Outcome: card.Failed}},
		"forged digest":           {nil, sim.CardFaults{Altered: []int{1}, Relist: sim.ForgeDigest}, good, card.Altered, card.Step{Check: card.CheckSignature, Outcome: card.Failed}},
		"no list":                 {func(s *sim.CardSpec) { s.Signer = nil }, sim.CardFaults{}, good, card.Unsigned, card.Step{Check: card.CheckHashes, Outcome: card.NothingThere}},
		"expired":                 {func(s *sim.CardSpec) { s.Signer = expired }, sim.CardFaults{}, roots(t, "VNM", expired), card.Expired, card.Step{Check: card.CheckDates, Outcome: card.Failed}},
		"other purpose":           {func(s *sim.CardSpec) { s.Signer = other }, sim.CardFaults{}, roots(t, "VNM", other), card.NotSupported, card.Step{Check: card.CheckChain, Outcome: card.UnknownKind}},
		"weak issuer":             {func(s *sim.CardSpec) { s.Signer = weak }, sim.CardFaults{}, roots(t, "VNM", weak), card.NotSupported, card.Step{Check: card.CheckSignature, Outcome: card.UnknownKind}},
		"signed as another thing": {func(s *sim.CardSpec) { s.Signer = elsewhere }, sim.CardFaults{}, roots(t, "VNM", elsewhere), card.Altered, card.Step{Check: card.CheckSignature, Outcome: card.Failed}},
		"another's data":          {func(s *sim.CardSpec) { s.OtherKey = "190000015" }, sim.CardFaults{}, good, card.Other, card.Step{Check: card.CheckKey, Outcome: card.Failed}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := spec()
			if c.change != nil {
				c.change(&s)
			}
			k := key(t, s)
			if s.OtherKey != "" {
				var err error
				if k, err = card.KeyOf(s.OtherKey, s.Birth, s.Expiry); err != nil {
					t.Fatal(err)
				}
			}
			r := read(t, write(t, s, c.faults), k, card.Opts{Roots: c.roots, At: day()})
			if r.Proof.Verdict != c.want || r.Proof.Of(c.step.Check) != c.step.Outcome {
				t.Errorf("%+v, want %s and %+v", r.Proof, c.want, c.step)
			}
		})
	}
}

// TestBareStatusProvesNothing: a copy that answers the first command of the chip's own
// session with a status word alone has not shown that it has the key.
func TestBareStatusProvesNothing(t *testing.T) {
	s := spec()
	s.PACE, s.Active, s.Suite, s.Copy = nil, "", 2, true
	c := write(t, s, sim.CardFaults{})
	o := card.Opts{Roots: roots(t, "VNM", authority())}
	last := read(t, c, key(t, s), o).Commands
	for _, sw := range []uint16{0x9000, 0x6A82, 0x6282, 0x6F00} {
		c.Lay(sim.CardFaults{StatusAt: map[int]uint16{last: sw}})
		if r := read(t, c, key(t, s), o); r.Proof.Verdict == card.Genuine {
			t.Errorf("%04X: %+v", sw, r.Proof)
		}
	}
}

// TestIssuersOfEachKind: whatever an issuer signs with is checked, or said not to be.
func TestIssuersOfEachKind(t *testing.T) {
	if testing.Short() {
		t.Skip("one card after another: nothing runs beside it for the race detector to watch")
	}
	for name, o := range map[string]sim.CardAuthorityOpts{
		"P-256": {Kind: "P-256"}, "P-384": {Kind: "P-384"}, "brainpool": {Kind: "brainpoolP384r1"}, "rsa": {Kind: "rsa"}, "pss": {Kind: "pss"},
		"spelled out": {Kind: "brainpoolP256r1", Spell: true}, "spelled NIST": {Kind: "P-256", Spell: true},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := sim.NewCardAuthority(o)
			if err != nil {
				t.Fatal(err)
			}
			for _, a.Bare = range []bool{false, true} {
				s := spec()
				s.Signer = a
				c := write(t, s, sim.CardFaults{})
				if r := read(t, c, key(t, s), card.Opts{Roots: roots(t, "VNM", a), At: day()}); r.Proof.Verdict != card.Genuine {
					t.Errorf("%+v", r.Proof)
				}
				c.Lay(sim.CardFaults{})
				if r := read(t, c, key(t, s), card.Opts{}); r.Proof.Verdict != card.NoRoot || r.Proof.Of(card.CheckDates) != card.NotApplicable {
					t.Errorf("without roots: %+v", r.Proof)
				}
			}
		})
	}
}

func TestPhotoOnlyWhenAsked(t *testing.T) {
	s := spec()
	s.Photo = append([]byte{0xFF, 0xD8, 0xFF}, make([]byte, 15000)...)
	c := write(t, s, sim.CardFaults{})
	if r := read(t, c, key(t, s), card.DefaultOpts()); r.Photo.Data != nil || r.Commands >= 50 {
		t.Errorf("%d bytes, %d commands", len(r.Photo.Data), r.Commands)
	}
	c.Lay(sim.CardFaults{})
	if r := read(t, c, key(t, s), card.Opts{Photo: true}); len(r.Photo.Data) != len(s.Photo) || r.Photo.Type != "image/jpeg" || r.Proof.Verdict != card.NoRoot {
		t.Errorf("%d bytes of %s, %+v", len(r.Photo.Data), r.Photo.Type, r.Proof)
	}
}

// TestLargePhoto reads beyond what two bytes of offset reach.
func TestLargePhoto(t *testing.T) {
	for _, size := range []int{32_600, 32_700, 32_800, 45_000} {
		for _, extended := range []bool{false, true} {
			s := spec()
			s.Photo = append([]byte{0xFF, 0xD8, 0xFF}, make([]byte, size)...)
			for i := range s.Photo[3:] {
				s.Photo[3+i] = byte(i * i >> 3)
			}
			r := read(t, write(t, s, sim.CardFaults{}), key(t, s), card.Opts{Photo: true, Extended: extended, Roots: roots(t, "VNM", authority())})
			if !bytes.Equal(r.Photo.Data, s.Photo) || r.Proof.Verdict != card.Genuine {
				t.Errorf("%d: %d bytes, %+v", size, len(r.Photo.Data), r.Proof)
			}
		}
	}
}

// cause returns the cause of a failed reading, and proves that the error names nobody.
func cause(t *testing.T, err error) card.Cause {
	t.Helper()
	f, ok := errors.AsType[*card.Fault](err)
	if !ok {
		t.Fatalf("%v is no fault", err)
	}
	for _, secret := range []string{"NGUYEN", "Nguyễn", holderNumber, holderNumber[3:], "314159"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q says %q", err, secret)
		}
	}
	return f.Cause
}

// TestPulledAtEveryCommand: the reading ends as removed, wherever the card is taken away.
func TestPulledAtEveryCommand(t *testing.T) {
	for name, change := range map[string]func(*sim.CardSpec){
		"pace, active": func(*sim.CardSpec) {}, "bac, chip": func(s *sim.CardSpec) { s.PACE, s.Active, s.Suite = nil, "", 2 },
	} {
		s := spec()
		change(&s)
		c := write(t, s, sim.CardFaults{})
		all := read(t, c, key(t, s), card.Opts{}).Commands
		if all < 15 {
			t.Fatalf("%s: %d commands", name, all)
		}
		for n := 1; n <= all; n++ {
			c.Lay(sim.CardFaults{RemoveAt: n})
			_, err := card.Read(t.Context(), c, key(t, s), card.Opts{})
			if got := cause(t, err); got != card.Removed || c.Commands() != n {
				t.Errorf("%s, command %d of %d: %s after %d", name, n, all, got, c.Commands())
			}
		}
	}
}

// TestSpoiltAnswers: what is cut or changed on the way ends the reading or costs a data
// group, and never makes other data, or an accusation.
func TestSpoiltAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("one card after another: nothing runs beside it for the race detector to watch")
	}
	o := card.Opts{Roots: roots(t, "VNM", authority())}
	for _, pace := range [][]sim.PACEOffer{{{Suite: 2, Parameter: 13}}, nil} {
		s := spec()
		s.PACE = pace
		c := write(t, s, sim.CardFaults{})
		all := read(t, c, key(t, s), o).Commands
		if pace != nil {
			all = 10 // the rest is the same
		}
		for n := 1; n <= all; n++ {
			faults := map[string]sim.CardFaults{"cut": {TruncateAt: n}, "spoilt": {SpoilAt: n}}
			for name, sw := range map[string]uint16{"6F00": 0x6F00, "6D00": 0x6D00, "6100": 0x6100, "6C00": 0x6C00, "9000": 0x9000, "6988": 0x6988} {
				faults[name] = sim.CardFaults{StatusAt: map[int]uint16{n: sw}}
			}
			for what, f := range faults {
				c.Lay(f)
				r, err := card.Read(t.Context(), c, key(t, s), o)
				if err != nil {
					cause(t, err)
					continue
				}
				got := r.Patient(day())
				if got.Birth != holder().Birth || got.Name != holder().Name && got.Name != "NGUYEN THI THU" {
					t.Errorf("%s at %d: other data", what, n)
				}
				if v := r.Proof.Verdict; v == card.Altered || v == card.Copied || v == card.Other {
					t.Errorf("%s at %d: %s", what, n, v)
				}
			}
		}
	}
}

func TestFaults(t *testing.T) {
	cases := map[string]struct {
		change func(*sim.CardSpec)
		faults sim.CardFaults
		want   card.Cause
	}{
		"no application":      {nil, sim.CardFaults{NoApp: true}, card.NotPassport},
		"no protocol of ours": {func(s *sim.CardSpec) { s.PACE, s.BAC = []sim.PACEOffer{{Suite: 4, Parameter: 2}}, false }, sim.CardFaults{}, card.Unsupported},
		"no zone":             {nil, sim.CardFaults{Missing: []int{1}}, card.Malformed},
		"half a zone":         {nil, sim.CardFaults{CutFiles: []int{1}}, card.Malformed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := spec()
			if c.change != nil {
				c.change(&s)
			}
			_, err := card.Read(t.Context(), write(t, s, c.faults), key(t, s), card.Opts{})
			if got := cause(t, err); got != c.want {
				t.Errorf("%s: %v", got, err)
			}
		})
	}
}

// TestHalfAFile: other groups than the zone's may be cut; the reading goes on.
func TestHalfAFile(t *testing.T) {
	s := spec()
	r := read(t, write(t, s, sim.CardFaults{CutFiles: []int{13}}), key(t, s), card.Opts{Roots: roots(t, "VNM", authority())})
	if len(r.Citizen) != 0 || r.Proof.Verdict != card.Genuine || r.Files[1].State != card.StateUnreadable {
		t.Errorf("%+v %+v", r.Files, r.Proof)
	}
}

// TestOneTryForAKey: a wrong key is tried once, by one protocol, and the tries that are
// left are told.
func TestOneTryForAKey(t *testing.T) {
	wrong, err := card.KeyOf("001190000015", holder().Birth, clinic.Date{Year: 2041, Month: 3, Day: 14})
	if err != nil {
		t.Fatal(err)
	}
	for name, pace := range map[string][]sim.PACEOffer{"pace": {{Suite: 2, Parameter: 13}}, "bac": nil} {
		s := spec()
		s.PACE = pace
		c := write(t, s, sim.CardFaults{})
		if _, err := card.Read(t.Context(), c, wrong, card.Opts{}); cause(t, err) != card.WrongKey {
			t.Errorf("%s: %v", name, err)
		}
		limited := sim.CardFaults{Tries: 3}
		c = write(t, s, limited)
		for left := 2; left >= 0; left-- {
			c.Lay(limited)
			if left == 0 && name == "pace" {
				if _, err := card.Read(t.Context(), c, wrong, card.Opts{}); cause(t, err) != card.LastTry {
					t.Errorf("the last try was taken: %v", err)
				}
				c.Lay(limited)
			}
			_, err := card.Read(t.Context(), c, wrong, card.Opts{LastTry: true})
			f, _ := errors.AsType[*card.Fault](err)
			want := card.WrongKey
			if left == 0 {
				want = card.Locked
			}
			if cause(t, err) != want || f.Left != left {
				t.Errorf("%s, %d left: %v (%d)", name, left, err, f.Left)
			}
		}
		c.Lay(limited)
		if _, err := card.Read(t.Context(), c, key(t, s), card.Opts{}); cause(t, err) != card.Locked {
			t.Errorf("%s: a locked card: %v", name, err)
		}
	}
}

func TestCANNeedsPACE(t *testing.T) {
	s := spec()
	s.PACE = nil
	k, err := card.CAN(s.CAN)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := card.Read(t.Context(), write(t, s, sim.CardFaults{}), k, card.Opts{}); cause(t, err) != card.Unsupported {
		t.Error(err)
	}
	if _, err := card.Read(t.Context(), write(t, s, sim.CardFaults{}), card.Key{}, card.Opts{}); cause(t, err) != card.WrongKey {
		t.Error(err)
	}
}

// broken is a reader that fails, or ends with its context.
type broken struct {
	err    error
	cancel context.CancelFunc
}

func (b broken) Transmit(ctx context.Context, _ []byte) ([]byte, error) {
	if b.cancel != nil {
		b.cancel()
		return nil, ctx.Err()
	}
	return nil, b.err
}

func TestReaders(t *testing.T) {
	k := key(t, spec())
	if _, err := card.Read(t.Context(), broken{err: card.ErrRemoved}, k, card.Opts{}); cause(t, err) != card.Removed {
		t.Error(err)
	}
	if _, err := card.Read(t.Context(), broken{err: errors.New("usb")}, k, card.Opts{}); cause(t, err) != card.Reader {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := card.Read(ctx, broken{cancel: cancel}, k, card.Opts{}); cause(t, err) != card.Stopped || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// BenchmarkCard tells what the goals are about: commands, and the time that a real card
// at 106 kbit/s would take.
func BenchmarkCard(b *testing.B) {
	for name, o := range map[string]card.Opts{"short": {}, "extended": {Extended: true}, "photo": {Photo: true}} {
		b.Run(name, func(b *testing.B) {
			s := spec()
			s.Photo = append([]byte{0xFF, 0xD8, 0xFF}, make([]byte, 15000)...)
			c := write(b, s, sim.CardFaults{})
			k := key(b, s)
			for b.Loop() {
				c.Lay(sim.CardFaults{})
				read(b, c, k, o)
			}
			b.ReportMetric(float64(c.Commands()), "APDUs")
			b.ReportMetric(float64(c.Air().Milliseconds()), "card-ms")
		})
	}
}
