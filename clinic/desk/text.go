package desk

import (
	"errors"
	"maps"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clinicbox/clinic"
)

// text cleans what was typed: letters composed, ends trimmed, one kind of line end,
// nothing that cannot be seen. Control characters and broken UTF-8 are refused, for
// nobody typed them.
func (d *Desk) text(field, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", &Error{Code: CodeText, Field: field}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.TrimSpace(d.o.NFC(strings.Map(seen, s)))
	for _, r := range s {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || r == utf8.RuneError || isBidi(r)) {
			return "", &Error{Code: CodeText, Field: field}
		}
	}
	if utf8.RuneCountInString(s) > limit || len(s) > 3*limit { // an entry has room for three bytes each
		return "", &Error{Code: CodeTooLong, Field: field, Args: map[string]string{"max": strconv.Itoa(limit)}}
	}
	return s, nil
}

// seen drops what has no shape (Unicode's default ignorable code points): it comes
// along when text is copied from messages, and would make two names of one.
func seen(r rune) rune {
	switch {
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x180e, r == 0x3164, r == 0xfeff, r == 0xffa0,
		r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r >= 0x206a && r <= 0x206f, r >= 0xe0000 && r <= 0xe0fff:
		return -1
	case r == 0x2028, r == 0x2029: // separators of lines and paragraphs
		return '\n'
	}
	return r
}

// isName tells whether a text can be a person's name: letters, no figures, no
// pictures, no pile of marks that would run over the lines of a slip.
func isName(s string) bool {
	letters, marks := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.In(r, unicode.Nd, unicode.No, unicode.So, unicode.Sm, unicode.Sc, unicode.Co), strings.ContainsRune("{}@", r):
			return false
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks > 2 {
			return false
		}
	}
	return letters > 0
}

// isBidi tells characters that turn the direction of text: on a slip they could
// make a number read backwards.
func isBidi(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// line is text on one line with single blanks.
func (d *Desk) line(field, s string, limit int) (string, error) {
	s, err := d.text(field, s, limit)
	return strings.Join(strings.Fields(s), " "), err
}

// valueError turns a *clinic.FieldError into a refusal; other errors pass.
func valueError(err error) error {
	fe, ok := errors.AsType[*clinic.FieldError](err)
	if !ok {
		return err
	}
	args := map[string]string{"problem": fe.Problem}
	maps.Copy(args, fe.Args)
	return &Error{Code: CodeValue, Field: fe.Field, Args: args}
}

// collect adds err to the refusals of a form, or returns it when it is none.
func (es *Errors) collect(err error) error {
	if err == nil {
		return nil
	}
	found := ErrorsOf(err)
	if found == nil {
		return err
	}
	*es = append(*es, found...)
	return nil
}
