package web

import (
	"net/http"
	"slices"
)

// Downtime is the view of an empty form for days on which the box is down.
type Downtime struct {
	Page
	Name   string
	Fields []DowntimeField
	Table  []string // keys of columns; none = no table
	Rows   []int
}

// DowntimeField is a word with a line to write on.
type DowntimeField struct {
	Key   string
	Wide  bool // a line of its own
	Lines []int
}

// downtimeForms names the empty forms, in the order in which a visit needs them.
func downtimeForms() []string {
	return []string{"register", "visit", "vitals", "prescription", "vaccination"}
}

func short(keys ...string) (out []DowntimeField) {
	for _, k := range keys {
		out = append(out, DowntimeField{Key: k})
	}
	return out
}

func wide(lines int, keys ...string) (out []DowntimeField) {
	for _, k := range keys {
		out = append(out, DowntimeField{Key: k, Wide: true, Lines: make([]int, lines)})
	}
	return out
}

// downtime lays a form out: what the box asks for, and nothing else.
func downtime(name string) (d Downtime) {
	who := slices.Concat(wide(1, "name"), short("birth", "sex", "citizen", "insurance"))
	d.Name = name
	switch name {
	case "register":
		d.Fields = slices.Concat(who, short("phone", "ethnic", "occupation", "guardian"), wide(1, "address"), wide(2, "allergies"))
	case "visit":
		d.Fields = slices.Concat(who, short("day", "time"), wide(1, "reason"), wide(6, "history"), wide(9, "finding"), wide(3, "diagnosis"), short("icd", "due"), wide(2, "advice"))
	case "vitals":
		d.Table = []string{"name", "birth", "time", "pulse", "temperature", "pressure", "breathing", "spo2", "weight", "height", "glucose"}
		d.Rows = make([]int, 22)
	case "prescription":
		d.Fields = slices.Concat(who, short("day", "weight", "months", "companion"), wide(1, "diagnosis"), wide(1, "allergies"))
		d.Table = []string{"number", "medicine", "strength", "dose", "times", "days", "quantity"}
		d.Rows = make([]int, 14)
	case "vaccination":
		d.Fields = short("day", "place", "batches", "expiry")
		d.Table = []string{"number", "name", "birth", "guardian", "screened", "vaccine", "batch", "time", "watched", "next"}
		d.Rows = make([]int, 21)
	}
	return d
}

func (s *Server) downtimeRoutes() map[string]handler {
	return map[string]handler{"GET /forms/{form}": s.downtimeForm}
}

// downtimeForm shows an empty form, which the browser prints on A4.
func (s *Server) downtimeForm(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("form")
	if !slices.Contains(downtimeForms(), name) {
		return errGone
	}
	v := downtime(name)
	v.Page = s.page(r, "downtime."+name, "today")
	s.show(w, r, http.StatusOK, "downtime", &v)
	return nil
}
