package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Two people who change the same details lose nothing of each other.
func TestDetailsChangedMeanwhile(t *testing.T) {
	w := newWorld(t, 0)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Nguyễn Thị Mẫu", "034161012345")
	edit := strings.Split(visit, "/visits/")[0] + "/edit"
	with := func(phone, address string) url.Values {
		v := person("Nguyễn Thị Mẫu", "034161012345")
		v.Set("phone", phone)
		v.Set("address", address)
		return v
	}
	old := nurse.get(edit).hidden()
	if a := doctor.send(edit, with("0200 111 222", "Thôn Bãi Sau, xã Sò Biển")); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	mine := with("", "Thôn Mới")
	mine.Set("act", old.Get("act"))
	mine.Set("base", old.Get("base"))
	mine.Set("patient", strings.Split(edit, "/")[2])
	a := nurse.post(edit, mine)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "0200 111 222") || !strings.Contains(a.body, "Thôn Mới") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	next := a.hidden()
	if next.Get("base") == old.Get("base") {
		t.Fatal("the next save would be refused again")
	}
	for k := range next {
		mine.Set(k, next.Get(k))
	}
	mine.Set("phone", "0200 111 222")
	if a := nurse.post(edit, mine); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
}

// Nobody gets another patient's number by a correction.
func TestNumberOfAnotherPatient(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	b.opened("Nguyễn Thị Mẫu", "034161012345")
	other := strings.Split(b.opened("Lê Văn Khác", "034061054321"), "/visits/")[0] + "/edit"
	before := w.store.Len()
	v := person("Lê Văn Khác", "034161012345")
	v.Set("do", "different")
	if a := b.send(other, v); a.status != http.StatusConflict || !strings.Contains(a.text(), "đang ở hồ sơ dưới đây") || w.store.Len() != before {
		t.Fatalf("%d %s", a.status, a.text())
	}
	fresh := person("Ai Khác", "034161012345")
	fresh.Set("do", "different")
	if a := b.send("/register", fresh); a.status != http.StatusConflict || w.store.Len() != before {
		t.Fatalf("%d %s", a.status, a.text())
	}
}
