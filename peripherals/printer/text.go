package printer

import (
	"image"
	"strings"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic/paper"
)

// pad is the white above and below a line: capitals with two marks (Ế, Ẩ) reach
// over the font's own height.
const pad = 2

// typeface draws in one size and weight. Not for use by several at once.
type typeface struct {
	face   font.Face
	tall   tall
	ascent int
	height int // of a line without headroom
}

// typefaces holds the six faces of a slip, each made when first asked for.
type typefaces struct {
	regular, bold *sfnt.Font
	made          map[[2]int]*typeface
}

func newTypefaces() (*typefaces, error) {
	regular, err := sfnt.Parse(liberationsansregular.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := sfnt.Parse(liberationsansbold.TTF)
	if err != nil {
		return nil, err
	}
	return &typefaces{regular: regular, bold: bold, made: map[[2]int]*typeface{}}, nil
}

func (t *typefaces) get(size paper.Size, bold bool) (*typeface, error) {
	px, f, key := pixels(size), t.regular, [2]int{pixels(size), 0}
	if bold {
		f, key[1] = t.bold, 1
	}
	if made := t.made[key]; made != nil {
		return made, nil
	}
	// At 72 dpi a point is a dot.
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(px), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	m := face.Metrics()
	made := &typeface{face: face, ascent: m.Ascent.Ceil() + pad, tall: newTall(f, px, m)}
	made.height = made.ascent + m.Descent.Ceil() + pad
	t.made[key] = made
	return made, nil
}

func pixels(s paper.Size) int {
	switch s {
	case paper.Small:
		return 20
	case paper.Large:
		return 30
	}
	return 24
}

// measure is the width of a line in dots.
func (f *typeface) measure(s string) int {
	return font.MeasureString(f.face, s).Ceil()
}

// headroom is what a line needs above, more than its height.
func (f *typeface) headroom(s string) int { return max(0, f.tall.headroom(s, f.ascent)) }

// draw sets the dots of one line whose top left corner, below its headroom, is
// x, y.
func (f *typeface) draw(b *Bitmap, x, y int, s string) {
	dot := fixed.P(x, y+f.ascent)
	last := rune(-1)
	for _, r := range s {
		if last >= 0 {
			dot.X += f.face.Kern(last, r)
		}
		at, mask, from, advance, _ := f.face.Glyph(dot, r)
		if alpha, ok := mask.(*image.Alpha); ok && (!isTall(r) || !f.tall.draw(b, dot, r)) {
			stamp(b, at, alpha, from)
		}
		dot.X += advance
		last = r
	}
}

// stamp blackens every dot that the letter covers by half or more.
func stamp(b *Bitmap, at image.Rectangle, alpha *image.Alpha, from image.Point) {
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			if alpha.AlphaAt(from.X+x-at.Min.X, from.Y+y-at.Min.Y).A >= 128 {
				b.set(x, y)
			}
		}
	}
}

// wrap breaks a text into lines no wider than width. Words are cut only when one
// alone is wider; a letter keeps its marks.
func (f *typeface) wrap(s string, width int) []string {
	var lines []string
	for part := range strings.SplitSeq(clean(s), "\n") {
		lines = append(lines, f.wrapLine(part, width)...)
	}
	return lines
}

func (f *typeface) wrapLine(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }) {
		if line != "" && f.measure(line+" "+word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
		for f.measure(line) > width {
			n := f.fit(line, width)
			if n == len(line) { // one letter, wider than the paper
				break
			}
			lines = append(lines, line[:n])
			line = line[n:]
		}
	}
	return append(lines, line)
}

// fit is the length of the longest beginning that fits, at least one letter.
func (f *typeface) fit(s string, width int) int {
	best := 0
	for i, r := range s {
		if i == 0 || unicode.Is(unicode.Mn, r) {
			continue
		}
		if best > 0 && f.measure(s[:i]) > width {
			return best
		}
		best = i
	}
	if best == 0 {
		return len(s)
	}
	return best
}

// clean makes text fit to print: composed letters (the font has no combining
// marks worth the name), no control characters, no invalid bytes.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")))
}
