package printer

import (
	"image"
	"image/color"
	"image/png"
	"io"
)

// Bitmap is a slip in dots: rows from top to bottom, eight dots a byte, the
// leftmost in the highest bit, 1 = black. It is what GS v 0 carries, so the
// preview cannot differ from the paper.
type Bitmap struct {
	Width  int // dots, a multiple of 8
	Height int
	Pix    []byte   // Width/8 * Height
	Cuts   []int    // rows at which the paper is cut, ascending; the end is cut anyhow
	Notes  []string // message keys of what could not be drawn as asked
}

var _ image.Image = (*Bitmap)(nil)

// Stride is the bytes of one row.
func (b *Bitmap) Stride() int { return b.Width / 8 }

// Black reports whether the dot is black. Dots outside are white.
func (b *Bitmap) Black(x, y int) bool {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return false
	}
	return b.Pix[y*b.Stride()+x/8]&(0x80>>(x%8)) != 0
}

// ColorModel is black and white.
func (b *Bitmap) ColorModel() color.Model { return blackWhite() }

// Bounds is the paper, from 0,0.
func (b *Bitmap) Bounds() image.Rectangle { return image.Rect(0, 0, b.Width, b.Height) }

// At is black or white.
func (b *Bitmap) At(x, y int) color.Color {
	if b.Black(x, y) {
		return color.Gray{}
	}
	return color.Gray{Y: 0xff}
}

// PNG writes the preview: one bit a dot, the same dots that are printed.
func (b *Bitmap) PNG(w io.Writer) error {
	img := image.NewPaletted(b.Bounds(), blackWhite())
	for y := range b.Height {
		for x := range b.Width {
			if b.Black(x, y) {
				img.Pix[y*img.Stride+x] = 1
			}
		}
	}
	return png.Encode(w, img)
}

func blackWhite() color.Palette { return color.Palette{color.Gray{Y: 0xff}, color.Gray{}} }

func (b *Bitmap) set(x, y int) {
	if x >= 0 && y >= 0 && x < b.Width && y < b.Height {
		b.Pix[y*b.Stride()+x/8] |= 0x80 >> (x % 8)
	}
}

func (b *Bitmap) fill(r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			b.set(x, y)
		}
	}
}

// grow adds white rows at the end and returns where they begin.
func (b *Bitmap) grow(rows int) (y int) {
	y = b.Height
	b.Height += rows
	b.Pix = append(b.Pix, make([]byte, rows*b.Stride())...)
	return y
}

// calm changes dots that would read as a real-time command. A printer obeys DLE
// EOT, DLE ENQ and DLE DC4 on arrival, in the middle of a picture too ("DLE EOT",
// notes): a drawer would open, or a status byte come unasked. One dot beside
// another is invisible; it is changed here so that the preview shows it too.
func (b *Bitmap) calm() {
	for i := 0; i+2 < len(b.Pix); i++ {
		if b.Pix[i] == 0x10 && realTime(b.Pix[i+1], b.Pix[i+2]) {
			b.Pix[i+1] |= 0x02
		}
	}
}

func realTime(second, third byte) bool {
	switch second {
	case 0x04: // DLE EOT n
		return third >= 1 && third <= 8 || third == 18
	case 0x05: // DLE ENQ n
		return third <= 2
	case 0x14: // DLE DC4 fn
		return third == 1 || third == 2 || third == 3 || third == 7 || third == 8
	}
	return false
}
