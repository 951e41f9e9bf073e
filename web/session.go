package web

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

const (
	sessionLife = 12 * time.Hour // a long shift; after it the person logs in anew
	sessionMax  = 64             // more than a station has screens
	placesMax   = 4              // a tablet comes by IPv4 and IPv6, and its address changes
)

// session is one person at one browser. Sessions live in memory only: after a
// restart everybody logs in again.
type session struct {
	token  string
	person desk.Person
	since  time.Time
	seen   time.Time
	locked bool
	flash  *Note
	act    string  // the last form that must be done once though its answer may be lost
	places []place // where its person typed the PIN, the latest last
	carry  *carry  // a request of the box that is carried to the centre
	away   bool    // of a copy: the request comes from elsewhere
}

// sessions are all who are logged in.
type sessions struct {
	idle time.Duration

	mu   sync.Mutex
	live map[string]*session
	desk string // token of the session that took the last scan
}

func newSessions(idle time.Duration) *sessions {
	return &sessions{idle: idle, live: map[string]*session{}}
}

// start logs a person in and returns the new session's token. The token of the
// browser's session before is ended, so that no token survives a change of person.
func (s *sessions) start(p desk.Person, before string, at place) string {
	now := time.Now()
	t := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, before)
	for len(s.live) >= sessionMax {
		s.dropOldest()
	}
	s.live[t] = &session{token: t, person: p, since: now, seen: now, places: []place{at}}
	return t
}

func (s *sessions) dropOldest() {
	var oldest *session
	for _, x := range s.live {
		if oldest == nil || x.seen.Before(oldest.seen) {
			oldest = x
		}
	}
	delete(s.live, oldest.token)
}

// get returns a copy of the session as it is now: locked when it was idle too
// long, or when its token comes from a place where its person never typed the PIN;
// over the other of HTTP and HTTPS it is not known at all. It counts as a sign of
// life only when touch is set.
func (s *sessions) get(token string, at place, touch bool) (session, bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.live[token]
	if !ok || x.places[0].secure != at.secure {
		return session{}, false
	}
	if now.Sub(x.since) > sessionLife {
		delete(s.live, token)
		return session{}, false
	}
	away := !slices.Contains(x.places, at)
	if now.Sub(x.seen) > s.idle || away {
		x.locked = true
	}
	if touch && !x.locked {
		x.seen = now
	}
	found := *x
	found.away = away
	return found, true
}

// lock closes a session until its person's PIN comes.
func (s *sessions) lock(token string) { s.change(token, func(x *session) { x.locked = true }) }

// unlock opens it again; from now on it belongs to this place too.
func (s *sessions) unlock(token string, at place) {
	s.change(token, func(x *session) {
		x.locked, x.seen = false, time.Now()
		if !slices.Contains(x.places, at) {
			x.places = append(slices.Clone(x.places[max(0, len(x.places)-placesMax+1):]), at)
		}
	})
}

// end logs out.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, token)
}

// tell leaves a note for the next page of the session.
func (s *sessions) tell(token string, n *Note) { s.change(token, func(x *session) { x.flash = n }) }

// told takes the note away.
func (s *sessions) told(token string) (n *Note) {
	s.change(token, func(x *session) { n, x.flash = x.flash, nil })
	return n
}

func (s *sessions) change(token string, f func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.live[token]; ok {
		f(x)
	}
}

// claim reports whether the form is new to the session: a PIN that was changed by
// the first press would be wrong for the second.
func (s *sessions) claim(token, act string) (first bool) {
	s.change(token, func(x *session) { first, x.act = act == "" || x.act != act, act })
	return first
}

// unclaim lets the form be sent again: it did nothing.
func (s *sessions) unclaim(token string) { s.change(token, func(x *session) { x.act = "" }) }

// renew tells the sessions of a person what changed about them; who left is out.
func (s *sessions) renew(p desk.Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, x := range s.live {
		switch {
		case x.person.ID != p.ID:
		case p.Left:
			delete(s.live, t)
		default:
			x.person = p
		}
	}
}

// lockPerson closes the sessions of a person whose PIN somebody else set.
func (s *sessions) lockPerson(id clinic.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.live {
		x.locked = x.locked || x.person.ID == id
	}
}

// takeDesk makes a session the one that scans belong to.
func (s *sessions) takeDesk(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.desk = token
}

// atDesk reports whether a scan shall open by itself in this session: it took the
// last scan, or nobody else is at work.
func (s *sessions) atDesk(token string) bool {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	others := 0
	for t, x := range s.live {
		if t == token || x.locked || now.Sub(x.seen) > s.idle {
			continue
		}
		if t == s.desk {
			return false
		}
		others++
	}
	return others == 0 || s.desk == token
}

// owner is the key under which a person's unfinished pages are kept.
func (x *session) owner() string { return "person " + x.person.ID.String() }

// may reports whether the person may see patients' records.
func (x *session) may() bool { return x.person.Role != clinic.RoleTechnician }
