package pages

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"clinicbox/hub"
)

// shownAlarms of a box stand on its page.
const shownAlarms = 100

// acknowledge takes alarms of a box as ID:count, the count being what the person
// saw. One that happened again meanwhile stays open.
func (s *server) acknowledge(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, err)
		return
	}
	again, who := false, callerOf(r).name
	for i, v := range r.PostForm["alarm"] {
		id, count, ok := alarmOf(v)
		if !ok || i >= shownAlarms {
			s.errorPage(w, r, http.StatusBadRequest, "err.failed")
			return
		}
		err := s.DB.Acknowledge(r.Context(), name, id, hub.Ack{Count: count, At: s.Now(), Who: who})
		switch {
		case errors.Is(err, hub.ErrAgain):
			again = true
		case err != nil:
			s.fail(w, r, err)
			return
		default:
			s.Log.Info("alarm acknowledged", "box", name, "alarm", id, "count", count, "who", who)
		}
	}
	result := "?acked"
	if again {
		result = "?again"
	}
	http.Redirect(w, r, "/boxes/"+name+result+"#alarms", http.StatusSeeOther)
}

func alarmOf(v string) (id int64, count int, ok bool) {
	a, b, _ := strings.Cut(v, ":")
	id, err := strconv.ParseInt(a, 10, 64)
	count, err2 := strconv.Atoi(b)
	return id, count, err == nil && err2 == nil
}
