package clinic

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// GoodsScan is what a code on goods, or on a paper of stock, says.
type GoodsScan struct {
	GTIN     string // 14 digits, checked; empty = not said
	Lot      string // as NormalLot writes it
	Expiry   Date
	Serial   string
	Label    string   // our own label (NewLabelCode)
	Transfer string   // number of a transfer paper
	Sent     []Packed // what its QR lists
}

// Packed is one line of the goods that a transfer paper lists in its QR.
type Packed struct {
	Goods    Goods
	Quantity Milli
	Price    Dong
	Pack     int
}

// goodsQR is the form of the QR that lists what a transfer carries, so that a site without
// a link can take it in: CBG1/code/line/line…; a line is catalogue letter, code, lot,
// expiry, thousandths of a unit, đồng, units in a box, with semicolons between.
const goodsQR = "CBG1"

// maxGoodsQR is the longest payload in bytes that narrow paper holds.
const maxGoodsQR = 600

// ErrGoodsQR is returned for a payload that is no list of goods.
var ErrGoodsQR = errors.New("clinic: no list of goods")

// GoodsQR writes the payloads: as many as narrow paper needs for all lines, each of which
// reads alone.
func GoodsQR(code string, lines []AdjustedLine) (out []string) {
	for _, l := range lines {
		letter := goodsLetter(l.Goods.In())
		part := "/" + strings.Join([]string{
			letter, url.QueryEscape(l.Goods.Code), url.QueryEscape(l.Goods.Lot), strconv.Itoa(l.Goods.Expiry.Int()),
			strconv.FormatInt(int64(l.Quantity), 10), strconv.FormatInt(int64(l.Price), 10), strconv.Itoa(l.Pack),
		}, ";")
		if n := len(out) - 1; n >= 0 && len(out[n])+len(part) <= maxGoodsQR {
			out[n] += part
		} else {
			out = append(out, goodsQR+"/"+code+part)
		}
	}
	return out
}

// goodsLetter is how a QR names a catalogue: M, S or V.
func goodsLetter(catalog string) string { return strings.ToUpper(catalog[:1]) }

// IsGoodsQR reports whether a code begins as one of GoodsQR.
func IsGoodsQR(s string) bool { return strings.HasPrefix(s, goodsQR+"/") }

// ParseGoodsQR reads a payload of GoodsQR. ErrGoodsQR.
func ParseGoodsQR(s string) (*GoodsScan, error) {
	parts := strings.Split(strings.TrimSpace(s), "/")
	if len(s) > 4*maxGoodsQR || len(parts) < 3 || parts[0] != goodsQR {
		return nil, ErrGoodsQR
	}
	code, _, err := ParseTransferCode(parts[1])
	if err != nil {
		return nil, ErrGoodsQR
	}
	out := &GoodsScan{Transfer: code}
	for _, p := range parts[2:] {
		l, ok := parsePacked(strings.Split(p, ";"))
		if !ok {
			return nil, ErrGoodsQR
		}
		out.Sent = append(out.Sent, l)
	}
	return out, nil
}

func parsePacked(f []string) (l Packed, ok bool) {
	if len(f) != 7 {
		return l, false
	}
	at := slices.IndexFunc(GoodsCatalogs(), func(c string) bool { return goodsLetter(c) == f[0] })
	if at < 0 {
		return l, false
	}
	l.Goods, ok = ParseGoodsKey(strings.Join([]string{GoodsCatalogs()[at], f[1], f[3], f[2]}, ";"))
	q, err := strconv.ParseInt(f[4], 10, 64)
	price, err2 := strconv.ParseInt(f[5], 10, 64)
	pack, err3 := strconv.Atoi(f[6])
	l.Quantity, l.Price, l.Pack = Milli(q), Dong(price), pack
	const most = 1_000_000_000_000
	return l, ok && err == nil && err2 == nil && err3 == nil && q > 0 && q < most && price >= 0 && price < most && pack >= 0 && pack < 1_000_000 &&
		utf8.RuneCountInString(l.Goods.Lot) <= 30
}
