package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"clinicbox/web/i18n"
)

//go:embed templates/*.html
var templateFiles embed.FS

// engine holds the compiled templates: language → page → template.
type engine struct {
	pages      map[string]map[string]*template.Template
	catalogues map[string]*i18n.Catalogue
}

// viewer is what every page's view struct has: the frame around it.
type viewer interface{ frame() *Page }

// newEngine parses every template once per language, so that a page says its
// words without looking anything up but the key.
//
// Only some pages may be named: parsing all takes a small board most of a second.
func newEngine(a *assets, only ...string) (*engine, error) {
	e := &engine{pages: map[string]map[string]*template.Template{}, catalogues: map[string]*i18n.Catalogue{}}
	for _, lang := range i18n.Languages() {
		c, err := i18n.Load(lang)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		e.catalogues[lang] = c
		if e.pages[lang], err = parsePages(c, a, only); err != nil {
			return nil, fmt.Errorf("web: templates: %w", err)
		}
	}
	return e, nil
}

func parsePages(c *i18n.Catalogue, a *assets, only []string) (map[string]*template.Template, error) {
	base, err := template.New("").Option("missingkey=error").Funcs(funcs(c, a)).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		if page == "layout" || page == "parts" || len(only) > 0 && !slices.Contains(only, page) {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if pages[page], err = t.ParseFS(templateFiles, name); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// write renders a page whole before the first byte goes out, so that a failing
// template never leaves half a page.
func (e *engine) write(w http.ResponseWriter, status int, page string, v viewer) error {
	t := e.pages[v.frame().Lang][page]
	if t == nil {
		return fmt.Errorf("web: no template %q in %q", page, v.frame().Lang)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("web: template %q: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}
