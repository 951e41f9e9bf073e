package printer

import (
	"errors"
	"fmt"
	"image"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"
)

// ErrTooWide means that a code does not fit the paper in modules that a hand-held
// scanner still reads.
var ErrTooWide = errors.New("code does not fit the paper")

// errPayload hides the library's error, which repeats the payload.
var errPayload = errors.New("payload cannot be encoded")

// Sizes in dots of 1/8 mm.
const (
	qrQuiet      = 4  // modules of white around a QR code (ISO/IEC 18004)
	qrBest       = 6  // 0.75 mm: read at arm's length
	qrLeast      = 3  // below, thermal paper smears
	barQuiet     = 10 // modules of white beside a bar code (ISO/IEC 15417)
	paperEdge    = 24 // 3 mm: the least that the head leaves white on either side of a roll
	barBest      = 3
	barLeast     = 2
	barHeight    = 80
	maxQRPayload = 600
)

// drawQR adds a QR code in the middle, with its quiet zone.
func drawQR(b *Bitmap, payload string) error {
	if payload == "" || len(payload) > maxQRPayload {
		return fmt.Errorf("QR code of %d bytes: %w", len(payload), ErrTooWide)
	}
	code, err := qr.Encode(payload, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("QR code: %w", errPayload)
	}
	n := code.Bounds().Dx()
	module := min(b.Width/(n+2*qrQuiet), qrBest)
	if module < qrLeast {
		return fmt.Errorf("QR code of %d modules on %d dots: %w", n, b.Width, ErrTooWide)
	}
	y := b.grow((n + 2*qrQuiet) * module)
	drawModules(b, code, image.Pt((b.Width-n*module)/2, y+qrQuiet*module), image.Pt(module, module))
	return nil
}

// drawCode128 adds a bar code in the middle.
func drawCode128(b *Bitmap, payload string) error {
	code, err := code128.Encode(payload)
	if err != nil {
		return fmt.Errorf("bar code: %w", errPayload)
	}
	n := code.Bounds().Dx()
	module := min(b.Width/(n+2*barQuiet), barBest)
	if n*barLeast <= b.Width && paperEdge >= barQuiet*barLeast { // narrow paper: its edges are quiet too
		module = max(module, barLeast)
	}
	if module < barLeast {
		return fmt.Errorf("bar code of %d modules on %d dots: %w", n, b.Width, ErrTooWide)
	}
	y := b.grow(barHeight)
	drawModules(b, code, image.Pt((b.Width-n*module)/2, y), image.Pt(module, barHeight))
	return nil
}

func drawModules(b *Bitmap, code barcode.Barcode, at, size image.Point) {
	for my := range code.Bounds().Dy() {
		for mx := range code.Bounds().Dx() {
			if r, _, _, _ := code.At(mx, my).RGBA(); r == 0 {
				corner := at.Add(image.Pt(mx*size.X, my*size.Y))
				b.fill(image.Rectangle{Min: corner, Max: corner.Add(size)})
			}
		}
	}
}
