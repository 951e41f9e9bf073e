package web

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrMost is more than a code of the size that old cameras read can hold.
const qrMost = 1200

// qrPNG draws a QR code with its quiet zone; each module has dot by dot pixels.
func qrPNG(text string, dot int) ([]byte, error) {
	const quiet = 4
	if len(text) > qrMost {
		return nil, fmt.Errorf("web: %d characters are too many for a QR code", len(text))
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("web: QR code: %w", err)
	}
	n := code.Bounds().Dx()
	side := (n + 2*quiet) * dot
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			at := image.Pt(x/dot-quiet, y/dot-quiet)
			if at.In(image.Rect(0, 0, n, n)) && code.At(at.X, at.Y) == color.Color(color.Gray16{}) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("web: QR code: %w", err)
	}
	return b.Bytes(), nil
}

// qrSVG draws a QR code that papers carry, as a picture in the page: nothing but squares.
// What does not fit gives none.
func qrSVG(text string) template.HTML {
	const quiet = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil || len(text) > qrMost {
		return ""
	}
	n := code.Bounds().Dx()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="cb-qrcode" width="170" height="170" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="QR"><rect fill="#fff" width="%d" height="%d"/><path fill="#000" d="`, n+2*quiet, n+2*quiet, n+2*quiet, n+2*quiet)
	for y := range n {
		for x := range n {
			if code.At(x, y) == color.Color(color.Gray16{}) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}
