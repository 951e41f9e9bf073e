package clinic

import (
	"crypto/sha256"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Goods names what stands on a shelf: one production lot of one row of a catalogue.
type Goods struct {
	Catalog string `cbor:"1,keyasint,omitempty"` // empty = CatalogMedicine
	Code    string `cbor:"2,keyasint"`
	Lot     string `cbor:"3,keyasint,omitempty"` // as NormalLot writes it; empty = none printed
	Expiry  Date   `cbor:"4,keyasint,omitzero"`  // last day of use; zero = does not expire
}

// In returns the name of the goods' catalogue.
func (g Goods) In() string {
	if g.Catalog == "" {
		return CatalogMedicine
	}
	return g.Catalog
}

// GoodsCatalogs returns the catalogues whose rows stand on shelves, in the order of pages.
func GoodsCatalogs() []string { return []string{CatalogMedicine, CatalogSupply, CatalogVaccine} }

// IsGoods reports whether rows of the catalogue stand on shelves.
func IsGoods(catalog string) bool { return slices.Contains(GoodsCatalogs(), catalog) }

// Batch is goods at one site: what is counted.
type Batch struct {
	Site string // StockSite
	Goods
}

// Expired reports whether the goods must not be used on the day.
func (g Goods) Expired(on Date) bool { return !g.Expiry.IsZero() && g.Expiry.Before(on) }

// NormalLot writes a lot number as it is compared: upper case, single spaces.
func NormalLot(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), " ")) }

// Key writes the goods as one word for a form.
func (g Goods) Key() string {
	return strings.Join([]string{g.In(), url.QueryEscape(g.Code), strconv.Itoa(g.Expiry.Int()), url.QueryEscape(g.Lot)}, ";")
}

// ParseGoodsKey reads the form written by Key.
func ParseGoodsKey(s string) (g Goods, ok bool) {
	p := strings.Split(s, ";")
	if len(p) != 4 {
		return g, false
	}
	n, err := strconv.Atoi(p[2])
	code, err2 := url.QueryUnescape(p[1])
	lot, err3 := url.QueryUnescape(p[3])
	g = Goods{Catalog: p[0], Code: code, Lot: NormalLot(lot), Expiry: DateFromInt(n)}
	if g.Catalog == CatalogMedicine {
		g.Catalog = ""
	}
	good := err == nil && err2 == nil && err3 == nil && code != "" && utf8.ValidString(code+lot) &&
		g.Expiry.Valid() && (g.Expiry.IsZero() || g.Expiry.Full()) && IsGoods(g.In())
	return g, good
}

// ParseExpiry reads a last day of use as it stands on boxes: a whole date, or month and
// year, which is the last day of the month.
func ParseExpiry(s string) (Date, bool) {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == ' ' {
			return '/'
		}
		return r
	}, strings.TrimSpace(s))
	if p := strings.Split(s, "/"); len(p) == 2 {
		if len(p[0]) == 4 {
			p[0], p[1] = p[1], p[0]
		}
		m, err := strconv.Atoi(p[0])
		y, err2 := strconv.Atoi(p[1])
		if err != nil || err2 != nil || m < 1 || m > 12 || len(p[1]) != 4 {
			return Date{}, false
		}
		d := MonthEnd(y, m)
		return d, d.Valid()
	} else if len(p) == 3 && len(p[0]) == 4 {
		s = strings.Join(p, "-")
	}
	return ParseDay(s)
}

// MonthEnd is the last day of a month.
func MonthEnd(year, month int) Date {
	return DateOf(time.Date(year, time.Month(month)+1, 0, 12, 0, 0, 0, ICT))
}

// StockSite names the shelf of a box: facility and book, upper case.
func StockSite(f Facility) string { return strings.ToUpper(f.Code + f.Book) }

// StockID returns the subject of goods that came in.
func StockID() ID { return namedID("clinicbox stock") }

// StockChangesID returns the subject of counts and adjustments.
func StockChangesID() ID { return namedID("clinicbox changes of stock") }

// TransfersID returns the subject of goods that leave for another site.
func TransfersID() ID { return namedID("clinicbox transfers of stock") }

// RequisitionsID returns the subject of requisitions.
func RequisitionsID() ID { return namedID("clinicbox requisitions of stock") }

func namedID(name string) ID {
	sum := sha256.Sum256([]byte(name))
	return ID(sum[:16])
}

// Received is the body of KindReceived: goods came in.
type Received struct {
	Site     string         `cbor:"1,keyasint"`
	Supplier string         `cbor:"2,keyasint,omitempty"`
	Paper    string         `cbor:"3,keyasint,omitempty"` // number of the paper that came with them
	From     string         `cbor:"4,keyasint,omitempty"` // code of the transfer (NewTransferCode); empty = from outside
	Lines    []ReceivedLine `cbor:"5,keyasint"`
	// Import is the import of old data (DayOne) that brought it: it stood here before the
	// books began.
	Import []byte `cbor:"6,keyasint,omitempty"`
}

