package paper

import (
	"fmt"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Prescription is everything that stands on a prescription: "Đơn thuốc", annex I of
// Circular 26/2025/TT-BYT, 'Đơn thuốc "N"' (annex II) and 'Đơn thuốc "H"' (annex III).
// What must stand there was read; the look of the forms was not.
type Prescription struct {
	Facility  clinic.Facility
	Patient   clinic.Patient
	Card      clinic.Identifier // insurance card; zero = none
	Key       string            // MA_LK of the visit
	Examined  clinic.Date
	Diagnoses []string // code and name, the main one first
	clinic.Prescription

	Child     bool // under 72 months: the next three stand there
	Months    int
	Weight    int // 0.1 kg
	Companion string

	Again  clinic.Date // the appointment; zero = none
	Doctor clinic.Staff
	Made   time.Time // when it was written: the date of the paper, also of a reprint
	// Entered is who entered it from paper afterwards; empty = nobody.
	Entered   string
	EnteredAt time.Time
	Printer   string
	Printed   time.Time
	QR        string // clinic.PaperQR
	Copy      int    // 1 = first; more is a reprint

	Signed *Signature // the practitioner's digital signature; nil = space for one on paper
}

// rxCopies is how many are made of a narcotic or psychotropic prescription.
const rxCopies = 3

// rxValid is for how many days a pharmacy may fill it.
const rxValid = 5

// Doc lays the prescription out; of a narcotic or psychotropic one three papers.
func (p *Prescription) Doc() Doc {
	d := Doc{Form: "prescription"}
	copies := 1
	if p.Type().ThreeCopies() {
		copies = rxCopies
	}
	for n := range copies {
		if n > 0 {
			d.Blocks = append(d.Blocks, Cut())
		}
		d.Blocks = append(d.Blocks, p.one(n+1, copies)...)
	}
	return d
}

func (p *Prescription) one(n, of int) (b []Block) {
	if p.Copy > 1 {
		b = append(b, Text(ReprintMark).Sized(Large).Strong().At(Center))
	}
	b = append(b, facilityHead(&p.Facility)...)
	title := "ĐƠN THUỐC"
	switch t := p.Type(); {
	case t == clinic.RxTraditional:
		title += " Y HỌC CỔ TRUYỀN"
	case t != clinic.RxOrdinary:
		title += ` "` + string(t) + `"`
	}
	b = append(b, Space(2), Text(title).Sized(Large).Strong().At(Center), Text("Mã đơn: "+p.Code).Strong().At(Center))
	if of > 1 {
		b = append(b, Text(fmt.Sprintf("Bản %d trong %d bản", n, of)).Sized(Small).At(Center))
	}
	if p.Replaces != "" {
		b = append(b, Text("Thay đơn "+p.Replaces+", đơn ấy không còn giá trị.").Sized(Small).At(Center))
	}
	b = append(b, Space(2))
	b = append(b, p.person()...)
	b = append(b, Rule())
	b = append(b, p.medicines()...)
	b = append(b, Rule())
	b = append(b, p.advice()...)
	b = append(b, p.signature()...)
	return append(b, p.foot()...)
}

func (p *Prescription) person() []Block {
	x := &p.Patient
	b := []Block{Row("Họ và tên", strings.ToUpper(x.Name)).Strong()}
	if id, ok := x.Current(clinic.SystemCitizen, p.Examined); ok {
		b = append(b, Row("Số định danh", id.Value))
	} else if id, ok := x.Current(clinic.SystemTemporary, p.Examined); ok {
		b = append(b, Row("Mã tạm", id.Value))
	}
	b = append(b, Row("Ngày sinh", or(x.Birth.String(), "không rõ")), Row("Giới tính", sexWord(x.Sex)))
	if p.Child {
		b = append(b,
			Row("Tháng tuổi", fmt.Sprintf("%d"+noBreak+"tháng", p.Months)).Strong(),
			Row("Cân nặng", clinic.FormatFixed(p.Weight, 1)+noBreak+"kg").Strong(),
			Row("Người đưa trẻ đến khám", p.Companion))
	}
	b = append(b, Row("Nơi cư trú", or(x.Address, nothing)), Row("Thẻ bảo hiểm y tế số", or(p.Card.Value, nothing)))
	main, others := "chưa ghi", []string(nil)
	if len(p.Diagnoses) > 0 {
		main, others = p.Diagnoses[0], p.Diagnoses[1:]
	}
	b = append(b, Row("Chẩn đoán", main))
	if len(others) > 0 {
		b = append(b, Row("Bệnh kèm theo", strings.Join(others, "; ")))
	}
	return b
}

func (p *Prescription) medicines() []Block {
	b := []Block{Text("THUỐC ĐIỀU TRỊ").Strong()}
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Herb {
			b = append(b, Row(fmt.Sprintf("%d. %s", i+1, l.Name), clinic.PaperQuantity(l.Dose)+noBreak+l.Unit).Strong())
			continue
		}
		name := fmt.Sprintf("%d. %s", i+1, strings.TrimSpace(l.Name+" "+strength(l.Strength)))
		b = append(b, Text(name).Strong())
		if l.Form != "" {
			b = append(b, Text(l.Form).Sized(Small))
		}
		quantity := clinic.PaperQuantity(l.Quantity) + noBreak + l.Unit
		if p.Type() == clinic.RxNarcotic && l.Quantity%1000 == 0 {
			quantity += " (" + strings.ToLower(clinic.NumberWords(int(l.Quantity/1000))) + " " + l.Unit + ")"
		}
		b = append(b, Row("Số lượng", quantity).Strong())
		if s := l.HandedOut(); s != "" {
			b = append(b, Text("("+s+")").Sized(Small))
		}
		b = append(b, Text("Cách dùng: "+usage(l)))
	}
	if p.Packets > 0 {
		b = append(b, Row("Số thang", clinic.PaperQuantity(clinic.Milli(p.Packets)*1000)+noBreak+"thang").Strong(),
			Text("Lượng ghi ở từng vị thuốc thang là của một thang, mỗi ngày uống một thang.").Sized(Small))
	}
	if p.Preparation != "" {
		b = append(b, Text("Cách sắc, uống: "+p.Preparation))
	}
	return b
}

