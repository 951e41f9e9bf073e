package paper

import (
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Birth is everything that stands on a certificate of birth (giấy chứng sinh). The fields
// are those of XML9 (Decision 3176/QĐ-BYT); the official form was not at hand, and the
// paper says so.
type Birth struct {
	Facility clinic.Facility
	clinic.BirthCertificate
	Ethnic    string    // in words
	Key       string    // MA_LK of the visit
	Made      time.Time // when it was written: the date of the paper, also of a reprint
	Entered   string    // who entered it from paper afterwards; empty = nobody
	EnteredAt time.Time
	Printer   string
	Printed   time.Time
	QR        string // clinic.PaperQR
	Copy      int    // 1 = first; more is a reprint
}

// Doc lays the certificate out.
func (p *Birth) Doc() Doc {
	c := &p.BirthCertificate
	b := append(facilityHead(&p.Facility), Space(2), Text("GIẤY CHỨNG SINH").Sized(Large).Strong().At(Center),
		Text("Số: "+c.Number).Strong().At(Center))
	if _, code, err := clinic.ParseBirthNumber(c.Number); err == nil {
		b = append(b, Text("Quyển số: "+strings.ToUpper(code.Book)+"/"+strconv.Itoa(c.Made.Year)).At(Center))
	}
	if c.Replaces != "" {
		b = append(b, Text("Cấp thay giấy số "+c.Replaces+", giấy ấy không còn giá trị.").Sized(Small).At(Center))
	}
	b = append(b, Space(2))
	b = append(b, p.mother()...)
	b = append(b, Rule())
	b = append(b, p.child()...)
	b = append(b, p.signatures()...)
	b = append(b, Rule())
	b = append(b, entered(p.Entered, p.EnteredAt)...)
	if p.QR != "" {
		b = append(b, QR(p.QR))
	}
	if p.Key != "" {
		b = append(b, Text("Mã lần khám "+p.Key).Sized(Small).At(Center))
	}
	return Doc{Form: "birth", Blocks: append(b, unofficial(), printedLine(p.Printer, p.Printed, p.Copy))}.numbered(p.Copy)
}

func (p *Birth) mother() []Block {
	c := &p.BirthCertificate
	b := []Block{
		Row("Họ và tên mẹ", strings.ToUpper(c.Mother)).Strong(),
		Row("Ngày sinh", or(c.Born.String(), "không rõ")), Row("Dân tộc", or(p.Ethnic, "không rõ")),
		Row("Số định danh", or(c.Citizen, nothing)),
	}
	if !c.Issued.IsZero() || c.IssuedBy != "" {
		b = append(b, Row("Cấp ngày, nơi cấp", strings.Trim(c.Issued.String()+", "+c.IssuedBy, ", ")))
	}
	return append(b, Row("Nơi cư trú", or(c.Address, nothing)), Row("Thẻ bảo hiểm y tế số", or(c.Insurance, nothing)),
		Row("Họ và tên cha", or(strings.ToUpper(c.Father), "không ghi")))
}

func (p *Birth) child() []Block {
	c := &p.BirthCertificate
	grams := "không cân"
	if c.Grams > 0 {
		grams = strconv.Itoa(c.Grams) + noBreak + "g"
	}
	b := []Block{
		Text("ĐÃ SINH CON").Strong(),
		Row("Vào lúc", c.Time+noBreak+"ngày "+c.Day.String()).Strong(),
		Row("Tại", c.Place), Row("Số con trong lần sinh này", strconv.Itoa(c.Children)),
		Row("Giới tính của con", sexWord(c.Sex)).Strong(), Row("Cân nặng", grams).Strong(),
		Row("Dự định đặt tên con", or(c.Name, nothing)),
		Row("Tình trạng con", map[clinic.BornState]string{clinic.BornAlive: "sống", clinic.BornDied: "sinh ra sống, đã chết"}[c.State]),
		Row("Lần sinh thứ", number(c.Births)), Row("Số con hiện sống", number(c.Alive)),
		Row("Sinh con phải phẫu thuật", yesNo(c.Surgery)), Row("Sinh con dưới 32 tuần tuổi", yesNo(c.Under32)),
	}
	if c.Note != "" {
		b = append(b, Row("Ghi chú", c.Note))
	}
	return b
}

// number writes a count; 0 is not known.
func number(n int) string {
	if n == 0 {
		return "không ghi"
	}
	return strconv.Itoa(n)
}

func yesNo(yes bool) string {
	if yes {
		return "có"
	}
	return "không"
}

func (p *Birth) signatures() []Block {
	b := []Block{Space(2), dateLine(p.Made)}
	for _, x := range []struct{ title, name string }{
		{"CHA, MẸ HOẶC NGƯỜI THÂN THÍCH", ""}, {"NGƯỜI ĐỠ ĐẺ", p.Attendant}, {"NGƯỜI GHI PHIẾU", p.Writer}, {"THỦ TRƯỞNG CƠ SỞ", ""},
	} {
		b = append(b, Text(x.title).Strong().At(Center), Text("(ký, ghi rõ họ tên)").Sized(Small).At(Center), Space(12))
		if x.name != "" {
			b = append(b, Text(x.name).Strong().At(Center), Space(1))
		}
	}
	return b
}
