package pages

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"clinicbox/hub"
	"clinicbox/internal/cert"
)

type errorView struct {
	page
	Message string
}

type loginView struct {
	page
	Wrong bool
	Wait  int // seconds
}

// state is a box's, for people: a sign, a word and a colour.
type state struct{ Word, Sign, Class string }

// boxRow is a box with its streams summed up.
type boxRow struct {
	hub.Box
	State                 state
	Held, Stated, Lag     uint64
	Since, Receipt, Heard time.Time
	Parked, Holes         int
	Alarms                []hub.Alarm // open ones, one a code
}

type boxesView struct {
	page
	Boxes           []boxRow
	Entries         uint64
	Behind, Alarmed int
	Pushed          bool
}

type incarnationRow struct {
	hub.Incarnation
	Latest bool
}

type boxView struct {
	page
	Box          boxRow
	Open         []hub.Alarm
	Seen         []hub.Alarm
	Acked, Again bool
	Streams      []hub.Stream
	Incarnations []incarnationRow
	Down         hub.DownState
	Waiting      uint64
	Fingerprint  string
	Events       []machineEvent
	Push         *pushView
	Spent        Spent
}

// row sums a box up; alarms are the open ones, one a code.
func row(b hub.Box, streams []hub.Stream, alarms []hub.Alarm) boxRow {
	r := boxRow{Box: b, Heard: b.LastSeen, Alarms: alarms}
	for i := range streams {
		s := &streams[i]
		r.Held += s.Size
		r.Stated += max(s.Stated, s.Size)
		r.Parked += s.Parked
		r.Holes += s.Holes
		if s.Receipt.At.After(r.Receipt) {
			r.Receipt = s.Receipt.At
		}
		if lag := s.Lag(); lag > 0 {
			r.Lag += lag
			if r.Since.IsZero() || s.Behind.Before(r.Since) {
				r.Since = s.Behind
			}
		}
	}
	switch {
	case len(alarms) > 0:
		r.State = state{"state.alarm", "⚠", "bad"}
	case len(streams) == 0:
		r.State = state{"state.never", "○", "idle"}
	case r.Lag > 0:
		r.State = state{"state.behind", "↑", "warn"}
	default:
		r.State = state{"state.ok", "✓", "ok"}
	}
	return r
}

func (s *server) boxes(w http.ResponseWriter, r *http.Request) {
	v, err := s.boxesView(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Refresh, v.Pushed = true, r.URL.Query().Has("pushed") // no form here: a refresh would empty it
	s.render(w, http.StatusOK, "boxes.html", v)
}

func (s *server) boxesView(r *http.Request) (*boxesView, error) {
	ctx := r.Context()
	v := &boxesView{page: s.page(r, "boxes.title")}
	boxes, err := s.DB.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	streams, err := s.DB.Streams(ctx, "")
	if err != nil {
		return nil, err
	}
	alarms, err := s.DB.OpenAlarms(ctx)
	if err != nil {
		return nil, err
	}
	sOf, aOf := map[string][]hub.Stream{}, map[string][]hub.Alarm{}
	for _, x := range streams {
		sOf[x.Box] = append(sOf[x.Box], x)
	}
	for _, x := range alarms {
		aOf[x.Box] = append(aOf[x.Box], x)
	}
	for _, b := range boxes {
		row := row(b, sOf[b.Name], aOf[b.Name])
		v.Boxes = append(v.Boxes, row)
		v.Entries += row.Held
		if row.Lag > 0 {
			v.Behind++
		}
		if len(row.Alarms) > 0 {
			v.Alarmed++
		}
	}
	return v, nil
}

func (s *server) box(w http.ResponseWriter, r *http.Request) {
	v, err := s.boxView(r, r.PathValue("name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q := r.URL.Query()
	v.Push.Done, v.Acked, v.Again = q.Has("pushed"), q.Has("acked"), q.Has("again")
	s.render(w, http.StatusOK, "box.html", v)
}

func (s *server) boxView(r *http.Request, name string) (*boxView, error) {
	ctx := r.Context()
	b, err := s.DB.Box(ctx, name)
	if err != nil {
		return nil, err
	}
	v := &boxView{page: s.page(r, b.Name), Fingerprint: cert.Fingerprint(b.Keys.Identity[:])}
	v.Push = newPush(&v.page, b.Name)
	if v.Streams, err = s.DB.Streams(ctx, name); err != nil {
		return nil, err
	}
	open, err := s.alarms(ctx, v, name)
	if err != nil {
		return nil, err
	}
	if v.Down, err = s.DB.DownState(ctx, name); err != nil {
		return nil, err
	}
	v.Waiting = v.Down.Last - v.Down.Acked
	if s.Spent != nil {
		v.Spent = s.Spent(name)
	}
	v.Box = row(b, v.Streams, open)
	if v.Events, err = s.machineEvents(ctx, name); err != nil {
		return nil, err
	}
	v.Incarnations, err = s.incarnations(ctx, name)
	return v, err
}

// alarms fills the view with a box's alarms and returns the sums of the open ones.
func (s *server) alarms(ctx context.Context, v *boxView, name string) (open []hub.Alarm, err error) {
	as, err := s.DB.Alarms(ctx, name, shownAlarms)
	if err != nil {
		return nil, err
	}
	for _, a := range as {
		if a.Open() {
			v.Open = append(v.Open, a)
		} else {
			v.Seen = append(v.Seen, a)
		}
	}
	sums, err := s.DB.OpenAlarms(ctx)
	for _, a := range sums {
		if a.Box == name {
			open = append(open, a)
		}
	}
	return open, err
}

func (s *server) incarnations(ctx context.Context, name string) (out []incarnationRow, err error) {
	is, err := s.DB.Incarnations(ctx, name, 20)
	for _, i := range is {
		out = append(out, incarnationRow{Incarnation: i, Latest: i.Superseded == hub.Epoch{}})
	}
	return out, err
}

// render writes a page, whole or not at all.
func (s *server) render(w http.ResponseWriter, status int, name string, view any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, view); err != nil {
		s.Log.Error("template", "name", name, "err", err)
		http.Error(w, "template", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