// ReceivedLine is one batch that came in. Name and Unit are copied from the catalogue.
type ReceivedLine struct {
	Goods        Goods  `cbor:"1,keyasint"`
	Name         string `cbor:"2,keyasint"`
	Unit         string `cbor:"3,keyasint,omitempty"`
	Quantity     Milli  `cbor:"4,keyasint"`           // of Unit
	Price        Dong   `cbor:"5,keyasint,omitempty"` // per Unit, as bought
	Registration string `cbor:"6,keyasint,omitempty"` // SO_DANG_KY
	Tender       string `cbor:"7,keyasint,omitempty"` // TT_THAU
	GTIN         string `cbor:"8,keyasint,omitempty"` // 14 digits, as scanned
	Label        string `cbor:"9,keyasint,omitempty"` // our own code (NewLabelCode)
	Sent         Milli  `cbor:"10,keyasint,omitempty"`
	Pack         int    `cbor:"11,keyasint,omitempty"` // units in a box of it; 0 = not said
}

// Dispensed is the body of KindDispensed: goods were handed out in a visit.
type Dispensed struct {
	Site         string          `cbor:"1,keyasint"`
	Prescription []byte          `cbor:"2,keyasint,omitempty"` // leaf of the version; empty = used in the visit
	Lines        []DispensedLine `cbor:"3,keyasint"`
}

// DispensedLine is one batch that went out.
type DispensedLine struct {
	Goods    Goods  `cbor:"1,keyasint"`
	Name     string `cbor:"2,keyasint"`
	Unit     string `cbor:"3,keyasint,omitempty"`
	Quantity Milli  `cbor:"4,keyasint"`
	Price    Dong   `cbor:"5,keyasint,omitempty"` // per unit, as the visit showed it
}

// Returned is the body of KindReturned: the patient brought goods back.
type Returned struct {
	Site  string         `cbor:"1,keyasint"`
	Words string         `cbor:"2,keyasint,omitempty"`
	Lines []ReturnedLine `cbor:"3,keyasint"`
	// Mistake: they were written as handed out and were not; the prescription is open again.
	Mistake bool `cbor:"4,keyasint,omitempty"`
}

// ReturnedLine is one batch that came back.
type ReturnedLine struct {
	Goods    Goods  `cbor:"1,keyasint"`
	Name     string `cbor:"2,keyasint"`
	Unit     string `cbor:"3,keyasint,omitempty"`
	Quantity Milli  `cbor:"4,keyasint"`
	Waste    bool   `cbor:"5,keyasint,omitempty"` // thrown away: not back on the shelf
}

// Counted is the body of KindCounted: what stood on the shelf.
type Counted struct {
	Site string `cbor:"1,keyasint"`
	// At is the hybrid time of the newest movement that the books had when counting
	// began: what is recorded later went on or off the shelf after it.
	At    uint64        `cbor:"2,keyasint"`
	Words string        `cbor:"3,keyasint,omitempty"`
	Lines []CountedLine `cbor:"4,keyasint"`
}

// CountedLine is one batch as it was counted.
type CountedLine struct {
	Goods  Goods  `cbor:"1,keyasint"`
	Name   string `cbor:"2,keyasint"`
	Unit   string `cbor:"3,keyasint,omitempty"`
	Booked Milli  `cbor:"4,keyasint"` // what the page showed
	Found  Milli  `cbor:"5,keyasint"`
}

// AdjustReason tells why goods left, or were there, without a patient.
type AdjustReason uint8

// The reasons. Only AdjustFound adds.
const (
	AdjustBroken  AdjustReason = 1
	AdjustExpired AdjustReason = 2 // taken off the shelf
	AdjustFound   AdjustReason = 3
	AdjustLost    AdjustReason = 4
	AdjustUsed    AdjustReason = 5 // by a department, in no one's visit
	AdjustSent    AdjustReason = 6 // to another site: Adjusted.Code
	AdjustBack    AdjustReason = 7 // to the supplier: a recall, a wrong delivery
	AdjustUnbegun AdjustReason = 8 // opening stock (Received.Import) that was taken back
	AdjustVial    AdjustReason = 9 // doses left in opened vials when a session ended
)

// AdjustReasons lists the reasons that people choose among.
func AdjustReasons() []AdjustReason {
	return []AdjustReason{AdjustBroken, AdjustExpired, AdjustFound, AdjustLost, AdjustUsed, AdjustBack}
}

