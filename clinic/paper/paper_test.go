package paper_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

func sample() paper.Appointment {
	return paper.Appointment{
		Facility: clinic.Facility{
			Code: "22736", Name: "Trạm Y tế xã đảo Mẫu", Governing: "Ủy ban nhân dân xã Mẫu", Address: "Thôn 1", Phone: "0258 000 000",
		},
		Patient: clinic.Patient{Name: "Nguyễn Thị Mẫu", Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1990}, Address: "Thôn 2, xã Mẫu"},
		Card: clinic.Identifier{
			Value: "XD2220123456789", From: clinic.Date{Year: 2026, Month: 1, Day: 1}, To: clinic.Date{Year: 2026, Month: 12, Day: 31},
		},
		Key: "22736a2611020001", Examined: clinic.Date{Year: 2026, Month: 11, Day: 2},
		Main: "I10 Tăng huyết áp vô căn", Others: []string{"E11 Đái tháo đường", "J00 Viêm mũi họng cấp"},
		Appointment: clinic.Appointment{
			Slip: "H22736A000012", Due: clinic.Date{Year: 2026, Month: 11, Day: 16}, Hour: "08:30", Place: "Phòng khám 1", Note: "Nhịn ăn sáng",
		},
		Doctor:  clinic.Staff{Name: "Trần Văn Thử", Title: "Bác sĩ"},
		Made:    time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC), // 2 November in Viet Nam
		Printer: "Lê Thị Giả", Printed: time.Date(2026, 11, 2, 1, 5, 0, 0, time.UTC), QR: "CB1/H22736A000012/X/1/Y", Copy: 1,
	}
}

// words returns what a reader of the paper sees: all spaces look alike.
func words(d paper.Doc) string {
	return strings.ReplaceAll(text(d), "\u00a0", " ")
}

func text(d paper.Doc) string {
	var b strings.Builder
	for _, x := range d.Blocks {
		b.WriteString(x.Text + " " + x.Value + "\n")
	}
	return b.String()
}

// A date or a telephone number that breaks over two lines is misread.
func TestNumbersStayOnOneLine(t *testing.T) {
	a := sample()
	got := text(a.Doc())
	for _, want := range []string{
		"Thứ\u00a0hai, 16/11/2026", "điện thoại 0258\u00a0000\u00a0000.", "Ngày\u00a002 tháng\u00a011 năm\u00a02026", "08:05\u00a002/11/2026",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
	a.Facility.Phone = "0258 000 000 (giờ hành chính)" // words may break
	if !strings.Contains(text(a.Doc()), a.Facility.Phone) {
		t.Error("words beside a number cannot break")
	}
}

func TestAppointmentHasEveryField(t *testing.T) {
	a := sample()
	got := words(a.Doc())
	for _, want := range []string{ // facts 4.3
		"TRẠM Y TẾ XÃ ĐẢO MẪU", "ỦY BAN NHÂN DÂN XÃ MẪU", "PHIẾU HẸN KHÁM LẠI", "H22736A000012", "NGUYỄN THỊ MẪU", "Nữ", "1990", "Thôn 2, xã Mẫu",
		"XD2220123456789", "01/01/2026", "31/12/2026", "02/11/2026", "khám ngoại trú", "I10 Tăng huyết áp vô căn",
		"E11 Đái tháo đường; J00", "Thứ hai, 16/11/2026", "08:30", "Phòng khám 1", "Nhịn ăn sáng", "dấu hiệu bất thường",
		"một lần", "0258 000 000", "Ngày 02 tháng 11 năm 2026", "Bác sĩ Trần Văn Thử", "ký tên, đóng dấu", "Chưa ký số: ký tên và đóng dấu trên giấy.",
		"08:05 02/11/2026", "Lê Thị Giả", "22736a2611020001",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
	if strings.Contains(got, paper.ReprintMark) || strings.Contains(got, "BHYT") {
		t.Error("a first copy is marked as a reprint, or a word is abbreviated")
	}
	codes := map[paper.Kind]string{}
	for _, b := range a.Doc().Blocks {
		if b.Kind == paper.KindQR || b.Kind == paper.KindCode128 {
			codes[b.Kind] = b.Text
		}
	}
	if codes[paper.KindQR] != a.QR || codes[paper.KindCode128] != a.Appointment.Slip {
		t.Errorf("codes: %v", codes)
	}
}

func TestMissingFieldsAreWords(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 15} // everything else is missing
	a := paper.Appointment{Patient: clinic.Patient{Name: "A"}, Examined: day, Appointment: clinic.Appointment{Due: day}}
	d := a.Doc()
	for _, b := range d.Blocks {
		if b.Kind == paper.KindRow && b.Value == "" && b.Text != "Nơi khám" {
			t.Errorf("%q is blank", b.Text)
		}
	}
	if got := words(d); !strings.Contains(got, "Chủ nhật") || !strings.Contains(got, "không có") {
		t.Error(got)
	}
}

func TestInPatientDates(t *testing.T) {
	a := sample()
	a.Admitted, a.Discharged = clinic.Date{Year: 2026, Month: 10, Day: 20}, clinic.Date{Year: 2026, Month: 10, Day: 27}
	got := words(a.Doc())
	if !strings.Contains(got, "20/10/2026") || !strings.Contains(got, "27/10/2026") || strings.Contains(got, "ngoại trú") {
		t.Error(got)
	}
}

func TestReprint(t *testing.T) {
	a := sample()
	a.Copy = 2
	d := a.Doc()
	if d.Blocks[0].Text != paper.ReprintMark || !strings.Contains(words(d), "bản thứ 2") {
		t.Fatal("a second copy is not marked")
	}
	if again := d.Reprinted(); len(again.Blocks) != len(d.Blocks) {
		t.Fatal("the mark stands twice")
	}
	first := sample()
	one := first.Doc()
	if marked := one.Reprinted(); len(marked.Blocks) != len(one.Blocks)+1 || one.Blocks[0].Text == paper.ReprintMark {
		t.Fatal("marking changed the document it came from, or did not mark")
	}
}

func TestDocSurvivesTheQueue(t *testing.T) {
	a := sample()
	for _, d := range []paper.Doc{a.Doc(), paper.Test(a.Facility, a.Printed)} {
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var got paper.Doc
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, d) {
			t.Fatalf("changed in the queue: %v", err)
		}
		if d.Form == "" || strings.Contains(d.Form, "Mẫu") {
			t.Fatalf("form %q", d.Form)
		}
	}
}
