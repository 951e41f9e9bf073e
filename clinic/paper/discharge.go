package paper

import (
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Discharge is everything that stands on a discharge paper (giấy ra viện): the fields of
// XML7 and XML8, Decision 4750/QĐ-BYT. The official look was not at hand.
type Discharge struct {
	Facility  clinic.Facility
	Patient   clinic.Patient
	Card      clinic.Identifier // insurance card; zero = none
	Key       string            // MA_LK of the visit, also the number of the paper
	Admitted  time.Time
	Days      int
	Diagnoses []string // code and name, the main one first
	Unread    bool     // the diagnoses can no longer be read
	Medicines []string // of the prescriptions
	clinic.Discharge
	Doctor  clinic.Staff
	Made    time.Time
	Entered string // who entered it from paper afterwards; empty = nobody
	At      time.Time
	Printer string
	Printed time.Time
	QR      string // clinic.PaperQR
	Copy    int    // 1 = first; more is a reprint
}

// Doc lays the paper out.
func (d *Discharge) Doc() Doc {
	b := append(facilityHead(&d.Facility), Space(2), Text("GIẤY RA VIỆN").Sized(Large).Strong().At(Center), unofficial(), Space(1),
		Row("Mã lần khám", d.Key), Row("Họ và tên", strings.ToUpper(d.Patient.Name)).Strong(), Row("Giới tính", sexWord(d.Patient.Sex)),
		Row("Ngày sinh", or(d.Patient.Birth.String(), "không rõ")))
	if n, ok := d.Patient.Current(clinic.SystemTemporary, clinic.DateOf(d.Admitted)); ok {
		b = append(b, Row("Mã tạm", n.Value))
	}
	b = append(b, Row("Địa chỉ", or(d.Patient.Address, nothing)), Row("Thẻ bảo hiểm y tế số", or(d.Card.Value, nothing)))
	if g := d.Patient.Guardian; g != "" {
		b = append(b, Row("Người giám hộ", g))
	}
	b = append(b, Rule(), Row("Vào lúc", moment(d.Admitted)), Row("Ra lúc", moment(d.Discharge.At())),
		Row("Số ngày nằm lưu", strconv.Itoa(d.Days)).Strong(), Row("Kết quả", ResultWord(d.Result)), Row("Hình thức ra", WayWord(d.Way)))
	if d.To != "" {
		b = append(b, Row("Chuyển đến", d.To))
	}
	diagnosis := or(strings.Join(d.Diagnoses, "; "), "chưa ghi")
	if d.Unread {
		diagnosis = unread
	}
	b = append(b, Rule(), Row("Chẩn đoán", diagnosis).Strong())
	for _, x := range []struct{ label, text string }{
		{"Quá trình bệnh", d.Course}, {"Phương pháp điều trị", d.Treatment}, {"Thuốc đã kê", strings.Join(d.Medicines, "; ")}, {"Lời dặn", d.Advice},
	} {
		b = append(b, Text(x.label).Strong(), Text(or(x.text, nothing)))
	}
	b = append(b, Space(2), dateLine(d.Made), Text("BÁC SĨ, Y SĨ ĐIỀU TRỊ").Strong().At(Center), Text("(ký, ghi rõ họ tên)").Sized(Small).At(Center), Space(15),
		Text(strings.TrimSpace(d.Doctor.Title+" "+d.Doctor.Name)).Strong().At(Center))
	b = append(b, entered(d.Entered, d.At)...)
	b = append(b, Space(2), Text("ĐẠI DIỆN CƠ SỞ KHÁM BỆNH, CHỮA BỆNH").Strong().At(Center), Text("(ký tên, đóng dấu)").Sized(Small).At(Center), Space(20), Rule())
	if d.QR != "" {
		b = append(b, QR(d.QR))
	}
	return Doc{Form: "discharge", Blocks: append(b, printedLine(d.Printer, d.Printed, d.Copy))}.numbered(d.Copy)
}

// ResultWord says how the treatment ended (KET_QUA_DTRI).
func ResultWord(n uint8) string {
	words := []string{"khỏi", "đỡ", "không thay đổi", "nặng hơn", "tử vong", "tiên lượng nặng, xin về", "chưa xác định"}
	if n < 1 || int(n) > len(words) {
		return "chưa ghi"
	}
	return words[n-1]
}

// WayWord says how the patient left (MA_LOAI_RV).
func WayWord(n uint8) string {
	words := []string{"ra viện", "chuyển tuyến theo chuyên môn", "bỏ về", "xin ra viện", "chuyển tuyến theo yêu cầu"}
	if n < 1 || int(n) > len(words) {
		return "chưa ghi"
	}
	return words[n-1]
}
