package paper

import (
	"strings"
	"time"

	"clinicbox/clinic"
)

// HealthCheck is everything that stands on the conclusion of a health check. The official
// forms (Circular 32/2023/TT-BYT) are not at hand: the paper says so.
type HealthCheck struct {
	Facility clinic.Facility
	Patient  clinic.Patient
	Key      string // MA_LK of the visit
	Examined clinic.Date
	clinic.HealthCheck
	Vitals   clinic.Vitals // of the visit; zero = nothing was measured
	BMIClass string        // empty = not classified

	Doctor    clinic.Staff
	Made      time.Time // the date of the paper, also of a reprint
	Entered   string    // who entered it from paper afterwards; empty = nobody
	EnteredAt time.Time
	Printer   string
	Printed   time.Time
	QR        string
	Copy      int
}

// Doc lays the conclusion out: what was measured, part by part, and what follows.
func (h *HealthCheck) Doc() Doc {
	p := &h.Patient
	b := append(facilityHead(&h.Facility), Space(2), Text("KẾT LUẬN KHÁM SỨC KHỎE").Sized(Large).Strong().At(Center),
		Text(h.PurposeName).At(Center), Space(2),
		Row("Họ và tên", strings.ToUpper(p.Name)).Strong(), Row("Ngày sinh", or(p.Birth.String(), "không rõ")), Row("Giới tính", sexWord(p.Sex)))
	if id, ok := p.Current(clinic.SystemCitizen, h.Examined); ok {
		b = append(b, Row("Số định danh", id.Value))
	}
	b = append(b, Row("Ngày khám", h.Examined.String()), Rule())
	b = append(b, h.measured()...)
	b = append(b, Rule())
	b = append(b, h.parts()...)
	b = append(b, Rule())
	if h.ClassName != "" {
		b = append(b, Row("Phân loại sức khỏe", h.ClassName).Strong())
	}
	b = append(b, Row("Kết luận", h.Conclusion).Strong(), Row("Lời dặn", or(h.Advice, nothing)))
	if !h.Next.IsZero() {
		b = append(b, Row("Khám lại", h.Next.String()))
	}
	b = append(b, signatures(h.Made, "NGƯỜI KẾT LUẬN", h.Doctor)...)
	b = append(append(b, Rule()), entered(h.Entered, h.EnteredAt)...)
	if h.QR != "" {
		b = append(b, QR(h.QR))
	}
	if h.Key != "" {
		b = append(b, Text("Mã lần khám "+h.Key).Sized(Small).At(Center))
	}
	return Doc{Form: "healthcheck", Blocks: append(b, unofficial(), printedLine(h.Printer, h.Printed, h.Copy))}.numbered(h.Copy)
}

func (h *HealthCheck) measured() (b []Block) {
	v := &h.Vitals
	value := func(name string, n, decimals int, unit string) {
		if n > 0 {
			b = append(b, Row(name, clinic.FormatFixed(n, decimals)+noBreak+unit))
		}
	}
	value("Chiều cao", v.Height, 1, "cm")
	value("Cân nặng", v.Weight, 1, "kg")
	if n := v.BMI(); n > 0 {
		s := clinic.FormatFixed(n, 1) + noBreak + "kg/m²"
		if h.BMIClass != "" {
			s += " (" + strings.ToLower(h.BMIClass) + ")"
		}
		b = append(b, Row("BMI", s))
	}
	value("Vòng bụng", v.Waist, 1, "cm")
	value("Mạch", v.Pulse, 0, "lần/phút")
	if v.Systolic > 0 {
		b = append(b, Row("Huyết áp", clinic.FormatFixed(v.Systolic, 0)+"/"+clinic.FormatFixed(v.Diastolic, 0)+noBreak+"mmHg"))
	}
	if len(b) == 0 {
		b = append(b, Text("Chưa đo chiều cao, cân nặng, huyết áp."))
	}
	return b
}

// parts lists what was found, then what is normal, and what nobody looked at.
func (h *HealthCheck) parts() (b []Block) {
	var normal, left []string
	for _, p := range h.Parts {
		switch p.State {
		case clinic.CheckFound:
			b = append(b, Row(p.Name, p.Words).Strong())
		case clinic.CheckNormal:
			normal = append(normal, p.Name)
		default:
			left = append(left, p.Name)
		}
	}
	if len(normal) > 0 {
		b = append(b, Row("Bình thường", strings.Join(normal, "; ")))
	}
	if len(left) > 0 {
		b = append(b, Row("Không khám", strings.Join(left, "; ")))
	}
	return b
}
