package printer

import (
	"strings"
	"testing"

	"clinicbox/clinic/paper"
)

func TestWrapKeepsWordsWhole(t *testing.T) {
	faces, err := newTypefaces()
	if err != nil {
		t.Fatal(err)
	}
	f, err := faces.get(paper.Normal, false)
	if err != nil {
		t.Fatal(err)
	}
	text := "Tăng huyết áp vô căn (nguyên phát); đái tháo đường típ 2 không biến chứng – tái khám"
	for width := 150; width <= 600; width += 7 {
		lines := f.wrap(text, width)
		if got := strings.Join(lines, " "); got != text {
			t.Fatalf("width %d: %q", width, lines)
		}
		for i, line := range lines {
			if f.measure(line) > width {
				t.Fatalf("width %d: %q is %d wide", width, line, f.measure(line))
			}
			if i > 0 && f.measure(lines[i-1]+" "+strings.Fields(line)[0]) <= width {
				t.Fatalf("width %d: %q would have fitted before", width, line)
			}
		}
	}
}

func TestWrapCutsOnlyWhatIsTooLong(t *testing.T) {
	faces, err := newTypefaces()
	if err != nil {
		t.Fatal(err)
	}
	f, err := faces.get(paper.Normal, true)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("Ẫ", 60)
	lines := f.wrap("a "+long+" b", 300)
	if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != "a"+long+"b" {
		t.Fatalf("letters lost: %q", lines)
	}
	for _, line := range lines {
		if f.measure(line) > 300 {
			t.Fatalf("%q too wide", line)
		}
	}
}

func TestRealTimeCommandsAreCalmed(t *testing.T) {
	b := &Bitmap{Width: 24, Height: 3, Pix: []byte{0x10, 0x04, 0x01, 0x10, 0x05, 0x00, 0, 0x10, 0x14}}
	b.Pix = append(b.Pix, 0x01, 0, 0)
	b.Height++
	b.calm()
	for i := 0; i+2 < len(b.Pix); i++ {
		if b.Pix[i] == 0x10 && realTime(b.Pix[i+1], b.Pix[i+2]) {
			t.Fatalf("% x at %d", b.Pix, i)
		}
	}
}
