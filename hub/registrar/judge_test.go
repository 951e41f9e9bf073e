package registrar_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
)

// sign sends a signature of a document; with a nil key a bare confirmation.
func (w *world) sign(box string, by clinic.ID, key ed25519.PrivateKey, hlc uint64, bend bool) uint64 {
	w.t.Helper()
	patient, visit := clinic.ID{1, 2}, clinic.ID{3}
	b := &clinic.Signed{Method: 1, Leaves: [][]byte{make([]byte, 32)}}
	if key != nil {
		w.ok(b.SignWith(key, patient, visit))
		if bend {
			b.Sig[3] ^= 1
		}
	}
	return w.sendAt(box, by, hlc, clinic.Draft{Kind: clinic.KindSigned, Subject: patient, Visit: visit, Body: b})
}

// voids are the alarms about signatures and records, with how often each came.
func (w *world) voids() (out []string) {
	w.t.Helper()
	as, err := w.db.Alarms(w.t.Context(), "", 100)
	w.ok(err)
	for _, a := range as {
		if a.Code == hub.AlarmVoid || a.Code == hub.AlarmRecords {
			_, at, _ := strings.Cut(a.Detail, " at ")
			out = append(out, fmt.Sprintf("%s %d× %s", a.Box, a.Count, at))
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) wantVoids(what string, want ...string) {
	w.t.Helper()
	if got := w.voids(); !slices.Equal(got, want) {
		w.t.Errorf("%s:\n%q\nwant\n%q", what, got, want)
	}
}

const (
	misfit  = "the signature does not fit"
	revoked = "signed by a key that was revoked before"
	unknown = "signed by a key that nobody vouches for"
)

// TestCentreJudgesSignatures: each signature that confirms nothing is one alarm that names
// box, index and why, whatever fails meanwhile and however often the centre starts;
// good ones and those of keys that wait for a decision are none.
func TestCentreJudgesSignatures(t *testing.T) {
	for _, method := range []string{"", "Judged", "Rejudge", "Scanned"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(method, after), func(t *testing.T) {
				w := newWorld(t)
				n := 0
				w.db.plan = func(m string) (bool, bool) {
					if m != method {
						return false, false
					}
					n++
					hit := n%2 == 1 // every other call fails
					return hit && !after, hit && after
				}
				w.join("a")
				w.join("b")
				w.steps()
				p, thief := hubtest.NewPerson(facility, clinic.RoleDoctor), hubtest.NewPerson(facility, clinic.RoleDoctor)
				w.sign("a", p.ID, nil, 1, false) // before people had keys
				w.send("a", p.ID, clinic.Credential{Request: p.Request})
				good := w.sign("a", p.ID, p.Key, 1<<41, false)
				bent := w.sign("a", p.ID, p.Key, 1<<41, true)
				bare := w.sign("a", p.ID, nil, 1<<41, false)
				forged := w.sign("a", p.ID, thief.Key, 1<<41, false)
				other := w.sign("b", p.ID, p.Key, 1<<41, false) // a key of a, nobody's word yet
				damage := w.sendAt("b", clinic.ID{}, 1<<41, clinic.Draft{
					Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{Event: clinic.MachineDamaged, Detail: "3 own"},
				})
				rewound := w.sendAt("b", clinic.ID{}, 1<<41, clinic.Draft{
					Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{Event: clinic.MachineRewound, Detail: "7"},
				})
				w.sendAt("b", clinic.ID{}, 1<<41, clinic.Draft{
					Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{Event: clinic.MachineEnrolled},
				})
				want := []string{
					fmt.Sprintf("a 1× %d: %s", bent, misfit), fmt.Sprintf("a 1× %d: %s", bare, misfit), fmt.Sprintf("a 1× %d: %s", forged, misfit),
					fmt.Sprintf("b 1× %d: %s", other, unknown), fmt.Sprintf("b 1× %d: %s: 3 own", damage, clinic.MachineDamaged),
					fmt.Sprintf("b 1× %d: %s: 7", rewound, clinic.MachineRewound),
				}
				for range 3 {
					w.steps()
					w.restart()
				}
				w.wantVoids("first", want...)

				w.ok(w.r.Certify(t.Context(), w.centre.By, w.pending(1)[0].Digest))
				w.steps()
				w.wantVoids("certified", want...)
				if kept := w.sign("a", p.ID, p.Key, 1<<42, false); kept <= good {
					t.Fatal("no later signature")
				}
				w.steps()
				w.wantVoids("one more good one", want...)
				people, err := w.centre.People(t.Context(), facility)
				w.ok(err)
				w.ok(w.centre.Revoke(t.Context(), w.centre.By, cert.Revoked{Serial: people[0].Serial, Reason: cert.ReasonStolen, From: 1 << 42}))
				w.restart()
				w.steps()
				late := w.sign("a", p.ID, p.Key, 1<<43, false)
				w.steps()
				w.restart()
				w.steps()
				// What was signed before the day stays good, the others are heard of once.
				want = append(want, fmt.Sprintf("a 1× %d: %s", late-1, revoked), fmt.Sprintf("a 1× %d: %s", late, revoked))
				slices.Sort(want)
				w.wantVoids("revoked", want...)
			})
		}
	}
}

