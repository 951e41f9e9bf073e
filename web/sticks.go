package web

import (
	"net/http"
	"time"
)

// States of a stick; each with words "sticks.STATE" and "sticks.STATE.do".
const (
	StickNew      = "new"      // nobody used it for records yet
	StickBusy     = "busy"     // being read and written
	StickDone     = "done"     // may be pulled out
	StickFull     = "full"     // may be pulled out, not all fits
	StickReadOnly = "readonly" // takes no data
	StickDamaged  = "damaged"  // does not give back what was written
	StickGone     = "gone"     // was pulled out while it was busy
	StickFailed   = "failed"   // the box itself could not
)

// Stick is a USB stick that carries records to the centre and back.
type Stick struct {
	ID, Name  string
	State     string
	At        time.Time // of the last time that it was written
	Entries   uint64    // on it for the centre
	Bytes     int64
	Confirmed uint64 // entries of which it brought the centre's receipt
	Arrived   int    // entries of the centre that it brought
	Missing   bool   // what comes before those on it is not here
	Bad       int    // files for this box that cannot be used
}

// Courier is what a person may do about sticks. Both answer at once.
type Courier interface {
	Sticks() []Stick
	// Use has a stick used, or tried again; false when it is not there.
	Use(id string) bool
}

func (s *Server) stickRoutes() map[string]handler {
	return map[string]handler{
		"GET /sticks":          s.sticks,
		"POST /sticks/{stick}": s.stickUse,
	}
}

// Sticks is the view of the page of USB sticks.
type Sticks struct {
	Page
	On     bool // sticks are looked for
	Unsent uint64
	Sticks []Stick
}

func (s *Server) sticks(w http.ResponseWriter, r *http.Request) error {
	v := &Sticks{Page: s.page(r, "sticks.title", ""), Unsent: s.opts.Box.Truths().Saved - s.opts.Box.Truths().Received}
	if v.On = s.opts.Courier != nil; v.On {
		v.Sticks = s.opts.Courier.Sticks()
	}
	w.Header().Set("Refresh", "5; url=/sticks?watch=1") // it looks by itself, and keeps no session awake
	s.show(w, r, http.StatusOK, "sticks", v)
	return nil
}

func (s *Server) stickUse(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Courier == nil {
		return errGone
	}
	if !s.opts.Courier.Use(r.PathValue("stick")) {
		s.tell(r, "warn", "sticks.absent")
	}
	http.Redirect(w, r, "/sticks", http.StatusSeeOther)
	return nil
}

// Sure reports whether the stick may be pulled out now.
func (k Stick) Sure() bool {
	return k.State == StickDone || k.State == StickFull || k.State == StickNew
}

// Ask reports whether a button helps.
func (k Stick) Ask() bool { return k.State != StickBusy && k.State != StickDone }

// KB is the size on the stick, rounded up.
func (k Stick) KB() int64 { return (k.Bytes + 1023) / 1024 }
