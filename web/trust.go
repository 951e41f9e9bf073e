package web

import (
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// Trust is what a browser needs to believe that it speaks with the box.
type Trust struct {
	URL   string // where HTTPS is served, such as https://tram-01.local/; empty = not yet
	Plain string // where plain HTTP is served, for the QR code that brings one more tablet
	Root  []byte // certificate of the fleet's web root, DER; empty = the box joined no fleet yet
}

// TrustOpts is what the page needs that tells how to trust the box. Log must be set.
type TrustOpts struct {
	// Trust is asked at each request; nil means that there is no certificate yet.
	Trust    func() Trust
	Facility string
	Log      *slog.Logger
	Healthz  http.Handler // /healthz; may be nil
}

// NewTrust serves the page that tells how to trust the box, and sends every other
// address there. It is all that plain HTTP shows outside of the machine itself: no
// record, no name, no form that takes a secret. It does not send on to HTTPS: a
// browser that does not trust the box yet would show a warning, and people learn to
// pass those.
func NewTrust(o TrustOpts) (http.Handler, error) {
	sh, err := newShell(o.Log, o.Facility, clinic.NewID, "trust", "trouble")
	if err != nil {
		return nil, err
	}
	sh.healthz = o.Healthz
	return sh.trustOnly(o.Trust), nil
}

func (sh *shell) trustOnly(ask func() Trust) http.Handler {
	other := func(w http.ResponseWriter, r *http.Request) error {
		http.Redirect(w, r, trustPath, http.StatusSeeOther)
		return nil
	}
	return sh.routed(sh.trustRoutes(ask), map[string]handler{"/": other, "GET /healthz": sh.health})
}

const (
	trustPath = "/trust"
	trustFile = "clinicbox-root"
)

// trustRoutes need no login: what they give out is public.
func (sh *shell) trustRoutes(ask func() Trust) map[string]handler {
	if ask == nil {
		ask = func() Trust { return Trust{} }
	}
	root := func(kind, ext string, form func([]byte) []byte) handler {
		return func(w http.ResponseWriter, _ *http.Request) error {
			der := ask().Root
			if len(der) == 0 {
				return errGone
			}
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Disposition", "attachment; filename="+trustFile+ext)
			_, err := w.Write(form(der))
			return err
		}
	}
	return map[string]handler{
		"GET " + trustPath: func(w http.ResponseWriter, r *http.Request) error { return sh.trust(w, r, ask()) },
		"GET " + trustPath + "/" + trustFile + ".crt": root("application/x-x509-ca-cert", ".crt", func(der []byte) []byte { return der }),
		"GET " + trustPath + "/" + trustFile + ".pem": root("application/x-pem-file", ".pem", func(der []byte) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		}),
		"GET " + trustPath + "/qr.png": func(w http.ResponseWriter, r *http.Request) error { return drawQR(w, ask().link(r), 8) },
	}
}

// TrustPage is the view of that page.
type TrustPage struct {
	Page
	Trust
	Here    bool       // the page came over HTTPS: the device at hand trusts the box
	Print   [][]string // the root's SHA-256, four rows of groups
	Systems []TrustSystem
	QR      string // what the code says; empty = no code
}

// TrustSystem is how one kind of device learns to trust a root.
type TrustSystem struct {
	Name  string   // message key
	Steps []string // message keys
	Open  bool     // it is the device at hand
}

func (sh *shell) trust(w http.ResponseWriter, r *http.Request, t Trust) error {
	v := &TrustPage{Page: sh.bare(r, "trust.title", ""), Trust: t, Here: r.TLS != nil, Print: printOf(t.Root), QR: t.link(r)}
	for _, x := range []struct {
		name  string
		steps int
		words []string
	}{
		{"android", 4, []string{"Android"}}, {"windows", 4, []string{"Windows"}}, {"ios", 4, []string{"iPhone", "iPad"}},
	} {
		sys := TrustSystem{Name: "trust." + x.name}
		for i := range x.steps {
			sys.Steps = append(sys.Steps, fmt.Sprintf("trust.%s.%d", x.name, i+1))
		}
		for _, word := range x.words {
			sys.Open = sys.Open || strings.Contains(r.UserAgent(), word)
		}
		v.Systems = append(v.Systems, sys)
	}
	sh.show(w, r, http.StatusOK, "trust", v)
	return nil
}

// link is what the page's QR code leads to: from a device that trusts the box
// already, the plain page for one that does not.
func (t Trust) link(r *http.Request) string {
	if r.TLS != nil {
		return t.Plain
	}
	return t.URL
}

// printOf writes the SHA-256 of a certificate as people compare it.
func printOf(der []byte) (rows [][]string) {
	if len(der) == 0 {
		return nil
	}
	for _, row := range cert.X509Fingerprint(der) {
		rows = append(rows, strings.Fields(row))
	}
	return rows
}

// drawQR answers with a QR code; without a text there is none.
func drawQR(w http.ResponseWriter, text string, dot int) error {
	if text == "" {
		return errGone
	}
	img, err := qrPNG(text, dot)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, err = w.Write(img)
	return err
}
