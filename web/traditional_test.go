package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTraditionalStory: a visit of traditional medicine is chosen by one tap, the illness
// is offered beside the diagnosis, herbs are grams a packet, and the visit is not signed
// without the examination.
func TestTraditionalStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	v := person("Lý Thị Mẫu", "")
	v.Set("type", "4")
	visit := nurse.send("/register", v).location
	want := func(a answer, status int, words ...string) {
		t.Helper()
		if a.status != status {
			t.Fatalf("%d %s", a.status, a.text())
		}
		for _, s := range words {
			if !strings.Contains(a.text(), s) {
				t.Errorf("%q is missing: %s", s, a.text())
			}
		}
	}
	want(doctor.send(visit+"/exam", url.Values{"reason": {"đau lưng"}, "do": {"save"}}), http.StatusSeeOther)
	want(doctor.send(visit+"/diagnosis", url.Values{"main": {"M54.5"}, "do": {"save"}}), http.StatusSeeOther)
	want(doctor.get(visit+"/check"), http.StatusOK, "Y học cổ truyền")
	want(doctor.get(visit+"/traditional"), http.StatusOK, "Yêu thống", "Xoa bóp bấm huyệt", "Bát cương")
	want(doctor.send(visit+"/traditional", url.Values{"do": {"save"}, "look": {"lưỡi nhợt"}}), http.StatusUnprocessableEntity, "lưỡi nhợt")
	form := url.Values{
		"do": {"save"}, "look": {"lưỡi nhợt, rêu trắng"}, "touch": {"mạch trầm"}, "illness": {"YTHONG"}, "principle": {"4", "7"},
		"points.XOABOP": {"vùng thắt lưng"}, "method": {"bổ can thận"},
	}
	want(doctor.send(visit+"/traditional", form), http.StatusUnprocessableEntity, "Ghi số ngày của liệu trình")
	form.Set("course.XOABOP", "7")
	want(doctor.send(visit+"/traditional", form), http.StatusSeeOther)
	if a := doctor.get(visit + "/traditional"); !strings.Contains(a.body, `value="vùng thắt lưng"`) {
		t.Errorf("the form forgets: %s", a.text())
	}

	rx := url.Values{"medicine.0": {"DOCHOAT"}, "dose.0": {"12"}, "medicine.1": {"TANGKYSINH"}, "dose.1": {"16"}, "preparation": {"sắc 3 bát còn 1 bát"}}
	rx.Set("do", "pick.DOTRONG")
	want(doctor.send(visit+"/prescription", rx), http.StatusOK, "Mỗi thang", "Số thang", "Đỗ trọng")
	rx.Set("medicine.2", "DOTRONG")
	rx.Set("dose.2", "12")
	rx.Set("do", "save")
	want(doctor.send(visit+"/prescription", rx), http.StatusUnprocessableEntity)
	rx.Set("packets", "7")
	want(doctor.send(visit+"/prescription", rx), http.StatusSeeOther)
	want(doctor.get(visit), http.StatusOK, "7 thang", "84 g", "112 g", "Yêu thống", "7 ngày", "Lý", "Hư")
	doctor.sign(visit)
	want(doctor.get(visit), http.StatusOK, "Đã ký")
	want(nurse.get(visit+"/hand"), http.StatusOK, "Độc hoạt", "84")
}

// TestTraditionalIsNeeded: a visit of the kind is not signed without it.
func TestTraditionalIsNeeded(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	v := person("Lý Thị Mẫu", "")
	v.Set("type", "4")
	visit := nurse.send("/register", v).location
	doctor.examined(visit)
	if a := doctor.get(visit + "/check"); strings.Contains(a.text(), "Ký bằng mã PIN") {
		t.Errorf("it can be signed: %s", a.text())
	}
}
