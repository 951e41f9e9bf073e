package web

import (
	"errors"
	"net/http"

	"clinicbox/clinic/desk"
)

// PrintDrop is the view of the question whether a slip shall not be printed.
type PrintDrop struct {
	Page
	Job PrintJob
}

// jobs lists the slips that wait; none without a printer.
func (s *Server) jobs() []PrintJob {
	if s.opts.Printer == nil {
		return nil
	}
	return s.opts.Printer.Jobs()
}

// printRetry tries again what waits.
func (s *Server) printRetry(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Printer == nil {
		return errGone
	}
	s.opts.Printer.Retry()
	s.tell(r, "info", "printing.retried")
	http.Redirect(w, r, "/status", http.StatusSeeOther)
	return nil
}

// printTest queues a slip without anybody's data on it.
func (s *Server) printTest(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Printer == nil {
		return errGone
	}
	err := s.opts.Desk.PrintTest(r.Context(), call(r, "act"))
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil:
		s.tell(r, "good", "printing.test-sent")
	case refusals == nil:
		return err
	case refusals[0].Code == desk.CodePrintQueue:
		s.tell(r, "warn", "printing.test-failed")
	default:
		return err
	}
	http.Redirect(w, r, "/status", http.StatusSeeOther)
	return nil
}

// printDrop asks before a slip is thrown away.
func (s *Server) printDrop(w http.ResponseWriter, r *http.Request) error {
	for _, j := range s.jobs() {
		if j.ID == r.PathValue("job") {
			s.show(w, r, http.StatusOK, "printdrop", &PrintDrop{Page: s.page(r, "printing.drop-title", ""), Job: j})
			return nil
		}
	}
	s.tell(r, "info", "printing.gone")
	http.Redirect(w, r, "/status", http.StatusSeeOther)
	return nil
}

// printDropped takes the slip out of the queue. What was recorded stays.
func (s *Server) printDropped(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Printer == nil {
		return errGone
	}
	switch err := s.opts.Printer.Drop(r.Context(), r.PathValue("job")); {
	case err == nil:
		s.opts.Log.Info("slip dropped unprinted", "by", who(r).session.person.ID.String())
		s.tell(r, "good", "printing.dropped")
	case errors.Is(err, ErrPrinting):
		s.tell(r, "warn", "printing.too-late")
	default:
		return err
	}
	http.Redirect(w, r, "/status", http.StatusSeeOther)
	return nil
}
