package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxSize bounds a configuration file; a real one has about 1 KB.
const maxSize = 256 << 10

// Decode fills the struct that into points to from TOML and returns every problem
// at once, as Problems. Fields are described by their tags:
//
//	toml     name of the key or section
//	default  value when the key is missing
//	check    rules, separated by commas: required, or one of Checks, as name=argument
//	doc      what the key means and why the default is what it is
//
// Fields without a toml tag are left alone. file names the text in problems.
func Decode(file string, text []byte, into any, more Checks) error {
	d := &decoder{file: file, root: reflect.ValueOf(into).Elem(), more: more, lines: map[string]int{}}
	if len(text) > maxSize {
		return Problems{{File: file, Line: 1, Text: "larger than 256 KiB: not a configuration file"}}
	}
	var whole any // syntax and doubled keys, with the library's own words
	if err := toml.Unmarshal(text, &whole); err != nil {
		return Problems{syntax(file, text, err)}
	}
	d.last = strings.Count(strings.TrimRight(string(text), "\n"), "\n") + 1
	d.walk(text)
	d.finish(d.root, "")
	if v, ok := into.(interface{ Validate(Report) }); ok && len(d.problems) == 0 {
		v.Validate(func(key, text string, args ...any) { d.problem(key, fmt.Sprintf(text, args...)) })
	}
	if len(d.problems) > 0 {
		return d.problems.sorted()
	}
	return nil
}

// Report receives a problem of several keys together from a Validate method.
type Report func(key, text string, args ...any)

// syntax names the section and key that stand where the library stopped reading.
func syntax(file string, text []byte, err error) Problem {
	p := Problem{File: file, Line: 1, Text: strings.TrimPrefix(err.Error(), "toml: ")}
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		p.Line, _ = e.Position()
	}
	section := ""
	for i, line := range strings.Split(string(text), "\n")[:p.Line] {
		if m := sectionLine.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if m := keyLine.FindStringSubmatch(line); m != nil && i == p.Line-1 {
			p.Key = join(section, m[1])
		}
	}
	return p
}

// How sections and keys usually look; only for words in a message.
var (
	sectionLine = regexp.MustCompile(`^\s*\[+\s*([\w.-]+)\s*\]`)
	keyLine     = regexp.MustCompile(`^\s*([\w.-]+)`)
)

type decoder struct {
	file     string
	root     reflect.Value
	more     Checks
	parser   unstable.Parser
	lines    map[string]int // line of each key and section that was written
	last     int            // last line of the file
	problems Problems
}

// problem records what is wrong with a key, at the line nearest to it.
func (d *decoder) problem(key, text string) {
	line := d.last
	for k := key; k != ""; {
		if n, ok := d.lines[k]; ok {
			line = n
			break
		}
		i := strings.LastIndexByte(k, '.')
		k = k[:max(i, 0)]
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Key: key, Text: text})
}

// walk goes through the expressions of the file in order.
func (d *decoder) walk(text []byte) {
	d.parser.Reset(text)
	at, prefix := d.root, ""
	for d.parser.NextExpression() {
		e := d.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			at, prefix = d.section(e, false)
		case unstable.ArrayTable:
			at, prefix = d.section(e, true)
		case unstable.KeyValue:
			if at.IsValid() { // else the section was unknown and is reported once
				d.keyValue(e, at, prefix)
			}
		}
	}
}

// path reads the dotted key of an expression and notes its line.
func (d *decoder) path(e *unstable.Node) (parts []string, line int) {
	for it := e.Key(); it.Next(); {
		n := it.Node()
		line = d.parser.Shape(n.Raw).Start.Line
		parts = append(parts, string(n.Data))
	}
	return parts, line
}

// section finds the struct of a [table] or appends one for a [[table]].
func (d *decoder) section(e *unstable.Node, list bool) (reflect.Value, string) {
	parts, line := d.path(e)
	name := strings.Join(parts, ".")
	d.lines[name] = line
	v, ok := descend(d.root, parts)
	switch {
	case !ok:
		d.problem(name, "unknown section"+suggest(parts[len(parts)-1], names(d.parent(parts))))
	case list && v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		name = name + "." + strconv.Itoa(v.Len())
		d.lines[name] = line
		return v.Index(v.Len() - 1), name
	case list || v.Kind() != reflect.Struct:
		d.problem(name, "must be written as "+form(v.Type(), name))
	default:
		return v, name
	}
	return reflect.Value{}, name
}

