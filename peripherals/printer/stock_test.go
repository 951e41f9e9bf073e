package printer_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// TestScannersReadPapersOfStock: the list of a transfer that fills its QR, its number, its
// check, and a batch's label are read from both widths of paper.
func TestScannersReadPapersOfStock(t *testing.T) {
	zbar := testpeer.Need(t, "zbarimg")
	code, err := clinic.NewTransferCode("22736", "a", 12)
	if err != nil {
		t.Fatal(err)
	}
	label, err := clinic.NewLabelCode("22736", "a", 7)
	if err != nil {
		t.Fatal(err)
	}
	expiry := clinic.Date{Year: 2028, Month: 6, Day: 30}
	tr := paper.Transfer{
		Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế xã đảo Mẫu"}, Made: time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT),
		Printed: time.Date(2026, 11, 2, 8, 5, 0, 0, clinic.ICT), Printer: "Lê Thị Giả", QR: strings.TrimSuffix(slipQR, "/"+slipCode), Copy: 1,
		Sender: clinic.Staff{Name: "Phạm Văn Bịa"}, Adjusted: clinic.Adjusted{Site: "22736A", Code: code, To: "Điểm trạm Bãi Mẫu"},
	}
	for i := range 16 {
		tr.Adjusted.Lines = append(tr.Adjusted.Lines, clinic.AdjustedLine{
			Goods: clinic.Goods{Code: "PARA500", Lot: fmt.Sprintf("LOT%05d", i), Expiry: expiry}, Name: "Paracetamol 500 mg", Unit: "viên",
			Quantity: 1_000_000, Price: 400, Pack: 100,
		})
	}
	tr.Goods = clinic.GoodsQR(code, tr.Adjusted.Lines)
	l := paper.Label{Name: "Paracetamol 500 mg", Lot: "P1", Expiry: expiry, Code: label, Copies: 1}
	for _, w := range []printer.Width{printer.Width58, printer.Width80} {
		for name, doc := range map[string]paper.Doc{"transfer": tr.Doc(), "label": l.Doc()} {
			b := render(t, doc, w)
			picture := sim.PrinterSlip{Width: b.Width, Height: b.Height, Pix: b.Pix}
			file := filepath.Join(t.TempDir(), "paper.png")
			if err := os.WriteFile(file, picture.PNG(1), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", file).Output()
			if err != nil {
				t.Fatal(name, w, err)
			}
			want := append([]string{tr.QR}, tr.Goods...)
			if name == "label" {
				want = []string{label}
			}
			for _, code := range want {
				if !strings.Contains(string(out), ":"+code+"\n") {
					t.Errorf("%s, %d dots: %q lacks %q", name, w, out, code)
				}
			}
		}
	}
}
