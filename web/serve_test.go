package web

import (
	"net"
	"net/url"
	"os"
	"testing"

	"clinicbox/clinic"
)

// TestServe serves the invented station on CLINICBOX_WEB_SERVE until the test's
// time is over, for a person who wants to look at the pages.
func TestServe(t *testing.T) {
	addr := os.Getenv("CLINICBOX_WEB_SERVE")
	if addr == "" {
		t.Skip("set CLINICBOX_WEB_SERVE to an address to look at the pages")
	}
	w := newWorld(t, 0)
	w.scans["card"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: clinic.Patient{
		Name: "Võ Thị Ngọc Ánh", Birth: clinic.Date{Year: 1990, Month: 9, Day: 5}, Sex: clinic.SexFemale,
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056190004321"}}, Address: "Thôn Đông, xã Sò Biển",
	}}
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	first := nurse.opened("Phạm Thị Sương", "056161012345")
	doctor.examined(first)
	nurse.opened("Nguyễn Văn Lâm", "056061000123")
	measured := nurse.opened("Đặng Quốc Hải Đăng", "056061000777")
	nurse.send(measured+"/vitals", url.Values{"pulse": {"96"}, "temperature": {"38,5"}, "do": {"confirm"}, "confirmed": {"temperature"}})
	l, err := net.Listen("tcp", addr)
	w.must(err)
	w.web.opts.Listener = l
	t.Logf("http://%v person %v PIN %s, visit %s", addr, w.doctor, doctorPIN, first)
	w.must(w.web.Run(t.Context()))
}
