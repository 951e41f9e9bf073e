package paper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
)

// HealthBook is everything that stands on the short paper of a health book (personal
// health record, Decision 831/QĐ-BYT). The official form is not at hand: the paper says so.
type HealthBook struct {
	Facility   clinic.Facility
	Patient    clinic.Patient
	Allergies  clinic.AllergyFile
	Parts      []BookPart // of the template; without lines they are left out
	Past       []clinic.PastItem
	Problems   []string
	Drugs      []BookDrug
	Programmes []string
	Given      []clinic.GivenDose
	Next       clinic.Date // dose; zero = none is due
	Indicators []clinic.Indicator
	Lost       int // entries that can no longer be read
	QR         string
	Printer    string
	Printed    time.Time // zero = nobody knows the time
	Copy       int
	Wide       bool // on A4: what was measured over time, not the last values only
}

// BookPart is one part of the template.
type BookPart struct {
	Title string
	Lines []BookLine
}

// BookLine is one thing of a part; of several values nobody decided yet.
type BookLine struct {
	Name   string
	Values []string
	Unit   string
}

// BookDrug is one medicine that runs.
type BookDrug struct {
	Line clinic.DrugLine
	Last clinic.Date
}

// Doc lays the paper out.
func (h *HealthBook) Doc() Doc {
	p := &h.Patient
	b := append(facilityHead(&h.Facility), Space(2), Text("SỔ SỨC KHỎE").Sized(Large).Strong().At(Center), Space(1),
		Row("Họ và tên", strings.ToUpper(p.Name)).Strong(), Row("Ngày sinh", or(p.Birth.String(), "không rõ")), Row("Giới tính", sexWord(p.Sex)))
	on := clinic.DateOf(h.Printed)
	if id, ok := p.Current(clinic.SystemCitizen, on); ok && !h.Printed.IsZero() {
		b = append(b, Row("Số định danh", id.Value))
	}
	b = append(b, Row("Nơi cư trú", or(p.Address, nothing)))
	if h.Lost > 0 {
		b = append(b, Rule(), Text(fmt.Sprintf("CHÚ Ý: %d phần của hồ sơ không đọc được; bản này thiếu.", h.Lost)).Strong())
	}
	b = append(b, Rule(), Row("Dị ứng", h.allergies()).Strong())
	for _, part := range h.Parts {
		if len(part.Lines) > 0 {
			b = append(b, head(part.Title)...)
			for _, l := range part.Lines {
				b = append(b, Row(l.Name, l.say()))
			}
		}
	}
	b = append(b, h.history()...)
	b = append(b, h.measured()...)
	b = append(b, Rule())
	if h.QR != "" {
		b = append(b, QR(h.QR))
	}
	line := Text("Người in: " + or(h.Printer, "máy")).Sized(Small).At(Center)
	if !h.Printed.IsZero() {
		line = printedLine(h.Printer, h.Printed, h.Copy)
	}
	return Doc{Form: "healthbook", Blocks: append(b, unofficial(), line)}.numbered(h.Copy)
}

func head(title string) []Block { return []Block{Space(1), Text(strings.ToUpper(title)).Strong()} }

func (l *BookLine) say() string {
	if len(l.Values) > 1 {
		return strings.Join(l.Values, " / ") + " (chưa thống nhất)"
	}
	return strings.TrimSpace(strings.Join(l.Values, "") + " " + l.Unit)
}

func (h *HealthBook) allergies() string {
	var out []string
	for _, a := range h.Allergies.Items {
		s := a.Substance
		if a.Reaction != "" {
			s += " (" + a.Reaction + ")"
		}
		out = append(out, s)
	}
	if h.Allergies.Lost {
		out = append(out, "có phần không đọc được, phải hỏi lại")
	}
	switch {
	case len(out) > 0:
		return strings.Join(out, "; ")
	case h.Allergies.State == clinic.AllergiesNoneKnown:
		return "không có dị ứng đã biết"
	}
	return "chưa hỏi"
}

// history is what was, and what goes on.
func (h *HealthBook) history() (b []Block) {
	if len(h.Past) > 0 {
		b = append(b, head("Tiền sử")...)
		for _, x := range h.Past {
			s := x.Text
			if x.Year != 0 {
				s += fmt.Sprintf(", năm %d", x.Year)
			}
			if x.Gone {
				s += " (nơi khác đã bỏ)"
			}
			b = append(b, Text("- "+s))
		}
	}
	list := func(title string, lines []string) {
		if len(lines) > 0 {
			b = append(b, head(title)...)
			for _, s := range lines {
				b = append(b, Text("- "+s))
			}
		}
	}
	list("Chẩn đoán (lần gần nhất)", h.Problems)
	var drugs, doses []string
	for _, x := range h.Drugs {
		drugs = append(drugs, strings.TrimSpace(x.Line.Name+" "+strength(x.Line.Strength))+", đến "+x.Last.String())
	}
	for _, g := range h.Given {
		s := g.Day.String() + ": " + g.Dose.Name + " (" + g.Code + ")"
		if g.Place != "" {
			s += ", " + g.Place
		}
		doses = append(doses, s)
	}
	list("Thuốc đang dùng", drugs)
	list("Chương trình quản lý", h.Programmes)
	list("Tiêm chủng", doses)
	if !h.Next.IsZero() {
		b = append(b, Row("Mũi tiếp theo từ", h.Next.String()))
	}
	return b
}

// overTime is how many values of one indicator a sheet shows.
const overTime = 12

// measured is the latest value of each indicator, on A4 the latest ones.
func (h *HealthBook) measured() (b []Block) {
	if len(h.Indicators) == 0 {
		return nil
	}
	title := "Chỉ số gần nhất"
	if h.Wide {
		title = "Chỉ số theo thời gian"
	}
	b = head(title)
	for i := range h.Indicators {
		x := &h.Indicators[i]
		n := 1
		if h.Wide {
			n = overTime
		}
		var said []string
		for _, m := range slices.Backward(x.Points[max(len(x.Points)-n, 0):]) {
			said = append(said, strings.TrimSpace(x.Say(m)+noBreak+x.Unit)+" ("+m.On.String()+")")
		}
		b = append(b, Row(indicatorName(x), strings.Join(said, "; ")))
	}
	return b
}

// indicatorName is what a paper calls an indicator.
func indicatorName(x *clinic.Indicator) string {
	if x.Test != "" {
		return x.Test
	}
	return map[string]string{
		clinic.FieldPressure: "Huyết áp", clinic.FieldBMI: "BMI", clinic.FieldPulse: "Mạch", clinic.FieldTemperature: "Nhiệt độ",
		clinic.FieldBreathing: "Nhịp thở", clinic.FieldSpO2: "SpO2", clinic.FieldWeight: "Cân nặng", clinic.FieldHeight: "Chiều cao",
		clinic.FieldWaist: "Vòng bụng", clinic.FieldGlucose: "Đường huyết mao mạch", clinic.FieldCreatinine: "Creatinin",
	}[x.Name]
}
