package web

import (
	"maps"
	"net/http"
)

// handler answers one request; an error becomes the page that explains it.
type handler func(http.ResponseWriter, *http.Request) error

// showing answers with a page of what view returns.
func showing[V viewer](s *Server, page string, view func(*http.Request) (V, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := view(r)
		if err != nil {
			return err
		}
		s.show(w, r, http.StatusOK, page, v)
		return nil
	}
}

// publicRoutes need no login. They show no patient; a draft is only
// taken in, for a session that may have locked meanwhile.
func (s *Server) publicRoutes() map[string]handler {
	m := map[string]handler{
		"GET /healthz":         s.wellness,
		"GET /login":           s.login,
		"GET /login/{person}":  s.loginPIN,
		"POST /login/{person}": s.loginCheck,
		"GET /lock":            s.lockPage,
		"POST /unlock":         s.unlock,
		"POST /logout":         s.logout,
		"POST /draft":          s.keepDraft,
	}
	maps.Copy(m, s.commonRoutes())
	maps.Copy(m, s.trustRoutes(s.opts.Trust))
	return m
}

// staffRoutes need a login of any role. They show no patient.
func (s *Server) staffRoutes() map[string]handler {
	m := map[string]handler{
		"GET /status":                            s.status,
		"POST /lock":                             s.lock,
		"POST /printing/retry":                   s.printRetry,
		"POST /printing/test":                    s.printTest,
		"GET /printing/{job}/drop":               s.printDrop,
		"POST /printing/{job}/drop":              s.printDropped,
		"GET /retention":                         s.retention,
		"GET /catalogs":                          s.catalogs,
		"GET /catalogs/{catalog}":                s.catalogPage,
		"GET /catalogs/{catalog}/rows/{code}":    s.catalogRowPage,
		"GET /catalogs/{catalog}/import":         showing(s, "import", s.uploadView),
		"POST /catalogs/{catalog}/import":        s.uploadSave,
		"GET /catalogs/{catalog}/import/{file}":  s.importPreview,
		"POST /catalogs/{catalog}/import/{file}": s.importSave,
		"GET /imports":                           s.importList,
		"GET /imports/{import}":                  showing(s, "importone", s.importView),
		"POST /imports/{import}":                 s.importUndo,
		"GET /staff":                             s.staffList,
		"GET /staff/pin":                         s.ownPIN,
		"POST /staff/pin":                        s.ownPINSave,
		"GET /staff/new":                         s.staffNew,
		"POST /staff/new":                        s.staffNewSave,
		"GET /staff/{person}":                    s.staffPerson,
		"GET /staff/{person}/edit":               s.staffEdit,
		"POST /staff/{person}/edit":              s.staffEditSave,
		"POST /staff/opened":                     s.acknowledge,
		"GET /staff/{person}/unlock":             s.unlockColleague,
		"POST /staff/{person}/unlock":            s.unlockColleagueSave,
		"GET /staff/{person}/key":                s.vouch,
		"POST /staff/{person}/key":               s.vouchSave,
		"GET /staff/{person}/newpin":             s.resetPIN,
		"POST /staff/{person}/newpin":            s.resetPINSave,
	}
	maps.Copy(m, s.machineRoutes())
	maps.Copy(m, s.downtimeRoutes())
	maps.Copy(m, s.stickRoutes())
	m["GET /budget"] = s.budget
	return m
}

