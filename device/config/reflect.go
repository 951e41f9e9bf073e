package config

import (
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// fields yields the fields of a struct that have a toml tag.
func fields(v reflect.Value) iter.Seq2[reflect.StructField, reflect.Value] {
	return func(yield func(reflect.StructField, reflect.Value) bool) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Tag.Get("toml") != "" && !yield(f, v.Field(i)) {
				return
			}
		}
	}
}

// descend follows a dotted key through structs.
func descend(v reflect.Value, parts []string) (reflect.Value, bool) {
	for _, p := range parts {
		next, ok := child(v, p)
		if !ok {
			return reflect.Value{}, false
		}
		v = next
	}
	return v, true
}

func child(v reflect.Value, name string) (reflect.Value, bool) {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	for f, fv := range fields(v) {
		if f.Tag.Get("toml") == name {
			return fv, true
		}
	}
	return reflect.Value{}, false
}

// names lists the keys of a section.
func names(v reflect.Value) (out []string) {
	if v.Kind() != reflect.Struct {
		return nil
	}
	for f := range fields(v) {
		out = append(out, f.Tag.Get("toml"))
	}
	return out
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// suggest names the known key that a misspelt one may have meant.
func suggest(got string, known []string) string {
	for _, k := range known {
		if near(strings.ToLower(got), k) {
			return ": did you mean " + k + "?"
		}
	}
	if len(known) == 0 {
		return ""
	}
	return ": known here are " + strings.Join(known, ", ")
}

// near reports whether one of the words becomes the other by at most one changed,
// missing or added letter.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return len(b)-len(a) <= 1 && (a[i:] == b[min(i+1, len(b)):] || i < len(a) && a[i+1:] == b[i+1:])
}

// scalar reports whether a value of the TOML kind may be stored in the type.
func scalar(k unstable.Kind, t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[time.Duration]() || t.Kind() == reflect.String:
		return k == unstable.String
	case t.Kind() == reflect.Bool:
		return k == unstable.Bool
	case t.Kind() == reflect.Int:
		return k == unstable.Integer
	}
	return false
}

// form tells a person how the value of a type is written.
func form(t reflect.Type, name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return last + ` = "30s"`
	case t.Kind() == reflect.String:
		return last + ` = "…"`
	case t.Kind() == reflect.Bool:
		return last + " = true or false"
	case t.Kind() == reflect.Struct:
		return "[" + name + "]"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "[[" + name + "]]"
	case t.Kind() == reflect.Slice:
		return last + ` = ["…", "…"]`
	}
	return last + " = a whole number"
}

func kindWord(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "text in quotes"
	case unstable.Integer:
		return "a whole number"
	case unstable.Float:
		return "a number with a point"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}
