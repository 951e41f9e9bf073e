package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"clinicbox/clinic"
)

// knownLife is how long a browser stays one that the person has used; each login
// renews it.
const knownLife = 400 * 24 * time.Hour

// knownCookie names the mark that a person leaves in the browsers that they use.
// Guesses from browsers without it are counted apart: who guesses from a tablet of
// their own locks out tablets like theirs, not the person.
func knownCookie(person clinic.ID) string { return "clinicbox_known_" + person.String()[:12] }

// familiar reports whether the person logged in from this browser before.
func (s *Server) familiar(r *http.Request, person clinic.ID) bool {
	b, err := hex.DecodeString(readCookie(r, knownCookie(person)))
	return err == nil && len(b) == 48 && hmac.Equal(b, s.mark(b[:16], person))
}

// know leaves the mark after a right PIN.
func (s *Server) know(w http.ResponseWriter, r *http.Request, person clinic.ID) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails since Go 1.24
	http.SetCookie(w, newCookie(r, knownCookie(person), hex.EncodeToString(s.mark(nonce[:], person)), knownLife))
}

// mark is the nonce with a MAC over it and the person.
func (s *Server) mark(nonce []byte, person clinic.ID) []byte {
	m := hmac.New(sha256.New, s.opts.Known)
	m.Write(nonce)
	m.Write(person[:])
	return m.Sum(append([]byte(nil), nonce...))
}
