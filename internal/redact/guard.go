package redact

import (
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"

	"clinicbox/clinic"
)

// numbers matches what identifies a person in Viet Nam, standing alone: 9 to 13
// digits (CMND 9, social insurance and telephone 10, citizen number 12, mistyped
// ones) and insurance cards of two letters and 13 digits. Random IDs and visit
// keys have letters or more digits around and stay.
var numbers = regexp.MustCompile(`\b(?:[A-Za-z]{2}\d{13}|\d{9,13})\b`)

// Attr is a slog.HandlerOptions.ReplaceAttr that drops patient data: clinical
// values by type, bytes of unknown content, and numbers that name a person.
func Attr(_ []string, a slog.Attr) slog.Attr {
	a.Value = value(a.Value)
	return a
}

func value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Line(v.String()))
	case slog.KindAny:
		return anyValue(v)
	case slog.KindInt64, slog.KindUint64:
		if numbers.MatchString(v.String()) {
			return slog.StringValue(Mark)
		}
	}
	return v
}

func anyValue(v slog.Value) slog.Value {
	x := v.Any()
	switch x := x.(type) {
	case nil, *slog.Source:
		return v
	case error:
		return slog.StringValue(Line(x.Error()))
	}
	if clinical(reflect.TypeOf(x), 0) {
		return slog.StringValue(Mark)
	}
	if s, ok := x.(fmt.Stringer); ok {
		return slog.StringValue(Line(s.String()))
	}
	return slog.StringValue(Line(fmt.Sprintf("%+v", x)))
}

// Line masks numbers that name a person in a line of text.
func Line(s string) string { return numbers.ReplaceAllString(s, Mark) }

// harmless are the clinical types that say nothing about a person.
func harmless(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[clinic.ID](), reflect.TypeFor[clinic.Leaf](), reflect.TypeFor[clinic.Ref](),
		reflect.TypeFor[clinic.Kind](), reflect.TypeFor[clinic.Journal](), reflect.TypeFor[clinic.Source](),
		reflect.TypeFor[clinic.System](), reflect.TypeFor[clinic.ScanKind](), reflect.TypeFor[clinic.Role](),
		reflect.TypeFor[clinic.CatalogRow](), reflect.TypeFor[clinic.Facility]():
		return true
	}
	return false
}

// clinical reports whether a value of the type may show a person's data: a type
// of clinic or below that is not harmless, bytes, or anything made of those.
func clinical(t reflect.Type, depth int) bool {
	if t == nil || harmless(t) {
		return false
	}
	path := t.PkgPath()
	if path == "clinicbox/clinic" || strings.HasPrefix(path, "clinicbox/clinic/") || depth > 8 {
		return true // deeper than anybody looks: not worth a doubt
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() == reflect.Uint8 || clinical(t.Elem(), depth+1)
	case reflect.Pointer, reflect.Chan:
		return clinical(t.Elem(), depth+1)
	case reflect.Map:
		return clinical(t.Key(), depth+1) || clinical(t.Elem(), depth+1)
	case reflect.Struct:
		for f := range t.Fields() {
			if clinical(f.Type, depth+1) {
				return true
			}
		}
	}
	return false
}
