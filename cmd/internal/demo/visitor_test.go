package demo

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testtab"
)

// visitor is an invented patient on the way through the station.
type visitor struct {
	*running
	b    *testtab.Tab
	js   bool
	card AnnouncedCard
	at   string // address of the visit
}

// registers lays the card on the scanner; the form comes filled in.
func (v *visitor) registers() {
	v.b.T.Helper()
	v.login(v.b, "nurse")
	v.b.Shot("today")
	v.scan(v.b.T, v.card.Citizen)
	if v.js { // the page goes to the form by itself
		v.arrivesAt("/register")
	} else { // the scan page refreshes itself
		v.b.Open(v.said.Clinic + "scan")
		v.arrivesAt("/register")
	}
	v.b.Shot("form-filled")
	v.b.Fill("#phone", "0200123456")
	v.b.Fill("#reason", "Sốt, ho ba ngày")
	v.b.Follow(`button[name=do][value=queue]`)
	v.b.Sees(v.card.Name)
	v.b.Shot("queued")
	v.at, _, _ = strings.Cut(v.b.URL(), "?")
	if i := strings.Index(v.at, "/visits/"); i < 0 {
		v.b.T.Fatalf("no visit after registering, but %s", v.at)
	} else {
		v.at = v.at[:i+len("/visits/")+32]
	}
}

// arrivesAt waits until the tab has come to a path by itself.
func (v *visitor) arrivesAt(path string) {
	v.b.T.Helper()
	ctx, cancel := context.WithTimeout(v.b.T.Context(), 30*time.Second)
	defer cancel()
	defer func() {
		if v.b.T.Failed() {
			v.b.Shot("failed")
			v.b.T.Log(v.b.URL(), v.b.Text())
		}
	}()
	testlog.Eventually(ctx, v.b.T, "the tab comes to "+path, func() bool { return strings.Contains(v.b.URL(), path) })
}

// measured types vital signs: an impossible one, an unusual one, then what is so.
func (v *visitor) measured() {
	b := v.b
	b.Open(v.at + "/vitals")
	b.Fill("#pulse", "88")
	b.Fill("#temperature", "385") // a forgotten comma
	b.Fill("#systolic", "128")
	b.Fill("#diastolic", "78")
	b.Follow(`button[name=do][value=save]`)
	b.Sees("38") // kept what was typed
	b.Shot("impossible")
	b.Fill("#temperature", "38,5")
	b.Follow(`button[name=do][value=save]`)
	b.Shot("unusual")
	if strings.Contains(b.URL(), "/vitals") { // the page asks whether 38,5 is right
		b.Follow("button[name=do][value=confirm]")
	}
	b.Open(v.at)
	b.Sees("38,5", "128/78")
	b.Shot("measured")
}

// treated is the doctor's part.
func (v *visitor) treated() {
	b := v.b
	b.Open(v.said.Clinic)
	b.Follow(`form[action="/logout"] button`)
	v.login(b, "doctor")
	b.Open(v.at + "/exam")
	b.Fill("#finding", "Họng đỏ, phổi không ran")
	b.Follow(`button[name=do][value=save]`)

	b.Open(v.at + "/diagnosis")
	b.Shot("diagnosis-empty")
	v.find("viem hong cap", `#found button[value^="pick."]`)
	b.Shot("diagnosis")
	b.Follow(`button[name=do][value=save]`)

	b.Open(v.at + "/prescription")
	v.find("paracetamol", `#found button[value^="pick."]`)
	b.Fill("[name^='dose.']", "1")
	b.Fill("[name^='times.']", "3")
	b.Fill("[name^='days.']", "5")
	b.Shot("prescription")
	b.Follow(`button[name=do][value=save]`)
	if strings.Contains(b.URL(), "/prescription") {
		b.T.Fatalf("prescription not saved:\n%s", b.Text())
	}

	b.Open(v.at + "/bill")
	v.find("kham", `#found button[value^="pick."]`)
	b.Shot("bill")
	b.Follow(`button[name=do][value=save]`)

	b.Open(v.at + "/appointment")
	b.Choose("label[for=in-14]")
	b.Shot("appointment")
	b.Follow(`button[name=do][value=save]`)
}

// find searches a list and takes the first answer, by pressing buttons only.
func (v *visitor) find(query, first string) {
	v.b.T.Helper()
	v.b.Fill("#q", query)
	v.b.Follow(`button[name=do][value=search]`)
	v.b.Follow(first)
}

// signed checks the answers and signs: with a wrong PIN, then with the right one.
func (v *visitor) signed() {
	b := v.b
	b.Open(v.at + "/check")
	b.Sees("38,5", "Họng đỏ", "Paracetamol")
	b.Shot("check")
	b.Fill("#pin", "000999")
	b.Follow(`form[action$="/sign"] button[type=submit]`)
	b.Sees("PIN")
	b.Shot("wrong-pin")
	for _, s := range v.said.Staff {
		if s.Role == "doctor" {
			b.Fill("#pin", s.PIN)
		}
	}
	b.Follow(`form[action$="/sign"] button[type=submit]`)
	b.Sees("Đã ký")
	b.Shot("signed")
}

// printed prints the slip, once without paper, and returns the code on it.
func (v *visitor) printed() string {
	b, t := v.b, v.b.T
	before := len(v.printer.Slips())
	v.press(t, "paper", url.Values{"in": {"0"}})
	b.Open(v.at)
	b.Follow(`form[action$="/print"] button`)
	b.Comes(v.at, "hết giấy")
	b.Shot("no-paper")
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
	b.Open(v.said.Clinic)
	v.scan(b.T, code)
	if !v.js {
		b.Open(v.said.Clinic + "scan")
	}
	v.arrivesAt("/patients/")
	b.Sees(v.card.Name)
	b.Shot("came-back")
	b.Follow(`form[action="/logout"] button`) // the scanner is the next one's
}

// pulled works without a link, then waits for the centre's receipt of all of it.
func (r *running) pulled(t *testing.T) {
	b := testtab.New(t, testtab.Browser(t), testtab.Opts{Name: "link", Width: 800})
	r.press(t, "link", url.Values{"up": {"0"}})
	v := &visitor{running: r, b: b, js: true, card: r.newcomer(t, 2)}
	v.registers()
	v.measured()
	b.Comes(r.said.Clinic, "Chưa gửi")
	b.Shot("offline")
	r.press(t, "link", url.Values{"up": {"1"}})
	b.Comes(r.said.Clinic, "Đã gửi hết")
	b.Shot("received")
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
	testlog.Eventually(ctx, t, "the hub has looked at every signature", func() bool { // then no alarm means something
		judged, err := r.hub.Judged(ctx)
		return err == nil && judged
	})
	all, err := r.hub.Alarms(t.Context(), boxName)
	alarms := slices.DeleteFunc(slices.Clone(all), func(a hub.Alarm) bool { return a.Code == hub.AlarmDisease })
	if err != nil || len(alarms) != 0 || len(all) == 0 { // the invented clinic has cases to report
		t.Errorf("alarms: %v, %v", alarms, err)
	}
	b.Open(r.said.Hub)
	b.Fill("input[name=token]", r.said.HubToken)
	b.Follow("form:has(input[name=token]) button")
	b.Sees(boxName)
	b.Shot("hub")
}
