package paper

import (
	"strings"
	"time"

	"clinicbox/clinic"
)

// SampleLabel is everything that stands on the label of a sample.
type SampleLabel struct {
	Facility clinic.Facility
	Patient  clinic.Patient
	Number   string
	Specimen string // of clinic.Specimens
	Tests    []string
	Urgent   bool
	Taken    time.Time // zero = nobody knows the time
	Copy     int       // 1 = first; more is a reprint
}

// Doc lays the label out: as short as it can be, for it goes around a tube. The bars
// hold the sample's number and nothing of the patient.
func (l *SampleLabel) Doc() Doc {
	p := &l.Patient
	who := []string{or(p.Birth.String(), "không rõ ngày sinh"), sexWord(p.Sex)}
	what := specimenWord(l.Specimen)
	if !l.Taken.IsZero() {
		what += ", lấy lúc " + moment(l.Taken)
	}
	var b []Block
	if l.Urgent {
		b = append(b, Text("KHẨN").Strong().At(Center))
	}
	b = append(b,
		Text(strings.ToUpper(p.Name)).Strong(), Text(strings.Join(who, " · ")).Sized(Small),
		Code128(l.Number), Text(what).Sized(Small), Text(strings.Join(l.Tests, ", ")).Sized(Small),
		Text(l.Facility.Name).Sized(Small),
	)
	return Doc{Form: "sample", Blocks: b}.numbered(l.Copy)
}

func specimenWord(code string) string {
	if w, ok := map[string]string{
		"capillary": "Máu đầu ngón tay", "blood": "Máu tĩnh mạch", "urine": "Nước tiểu", "stool": "Phân",
		"sputum": "Đờm", "swab": "Dịch phết",
	}[code]; ok {
		return w
	}
	return "Mẫu khác"
}
