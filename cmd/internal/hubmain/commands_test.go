package hubmain_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/authority"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/escrow"
)

const phrase = "một câu đủ dài\n"

// ceremony makes a root on one machine and a centre on another, by commands only.
func ceremony(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, dir, phrase+phrase, "root", "new", "-name", "Tỉnh Mẫu", at("safe"))
	run(t, dir, "authority", "request", "-name", "Tỉnh Mẫu", "-out", at("request"))
	must(t, dir, phrase, "root", "grant", at("safe"), at("request"), "-out", at("grant"))
	run(t, dir, "authority", "install", at("grant"))
	return dir
}

func must(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	out, err := feed(t, dir, input, args...)
	if err != nil {
		t.Fatal(args, err)
	}
	return out
}

func invite(t *testing.T, dir, box string, more ...string) cert.Code {
	t.Helper()
	args := append([]string{"invite", "-operator", "Mẫu", "-facility", facility, "-station", "Trạm Y tế xã Mẫu", "-box", box, "-host", "192.168.7.2,tram.lan"}, more...)
	out := strings.Fields(run(t, dir, args...))
	code, err := cert.ParseCode(out[len(out)-1])
	if err != nil {
		t.Fatal(out, err)
	}
	return code
}

// carry brings a machine in by a file.
func carry(t *testing.T, dir string, code cert.Code) *hubtest.Machine {
	t.Helper()
	m := hubtest.NewMachine(code)
	in, out := filepath.Join(dir, "request.bin"), filepath.Join(dir, "answer.bin")
	if err := os.WriteFile(in, m.Request, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "enrol", "-operator", "Mẫu", in, "-out", out)
	answer, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Accept(answer); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCeremony(t *testing.T) {
	dir := ceremony(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, f := range []string{"safe/root.key", "safe/web-root.key", "authority/issuing.key", "authority/command.key", "authority/web.key", "authority/link.key"} {
		if i, err := os.Stat(at(f)); err != nil || i.Mode().Perm() != 0o600 {
			t.Error(f, i, err)
		}
	}
	m := carry(t, dir, invite(t, dir, "tram-01"))
	if m.Enrolled.Answer.Facility.Name != "Trạm Y tế xã Mẫu" {
		t.Error(m.Enrolled.Answer.Facility)
	}
	for name, c := range map[string]struct {
		want  error
		input string
		args  []string
	}{
		"a wrong passphrase":  {authority.ErrPassphrase, "etwas anderes\n", []string{"root", "grant", at("safe"), at("request"), "-out", at("other")}},
		"a short one":         {hubmain.ErrPassphrases, "kurz\nkurz\n", []string{"root", "new", "-name", "x", at("short")}},
		"typed differently":   {hubmain.ErrPassphrases, phrase + "x" + phrase, []string{"root", "new", "-name", "x", at("short")}},
		"a second root there": {os.ErrExist, phrase + phrase, []string{"root", "new", "-name", "x", at("safe")}},
		"not a request":       {cert.ErrForm, phrase, []string{"root", "grant", at("safe"), at("grant"), "-out", at("other")}},
		"not a grant":         {authority.ErrKeys, "", []string{"authority", "install", at("request")}},
	} {
		if _, err := feed(t, dir, c.input, c.args...); !errors.Is(err, c.want) || hubmain.Words(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	run(t, dir, "box", "show", "tram-01") // the refused grant has not taken the place of the good one

	// The issuing key was stolen: another one, and the first is withdrawn.
	old := regexp.MustCompile(`[0-9a-f]{32}`).FindString(hexOfIssuer(t, dir))
	if err := os.Remove(at("authority/issuing.key")); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "authority", "request", "-name", "Tỉnh Mẫu", "-out", at("request2"))
	must(t, dir, phrase, "root", "grant", at("safe"), at("request2"), "-out", at("grant2"), "-seq", "2", "-withdraw", old)
	run(t, dir, "authority", "install", at("grant2"))
	run(t, dir, "authority", "reissue", "-operator", "Mẫu")
	if out := run(t, dir, "history", "-verify"); !strings.Contains(out, "verified") || !strings.Contains(out, "reissue") {
		t.Error(out)
	}
	if _, err := try(t, dir, "authority", "install", at("grant")); !errors.Is(err, authority.ErrKeys) {
		t.Error("the withdrawn grant again:", err)
	}
	run(t, dir, "box", "show", "tram-01")
}

// hexOfIssuer returns the ID of the issuing key in use.
func hexOfIssuer(t *testing.T, dir string) string {
	t.Helper()
	g, err := authority.LoadGrant(filepath.Join(dir, "authority", "grant.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := cert.Unverified[cert.Issuer](g.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	id := cert.IDOf(v.Key)
	return hex.EncodeToString(id[:])
}

func TestCarriedEnrolment(t *testing.T) {
	dir := ceremony(t)
	code := invite(t, dir, "tram-01")
	m := hubtest.NewMachine(code)
	text, err := cert.Text(m.Request)
	if err != nil {
		t.Fatal(err)
	}
	qr, err := cert.QR(m.Request)
	if err != nil {
		t.Fatal(err)
	}
	fromText, err := cert.ParseText(must(t, dir, strings.ToLower(text), "enrol", "-operator", "Mẫu", "-"))
	if err != nil {
		t.Fatal(err)
	}
	var parts cert.Parts
	for line := range strings.Lines(must(t, dir, strings.Join(qr, "\n"), "enrol", "-operator", "Mẫu", "-form", "qr", "-")) {
		if err := parts.Add(line); err != nil {
			t.Fatal(err)
		}
	}
	fromQR, err := parts.Bytes()
	if err != nil || !bytes.Equal(fromQR, fromText) || m.Accept(fromText) != nil {
		t.Fatal("the same request, asked twice, was answered differently", err)
	}
	replay := hubtest.NewMachine(code)
	for name, c := range map[string]struct {
		want  error
		input string
	}{
		"a used code":      {authority.ErrUsed, string(replay.Request)},
		"an unknown code":  {cert.ErrCode, string(hubtest.NewMachine(cert.NewCode()).Request)},
		"a line missing":   {cert.ErrForm, text[:len(text)-40]},
		"a code too few":   {cert.ErrForm, qr[0]},
		"the answer":       {cert.ErrKind, string(fromText)},
		"nothing":          {cert.ErrForm, ""},
		"the wrong letter": {cert.ErrForm, strings.Replace(text, "001 ", "001 0", 1)},
	} {
		if _, err := feed(t, dir, c.input, "enrol", "-operator", "Mẫu", "-"); !errors.Is(err, c.want) || hubmain.Words(err) == err.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOperating(t *testing.T) {
	dir := ceremony(t)
	m := carry(t, dir, invite(t, dir, "tram-01"))
	h := start(t, hubmain.Config{
		Data:      hubmain.Data{Dir: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "hub.keys")},
		Authority: hubmain.Authority{Dir: filepath.Join(dir, "authority")},
		Broker:    hubmain.Broker{Listen: "127.0.0.1:0"}, Web: hubmain.Web{Listen: "127.0.0.1:0"},
	})
	m.Enrolled.Answer.Broker = h.BrokerURL()
	on := connect(t, h, m, "tram-01")
	nurse, other := hubtest.NewPerson(facility, clinic.RoleNurse), hubtest.NewPerson(facility, clinic.RoleDoctor)
	for _, p := range []*hubtest.Person{nurse, other} {
		on.box.RecordDraft(clinic.Draft{Kind: clinic.KindCredential, Subject: p.ID, Event: testDay(), Body: &clinic.Credential{Request: p.Request}})
	}
	tk := &escrow.Ticket{Box: "tram-01", Round: 1, Challenge: escrow.NewChallenge(1)}
	rand.Read(tk.Secret[:])
	blob, err := escrow.Seal(escrow.Centre{HPKE: h.Public().HPKE, Box: "tram-01"}, tk)
	if err != nil {
		t.Fatal(err)
	}
	on.box.RecordDraft(clinic.Draft{Kind: clinic.KindEscrow, Subject: clinic.MachineSubject(), Event: testDay(), Body: &clinic.Escrow{Slot: 1, Blob: blob}})
	on.box.Connect()
	synced(t, on.box)

	out := run(t, dir, "people", "-facility", facility)
	refs := regexp.MustCompile(`(?m)^22736\t\S+\t([0-9a-f]{16})\t.*waits`).FindAllStringSubmatch(out, -1)
	if len(refs) != 2 {
		t.Fatal(out)
	}
	run(t, dir, "certify", "-operator", "Mẫu", refs[0][1])
	run(t, dir, "reject", "-operator", "Mẫu", refs[1][1])
	out = run(t, dir, "people")
	if !strings.Contains(out, "certified") || strings.Contains(out, "waits") {
		t.Fatal(out)
	}
	on.eventually("the person's certificate", func() bool { on.box.Tick(); return len(on.box.State().Down) == 3 })
	serial := strings.Split(out, "\t")[2]
	run(t, dir, "revoke", "-operator", "Mẫu", serial, "-reason", "left", "-note", "nghỉ việc")
	on.eventually("the revocation", func() bool { on.box.Tick(); return len(on.box.State().Down) == 4 })

	if got := must(t, dir, strings.ToLower(tk.Challenge.Reveal())+"\n", "answer", "-operator", "Mẫu", "tram-01"); strings.TrimSpace(got) != tk.Answer().Reveal() {
		t.Error("not the answer")
	}
	for _, bad := range []string{"\n", "ABCDEF-GHJKLM\n", escrow.NewChallenge(1).Reveal() + "\n"} {
		if _, err := feed(t, dir, bad, "answer", "-operator", "Mẫu", "tram-01"); err == nil {
			t.Errorf("%q was answered", bad)
		}
	}
	run(t, dir, "stolen", "-operator", "Mẫu", "tram-01")
	if _, err := feed(t, dir, tk.Challenge.Reveal()+"\n", "answer", "-operator", "Mẫu", "tram-01"); err == nil {
		t.Error("a thief was answered")
	}
	file := filepath.Join(dir, "link.crl")
	run(t, dir, "crl", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil || len(list.RevokedCertificateEntries) != 1 {
		t.Fatal(list, err)
	}
	if out := run(t, dir, "check"); !strings.Contains(out, "history of operators") {
		t.Error(out)
	}
	history := run(t, dir, "history", "-verify")
	for _, word := range []string{"invite", "enrol", "certify", "turn down", "revoke", "answer", "stolen", "nghỉ việc", "verified"} {
		if !strings.Contains(history, word) {
			t.Errorf("the history lacks %q", word)
		}
	}
	if strings.Contains(history, tk.Answer().Reveal()) || strings.Contains(history, tk.Challenge.Reveal()) {
		t.Error("the history has the answer")
	}
}

// TestOperatorsAreNamed: whatever changes something needs a name and right words.
func TestOperatorsAreNamed(t *testing.T) {
	dir := ceremony(t)
	carry(t, dir, invite(t, dir, "tram-01"))
	serial := strings.Repeat("0", 32)
	for _, args := range [][]string{
		{"invite", "-facility", facility, "-station", "x", "-box", "b"},
		{"stolen", "tram-01"},
		{"order", "tram-01", "lock"},
		{"revoke", serial, "-reason", "left"},
		{"certify", "0123456789"},
		{"answer", "tram-01"},
		{"authority", "reissue"},
		{"order", "-operator", "x", "tram-01", "dance"},
		{"revoke", "-operator", "x", serial, "-reason", "whim"},
		{"revoke", "-operator", "x", "12", "-reason", "left"},
		{"revoke", "-operator", "x", serial, "-reason", "left", "-since", "hôm qua"},
		{"invite", "-operator", "x", "-facility", facility, "-box", "b"},
		{"box", "show"},
	} {
		if _, err := try(t, dir, args...); !errors.Is(err, hubmain.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, c := range []struct {
		want error
		args []string
	}{
		{authority.ErrMissing, []string{"stolen", "-operator", "x", "nobody"}},
		{authority.ErrMissing, []string{"order", "-operator", "x", "nobody", "lock"}},
		{authority.ErrMissing, []string{"revoke", "-operator", "x", serial, "-reason", "left"}},
		{authority.ErrExists, []string{"invite", "-operator", "x", "-facility", facility, "-station", "x", "-box", "tram-01"}},
		{cert.ErrOtherFacility, []string{"invite", "-operator", "x", "-facility", "01234", "-station", "x", "-box", "b", "-replaces", "tram-01"}},
		{cert.ErrForm, []string{"invite", "-operator", "x", "-facility", facility, "-station", "x", "-box", "Trạm"}},
		{authority.ErrMissing, []string{"box", "show", "nobody"}},
	} {
		if _, err := try(t, dir, c.args...); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.args, err, c.want)
		}
	}
	other := t.TempDir()
	if _, err := try(t, other, "invite", "-operator", "x", "-facility", facility, "-station", "x", "-box", "b"); !errors.Is(err, hubmain.ErrNoAuthority) {
		t.Error(err)
	}
	if out := run(t, dir, "history"); strings.Count(out, "\n") != 4 { // issuer, hub, invite, enrol
		t.Error(out)
	}
}

func testDay() time.Time { return time.Unix(1_790_000_000, 0) }
