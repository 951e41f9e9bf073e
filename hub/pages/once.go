package pages

import (
	"crypto/rand"
	"sync"
	"time"
)

// What a form did is remembered for an hour, what is shown once for some minutes.
const (
	doneLife   = time.Hour
	secretLife = 10 * time.Minute
	secretView = 2 // shown, and once more when the page is loaded again
	maxDone    = 5000
	maxSecrets = 500
)

// once keeps what must not happen, or be seen, twice. It is in memory: a restart
// forgets, and what forms do is harmless twice.
type once struct {
	mu      sync.Mutex
	done    map[string]*act
	secrets map[string]*secret
}

// act is one sending of a form. Its mutex lets the second of two clicks wait for
// the first.
type act struct {
	mu sync.Mutex
	at time.Time
	to string // where it led; empty = not done
}

// secret is something shown to one session.
type secret struct {
	who   caller
	kind  string
	value any
	until time.Time
	views int
}

// do runs f unless the same form of the same session did already, and returns where
// it leads. What failed may be sent again.
func (o *once) do(who caller, key string, now time.Time, f func() (string, error)) (string, error) {
	if key == "" {
		return f()
	}
	a := o.act(who.session+"\x00"+key, now)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.to != "" {
		return a.to, nil
	}
	to, err := f()
	if err == nil {
		a.to = to
	}
	return to, err
}

func (o *once) act(key string, now time.Time) *act {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a := o.done[key]; a != nil {
		return a
	}
	if o.done == nil {
		o.done = map[string]*act{}
	}
	for k, a := range o.done {
		if now.Sub(a.at) > doneLife || len(o.done) >= maxDone {
			delete(o.done, k)
		}
	}
	a := &act{at: now}
	o.done[key] = a
	return a
}

// keep takes what one session may see, and returns its name in an address.
func (o *once) keep(who caller, kind string, value any, now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.secrets == nil {
		o.secrets = map[string]*secret{}
	}
	for k, s := range o.secrets {
		if !now.Before(s.until) || len(o.secrets) >= maxSecrets {
			delete(o.secrets, k)
		}
	}
	id := rand.Text()
	o.secrets[id] = &secret{who: who, kind: kind, value: value, until: now.Add(secretLife), views: secretView}
	return id
}

// show returns what was kept, and how often it will still be shown; false when it
// is gone or another session's.
func (o *once) show(who caller, kind, id string, now time.Time) (value any, left int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.secrets[id]
	if s == nil || s.who != who || s.kind != kind || !now.Before(s.until) {
		return nil, 0, false
	}
	if s.views--; s.views <= 0 {
		delete(o.secrets, id)
	}
	return s.value, s.views, true
}

// end forgets what a session could see.
func (o *once) end(who caller) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for k, s := range o.secrets {
		if s.who == who {
			delete(o.secrets, k)
		}
	}
}
