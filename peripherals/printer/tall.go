package printer

import (
	"image"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic/paper"
)

// Letters with two marks above (Ấ Ẩ Ẫ Ề Ễ Ổ …) squeeze both into six dots at the
// sizes of a slip: as the font has them, tesseract reads two of eight names in bold
// capitals of 24 dots, and the eye does little better (NGUYÊN for NGUYỄN, ẤN for
// ẨN). Their marks are stretched upwards and lifted a little, where the line has
// room made for them; with these figures it reads five to seven.
const (
	stretchCapital = 1.7
	liftCapital    = fixed.Int26_6(48) // three quarters of a dot
	stretchLarge   = 1.4               // capitals of 30 dots have more room of their own
	stretchSmall   = 1.35              // letters that are no capitals
)

// tall draws the letters with two marks above.
type tall struct {
	font *sfnt.Font
	buf  sfnt.Buffer
	ppem fixed.Int26_6
	caps float32 // height of capitals, in dots
	x    float32 // height of small letters
}

// isTall tells a letter with two marks above: a tone on top of a circumflex or
// breve. The dot stands below, the horn beside.
func isTall(r rune) bool {
	if r < 'Ấ' || r > 'ộ' { // all of them stand between these
		return false
	}
	shape, tone := false, false
	for _, m := range norm.NFD.String(string(r)) {
		switch m {
		case '\u0302', '\u0306':
			shape = true
		case '\u0300', '\u0301', '\u0303', '\u0309':
			tone = true
		}
	}
	return shape && tone
}

// headroom is what a line with the letters needs above its ascent, in dots.
func (t *tall) headroom(s string, ascent int) int {
	most := 0
	for _, r := range s {
		if isTall(r) {
			if b, _, ok := t.outline(r); ok {
				most = max(most, -b.Min.Y+pad-ascent)
			}
		}
	}
	return most
}

// outline is the stretched letter around the origin, and its bounds.
func (t *tall) outline(r rune) (b image.Rectangle, segments []sfnt.Segment, ok bool) {
	i, err := t.font.GlyphIndex(&t.buf, r)
	if err != nil || i == 0 {
		return b, nil, false
	}
	loaded, err := t.font.LoadGlyph(&t.buf, i, t.ppem, nil)
	if err != nil {
		return b, nil, false
	}
	segments = append(segments, loaded...)
	base, k, lift := t.x, float32(stretchSmall), fixed.Int26_6(0)
	if unicode.IsUpper(r) {
		base, k, lift = t.caps, stretchCapital, liftCapital
		if t.ppem >= fixed.I(pixels(paper.Large)) {
			k, lift = stretchLarge, 0
		}
	}
	for n := range segments {
		args := &segments[n].Args
		for a := range args {
			args[a].Y = stretch(args[a].Y, base, k, lift)
		}
	}
	bounds := sfnt.Segments(segments).Bounds()
	b = image.Rect(bounds.Min.X.Floor(), bounds.Min.Y.Floor(), bounds.Max.X.Ceil(), bounds.Max.Y.Ceil())
	return b, segments, true
}

// stretch moves what lies above base further up. Y points down.
func stretch(y fixed.Int26_6, base, k float32, lift fixed.Int26_6) fixed.Int26_6 {
	edge := fixed.Int26_6(base * 64)
	if -y <= edge {
		return y
	}
	return -(edge + lift + fixed.Int26_6(float32(-y-edge)*k))
}

// draw blackens the letter's dots; the baseline begins at dot.
func (t *tall) draw(b *Bitmap, dot fixed.Point26_6, r rune) bool {
	box, segments, ok := t.outline(r)
	if !ok || box.Empty() {
		return false
	}
	raster := vector.NewRasterizer(box.Dx(), box.Dy())
	at := func(p fixed.Point26_6) (x, y float32) {
		return float32(p.X)/64 - float32(box.Min.X), float32(p.Y)/64 - float32(box.Min.Y)
	}
	for _, s := range segments {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			raster.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			raster.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			raster.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			raster.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	mask := image.NewAlpha(image.Rect(0, 0, box.Dx(), box.Dy()))
	raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	stamp(b, box.Add(image.Pt(dot.X.Round(), dot.Y.Round())), mask, image.Point{})
	return true
}

func newTall(f *sfnt.Font, px int, m font.Metrics) tall {
	return tall{
		font: f, ppem: fixed.I(px),
		caps: float32(m.CapHeight)/64 + 0.5, x: float32(m.XHeight)/64 + 0.5,
	}
}
