package boxmain

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
	"clinicbox/internal/escrow"
	"clinicbox/store"
	"clinicbox/store/seal"
	"clinicbox/store/storetest"
	"clinicbox/web"
)

// printed finds the recovery code in what a command says.
var printed = regexp.MustCompile(`(?m)^    (\S{20,})$`)

// typist types a line at each question of the real program; it may come from what the
// program has said.
type typist struct {
	t     *testing.T
	said  bytes.Buffer
	lines []func(said string) string
	in    io.WriteCloser
}

// Write is what the program says, in its order.
func (k *typist) Write(b []byte) (int, error) {
	k.said.Write(b)
	if len(k.lines) == 0 || !bytes.HasSuffix(b, []byte(": ")) {
		return len(b), nil
	}
	_, err := io.WriteString(k.in, k.lines[0](k.said.String())+"\n")
	if k.lines = k.lines[1:]; len(k.lines) == 0 {
		err = errors.Join(err, k.in.Close())
	}
	return len(b), err
}

func typed(s string) func(string) string { return func(string) string { return s } }

// typing runs a command of the real program to its end, and answers what it asks.
func typing(t *testing.T, args []string, lines ...func(said string) string) (code int, said string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	k := &typist{t: t, lines: lines, in: must[io.WriteCloser](t)(c.StdinPipe())}
	c.Stdout, c.Stderr = k, k
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // the exit code tells
	return c.ProcessState.ExitCode(), k.said.String()
}

// newCode is the code that a command printed.
func newCode(said string) string {
	m := printed.FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	return m[1]
}

// another is a code of the same form that is not this one.
func another(string) string {
	c, _ := sealer.NewRecovery()
	return c.Reveal()
}

// visitAt is a tablet at a process's pages.
func visitAt(t *testing.T, base string) *visitor {
	t.Helper()
	jar := must[*cookiejar.Jar](t)(cookiejar.New(nil))
	return &visitor{t, &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}, strings.TrimSuffix(base, "/")}
}

// answerOf is what the centre reads to who reads it the page's challenge.
func answerOf(t *testing.T, f *fleet, challenge string, blobs map[uint32][]byte) string {
	t.Helper()
	for _, blob := range blobs {
		k := must[*escrow.Ticket](t)(escrow.Open(f.hub.HPKE, "tram-01", blob))
		if a, err := k.AnswerTo(challenge); err == nil {
			return a.Reveal()
		}
	}
	t.Fatal("the centre has no answer to", challenge)
	return ""
}

// rotated is a station whose storage key the real program has changed.
type rotated struct {
	*testing.T
	f              *fleet
	path           string
	cfg            config.Box
	boss           desk.StaffSeed
	nurse          desk.Person
	number         uint32 // of the nurse
	code, next     string
	answer         string // of the centre, from before
	before         string // a copy of the stick, from before
	slots          []byte // from before
	oldKey, newKey seal.Key
	patient        clinic.Patient
}

const nursePIN = "739164" // of clinicOf

