package boxmain

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/config"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/cert"
)

const rightPIN, wrongPIN = "480257", "480258"

// board makes a configuration of a box that a board's secret and a PIN open.
func board(t testing.TB) config.Box {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "serial-number")
	if err := os.WriteFile(secret, []byte("10000000abcdef01\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(write(t, "[seal]\nmethod = \"board\"\nboard = \""+secret+"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func opened1(t testing.TB, cfg config.Box) *vault {
	t.Helper()
	return must[*vault](t)(newVault(cfg))
}

func TestSetUpUnlockAndLock(t *testing.T) {
	cfg := board(t)
	v, person := opened1(t, cfg), clinic.NewID()
	if v.isSetUp() || !errors.Is(v.unlock(t.Context(), v.method(person, rightPIN)), errNotSetUp) {
		t.Fatal("a fresh box opens")
	}
	code, err := v.setUp(t.Context(), person, rightPIN)
	if err != nil || code.IsZero() {
		t.Fatal(err)
	}
	key, _, err := v.storage()
	if err != nil {
		t.Fatal(err)
	}
	v.lock()
	if _, _, err := v.storage(); !errors.Is(err, errLocked) {
		t.Fatal("a locked box has a key:", err)
	}
	v = opened1(t, cfg) // after a power cut
	if err := v.unlock(t.Context(), v.method(person, wrongPIN)); !errors.Is(err, sealer.ErrWrong) {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); err != nil {
		t.Fatal(err)
	}
	t.Logf("unlock by PIN: %v", time.Since(begin))
	if again, _, _ := v.storage(); again != key {
		t.Fatal("another key")
	}
	v.lock()
	m, err := sealer.EnterRecovery(code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.unlock(t.Context(), m); err != nil {
		t.Fatal("recovery code:", err)
	}
	fresh, err := v.newRecovery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v.lock()
	if err := v.unlock(t.Context(), m); err == nil {
		t.Fatal("the old paper still opens")
	}
	m, _ = sealer.EnterRecovery(fresh.Reveal())
	if err := v.unlock(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestPeopleComeAndGo(t *testing.T) {
	cfg := board(t)
	v, first, second := opened1(t, cfg), clinic.NewID(), clinic.NewID()
	if _, err := v.setUp(t.Context(), first, rightPIN); err != nil {
		t.Fatal(err)
	}
	if err := v.setPIN(t.Context(), second, "739164"); err != nil {
		t.Fatal(err)
	}
	n, ok := v.number(second)
	if owner, err := v.owner(fmt.Sprint(n)); !ok || err != nil || owner != second {
		t.Fatal(n, ok, owner, err)
	}
	v.lock()
	if err := v.unlock(t.Context(), v.method(second, "739164")); err != nil {
		t.Fatal(err)
	}
	if err := v.removePerson(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := v.removePerson(t.Context(), second); err != nil {
		t.Fatal("twice:", err)
	}
	v.lock()
	if err := v.unlock(t.Context(), v.method(second, "739164")); !errors.Is(err, sealer.ErrNoSlot) {
		t.Fatal("somebody who left still opens the box:", err)
	}
}

// TestEraseLeavesNothing: after the order no file of the box holds what opened it,
// and nothing opens it.
func TestEraseLeavesNothing(t *testing.T) {
	cfg := board(t)
	v, person := opened1(t, cfg), clinic.NewID()
	code, err := v.setUp(t.Context(), person, rightPIN)
	if err != nil {
		t.Fatal(err)
	}
	before := map[string][]byte{}
	for _, name := range []string{"slots", "slots.copy", "closed"} {
		before[name], _ = os.ReadFile(filepath.Join(keysDir(cfg), name))
		if len(before[name]) == 0 {
			t.Fatalf("no %s", name)
		}
	}
	if err := v.destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.lock()
	err = filepath.WalkDir(cfg.Data.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for name, old := range before {
			if bytes.Contains(b, old[len(old)/2:len(old)/2+16]) {
				t.Errorf("%s still holds a piece of %s", path, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // also after a restart
		m, _ := sealer.EnterRecovery(code.Reveal())
		for _, m := range []sealer.Method{v.method(person, rightPIN), m} {
			if err := v.unlock(t.Context(), m); !errors.Is(err, sealer.ErrErased) {
				t.Fatal(err)
			}
		}
		v = opened1(t, cfg)
	}
}

// TestEnrolmentCarried: request and answer travel as text, as QR codes and as bytes,
// over restarts; a clock of 1970 asks nobody.
func TestEnrolmentCarried(t *testing.T) {
	f := newFleet(t)
	for _, form := range []string{"text", "qr", "bytes"} {
		cfg, err := Load(write(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		v := opened1(t, cfg)
		if err := v.loadKey(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		box := "tram-" + form
		code := f.invite(box)
		request := must[[]byte](t)(v.request(code))
		again := must[[]byte](t)(v.request(code))
		if !bytes.Equal(request, again) {
			t.Fatal("the same code makes two requests")
		}
		answer := must[[]byte](t)(f.ask(t.Context(), request))
		if !bytes.Equal(answer, must[[]byte](t)(f.ask(t.Context(), request))) {
			t.Fatal("another answer to the same request")
		}
		v.lock()
		v = opened1(t, cfg) // weeks later
		if err := v.loadKey(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		got := must[[]byte](t)(cert.Carried(carry(t, form, answer)))
		e := must[*identity.Enrolment](t)(v.accept(got))
		if e.Facility.Box != box || e.Broker != f.broker {
			t.Fatalf("%+v", e)
		}
		if _, err := v.accept(got); !errors.Is(err, identity.ErrEnrolled) {
			t.Fatal("an answer file is taken twice:", err)
		}
		if _, err := v.request(f.invite(box + "-b")); !errors.Is(err, identity.ErrEnrolled) {
			t.Fatal(err)
		}
		v = opened1(t, cfg)
		if h, ok := v.id.Hub(); !ok || !h.Identity.Equal(f.hub.Public().Identity) {
			t.Fatal("the locked box does not know its centre")
		}
		if _, ok := v.id.Pages(); !ok {
			t.Fatal("no certificate of the pages")
		}
	}
}

func carry(t *testing.T, form string, raw []byte) []byte {
	t.Helper()
	switch form {
	case "text":
		return []byte(must[string](t)(cert.Text(raw)))
	case "qr":
		var b bytes.Buffer
		parts := must[[]string](t)(cert.QR(raw))
		for i := range parts { // in any order, one twice
			b.WriteString(parts[(i+1)%len(parts)] + "\n")
		}
		b.WriteString("\n" + parts[0])
		return b.Bytes()
	}
	return raw
}

// TestForeignAnswers: what is not the answer to this box's request changes nothing.
func TestForeignAnswers(t *testing.T) {
	f := newFleet(t)
	cfg, other := must[config.Box](t)(Load(write(t, ""))), must[config.Box](t)(Load(write(t, "")))
	a, b := opened1(t, cfg), opened1(t, other)
	for _, v := range []*vault{a, b} {
		if err := v.loadKey(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", "1234", "0000-0000-0000-0001"} {
		if _, err := a.request(bad); !errors.Is(err, cert.ErrCodeForm) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := a.accept([]byte("nothing")); !errors.Is(err, identity.ErrPending) {
		t.Error(err)
	}
	ra, rb := must[[]byte](t)(a.request(f.invite("tram-a"))), must[[]byte](t)(b.request(f.invite("tram-b")))
	forB := must[[]byte](t)(f.ask(t.Context(), rb))
	if _, err := a.accept(forB); !errors.Is(err, cert.ErrOtherRequest) {
		t.Error("an answer for another box:", err)
	}
	// A centre that was never told the code: another root behind the same request.
	evil := newFleet(t)
	evil.invite("tram-a")
	if _, err := evil.ask(t.Context(), ra); !errors.Is(err, cert.ErrCode) {
		t.Error("a foreign centre answers:", err)
	}
	right := must[[]byte](t)(f.ask(t.Context(), ra))
	for i := range right {
		if i%7 != 0 {
			continue
		}
		bad := bytes.Clone(right)
		bad[i] ^= 0x20
		if _, err := a.accept(bad); err == nil {
			t.Fatalf("byte %d of the answer may change", i)
		}
	}
	if _, ok := a.id.Enrolment(); ok {
		t.Fatal("half enrolled")
	}
	if _, err := a.accept(right); err != nil {
		t.Fatal("after all that the right answer:", err)
	}
}

// TestExchangedEnrolment: who writes on the card can put another centre's enrolment
// there. The next unlock puts it right and says so.
func TestExchangedEnrolment(t *testing.T) {
	mine, evil := newFleet(t), newFleet(t)
	cfg, other := must[config.Box](t)(Load(write(t, ""))), must[config.Box](t)(Load(write(t, "")))
	mine.joinBox(cfg)
	evil.joinBox(other)
	bad := must[[]byte](t)(os.ReadFile(filepath.Join(keysDir(other), "enrolment")))
	if err := os.WriteFile(filepath.Join(keysDir(cfg), "enrolment"), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	v := opened1(t, cfg)
	if err := v.loadKey(t.Context(), false); !errors.Is(err, identity.ErrChanged) {
		t.Fatal("nobody notices:", err)
	}
	if h, ok := v.id.Hub(); !ok || !h.Identity.Equal(mine.hub.Public().Identity) || !v.open() {
		t.Fatal("the exchanged centre is believed")
	}
	v.lock()
	if err := os.Remove(filepath.Join(keysDir(cfg), "enrolment")); err != nil { // as a cut leaves it
		t.Fatal(err)
	}
	v = opened1(t, cfg)
	if err := v.loadKey(t.Context(), false); err != nil || !v.open() {
		t.Fatal(err)
	}
	if _, ok := opened1(t, cfg).id.Enrolment(); !ok {
		t.Fatal("the copy was not made again")
	}
}
