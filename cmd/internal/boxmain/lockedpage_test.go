package boxmain

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/internal/testlog"
	"clinicbox/store"
)

// visitor is a tablet at the box's pages.
type visitor struct {
	t *testing.T
	*http.Client
	base string
}

func visit(t *testing.T, b *Box) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}, strings.TrimSuffix(b.URL(), "/")}
}

func (v *visitor) read(r *http.Response, err error) (int, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.Get(v.base + path))
}

func (v *visitor) post(path string, form url.Values) (int, string) {
	v.t.Helper()
	return v.read(v.PostForm(v.base+path, form))
}

// clinicOf makes the records of a box with people in them, and stops.
func clinicOf(t *testing.T, cfg config.Box, admin desk.StaffSeed, patients ...clinic.Patient) (v *vault, code string) {
	t.Helper()
	v = opened1(t, cfg)
	c, err := v.setUp(t.Context(), admin.ID, admin.PIN)
	if err != nil {
		t.Fatal(err)
	}
	nurse := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: "Lê Thị Điều Dưỡng Mẫu", Role: clinic.RoleNurse}, PIN: "739164"}
	b := New(Options{Config: cfg, Log: quiet(), Staff: []desk.StaffSeed{admin, nurse}, Prepare: func(ctx context.Context, d *desk.Desk, _ *store.Store) error {
		for _, p := range patients {
			if _, err := d.Register(ctx, desk.Call{Act: clinic.NewID(), By: nurse.ID}, desk.PatientInput{Patient: p}); err != nil {
				return err
			}
		}
		return nil
	}})
	b.vault = v
	if err := b.setUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.lock()
	return v, c.Reveal()
}

func admin() desk.StaffSeed {
	return desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: "Phạm Văn Bịa", Role: clinic.RoleAdministrator}, PIN: rightPIN}
}

func invented() clinic.Patient {
	return clinic.Patient{
		Name: "Nguyễn Thị Hư Cấu", Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1961, Month: 2, Day: 3}, Phone: "0900111222",
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "036161000017"}},
	}
}

// TestLockedPageShowsNobody: before an unlock no address of the box, and no file of
// its data directory, tells a name, a number, a PIN or a key; a person's number and
// PIN open it through the page.
func TestLockedPageShowsNobody(t *testing.T) {
	cfg, boss, who := board(t), admin(), invented()
	v0, code := clinicOf(t, cfg, boss, who)
	secrets := []string{who.Name, who.Phone, who.Identifiers[0].Value, boss.Name, boss.PIN, "Điều Dưỡng", "739164", code}
	keys := keysOf(t, v0, boss)
	nothingInClear(t, cfg.Data.Dir, append(keys, secrets...)...)
	log := testlog.New(t)
	b := New(Options{Config: cfg, Log: log.Logger()})
	runs(t, "box", b)
	v := visit(t, b)
	for _, path := range []string{"/", "/login", "/patients/" + boss.ID.String(), "/find", "/staff", "/pin/1", "/pin/2", "/pin/77", "/recover", "/telephone", "/trust", "/events", "/healthz"} {
		_, body := v.get(path)
		for _, s := range secrets {
			if strings.Contains(body, s) {
				t.Errorf("%s of a locked box shows %q", path, s)
			}
		}
	}
	if code, body := v.get("/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "box.locked") {
		t.Error(code, body)
	}
	if code, _ := v.post("/pin/1", url.Values{"pin": {wrongPIN}}); code != http.StatusUnprocessableEntity {
		t.Error("a wrong PIN:", code)
	}
	begin := time.Now()
	v.post("/pin/1", url.Values{"pin": {boss.PIN}})
	within(t, "the staff's pages", func() bool {
		code, body := v.get("/login")
		return code == http.StatusOK && strings.Contains(body, boss.Name)
	})
	t.Logf("from the PIN to the staff's pages: %v", time.Since(begin))
	nothingInClear(t, cfg.Data.Dir, append(keys, secrets...)...) // while the views are mapped
	log.Absent(append(keys, secrets...)...)
}

// keysOf returns what only an open box has: the storage key, identity and HPKE key as
// they could stand in a file.
func keysOf(t *testing.T, v *vault, boss desk.StaffSeed) (out []string) {
	t.Helper()
	if err := v.unlock(t.Context(), v.method(boss.ID, boss.PIN)); err != nil {
		t.Fatal(err)
	}
	defer v.lock()
	key, keys, err := v.storage()
	if err != nil {
		t.Fatal(err)
	}
	signing := sub(v.key, "identity")
	for _, k := range [][]byte{key[:], signing[:], keys.Private.Identity.Seed(), must[[]byte](t)(keys.Private.HPKE.Bytes())} {
		if len(k) != 32 {
			t.Fatalf("a key of %d bytes", len(k))
		}
		// Base64 looks otherwise at each place of three: both ends are cut off.
		for skip := range 3 {
			out = append(out, base64.StdEncoding.EncodeToString(k[skip:skip+24]))
		}
		out = append(out, string(k), hex.EncodeToString(k))
	}
	return out
}

// TestRecoveryByThePage: the recovery code opens the locked box and makes a new
// administrator, who logs in.
func TestRecoveryByThePage(t *testing.T) {
	cfg := board(t)
	_, code := clinicOf(t, cfg, admin())
	b := New(Options{Config: cfg, Log: testlog.Logger(t)})
	runs(t, "box", b)
	v := visit(t, b)
	form := url.Values{"code": {strings.ToLower(strings.ReplaceAll(code, "-", " "))}, "name": {"Đỗ Thị Kế Nhiệm"}, "pin": {"582903"}, "again": {"582903"}}
	bad := url.Values{"code": {"2" + code[1:]}}
	if code[0] == '2' {
		bad.Set("code", "3"+code[1:])
	}
	if status, _ := v.post("/recover", bad); status != http.StatusUnprocessableEntity {
		t.Error("a mistyped code:", status)
	}
	v.post("/recover", form)
	within(t, "the new administrator", func() bool {
		code, body := v.get("/login")
		return code == http.StatusOK && strings.Contains(body, "Đỗ Thị Kế Nhiệm")
	})
}

func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, what, is)
}

// nothingInClear fails for files that hold one of the words.
func nothingInClear(t *testing.T, dir string, words ...string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				t.Errorf("%s holds %q in clear", path, w)
			}
		}
		return nil
	})
	if err != nil || n < 8 {
		t.Error(fmt.Sprint(n, " files"), err)
	}
}
