package clinic

// ScanKind tells what a scanned code turned out to be.
type ScanKind uint8

// What the recogniser knows.
const (
	ScanCitizen   ScanKind = 1 // citizen card QR, 2021 or 2024 layout
	ScanInsurance ScanKind = 2 // insurance card QR, or a typed card number
	ScanSlip      ScanKind = 3 // our own slip
	ScanNumber    ScanKind = 4 // a bare 12-digit, 10-digit or 15-character number
	ScanPaper     ScanKind = 5 // the QR of another paper of ours
	ScanSample    ScanKind = 6 // the label of a sample
	ScanGoods     ScanKind = 7 // goods, or a paper of stock
)

// Scan is a recognised code. It holds personal data: never log it.
type Scan struct {
	Kind    ScanKind
	Patient Patient    // what the code says; Folded is left empty
	Slip    string     // ScanSlip: the slip's code, check character verified
	Sample  string     // ScanSample: the sample's number, check character verified
	Record  ID         // ScanSlip, ScanPaper: zero unless the code carries it
	Paper   *PaperQR   // ScanSlip, ScanPaper: nil unless it was a QR
	Goods   *GoodsScan // ScanGoods
	Extra   []string   // fields beyond the known ones, raw, in order
	Doubts  []string   // catalogue keys of warnings: "scan.name-undecodable", "scan.sex-differs" …
}
