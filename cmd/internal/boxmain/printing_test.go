package boxmain

import (
	"strings"
	"testing"

	"clinicbox/peripherals/printer"
	"clinicbox/store/storetest"
	"clinicbox/web"
)

// TestPrinterIsNeverBetterThanKnown: what pages say for each state of the spooler.
func TestPrinterIsNeverBetterThanKnown(t *testing.T) {
	for name, tt := range map[string]struct {
		st   printer.SpoolStatus
		want web.Device
	}{
		"ready":      {printer.SpoolStatus{State: printer.Idle}, web.Device{State: "printer.state.idle", OK: true}},
		"not asked":  {printer.SpoolStatus{State: printer.Asking}, web.Device{State: "printer.state.asking", OK: true, Unsure: true}},
		"idle, dead": {printer.SpoolStatus{State: printer.Idle, Cause: printer.Unreachable}, web.Device{State: "printer.unreachable"}},
		"paper soon": {printer.SpoolStatus{State: printer.Idle, NearEnd: true}, web.Device{State: "printer.near-end", OK: true}},
		"no paper":   {printer.SpoolStatus{State: printer.Waiting, Cause: printer.PaperOut, Jobs: 2}, web.Device{State: "printer.paper-out", Waiting: 2}},
		"held":       {printer.SpoolStatus{State: printer.Holding, Cause: printer.Held, Jobs: 1}, web.Device{State: "printer.held", Waiting: 1, Person: true}},
		"bad":        {printer.SpoolStatus{State: printer.Idle, Cause: printer.BadJob, Bad: []string{"x"}}, web.Device{State: "printer.bad-job", Person: true}},
		"blind":      {printer.SpoolStatus{State: printer.Idle, Blind: true}, web.Device{State: "printer.untold", OK: true, Unsure: true, More: "printer.untold.do"}},
		"unproven": {
			printer.SpoolStatus{State: printer.Idle, Blind: true, Unproven: true},
			web.Device{State: "printer.unconfirmed", OK: true, Unsure: true, More: "printer.unconfirmed.do"},
		},
	} {
		tt.want.Name = "printer.name"
		if got := printerDevice(tt.st); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// TestDamagedPrintJobIsListedAndDropped: a row that does not open is told of, the
// others print, and a person can take it away.
func TestDamagedPrintJobIsListedAndDropped(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	for _, id := range []string{"a", "b", "c"} {
		if err := (queue{s.State()}).Put(id, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.DamageState(t, o.Dir, bucketPrint, 1)
	s = storetest.OpenWith(t, o)
	q := queue{s.State()}
	read, lost := 0, ""
	each := func() {
		read, lost = 0, ""
		err := q.Each(func(id string, job []byte) error {
			if read++; strings.HasPrefix(id, damaged) {
				lost = id
				if job != nil {
					t.Error("bytes of a row that does not open")
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if each(); read != 3 || lost == "" {
		t.Fatalf("%d rows, lost %q", read, lost)
	}
	if err := q.Delete(lost); err != nil {
		t.Fatal(err)
	}
	if each(); read != 2 || lost != "" {
		t.Fatalf("%d rows, lost %q", read, lost)
	}
}
