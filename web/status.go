package web

import (
	"net/http"
	"strings"
)

// Status is the view of the page that says how the box is, why, and what to do.
type Status struct {
	Page
	Jobs  []PrintJob
	Print bool // there is a printer
	Retry bool // a slip waits that trying again may bring out
	// Sticks tells that the box sends by USB stick, too.
	Sticks bool
	// Budget tells that the link is counted; Waiting is what waits for next month.
	Budget  bool
	Waiting []SpentOn
	Admin   bool // the person may look after the machine itself
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) error {
	v := &Status{Page: s.page(r, "status.title", ""), Jobs: s.jobs(), Print: s.opts.Printer != nil, Sticks: s.opts.Courier != nil, Admin: s.opts.Machine != nil && administers(who(r).session.person)}
	v.Watch = true
	if v.Budget = s.opts.Budget != nil; v.Budget {
		v.Waiting = s.opts.Budget.Spent().Waiting()
	}
	for _, j := range v.Jobs {
		v.Retry = v.Retry || !j.Bad && !j.Now
	}
	s.show(w, r, http.StatusOK, "status", v)
	return nil
}

// wellness answers the supervisor: ok, or code words of what is missing.
func (s *Server) wellness(w http.ResponseWriter, r *http.Request) error {
	if s.healthz != nil {
		return s.health(w, r)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if codes := s.opts.Box.NotReady(); len(codes) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, err := w.Write([]byte(strings.Join(codes, "\n") + "\n"))
		return err
	}
	_, err := w.Write([]byte("ok\n"))
	return err
}