// Adjusted is the body of KindAdjusted: stock changed without a patient.
type Adjusted struct {
	Site       string         `cbor:"1,keyasint"`
	Reason     AdjustReason   `cbor:"2,keyasint"`
	Words      string         `cbor:"3,keyasint,omitempty"`
	Department string         `cbor:"4,keyasint,omitempty"` // AdjustUsed: code
	To         string         `cbor:"5,keyasint,omitempty"` // AdjustSent: where to, in words
	Code       string         `cbor:"6,keyasint,omitempty"` // AdjustSent: NewTransferCode
	Lines      []AdjustedLine `cbor:"7,keyasint"`
}

// AdjustedLine is one batch of it. Quantity is never negative.
type AdjustedLine struct {
	Goods    Goods  `cbor:"1,keyasint"`
	Name     string `cbor:"2,keyasint"`
	Unit     string `cbor:"3,keyasint,omitempty"`
	Quantity Milli  `cbor:"4,keyasint"`
	Price    Dong   `cbor:"5,keyasint,omitempty"` // AdjustSent: per unit, as bought
	Pack     int    `cbor:"6,keyasint,omitempty"`
}

// Requisition is the body of KindRequisition: what the site asks for.
type Requisition struct {
	Site  string            `cbor:"1,keyasint"`
	To    string            `cbor:"2,keyasint"` // who shall supply it, in words
	Code  string            `cbor:"3,keyasint"` // NewRequisitionCode
	Words string            `cbor:"4,keyasint,omitempty"`
	Lines []RequisitionLine `cbor:"5,keyasint"`
}

// RequisitionLine is one row of a catalogue that is asked for.
type RequisitionLine struct {
	Catalog  string `cbor:"1,keyasint,omitempty"` // as Goods
	Code     string `cbor:"2,keyasint"`
	Name     string `cbor:"3,keyasint"`
	Unit     string `cbor:"4,keyasint,omitempty"`
	Booked   Milli  `cbor:"5,keyasint,omitempty"` // fit for use on that day
	Used     Milli  `cbor:"6,keyasint,omitempty"` // in the days before, as the rule says
	Quantity Milli  `cbor:"7,keyasint"`
}

// SiteOf returns the site that an entry of stock is about; empty for others.
func SiteOf(body any) string {
	switch b := body.(type) {
	case *Received:
		return b.Site
	case *Dispensed:
		return b.Site
	case *Returned:
		return b.Site
	case *Counted:
		return b.Site
	case *Adjusted:
		return b.Site
	case *Requisition:
		return b.Site
	}
	return ""
}

// NewTransferCode returns the number of a transfer paper: X, facility, book, digits,
// check character, as NewSlip.
func NewTransferCode(facility, book string, n int) (string, error) {
	return newCode(transferLetter, facility, book, n)
}

// ParseTransferCode reads the form written by NewTransferCode.
func ParseTransferCode(s string) (string, Code, error) { return parseCode(transferLetter, s) }

// NewRequisitionCode returns the number of a requisition: D, and as NewSlip.
func NewRequisitionCode(facility, book string, n int) (string, error) {
	return newCode(requisitionLetter, facility, book, n)
}

// ParseRequisitionCode reads the form written by NewRequisitionCode.
func ParseRequisitionCode(s string) (string, Code, error) { return parseCode(requisitionLetter, s) }

// NewLabelCode returns the code on our own label of a batch: K, and as NewSlip.
func NewLabelCode(facility, book string, n int) (string, error) {
	return newCode(labelLetter, facility, book, n)
}

// ParseLabelCode reads the form written by NewLabelCode.
func ParseLabelCode(s string) (string, Code, error) { return parseCode(labelLetter, s) }

// SeriesTransfer counts the transfers of one book.
func SeriesTransfer(book string) string { return "transfer/" + strings.ToLower(book) }

// SeriesRequisition counts the requisitions of one book.
func SeriesRequisition(book string) string { return "requisition/" + strings.ToLower(book) }

// SeriesLabel counts our own labels of one book.
func SeriesLabel(book string) string { return "label/" + strings.ToLower(book) }

// issuedGoods returns the numbers that an entry of stock used up.
func issuedGoods(body any) (out []Issue) {
	switch b := body.(type) {
	case *Received:
		for i := range b.Lines {
			if _, c, err := ParseLabelCode(b.Lines[i].Label); err == nil {
				out = append(out, Issue{SeriesLabel(c.Book), c.Number})
			}
		}
	case *Adjusted:
		if _, c, err := ParseTransferCode(b.Code); err == nil {
			out = append(out, Issue{SeriesTransfer(c.Book), c.Number})
		}
	case *Requisition:
		if _, c, err := ParseRequisitionCode(b.Code); err == nil {
			out = append(out, Issue{SeriesRequisition(c.Book), c.Number})
		}
	}
	return out
}