// TestOneBentSignatureIsOneAlarm: what the box found void is news only where the centre
// does not find it void by itself; and when it does later, or no more, that is news.
func TestOneBentSignatureIsOneAlarm(t *testing.T) {
	w := newWorld(t)
	w.join("a")
	w.steps()
	p := hubtest.NewPerson(facility, clinic.RoleDoctor)
	w.send("a", p.ID, clinic.Credential{Request: p.Request})
	good := w.sign("a", p.ID, p.Key, 1<<41, false)
	bent := w.sign("a", p.ID, p.Key, 1<<41, true)
	tell := func(ref clinic.Ref) uint64 {
		return w.sendAt("a", clinic.ID{}, 1<<41, clinic.Draft{
			Kind: clinic.KindMachine, Subject: clinic.MachineSubject(),
			Body: &clinic.Machine{Event: clinic.MachineVoid, Detail: clinic.VoidDetail(ref, "does not fit")},
		})
	}
	told := func(at uint64, ref clinic.Ref) string {
		return fmt.Sprintf("a 1× %d: %s: %s", at, clinic.MachineVoid, clinic.VoidDetail(ref, "does not fit"))
	}
	own := func(i uint64) clinic.Ref { return clinic.Ref{Journal: clinic.Own, Index: i} }
	received := clinic.Ref{Journal: clinic.In, Index: bent}
	tell(own(bent))
	want := []string{
		fmt.Sprintf("a 1× %d: %s", bent, misfit),
		told(tell(own(good)), own(good)),     // it fits here
		told(tell(received), received),       // of what it received
		told(tell(own(1<<40)), own(1<<40)),   // of what we do not have
		told(tell(own(good-1)), own(good-1)), // of what is no signature
	}
	slices.Sort(want)
	for range 3 {
		w.steps()
		w.restart()
	}
	w.wantVoids("one each", want...)
	// The good one is void from now on, which the centre says of its own.
	w.ok(w.r.Certify(t.Context(), w.centre.By, w.pending(1)[0].Digest))
	w.steps()
	people, err := w.centre.People(t.Context(), facility)
	w.ok(err)
	w.ok(w.centre.Revoke(t.Context(), w.centre.By, cert.Revoked{Serial: people[0].Serial, Reason: cert.ReasonStolen, From: 1}))
	w.restart()
	w.steps()
	want = append(want, fmt.Sprintf("a 1× %d: %s", good, revoked))
	slices.Sort(want)
	got := slices.DeleteFunc(w.voids(), func(s string) bool { return strings.HasPrefix(s, fmt.Sprintf("a 1× %d: %s", bent, revoked)) })
	if !slices.Equal(got, want) {
		t.Errorf("revoked:\n%q\nwant\n%q", got, want)
	}
}

