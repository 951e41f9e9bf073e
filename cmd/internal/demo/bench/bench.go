// Package bench serves the demo's workbench: a page on which a person lays cards
// on the simulated scanner, sees slips come out of the simulated printer, takes
// out the paper, and pulls the cable to the centre. It is not part of the box.
package bench

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Scanner is the simulated scanner; Scan writes the code as the device would.
type Scanner interface{ Scan(payload string) error }

// Printer is the simulated printer.
type Printer interface {
	SetPaper(in bool)
	Slips() int       // how many hang from the printer
	PNG(n int) []byte // the n-th slip, 0 = oldest; nil when there is none
	Tear()            // takes the slips away
}

// Cable is the link to the centre.
type Cable interface {
	Set(up bool)
	Up() bool
}

// Card is a person's cards on the desk.
type Card struct {
	N        int
	Name     string
	Birth    string
	New      bool              // not in the clinic's records yet
	Payloads map[string]string // by kind
	Kinds    []string          // in order of their buttons
}

// Staff is one line of the list of PINs.
type Staff struct{ Name, Role, PIN string }

// Opts joins the bench to the demo. Scanner and Printer are nil when a real one
// is used instead.
type Opts struct {
	Clinic, Hub string
	Token       string // of the centre's operator
	Staff       []Staff
	Cards       []Card
	Scanner     Scanner
	Printer     Printer
	Cable       Cable
	// Codes lists what the codes of the latest slips hold, newest first: a person
	// would lay the paper on the scanner, a page cannot.
	Codes func() []string
}

// Bench is the page and its buttons.
type Bench struct {
	o Opts

	mu     sync.Mutex
	paper  bool
	notice string
}

var (
	//go:embed bench.html
	benchHTML string
	//go:embed slips.html
	slipsHTML string
	//go:embed bench.css
	benchCSS []byte

	benchPage = template.Must(template.New("bench").Parse(benchHTML))
	slipsPage = template.Must(template.New("slips").Parse(slipsHTML))
)

// New returns a bench with paper in the printer.
func New(o Opts) *Bench { return &Bench{o: o, paper: true} }

// Server returns the bench's HTTP server for a listener on loopback.
func (b *Bench) Server() *http.Server {
	return &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(b.routes()),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 20 * time.Second, MaxHeaderBytes: 16 << 10,
	}
}

func (b *Bench) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", b.page)
	m.HandleFunc("GET /bench.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(benchCSS)
	})
	m.HandleFunc("GET /slips", b.slips)
	m.HandleFunc("GET /slip/{n}", b.slip)
	m.HandleFunc("POST /scan", b.do(b.scan))
	m.HandleFunc("POST /card", b.do(b.card))
	m.HandleFunc("POST /link", b.do(b.link))
	m.HandleFunc("POST /paper", b.do(b.setPaper))
	m.HandleFunc("POST /tear", func(w http.ResponseWriter, r *http.Request) {
		if b.o.Printer != nil {
			b.o.Printer.Tear()
		}
		http.Redirect(w, r, "/slips", http.StatusSeeOther)
	})
	return m
}

// do runs a button and shows its words above the page.
func (b *Bench) do(f func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		notice := f(r)
		b.mu.Lock()
		b.notice = notice
		b.mu.Unlock()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (b *Bench) page(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	notice, paper := b.notice, b.paper
	b.notice = ""
	b.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = benchPage.Execute(w, struct { // an error here is a reader who left
		Opts
		Notice                                string
		LinkUp, Paper, HasPrinter, HasScanner bool
		SlipCodes                             []string
	}{
		b.o, notice, b.o.Cable.Up(), paper, b.o.Printer != nil, b.o.Scanner != nil, b.o.Codes(),
	})
}

func (b *Bench) slips(w http.ResponseWriter, _ *http.Request) {
	var newestFirst []int
	if b.o.Printer != nil {
		for n := b.o.Printer.Slips() - 1; n >= 0; n-- {
			newestFirst = append(newestFirst, n)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = slipsPage.Execute(w, struct{ Slips []int }{newestFirst})
}

func (b *Bench) slip(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("n")
	n, err := strconv.Atoi(name[:max(0, len(name)-len(".png"))])
	if err != nil || b.o.Printer == nil || b.o.Printer.PNG(n) == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(b.o.Printer.PNG(n))
}
