package proof

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/hub"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/store"
)

// receive brings an entry that somebody made elsewhere, at a time after everything.
func (w *world) receive(n byte, author clinic.ID, d clinic.Draft) {
	w.t.Helper()
	at, _ := w.play.Clock().Now()
	d.Event = at
	b, err := entry.Encode(d, clinic.ID{n, 0xfa}, author, uint64(at.Add(time.Hour).UnixMilli())<<16|uint64(n), true)
	if err == nil {
		_, err = w.store.Receive(w.t.Context(), []store.Received{{Salt: entry.Salt{n, 1}, Bytes: b}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// signed returns a visit that the person signed, with its records.
func (w *world) signed(by clinic.ID) desk.VisitView {
	w.t.Helper()
	for _, rec := range slices.Backward(journal(w.t, w.store.Own())) {
		if rec.Kind == clinic.KindSigned && rec.Author == by {
			v, err := w.desk.VisitPage(w.t.Context(), by, rec.Subject, rec.Visit)
			if err != nil {
				w.t.Fatal(err)
			}
			return v
		}
	}
	w.t.Fatal("nothing is signed")
	return desk.VisitView{}
}

// TestForgedKeysChangeNothing: on a real box, what somebody sends in the name of a
// doctor, an administrator or a nurse is neither believed nor in the way.
func TestForgedKeysChangeNothing(t *testing.T) {
	w := newWorld(t, 10, "")
	ctx := t.Context()
	w.begins()
	w.days(1, 3)
	doctor, admin, nurse := w.seed(clinic.RoleDoctor), w.seed(clinic.RoleAdministrator), w.seed(clinic.RoleNurse)
	w.login(admin)
	_, thief, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	forged := cert.PersonRequest{Person: doctor.ID, Role: clinic.RoleDoctor, Facility: "56999", Key: thief.Public().(ed25519.PublicKey)}
	request, err := cert.Sign(thief, forged)
	if err != nil {
		t.Fatal(err)
	}
	v := w.signed(doctor.ID)
	body := &clinic.Signed{Method: 1, Leaves: v.Visit.Signed[0].Record.Body.(*clinic.Signed).Leaves}
	if err := body.SignWith(thief, v.Visit.Patient, v.Visit.ID); err != nil {
		t.Fatal(err)
	}
	forger := func(n byte, body any, kind clinic.Kind) {
		w.receive(n, doctor.ID, clinic.Draft{Kind: kind, Subject: v.Visit.Patient, Visit: v.Visit.ID, Body: body})
	}
	forger(1, body, clinic.KindSigned)
	want := func(what string, states ...clinic.SignatureState) {
		t.Helper()
		v, err := w.desk.VisitPage(ctx, doctor.ID, v.Visit.Patient, v.Visit.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []clinic.SignatureState
		for _, s := range v.Visit.Signed {
			got = append(got, s.State)
		}
		if !slices.Equal(got, states) || v.Visit.State != clinic.VisitSigned {
			t.Errorf("%s: %v, the visit is %d", what, got, v.Visit.State)
		}
	}
	want("by a key that nobody had", clinic.SignatureUnconfirmed, clinic.SignatureBroken)
	w.receive(2, doctor.ID, clinic.Draft{Kind: clinic.KindCredential, Subject: doctor.ID, Body: &clinic.Credential{Request: request}})
	want("after a request was sent", clinic.SignatureUnconfirmed, clinic.SignatureUnknown)
	prov, err := cert.Sign(thief, cert.Provisional{Serial: cert.NewSerial(), Request: request, Voucher: cert.NewSerial(), HLC: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.receive(3, doctor.ID, clinic.Draft{Kind: clinic.KindCredential, Subject: doctor.ID, Body: &clinic.Credential{Request: request, Chain: [][]byte{prov, prov}}})
	want("after a word of the thief's own", clinic.SignatureUnconfirmed, clinic.SignatureUnknown)

	// The administrator vouches for the key that the doctor uses here, not for that.
	if err := w.desk.Vouch(ctx, desk.Call{Act: clinic.NewID(), By: admin.ID}, doctor.ID, admin.PIN); err != nil {
		t.Fatal(err)
	}
	want("vouched for", clinic.SignatureUnconfirmed, clinic.SignatureUnknown)
	if k := w.key(doctor.ID); k != desk.KeyVouched {
		t.Errorf("the doctor's own key is %d", k)
	}

	w.receive(4, admin.ID, clinic.Draft{Kind: clinic.KindStaff, Subject: nurse.ID, Body: &clinic.Staff{Name: "Kẻ Giả", Role: clinic.RoleAdministrator}})
	if p, err := w.desk.Who(ctx, nurse.ID); err != nil || p.Role != clinic.RoleNurse {
		t.Errorf("a nurse became %+v, %v", p, err)
	}

	// Who changes the own journal itself cannot take a signature away either.
	stripped, err := w.store.Act(ctx, clinic.NewID(), doctor.ID, func(desk.Reader) ([]clinic.Draft, error) {
		bare := &clinic.Signed{Method: 1, Leaves: body.Leaves}
		return []clinic.Draft{{Kind: clinic.KindSigned, Subject: v.Visit.Patient, Visit: v.Visit.ID, Body: bare}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want("stripped", clinic.SignatureUnconfirmed, clinic.SignatureBroken, clinic.SignatureUnknown)
	w.same() // what the box recorded itself reaches the centre, which judges it, too
	var alarms []hub.Alarm
	w.within(time.Minute, "the centre's alarm", func() bool {
		all, err := w.hub.Alarms(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		alarms = slices.DeleteFunc(all, func(a hub.Alarm) bool { return a.Code != hub.AlarmVoid })
		return len(alarms) > 0
	})
	index := stripped.Records[0].Ref.Index
	if a := alarms[0]; len(alarms) != 1 || a.Count != 1 || !strings.HasSuffix(a.Detail, fmt.Sprintf(" at %d: the signature does not fit", index)) {
		t.Errorf("the centre says of entry %d: %+v", index, alarms)
	}

	// The entries about keys do not hide that a colleague changed the person meanwhile.
	f, err := w.desk.StaffPage(ctx, admin.ID, doctor.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"BS. Mẫu Một", "BS. Mẫu Hai"} {
		in := desk.StaffInput{Person: doctor.ID, Staff: clinic.Staff{Name: name, Role: clinic.RoleDoctor}, Base: f.Base()}
		_, err := w.desk.SaveStaff(ctx, desk.Call{Act: clinic.NewID(), By: admin.ID}, in)
		if i == 0 && err != nil || i == 1 && !refused(err, desk.CodeChanged) {
			t.Errorf("form %d: %v", i+1, err)
		}
	}
}

// TestRevokedFromADay: what was signed before that day stays good, what came after
// confirms nothing, and the key signs nothing more. Who left keeps their signatures.
func TestRevokedFromADay(t *testing.T) {
	w := newWorld(t, 20, "")
	ctx := t.Context()
	w.begins()
	doctor, admin := w.seed(clinic.RoleDoctor), w.seed(clinic.RoleAdministrator)
	w.days(1, 3)
	w.agree()
	refs := w.waits(doctor.ID)
	if len(refs) == 0 {
		t.Fatal("the doctor's key does not wait at the centre")
	}
	w.command("", "certify", "-operator", "Vận hành Mẫu", "-note", "đã gọi điện", refs[0])
	w.within(time.Minute, "the centre's word", func() bool { return w.key(doctor.ID) == desk.KeyConfirmed })
	before, from := len(w.signatures(doctor.ID)), w.day
	w.days(2, 3)
	if s := w.signatures(doctor.ID); !all(s, clinic.SignatureGood) || len(s) <= before {
		t.Fatalf("%v, %d before", s, before)
	}
	since := fmt.Sprintf("%04d-%02d-%02d", from.Year, from.Month, from.Day)
	for _, serial := range w.serials(doctor.ID) {
		w.command("", "revoke", "-reason", "stolen", "-since", since, "-operator", "Vận hành Mẫu", "-note", "lộ mã PIN", serial)
	}
	w.within(time.Minute, "the revocation", func() bool { return w.key(doctor.ID) == desk.KeyRevoked })
	s := w.signatures(doctor.ID)
	if !all(s[:before], clinic.SignatureGood) || !all(s[before:], clinic.SignatureRevoked) {
		t.Errorf("%d before the day, of %v", before, s)
	}
	v := w.signed(doctor.ID)
	if v.Visit.State == clinic.VisitSigned || len(v.Visit.Unsigned()) == 0 || !slices.Equal(v.Visit.Voids(), []clinic.SignatureState{clinic.SignatureRevoked}) {
		t.Errorf("a visit signed by a revoked key is %d, with %v", v.Visit.State, v.Visit.Voids())
	}
	sign := desk.SignInput{Patient: v.Visit.Patient, Visit: v.Visit.ID, PIN: doctor.PIN, Seen: v.Visit.Seen()}
	if _, err := w.desk.Sign(ctx, desk.Call{Act: clinic.NewID(), By: doctor.ID}, sign); !refused(err, desk.CodeKeyRevoked) {
		t.Error("a revoked key signs:", err)
	}
	w.login(admin)
	w.lost(doctor, admin)
	if _, err := w.desk.Sign(ctx, desk.Call{Act: clinic.NewID(), By: doctor.ID}, sign); err != nil {
		t.Error("the new key does not sign again:", err)
	}
	gone := desk.StaffInput{Person: doctor.ID, Staff: clinic.Staff{Name: doctor.Name, Title: doctor.Title, Role: clinic.RoleDoctor, Left: true}}
	if _, err := w.desk.SaveStaff(ctx, desk.Call{Act: clinic.NewID(), By: admin.ID}, gone); err != nil {
		t.Fatal(err)
	}
	nurse := w.seed(clinic.RoleNurse)
	left, err := w.desk.VisitPage(ctx, nurse.ID, v.Visit.Patient, v.Visit.ID)
	if err != nil || left.Visit.State != clinic.VisitSigned {
		t.Errorf("after the doctor left the visit is %d, %v", left.Visit.State, err)
	}
}