func rotate(t *testing.T) *rotated {
	r := &rotated{T: t, f: newFleet(t), boss: admin(), patient: invented(), before: t.TempDir()}
	r.path, r.cfg = sealed(t, "10000000abcdef01\x00")
	var v *vault
	v, r.code = clinicOf(t, r.cfg, r.boss, r.patient)
	if err := v.unlock(t.Context(), v.method(r.boss.ID, r.boss.PIN)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.join(t.Context(), r.f.invite("tram-01"), r.f.ask); err != nil {
		t.Fatal(err)
	}
	blobs := must[map[uint32][]byte](t)(v.restock(t.Context()))
	challenge, _ := v.challenge()
	r.answer = answerOf(t, r.f, challenge, blobs)
	working(t, r.cfg, v, func(b *Box) {
		for _, p := range must[[]desk.Person](t)(b.desk.Staff(t.Context())) {
			if p.Role == clinic.RoleNurse {
				r.nurse = p
			}
		}
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	r.number, _ = v.number(r.nurse.ID)
	r.oldKey, _, _ = v.storage()
	v.lock()
	copyDir(t, r.cfg.Copy.Dir, r.before)
	r.slots = must[[]byte](t)(os.ReadFile(filepath.Join(keysDir(r.cfg), "slots")))
	args := []string{"keys", "-config", r.path, "-new", "storage"}
	exit, out := typing(t, args, typed("1"), typed(r.boss.PIN), another, newCode)
	for _, want := range []string{"not the code that was printed", "Only the NEW recovery code", "stick has the new keys"} {
		if exit != ExitOK || !strings.Contains(out, want) {
			t.Fatal(exit, out)
		}
	}
	r.next = newCode(out)
	return r
}

// TestNewStorageKey: after `keys -new storage` the administrator's PIN and the new paper
// open the box, and nothing else that did; everybody works as before once they logged in.
func TestNewStorageKey(t *testing.T) {
	r := rotate(t)
	if exit, out, said := clinicbox(t, "0\n"+r.next+"\n", "check", "-config", r.path); exit != ExitOK || !strings.Contains(out, "clean") || !strings.Contains(out, "       0  tệp còn dưới khóa cũ") {
		t.Fatal(exit, out, said)
	}
	for name, typed := range map[string]string{"old paper": "0\n" + r.code + "\n", "a colleague": strconv.Itoa(int(r.number)) + "\n" + nursePIN + "\n"} {
		if exit, out, said := clinicbox(t, typed, "check", "-config", r.path); exit != ExitFailure {
			t.Errorf("%s opens: %s %s", name, out, said)
		}
	}
	r.oldKeyOpensNothing()
	r.pages()
	r.telephone()
	v := opened1(t, r.cfg)
	if err := v.unlock(t.Context(), v.method(r.nurse.ID, nursePIN)); err != nil {
		t.Fatal("a colleague who logged in:", err)
	}
	if now, _ := v.number(r.nurse.ID); now != r.number {
		t.Errorf("her number was %d and is %d", r.number, now)
	}
	if !recorded(t, r.cfg, v, clinic.MachineNewKey) {
		t.Error("nobody at the centre hears of it")
	}
	working(t, r.cfg, v, func(b *Box) {
		all, err := b.desk.Find(t.Context(), r.nurse.ID, r.patient.Identifiers[0].Value)
		if err != nil || len(all) != 1 {
			t.Error("a patient from before:", all, err)
		}
	})
}

// pages unlocks the restarted program with the administrator's number and PIN, and logs
// the nurse in, with whose PIN it opens after that.
func (r *rotated) pages() {
	base, process, _ := start(r.T, r.path)
	v := visitAt(r.T, base)
	nurse := strconv.Itoa(int(r.number))
	if _, body := v.get("/"); strings.Contains(body, "/pin/"+nurse+`"`) {
		r.Error("the page offers a number that opens nothing")
	}
	v.post("/recover", url.Values{"code": {r.code}})
	v.post("/pin/1", url.Values{"pin": {r.boss.PIN}})
	in := func() bool {
		code, body := v.get("/login")
		return code == http.StatusOK && strings.Contains(body, r.nurse.Name)
	}
	within(r.T, "the staff's pages", in)
	if code, body := v.post("/login/"+r.nurse.ID.String(), url.Values{"pin": {nursePIN}}); code != http.StatusOK {
		r.Fatal("the nurse logs in:", code, body)
	}
	_ = process.Process.Kill()
	_ = process.Wait()
	base, process, _ = start(r.T, r.path)
	v = visitAt(r.T, base)
	v.post("/pin/"+nurse, url.Values{"pin": {nursePIN}})
	within(r.T, "the staff's pages, unlocked by the nurse", in)
	_ = process.Process.Kill()
	_ = process.Wait()
}

// telephone restocks, and opens with an answer of now; that of before is worth nothing.
func (r *rotated) telephone() {
	v := opened1(r.T, r.cfg)
	b := New(Options{Config: r.cfg, Log: quiet()})
	b.vault = v
	u := unlocker{b}
	m := must[sealer.Method](r.T)(sealer.EnterRecovery(r.next))
	if err := v.unlock(r.Context(), m); err != nil {
		r.Fatal("the new paper:", err)
	}
	blobs := must[map[uint32][]byte](r.T)(v.restock(r.Context()))
	v.lock()
	challenge, ok := v.challenge()
	if !ok || len(blobs) != sealer.TelephoneStock {
		r.Fatal("no answers by telephone are left with the centre:", len(blobs))
	}
	var refused *web.UnlockError
	if err := u.Recover(r.Context(), web.Recovery{Answer: r.answer}); !errors.As(err, &refused) || v.open() {
		r.Fatal("the answer from before opens:", err)
	}
	if err := u.Recover(r.Context(), web.Recovery{Answer: answerOf(r.T, r.f, challenge, blobs)}); err != nil || !v.open() {
		r.Fatal("the answer of now:", err)
	}
	r.newKey, _, _ = v.storage()
	v.lock()
}

// oldKeyOpensNothing of what stands there now, on the box or on its stick.
func (r *rotated) oldKeyOpensNothing() {
	o := store.Options{Dir: r.cfg.Data.Dir, Key: r.oldKey, Box: "tram-01"}
	if s, err := store.Open(r.Context(), o); !errors.Is(err, store.ErrKey) {
		r.Error("the old storage key opens the records:", err)
		if s != nil {
			_ = s.Close()
		}
	}
	closed := must[[]byte](r.T)(os.ReadFile(filepath.Join(keysDir(r.cfg), "closed")))
	if _, err := opened1(r.T, r.cfg).id.Unlock(r.oldKey.Sub("identity")); err == nil || len(closed) == 0 {
		r.Error("the old storage key opens the identity")
	}
	piece := r.slots[len(r.slots)/2 : len(r.slots)/2+16]
	for _, dir := range []string{r.cfg.Data.Dir, r.cfg.Copy.Dir} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if bytes.Contains(b, piece) {
				r.Errorf("%s still holds the slots from before", path)
			}
			if ring, _, rerr := seal.DecodeRing(b, r.oldKey); rerr == nil {
				r.Errorf("%s opens with the old storage key: %v", path, ring)
			}
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
	}
}

// TestCopiesAroundANewStorageKey restores a copy from before the change and one from
// after it on spare boards, each with the paper of its time.
func TestCopiesAroundANewStorageKey(t *testing.T) {
	r := rotate(t)
	for _, c := range []struct{ name, from, right, wrong string }{
		{"before", r.before, r.code, r.next},
		{"after", r.cfg.Copy.Dir, r.next, r.code},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, _ := sealed(t, "10000000fedcba98\x00")
			if out, err := program(t, "0\n"+c.wrong+"\n", "restore", "-config", path, "-from", c.from); !errors.Is(err, sealer.ErrWrong) {
				t.Fatal("opens with the paper of another time:", out, err)
			}
			if out, err := program(t, "0\n"+c.right+"\n", "check", "-config", path); err != nil || !strings.Contains(out, "clean") || !strings.Contains(out, "newest record") {
				t.Fatal("check does not end a restore whose code was mistyped:", out, err)
			}
			spareConfig, spare := sealed(t, "10000000fedcba98\x00")
			out, err := program(t, "0\n"+c.right+"\n", "restore", "-config", spareConfig, "-from", c.from)
			if err != nil || !strings.Contains(out, "clean") {
				t.Fatal(out, err)
			}
			v := opened1(t, spare)
			if err := v.unlock(t.Context(), must[sealer.Method](t)(sealer.EnterRecovery(c.right))); err != nil {
				t.Fatal(err)
			}
			working(t, spare, v, func(b *Box) {
				if all, err := b.desk.Find(t.Context(), r.nurse.ID, r.patient.Identifiers[0].Value); err != nil || len(all) != 1 {
					t.Error(all, err)
				}
				if _, err := b.copier.Run(t.Context()); err != nil {
					t.Error("the spare board's own copy:", err)
				}
			})
		})
	}
}

