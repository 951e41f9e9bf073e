package paper

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Label is our own label of a batch without a bar code.
type Label struct {
	Name   string // with its strength
	Lot    string
	Expiry clinic.Date
	Code   string
	Copies int
}

// Doc lays the labels out, each on a piece of its own.
func (l *Label) Doc() Doc {
	var b []Block
	for i := range max(l.Copies, 1) {
		if i > 0 {
			b = append(b, Cut())
		}
		b = append(b, Text(l.Name).Strong().At(Center),
			Text("Lô "+or(l.Lot, "không ghi")+" · hạn dùng "+or(l.Expiry.String(), "không ghi")).At(Center), Code128(l.Code))
	}
	return Doc{Form: "stocklabel", Blocks: b}
}

// Transfer is everything that stands on the paper that goes with goods to another site
// (phiếu xuất chuyển). No official form is at hand: the paper says so.
type Transfer struct {
	Facility clinic.Facility
	Adjusted clinic.Adjusted
	Sender   clinic.Staff
	Made     time.Time
	Printer  string
	Printed  time.Time
	QR       string   // clinic.PaperQR
	Goods    []string // clinic.GoodsQR
	Copy     int
}

// Doc lays the paper out: what is sent, room for what arrived, three signatures.
func (t *Transfer) Doc() Doc {
	b := append(facilityNames(&t.Facility), Space(2), Text("PHIẾU XUẤT CHUYỂN KHO").Sized(Large).Strong().At(Center),
		Text("Số: "+t.Adjusted.Code).Strong().At(Center), Space(2),
		Row("Kho xuất", or(t.Facility.Site, t.Facility.Name)+" ("+t.Adjusted.Site+")"),
		Row("Nơi nhận", t.Adjusted.To))
	if t.Adjusted.Words != "" {
		b = append(b, Row("Ghi chú", t.Adjusted.Words))
	}
	b = append(b, Rule())
	var sum clinic.Dong
	for i, l := range t.Adjusted.Lines {
		b = append(b, Text(strconv.Itoa(i+1)+". "+l.Name).Strong(),
			Row("Lô, hạn dùng", or(l.Goods.Lot, "không ghi")+", "+or(l.Goods.Expiry.String(), "không ghi")),
			Row("Số lượng xuất", amount(l.Quantity, l.Unit)+packed(l.Quantity, l.Pack)))
		if l.Price > 0 {
			b = append(b, Row("Đơn giá, thành tiền", l.Price.String()+", "+l.Price.Times(l.Quantity).String()))
			sum += l.Price.Times(l.Quantity)
		}
		b = append(b, Row("Thực nhận", "....................."))
	}
	if sum > 0 {
		b = append(b, Rule(), Row("Cộng", sum.String()).Strong())
	}
	b = append(b, signatures(t.Made, "NGƯỜI XUẤT", t.Sender, "NGƯỜI VẬN CHUYỂN", "NGƯỜI NHẬN")...)
	b = append(b, Rule(), Code128(t.Adjusted.Code))
	for i, s := range t.Goods {
		b = append(b, Text(fmt.Sprintf("Nơi nhận quét để nhập kho, mã %d/%d:", i+1, len(t.Goods))).Sized(Small).At(Center), QR(s))
	}
	if t.QR != "" {
		b = append(b, Text("Mã kiểm tra:").Sized(Small).At(Center), QR(t.QR))
	}
	return Doc{Form: "transfer", Blocks: append(b, unofficial(), printedLine(t.Printer, t.Printed, t.Copy))}.numbered(t.Copy)
}

// Requisition is everything that stands on a requisition (phiếu dự trù). No official form
// is at hand: the paper says so.
type Requisition struct {
	Facility    clinic.Facility
	Requisition clinic.Requisition
	Days        int // over which use was looked at
	Author      clinic.Staff
	Made        time.Time
	Printer     string
	Printed     time.Time
	QR          string
	Copy        int
}

// Doc lays the paper out: what there is, what was used, what is asked for.
func (q *Requisition) Doc() Doc {
	b := append(facilityNames(&q.Facility), Space(2), Text("PHIẾU DỰ TRÙ").Sized(Large).Strong().At(Center),
		Text("Số: "+q.Requisition.Code).Strong().At(Center), Space(2), Row("Kính gửi", q.Requisition.To))
	if q.Requisition.Words != "" {
		b = append(b, Row("Ghi chú", q.Requisition.Words))
	}
	b = append(b, Rule())
	for i, l := range q.Requisition.Lines {
		b = append(b, Text(strconv.Itoa(i+1)+". "+l.Name).Strong(),
			Row("Tồn kho", amount(l.Booked, l.Unit)), Row(fmt.Sprintf("Đã dùng %d ngày", q.Days), amount(l.Used, l.Unit)),
			Row("Dự trù", amount(l.Quantity, l.Unit)).Strong(), Row("Được duyệt", "....................."))
	}
	b = append(b, signatures(q.Made, "NGƯỜI LẬP", q.Author, "TRƯỞNG TRẠM", "NGƯỜI DUYỆT")...)
	b = append(b, Rule(), Code128(q.Requisition.Code))
	if q.QR != "" {
		b = append(b, QR(q.QR))
	}
	return Doc{Form: "requisition", Blocks: append(b, unofficial(), printedLine(q.Printer, q.Printed, q.Copy))}.numbered(q.Copy)
}

func amount(q clinic.Milli, unit string) string {
	return strings.TrimSpace(clinic.PaperQuantity(q) + noBreak + unit)
}

// packed adds how many boxes that is, when they are whole.
func packed(q clinic.Milli, pack int) string {
	if pack <= 1 || q <= 0 || q%(clinic.Milli(pack)*1000) != 0 {
		return ""
	}
	return fmt.Sprintf(" (%d"+noBreak+"hộp × %d)", q/(clinic.Milli(pack)*1000), pack)
}

func signatures(on time.Time, first string, author clinic.Staff, others ...string) []Block {
	b := []Block{
		Space(2), dateLine(on),
		Text(first).Strong().At(Center), Space(12), Text(strings.TrimSpace(author.Title + " " + author.Name)).Strong().At(Center),
	}
	for _, s := range others {
		b = append(b, Space(1), Text(s).Strong().At(Center), Text("(ký, ghi rõ họ tên)").Sized(Small).At(Center), Space(12))
	}
	return b
}

// unofficial says whose form the paper is.
func unofficial() Block {
	return Text("Mẫu của phần mềm, không phải mẫu chính thức.").Sized(Small).At(Center)
}
