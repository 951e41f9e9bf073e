package pages

import (
	"net/http"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// askedRows stand on the list of questions.
const askedRows = 200

// askedRow is a question about a patient, without anything of who it is about.
type askedRow struct {
	hub.Question
	Consent, CSS string
	Outcome      string
}

type askedView struct {
	page
	Box  string // of this box only
	Rows []askedRow
}

// asked lists which boxes asked what other facilities know of a patient, why they might,
// and what came of it.
func (s *server) asked(w http.ResponseWriter, r *http.Request) {
	v := &askedView{page: s.page(r, "asked.title"), Box: r.URL.Query().Get("box")}
	qs, err := s.DB.Questions(r.Context(), v.Box, askedRows)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, q := range qs {
		row := askedRow{Question: q, Consent: "asked.consent", CSS: "ok", Outcome: outcomeKey(q.State)}
		switch q.Consent {
		case clinic.ConsentGuardian:
			row.Consent = "asked.guardian"
		case clinic.ConsentEmergency:
			row.Consent, row.CSS = "asked.emergency", "bad"
		}
		v.Rows = append(v.Rows, row)
	}
	s.render(w, http.StatusOK, "asked.html", v)
}

func outcomeKey(o clinic.SummaryOutcome) string {
	switch o {
	case clinic.SummaryFound:
		return "asked.found"
	case clinic.SummaryNobody:
		return "asked.nobody"
	case clinic.SummaryUnsure:
		return "asked.unsure"
	case clinic.SummaryProtected:
		return "asked.protected"
	}
	return "asked.waits"
}
