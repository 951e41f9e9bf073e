package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
)

// silence is how long an open box may say nothing before a page says so: it sends
// a heartbeat each hour.
const silence = 3 * time.Hour

// certRow is a certified box: its certificate, what it last said, what it still has
// to obey.
type certRow struct {
	authority.Box
	Serial string
	State  state // of the certificate
	Beat   hub.Beat
	Power  state // open, locked …; as last heard
	Silent bool
	Stolen bool
	Left   uint64 // orders that it has not obeyed
}

type certsView struct {
	page
	Rows, Ended []certRow
	Facilities  int
	Orders      uint64
	Root        string   // its print, as boxes show it
	WebRoot     []string // its print, in the rows that boxes show to browsers
}

// orderRow is an order that was given.
type orderRow struct {
	cert.Command
	At     time.Time
	Obeyed bool
}

type certView struct {
	page
	certRow
	Done     string
	Orders   []orderRow // the latest first
	Current  bool       // the name is this certificate's
	Replaces string     // serial
	ByName   []certRow  // other certificates of the name
	InDB     bool       // records came from a box of the name
	From     time.Time  // from when on it is not good; zero = it never was
}

// Print is of the box's identity, as the box shows it.
func (v *certView) Print() string { return cert.Fingerprint(v.Identity) }

