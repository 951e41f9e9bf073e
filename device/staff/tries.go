package staff

import (
	"fmt"
	"time"

	"clinicbox/clinic"
)

// MaxWrong is how many wrong PINs in a row lock a person out, and how many from
// strangers lock out strangers.
const MaxWrong = 10

// DefaultPause is 1, 2, 4, 8, 16 s after the fifth to the ninth wrong PIN: a
// person who mistypes does not notice, ten tries take half a minute.
func DefaultPause(wrong int) time.Duration {
	if wrong < 5 {
		return 0
	}
	return time.Second << min(wrong-5, 4)
}

// source is where tries come from. Each has its own counter and its own pauses:
// who guesses from the Wi-Fi must not hinder the person at the person's tablet.
type source struct {
	person   clinic.ID
	stranger bool // a browser from which the person never logged in
}

func (s source) bucket() string {
	if s.stranger {
		return bucketStrangers
	}
	return bucketTries
}

// tries are the wrong ones so far of the two sources.
type tries struct{ known, strangers int }

func (t tries) of(stranger bool) int {
	if stranger {
		return t.strangers
	}
	return t.known
}

// locked tells why no PIN may be compared, if so. The person's lock is everybody's.
func (t tries) locked(stranger bool) (clinic.PINResult, bool) {
	switch {
	case t.known >= MaxWrong:
		return clinic.PINLocked, true
	case stranger && t.strangers >= MaxWrong:
		return clinic.PINStrangers, true
	}
	return 0, false
}

// load returns the verifier, nil when there is none, and the wrong tries so far.
// A missing or unreadable counter counts as full.
func (p *Pins) load(person clinic.ID) (*verifier, tries, error) {
	b, err := p.getPIN(person)
	if err != nil || noPIN(b) {
		return nil, tries{}, err
	}
	v, err := parseVerifier(b)
	if err != nil {
		return nil, tries{}, err
	}
	var t tries
	if t.known, err = p.count(source{person, false}, MaxWrong); err != nil {
		return nil, tries{}, err
	}
	missing := MaxWrong
	if v.version == versionPlain {
		missing = 0 // of the time when strangers were not counted apart
	}
	t.strangers, err = p.count(source{person, true}, missing)
	return v, t, err
}

// count reads a counter; missing is what it is when it was never written.
func (p *Pins) count(s source, missing int) (int, error) {
	b, err := p.kv.Get(s.bucket(), s.person.String())
	switch {
	case err != nil:
		return 0, fmt.Errorf("staff: read tries: %w", err)
	case b == nil:
		return missing, nil
	case len(b) != 1 || b[0] > MaxWrong:
		return MaxWrong, nil
	}
	return int(b[0]), nil
}

func (p *Pins) putTries(s source, n int) error {
	if err := p.kv.Put(s.bucket(), s.person.String(), []byte{byte(n)}); err != nil {
		return fmt.Errorf("staff: count a try: %w", err)
	}
	return nil
}

// forget forgets the wrong tries of both sources.
func (p *Pins) forget(person clinic.ID) error {
	for _, stranger := range []bool{false, true} {
		if err := p.forgetOne(source{person, stranger}); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pins) forgetOne(s source) error {
	if err := p.putTries(s, 0); err != nil {
		return err
	}
	delete(p.next, s)
	return nil
}

// wait returns how long the source must still wait. The pause after a restart is
// the whole one: times are not kept, for the clock may step.
func (p *Pins) wait(s source, wrong int) time.Duration {
	if _, ok := p.next[s]; !ok {
		p.pause(s, wrong)
	}
	return p.next[s].Sub(p.opts.Now())
}

func (p *Pins) pause(s source, wrong int) {
	p.next[s] = p.opts.Now().Add(p.opts.Pause(wrong))
}
