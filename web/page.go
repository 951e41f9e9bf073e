package web

import (
	"net/http"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// Page is the frame that every page's view struct embeds.
type Page struct {
	Lang      string
	Path      string // of this page; where "back to here" leads
	Title     string // message key
	Nav       string // which of the four main places this is
	Facility  string
	User      *desk.Person // nil before login
	Note      *Note
	Patient   *Banner
	Strip     Strip
	Errors    []Problem // of the page's form, for the summary
	Act       string    // the ID under which this form is saved, once
	Today     clinic.Date
	Hold      bool // a scan must not leave this page by itself
	Records   bool // whether the person's role reaches records
	Live      bool // whether live events are on: somebody is logged in
	Refresh   int  // seconds after which the page loads itself anew without JavaScript
	Offer     bool // what was typed before is offered, not filled in
	Watch     bool // the page shows devices: it loads itself anew when one changes
	Asking    bool // the form asks for something and saves nothing
	Now       time.Time
	Draft     bool // the form was filled from what was typed before a lock
	Bare      bool // no state of data and devices: the page knows no box that is open
	Languages []Language
}

// Language is one choice of the language switch.
type Language struct {
	Code, Name string
	On         bool
}

// Note is a sentence about what just happened.
type Note struct {
	Kind string // good, warn, bad, info
	Key  string
	Args []any
	More string // key of a second sentence: what to do
}

// Icon names the note's symbol.
func (n *Note) Icon() string {
	return map[string]string{"good": "check", "warn": "warn", "bad": "stop"}[n.Kind]
}

// Banner is the patient on top of every patient page.
type Banner struct {
	ID    clinic.ID
	Name  string
	Birth clinic.Date
	// BirthTime is HH:MM; empty = not known.
	BirthTime string
	Sex       clinic.Sex
	Number    string // the identifier that is shown, with its system's key
	System    string
	Asked     bool
	Items     []clinic.Allergy
	Heard     []clinic.Allergy // of other facilities, as the centre told
	Lost      bool             // what was said of allergies can no longer be read: never "none"
	Closed    bool             // the record is protected: name, year of birth and allergies only
	// NoDetails: who it is can no longer be read, which is not "not asked".
	NoDetails bool
}

// Strip is the state of the data and devices, on every page.
type Strip struct {
	Truths   Truths
	Unsent   uint64
	Devices  []Device
	Warnings []Warning
}

func (p *Page) frame() *Page { return p }

// visitor is what a handler knows of who asks.
type visitor struct {
	session session
	lang    string
	place   place
}

// page makes the frame for a request.
func (s *Server) page(r *http.Request, title, nav string) Page {
	v := who(r)
	now, _ := s.opts.Clock.Now()
	p := s.bare(r, title, nav)
	p.Bare, p.Now, p.Today, p.Strip = false, now, clinic.DateOf(now), s.strip()
	if v.session.token != "" {
		if !v.session.locked {
			person := v.session.person
			p.User, p.Live, p.Records = &person, true, v.session.may()
		}
		if !v.session.locked {
			p.Note = s.sessions.told(v.session.token)
		}
	}
	return p
}

func (s *Server) strip() Strip {
	t := s.opts.Box.Truths()
	st := Strip{Truths: t, Devices: s.opts.Box.Devices(), Warnings: s.opts.Box.Warnings()}
	if t.Saved > t.Received {
		st.Unsent = t.Saved - t.Received
	}
	return st
}

// langOf is the language that the browser chose, the first one otherwise.
func langOf(r *http.Request) string {
	chosen := readCookie(r, langCookie)
	for _, l := range i18n.Languages() {
		if l == chosen {
			return l
		}
	}
	return i18n.Languages()[0]
}
