package archive

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"clinicbox/clinic"
)

// schema says how numbers in the entries are called: kinds, and the keys of bodies.
type schema struct {
	Form  int                         `json:"form"`
	Kinds map[string]kindName         `json:"kinds"`
	Types map[string]map[string]field `json:"types"`
}

// kindName is a kind's name and the type of its body.
type kindName struct {
	Name string `json:"name"`
	Body string `json:"body"`
}

// field is the name of a key, and the type of what stands there if that has keys.
type field struct {
	Name string `json:"name"`
	Of   string `json:"of,omitempty"`
}

// maxKind is above every kind that there is: a test looks at all that there could be.
const maxKind = 1000

// newSchema derives the names from the domain's bodies. They are frozen by
// testdata/schema.json: a Go field may be renamed, its name here may not.
func newSchema() *schema {
	s := &schema{Form: Form, Kinds: map[string]kindName{}, Types: map[string]map[string]field{}}
	for k := range maxKind {
		kind := clinic.Kind(k)
		if body := clinic.NewBody(kind); body != nil {
			s.Kinds[strconv.Itoa(k)] = kindName{kind.String(), s.add(reflect.TypeOf(body))}
		}
	}
	return s
}

// add returns the name of a struct type, "" for what has no keys of its own.
func (s *schema) add(t reflect.Type) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return ""
	}
	if _, ok := s.Types[t.Name()]; ok {
		return t.Name()
	}
	fields := map[string]field{}
	s.Types[t.Name()] = fields
	for i := range t.NumField() {
		f := t.Field(i)
		if key, _, ok := strings.Cut(f.Tag.Get("cbor"), ",keyasint"); ok {
			fields[key] = field{lowerFirst(f.Name), s.add(f.Type)}
		}
	}
	return t.Name()
}

// lowerFirst turns a Go name into a JSON one: FiveYears to fiveYears, ATC to atc.
func lowerFirst(s string) string {
	r := []rune(s)
	for i := range r {
		if !unicode.IsUpper(r[i]) || i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

func (s *schema) encode() []byte {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		panic(err) // strings in maps: cannot fail
	}
	return append(b, '\n')
}

// parseSchema reads the names of an export. They may be a newer program's, with more of
// them; one that this program knows otherwise would mislead whoever reads the file.
func parseSchema(b []byte) (*schema, error) {
	s := new(schema)
	if err := strict(b, s); err != nil || s.Form != Form {
		return nil, tampered("%s cannot be read", fileSchema)
	}
	mine := newSchema()
	for k, want := range mine.Kinds {
		if got, ok := s.Kinds[k]; ok && got != want {
			return nil, tampered("%s calls kind %s otherwise", fileSchema, k)
		}
	}
	for t, fields := range mine.Types {
		got, ok := s.Types[t]
		for k, want := range fields {
			if f, has := got[k]; ok && has && f != want {
				return nil, tampered("%s calls field %s of %s otherwise", fileSchema, k, t)
			}
		}
	}
	return s, s.unambiguous()
}

// unambiguous refuses two fields of one name, and names that are no words.
func (s *schema) unambiguous() error {
	for t, fields := range s.Types {
		seen := map[string]bool{}
		for _, f := range fields {
			if f.Name == "" || strings.ContainsFunc(f.Name, notWord) || seen[f.Name] {
				return tampered("%s: names of %s", fileSchema, t)
			}
			seen[f.Name] = true
		}
	}
	return nil
}

func notWord(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
