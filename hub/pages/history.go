package pages

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/internal/cert"
)

// historyRows stand on one page.
const historyRows = 50

// part is a word of what an entry is about; long ones are cut, Full is all of it.
type part struct{ Short, Full string }

type historyRow struct {
	cert.History
	At    time.Time
	Parts []part
}

type historyView struct {
	page
	Rows     []historyRow // the latest first
	Total    uint64
	Older    uint64 // the page before begins below that number; 0 = there is none
	Verified bool
	Broken   bool
	Head     cert.Head
	HeadHash string
	Root     string
}

func (s *server) history(w http.ResponseWriter, r *http.Request) {
	s.showHistory(w, r, &historyView{page: s.page(r, "history.title")})
}

// verify reads the whole history again, and compares it with the heads that
// revocation lists carried away.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	v := &historyView{page: s.page(r, "history.title")}
	heads, err := s.heads(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	head, err := s.Trust.Audit.Audit(r.Context(), heads...)
	switch {
	case errors.Is(err, cert.ErrHistory), problem(err) != "":
		v.Broken = true
		s.Log.Error("history does not verify", "after", head.Seq, "err", err)
	case err != nil:
		s.fail(w, r, err)
		return
	}
	v.Verified, v.Head, v.HeadHash = true, head, head.Hash.String()
	s.showHistory(w, r, v)
}

// heads are what signed revocation lists say of the history.
func (s *server) heads(ctx context.Context) (out []cert.Head, err error) {
	rows, err := s.facilityRows(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range rows {
		statements, err := s.Trust.Statements(ctx, f.Code)
		if err != nil {
			return nil, err
		}
		for _, raw := range statements {
			if l, err := cert.Unverified[cert.Revocations](raw); err == nil && l.History != nil {
				out = append(out, *l.History)
			}
		}
	}
	return out, nil
}

func (s *server) showHistory(w http.ResponseWriter, r *http.Request, v *historyView) {
	before, _ := strconv.ParseUint(r.URL.Query().Get("before"), 10, 63)
	v.Root = cert.Fingerprint(s.Trust.Root())
	for raw, err := range s.Trust.History(r.Context()) {
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v.Total++
		if before > 0 && v.Total >= before {
			continue
		}
		v.Rows = append(v.Rows, historyRowOf(raw, v.Total))
		if len(v.Rows) > historyRows {
			v.Rows, v.Older = v.Rows[1:], v.Total-historyRows+1
		}
	}
	slices.Reverse(v.Rows)
	s.render(w, http.StatusOK, "history.html", v)
}

// historyRowOf shows also what cannot be read: verifying says what is wrong.
func historyRowOf(raw []byte, seq uint64) historyRow {
	h, err := cert.Unverified[cert.History](raw)
	if err != nil {
		return historyRow{History: cert.History{Seq: seq, Action: "?"}}
	}
	row := historyRow{History: h, At: time.UnixMilli(h.Time)}
	for w := range strings.FieldsSeq(h.Object) {
		p := part{w, w}
		if _, err := hex.DecodeString(w); err == nil && len(w) >= 16 {
			p.Short = short(w)
		}
		row.Parts = append(row.Parts, p)
	}
	return row
}

// Act names an action.
func (v *historyView) Act(a string) string {
	if k := "act." + strings.ReplaceAll(a, " ", "."); v.words[k] != "" {
		return v.T(k)
	}
	return a
}

// historyFile is all of it as signed, for an auditor who trusts neither this centre
// nor its pages.
func (s *server) historyFile(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# clinicbox history 1\n# root %x\n# root fingerprint %s\n# one signed entry a line, base64, the oldest first\n",
		s.Trust.Root(), cert.Fingerprint(s.Trust.Root()))
	for raw, err := range s.Trust.History(r.Context()) {
		if err != nil {
			s.fail(w, r, err)
			return
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw))
		b.WriteByte('\n')
	}
	sendFile(w, "clinicbox-history.txt", b.Bytes())
}
