package clinic

import (
	"strconv"
	"strings"
)

// ParseRanges reads reference ranges as files write them, with ; between:
//
//	[sex] [age] : [low]-[high] [!low-high] [=words]
//
// sex is M or F (Nam, Nữ); age is from-to in days, months or years (0d-28d, 1m-6y,
// 18y-), counted as 30.4375 and 365.25 days; ! stands before the critical limits.
// Each limit may be left out: "F 12y-: 12-15,5 !7-20", ":-5,5", "=Âm tính".
func ParseRanges(s string) (out []RefRange, ok bool) {
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		g, ok := parseRange(part)
		if !ok {
			return nil, false
		}
		out = append(out, g)
	}
	return out, true
}

func parseRange(s string) (g RefRange, ok bool) {
	s, g.Text, _ = strings.Cut(s, "=")
	g.Text = strings.TrimSpace(g.Text)
	who, limits, found := strings.Cut(s, ":")
	if !found {
		who, limits = "", s
	}
	for word := range strings.FieldsSeq(who) {
		if sex, is := sexWord(word); is {
			g.Sex = sex
		} else if g.AgeFrom, g.AgeTo, is = parseAges(word); !is {
			return g, false
		}
	}
	usual, critical, _ := strings.Cut(limits, "!")
	if g.Low, g.High, ok = parseLimits(usual); !ok {
		return g, false
	}
	if g.CritLow, g.CritHigh, ok = parseLimits(critical); !ok {
		return g, false
	}
	wrong := g.High > 0 && g.Low > g.High || g.CritHigh > 0 && g.CritLow > g.CritHigh ||
		g.CritLow > 0 && g.Low > 0 && g.CritLow > g.Low || g.CritHigh > 0 && g.CritHigh < g.High
	return g, !wrong && g != RefRange{Sex: g.Sex, AgeFrom: g.AgeFrom, AgeTo: g.AgeTo}
}

func sexWord(s string) (Sex, bool) {
	switch strings.ToLower(s) {
	case "m", "nam":
		return SexMale, true
	case "f", "nữ":
		return SexFemale, true
	}
	return SexUnknown, false
}

// The length of ages in hundredths of a day.
const (
	yearLength  = 36525
	monthLength = 36525 / 12
)

func parseAges(s string) (from, to int, ok bool) {
	a, b, found := strings.Cut(s, "-")
	if !found || a == "" && b == "" {
		return 0, 0, false
	}
	if from, ok = parseAge(a); !ok {
		return 0, 0, false
	}
	if to, ok = parseAge(b); !ok || b != "" && to <= from {
		return 0, 0, false
	}
	return from, to, true
}

func parseAge(s string) (days int, ok bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || n > 60_000 {
		return 0, false
	}
	switch s[len(s)-1] {
	case 'd':
		return n, true
	case 'm':
		return n * monthLength / 100, true
	case 'y':
		return n * yearLength / 100, true
	}
	return 0, false
}

func parseLimits(s string) (low, high Milli, ok bool) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, 0, true
	}
	a, b, found := strings.Cut(s, "-")
	if !found {
		return 0, 0, false
	}
	for _, p := range []struct {
		text string
		at   *Milli
	}{{a, &low}, {b, &high}} {
		if p.text = strings.TrimSpace(p.text); p.text == "" {
			continue
		}
		n, err := ParseFixed("", p.text, 3)
		if err != nil {
			return 0, 0, false
		}
		*p.at = Milli(n)
	}
	return low, high, true
}

// FormatRanges is the inverse of ParseRanges.
func FormatRanges(all []RefRange) string {
	parts := make([]string, len(all))
	for i := range all {
		parts[i] = all[i].format()
	}
	return strings.Join(parts, "; ")
}

func (g *RefRange) format() string {
	var b strings.Builder
	b.WriteString(map[Sex]string{SexMale: "M ", SexFemale: "F "}[g.Sex])
	if g.AgeFrom > 0 || g.AgeTo > 0 {
		b.WriteString(formatAge(g.AgeFrom) + "-")
		if g.AgeTo > 0 {
			b.WriteString(formatAge(g.AgeTo))
		}
	}
	if b.Len() > 0 {
		head := strings.TrimSpace(b.String()) + ": "
		b.Reset()
		b.WriteString(head)
	}
	if g.Low > 0 || g.High > 0 {
		b.WriteString(formatLimits(g.Low, g.High))
	}
	if g.CritLow > 0 || g.CritHigh > 0 {
		b.WriteString(" !" + formatLimits(g.CritLow, g.CritHigh))
	}
	if g.Text != "" {
		b.WriteString(" =" + g.Text)
	}
	return strings.TrimSpace(b.String())
}

// formatAge writes days in the largest unit that gives them back.
func formatAge(days int) string {
	for _, u := range []struct {
		length int
		name   string
	}{{yearLength, "y"}, {monthLength, "m"}} {
		n := (days*100 + u.length - 1) / u.length
		if n > 0 && n*u.length/100 == days {
			return strconv.Itoa(n) + u.name
		}
	}
	return strconv.Itoa(days) + "d"
}

func formatLimits(low, high Milli) string {
	text := func(m Milli) string {
		if m == 0 {
			return ""
		}
		return FormatFixed(int(m), 3)
	}
	return text(low) + "-" + text(high)
}
