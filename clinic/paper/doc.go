// Package paper says what stands on a slip without knowing the printer: blocks
// from top to bottom. A printer driver turns a Doc into dots; the same Doc gives
// the preview. It imports the standard library only.
//
// The JSON names are frozen: print queues on disk hold them. A new field is
// optional and a new Kind takes the next free number.
package paper

// Doc is one paper, or several when Cut stands between its blocks.
type Doc struct {
	// Form names the paper for lists and logs ("appointment"); never personal data.
	Form   string  `json:"f"`
	Blocks []Block `json:"b"`
}

// Kind tells what a block is.
type Kind uint8

// The kinds of blocks. The driver cuts at the end by itself: KindCut is only for
// more than one slip in a Doc.
const (
	KindText    Kind = 1 // Text, wrapped between words; "\n" breaks the line
	KindRow     Kind = 2 // Text is the label, Value stands beside it; rows in sequence share their columns
	KindRule    Kind = 3 // a line across
	KindQR      Kind = 4 // Text is the payload; error correction M
	KindCode128 Kind = 5 // Text is the payload, printed in letters beneath; where the paper is too narrow a QR takes its place unless the Doc has one
	KindSpace   Kind = 6 // MM millimetres of empty paper
	KindCut     Kind = 7 // the paper is cut here
)

// Size is the size of letters.
type Size uint8

// The sizes; at 203 dots per inch they are 24, 20 and 30 dots high.
const (
	Normal Size = 0
	Small  Size = 1
	Large  Size = 2
)

// Align is where a text stands in the line.
type Align uint8

// The alignments.
const (
	Left   Align = 0
	Center Align = 1
	Right  Align = 2
)

// Block is one thing on the paper. Make it with the functions below.
type Block struct {
	Kind  Kind   `json:"k"`
	Text  string `json:"t,omitempty"`
	Value string `json:"v,omitempty"`
	Size  Size   `json:"s,omitempty"`
	Bold  bool   `json:"w,omitempty"` // of a row: its value
	Align Align  `json:"a,omitempty"`
	MM    int    `json:"m,omitempty"`
}

// Text is words in normal letters, left; Sized, Strong and At change it.
func Text(s string) Block { return Block{Kind: KindText, Text: s} }

// Row is a label with its value beside it.
func Row(label, value string) Block { return Block{Kind: KindRow, Text: label, Value: value} }

// Rule is a line across the paper.
func Rule() Block { return Block{Kind: KindRule} }

// QR is a QR code of the payload, in the middle.
func QR(payload string) Block { return Block{Kind: KindQR, Text: payload} }

// Code128 is a bar code of the payload (ASCII), in the middle.
func Code128(payload string) Block { return Block{Kind: KindCode128, Text: payload} }

// Space is empty paper, as for a signature and a stamp.
func Space(mm int) Block { return Block{Kind: KindSpace, MM: mm} }

// Cut ends one slip and begins the next.
func Cut() Block { return Block{Kind: KindCut} }

// Sized returns the block in letters of that size.
func (b Block) Sized(s Size) Block { b.Size = s; return b }

// Strong returns the block in bold letters.
func (b Block) Strong() Block { b.Bold = true; return b }

// At returns the block aligned.
func (b Block) At(a Align) Block { b.Align = a; return b }
