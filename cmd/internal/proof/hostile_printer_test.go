package proof

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/sim"
)

// readSlip reads a slip as a scanner and a person would: its code, and whether its
// head says that it is a reprint. What stopped in the middle has one or the other.
func (h *hostileBox) readSlip(s sim.PrinterSlip) (code, marked bool) {
	h.t.Helper()
	path := filepath.Join(h.dir, fmt.Sprintf("slip-%d.png", s.Number))
	if err := os.WriteFile(path, s.PNG(2), 0o600); err != nil {
		h.t.Fatal(err)
	}
	out, _ := exec.CommandContext(h.t.Context(), "zbarimg", "-q", "--nodbus", "--raw", path).Output() // no code is an error
	words, err := exec.CommandContext(h.t.Context(), "tesseract", path, "-", "-l", "vie", "--psm", "6").Output()
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Contains(string(out), "CB2/"), strings.Contains(string(words), "IN LẠI")
}

// prints waits for a slip with its code, marked or not, and looks at each paper once.
func (h *hostileBox) prints(marked bool) {
	h.t.Helper()
	seen := 0
	h.soon("the slip", func() bool {
		for _, s := range h.printer.Slips()[seen:] {
			seen++
			if code, mark := h.readSlip(s); code && mark == marked {
				return true
			}
		}
		return false
	})
}

// shows waits until the state of the printer stands on the page in both languages.
func (v *visitor) shows(path, key string) {
	v.h.t.Helper()
	for _, lang := range []string{"vi", "en"} {
		v.speaks(lang)
		want := v.h.says(lang, "printer.name") + ": " + v.h.says(lang, key)
		v.h.soon("the page that says "+want, func() bool { return strings.Contains(v.get(path).text(), want) })
		v.h.inWords(key, lang, v.get(path), key)
	}
	v.speaks("vi")
}

// TestHostilePrinter prints on a printer that stops in the middle, resets, or says
// nothing: pages say so, the slip waits, and comes out once the printer works.
func TestHostilePrinter(t *testing.T) {
	for _, tool := range []string{"zbarimg", "tesseract"} {
		testpeer.Need(t, tool)
	}
	for _, c := range []struct {
		name  string
		fault sim.PrinterFault
		key   string
		begun bool // paper may have come out before the whole slip, which therefore is marked
	}{
		{"stops in the middle of a slip", sim.PrinterFault{StopAfter: 3000}, "printer.unknown", true},
		{"resets in the middle of a slip", sim.PrinterFault{ResetAfter: 3000}, "printer.broken", true},
		{"takes everything and says nothing", sim.PrinterFault{Silent: true}, "printer.unknown", false},
		{"runs out of paper in the middle of a slip", sim.PrinterFault{PaperRows: 200}, "printer.paper-out", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHostileBox(t)
			v := h.login(hostileDoctor)
			visit := v.queued("Mai Thị Phiếu")
			due := clinic.DateOf(h.now()).AddDays(7).Int()
			v.saves(visit+"/appointment", url.Values{"in": {strconv.Itoa(due)}, "do": {"save"}})
			h.printer.SetFault(c.fault)
			f := url.Values{"act": {clinic.NewID().String()}}
			f["patient"], f["visit"] = []string{strings.Split(visit, "/")[2]}, []string{strings.Split(visit, "/")[4]}
			for range 2 { // the button pressed twice is one paper
				if p := v.post(visit+"/print", f); p.status != http.StatusSeeOther || p.location != visit {
					t.Fatalf("print: %d %.300s", p.status, p.text())
				}
				h.inWords("the note", "vi", v.get(visit), "print.sent")
			}
			v.shows(visit, c.key)
			v.saves(visit+"/exam", url.Values{"reason": {"tái khám"}, "do": {"save"}}) // nobody waits for paper
			h.printer.SetFault(sim.PrinterFault{})
			h.printer.SetPaper(true)
			h.prints(c.begun)
			v.shows(visit, "printer.ready")
			h.goesOn(v)
			h.log.Absent("Mai Thị", "tái khám", "PHIẾU")
		})
	}
}
