package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sync"

	"clinicbox/clinic"
	"clinicbox/web/i18n"
)

//go:embed templates/*.html
var templateFiles embed.FS

// engine holds the templates and words: language → set of pages.
type engine struct {
	pages      map[string]*pageSet
	catalogues map[string]*i18n.Catalogue
}

// pageSet is the pages of one language. Each is parsed when it is first asked for: all of
// them take a small board seconds and memory, and a day uses few. Its methods may be
// called at the same time.
type pageSet struct {
	base *template.Template // what all pages share; never executed, so that it can be cloned
	only []string           // empty = all pages

	mu     sync.Mutex
	parsed map[string]*template.Template
}

// viewer is what every page's view struct has: the frame around it.
type viewer interface{ frame() *Page }

// newEngine prepares the pages in every language, so that a page says its words without
// looking anything up but the key. Only some pages may be named.
func newEngine(a *assets, newID func() clinic.ID, only ...string) (*engine, error) {
	e := &engine{pages: map[string]*pageSet{}, catalogues: map[string]*i18n.Catalogue{}}
	for _, lang := range i18n.Languages() {
		c, err := i18n.Load(lang)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		acts := template.FuncMap{"newAct": func() string { return newID().String() }}
		base, err := template.New("").Option("missingkey=error").Funcs(funcs(c, a)).Funcs(acts).Funcs(awayFuncs()).Funcs(motherFuncs(c)).Funcs(healthBookFuncs(c)).
			ParseFS(templateFiles, "templates/layout.html", "templates/parts*.html")
		if err != nil {
			return nil, fmt.Errorf("web: templates: %w", err)
		}
		e.catalogues[lang] = c
		e.pages[lang] = &pageSet{base: base, only: only, parsed: map[string]*template.Template{}}
	}
	return e, nil
}

// page returns the page's templates.
func (p *pageSet) page(name string) (*template.Template, error) {
	if p == nil || len(p.only) > 0 && !slices.Contains(p.only, name) {
		return nil, fmt.Errorf("web: no template %q here", name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.parsed[name]; t != nil {
		return t, nil
	}
	t, err := p.base.Clone()
	if err == nil {
		t, err = t.ParseFS(templateFiles, "templates/"+name+".html")
	}
	if err != nil {
		return nil, fmt.Errorf("web: template %q: %w", name, err)
	}
	p.parsed[name] = t
	return t, nil
}

// write renders a page whole before the first byte goes out, so that a failing
// template never leaves half a page.
func (e *engine) write(w http.ResponseWriter, status int, page string, v viewer) error {
	t, err := e.pages[v.frame().Lang].page(page)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("web: template %q: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(b.Bytes())
	return err
}