// recordRoutes show patients: every role but the technician's. P stands for the
// patient's ID in the path, V for the visit's.
func (s *Server) recordRoutes() map[string]handler {
	const p, v = "/patients/{patient}", "/patients/{patient}/visits/{visit}"
	m := map[string]handler{
		"GET /{$}":                         s.today,
		"GET /find":                        s.find,
		"POST /find":                       s.findAnswer,
		"GET /scan":                        s.scan,
		"GET /scan/type":                   s.scanType,
		"POST /scan/type":                  s.scanTyped,
		"GET /scan/{scan}":                 s.scanOpen,
		"GET /events":                      s.events,
		"POST /draft/forget":               s.forgetDraft,
		"POST /suggest/{list}":             s.suggest,
		"GET /register":                    s.register,
		"POST /register":                   s.registerSave,
		"GET " + p:                         s.patient,
		"GET " + p + "/looks":              s.looks,
		"GET " + p + "/open":               s.openAsk,
		"POST " + p + "/open":              s.openSave,
		"GET " + p + "/protect":            showing(s, "protect", s.protectView),
		"POST " + p + "/protect":           s.protectSave,
		"GET /staff/{person}/looks":        s.looksBy,
		"GET " + p + "/same/{other}":       s.same,
		"POST " + p + "/same/{other}":      s.sameSave,
		"GET " + p + "/apart/{other}":      showing(s, "apart", s.apartView),
		"POST " + p + "/apart/{other}":     s.apartSave,
		"GET " + p + "/child":              s.newborn,
		"POST " + p + "/child":             s.newbornSave,
		"POST " + p + "/code":              s.printCode,
		"GET " + p + "/edit":               s.patientEdit,
		"POST " + p + "/edit":              s.patientEditSave,
		"GET " + p + "/allergies":          s.allergies,
		"POST " + p + "/allergies":         s.allergiesSave,
		"GET " + p + "/allergies/versions": s.allergyVersions,
		"POST " + p + "/visits":            s.visitOpen,
		"GET " + v:                         s.visit,
		"GET " + v + "/check":              s.check,
		"POST " + v + "/sign":              s.signSave,
		"GET " + v + "/end":                s.visitEnd,
		"POST " + v + "/end":               s.visitEndSave,
		"GET " + v + "/versions/{step}":    s.versions,
		"POST " + v + "/print":             s.print,
		"POST " + v + "/rx/print":          s.printRx,
		"GET " + v + "/legal/{leaf}":       s.legal,
		"POST " + v + "/legal/{leaf}":      s.legalSave,
		"GET " + v + "/legal/{leaf}/file":  s.legalFile,
	}
	maps.Copy(m, s.oldRoutes())
	maps.Copy(m, s.bookRoutes())
	maps.Copy(m, s.conflictRoutes())
	m["GET "+p+"/elsewhere"] = s.elsewhereState
	m["POST "+p+"/elsewhere"] = s.elsewhereAsk
	m["GET /programmes"] = s.programmes
	m["GET /programmes/{programme}"] = s.programmes
	m["POST "+p+"/enrol"] = s.enrolSave
	m["GET /vaccines"] = s.vaccines
	m["POST /vaccines"] = s.sessionSave
	m["POST /vaccines/close"] = s.sessionClose
	m["POST /vaccines/sign"] = s.vaccinesSign
	m["GET "+p+"/vaccines"] = s.vaccineCard
	m["POST "+p+"/vaccines"] = s.vaccineCardSave
	m["POST "+v+"/type"] = s.typeSave
	m["POST "+v+"/watched"] = s.watched
	maps.Copy(m, s.stockRoutes())
	maps.Copy(m, s.paperRoutes())
	maps.Copy(m, s.labRoutes())
	maps.Copy(m, s.motherRoutes())
	maps.Copy(m, s.stayRoutes())
	maps.Copy(m, s.healthBookRoutes())
	m["POST "+v+"/healthcheck/print"] = s.printCheck
	for _, st := range steps() {
		m["GET "+v+"/"+st.name] = s.stepPage(st)
		m["POST "+v+"/"+st.name] = s.stepSave(st)
	}
	return m
}

// routed joins routes, access and the guards around them.
func (s *Server) routed() http.Handler {
	mux := http.NewServeMux()
	add := func(routes map[string]handler, wrap func(handler) handler) {
		for pattern, h := range routes {
			mux.Handle(pattern, s.answered(wrap(h)))
		}
	}
	add(s.publicRoutes(), func(h handler) handler { return h })
	add(s.staffRoutes(), s.staff)
	add(s.recordRoutes(), s.records)
	return guard(s.known(s.unmatched(mux)), s.refused)
}
