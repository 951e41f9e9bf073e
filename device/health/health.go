// Package health keeps what is wrong with the box as data: a cause has a code, a
// severity, words in both languages and the causes it depends on. A cause that
// failed hides what only follows from it, so that a person reads one line to act
// on and not ten. Parts report into a Registry; pages, logs and /healthz read it.
package health

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Severity tells how soon somebody has to act.
type Severity string

// The severities, from least to worst.
const (
	Info    Severity = "info"    // known and wanted, such as development keys
	Warning Severity = "warning" // work goes on without something
	Failure Severity = "failure" // records cannot be made
)

func (s Severity) rank() int { return slices.Index([]Severity{Info, Warning, Failure}, s) }

// Cause describes something that can go wrong.
type Cause struct {
	Code     string // such as "printer.paper"; also the key of its texts
	Severity Severity
	After    time.Duration // shown only when it lasts that long
	Hides    []string      // causes that only follow from this one
	VI, EN   string        // what happened and what to do
}

// State is a cause that fails now.
type State struct {
	Code     string    `json:"code"`
	Severity Severity  `json:"severity"`
	Since    time.Time `json:"since"`
	VI       string    `json:"vi"`
	EN       string    `json:"en"`
	Hides    []string  `json:"hides,omitempty"` // failing causes that are not listed because of this one
}

// Registry knows all causes and which of them fail. It may be used by several
// goroutines; no method waits.
type Registry struct {
	now    func() time.Time
	causes map[string]Cause
	mu     sync.Mutex
	since  map[string]time.Time
}

// New returns a registry in which nothing fails. now is time.Now outside tests.
func New(now func() time.Time, causes []Cause) *Registry {
	r := &Registry{now: now, causes: map[string]Cause{}, since: map[string]time.Time{}}
	for _, c := range causes {
		r.causes[c.Code] = c
	}
	return r
}

// Set says whether the cause fails now. Repeating it keeps the time since when. An
// unknown code is shown as a warning without words rather than lost.
func (r *Registry) Set(code string, failing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, was := r.since[code]
	switch {
	case !failing:
		delete(r.since, code)
	case !was:
		r.since[code] = r.now()
	}
}

// States lists what fails and is neither hidden nor too young, worst first, then
// oldest first.
func (r *Registry) States() []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	hidden := map[string]bool{}
	var out []State
	for code, since := range r.since {
		c := r.cause(code)
		if now.Sub(since) < c.After {
			continue
		}
		s := State{Code: code, Severity: c.Severity, Since: since, VI: c.VI, EN: c.EN}
		for _, h := range r.effects(c, map[string]bool{code: true}) {
			if _, failing := r.since[h]; failing {
				s.Hides = append(s.Hides, h)
				hidden[h] = true
			}
		}
		slices.Sort(s.Hides)
		out = append(out, s)
	}
	out = slices.DeleteFunc(out, func(s State) bool { return hidden[s.Code] })
	slices.SortFunc(out, func(a, b State) int {
		return cmp.Or(b.Severity.rank()-a.Severity.rank(), a.Since.Compare(b.Since), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func (r *Registry) cause(code string) Cause {
	if c, ok := r.causes[code]; ok {
		return c
	}
	return Cause{Code: code, Severity: Warning, VI: code, EN: code}
}

// effects returns what a cause hides, directly or through others.
func (r *Registry) effects(c Cause, seen map[string]bool) (out []string) {
	for _, h := range c.Hides {
		if !seen[h] {
			seen[h] = true
			out = append(append(out, h), r.effects(r.causes[h], seen)...)
		}
	}
	return out
}

// Worst returns the severity of the worst state, or "" when nothing fails.
func Worst(states []State) Severity {
	var worst Severity
	for _, s := range states {
		if s.Severity.rank() > worst.rank() {
			worst = s.Severity
		}
	}
	return worst
}
