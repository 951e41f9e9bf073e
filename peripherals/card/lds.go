package card

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
)

// commonGroups reads the list of data groups in EF.COM.
func commonGroups(ef []byte) (list []int) {
	tags, _ := find(ef, 0x5C)
	for _, t := range tags {
		if i := slices.Index(groupTags(), uint32(t)); i >= 0 {
			list = append(list, i+1)
		}
	}
	return list
}

func parseDG1(ef []byte) (MRZ, bool) {
	zone, ok := find(ef, 0x5F1F)
	if !ok {
		return MRZ{}, false
	}
	m, err := ParseMRZ(string(zone))
	return m, err == nil
}

// Photo is the picture as the card has it; it is not decoded here.
type Photo struct {
	Type string // "image/jpeg" or "image/jp2"
	Data []byte
}

// String tells nothing.
func (Photo) String() string { return "photo" }

// parseDG2 takes the first picture out of its biometric record (ISO 19794-5): what
// begins as a picture does.
func parseDG2(ef []byte) (Photo, bool) {
	record, ok := find(ef, 0x5F2E)
	if !ok {
		record, ok = find(ef, 0x7F2E)
	}
	if !ok || !bytes.HasPrefix(record, []byte("FAC\x00")) {
		return Photo{}, false
	}
	var found Photo
	for magic, kind := range map[string]string{
		"\xFF\xD8\xFF": "image/jpeg", "\x00\x00\x00\x0CjP  ": "image/jp2", "\xFF\x4F\xFF\x51": "image/jp2",
	} {
		// 14 bytes of record, 20 of face, 12 of image, and 8 for each feature point.
		i := bytes.Index(record[:min(len(record), 2048)], []byte(magic))
		if i >= 46 && len(record)-i > len(found.Data) { // the first: a JP2 file has a codestream inside
			found = Photo{kind, record[i:]}
		}
	}
	return found, found.Data != nil
}

// Details are the additional personal details of DG11, as far as a register needs them.
type Details struct {
	Name    string // in the national alphabet
	Number  string
	Birth   clinic.Date
	Place   string
	Address string
}

// String tells nothing.
func (Details) String() string { return "card details" }

func parseDG11(ef []byte) (d Details, ok bool) {
	in, ok := child(ef, 0x6B)
	if !ok {
		return d, false
	}
	list, err := objects(in)
	if err != nil {
		return d, false
	}
	for _, o := range list {
		switch o.tag {
		case 0x5F0E:
			d.Name = name(o.value)
		case 0x5F10:
			d.Number = text(o.value)
		case 0x5F2B:
			d.Birth = fullDate(o.value)
		case 0x5F11:
			d.Place = place(o.value)
		case 0x5F42:
			d.Address = place(o.value)
		}
	}
	return d, true
}

// text is a card's text in NFC, without what no register can show.
func text(b []byte) string {
	if !utf8.Valid(b) || len(b) > 1000 {
		return ""
	}
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, string(b))
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// name turns SURNAME<<GIVEN<NAMES into words.
func name(b []byte) string { return text(bytes.ReplaceAll(b, []byte("<"), []byte(" "))) }

func place(b []byte) string {
	var parts []string
	for p := range bytes.SplitSeq(b, []byte("<")) {
		if s := text(p); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// fullDate reads YYYYMMDD, as digits or as four bytes of BCD.
func fullDate(b []byte) clinic.Date {
	s := string(b)
	if len(b) == 4 {
		s = ""
		for _, x := range b {
			s += string('0'+rune(x>>4)) + string('0'+rune(x&0xF))
		}
	}
	n, err := strconv.Atoi(s)
	if d := clinic.DateFromInt(n); err == nil && len(s) == 8 && d.Valid() {
		return d
	}
	return clinic.Date{}
}
