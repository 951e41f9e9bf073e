package printer

import (
	"errors"
	"fmt"
	"image"

	"clinicbox/clinic/paper"
)

// Width is the printable width of a paper in dots at 203 dots per inch.
type Width int

// The two papers in use.
const (
	Width58 Width = 384 // 58 mm paper prints 48 mm
	Width80 Width = 576 // 80 mm paper prints 72 mm
)

// WidthOf returns the width for a paper of 58 or 80 mm.
func WidthOf(mm int) (Width, error) {
	switch mm {
	case 58:
		return Width58, nil
	case 80:
		return Width80, nil
	}
	return 0, fmt.Errorf("%w: %d mm, must be 58 or 80", ErrWidth, mm)
}

// Why a document cannot be drawn. None of them repeats its words.
var (
	ErrWidth = errors.New("unknown paper width")
	ErrBlock = errors.New("unknown kind of block")
	ErrLong  = errors.New("slip longer than two metres")
)

// NoteNoBarcode in Bitmap.Notes: the paper is too narrow for the bar code, the QR
// code stands alone.
const NoteNoBarcode = "printer.note.no-barcode"

const (
	dotsPerMM   = 8
	margin      = 4 // dots left free at both sides: many heads are mounted half a millimetre off
	ruleSpace   = 6
	columnGap   = 10
	indent      = 24
	leastColumn = 300
	maxSpace    = 200 // mm
	maxRows     = 2000 * dotsPerMM
)

// Render draws a document. The same document gives the same dots on every run
// and machine.
func Render(doc paper.Doc, width Width) (*Bitmap, error) {
	if width != Width58 && width != Width80 {
		return nil, fmt.Errorf("%w: %d dots", ErrWidth, int(width))
	}
	faces, err := newTypefaces()
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	l := &layout{b: &Bitmap{Width: int(width)}, faces: faces}
	for _, b := range doc.Blocks {
		l.hasQR = l.hasQR || b.Kind == paper.KindQR
	}
	for i := 0; i < len(doc.Blocks); {
		n, err := l.place(doc.Blocks[i:])
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", i, err)
		}
		if l.b.Height > maxRows {
			return nil, ErrLong
		}
		i += n
	}
	l.b.calm()
	return l.b, nil
}

// layout is a slip being drawn.
type layout struct {
	b     *Bitmap
	faces *typefaces
	hasQR bool
}

// place draws the first of the blocks, or the rows in sequence that begin there,
// and returns how many it drew.
func (l *layout) place(blocks []paper.Block) (n int, err error) {
	b := blocks[0]
	switch b.Kind {
	case paper.KindText:
		err = l.text(b)
	case paper.KindRow:
		n = 1
		for n < len(blocks) && blocks[n].Kind == paper.KindRow {
			n++
		}
		return n, l.rows(blocks[:n])
	case paper.KindRule:
		y := l.b.grow(2*ruleSpace + 2)
		l.b.fill(image.Rect(margin, y+ruleSpace, l.b.Width-margin, y+ruleSpace+2))
	case paper.KindQR:
		err = drawQR(l.b, b.Text)
	case paper.KindCode128:
		err = l.barcode(b)
	case paper.KindSpace:
		l.b.grow(min(max(b.MM, 0), maxSpace) * dotsPerMM)
	case paper.KindCut:
		l.cut()
	default:
		err = fmt.Errorf("%w: %d", ErrBlock, b.Kind)
	}
	return 1, err
}

func (l *layout) text(b paper.Block) error {
	f, err := l.faces.get(b.Size, b.Bold)
	if err != nil {
		return err
	}
	room := l.b.Width - 2*margin
	for _, line := range f.wrap(b.Text, room) {
		x := margin
		switch b.Align {
		case paper.Center:
			x += (room - f.measure(line)) / 2
		case paper.Right:
			x += room - f.measure(line)
		}
		l.b.grow(f.headroom(line))
		f.draw(l.b, x, l.b.grow(f.height), line)
	}
	return nil
}

// rows draws labels and values. Values stand in one column beside the widest
// label and wrap within it. Where the column holds barely two words (58 mm), a
// value that does not fit stands right behind its own label if that is enough,
// else below it, indented.
func (l *layout) rows(rows []paper.Block) error {
	room := l.b.Width - 2*margin
	column := 0
	for _, r := range rows {
		f, err := l.faces.get(r.Size, false)
		if err != nil {
			return err
		}
		if w := f.measure(clean(r.Text)); w <= room*2/5 {
			column = max(column, w)
		}
	}
	for _, r := range rows {
		if err := l.row(r, column+columnGap); err != nil {
			return err
		}
	}
	return nil
}

func (l *layout) row(r paper.Block, column int) error {
	label, err := l.faces.get(r.Size, false)
	if err != nil {
		return err
	}
	value, err := l.faces.get(r.Size, r.Bold)
	if err != nil {
		return err
	}
	room := l.b.Width - 2*margin
	left := label.wrap(r.Text, room)
	own := label.measure(left[len(left)-1]) + columnGap
	x := max(column, own)
	right := value.wrap(r.Value, max(room-x, 1))
	switch narrow := room-x < leastColumn; {
	case len(right) == 1 || !narrow:
	case value.measure(clean(r.Value)) <= room-own:
		x, right = own, value.wrap(r.Value, room-own)
	default:
		x, right = indent, value.wrap(r.Value, room-indent)
		left = append(left, "")
	}
	for i, line := range left {
		room := label.headroom(line)
		if i == len(left)-1 {
			room = max(room, value.headroom(right[0]))
		}
		l.b.grow(room)
		label.draw(l.b, margin, l.b.grow(value.height), line)
	}
	// The first line of the value shares the last line of the label.
	y := l.b.Height - value.height
	for i, line := range right {
		if i > 0 {
			l.b.grow(value.headroom(line))
			y = l.b.grow(value.height)
		}
		value.draw(l.b, margin+x, y, line)
	}
	return nil
}

// barcode draws a bar code with its letters beneath, or a QR code instead.
func (l *layout) barcode(b paper.Block) error {
	err := drawCode128(l.b, b.Text)
	if errors.Is(err, ErrTooWide) {
		l.b.Notes = append(l.b.Notes, NoteNoBarcode)
		err = nil
		if !l.hasQR {
			err = drawQR(l.b, b.Text)
		}
	}
	if err != nil {
		return err
	}
	return l.text(paper.Text(b.Text).At(paper.Center))
}

// cut ends a slip. A cut through no paper at all, or twice, is none.
func (l *layout) cut() {
	last := 0
	if n := len(l.b.Cuts); n > 0 {
		last = l.b.Cuts[n-1]
	}
	if l.b.Height > last {
		l.b.Cuts = append(l.b.Cuts, l.b.Height)
	}
}
