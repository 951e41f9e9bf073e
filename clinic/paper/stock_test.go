package paper_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

func sent() paper.Transfer {
	day := clinic.Date{Year: 2028, Month: 6, Day: 30}
	t := paper.Transfer{
		Facility: sample().Facility, Sender: clinic.Staff{Name: "Phạm Văn Bịa"}, Made: time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC),
		Printed: time.Date(2026, 11, 2, 1, 5, 0, 0, time.UTC), Printer: "Lê Thị Giả", QR: "CB2/X", Copy: 1,
		Adjusted: clinic.Adjusted{Site: "22736A", Code: "X22736A000012", To: "Điểm trạm Bãi Mẫu", Lines: []clinic.AdjustedLine{
			{Goods: clinic.Goods{Code: "AMOX", Lot: "B2", Expiry: day}, Name: "Amoxicilin 500 mg", Unit: "viên", Quantity: 200_000, Price: 900, Pack: 100},
			{Goods: clinic.Goods{Code: "GAC"}, Name: "Gạc", Unit: "miếng", Quantity: 5_000},
		}},
	}
	t.Goods = clinic.GoodsQR(t.Adjusted.Code, t.Adjusted.Lines)
	return t
}

// The paper of a transfer says what left, in units and boxes, leaves room for what
// arrived, and carries its number, the list and the check.
func TestTransferPaper(t *testing.T) {
	tr := sent()
	got := words(tr.Doc())
	for _, want := range []string{
		"Số: X22736A000012", "Amoxicilin 500 mg", "B2, 30/06/2028", "200 viên (2 hộp × 100)", "900 đ, 180.000 đ", "Cộng 180.000 đ", "05 miếng",
		"Thực nhận ....", "NGƯỜI NHẬN", "Ngày 02 tháng 11 năm 2026", "CBG1/X22736A000012/M;AMOX;B2;20280630;200000;900;100/S", "CB2/X", "không phải mẫu chính thức",
	} {
		if !strings.Contains(strings.ReplaceAll(got, "/M;GAC", "/S"), want) {
			t.Errorf("%q is not on the paper\n%s", want, got)
		}
	}
	tr.Copy, tr.Goods = 2, nil
	if got := words(tr.Doc()); !strings.HasPrefix(got, paper.ReprintMark) || !strings.Contains(got, "bản thứ 2") || strings.Contains(got, "CBG1") {
		t.Error(got)
	}
}

func TestRequisitionPaper(t *testing.T) {
	q := paper.Requisition{
		Facility: sample().Facility, Days: 90, Author: clinic.Staff{Name: "Trần Văn Thử", Title: "BS."}, Made: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC), QR: "CB2/Y", Copy: 1,
		Requisition: clinic.Requisition{Code: "D22736A000012", To: "Trung tâm Y tế", Lines: []clinic.RequisitionLine{{Code: "ORS", Name: "Oresol", Unit: "gói", Used: 40_000, Quantity: 9_500}}},
	}
	got := words(q.Doc())
	for _, want := range []string{"Số: D22736A000012", "Kính gửi Trung tâm Y tế", "Tồn kho 0 gói", "Đã dùng 90 ngày 40 gói", "Dự trù 09,5 gói", "Được duyệt ...", "CB2/Y", "BS. Trần Văn Thử"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper\n%s", want, got)
		}
	}
}

func TestLabels(t *testing.T) {
	l := paper.Label{Name: "Paracetamol 500 mg", Lot: "P1", Expiry: clinic.Date{Year: 2027, Month: 6, Day: 30}, Code: "K22736A000012", Copies: 3}
	d := l.Doc()
	bars, cuts := 0, 0
	for _, b := range d.Blocks {
		if b.Kind == paper.KindCode128 && b.Text == l.Code {
			bars++
		}
		if b.Kind == paper.KindCut {
			cuts++
		}
	}
	if bars != 3 || cuts != 2 || !strings.Contains(words(d), "Lô P1 · hạn dùng 30/06/2027") {
		t.Errorf("%d codes, %d cuts\n%s", bars, cuts, words(d))
	}
}