// TestTurnedDownKeySignsNothing: once the centre has turned a bare request down, what
// its key signed is void, before and after.
func TestTurnedDownKeySignsNothing(t *testing.T) {
	w := newWorld(t)
	w.join("a")
	w.steps()
	p := hubtest.NewPerson(facility, clinic.RoleDoctor)
	w.send("a", p.ID, clinic.Credential{Request: p.Request})
	first := w.sign("a", p.ID, p.Key, 1<<41, false)
	w.steps()
	w.wantVoids("waiting")
	w.ok(w.r.Reject(t.Context(), w.centre.By, w.pending(1)[0].Digest))
	w.steps()
	second := w.sign("a", p.ID, p.Key, 1<<42, false)
	w.steps()
	w.wantVoids("turned down", fmt.Sprintf("a 1× %d: %s", first, unknown), fmt.Sprintf("a 1× %d: %s", second, unknown))
	as, err := w.db.OpenAlarms(t.Context())
	w.ok(err)
	if len(as) != 1 || as[0].Count != 2 {
		t.Errorf("%+v", as)
	}
}

// TestStrangeBoxIsNotJudged: of a box that the authority does not know nobody's keys
// are known, so nothing is said of its signatures.
func TestStrangeBoxIsNotJudged(t *testing.T) {
	w := newWorld(t)
	w.ok(w.db.AddBox(t.Context(), "pinned", hub.Keys{Identity: [32]byte{7}, HPKE: []byte{7}}, time.Unix(1, 0)))
	w.sign("pinned", clinic.ID{9}, hubtest.NewPerson(facility, clinic.RoleDoctor).Key, 1<<41, false)
	w.steps()
	w.wantVoids("pinned")
}

// TestAlarmIsCutBetweenLetters: what a box says of itself is bounded, and stays text.
func TestAlarmIsCutBetweenLetters(t *testing.T) {
	for pad := range 3 { // "ộ" has three bytes: one of the cuts falls into a letter
		w := newWorld(t)
		w.join("a")
		w.steps()
		w.sendAt("a", clinic.ID{}, 1<<41, clinic.Draft{
			Kind: clinic.KindMachine, Subject: clinic.MachineSubject(),
			Body: &clinic.Machine{Event: clinic.MachineDamaged, Detail: strings.Repeat("x", pad) + strings.Repeat("ộ", 200)},
		})
		w.steps()
		as, err := w.db.Alarms(t.Context(), "a", 10)
		w.ok(err)
		if len(as) != 1 || !utf8.ValidString(as[0].Detail) || len(as[0].Detail) > 200 || !strings.HasSuffix(as[0].Detail, "ộ") {
			t.Errorf("%d letters before: %+v", pad, as)
		}
	}
}

// TestCaseIsAnAlarm: a disease that must be reported is an alarm of the box, once a case;
// what it says names nobody, and none of it is in the log.
func TestCaseIsAnAlarm(t *testing.T) {
	w := newWorld(t)
	w.join("a")
	w.steps()
	alert := clinic.Alert{Disease: "DENGUE", Name: "Sốt xuất huyết Dengue", ICD: "A97.1", Day: clinic.Date{Year: 2026, Month: 11, Day: 29}, Years: 34, Sex: clinic.SexFemale, Code: "22736a2611290012"}
	w.sendAt("a", clinic.ID{7}, 1<<41, clinic.Draft{Kind: clinic.KindAlert, Subject: clinic.ID{1, 2}, Visit: clinic.ID{3}, Body: &alert})
	w.steps()
	w.steps()
	as, err := w.db.Alarms(t.Context(), "a", 100)
	w.ok(err)
	n := 0
	for _, a := range as {
		if a.Code == hub.AlarmDisease {
			n++
			if a.Count != 1 || !strings.Contains(a.Detail, "A97.1") || !strings.Contains(a.Detail, "34 tuoi") {
				t.Errorf("%+v", a)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d alarms of one case", n)
	}
	w.log.Absent("A97.1", "34 tuoi", "Dengue", "dengue")
}
