package sim

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// PrinterSlip is a piece of paper that left the printer.
type PrinterSlip struct {
	Number int  // from 1
	Torn   bool // torn off or run out, not cut
	Width  int  // dots, a multiple of 8
	Height int
	Pix    []byte // one bit a dot, 1 = black
}

// Image is the slip in black and white, scale times as large, with a white border
// as of paper around the printed width.
func (s PrinterSlip) Image(scale int) image.Image {
	scale = max(scale, 1)
	border := 24
	w, h := s.Width+2*border, s.Height+2*border
	img := image.NewPaletted(image.Rect(0, 0, w*scale, h*scale), color.Palette{color.White, color.Black})
	for y := range s.Height * scale {
		row := img.Pix[(y+border*scale)*img.Stride+border*scale:]
		for x := range s.Width * scale {
			if s.Black(x/scale, y/scale) {
				row[x] = 1
			}
		}
	}
	return img
}

// Black reports whether the dot is black.
func (s PrinterSlip) Black(x, y int) bool {
	return s.Pix[y*s.Width/8+x/8]&(0x80>>(x%8)) != 0
}

// PNG is the slip as a file, scale times as large.
func (s PrinterSlip) PNG(scale int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, s.Image(scale)); err != nil {
		return nil
	}
	return b.Bytes()
}
