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
	qrQuiet  = 4 // modules of white around (ISO/IEC 18004)
	qrModule = 4 // pixels
)

// qrURL draws a QR code as an image within the page. It is black on white also
// where the page is dark, for cameras want it so.
func qrURL(text string) (template.URL, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", errQR
	}
	n := code.Bounds().Dx()
	img := image.NewPaletted(image.Rect(0, 0, (n+2*qrQuiet)*qrModule, (n+2*qrQuiet)*qrModule), color.Palette{color.White, color.Black})
	for y := range n * qrModule {
		for x := range n * qrModule {
			if r, _, _, _ := code.At(x/qrModule, y/qrModule).RGBA(); r == 0 {
				img.SetColorIndex(x+qrQuiet*qrModule, y+qrQuiet*qrModule, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", errQR
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
