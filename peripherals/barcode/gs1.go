package barcode

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// fnc1 separates elements of a GS1 code; scanners send it as this control character (GS1
// General Specifications 7.8.3).
const fnc1 = "\x1d"

// gs1Fixed is the length of the data of application identifiers whose length is fixed, by
// their first two digits (GS1 General Specifications, figure 7.8.5-1). The length is that
// of identifier and data together.
func gs1Fixed(ai string) (n int, ok bool) {
	n, ok = map[string]int{
		"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8, "17": 8, "18": 8, "19": 8,
		"20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
	}[ai]
	return n, ok
}

// isGS1 reports whether the code is one of elements: the scanner said so, or it begins as
// the code of a trade item does.
func isGS1(in input) bool {
	if in.gs1 || strings.HasPrefix(in.text, fnc1) || strings.HasPrefix(in.text, "(01)") {
		return true
	}
	t := in.text
	return len(t) > 16 && strings.HasPrefix(t, "01") && clinic.ValidGTIN(t[2:16]) && (strings.Contains(t, fnc1) || t[16] == '1' || t[16] == '2')
}

// parseGS1 reads the elements of a code on goods. What follows an element that it does not
// know, up to the next separator, is passed over.
func parseGS1(in input) (clinic.Scan, error) {
	t := strings.TrimPrefix(in.text, fnc1)
	if strings.HasPrefix(t, "(") {
		t = readable(t)
	}
	g := new(clinic.GoodsScan)
	for t != "" {
		if t = strings.TrimLeft(t, fnc1); len(t) < 2 {
			break
		}
		var data string
		ai := t[:2]
		if n, ok := gs1Fixed(ai); ok {
			if len(t) < n {
				return clinic.Scan{}, &Error{Code: CodeTruncated, Offset: in.start + len(in.text)}
			}
			data, t = t[2:n], t[n:]
		} else {
			data, t, _ = strings.Cut(t[2:], fnc1)
		}
		switch ai {
		case "01":
			if !clinic.ValidGTIN(data) {
				return clinic.Scan{}, &Error{Code: CodeNumber, Offset: in.start}
			}
			g.GTIN = data
		case "10":
			g.Lot = clinic.NormalLot(data)
		case "21":
			g.Serial = data
		case "17":
			d, ok := gs1Day(data)
			if !ok {
				return clinic.Scan{}, &Error{Code: CodeDate, Offset: in.start}
			}
			g.Expiry = d
		}
	}
	if g.GTIN == "" && g.Lot == "" || len(g.Lot) > 60 {
		return clinic.Scan{}, &Error{Code: CodeUnknown, Offset: in.start}
	}
	return clinic.Scan{Kind: clinic.ScanGoods, Goods: g}, nil
}

// readable turns "(01)…(17)…(10)…", as it stands beside the code, into elements.
func readable(t string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(t[1:], "(") {
		ai, data, ok := strings.Cut(part, ")")
		if !ok {
			ai, data = "", part
		}
		b.WriteString(strings.TrimSpace(ai) + strings.TrimSpace(data))
		if _, fixed := gs1Fixed(ai); !fixed {
			b.WriteString(fnc1)
		}
	}
	return b.String()
}

// gs1Day reads YYMMDD; day 00 is the last of the month. The century is the one that makes
// the year less than 50 ahead of the code's window, which begins in 2000 (GS1 General
// Specifications 7.12): goods of the last century are none that stand here.
func gs1Day(s string) (clinic.Date, bool) {
	if len(s) != 6 || !allDigits(s) {
		return clinic.Date{}, false
	}
	y, _ := strconv.Atoi(s[:2])
	m, _ := strconv.Atoi(s[2:4])
	d, _ := strconv.Atoi(s[4:])
	if m < 1 || m > 12 {
		return clinic.Date{}, false
	}
	if d == 0 {
		return clinic.MonthEnd(2000+y, m), true
	}
	day := clinic.Date{Year: 2000 + y, Month: m, Day: d}
	return day, day.Valid()
}

// parseRetail reads the number of a trade item that stands alone: EAN-13, EAN-8, UPC-A.
func parseRetail(in input) (clinic.Scan, error) {
	t := in.text
	if allDigits(t) && (len(t) == 8 || len(t) == 12 || len(t) == 13) {
		if gtin := strings.Repeat("0", 14-len(t)) + t; clinic.ValidGTIN(gtin) {
			return clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{GTIN: gtin}}, nil
		}
	}
	return clinic.Scan{}, &Error{Code: CodeUnknown, Offset: in.start}
}

// parseStock reads our own codes of stock: a batch's label, the number of a transfer
// paper, and the list of what it carries.
func parseStock(in input) (clinic.Scan, bool) {
	g := new(clinic.GoodsScan)
	if code, _, err := clinic.ParseLabelCode(in.text); err == nil {
		g.Label = code
	} else if code, _, err := clinic.ParseTransferCode(in.text); err == nil {
		g.Transfer = code
	} else if g, err = clinic.ParseGoodsQR(in.text); err != nil {
		return clinic.Scan{}, false
	}
	return clinic.Scan{Kind: clinic.ScanGoods, Goods: g}, true
}
