package paper

import (
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Temporary is everything that stands on the slip with the temporary code of a patient
// without papers: a newborn, or somebody of whom nobody knows who it is.
type Temporary struct {
	Facility clinic.Facility
	Patient  clinic.Patient
	Code     string
	Mother   string    // of a child; empty = not said
	Printer  string    // who printed it
	Printed  time.Time // zero = nobody knows the time
	Copy     int       // 1 = first; more is a reprint
}

// Doc lays the slip out: the code in large letters, and as the bars that the scanner
// reads.
func (t *Temporary) Doc() Doc {
	p := &t.Patient
	b := []Block{
		Text(strings.ToUpper(t.Facility.Name)).Strong().At(Center), Space(1),
		Text("MÃ TẠM CỦA NGƯỜI BỆNH").Strong().At(Center),
		Text(t.Code).Sized(Large).Strong().At(Center),
		Code128(t.Code), Rule(),
		Row("Họ và tên", strings.ToUpper(p.Name)).Strong(),
		Row("Giới tính", sexWord(p.Sex)),
	}
	birth := or(p.Birth.String(), "không rõ")
	if p.BirthTime != "" {
		birth = p.BirthTime + noBreak + birth
	}
	b = append(b, Row("Ngày sinh", birth))
	if age := childAge(p, t.Printed); age != "" && !t.Printed.IsZero() {
		b = append(b, Row("Tuổi", age))
	}
	if t.Mother != "" {
		b = append(b, Row("Mẹ", strings.ToUpper(t.Mother)))
	}
	if p.Order > 0 && p.Of > 1 {
		b = append(b, Row("Con thứ", strconv.Itoa(p.Order)+"/"+strconv.Itoa(p.Of)))
	}
	b = append(b, Space(1), Text("Đưa phiếu này cho nhân viên mỗi lần đến khám. Khi có giấy tờ, xin mang theo để ghi số.").Sized(Small),
		Text(t.printed()).Sized(Small).At(Center))
	d := Doc{Form: "temporary", Blocks: b}
	if t.Copy > 1 {
		return d.Reprinted()
	}
	return d
}

func (t *Temporary) printed() string {
	by := "Người in: " + or(t.Printer, "máy")
	if t.Printed.IsZero() {
		return by
	}
	return "In lúc " + moment(t.Printed) + ". " + by
}
