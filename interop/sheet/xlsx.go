package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// errTooLarge ends the unpacking of a file that grows without end.
var errTooLarge = errors.New("sheet: the parts are too large")

// book is an XLSX file (ECMA-376 Part 1, SpreadsheetML) on its way.
type book struct {
	zip    *zip.Reader
	left   int64 // bytes that may still be unpacked
	limits Limits

	strings []string
	dates   []bool // by style
	y1904   bool
	out     Table
}

// readXLSX reads the first sheet that is not hidden.
func readXLSX(b []byte, l Limits) Table {
	x := book{left: l.Inflated, limits: l}
	var err error
	if x.zip, err = zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
		err = x.read()
	}
	switch {
	case errors.Is(err, errTooLarge):
		x.out.Fail(0, clinic.RowLarge, map[string]string{"max": strconv.FormatInt(l.Inflated>>20, 10)})
	case err != nil:
		x.out.Fail(0, clinic.RowFile, nil)
	}
	return x.out
}

func (x *book) read() error {
	sheet, err := x.firstSheet()
	if err != nil {
		return err
	}
	if err := x.part("xl/sharedStrings.xml", x.shared); err != nil && !errors.Is(err, errNoPart) {
		return err
	}
	if err := x.part("xl/styles.xml", x.styles); err != nil && !errors.Is(err, errNoPart) {
		return err
	}
	return x.part(sheet, x.sheet)
}

// errNoPart: the file has no part of the name.
var errNoPart = errors.New("sheet: no such part")

// part passes the tokens of one part, counted against the limit.
func (x *book) part(name string, read func(*xml.Decoder) error) error {
	i := slices.IndexFunc(x.zip.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return errNoPart
	}
	r, err := x.zip.File[i].Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return read(xml.NewDecoder(&counted{r, &x.left}))
}

// counted ends with errTooLarge when all parts together unpack to more than is left.
type counted struct {
	r    io.Reader
	left *int64
}

func (c *counted) Read(p []byte) (int, error) {
	if *c.left <= 0 {
		return 0, errTooLarge
	}
	n, err := c.r.Read(p[:min(int64(len(p)), *c.left)])
	*c.left -= int64(n)
	return n, err
}

// each passes the start of every element; f may read on in it.
func each(d *xml.Decoder, f func(xml.StartElement) error) error {
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := tok.(xml.StartElement); ok {
			if err := f(e); err != nil {
				return err
			}
		}
	}
}

func attr(e *xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet returns the part of the first sheet that shows.
func (x *book) firstSheet() (string, error) {
	id := ""
	err := x.part("xl/workbook.xml", func(d *xml.Decoder) error {
		return each(d, func(e xml.StartElement) error {
			switch e.Name.Local {
			case "workbookPr":
				v := attr(&e, "date1904")
				x.y1904 = v == "1" || v == "true"
			case "sheet":
				if state := attr(&e, "state"); id != "" || state != "" && state != "visible" {
					return nil
				}
				for _, a := range e.Attr {
					if a.Name.Local == "id" && a.Name.Space != "" {
						id = a.Value
					}
				}
			}
			return nil
		})
	})
	if err != nil || id == "" {
		return "", errors.Join(err, errNoPart)
	}
	target := ""
	err = x.part("xl/_rels/workbook.xml.rels", func(d *xml.Decoder) error {
		return each(d, func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && attr(&e, "Id") == id {
				target = attr(&e, "Target")
			}
			return nil
		})
	})
	if err != nil || target == "" {
		return "", errors.Join(err, errNoPart)
	}
	if strings.HasPrefix(target, "/") {
		return target[1:], nil
	}
	return path.Join("xl", target), nil
}

// shared reads the texts that cells name by number.
func (x *book) shared(d *xml.Decoder) error {
	return each(d, func(e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		s, err := text(d, "si")
		x.strings = append(x.strings, s)
		return err
	})
}

// text joins the t elements up to the end of an element, those of readings (rPh) aside.
func text(d *xml.Decoder, end string) (string, error) {
	var b strings.Builder
	in, reading := false, false
	for {
		tok, err := d.Token()
		if err != nil {
			return "", err
		}
		switch v := tok.(type) {
		case xml.StartElement:
			in = v.Name.Local == "t"
			reading = reading || v.Name.Local == "rPh"
		case xml.CharData:
			if in && !reading {
				b.Write(v)
			}
		case xml.EndElement:
			in = false
			switch v.Name.Local {
			case "rPh":
				reading = false
			case end:
				return b.String(), nil
			}
		}
	}
}
