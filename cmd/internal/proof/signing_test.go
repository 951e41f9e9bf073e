package proof

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// signatures are the states of everything that one person confirmed, as the pages
// show them.
func (w *world) signatures(by clinic.ID) (out []clinic.SignatureState) {
	w.t.Helper()
	for _, rec := range journal(w.t, w.store.Own()) {
		if rec.Kind != clinic.KindSigned || rec.Author != by {
			continue
		}
		v, err := w.desk.VisitPage(w.t.Context(), by, rec.Subject, rec.Visit)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range v.Visit.Signed {
			if s.Record.Leaf == rec.Leaf {
				out = append(out, s.State)
			}
		}
	}
	return out
}

// all reports whether there are signatures and every one stands so.
func all(states []clinic.SignatureState, want clinic.SignatureState) bool {
	for _, s := range states {
		if s != want {
			return false
		}
	}
	return len(states) > 0
}

func (w *world) key(of clinic.ID) desk.KeyState {
	w.t.Helper()
	f, err := w.desk.StaffPage(w.t.Context(), of, of)
	if err != nil {
		w.t.Fatal(err)
	}
	return f.Key
}

func (w *world) seed(role clinic.Role) desk.StaffSeed {
	w.t.Helper()
	for _, s := range w.play.Staff() {
		if s.Role == role {
			return s
		}
	}
	w.t.Fatal("nobody of the role ", role)
	return desk.StaffSeed{}
}

func (w *world) login(s desk.StaffSeed) {
	w.t.Helper()
	if _, err := w.desk.Login(w.t.Context(), desk.LoginInput{Person: s.ID, PIN: s.PIN}); err != nil {
		w.t.Fatal(err)
	}
}

// waits returns the digests of keys that the centre has to decide on, of a person.
func (w *world) waits(person clinic.ID) (refs []string) {
	w.t.Helper()
	for line := range strings.Lines(w.command("", "people")) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) >= 6 && f[1] == person.String() && strings.Contains(f[4], "waits") {
			refs = append(refs, f[2])
		}
	}
	return refs
}

// serial returns the certificates of a person at the centre.
func (w *world) serials(person clinic.ID) (out []string) {
	w.t.Helper()
	for line := range strings.Lines(w.command("", "people")) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) == 5 && f[1] == person.String() {
			out = append(out, f[2])
		}
	}
	return out
}

// TestPeopleSignWithTheirKeys takes a doctor's key through its life on a real box
// with a real centre: nobody's word, the administrator's, the centre's; the PIN is
// lost, a new key takes over, the old one is revoked, and what it signed stays good.
func TestPeopleSignWithTheirKeys(t *testing.T) {
	w := newWorld(t, 20, "")
	ctx := t.Context()
	w.begins()
	doctor, admin := w.seed(clinic.RoleDoctor), w.seed(clinic.RoleAdministrator)
	w.days(1, 4)
	if s := w.signatures(doctor.ID); !all(s, clinic.SignatureUnconfirmed) || w.key(doctor.ID) != desk.KeyOwn {
		t.Fatalf("before anybody's word: %v, key %d", s, w.key(doctor.ID))
	}
	call := func(by clinic.ID) desk.Call { return desk.Call{Act: clinic.NewID(), By: by} }
	if err := w.desk.Vouch(ctx, call(doctor.ID), admin.ID, doctor.PIN); desk.ErrorsOf(err) == nil {
		t.Error("a doctor vouches:", err)
	}
	if err := w.desk.Vouch(ctx, call(admin.ID), admin.ID, admin.PIN); !refused(err, desk.CodeKeyOwn) {
		t.Error("an administrator vouches for themselves:", err)
	}
	w.login(admin) // the box vouches for its only administrator
	if k := w.key(admin.ID); k != desk.KeyVouched {
		t.Fatalf("the administrator's key is %d", k)
	}
	if err := w.desk.Vouch(ctx, call(admin.ID), doctor.ID, admin.PIN); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Vouch(ctx, call(admin.ID), doctor.ID, admin.PIN); !refused(err, desk.CodeKeyNone) {
		t.Error("vouched for twice:", err)
	}
	w.agree()
	refs := w.waits(doctor.ID)
	if len(refs) == 0 || w.key(doctor.ID) != desk.KeyVouched {
		t.Fatalf("nothing of the doctor waits at the centre: %q, key %d", refs, w.key(doctor.ID))
	}
	w.command("", "ratify", "-operator", "Vận hành Mẫu", "-note", "đã gọi điện", refs[len(refs)-1])
	w.within(time.Minute, "the centre's word", func() bool { return w.key(doctor.ID) == desk.KeyConfirmed })
	if s := w.signatures(doctor.ID); !all(s, clinic.SignatureGood) {
		t.Errorf("after the centre's word: %v", s)
	}
	old := len(w.signatures(doctor.ID))

	w.lost(doctor, admin)
	w.days(1, 4)
	if s := w.signatures(doctor.ID); len(s) <= old || !all(s[:old], clinic.SignatureGood) || !all(s[old:], clinic.SignatureUnconfirmed) {
		t.Errorf("after a lost PIN: %d by the old key of %v", old, s)
	}
	for _, serial := range w.serials(doctor.ID) {
		w.command("", "revoke", "-reason", "lost", "-operator", "Vận hành Mẫu", "-note", "quên mã PIN", serial)
	}
	w.agree()
	if s := w.signatures(doctor.ID); !all(s[:old], clinic.SignatureGood) {
		t.Errorf("a revocation spoils what was signed before it: %v", s)
	}
	if a := w.alarms(); len(a) > 0 {
		t.Error(a)
	}
	w.log.Absent(doctor.PIN, admin.PIN, doctor.Name)
}

// lost lets the administrator give the doctor a new PIN, which the doctor changes
// back to the one that the play knows.
func (w *world) lost(doctor, admin desk.StaffSeed) {
	w.t.Helper()
	const told = "604193"
	in := desk.ResetInput{Colleague: doctor.ID, PIN: told, OwnPIN: admin.PIN}
	if err := w.desk.ResetPIN(w.t.Context(), desk.Call{Act: clinic.NewID(), By: admin.ID}, in); err != nil {
		w.t.Fatal(err)
	}
	if k := w.key(doctor.ID); k != desk.KeyVouched {
		w.t.Errorf("the new key is %d: the administrator who set the PIN vouches", k)
	}
	if err := w.desk.ChangePIN(w.t.Context(), desk.Call{Act: clinic.NewID(), By: doctor.ID}, told, doctor.PIN); err != nil {
		w.t.Fatal(err)
	}
	if k := w.key(doctor.ID); k != desk.KeyVouched {
		w.t.Errorf("after the own change of PIN the key is %d", k)
	}
}

func refused(err error, code desk.Code) bool {
	e, ok := errors.AsType[*desk.Error](err)
	return ok && e.Code == code
}
