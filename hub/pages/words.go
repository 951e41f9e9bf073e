package pages

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

//go:embed i18n/*.json
var wordFiles embed.FS

type words map[string]string

// loadWords reads the catalogues, Vietnamese first.
func loadWords() (map[string]words, error) {
	out := map[string]words{}
	for _, lang := range []string{"vi", "en"} {
		b, err := wordFiles.ReadFile("i18n/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		w := words{}
		if err := json.Unmarshal(b, &w); err != nil {
			return nil, fmt.Errorf("hub/pages: words of %s: %w", lang, err)
		}
		out[lang] = w
	}
	return out, nil
}

// page is what every view has; its methods are the templates' functions.
type page struct {
	Lang    string
	Title   string
	Path    string // to come back to after another language was chosen
	At      string // where the page is
	CSS     string
	Who     string // the operator's name; empty = nobody is in
	Refresh bool
	Holds   bool // it shows patients
	Now     time.Time
	Trouble []string // message keys
	words   words
}

func (s *server) page(r *http.Request, title string) page {
	lang := "vi"
	if c, err := r.Cookie(langCookie); err == nil && c.Value == "en" {
		lang = "en"
	}
	p := page{Lang: lang, Path: r.URL.Path, At: r.URL.Path, CSS: s.css, Who: callerOf(r).name, Now: s.Now(), words: s.words[lang]}
	switch {
	case r.Method != http.MethodGet:
		p.Path = "/"
	case r.URL.RawQuery != "":
		p.Path += "?" + r.URL.RawQuery
	}
	if p.Title = p.words[title]; p.Title == "" {
		p.Title = title
	}
	live := s.Live()
	if live.Trouble {
		p.Trouble = append(p.Trouble, "trouble.db")
	}
	if !live.Linked {
		p.Trouble = append(p.Trouble, "trouble.link")
	}
	return p
}

// T returns the words of a key. A missing one is shown, and fails a test.
func (p *page) T(key string) string {
	if w, ok := p.words[key]; ok {
		return w
	}
	return "⟦" + key + "⟧"
}

// Alarm returns what a code means.
func (p *page) Alarm(code string) string {
	if w, ok := p.words["alarm."+code]; ok {
		return w
	}
	return p.T("alarm.other")
}

// Short names an alarm in a list.
func (p *page) Short(code string) string {
	if w, ok := p.words["short."+code]; ok {
		return w
	}
	return p.T("short.other")
}

// OtherLang is the language to switch to.
func (p *page) OtherLang() string {
	if p.Lang == "vi" {
		return "en"
	}
	return "vi"
}

// Num groups digits as the language does.
func (p *page) Num(v any) string {
	s := fmt.Sprint(v)
	sep := "."
	if p.Lang == "en" {
		sep = ","
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

// Time writes a moment in Viet Nam so that day and month cannot be mixed up with
// another country's habit: the month of English is a word.
func (p *page) Time(t time.Time) string {
	if t.IsZero() {
		return p.T("never")
	}
	t = t.In(clinic.ICT)
	if p.Lang == "en" {
		return t.Format("2 Jan 2006 15:04:05")
	}
	return t.Format("02/01/2006 15:04:05")
}

// Ago writes how long ago a moment was.
func (p *page) Ago(t time.Time) string {
	if t.IsZero() {
		return p.T("never")
	}
	return p.ago(p.Now.Sub(t))
}

// When is Time with how long ago that was.
func (p *page) When(t time.Time) string {
	if t.IsZero() {
		return p.T("never")
	}
	return p.Time(t) + " (" + p.ago(p.Now.Sub(t)) + ")"
}

func (p *page) ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return p.T("ago.now")
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " " + p.T("ago.min")
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " " + p.T("ago.hour")
	}
	return strconv.Itoa(int(d.Hours()/24)) + " " + p.T("ago.day")
}

// Hex writes the first 16 bytes of a hash: as much as slips print.
func (p *page) Hex(h [32]byte) string { return hex.EncodeToString(h[:16]) }

// Nav lists the sections; Hint marks the one that the page is of.
func (p *page) Nav() []option {
	out := []option{
		{"/", "nav.boxes", ""},
		{"/certs", "nav.certs", ""},
		{"/invitations", "nav.invitations", ""},
		{"/carried", "nav.enrol", ""},
		{"/people", "nav.people", ""},
		{"/telephone", "nav.telephone", ""},
		{"/patients", "nav.patients", ""},
		{"/history", "nav.history", ""},
	}
	for i := range out {
		o := &out[i]
		if p.At == o.Value || o.Value != "/" && strings.HasPrefix(p.At, o.Value+"/") || o.Value == "/" && strings.HasPrefix(p.At, "/boxes/") {
			o.Hint = "here"
		}
	}
	return out
}

// pair hands a row to a template together with the page's words.
type pair struct {
	P *page
	C any
}

// Pair makes one.
func (p *page) Pair(row any) pair { return pair{p, row} }

// Lines writes numbers with commas between them.
func (p *page) Lines(ns []int) string {
	var out []string
	for _, n := range ns[:min(len(ns), 30)] {
		out = append(out, strconv.Itoa(n))
	}
	if len(ns) > 30 {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// Short8 is as much of an ID as people compare.
func (p *page) Short8(s string) string { return short(s) }
