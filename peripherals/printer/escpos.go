package printer

import "slices"

// Control bytes of ESC/POS.
const (
	esc = 0x1b
	gs  = 0x1d
	dle = 0x10
)

// bandRows bounds a raster band: clones keep a whole band in memory before they
// print it. bandBytes bounds it in bytes, below the 4 kB buffer of small ones.
const (
	bandRows  = 128
	bandBytes = 4000
	firstRows = 16 // of the first band
)

// cutFeed is the paper between print head and knife, in dots, that must pass
// before a cut: about 12 mm on desk printers. GS V B feeds to the knife by itself;
// the rest is the white that a hand needs on printers without a knife.
const cutFeed = 40

func cmdInit() []byte          { return []byte{esc, '@'} }             // ESC @
func cmdFeed(dots byte) []byte { return []byte{esc, 'J', dots} }       // ESC J n
func cmdCut() []byte           { return []byte{gs, 'V', 'B', 0} }      // GS V 66 0: feed to the knife, partial cut
func cmdPaperSensor() []byte   { return []byte{gs, 'r', 1} }           // GS r 1, answered when all before it is printed
func cmdStatus(n byte) []byte  { return []byte{dle, 0x04, n} }         // DLE EOT n, answered at once
func cmdDrawer() []byte        { return []byte{esc, 'p', 0, 25, 250} } // ESC p: 50 ms on, 500 ms off

// cmdClear empties the printer's buffer (DLE DC4 8), so that the rest of a slip
// that failed does not come out before the reprint. Printers without the command
// ignore it: all its bytes are control codes without meaning to them.
func cmdClear() []byte { return []byte{dle, 0x14, 8, 1, 3, 20, 1, 6, 2, 8} }

// cmdRaster is one band in GS v 0 (normal density).
func cmdRaster(b *Bitmap, from, to int) []byte {
	stride, rows := b.Stride(), to-from
	head := []byte{gs, 'v', '0', 0, byte(stride), byte(stride >> 8), byte(rows), byte(rows >> 8)}
	return append(head, b.Pix[from*stride:to*stride]...)
}

// part is a piece of a job that is sent whole; rows tells how much paper it moves.
type part struct {
	bytes []byte
	rows  int
}

// parts encodes a bitmap for a printer that holds limit bytes of a band.
func parts(b *Bitmap, limit int) []part {
	rows := max(1, min(bandRows, limit/max(b.Stride(), 1)))
	out := []part{{bytes: cmdInit()}}
	from := 0
	for _, end := range append(slices.Clone(b.Cuts), b.Height) {
		if end <= from {
			continue
		}
		for from < end {
			to := min(from+rows, end)
			if from == 0 { // little, so that a printer without paper still has room for a question
				to = min(to, firstRows)
			}
			out = append(out, part{cmdRaster(b, from, to), to - from})
			from = to
		}
		out = append(out, part{append(cmdFeed(cutFeed), cmdCut()...), cutFeed})
	}
	return out
}

// Bytes is what is sent to print the bitmap, status questions aside.
func Bytes(b *Bitmap) []byte {
	var out []byte
	for _, p := range parts(b, bandBytes) {
		out = append(out, p.bytes...)
	}
	return out
}
