package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Key describes one key of a configuration struct.
type Key struct {
	Name     string // dotted
	Form     string // how a value is written
	Default  string // "" = none
	Required bool
	Doc      string
}

// Describe lists the keys of the struct that v points to, in order.
func Describe(v any) []Key { return describe(reflect.TypeOf(v).Elem(), "") }

func describe(t reflect.Type, prefix string) (keys []Key) {
	for f := range t.Fields() {
		name := f.Tag.Get("toml")
		if name == "" {
			continue
		}
		name = join(prefix, name)
		ft := f.Type
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			keys = append(keys, describe(ft, name)...)
			continue
		}
		keys = append(keys, Key{
			Name: name, Form: form(f.Type, name), Default: f.Tag.Get("default"), Doc: f.Tag.Get("doc"),
			Required: strings.Contains(","+f.Tag.Get("check")+",", ",required,"),
		})
	}
	return keys
}

// Table renders the keys as a Markdown table, for docs/architecture.md.
func Table(keys []Key) string {
	var b strings.Builder
	b.WriteString("| key | default | meaning, and the reason for the default |\n|---|---|---|\n")
	for _, k := range keys {
		def := "–"
		switch {
		case k.Required:
			def = "required"
		case k.Default != "":
			def = "`" + k.Default + "`"
		case strings.HasSuffix(k.Form, "true or false"):
			def = "`false`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, def, strings.ReplaceAll(k.Doc, "|", `\|`))
	}
	return b.String()
}