func (s *server) certs(w http.ResponseWriter, r *http.Request) {
	v := &certsView{page: s.page(r, "certs.title")}
	rows, err := s.certRows(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	facilities := map[string]bool{}
	for _, c := range rows {
		if c.Revoked != nil {
			v.Ended = append(v.Ended, c)
			continue
		}
		v.Rows = append(v.Rows, c)
		v.Orders += c.Left
		facilities[c.Facility.Code] = true
	}
	v.Facilities, v.Refresh = len(facilities), true
	v.Root, v.WebRoot = cert.Fingerprint(s.Trust.Root()), cert.X509Fingerprint(s.Trust.WebRoot())
	s.render(w, http.StatusOK, "certs.html", v)
}

// certRows returns every certified box by name, the latest certificate first.
func (s *server) certRows(ctx context.Context) (out []certRow, err error) {
	boxes, err := s.Trust.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	beats, err := s.Trust.Beats.Beats(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range boxes {
		out = append(out, s.certRow(b, beats[b.Serial.String()]))
	}
	slices.SortFunc(out, func(a, b certRow) int {
		return cmp.Or(cmp.Compare(a.Facility.Box, b.Facility.Box), b.Issued.Compare(a.Issued))
	})
	return out, nil
}

func (s *server) certRow(b authority.Box, beat hub.Beat) certRow {
	c := certRow{Box: b, Serial: b.Serial.String(), Beat: beat, Power: powerOf(beat)}
	if b.Orders > beat.Obeyed {
		c.Left = b.Orders - beat.Obeyed
	}
	c.Silent = !beat.At.IsZero() && s.Now().Sub(beat.At) > silence
	c.State = state{"cert.inservice", "✓", "ok"}
	if b.Revoked != nil {
		c.State = state{reasonKey(b.Revoked.Reason), "✕", "idle"}
		if c.Stolen = b.Revoked.Reason == cert.ReasonStolen; c.Stolen {
			c.State.Class, c.State.Sign = "bad", "⚠"
		}
	}
	return c
}

func powerOf(b hub.Beat) state {
	switch cert.State(b.State) {
	case 0:
		return state{"power.never", "○", "idle"}
	case cert.StateOpen:
		return state{"power.open", "✓", "ok"}
	case cert.StateLocked:
		return state{"power.locked", "■", "warn"}
	case cert.StateBlocked:
		return state{"power.blocked", "⚠", "bad"}
	case cert.StateErased:
		return state{"power.erased", "✕", "bad"}
	}
	return state{"power.other", "?", "idle"}
}

// oneCert finds the certificate of the address. Only serials stand there: a name
// can pass to another machine while the page is open.
func (s *server) oneCert(r *http.Request) (certRow, error) {
	serial, err := cert.ParseSerial(r.PathValue("serial"))
	if err != nil {
		return certRow{}, authority.ErrMissing
	}
	b, err := s.Trust.Box(r.Context(), serial.String())
	if err != nil {
		return certRow{}, err
	}
	beats, err := s.Trust.Beats.Beats(r.Context())
	return s.certRow(b, beats[serial.String()]), err
}

func (s *server) certPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.oneCert(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := &certView{page: s.page(r, c.Facility.Box), certRow: c, Done: s.done(r)}
	if c.Revoked != nil && c.Revoked.From > 0 {
		v.From = fromHLC(c.Revoked.From)
	}
	if err := s.fillCert(r.Context(), v); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, http.StatusOK, "cert.html", v)
}

func (s *server) fillCert(ctx context.Context, v *certView) error {
	now, err := s.Trust.Box(ctx, v.Facility.Box)
	if err != nil {
		return err
	}
	v.Current = now.Serial == v.Box.Serial
	if says, err := cert.Unverified[cert.Box](v.Cert); err == nil && says.Replaces != nil {
		v.Replaces = says.Replaces.String()
	}
	raws, err := s.Trust.Orders(ctx, v.Box.Serial, 0)
	if err != nil {
		return err
	}
	for _, raw := range raws {
		o, err := cert.Unverified[cert.Command](raw)
		if err != nil {
			return err
		}
		v.Orders = append(v.Orders, orderRow{o, time.UnixMilli(o.Time), o.Seq <= v.Beat.Obeyed})
	}
	slices.Reverse(v.Orders)
	all, err := s.certRows(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Facility.Box == v.Facility.Box && o.Serial != v.Serial {
			v.ByName = append(v.ByName, o)
		}
	}
	_, err = s.DB.Box(ctx, v.Facility.Box)
	v.InDB = err == nil
	return nil
}

// Op names an order.
func (v *certView) Op(o cert.Op) string {
	if k := fmt.Sprintf("op.%d", o); v.words[k] != "" {
		return v.T(k)
	}
	return v.T("op.other")
}

// ops are the orders that have a page.
func ops() map[string]cert.Op {
	return map[string]cert.Op{"lock": cert.OpLock, "block": cert.OpBlock, "allow": cert.OpAllow, "erase": cert.OpErase}
}

// certJob asks about an order, a theft or the end of a certificate.
func (s *server) certJob(r *http.Request) (*job, error) {
	c, err := s.oneCert(r)
	if err != nil {
		return nil, err
	}
	task := r.PathValue("task")
	p := s.page(r, "task."+task)
	to := "/certs/" + c.Serial
	v := &askView{page: &p, Back: to, Go: "go." + task, Points: []string{"point." + task}, Facts: []fact{
		{"col.box", c.Facility.Box}, {"col.facility", place(&c.Facility)}, {"cert.serial", c.Serial},
	}}
	done := func(err error) (string, error) { return to + "?done=" + url.QueryEscape(task), err }
	op, isOp := ops()[task]
	switch {
	case isOp:
		v.Points = append(v.Points, "point.order")
		v.final(task == "erase", c.Facility.Box)
		return &job{v, func(ctx context.Context, by authority.By) (string, error) {
			_, err := s.Trust.Command(ctx, by, c.Serial, authority.Order{Op: op})
			return done(err)
		}}, nil
	case task == "stolen":
		v.Points = append(v.Points, "point.stolen.erase", "point.stolen.before")
		v.final(true, c.Facility.Box)
		return &job{v, func(ctx context.Context, by authority.By) (string, error) {
			size, err := s.held(ctx, c)
			if err == nil {
				_, err = s.Trust.Stolen(ctx, by, c.Serial, size)
			}
			return done(err)
		}}, nil
	case task == "revoke" && (c.Revoked == nil || r.Method == http.MethodPost): // a form sent twice
		v.Since = true
		v.Choices = []option{{"replaced", "reason.replaced", "reason.replaced.hint"}, {"error", "reason.error", "reason.error.hint"}}
		v.final(true, c.Facility.Box)
		return &job{v, func(ctx context.Context, by authority.By) (string, error) {
			reason := map[string]cert.Reason{"replaced": cert.ReasonReplaced, "error": cert.ReasonError}[v.Choice]
			return done(s.Trust.Revoke(ctx, by, cert.Revoked{Serial: c.Box.Serial, Reason: reason, From: s.from(v)}))
		}}, nil
	}
	return nil, authority.ErrMissing
}

// final makes the page say that there is no way back, and ask for the name.
func (v *askView) final(yes bool, name string) {
	if yes {
		v.Final, v.Retype = true, name
	}
}

// from is since when a certificate is not good.
func (s *server) from(v *askView) uint64 {
	if v.From == "ever" {
		return 0
	}
	return clinic.HLCAt(s.Now())
}

// held is how many entries of a machine were received: those stay good when it is
// stolen.
func (s *server) held(ctx context.Context, c certRow) (uint64, error) {
	boxes, err := s.Trust.Boxes(ctx)
	if err != nil {
		return 0, err
	}
	streams, err := s.DB.Streams(ctx, c.Facility.Box)
	return registrar.Held(boxes, &c.Box, streams), err
}
