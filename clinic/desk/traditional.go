package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// Limits of the form of traditional medicine: six texts and the points of ten treatments
// in letters of three bytes stay below an entry's 16 KiB.
const (
	signLimit     = 550
	maxTreatments = 10
	maxCourse     = 60 // days of a course of treatment
)

// TraditionalInput is the form of the examination by traditional medicine. Names are
// filled in; Days of a treatment are typed.
type TraditionalInput struct {
	On
	clinic.Traditional
	Days []string // one for each treatment
}

// Traditional saves the four examinations, what the illness is and the treatments.
func (d *Desk) Traditional(ctx context.Context, c Call, in TraditionalInput) (Done, error) {
	body, err := d.traditionalForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindTraditional, copy: true,
		body: func(w *document) (any, error) { return w.traditional(body) },
		same: func(b any) bool { s, ok := b.(*clinic.Traditional); return ok && s.Same(body) },
	})
}

// traditionalForm checks what needs no record to be read.
func (d *Desk) traditionalForm(in TraditionalInput) (*clinic.Traditional, error) {
	var bad Errors
	b := in.Traditional
	b.Treatments = slices.Clone(b.Treatments)
	for _, f := range []struct {
		name string
		p    *string
	}{{"look", &b.Look}, {"listen", &b.Listen}, {"ask", &b.Ask}, {"touch", &b.Touch}, {"syndrome", &b.Syndrome}, {"method", &b.Method}} {
		s, err := d.text(f.name, *f.p, signLimit)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		*f.p = s
	}
	if b.Illness == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "illness"})
	}
	b.Principles = slices.Compact(slices.Sorted(slices.Values(b.Principles)))
	if slices.ContainsFunc(b.Principles, func(p clinic.Principle) bool { return !slices.Contains(clinic.Principles(), p) }) {
		bad = append(bad, &Error{Code: CodeRequired, Field: "principles"})
	}
	if len(b.Treatments) > maxTreatments || len(in.Days) != len(b.Treatments) {
		return nil, append(bad, &Error{Code: CodeTooMany, Field: "illness", Args: map[string]string{"max": strconv.Itoa(maxTreatments)}}).join()
	}
	for i := range b.Treatments {
		t := &b.Treatments[i]
		points, err := d.line("points."+t.Service, t.Points, 200)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		t.Points = points
		n, err := clinic.ParseCount("course."+t.Service, in.Days[i], maxCourse)
		if err != nil {
			bad = append(bad, drugRange("course."+t.Service, maxCourse))
		}
		t.Days = n
	}
	return &b, bad.join()
}

// traditional copies the names of the visit's day.
func (w *document) traditional(typed *clinic.Traditional) (any, error) {
	out := *typed
	out.Treatments = slices.Clone(typed.Treatments)
	var bad Errors
	row, ok := w.Row(clinic.CatalogTradIllness, out.Illness, w.row.Day)
	if !ok {
		bad = append(bad, &Error{Code: CodeTradNone, Field: "illness", Args: map[string]string{"code": out.Illness}})
	}
	out.Name = row.Name
	seen := map[string]bool{}
	for i := range out.Treatments {
		t := &out.Treatments[i]
		row, ok := w.Row(clinic.CatalogService, t.Service, w.row.Day)
		if !ok || !row.Has(clinic.FlagTraditional) || seen[t.Service] {
			bad = append(bad, &Error{Code: CodeTradNone, Field: "course." + t.Service, Args: map[string]string{"code": t.Service}})
		}
		t.Name, seen[t.Service] = row.Name, true
	}
	return &out, bad.join()
}

// Limits of a prescription of herbs.
const maxPackets = 30

// packets reads how many packets of herbs there are, and how they are boiled and drunk.
func (d *Desk) packets(in *PrescriptionInput, out *clinic.Prescription) (bad Errors) {
	text, err := d.line("preparation", in.Preparation, 400)
	if err != nil {
		bad = append(bad, ErrorsOf(err)...)
	}
	out.Preparation = text
	if in.Packets == "" {
		return bad
	}
	if out.Packets, err = clinic.ParseCount("packets", in.Packets, maxPackets); err != nil {
		bad = append(bad, drugRange("packets", maxPackets))
	}
	return bad
}

// herbs refuses packets without herbs, herbs without packets, and herbs of another
// number of packets than the others.
func (w *document) herbs(rx *clinic.Prescription) (bad Errors) {
	found := false
	for i := range rx.Lines {
		l := &rx.Lines[i]
		if !l.Herb {
			continue
		}
		found = true
		switch {
		case rx.Packets == 0:
			return append(bad, &Error{Code: CodeHerbPackets, Field: "packets"})
		case l.Times != 1 || l.Days != rx.Packets || l.Measure != "":
			bad = append(bad, &Error{Code: CodeHerbDose, Field: fmt.Sprintf("lines.%d.dose", i)})
		}
	}
	if !found && (rx.Packets > 0 || rx.Preparation != "") {
		bad = append(bad, &Error{Code: CodeHerbNone, Field: "packets"})
	}
	return bad
}

// TraditionalHelp is what the page offers: the treatments of the visit's day, and the
// illnesses that usually stand beside the diagnosis.
type TraditionalHelp struct {
	Treatments []clinic.CatalogRow
	Illnesses  []clinic.CatalogRow
}

// TraditionalHelp reads the catalogues of the visit's day for the page.
func (d *Desk) TraditionalHelp(ctx context.Context, by clinic.ID, on On) (out TraditionalHelp, err error) {
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightMeasure)
		if err != nil {
			return err
		}
		doc, err := w.visit(on.Patient, on.Visit)
		if err != nil {
			return err
		}
		for _, row := range r.CatalogRows(clinic.CatalogService, doc.row.Day) {
			if row.Has(clinic.FlagTraditional) {
				out.Treatments = append(out.Treatments, row)
			}
		}
		out.Illnesses = clinic.TradIllnesses(r.CatalogRows(clinic.CatalogTradIllness, doc.row.Day), doc.diagnoses())
		return nil
	})
	return out, err
}
