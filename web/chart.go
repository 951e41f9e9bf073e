package web

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/web/i18n"
)

// Chart is a line of values over time, drawn as a small picture; its numbers stand in a
// table beside it, always.
type Chart struct {
	Name   string
	Unit   string
	Points []ChartPoint // oldest first
	Second []ChartPoint // another line, such as the lower blood pressure
	Low    float64      // the usual range, 0 = no limit
	High   float64
}

// ChartPoint is one value.
type ChartPoint struct {
	On    clinic.Date
	At    time.Time // zero: the day is enough
	Value float64
	Bad   bool // outside the usual range
}

// Size of the picture in its own units.
const (
	chartWide, chartTall  = 640, 220
	chartLeft, chartRight = 56, 12
	chartTop, chartBottom = 14, 30
	chartSteps            = 5
)

// SVG draws the chart: nothing of it is typed by anybody, and every number is formatted
// here.
func (c *Chart) SVG(words *i18n.Catalogue) template.HTML {
	all := slices.Concat(c.Points, c.Second)
	if len(all) == 0 {
		return ""
	}
	at := newAxes(c, all)
	var b strings.Builder
	name := words.Text("lab.chart", "name", c.Name, "n", len(c.Points), "low", at.say(words, at.least), "high", at.say(words, at.most))
	fmt.Fprintf(&b, `<svg class="cb-chart" width="100%%" viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWide, chartTall, template.HTMLEscapeString(name))
	if c.Low > 0 || c.High > 0 {
		top, bottom := at.y(at.high), at.y(at.low)
		if c.High > 0 {
			top = at.y(min(c.High, at.high))
		}
		if c.Low > 0 {
			bottom = at.y(max(c.Low, at.low))
		}
		fmt.Fprintf(&b, `<rect fill="#dcefe6" x="%d" y="%.1f" width="%d" height="%.1f"/>`, chartLeft, top, chartWide-chartLeft-chartRight, max(bottom-top, 0))
	}
	for _, v := range at.ticks() {
		fmt.Fprintf(&b, `<path fill="none" stroke="#c8d3da" d="M%d %.1fH%d"/><text font-size="16" fill="#0b1f2a" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, at.y(v), chartWide-chartRight, chartLeft-6, at.y(v)+5, template.HTMLEscapeString(at.say(words, v)))
	}
	for i, line := range [][]ChartPoint{c.Points, c.Second} {
		at.line(&b, line, i)
	}
	first, last := all[0].On, c.Points[len(c.Points)-1].On
	fmt.Fprintf(&b, `<text font-size="16" fill="#0b1f2a" x="%d" y="%d">%s</text>`, chartLeft, chartTall-8, template.HTMLEscapeString(dateText(words, first)))
	if last != first {
		fmt.Fprintf(&b, `<text font-size="16" fill="#0b1f2a" x="%d" y="%d" text-anchor="end">%s</text>`, chartWide-chartRight, chartTall-8, template.HTMLEscapeString(dateText(words, last)))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// at is where the point stands in time.
func (p *ChartPoint) at() time.Time {
	if p.At.IsZero() {
		return p.On.Time()
	}
	return p.At
}

// axes place days and values in the picture.
type axes struct {
	from        time.Time
	days        float64
	low, high   float64 // of the axis
	least, most float64 // of the values
}

func newAxes(c *Chart, all []ChartPoint) axes {
	a := axes{from: all[0].at(), low: all[0].Value, high: all[0].Value}
	to := a.from
	for _, p := range all {
		if t := p.at(); t.After(to) {
			to = t
		} else if t.Before(a.from) {
			a.from = t
		}
		a.low, a.high = min(a.low, p.Value), max(a.high, p.Value)
	}
	a.least, a.most = a.low, a.high
	if c.Low > 0 {
		a.low = min(a.low, c.Low)
	}
	if c.High > 0 {
		a.high = max(a.high, c.High)
	}
	pad := (a.high - a.low) / 10
	if pad == 0 {
		pad = max(a.high/10, 1)
	}
	a.low, a.high = max(a.low-pad, 0), a.high+pad
	a.days = to.Sub(a.from).Hours() / 24
	return a
}

func (a *axes) x(on time.Time) float64 {
	if a.days == 0 {
		return (chartLeft + chartWide - chartRight) / 2
	}
	return chartLeft + 8 + on.Sub(a.from).Hours()/24/a.days*(chartWide-chartLeft-chartRight-16)
}

func (a *axes) y(v float64) float64 {
	return chartTop + (a.high-v)/(a.high-a.low)*(chartTall-chartTop-chartBottom)
}

// ticks are values of the axis with one or two figures.
func (a *axes) ticks() (out []float64) {
	step := 0.1
	for i := 0; (a.high-a.low)/step > chartSteps; i++ {
		step *= [...]float64{2, 2.5, 2}[i%3]
	}
	for v := float64(int(a.low/step)+1) * step; v < a.high; v += step {
		out = append(out, v)
	}
	return out
}

func (a *axes) say(words *i18n.Catalogue, v float64) string {
	return numText(words, clinic.FormatFixed(int(v*10+0.5), 1))
}

func (a *axes) line(b *strings.Builder, points []ChartPoint, n int) {
	if len(points) == 0 {
		return
	}
	dashes := [...]string{"none", "7 5"}[n]
	fmt.Fprintf(b, `<polyline fill="none" stroke="#0b4a6b" stroke-width="2.5" stroke-dasharray="%s" points="`, dashes)
	for _, p := range points {
		fmt.Fprintf(b, "%.1f,%.1f ", a.x(p.at()), a.y(p.Value))
	}
	b.WriteString(`"/>`)
	for _, p := range points {
		if p.Bad { // a square: not by colour alone
			fmt.Fprintf(b, `<rect fill="#b3261e" x="%.1f" y="%.1f" width="10" height="10"/>`, a.x(p.at())-5, a.y(p.Value)-5)
			continue
		}
		fmt.Fprintf(b, `<circle fill="#0b4a6b" cx="%.1f" cy="%.1f" r="4.5"/>`, a.x(p.at()), a.y(p.Value))
	}
}

// LabTrend is the view of one test's results over time.
type LabTrend struct {
	LabPage
	Test   clinic.CatalogRow
	Points []clinic.LabPoint // the latest first
	Chart  Chart
}

func (s *Server) labTrend(w http.ResponseWriter, r *http.Request) error {
	p, err := s.labView(r, "lab.trend")
	if err != nil {
		return err
	}
	v := &LabTrend{LabPage: *p}
	v.Test = s.catalogRow(r.Context(), clinic.CatalogLabTest, r.PathValue("test"), v.Today)
	points := v.File.Lab.Points(v.Test.Code)
	v.Chart = labChart(points)
	v.Chart.Name = rowName(s.engine.catalogues[v.Lang], v.Test)
	slices.Reverse(points)
	if v.Points = points; len(points) > 0 && v.Test.Name == "" {
		v.Test.Name = points[0].Value.Name // the catalogue has it no longer
		v.Chart.Name = v.Test.Name
	}
	s.show(w, r, http.StatusOK, "labtrend", v)
	return nil
}

// labChart draws results that are numbers in one unit: those of the last.
func labChart(points []clinic.LabPoint) (c Chart) {
	for _, p := range slices.Backward(points) {
		if p.Value.Number == nil || c.Unit != "" && p.Value.Unit != c.Unit {
			continue
		}
		if c.Unit == "" && len(c.Points) == 0 {
			c.Unit = p.Value.Unit
			if g := p.Value.Range; g != nil {
				c.Low, c.High = float64(g.Low)/1000, float64(g.High)/1000
			}
		}
		c.Points = append(c.Points, ChartPoint{On: p.Taken, Value: float64(*p.Value.Number) / 1000, Bad: p.Value.Flag.Abnormal()})
	}
	slices.Reverse(c.Points)
	return c
}
