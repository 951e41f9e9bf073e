package printer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image/png"
	"strings"
	"testing"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic/paper"
	"clinicbox/peripherals/printer"
)

func render(t testing.TB, doc paper.Doc, w printer.Width) *printer.Bitmap {
	t.Helper()
	b, err := printer.Render(doc, w)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func preview(t testing.TB, b *printer.Bitmap) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.PNG(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// letters are all the 146 letters of Vietnamese beyond f, j, w, z and the plain
// consonants: twelve vowels in six tones and đ, small and capital.
func letters() []rune {
	var all []rune
	for _, vowel := range "aăâeêioôơuưy" {
		for _, tone := range []string{"", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"} {
			all = append(all, []rune(norm.NFC.String(string(vowel)+tone))...)
		}
	}
	all = append(all, 'đ')
	return append(all, []rune(strings.ToUpper(string(all)))...)
}

func TestEveryVietnameseLetterIsThere(t *testing.T) {
	all := letters()
	if len(all) != 146 {
		t.Fatalf("%d letters", len(all))
	}
	for name, ttf := range map[string][]byte{"regular": liberationsansregular.TTF, "bold": liberationsansbold.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if i, err := f.GlyphIndex(nil, r); err != nil || i == 0 {
				t.Errorf("%s lacks %c", name, r)
			}
		}
	}
}

// Two letters that look the same at 20 dots would print one name as another.
func TestEveryLetterLooksDifferentAndIsWhole(t *testing.T) {
	for _, size := range []paper.Size{paper.Small, paper.Normal, paper.Large} {
		for _, bold := range []bool{false, true} {
			seen := map[string]rune{}
			for _, r := range letters() {
				block := paper.Text(string(r)).Sized(size)
				block.Bold = bold
				b := render(t, paper.Doc{Blocks: []paper.Block{block}}, printer.Width58)
				if other, ok := seen[string(b.Pix)]; ok {
					t.Errorf("size %d, bold %v: %c looks like %c", size, bold, r, other)
				}
				seen[string(b.Pix)] = r
				for x := range b.Width {
					if b.Black(x, 0) || b.Black(x, b.Height-1) {
						t.Fatalf("size %d, bold %v: %c touches the line's edge", size, bold, r)
					}
				}
			}
		}
	}
}

// The dots are frozen: what a test saw is what a clinic prints.
func TestDotsAreTheSameOnEveryRun(t *testing.T) {
	golden := map[printer.Width]string{
		printer.Width58: "fb5358c4a0a1ca3a",
		printer.Width80: "7a5519a18d275f1a",
	}
	for w, want := range golden {
		first := render(t, slip(), w)
		for range 3 {
			if again := render(t, slip(), w); !bytes.Equal(again.Pix, first.Pix) {
				t.Fatal("differs from run to run")
			}
		}
		sum := sha256.Sum256(first.Pix)
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%d dots: %s, want %s; look at the slip before you change this", w, got, want)
		}
	}
}

func TestPreviewHasTheDotsOfThePaper(t *testing.T) {
	b := render(t, slip(), printer.Width80)
	img, err := png.Decode(bytes.NewReader(preview(t, b)))
	if err != nil || img.Bounds() != b.Bounds() {
		t.Fatal(img.Bounds(), err)
	}
	for y := range b.Height {
		for x := range b.Width {
			if r, _, _, _ := img.At(x, y).RGBA(); (r == 0) != b.Black(x, y) {
				t.Fatalf("dot %d,%d differs", x, y)
			}
		}
	}
}

func TestDecomposedLettersPrintAsComposed(t *testing.T) {
	name := "Nguyễn Thị Ẩn Dụ"
	a := render(t, paper.Doc{Blocks: []paper.Block{paper.Text(name)}}, printer.Width58)
	b := render(t, paper.Doc{Blocks: []paper.Block{paper.Text(norm.NFD.String(name))}}, printer.Width58)
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Fatal("NFD prints differently")
	}
}

