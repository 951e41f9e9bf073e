package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// DeathPage is the view of the step that records a death.
type DeathPage struct {
	Step
	Chain  []CauseRow
	Others []clinic.CatalogRow
	Places []clinic.DeathPlace
	Search
}

// CauseRow is one line of the chain of causes.
type CauseRow struct {
	N   int
	Row clinic.CatalogRow
}

func deathStep() step {
	return step{name: "death", kind: clinic.KindDeath, fill: fillDeath, edit: editDeath, view: viewDeath, save: saveDeath}
}

func fillDeath(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Death](d)
	if b == nil || b.Mistake {
		fillDate(f, "day", v.Row.Day)
		return
	}
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
	f.Set("place", strconv.Itoa(int(b.Place)))
	f.Set("where", b.Where)
	f.Set("told", b.Told)
	for i, x := range b.Chain {
		f.Values.Add("cause", x.Code)
		f.Set(line("since", i), x.Since)
	}
	f.Values["other"] = slices.Clone(b.Others)
}

// editDeath: pick.CODE takes the next cause of the chain, other.CODE moves it to what
// contributed, drop.CODE leaves it out.
func editDeath(f *Form, do string, _ *desk.VisitView) {
	verb, code, _ := strings.Cut(do, ".")
	chain, others := f.Values["cause"], f.Values["other"]
	since := map[string]string{}
	for i, c := range chain {
		since[c] = f.Get(line("since", i))
	}
	chain = slices.DeleteFunc(slices.Clone(chain), func(c string) bool { return c == code })
	others = slices.DeleteFunc(slices.Clone(others), func(c string) bool { return c == code })
	switch verb {
	case "pick":
		f.Set("q", "")
		if len(chain) < clinic.MostCauses {
			chain = append(chain, code)
		} else {
			others = append(others, code)
		}
	case "other":
		others = append(others, code)
	case "search":
		chain, others = f.Values["cause"], f.Values["other"]
	}
	f.Values["cause"], f.Values["other"] = chain, others
	for i := range clinic.MostCauses {
		f.Values.Del(line("since", i))
		if i < len(chain) {
			f.Set(line("since", i), since[chain[i]])
		}
	}
}

func viewDeath(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &DeathPage{Step: b, Places: clinic.DeathPlaces()}
	day := b.File.Row.Day
	for i, code := range b.Form.Values["cause"] {
		v.Chain = append(v.Chain, CauseRow{i, s.catalogRow(ctx, clinic.CatalogICD10, code, day)})
	}
	for _, code := range b.Form.Values["other"] {
		v.Others = append(v.Others, s.catalogRow(ctx, clinic.CatalogICD10, code, day))
	}
	var err error
	v.Search, err = s.search(ctx, clinic.CatalogICD10, b.Form.Get("q"), day)
	return v, err
}

func saveDeath(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	place, _ := strconv.Atoi(f.Get("place"))
	in := desk.DeathInput{On: on, Death: clinic.Death{
		Day: readDate(f, "day"), Time: f.Get("time"), Place: clinic.DeathPlace(place), Where: f.Get("where"), Told: f.Get("told"),
		Others: f.Values["other"], Mistake: f.Get("mistake") == "yes",
	}}
	for i, code := range f.Values["cause"] {
		in.Chain = append(in.Chain, clinic.Cause{Code: code, Since: f.Get(line("since", i))})
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Death(ctx, c, in)
	return renamed(err, "chain", "q")
}
