package pages

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// errQR hides the library's error, which repeats the payload.
var errQR = errors.New("hub/pages: QR code cannot be made")

const (
	qrQuiet  = 4   // modules of white around (ISO/IEC 18004)
	qrLeast  = 4   // pixels of a module
	qrWidth  = 240 // pixels at least: a camera at arm's length
	maxDense = 200 // characters
)

// qrURL draws a QR code as an image within the page. It is black on white also
// where the page is dark, for cameras want it so.
func qrURL(text string) (template.URL, error) {
	level := qr.M
	if len(text) > maxDense { // on a screen nothing is smeared, and large modules help more
		level = qr.L
	}
	code, err := qr.Encode(text, level, qr.Auto)
	if err != nil {
		return "", errQR
	}
	n := code.Bounds().Dx()
	all := n + 2*qrQuiet
	m := max(qrLeast, (qrWidth+all-1)/all)
	img := image.NewPaletted(image.Rect(0, 0, all*m, all*m), color.Palette{color.White, color.Black})
	for y := range n * m {
		for x := range n * m {
			if r, _, _, _ := code.At(x/m, y/m).RGBA(); r == 0 {
				img.SetColorIndex(x+qrQuiet*m, y+qrQuiet*m, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", errQR
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
