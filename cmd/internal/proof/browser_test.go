package proof

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// browser does what a browser without JavaScript does: it keeps cookies, sends the
// form that a page shows with its hidden fields, and says where a form comes from.
type browser struct {
	base   string // http://host:port
	client *http.Client
}

func newBrowser(t testing.TB, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{strings.TrimSuffix(base, "/"), &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// inside is a browser whose requests go to a handler without a network.
func inside(t testing.TB, h http.Handler) *browser {
	t.Helper()
	b := newBrowser(t, "http://box.test")
	b.client.Transport = handler{h}
	return b
}

// page is an answer.
type page struct {
	status   int
	location string
	header   http.Header
	body     string
}

var tags = regexp.MustCompile(`(?s)<(?:style|script).*?</(?:style|script)>|<[^>]*>`)

// text is what a person reads.
func (p page) text() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.body, " "))), " ")
}

func (b *browser) get(path string) (page, error) {
	req, err := http.NewRequest(http.MethodGet, b.base+path, nil)
	if err != nil {
		return page{}, err
	}
	return b.do(req)
}

func (b *browser) post(path string, v url.Values) (page, error) {
	req, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(v.Encode()))
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) do(req *http.Request) (page, error) {
	res, err := b.client.Do(req)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusSeeOther {
		err = nil // the head said it; a browser does not look at the body
	}
	return page{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}, err
}

// errForm: a page lacks the form that a person would fill in.
var errForm = errors.New("the page has no such form")

var (
	formTag  = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	fieldTag = regexp.MustCompile(`(?s)<input\b([^>]*)>|<textarea\b([^>]*)>(.*?)</textarea>`)
	attr     = regexp.MustCompile(`([\w-]+)(?:="([^"]*)")?`)
)

func attrs(s string) map[string]string {
	m := map[string]string{}
	for _, a := range attr.FindAllStringSubmatch(s, -1) {
		m[a[1]] = html.UnescapeString(a[2])
	}
	return m
}

// form returns the fields of the form that saves: the one with an act. A form that
// shows words of its own (the reason, say) sends them too.
func (p page) form() (url.Values, error) {
	for _, f := range formTag.FindAllStringSubmatch(p.body, -1) {
		v := url.Values{}
		for _, x := range fieldTag.FindAllStringSubmatch(f[2], -1) {
			a := attrs(x[1] + x[2])
			_, checked := a["checked"]
			if t := a["type"]; (t == "radio" || t == "checkbox") && !checked {
				continue
			}
			value := a["value"]
			if x[2] != "" {
				value = html.UnescapeString(x[3])
			}
			v.Add(a["name"], value)
		}
		if v.Get("act") != "" {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: %d %.300s", errForm, p.status, p.text())
}

// fill opens a page and returns its form with the values put in.
func (b *browser) fill(path string, with url.Values) (url.Values, error) {
	p, err := b.get(path)
	if err != nil {
		return nil, err
	}
	v, err := p.form()
	for name, values := range with {
		if v != nil {
			v[name] = values
		}
	}
	return v, err
}

// errWait: the box makes this person wait before the next PIN.
var errWait = errors.New("told to wait before the next PIN")

// errRefused: the answer does not say that the form was saved.
var errRefused = errors.New("not answered as saved")

// saved sends a form and returns where the box leads to: a redirect to a page of
// records is how it says that a form is saved.
func (b *browser) saved(path string, v url.Values) (string, error) {
	p, err := b.post(path, v)
	if err != nil {
		return "", err
	}
	if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/patients/") {
		return "", fmt.Errorf("%w: %s: %d %s %.600s", errRefused, path, p.status, p.location, p.text())
	}
	return p.location, nil
}

// login logs a person in by name and PIN, from the list of the first page.
func (b *browser) login(who member) error {
	p, err := b.get("/login")
	if err != nil {
		return err
	}
	m := regexp.MustCompile(`href="(/login/[^"]+)"[^>]*>(?:<span[^>]*>[^<]*</span>)?<span><b>` + regexp.QuoteMeta(who.name) + `</b>`).FindStringSubmatch(p.body)
	if m == nil {
		return fmt.Errorf("nobody of that name at log-in: %d %.300s", p.status, p.text())
	}
	p, err = b.post(m[1], url.Values{"pin": {who.pin}, "next": {"/"}})
	if err != nil {
		return err
	}
	if p.status == http.StatusUnprocessableEntity && strings.Contains(p.text(), "Đợi") {
		return errWait
	}
	if p.status != http.StatusSeeOther {
		return fmt.Errorf("%w: log-in: %d %.300s", errRefused, p.status, p.text())
	}
	return nil
}

// handler answers requests without a network.
type handler struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &answer{header: http.Header{}, status: http.StatusOK}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	h.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Header: w.header, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(w.body.String())), ContentLength: int64(w.body.Len()),
	}, nil
}

type answer struct {
	header http.Header
	status int
	body   strings.Builder
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
