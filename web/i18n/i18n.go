// Package i18n holds every word that the staff's pages say: vi.toml and en.toml, and
// beside them a pair of files for each larger part (lab.vi.toml). A page asks for a key; a test asks for every key of every page.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed *.toml
var files embed.FS

// Languages lists the codes of the languages, the first one is the default.
func Languages() []string { return []string{"vi", "en"} }

// Catalogue is the set of messages of one language.
type Catalogue struct {
	Lang     string
	messages map[string]string
}

// Load reads the catalogue of a language.
func Load(lang string) (*Catalogue, error) {
	c := &Catalogue{Lang: lang, messages: map[string]string{}}
	names, err := fs.Glob(files, "*"+lang+".toml")
	if err != nil || !slices.Contains(names, lang+".toml") {
		return nil, fmt.Errorf("i18n: no catalogue %q", lang)
	}
	for _, name := range names {
		if err := c.read(name); err != nil {
			return nil, fmt.Errorf("i18n: %s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Catalogue) read(name string) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	var tree map[string]any
	if err := toml.Unmarshal(raw, &tree); err != nil {
		return err
	}
	return c.flatten("", tree)
}

// flatten joins the names of tables and keys with dots.
func (c *Catalogue) flatten(prefix string, tree map[string]any) error {
	for name, v := range tree {
		switch v := v.(type) {
		case string:
			if c.Has(prefix + name) {
				return fmt.Errorf("%s%s stands in another file too", prefix, name)
			}
			c.messages[prefix+name] = v
		case map[string]any:
			if err := c.flatten(prefix+name+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s%s is not text", prefix, name)
		}
	}
	return nil
}

// Has reports whether the key has a message.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.messages[key]
	return ok
}

// Text returns the message of a key. Arguments come in pairs of a name and a
// value, which takes the place of {name}. {name:one|more} is the first word when the
// value is 1, else the second. A missing key shows itself in brackets: a page must not
// be lost for a word; a test finds it.
func (c *Catalogue) Text(key string, pairs ...any) string {
	m, ok := c.messages[key]
	switch {
	case !ok:
		return "[" + key + "]"
	case len(pairs) < 2:
		return m
	}
	args := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		args = append(args, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(args...).Replace(plural(m, args))
}

// plural chooses between the words of {name:one|more}. What is no such form stays.
func plural(m string, args []string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(m, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		form, after, closed := strings.Cut(rest, "}")
		name, words, _ := strings.Cut(form, ":")
		one, more, is := strings.Cut(words, "|")
		if !closed || !is {
			out.WriteString("{")
			m = rest
			continue
		}
		for i := 0; i < len(args); i += 2 {
			if args[i] == "{"+name+"}" && args[i+1] == "1" {
				more = one
			}
		}
		out.WriteString(more)
		m = after
	}
}

// Keys returns every key, sorted.
func (c *Catalogue) Keys() []string {
	keys := make([]string, 0, len(c.messages))
	for k := range c.messages {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