func TestHostileDocuments(t *testing.T) {
	long := strings.Repeat("Ễ", 300)
	for name, c := range map[string]struct {
		block paper.Block
		err   error
	}{
		"word longer than the line":     {paper.Text(long), nil},
		"label longer than the line":    {paper.Row(long, "x"), nil},
		"value longer than the line":    {paper.Row("x", long), nil},
		"empty text":                    {paper.Text(""), nil},
		"empty row":                     {paper.Row("", ""), nil},
		"only blanks":                   {paper.Text(" \t  "), nil},
		"control bytes":                 {paper.Text("a\x1b@\x10\x04\x01\x00b\u202e"), nil},
		"invalid UTF-8":                 {paper.Text("a\xff\xfe\xc3"), nil},
		"other scripts":                 {paper.Text("汉字 🏥 عربى"), nil},
		"marks alone":                   {paper.Text(strings.Repeat("\u0301", 500)), nil},
		"negative space":                {paper.Space(-5), nil},
		"unknown size":                  {paper.Text("a").Sized(99), nil},
		"unknown kind":                  {paper.Block{Kind: 99}, printer.ErrBlock},
		"kind zero":                     {paper.Block{}, printer.ErrBlock},
		"empty QR":                      {paper.QR(""), printer.ErrTooWide},
		"QR beyond the paper":           {paper.QR(strings.Repeat("x", 601)), printer.ErrTooWide},
		"bar code of Vietnamese":        {paper.Code128("Ễ"), nil},
		"five metres of text":           {paper.Text(strings.Repeat("dài\n", 1000)), printer.ErrLong},
		"bar code that becomes a QR":    {paper.Code128("H22736A000123K-AND-MORE"), nil},
		"bar code too long for a QR":    {paper.Code128(strings.Repeat("x", 79)), nil},
		"bar code of too many for both": {paper.Code128(strings.Repeat("x", 700)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := printer.Render(paper.Doc{Blocks: []paper.Block{c.block}}, printer.Width58)
			if c.err != nil && !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "xxx") || strings.Contains(err.Error(), "Ễ") {
					t.Fatalf("error repeats the words: %v", err)
				}
				return
			}
			if len(b.Pix) != b.Height*b.Stride() {
				t.Fatal("rows and bytes disagree")
			}
		})
	}
}

func TestWidths(t *testing.T) {
	for mm, want := range map[int]printer.Width{58: 384, 80: 576} {
		if w, err := printer.WidthOf(mm); err != nil || w != want {
			t.Fatal(mm, w, err)
		}
	}
	if _, err := printer.WidthOf(76); !errors.Is(err, printer.ErrWidth) {
		t.Fatal(err)
	}
	if _, err := printer.Render(slip(), 400); !errors.Is(err, printer.ErrWidth) {
		t.Fatal(err)
	}
}

func TestNarrowPaperSaysThatTheBarCodeIsMissing(t *testing.T) {
	if b := render(t, slip(), printer.Width58); len(b.Notes) != 0 {
		t.Fatal(b.Notes)
	}
	long := slip()
	long.Blocks[len(long.Blocks)-1].Text = "H22736A00778O-AND-MORE"
	if b := render(t, long, printer.Width58); len(b.Notes) != 1 || b.Notes[0] != printer.NoteNoBarcode {
		t.Fatal(b.Notes)
	}
	if b := render(t, long, printer.Width80); len(b.Notes) != 0 {
		t.Fatal(b.Notes)
	}
}

func TestCuts(t *testing.T) {
	doc := paper.Doc{Blocks: []paper.Block{
		paper.Cut(), paper.Text("một"), paper.Cut(), paper.Cut(), paper.Text("hai"), paper.Cut(),
	}}
	b := render(t, doc, printer.Width58)
	if len(b.Cuts) != 2 || b.Cuts[0] != b.Height/2 || b.Cuts[1] != b.Height {
		t.Fatal(b.Cuts, b.Height)
	}
	if n := bytes.Count(printer.Bytes(b), []byte("\x1dVB\x00")); n != 2 {
		t.Fatalf("%d cuts sent", n)
	}
}

// Every word stands on the paper whole: no line is wider than the paper, so the
// dots of a document never reach the right edge by clipping.
func TestNothingIsClipped(t *testing.T) {
	b := render(t, slip(), printer.Width58)
	for y := range b.Height {
		if b.Black(b.Width-1, y) || b.Black(0, y) {
			t.Fatalf("row %d touches the edge", y)
		}
	}
}

func BenchmarkRenderSlip58(b *testing.B) {
	doc := slip()
	for b.Loop() {
		if _, err := printer.Render(doc, printer.Width58); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSlipBytes(b *testing.B) {
	bitmap := render(b, slip(), printer.Width58)
	n := 0
	for b.Loop() {
		n = len(printer.Bytes(bitmap))
	}
	b.ReportMetric(float64(n), "bytes/slip")
}
