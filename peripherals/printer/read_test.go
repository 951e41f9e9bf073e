package printer_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// printed is the slip as it came out of the simulated printer, as a PNG file.
func printed(t *testing.T, w printer.Width, scale int) string {
	t.Helper()
	p := sim.NewPrinter(sim.PrinterOpts{Width: int(w)})
	defer p.Close()
	addr, err := p.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := printer.NewTCP(addr, quick()).Print(t.Context(), render(t, slip(), w)); err != nil {
		t.Fatal(err)
	}
	out, ok := p.Tear()
	if !ok {
		t.Fatal("no slip")
	}
	name := filepath.Join(t.TempDir(), "slip.png")
	if err := os.WriteFile(name, out.PNG(scale), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestScannersReadTheCodes(t *testing.T) {
	zbar := testpeer.Need(t, "zbarimg")
	for w, want := range map[printer.Width][]string{
		printer.Width58: {"QR-Code:" + slipQR, "CODE-128:" + slipCode},
		printer.Width80: {"QR-Code:" + slipQR, "CODE-128:" + slipCode},
	} {
		out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", printed(t, w, 1)).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range want {
			if !strings.Contains(string(out), code+"\n") {
				t.Errorf("%d dots: %q lacks %q", w, out, code)
			}
		}
		if n := strings.Count(string(out), "\n"); n != len(want) {
			t.Errorf("%d dots: %d codes: %q", w, n, out)
		}
	}
}

// TestScannersReadTheLabel: the bars of a sample's label are read from both widths, and as
// the box recognises them.
func TestScannersReadTheLabel(t *testing.T) {
	zbar := testpeer.Need(t, "zbarimg")
	number, err := clinic.NewSampleNumber("22736", "a", 12345)
	if err != nil {
		t.Fatal(err)
	}
	label := paper.SampleLabel{
		Facility: clinic.Facility{Name: "Trạm Y tế xã đảo Mẫu"}, Number: number, Specimen: "capillary", Urgent: true, Copy: 2,
		Patient: clinic.Patient{Name: "Nguyễn Thị Ẩn Dụ", Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1954, Month: 9, Day: 2}},
		Tests:   []string{"Huyết sắc tố", "Glucose máu bất kỳ", "Sốt rét, test nhanh"}, Taken: time.Date(2026, 11, 29, 8, 5, 0, 0, clinic.ICT),
	}
	for _, w := range []printer.Width{printer.Width58, printer.Width80} {
		b := render(t, label.Doc(), w)
		picture := sim.PrinterSlip{Width: b.Width, Height: b.Height, Pix: b.Pix}
		dir := t.TempDir()
		if keep := os.Getenv("CLINICBOX_LABEL_SHOTS"); keep != "" {
			dir = keep
		}
		name := filepath.Join(dir, fmt.Sprintf("label-%d.png", w))
		if err := os.WriteFile(name, picture.PNG(1), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", name).Output()
		if err != nil || string(out) != "CODE-128:"+number+"\n" {
			t.Errorf("%d dots: %q, %v", w, out, err)
		}
	}
}

func TestPeopleReadTheWords(t *testing.T) {
	ocr := testpeer.Need(t, "tesseract")
	for _, w := range []printer.Width{printer.Width58, printer.Width80} {
		out, err := exec.CommandContext(t.Context(), ocr, printed(t, w, 2), "-", "-l", "vie", "--psm", "6").Output()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(norm.NFC.String(string(out))), " ")
		for _, words := range []string{
			"GIẤY HẸN KHÁM LẠI", "Ngày sinh", "02/09/1954", "Giới tính", "Số thẻ BHYT", "Tăng huyết áp", "không biến chứng",
			"Hẹn khám lại ngày", "11/11/2026", "Phòng khám số 1", "Y sĩ khám bệnh", "Trần Văn Mẫu", "Đảo Mẫu", "có giá trị sử dụng",
		} {
			if !strings.Contains(text, words) {
				t.Errorf("%d dots: %q is not readable in: %s", w, words, text)
			}
		}
	}
}

// Names in capitals carry two marks on one letter. As the font draws them, two of
// these eight are read right; a patient's name must not turn into another's.
func TestPeopleReadTheNames(t *testing.T) {
	ocr := testpeer.Need(t, "tesseract")
	names := []string{
		"NGUYỄN THỊ ẨN", "LÊ VĂN THẾ", "TRẦN ĐỖ HỒNG", "PHẠM TẤN PHẤN", "ĐẶNG ỔN HỂ", "VŨ THỊ GẤM", "HỒ QUỐC MẪN", "CHẨN ĐOÁN",
	}
	var doc paper.Doc
	for _, n := range names {
		doc.Blocks = append(doc.Blocks, paper.Text(n).Strong())
	}
	b := render(t, doc, printer.Width58)
	picture := sim.PrinterSlip{Width: b.Width, Height: b.Height, Pix: b.Pix}
	name := filepath.Join(t.TempDir(), "names.png")
	if err := os.WriteFile(name, picture.PNG(2), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ocr, name, "-", "-l", "vie", "--psm", "6").Output()
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, n := range names {
		if strings.Contains(norm.NFC.String(string(out)), n+"\n") {
			right++
		}
	}
	if t.Logf("%d of %d", right, len(names)); right < 4 {
		t.Fatalf("%d of %d names read right: %s", right, len(names), out)
	}
}

func TestPictureOfTheSlip(t *testing.T) {
	f, err := os.ReadFile(printed(t, printer.Width58, 2))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	if w := img.Bounds().Dx(); w != 2*(384+48) {
		t.Fatal(w)
	}
	if (img.Bounds().Min != image.Point{}) {
		t.Fatal(img.Bounds())
	}
}

// Every scanner at a desk reads the longest code from the narrow paper: its modules
// are as large as they ever are, and half the resolution is enough.
func TestThePapersCodeIsLarge(t *testing.T) {
	zbar := testpeer.Need(t, "zbarimg")
	b := render(t, paper.Doc{Blocks: []paper.Block{paper.QR(slipQR)}}, printer.Width58)
	if side := (37 + 2*4) * 6; b.Height != side { // version 5, its quiet zone, dots a module
		t.Errorf("%d dots high, want %d", b.Height, side)
	}
	half := sim.PrinterSlip{Width: b.Width, Height: b.Height, Pix: b.Pix}
	img, err := png.Decode(bytes.NewReader(half.PNG(1)))
	if err != nil {
		t.Fatal(err)
	}
	small := image.NewGray(image.Rect(0, 0, img.Bounds().Dx()/2, img.Bounds().Dy()/2))
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			small.Set(x, y, img.At(2*x, 2*y))
		}
	}
	name := filepath.Join(t.TempDir(), "half.png")
	var out bytes.Buffer
	if err := png.Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", "--raw", name).Output(); err != nil || strings.TrimSpace(string(said)) != slipQR {
		t.Errorf("%q, %v", said, err)
	}
}
