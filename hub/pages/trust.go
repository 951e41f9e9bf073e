package pages

import (
	"net/http"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// trustRoutes are the pages of what the authority does.
func (s *server) trustRoutes(m *http.ServeMux) {
	get := func(path string, h http.HandlerFunc) { m.HandleFunc("GET "+path, s.trusted(h)) }
	post := func(path string, h http.HandlerFunc) { m.HandleFunc("POST "+path, s.trusted(h)) }
	both := func(path string, build func(*http.Request) (*job, error)) {
		m.HandleFunc("GET "+path, s.ask(build))
		m.HandleFunc("POST "+path, s.ask(build))
	}
	get("/certs", s.certs)
	get("/certs/{serial}", s.certPage)
	both("/certs/{serial}/{task}", s.certJob)
	get("/invitations", s.invitations)
	get("/invitations/new", s.inviteForm)
	post("/invitations/new", s.invite)
	get("/invitations/code/{id}", s.code)
	get("/carried", s.enrolForm)
	post("/carried", s.enrol)
	get("/carried/{serial}", s.answer)
	get("/carried/{serial}/answer.txt", s.answerText)
	get("/carried/{serial}/answer.bin", s.answerFile)
	get("/people", s.facilities)
	get("/people/{facility}", s.people)
	both("/people/{facility}/waiting/{digest}/{task}", s.decideJob)
	both("/people/{facility}/{serial}/revoke", s.revokeJob)
	get("/history", s.history)
	post("/history/verify", s.verify)
	get("/history/history.txt", s.historyFile)
	get("/patients", s.patients)
	get("/patients/asked", s.asked)
	get("/patients/{a}/{b}", s.pair)
	post("/patients/{a}/{b}", s.answerPair)
	get("/telephone", s.callers)
	get("/telephone/{box}", s.callForm)
	post("/telephone/{box}", s.call)
	get("/telephone/{box}/{id}", s.spokenAnswer)
}

// done returns the key of what has just been done, as the redirect says it.
func (s *server) done(r *http.Request) string {
	key := "done." + r.URL.Query().Get("done")
	if s.words["vi"][key] == "" {
		return ""
	}
	return key
}

// short is as much of a serial or a person's ID as people compare.
func short(s string) string { return s[:min(8, len(s))] }

// reasonKey names why a certificate ended.
func reasonKey(r cert.Reason) string {
	switch r {
	case cert.ReasonReplaced:
		return "reason.replaced"
	case cert.ReasonStolen:
		return "reason.stolen"
	case cert.ReasonLeft:
		return "reason.left"
	case cert.ReasonLost:
		return "reason.lost"
	case cert.ReasonError:
		return "reason.error"
	}
	return "reason.other"
}

func roleKey(r clinic.Role) string {
	switch r {
	case clinic.RoleNurse:
		return "role.nurse"
	case clinic.RoleDoctor:
		return "role.doctor"
	case clinic.RoleCashier:
		return "role.cashier"
	case clinic.RoleTechnician:
		return "role.technician"
	case clinic.RoleAdministrator:
		return "role.administrator"
	}
	return "role.other"
}

func fromHLC(h uint64) time.Time { return time.UnixMilli(int64(h >> 16)) }

// place writes a facility as one line.
func place(f *clinic.Facility) string {
	out := f.Name
	if f.Site != "" {
		out += ", " + f.Site
	}
	if f.Code != "" {
		out += " (" + f.Code + ")"
	}
	return strings.TrimSpace(out)
}