func (d *decoder) parent(parts []string) reflect.Value {
	v, _ := descend(d.root, parts[:len(parts)-1])
	return v
}

// keyValue stores one value.
func (d *decoder) keyValue(e *unstable.Node, at reflect.Value, prefix string) {
	parts, line := d.path(e)
	name := join(prefix, strings.Join(parts, "."))
	d.lines[name] = line
	v, ok := descend(at, parts)
	if !ok {
		parent, _ := descend(at, parts[:len(parts)-1])
		d.problem(name, "unknown key"+suggest(parts[len(parts)-1], names(parent)))
		return
	}
	d.assign(v, e.Value(), name)
}

func (d *decoder) assign(v reflect.Value, n *unstable.Node, name string) {
	if n.Kind == unstable.InlineTable && v.Kind() == reflect.Struct {
		for it := n.Children(); it.Next(); {
			d.keyValue(it.Node(), v, name)
		}
		return
	}
	if n.Kind == unstable.Array && v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		for it := n.Children(); it.Next(); {
			if it.Node().Kind != unstable.String {
				d.problem(name, "must be a list of texts")
				return
			}
			v.Set(reflect.Append(v, reflect.ValueOf(string(it.Node().Data)).Convert(v.Type().Elem())))
		}
		return
	}
	if !scalar(n.Kind, v.Type()) {
		d.problem(name, fmt.Sprintf("must be written as %s, not as %s", form(v.Type(), name), kindWord(n.Kind)))
		return
	}
	if err := set(v, string(n.Data)); err != nil {
		d.problem(name, err.Error())
	}
}

// finish applies defaults and rules to the keys of a section.
func (d *decoder) finish(v reflect.Value, prefix string) {
	for f, fv := range fields(v) {
		name := join(prefix, f.Tag.Get("toml"))
		switch {
		case fv.Kind() == reflect.Struct:
			d.finish(fv, name)
			continue
		case fv.Kind() == reflect.Slice && fv.Type().Elem().Kind() == reflect.Struct:
			for i := range fv.Len() {
				d.finish(fv.Index(i), join(name, strconv.Itoa(i+1)))
			}
			continue
		}
		_, written := d.lines[name]
		if def := f.Tag.Get("default"); !written && def != "" {
			if err := set(fv, def); err != nil {
				panic(fmt.Sprintf("config: default of %s: %v", name, err)) // a test holds all defaults
			}
		}
		d.rules(f.Tag.Get("check"), fv, name, written)
	}
}

// rules applies the check tag to a value.
func (d *decoder) rules(tag string, v reflect.Value, name string, written bool) {
	if d.failed(name) {
		return
	}
	for rule := range strings.SplitSeq(tag, ",") {
		if rule == "" {
			continue
		}
		word, arg, _ := strings.Cut(rule, "=")
		if word == "required" {
			if v.IsZero() && !written {
				d.problem(name, "is missing: write "+form(v.Type(), name))
				return
			}
			if v.IsZero() && v.Kind() == reflect.String {
				d.problem(name, "must not be empty")
				return
			}
			continue
		}
		if v.Kind() == reflect.String && v.Len() == 0 {
			continue // empty = not set; "required" decides whether that may be
		}
		for _, s := range texts(v) {
			if err := d.check(word)(arg, s); err != nil {
				d.problem(name, err.Error())
				return
			}
		}
	}
}

func (d *decoder) check(word string) Check {
	if c, ok := d.more[word]; ok {
		return c
	}
	if c, ok := Standard()[word]; ok {
		return c
	}
	panic("config: no check named " + word) // a tag is wrong; tests decode every struct
}

func (d *decoder) failed(key string) bool {
	for _, p := range d.problems {
		if p.Key == key {
			return true
		}
	}
	return false
}

// set parses a scalar as the field's type wants it.
func set(v reflect.Value, s string) error {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		t, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("must be a duration such as \"30s\" or \"10m\", not %q", s)
		}
		v.SetInt(int64(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(s == "true")
	case reflect.Int:
		n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("must be a whole number, not %s", s)
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("cannot be set: fields of type %v are not known here", v.Type())
	}
	return nil
}
