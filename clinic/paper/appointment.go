package paper

import (
	"fmt"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Appointment is everything that stands on an appointment slip (phiếu hẹn khám
// lại, Circular 01/2025/TT-BYT annex V).
type Appointment struct {
	Facility    clinic.Facility
	Patient     clinic.Patient
	Card        clinic.Identifier // insurance card; zero = none
	Key         string            // MA_LK of the visit
	Examined    clinic.Date
	Admitted    clinic.Date // zero for an out-patient
	Discharged  clinic.Date // zero for an out-patient
	Main        string      // main diagnosis: code and name
	Others      []string    // further diagnoses
	Unread      bool        // the diagnoses can no longer be read: nothing is said of them
	Appointment clinic.Appointment
	Doctor      clinic.Staff // who made the appointment
	Made        time.Time    // when: the date of the paper, also of a reprint
	Entered     string       // who entered it from paper afterwards; empty = nobody
	EnteredAt   time.Time
	Printer     string // who printed it
	Printed     time.Time
	QR          string // clinic.PaperQR
	Copy        int    // 1 = first; more is a reprint

	Signed *Signature // the practitioner's digital signature; nil = space for one on paper
	Sealed *Signature // the facility's
}

// Signature is a digital signature that holds.
type Signature struct {
	Name   string // as the certificate says
	Serial string // of the certificate
	At     time.Time
}

// Words that stand for what is not there: a blank could be filled in by hand.
const (
	nothing    = "không có"
	unread     = "không đọc được, hỏi lại bác sĩ"
	outpatient = "không (khám ngoại trú)"
)

// noBreak is a space at which no line breaks.
const noBreak = "\u00a0"

// Doc lays the slip out. It uses no abbreviations (Circular 32/2023/TT-BYT art.
// 52) and leaves space for every signature that is not there digitally.
func (a *Appointment) Doc() Doc {
	b := a.head()
	b = append(b, a.person()...)
	b = append(b, Rule())
	b = append(b, a.care()...)
	b = append(b, Rule())
	b = append(b, a.date()...)
	b = append(b, a.signatures()...)
	b = append(b, a.foot()...)
	return Doc{Form: "appointment", Blocks: b}.numbered(a.Copy)
}

func (a *Appointment) head() []Block {
	return append(facilityHead(&a.Facility), Space(2), Text("PHIẾU HẸN KHÁM LẠI").Sized(Large).Strong().At(Center),
		Text("Số: "+a.Appointment.Slip).Strong().At(Center), Space(2))
}

func (a *Appointment) person() []Block {
	p := &a.Patient
	b := []Block{
		Row("Họ và tên", strings.ToUpper(p.Name)).Strong(),
		Row("Giới tính", sexWord(p.Sex)),
		Row("Ngày sinh", or(p.Birth.String(), "không rõ")),
	}
	if age := childAge(p, a.Made); age != "" {
		b = append(b, Row("Tuổi", age))
	}
	b = append(b, Row("Địa chỉ", or(p.Address, nothing)))
	if n, ok := p.Current(clinic.SystemTemporary, a.Examined); ok {
		b = append(b, Row("Mã tạm", n.Value))
	}
	if a.Card.Value == "" {
		return append(b, Row("Thẻ bảo hiểm y tế số", nothing))
	}
	return append(b, Row("Thẻ bảo hiểm y tế số", a.Card.Value),
		Row("Giá trị từ ngày", or(a.Card.From.String(), "không ghi")),
		Row("đến ngày", or(a.Card.To.String(), "không ghi")))
}

func (a *Appointment) care() []Block {
	b := []Block{
		Row("Ngày khám bệnh", a.Examined.String()),
	}
	if a.Admitted.IsZero() && a.Discharged.IsZero() {
		b = append(b, Row("Ngày vào, ra viện", outpatient))
	} else {
		b = append(b, Row("Ngày vào viện", or(a.Admitted.String(), "không ghi")), Row("Ngày ra viện", or(a.Discharged.String(), "không ghi")))
	}
	if a.Unread {
		b = append(b, Row("Chẩn đoán", unread), Row("Bệnh kèm theo", unread))
	} else {
		b = append(b,
			Row("Chẩn đoán", or(a.Main, "chưa ghi")),
			Row("Bệnh kèm theo", or(strings.Join(a.Others, "; "), nothing)))
	}
	if a.Key != "" {
		b = append(b, Row("Mã lần khám", a.Key))
	}
	return b
}

func (a *Appointment) date() []Block {
	ap := &a.Appointment
	b := []Block{
		Text("HẸN KHÁM LẠI NGÀY").Strong().At(Center),
		Text(weekday(ap.Due) + ", " + ap.Due.String()).Sized(Large).Strong().At(Center),
	}
	if ap.Hour != "" {
		b = append(b, Row("Giờ", ap.Hour).Strong())
	}
	b = append(b, Row("Nơi khám", or(ap.Place, a.Facility.Name)))
	if ap.Note != "" {
		b = append(b, Row("Ghi chú", ap.Note))
	}
	return append(b, Space(1),
		Text("Hoặc đến bất kỳ lúc nào trước ngày hẹn nếu có dấu hiệu bất thường."),
		Text("Phiếu chỉ có giá trị sử dụng một lần. Nếu không đến được đúng ngày hẹn, "+
			"xin liên hệ cơ sở khám bệnh, chữa bệnh"+phone(a.Facility.Phone)+"."))
}

func (a *Appointment) signatures() []Block {
	b := []Block{Space(2), dateLine(a.Made), Text("BÁC SĨ, Y SĨ KHÁM BỆNH").Strong().At(Center)}
	doctor := Text(strings.TrimSpace(a.Doctor.Title + " " + a.Doctor.Name)).Strong().At(Center)
	if a.Signed != nil {
		b = append(append(b, doctor), a.Signed.blocks()...)
	} else {
		b = append(b, Text("(ký, ghi rõ họ tên)").Sized(Small).At(Center), Space(15), doctor)
	}
	b = append(b, entered(a.Entered, a.EnteredAt)...)
	b = append(b, Space(2), Text("ĐẠI DIỆN CƠ SỞ KHÁM BỆNH, CHỮA BỆNH").Strong().At(Center))
	if a.sealed() {
		b = append(b, a.Sealed.blocks()...)
	} else {
		b = append(b, Text("(ký tên, đóng dấu)").Sized(Small).At(Center), Space(20))
	}
	if s := a.missing(); s != "" {
		b = append(b, Text(s).Sized(Small).At(Center))
	}
	return b
}

// entered says who copied the visit from a paper, and when; empty = nobody.
func entered(who string, at time.Time) []Block {
	if who == "" {
		return nil
	}
	return []Block{Text("Ghi lại từ phiếu giấy: " + who + ", lúc " + moment(at)).Sized(Small).At(Center)}
}

func (s *Signature) blocks() []Block {
	return []Block{
		Text("ĐÃ KÝ SỐ").Strong().At(Center), Text(s.Name).At(Center),
		Text("lúc " + moment(s.At)).Sized(Small).At(Center),
		Text("số chứng thư " + s.Serial).Sized(Small).At(Center),
	}
}

// sealed tells whether the facility's digital signature stands for the stamp: it
// does on papers from 1 June 2026 on (Circular 06/2026/TT-BYT art. 5 §2).
func (a *Appointment) sealed() bool {
	return a.Sealed != nil && !a.Made.Before(time.Date(2026, 6, 1, 0, 0, 0, 0, clinic.ICT))
}

// missing says what must still be done on paper.
func (a *Appointment) missing() string {
	switch {
	case a.Signed == nil && !a.sealed():
		return "Chưa ký số: ký tên và đóng dấu trên giấy."
	case a.Signed == nil:
		return "Bác sĩ, y sĩ chưa ký số: ký tên trên giấy."
	case !a.sealed():
		return "Cơ sở chưa ký số: ký tên và đóng dấu trên giấy."
	}
	return ""
}

func (a *Appointment) foot() []Block {
	b := []Block{Rule()}
	if a.QR != "" {
		b = append(b, QR(a.QR))
	}
	b = append(b, Code128(a.Appointment.Slip), Text("Đưa phiếu này cho nhân viên khi đến khám lại.").Sized(Small).At(Center))
	return append(b, printedLine(a.Printer, a.Printed, a.Copy))
}

// printedLine ends a paper: when it was printed, by whom, and which copy it is.
func printedLine(printer string, at time.Time, copies int) Block {
	s := "In lúc " + moment(at)
	if printer != "" {
		s += ", người in: " + printer
	}
	if copies > 1 {
		s += fmt.Sprintf(", bản thứ %d", copies)
	}
	return Text(s).Sized(Small).At(Center)
}

// dateLine is the date above a signature.
func dateLine(on time.Time) Block {
	t := on.In(clinic.ICT)
	return Text(fmt.Sprintf("Ngày"+noBreak+"%02d tháng"+noBreak+"%02d năm"+noBreak+"%d", t.Day(), int(t.Month()), t.Year())).At(Center)
}

// moment writes hour and day on one line.
func moment(t time.Time) string { return t.In(clinic.ICT).Format("15:04" + noBreak + "02/01/2006") }

func phone(s string) string {
	if s == "" {
		return ""
	}
	return ", điện thoại " + whole(s)
}

// whole keeps a number on one line: printers wrap at ordinary spaces only. Words
// beside the number may still break.
func whole(s string) string {
	if strings.Trim(s, "0123456789 +-.()") != "" {
		return s
	}
	return strings.ReplaceAll(s, " ", noBreak)
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

func sexWord(s clinic.Sex) string {
	switch s {
	case clinic.SexMale:
		return "Nam"
	case clinic.SexFemale:
		return "Nữ"
	}
	return "chưa xác định"
}

func weekday(d clinic.Date) string {
	name := [...]string{"Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"}[d.Time().Weekday()]
	return strings.ReplaceAll(name, " ", noBreak)
}
