// Package paper describes what is printed without knowing any printer: a
// document is a list of blocks that a driver lays out on the width it has. The
// words are Vietnamese, as the forms of the Ministry of Health have them.
package paper

// Doc is one piece of paper. It can be kept as JSON in a print queue; it holds
// personal data, so never log it.
type Doc struct {
	Title  string  `json:"title"` // for lists of jobs, not printed, no personal data
	Blocks []Block `json:"blocks"`
}

// Kind tells what a block is.
type Kind uint8

// The kinds of blocks. Values are frozen: they stand in print queues.
const (
	KindText    Kind = 1 // Text in Size, Bold, Align; wraps at words
	KindRow     Kind = 2 // Label and Text on one line if they fit, else Text below, indented
	KindRule    Kind = 3 // a line across the paper
	KindQR      Kind = 4 // Text as a QR symbol, centred
	KindCode128 Kind = 5 // Text as Code 128 with the text below it, centred
	KindSpace   Kind = 6 // Lines empty lines of normal size
	KindCut     Kind = 7 // feed and cut here if the printer has a knife
)

// Size is the size of letters.
type Size uint8

// The sizes: normal is about 3 mm x-height on 203 dpi paper.
const (
	Normal Size = 0
	Small  Size = 1
	Large  Size = 2
)

// Align is where a text stands on the line.
type Align uint8

// The alignments.
const (
	Left   Align = 0
	Center Align = 1
	Right  Align = 2
)

// Block is one element of a document; which fields count depends on Kind.
type Block struct {
	Kind  Kind   `json:"kind"`
	Text  string `json:"text,omitempty"`
	Label string `json:"label,omitempty"`
	Size  Size   `json:"size,omitempty"`
	Bold  bool   `json:"bold,omitempty"`
	Align Align  `json:"align,omitempty"`
	Lines int    `json:"lines,omitempty"`
	Wide  bool   `json:"wide,omitempty"` // only on paper of 80 mm and more
}

// Text returns a left-aligned paragraph of normal size.
func Text(s string) Block { return Block{Kind: KindText, Text: s} }

// Heading returns a centred bold line.
func Heading(s string, size Size) Block {
	return Block{Kind: KindText, Text: s, Size: size, Bold: true, Align: Center}
}

// Note returns a centred paragraph of small letters.
func Note(s string) Block { return Block{Kind: KindText, Text: s, Size: Small, Align: Center} }

// Row returns a label with its value.
func Row(label, value string) Block { return Block{Kind: KindRow, Label: label, Text: value} }

// StrongRow returns a row whose value is bold.
func StrongRow(label, value string) Block {
	return Block{Kind: KindRow, Label: label, Text: value, Bold: true}
}

// Rule returns a line across the paper.
func Rule() Block { return Block{Kind: KindRule} }

// QR returns a QR symbol of s.
func QR(s string) Block { return Block{Kind: KindQR, Text: s} }

// Code128 returns a Code 128 of s, on 80 mm paper only: 13 characters in bars
// that a hand scanner reads are wider than 48 mm.
func Code128(s string) Block { return Block{Kind: KindCode128, Text: s, Wide: true} }

// Space returns n empty lines.
func Space(n int) Block { return Block{Kind: KindSpace, Lines: n} }

// Cut returns a cut.
func Cut() Block { return Block{Kind: KindCut} }

// ReprintMark stands at the head of every copy after the first, so that a
// single-use paper cannot be taken for a second one.
const ReprintMark = "BẢN IN LẠI"

// Reprinted returns the document with the reprint mark at its head; a document
// that carries it is returned as it is.
func (d Doc) Reprinted() Doc {
	for _, b := range d.Blocks {
		if b.Kind == KindText && b.Text == ReprintMark {
			return d
		}
	}
	d.Blocks = append([]Block{Heading(ReprintMark, Large)}, d.Blocks...)
	return d
}