// TestNewStorageKeyIsRefused: without an administrator, and without the new code on
// paper, nothing changes.
func TestNewStorageKeyIsRefused(t *testing.T) {
	path, cfg := sealed(t, "10000000abcdef01\x00")
	boss := admin()
	_, code := clinicOf(t, cfg, boss)
	keys := func() map[string]string {
		out := map[string]string{}
		for _, name := range []string{"slots", "slots.copy", "closed"} {
			out[name] = string(must[[]byte](t)(os.ReadFile(filepath.Join(keysDir(cfg), name))))
		}
		return out
	}
	before := keys()
	args := []string{"keys", "-config", path, "-new", "storage"}
	for name, lines := range map[string][]func(string) string{
		"by the recovery code":          {typed("0"), typed(code)},
		"by a nurse":                    {typed("3"), typed(nursePIN)},
		"with a code that is not typed": {typed("1"), typed(boss.PIN), another, another, another},
		"with nothing typed":            {typed("1"), typed(boss.PIN), typed("")},
	} {
		exit, out := typing(t, args, lines...)
		if exit == ExitOK || strings.Contains(out, "new storage key made") || !strings.Contains(out, "nothing has changed") {
			t.Errorf("%s: %d %s", name, exit, out)
		}
		now := keys()
		for file, b := range before {
			if now[file] != b {
				t.Errorf("%s: %s has changed", name, file)
			}
		}
	}
	if exit, _, said := clinicbox(t, "0\n"+code+"\n", "check", "-config", path); exit != ExitOK {
		t.Error(said)
	}
}

