package boxmain

import (
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/escrow"
	"clinicbox/internal/testlog"
	"clinicbox/web"
)

// TestTelephone: nobody remembers a PIN and the paper is lost. The caller reads the
// challenge of the page, the centre reads the answer; it opens once.
func TestTelephone(t *testing.T) {
	f, cfg, boss := newFleet(t), board(t), admin()
	v, _ := clinicOf(t, cfg, boss)
	if err := v.unlock(t.Context(), v.method(boss.ID, boss.PIN)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.join(t.Context(), f.invite("tram-01"), f.ask); err != nil {
		t.Fatal(err)
	}
	blobs := must[map[uint32][]byte](t)(v.restock(t.Context()))
	b := New(Options{Config: cfg, Log: testlog.Logger(t)})
	b.vault = v
	u := unlocker{b}
	for slot, blob := range blobs {
		k := must[*escrow.Ticket](t)(escrow.Open(f.hub.HPKE, "tram-01", blob))
		if k.Round != slot {
			t.Errorf("slot %d carries the answer of %d", slot, k.Round)
		}
		if _, err := escrow.Open(f.hub.HPKE, "tram-02", blob); err == nil {
			t.Error("another box's escrow opens")
		}
	}
	v.lock()
	w := u.Ways()
	if !w.Telephone || w.Challenge == "" {
		t.Fatalf("%+v", w)
	}
	var answer string
	for _, blob := range blobs {
		k := must[*escrow.Ticket](t)(escrow.Open(f.hub.HPKE, "tram-01", blob))
		if a, err := k.AnswerTo(w.Challenge); err == nil {
			answer = a.Reveal()
		}
	}
	var refused *web.UnlockError
	for _, bad := range []string{"", answer[:len(answer)-1], "2" + answer} {
		if err := u.Recover(t.Context(), web.Recovery{Answer: bad}); !errors.As(err, &refused) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := u.Recover(t.Context(), web.Recovery{Answer: answer, Name: "Đỗ Thị Kế Nhiệm", PIN: "582903"}); err != nil {
		t.Fatal(err)
	}
	if err := b.setUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	heirs := 0
	st := New(Options{Config: cfg, Log: quiet()})
	st.vault = v
	if err := st.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := st.store.View(t.Context(), func(r desk.Reader) error {
		all, err := r.Staff()
		for _, p := range all {
			if p.Name == "Đỗ Thị Kế Nhiệm" && p.Role == clinic.RoleAdministrator {
				heirs++
			}
		}
		return err
	})
	if err := errors.Join(err, st.store.Close()); err != nil || heirs != 1 {
		t.Fatal(heirs, err)
	}
	v.lock()
	if err := u.Recover(t.Context(), web.Recovery{Answer: answer}); !errors.As(err, &refused) || v.open() {
		t.Fatal("the answer opens twice:", err)
	}
}
