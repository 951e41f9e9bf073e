package paper_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

func rx() paper.Prescription {
	a := sample()
	return paper.Prescription{
		Facility: a.Facility, Patient: a.Patient, Card: a.Card, Key: a.Key, Examined: a.Examined,
		Diagnoses: []string{"J06.9 Nhiễm khuẩn hô hấp trên", "A09 Tiêu chảy"},
		Prescription: clinic.Prescription{
			Code: "22736a000012-C", Replaces: "22736a000011-C", Advice: "Uống nhiều nước",
			Lines: []clinic.DrugLine{
				{Name: "Paracetamol (Hapacol)", Strength: "500 mg", Form: "viên nén", Unit: "viên", Dose: 500, Times: 3, Days: 5, Quantity: 8000, Route: "uống", When: "sau ăn"},
				{Name: "Ibuprofen", Strength: "100 mg/5 ml, 60 ml", Unit: "chai", Dose: 5000, Measure: "ml", Pack: 60_000, Times: 3, Days: 5, Quantity: 2000, Route: "uống"},
				{Name: "Permethrin", Strength: "5%, 30 g", Unit: "tuýp", Quantity: 12_000, When: "bôi buổi tối"},
			},
		},
		Again: a.Appointment.Due, Doctor: a.Doctor, Made: a.Made, Printer: a.Printer, Printed: a.Printed, QR: "CB2/X/Y", Copy: 1,
	}
}

// TestPrescriptionHasEveryField: what Circular 26/2025/TT-BYT wants on the paper.
func TestPrescriptionHasEveryField(t *testing.T) {
	p := rx()
	p.Patient.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056090012345"}}
	got := words(p.Doc())
	for _, want := range []string{
		"TRẠM Y TẾ XÃ ĐẢO MẪU", "ĐƠN THUỐC", "Mã đơn: 22736a000012-C", "Thay đơn 22736a000011-C, đơn ấy không còn giá trị.", "NGUYỄN THỊ MẪU", "056090012345",
		"Nữ", "Thôn 2, xã Mẫu", "XD2220123456789", "J06.9 Nhiễm khuẩn hô hấp trên", "A09 Tiêu chảy", "1. Paracetamol (Hapacol) 500 mg", "08 viên", "(cần 7 1/2 viên)",
		"Cách dùng: uống, mỗi lần 1/2 viên, ngày 3 lần, 5 ngày, sau ăn", "02 chai", "(cần 75 ml, chai 60 ml)", "mỗi lần 5 ml, ngày 3 lần", "12 tuýp", "bôi buổi tối",
		"Uống nhiều nước", "Khám lại ngày 16/11/2026", "trong 5 ngày kể từ ngày ký", "0258 000 000", "Ngày 02 tháng 11 năm 2026", "BÁC SĨ, Y SĨ KHÁM BỆNH", "ký, ghi rõ họ tên",
		"Bác sĩ Trần Văn Thử", "Chưa ký số: ký tên trên giấy.", "22736a2611020001", "08:05 02/11/2026", "Lê Thị Giả",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Tháng tuổi") || strings.Contains(got, paper.ReprintMark) || strings.Contains(got, "Bản 1") {
		t.Error(got)
	}
	for _, b := range p.Doc().Blocks {
		if b.Kind == paper.KindRow && strings.TrimSpace(b.Value) == "" {
			t.Errorf("%q is blank", b.Text)
		}
		if b.Kind == paper.KindQR && b.Text != p.QR {
			t.Error(b.Text)
		}
	}
}

func TestPrescriptionOfAChild(t *testing.T) {
	p := rx()
	p.Child, p.Months, p.Weight, p.Companion = true, 17, 104, "Trần Thị Mẹ"
	got := words(p.Doc())
	for _, want := range []string{"Tháng tuổi 17 tháng", "Cân nặng 10,4 kg", "Người đưa trẻ đến khám Trần Thị Mẹ"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
}

// TestPrescriptionForms: three papers of narcotics and psychotropics, quantities of
// narcotics in words too, each copy marked when printed again.
func TestPrescriptionForms(t *testing.T) {
	p := rx()
	p.Prescription.Code, p.Copy = "22736a000013-N", 2
	d := p.Doc()
	got := words(d)
	cuts := 0
	for _, b := range d.Blocks {
		if b.Kind == paper.KindCut {
			cuts++
		}
	}
	if cuts != 2 || strings.Count(got, `ĐƠN THUỐC "N"`) != 3 || strings.Count(got, paper.ReprintMark) != 3 || !strings.Contains(got, "Bản 3 trong 3 bản") {
		t.Errorf("%d cuts\n%s", cuts, got)
	}
	if !strings.Contains(got, "08 viên (tám viên)") || !strings.Contains(got, "12 tuýp (mười hai tuýp)") {
		t.Error(got)
	}
	p.Prescription.Code = "22736a000014-H"
	if got := words(p.Doc()); strings.Count(got, `ĐƠN THUỐC "H"`) != 3 || strings.Contains(got, "tám viên") {
		t.Error(got)
	}
}

func TestPrescriptionSigned(t *testing.T) {
	p := rx()
	p.Signed = &paper.Signature{Name: "TRẦN VĂN THỬ", Serial: "AB12", At: time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC)}
	got := words(p.Doc())
	if !strings.Contains(got, "ĐÃ KÝ SỐ") || !strings.Contains(got, "AB12") || strings.Contains(got, "Chưa ký số") {
		t.Error(got)
	}
}
