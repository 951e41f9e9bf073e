package desk

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clinicbox/clinic"
)

// text cleans what was typed: letters composed, ends trimmed, one kind of line
// end. Control characters and broken UTF-8 are refused, for nobody typed them.
func (d *Desk) text(field, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", &Error{Code: CodeText, Field: field}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.TrimSpace(d.o.NFC(s))
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
	for k, v := range fe.Args {
		args[k] = v
	}
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
