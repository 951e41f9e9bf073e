package outbox

import (
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// linger is the wait of entries for those that follow them: a frame and its receipt cost
// some 350 bytes beside what they carry.
type linger struct {
	since, until time.Time
	looked       uint64 // index of the first entry that was not looked at
	bytes        int    // of those that were
}

const (
	enough  = 4 << 10 // bytes of entries that are worth a frame
	longest = 3       // times Quiet, in all
)

// grew lets entries wait. Those that join a backlog do not make it wait. What is written
// in the course of a visit waits for what follows, until the visit is signed; whatever
// else somebody may be waiting for brings all before it along.
func (r *runner) grew() {
	if r.phase != live || !r.hold.IsZero() || r.sent < r.seen {
		return
	}
	now, l := time.Now(), &r.linger
	if l.since.IsZero() {
		*l = linger{since: now, looked: r.sent}
	}
	until := now.Add(r.opts.Quiet)
	if most := l.since.Add(longest * r.opts.Quiet); most.Before(until) {
		until = most
	}
	if r.presses() {
		if until = now.Add(r.opts.Linger); !l.until.IsZero() && l.until.Before(until) {
			return
		}
	}
	l.until = until
}

// presses looks at what came: whether any of it is to go out soon.
func (r *runner) presses() bool {
	l := &r.linger
	raws, err := r.opts.Log.Read(l.looked, 64, 2*enough)
	if err != nil || l.looked+uint64(len(raws)) < r.opts.Log.Size() {
		return true
	}
	for i := range raws {
		l.bytes += len(raws[i].Bytes)
		rec, err := entry.DecodeIf(raws[i].Bytes, clinic.Ref{}, raws[i].Leaf, func(clinic.Kind) bool { return false })
		if err != nil || !waits(&rec) {
			return true
		}
		l.looked++
	}
	return l.bytes >= enough
}

// waits tells whether an entry is one that others of its visit follow, or one that
// nobody waits for. What is not listed does not wait.
func waits(r *clinic.Record) bool {
	switch r.Kind {
	case clinic.KindLooked, clinic.KindViewed:
		return true
	case clinic.KindVisit, clinic.KindArrived, clinic.KindVitals, clinic.KindExam, clinic.KindDiagnosis,
		clinic.KindPrescribe, clinic.KindBill, clinic.KindAppointment, clinic.KindDispensed, clinic.KindPaper:
		return !r.Visit.IsZero()
	}
	return false
}

// waits is how long nothing goes out.
func (r *runner) waits() time.Duration {
	wait := time.Duration(0)
	for _, until := range []time.Time{r.hold, r.linger.until} {
		if !until.IsZero() {
			wait = max(wait, time.Until(until))
		}
	}
	return wait
}

// flush hands what lingers to the link before the program ends. Whether it gets there,
// the next start asks.
func (r *runner) flush() {
	if r.phase == live && !r.linger.until.IsZero() {
		r.linger = linger{}
		r.pump()
	}
}
