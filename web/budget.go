package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Spent is what the link has cost in a month.
type Spent struct {
	Month string // 2006-01; empty while the centre's time was never known
	Cap   int64  // bytes; 0 = none
	Used  int64
	Of    []SpentOn
}

// SpentOn is what one class of data has cost; its words are "budget.CLASS".
type SpentOn struct {
	Class string // link, safety, records, commands, catalogues, updates, images
	Bytes int64
	Waits bool
	Since time.Time
}

// Budget tells what the link has cost, at once.
type Budget interface{ Spent() Spent }

// BudgetPage is the view of the page of what the link has cost.
type BudgetPage struct {
	Page
	On    bool
	Spent Spent
}

func (s *Server) budget(w http.ResponseWriter, r *http.Request) error {
	v := &BudgetPage{Page: s.page(r, "budget.title", ""), On: s.opts.Budget != nil}
	if v.On {
		v.Spent = s.opts.Budget.Spent()
	}
	s.show(w, r, http.StatusOK, "budget", v)
	return nil
}

// MB is bytes in millions, rounded to a tenth below ten.
func (s Spent) MB() string { return megabytes(s.Used) }

// CapMB is the cap in millions of bytes.
func (s Spent) CapMB() string { return megabytes(s.Cap) }

// Percent is the share of the cap.
func (s Spent) Percent() int64 {
	if s.Cap <= 0 {
		return 0
	}
	return s.Used * 100 / s.Cap
}

// MonthWords is the month as it is said: 11/2026.
func (s Spent) MonthWords() string {
	if len(s.Month) != len("2006-01") {
		return ""
	}
	return s.Month[5:] + "/" + s.Month[:4]
}

// Waiting are the classes that wait.
func (s Spent) Waiting() (out []SpentOn) {
	for _, o := range s.Of {
		if o.Waits {
			out = append(out, o)
		}
	}
	return out
}

// MB is bytes in millions.
func (o SpentOn) MB() string { return megabytes(o.Bytes) }

// megabytes rounds to whole ones, below ten to tenths, and shows no little as nothing.
func megabytes(n int64) string {
	switch {
	case n >= 10_000_000:
		return strconv.FormatInt((n+500_000)/1_000_000, 10)
	case n > 0 && n < 100_000:
		return "0,1"
	}
	return strings.Replace(strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64), ".", ",", 1) // num turns it where readers expect otherwise
}
