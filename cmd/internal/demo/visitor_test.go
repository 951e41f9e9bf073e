package demo

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testlog"
)

// visitor is an invented patient on the way through the station.
type visitor struct {
	*running
	b    *browser
	js   bool
	card AnnouncedCard
	at   string // address of the visit
}

// registers lays the card on the scanner; the form comes filled in.
func (v *visitor) registers() {
	v.b.t.Helper()
	v.login(v.b, "nurse")
	v.b.shot("today")
	v.scan(v.b.t, v.card.Citizen)
	if v.js { // the page goes to the form by itself
		v.arrivesAt("/register")
	} else { // the scan page refreshes itself
		v.b.open(v.said.Clinic + "scan")
		v.arrivesAt("/register")
	}
	v.b.shot("form-filled")
	v.b.fill("#phone", "0200123456")
	v.b.fill("#reason", "Sốt, ho ba ngày")
	v.b.follow(`button[name=do][value=queue]`)
	v.b.sees(v.card.Name)
	v.b.shot("queued")
	v.at, _, _ = strings.Cut(v.b.url(), "?")
	if i := strings.Index(v.at, "/visits/"); i < 0 {
		v.b.t.Fatalf("no visit after registering, but %s", v.at)
	} else {
		v.at = v.at[:i+len("/visits/")+32]
	}
}

// arrivesAt waits until the tab has come to a path by itself.
func (v *visitor) arrivesAt(path string) {
	v.b.t.Helper()
	ctx, cancel := context.WithTimeout(v.b.ctx, 30*time.Second)
	defer cancel()
	defer func() {
		if v.b.t.Failed() {
			v.b.shot("failed")
			v.b.t.Log(v.b.url(), v.b.text())
		}
	}()
	testlog.Eventually(ctx, v.b.t, "the tab comes to "+path, func() bool { return strings.Contains(v.b.url(), path) })
}

// measured types vital signs: an impossible one, an unusual one, then what is so.
func (v *visitor) measured() {
	b := v.b
	b.open(v.at + "/vitals")
	b.fill("#pulse", "88")
	b.fill("#temperature", "385") // a forgotten comma
	b.fill("#systolic", "128")
	b.fill("#diastolic", "78")
	b.follow(`button[name=do][value=save]`)
	b.sees("38") // kept what was typed
	b.shot("impossible")
	b.fill("#temperature", "38,5")
	b.follow(`button[name=do][value=save]`)
	b.shot("unusual")
	if strings.Contains(b.url(), "/vitals") { // the page asks whether 38,5 is right
		b.follow("button[name=do][value=confirm]")
	}
	b.open(v.at)
	b.sees("38,5", "128/78")
	b.shot("measured")
}

// treated is the doctor's part.
func (v *visitor) treated() {
	b := v.b
	b.open(v.said.Clinic)
	b.follow(`form[action="/logout"] button`)
	v.login(b, "doctor")
	b.open(v.at + "/exam")
	b.fill("#finding", "Họng đỏ, phổi không ran")
	b.follow(`button[name=do][value=save]`)

	b.open(v.at + "/diagnosis")
	b.shot("diagnosis-empty")
	v.find("viem hong cap", `#found button[value^="pick."]`)
	b.shot("diagnosis")
	b.follow(`button[name=do][value=save]`)

	b.open(v.at + "/prescription")
	v.find("paracetamol", `#found button[value^="pick."]`)
	b.fill("[name^='dose.']", "1")
	b.fill("[name^='times.']", "3")
	b.fill("[name^='days.']", "5")
	b.shot("prescription")
	b.follow(`button[name=do][value=save]`)
	if strings.Contains(b.url(), "/prescription") {
		b.t.Fatalf("prescription not saved:\n%s", b.text())
	}

	b.open(v.at + "/bill")
	v.find("kham", `#found button[value^="pick."]`)
	b.shot("bill")
	b.follow(`button[name=do][value=save]`)

	b.open(v.at + "/appointment")
	b.choose("label[for=in-14]")
	b.shot("appointment")
	b.follow(`button[name=do][value=save]`)
}

// find searches a list and takes the first answer, by pressing buttons only.
func (v *visitor) find(query, first string) {
	v.b.t.Helper()
	v.b.fill("#q", query)
	v.b.follow(`button[name=do][value=search]`)
	v.b.follow(first)
}

// signed checks the answers and signs: with a wrong PIN, then with the right one.
func (v *visitor) signed() {
	b := v.b
	b.open(v.at + "/check")
	b.sees("38,5", "Họng đỏ", "Paracetamol")
	b.shot("check")
	b.fill("#pin", "000999")
	b.follow(`form[action$="/sign"] button[type=submit]`)
	b.sees("PIN")
	b.shot("wrong-pin")
	for _, s := range v.said.Staff {
		if s.Role == "doctor" {
			b.fill("#pin", s.PIN)
		}
	}
	b.follow(`form[action$="/sign"] button[type=submit]`)
	b.sees("Đã ký")
	b.shot("signed")
}

// printed prints the slip, once without paper, and returns the code on it.
func (v *visitor) printed() string {
	b, t := v.b, v.b.t
	before := len(v.printer.Slips())
	v.press(t, "paper", url.Values{"in": {"0"}})
	b.open(v.at)
	b.follow(`form[action$="/print"] button`)
	b.comes(v.at, "hết giấy")
	b.shot("no-paper")
	v.press(t, "paper", url.Values{"in": {"1"}})
	slips := v.slipsAfter(t, before)
	slip := slips[len(slips)-1]
	words := wordsOf(t, slip)
	family, _, _ := strings.Cut(v.card.Name, " ")
	for _, w := range []string{"PHIẾU HẸN KHÁM LẠI", family} {
		if !strings.Contains(strings.ToLower(words), strings.ToLower(w)) {
			t.Errorf("slip lacks %q, reads:\n%s", w, words)
		}
	}
	return codeOf(t, slip)
}

// comesBack lays the slip on the scanner: the patient's record comes up.
func (v *visitor) comesBack(code string) {
	b := v.b
	b.open(v.said.Clinic)
	v.scan(b.t, code)
	if !v.js {
		b.open(v.said.Clinic + "scan")
	}
	v.arrivesAt("/patients/")
	b.sees(v.card.Name)
	b.shot("came-back")
	b.follow(`form[action="/logout"] button`) // the scanner is the next one's
}

// pulled works without a link, then waits for the centre's receipt of all of it.
func (r *running) pulled(t *testing.T) {
	b := newBrowser(t, "link", true)
	r.press(t, "link", url.Values{"up": {"0"}})
	v := &visitor{running: r, b: b, js: true, card: r.newcomer(t, 2)}
	v.registers()
	v.measured()
	b.comes(r.said.Clinic, "Chưa gửi")
	b.shot("offline")
	r.press(t, "link", url.Values{"up": {"1"}})
	b.comes(r.said.Clinic, "Đã gửi hết")
	b.shot("received")
	own := r.store.Own()
	root, err := own.Root(own.Size())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "the hub's tree equals the box's", func() bool {
		streams, err := r.hub.Streams(ctx, boxName)
		return err == nil && len(streams) == 1 && streams[0].Size == own.Size() && streams[0].Root == root
	})
	alarms, err := r.hub.Alarms(t.Context(), boxName)
	if err != nil || len(alarms) != 0 {
		t.Errorf("alarms: %v, %v", alarms, err)
	}
	b.open(r.said.Hub)
	b.fill("input[name=token]", r.said.HubToken)
	b.follow("form:has(input[name=token]) button")
	b.sees(boxName)
	b.shot("hub")
}
