package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"clinicbox/clinic"
)

const (
	eventsTick = 2 * time.Second  // how old the strip on a page may be
	eventsLong = 30 * time.Second // a write that takes longer has nobody behind it
)

// live is one scan as the page's script hears of it.
type live struct {
	Text string `json:"text"`
	Open string `json:"open,omitempty"` // path; empty = the code leads nowhere
	Go   bool   `json:"go"`             // go there at once if nothing was typed
}

// events tells a page's script of scans, of the state of the data, and of the
// lock, as server-sent events. It proves nobody at the screen.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	tick := time.NewTicker(eventsTick)
	defer tick.Stop()
	token, strip := who(r).session.token, ""
	var told clinic.ID
	for {
		x, ok := s.sessions.get(token, who(r).place, false)
		if !ok || x.locked {
			return send(w, rc, "lock", "")
		}
		scan, fresh, more := s.scans.fresh()
		if fresh && scan.id != told {
			told = scan.id
			if err := s.sendScan(w, r, rc, scan); err != nil {
				return nil // the page is gone
			}
		}
		now, err := s.stripHTML(r)
		if err != nil {
			return err
		}
		if now != strip {
			strip = now
			if err := send(w, rc, "strip", strip); err != nil {
				return nil
			}
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-more:
		case <-tick.C:
		}
	}
}

func (s *Server) sendScan(w http.ResponseWriter, r *http.Request, rc *http.ResponseController, x scanned) error {
	text, ok := s.scanLabel(r.Context(), who(r), x.raw)
	l := live{Text: text}
	if ok {
		l.Open, l.Go = "/scan/"+x.id.String(), s.sessions.atDesk(who(r).session.token)
	}
	return send(w, rc, "scan", l)
}

// send writes one event; the value travels as JSON.
func send(w http.ResponseWriter, rc *http.ResponseController, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := rc.SetWriteDeadline(time.Now().Add(eventsLong)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	return rc.Flush()
}

// stripHTML renders the strip alone.
func (s *Server) stripHTML(r *http.Request) (string, error) {
	v := who(r)
	now, _ := s.opts.Clock.Now()
	p := &Page{Lang: v.lang, Strip: s.strip(), Now: now}
	t, err := s.engine.pages[v.lang].page("status")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "strip", p); err != nil {
		return "", fmt.Errorf("web: strip: %w", err)
	}
	return b.String(), nil
}

// keepDraft takes in what somebody is typing, so that a lock, a power cut of the
// tablet or a wrong tap does not lose it. It answers also when the session locked
// meanwhile: that is when it matters.
func (s *Server) keepDraft(w http.ResponseWriter, r *http.Request) error {
	x := who(r).session
	path := localPath(r.PostForm.Get("draft"))
	switch {
	case x.token == "":
		http.Error(w, "no session", http.StatusUnauthorized)
	case !draftable(path):
		http.Error(w, "not kept", http.StatusBadRequest)
	default:
		v := typed(r.PostForm)
		delete(v, "draft")
		s.drafts.keep(x.owner(), path, v)
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// forgetDraft throws away what was typed and shows the saved state again.
func (s *Server) forgetDraft(w http.ResponseWriter, r *http.Request) error {
	path := localPath(r.PostForm.Get("draft"))
	x := who(r).session
	s.drafts.forget(x.owner(), path)
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// draft returns what was typed on this page and not saved.
func (s *Server) draft(r *http.Request) (url.Values, bool) {
	x := who(r).session
	return s.drafts.get(x.owner(), r.URL.Path)
}

// keepForm keeps a posted form that was not saved.
func (s *Server) keepForm(r *http.Request, f Form) {
	if r.Method != http.MethodPost {
		return
	}
	x := who(r).session
	s.drafts.keep(x.owner(), r.URL.Path, typed(f.Values))
}

// saved forgets the page's draft.
func (s *Server) saved(r *http.Request) {
	x := who(r).session
	s.drafts.forget(x.owner(), r.URL.Path)
}