// TestNewStorageKeyOfAKeyFile: a development box opens by its file, before and after.
func TestNewStorageKeyOfAKeyFile(t *testing.T) {
	path := write(t, "")
	if exit, _, said := clinicbox(t, "480257\n", "staff", "-config", path, "-name", "Trần Thị Mẫu"); exit != ExitOK {
		t.Fatal(said)
	}
	cfg := must[config.Box](t)(Load(path))
	old := must[seal.Key](t)(StorageKey(t.Context(), cfg))
	for range 2 {
		if exit, out, said := clinicbox(t, "", "keys", "-config", path, "-new", "storage"); exit != ExitOK || strings.Contains(out, "RECOVERY CODE") {
			t.Fatal(exit, out, said)
		}
		if exit, out, said := clinicbox(t, "", "check", "-config", path); exit != ExitOK || !strings.Contains(out, "       0  tệp còn dưới khóa cũ") {
			t.Fatal(exit, out, said)
		}
		now := must[seal.Key](t)(StorageKey(t.Context(), cfg))
		if now == old {
			t.Fatal("the same storage key")
		}
		old = now
	}
}

// keyed is a station that a person's PIN, a card and the paper open, by a method.
type keyed struct {
	cfg   config.Box
	boss  desk.StaffSeed
	card  *sealertest.Card
	paper sealer.Method
}

func newKeyed(t *testing.T, cfg config.Box) *keyed {
	t.Helper()
	k := &keyed{cfg: cfg, boss: admin(), card: sealertest.NewCard("card 1")}
	v, code := clinicOf(t, cfg, k.boss)
	k.paper = must[sealer.Method](t)(sealer.EnterRecovery(code))
	if err := errors.Join(v.unlock(t.Context(), k.paper), v.addCard(t.Context(), k.boss.ID, k.card)); err != nil {
		t.Fatal(err)
	}
	v.lock()
	return k
}

// TestNewStorageKeyByEveryMethod: each method of the box opens the new key as the old.
func TestNewStorageKeyByEveryMethod(t *testing.T) {
	commandAfterCommand(t)
	for _, method := range []string{"board", "tpm"} {
		t.Run(method, func(t *testing.T) {
			cfg := board(t)
			if method == "tpm" {
				chip := sealertest.StartTPM(t)
				cfg.Seal.Method, cfg.Seal.TPM = "tpm", chip.Socket()
			}
			k := newKeyed(t, cfg)
			v := opened1(t, cfg)
			if err := v.unlockCard(t.Context(), k.card); err != nil {
				t.Fatal(err)
			}
			old, ids, _ := v.storage()
			who := ids.Private.Public().Identity
			_, paper := sealer.NewRecovery()
			ways := []sealer.Method{v.method(k.boss.ID, k.boss.PIN), sealer.NewStaffCard(k.boss.ID, k.card), paper}
			if err := v.rekey(t.Context(), quiet(), time.Now(), ways...); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for i, m := range ways {
					v.lock()
					if err := v.unlock(t.Context(), m); err != nil {
						t.Fatal(i, err)
					}
					key, ids, _ := v.storage()
					if key == old || !ids.Private.Public().Identity.Equal(who) || *v.replaced() != old || time.Since(ids.CodeMade()) > time.Hour {
						t.Error("another box, or the same key")
					}
				}
				v.lock()
				for _, m := range []sealer.Method{k.paper, v.method(k.boss.ID, wrongPIN)} {
					if err := v.unlock(t.Context(), m); !errors.Is(err, sealer.ErrWrong) {
						t.Error(err)
					}
				}
				v = opened1(t, cfg)
			}
		})
	}
}

