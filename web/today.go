package web

import (
	"net/http"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Today is the view of the first page: who waits, who is expected.
type Today struct {
	Page
	Day     desk.Day
	Waiting []desk.QueueRow // not yet signed or ended
	Done    []desk.QueueRow
	NextID  clinic.ID // whose turn it is
	Due     []desk.DueRow
	Coming  []desk.DueRow // in the seven days after today
	Late    []desk.DueRow // missed in the seven days before today
	Papers  bool          // the person may enter paper visits
	Alarms  []desk.LabRow // critical results that no clinician has seen
	Doctor  bool
	Notices []desk.NoticeRow // unknown patients of whom the commune must still be told
	Lying   int              // who lies in a bed
	Opens   bool             // the person opens visits
	Opened  int              // protected records that an administrator must acknowledge
}

func (s *Server) today(w http.ResponseWriter, r *http.Request) error {
	by := who(r).session.person.ID
	v := &Today{Page: s.page(r, "today.title", "today")}
	var err error
	if v.Day, err = s.opts.Desk.Today(r.Context(), by); err != nil {
		return err
	}
	for i, row := range v.Day.Rows {
		if i == v.Day.Next {
			v.NextID = row.ID
		}
		if row.State == clinic.VisitSigned || row.State == clinic.VisitClosed {
			v.Done = append(v.Done, row)
			continue
		}
		v.Waiting = append(v.Waiting, row)
	}
	due, err := s.opts.Desk.Due(r.Context(), by, v.Page.Today.AddDays(-7), v.Page.Today.AddDays(7))
	if err != nil {
		return err
	}
	for _, d := range due {
		switch {
		case d.Due == v.Page.Today:
			v.Due = append(v.Due, d)
		case !d.Used.IsZero():
		case d.Due.Before(v.Page.Today):
			v.Late = append(v.Late, d)
		default:
			v.Coming = append(v.Coming, d)
		}
	}
	role := who(r).session.person.Role
	if v.Doctor = role == clinic.RoleDoctor; v.Doctor || role == clinic.RoleNurse {
		if v.Alarms, err = s.opts.Desk.Alarms(r.Context(), by); err != nil {
			return err
		}
	}
	if v.Notices, err = s.opts.Desk.NoticesDue(r.Context(), by); err != nil {
		return err
	}
	if v.Lying, err = s.opts.Desk.CountLying(r.Context(), by); err != nil {
		return err
	}
	v.Opens = role != clinic.RoleAdministrator
	opened, err := s.openings(r)
	if err != nil {
		return err
	}
	v.Opened, v.Papers = len(opened), registers(who(r).session.person)
	s.show(w, r, http.StatusOK, "today", v)
	return nil
}
