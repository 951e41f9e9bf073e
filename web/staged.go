package web

import (
	"slices"
	"sync"

	"clinicbox/clinic"
)

const (
	// uploadLimit is what a catalogue's file may have, with the form around it.
	uploadLimit = 8<<20 + 64<<10
	// stagedMax is how many files wait for an answer, of all sessions together.
	stagedMax = 4
)

// upload is a file that waits for somebody to say what becomes of it. It lives in
// memory only: the person has the file, and after a restart chooses it again.
type upload struct {
	id      clinic.ID
	token   string // of the session
	catalog string
	name    string
	bytes   []byte
	day     clinic.Date
	whole   bool
	old     oldAnswers // about old data
}

// staged are the files that wait, one a session.
type staged struct {
	mu  sync.Mutex
	all []upload // the latest last
}

// put keeps a file in the place of the session's one before.
func (s *staged) put(u upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(o upload) bool { return o.token == u.token })
	s.all = append(s.all, u)
	if len(s.all) > stagedMax {
		s.all = slices.Delete(s.all, 0, len(s.all)-stagedMax)
	}
}

func (s *staged) get(token string, id clinic.ID) (upload, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(o upload) bool { return o.token == token && o.id == id })
	if i < 0 {
		return upload{}, false
	}
	return s.all[i], true
}

func (s *staged) drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(o upload) bool { return o.token == token })
}
