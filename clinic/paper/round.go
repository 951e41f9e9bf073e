package paper

import (
	"fmt"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Round is the list that staff take along to the villages.
type Round struct {
	Facility clinic.Facility
	Day      clinic.Date
	People   []RoundLine
	Printer  string
	Printed  time.Time
}

// RoundLine is one person on the list. Of a protected record it names who, and no more.
type RoundLine struct {
	Name, Born, Address, Phone string
	Why                        []string
}

// Doc lays the list out, with space for notes beneath each person.
func (r *Round) Doc() Doc {
	b := append(facilityNames(&r.Facility), Space(1), Text("DANH SÁCH ĐI THÔN").Sized(Large).Strong().At(Center), Text("Ngày "+r.Day.String()).At(Center),
		Text(fmt.Sprintf("%d người. Có tên người bệnh: giữ kín, về trạm thì hủy.", len(r.People))).Sized(Small).At(Center), Rule())
	for i, p := range r.People {
		b = append(b, Text(fmt.Sprintf("%d. %s", i+1, strings.ToUpper(p.Name))).Strong(), Row("Sinh", or(p.Born, "không rõ")))
		if p.Address != "" {
			b = append(b, Row("Địa chỉ", p.Address))
		}
		if p.Phone != "" {
			b = append(b, Row("Điện thoại", whole(p.Phone)))
		}
		for _, w := range p.Why {
			b = append(b, Text("- "+w))
		}
		b = append(b, Text("Ghi chú:").Sized(Small), Space(12), Rule())
	}
	return Doc{Form: "round", Blocks: append(b, printedLine(r.Printer, r.Printed, 1))}
}