// TestNewStorageKeyFaults makes every write of the change fail, of slots, tries, closed
// keys and of the records behind it: not applied, and applied. Afterwards one paper
// opens, and the other does not; the one that opens has everything.
func TestNewStorageKeyFaults(t *testing.T) {
	commandAfterCommand(t)
	k := newKeyed(t, board(t))
	_, paper := sealer.NewRecovery()
	changed, unsure := 0, 0
	for _, step := range []storetest.Step{storetest.StepOpen, storetest.StepWrite, storetest.StepSync, storetest.StepRename, storetest.StepSyncDir} {
		for _, applied := range []bool{false, step != storetest.StepOpen} {
			for _, fault := range []error{syscall.EIO, syscall.ENOSPC} {
				for n := range 9 { // what comes after those is the store's own, and tested there
					cfg := k.cfg
					cfg.Data.Dir = t.TempDir()
					copyDir(t, k.cfg.Data.Dir, cfg.Data.Dir)
					l := &storetest.Faults{}
					v := must[*vault](t)(newVaultOn(l, cfg))
					if err := v.unlock(t.Context(), k.paper); err != nil {
						t.Fatal(err)
					}
					seen := l.Count(step)
					l.Arm(step, n, fault, applied)
					err := v.rekey(t.Context(), quiet(), time.Now(), sealer.NewStaffCard(k.boss.ID, k.card), paper)
					told := err == nil
					if told {
						changed++
						p := &Program{Stdout: io.Discard, Stderr: io.Discard}
						err = p.settle(t.Context(), v, quiet(), func(*Box) error { return nil })
					}
					hit := l.Count(step)-seen > n
					v.close()
					is := afterRekey(t, cfg, k, paper)
					if told && !is || !told && is && !errors.Is(err, sealer.ErrUnsure) && hit {
						t.Fatalf("%s %d, applied %t: told %v, and the new paper opens: %t", step, n, applied, err, is)
					}
					if errors.Is(err, sealer.ErrUnsure) {
						unsure++
					}
					if t.Failed() {
						t.Fatalf("%s %d, applied %t, %v: %v", step, n, applied, fault, err)
					}
					if !hit {
						break
					}
				}
				if applied {
					break // one kind of error is enough
				}
			}
		}
	}
	t.Logf("%d changed, of %d it was not known", changed, unsure)
	if unsure < 4 {
		t.Error("no fault hit the write that counts")
	}
}

// afterRekey opens a box that went through a change of keys, from a cold start: one of
// the papers opens it, the card does, and the records are whole. It returns whether the
// new paper does.
func afterRekey(t *testing.T, cfg config.Box, k *keyed, paper sealer.Method) bool {
	t.Helper()
	is := false
	for range 2 { // the first start mends
		v := opened1(t, cfg)
		old := v.unlock(t.Context(), k.paper)
		v.lock()
		now := v.unlock(t.Context(), paper)
		if is = now == nil; (old == nil) == is {
			t.Errorf("old paper: %v, new paper: %v", old, now)
			return is
		}
		v.lock()
		if err := v.unlockCard(t.Context(), k.card); err != nil {
			t.Error("the card:", err)
			return is
		}
		o := must[store.Options](t)(storeOptions(v, quiet()))
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Error(err)
			return is
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if rep, err := store.Check(t.Context(), o); err != nil || len(rep.Problems) > 0 || rep.Unturned > 0 {
			t.Errorf("%+v, %v", rep, err)
		}
		if err := store.Settled(o); err != nil {
			t.Error(err)
		}
		v.close()
	}
	return is
}