// usage is route, dose each time, times a day, days and when.
func usage(l *clinic.DrugLine) string {
	var w []string
	if l.Route != "" {
		w = append(w, l.Route)
	}
	if l.Dose > 0 {
		w = append(w, "mỗi lần "+oneLine(l.DoseText()), fmt.Sprintf("ngày"+noBreak+"%d"+noBreak+"lần", l.Times), fmt.Sprintf("%d"+noBreak+"ngày", l.Days))
	}
	if l.When != "" {
		w = append(w, l.When)
	}
	return strings.Join(w, ", ")
}

// strength breaks between its parts only: 500 without its mg is another strength.
func strength(s string) string { return strings.ReplaceAll(oneLine(s), ","+noBreak, ", ") }

// oneLine keeps a dose on one line: half of it is another dose.
func oneLine(s string) string { return strings.ReplaceAll(s, " ", noBreak) }

func (p *Prescription) advice() []Block {
	b := []Block{Row("Lời dặn", or(p.Advice, nothing))}
	if !p.Again.IsZero() {
		b = append(b, Row("Khám lại ngày", p.Again.String()).Strong())
	}
	return append(b, Text(fmt.Sprintf("Mua, lĩnh thuốc trong %d ngày kể từ ngày ký đơn. Khám lại xin mang theo đơn này%s.", rxValid, phone(p.Facility.Phone))).Sized(Small))
}

func (p *Prescription) signature() []Block {
	b := []Block{
		Space(2), dateLine(p.Made),
		Text("BÁC SĨ, Y SĨ KHÁM BỆNH").Strong().At(Center),
	}
	doctor := Text(strings.TrimSpace(p.Doctor.Title + " " + p.Doctor.Name)).Strong().At(Center)
	if p.Signed != nil {
		return append(append(b, doctor), p.Signed.blocks()...)
	}
	return append(b, Text("(ký, ghi rõ họ tên)").Sized(Small).At(Center), Space(15), doctor,
		Text("Chưa ký số: ký tên trên giấy.").Sized(Small).At(Center))
}

func (p *Prescription) foot() []Block {
	b := append([]Block{Rule()}, entered(p.Entered, p.EnteredAt)...)
	if p.QR != "" {
		b = append(b, QR(p.QR))
	}
	if p.Key != "" {
		b = append(b, Text("Mã lần khám "+p.Key).Sized(Small).At(Center))
	}
	return append(b, printedLine(p.Printer, p.Printed, p.Copy))
}

// facilityHead is what stands above the title of a patient's paper.
func facilityHead(f *clinic.Facility) []Block {
	b := facilityNames(f)
	for _, s := range []string{f.Site, f.Address} {
		if s != "" {
			b = append(b, Text(s).Sized(Small).At(Center))
		}
	}
	return b
}

// facilityNames names the facility and what it belongs to.
func facilityNames(f *clinic.Facility) (b []Block) {
	for _, s := range []string{f.Governing, f.Name} {
		if s != "" {
			b = append(b, Text(strings.ToUpper(s)).Strong().At(Center))
		}
	}
	return b
}
