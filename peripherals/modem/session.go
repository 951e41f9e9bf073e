package modem

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// errRestart ends a session because the modem was told to start anew.
var errRestart = errors.New("modem: starts anew")

// session is one connection to the modem. It belongs to Run's goroutine.
type session struct {
	dev   *Dev
	chat  *chat
	fresh bool // nothing was set up yet
	noted bool // a right PIN was noted
	ready bool // the card was set up
	turn  int  // of the access that is set
	home  string
	wrote string // access that is set

	news  bool      // messages may have come
	swept time.Time // when was looked last
	head  bool      // an announcement came whose PDU is the next line
}

func (s *session) ask(ctx context.Context, c command) ([]string, error) { return s.chat.do(ctx, c) }

// try sends a command whose refusal does not matter.
func (s *session) try(ctx context.Context, text string, wait time.Duration) error {
	_, err := s.ask(ctx, command{text: text, wait: wait})
	if refused(err) {
		return nil
	}
	return err
}

// heard takes what the modem says unasked.
func (s *session) heard(line string) {
	head := s.head
	s.head = false
	switch {
	case head && s.dev.inbox.direct(line):
	case strings.HasPrefix(line, "+CMTI:"), strings.HasPrefix(line, "+CDSI:"):
		s.news = true
	case strings.HasPrefix(line, "+CMT:"), strings.HasPrefix(line, "+CDS:"):
		s.head = true
	}
}

// serve sets the modem up and looks after it until it fails.
func (s *session) serve(ctx context.Context) error {
	if err := s.chat.meet(ctx); err != nil {
		return err
	}
	for _, c := range []string{"ATE0", "AT+CMEE=1"} {
		if err := s.try(ctx, c, 0); err != nil {
			return err
		}
	}
	if err := s.identify(ctx); err != nil {
		return err
	}
	for {
		cause, err := s.look(ctx)
		if err != nil {
			return err
		}
		if err := s.mend(ctx, cause); err != nil {
			return err
		}
		s.dev.set(cause)
		s.dev.first.Do(func() { close(s.dev.ready) })
		if s.ready {
			if err := s.messages(ctx, cause); err != nil {
				return err
			}
		}
		if err := s.rest(ctx, cause); err != nil {
			return err
		}
	}
}

// identify reads the modem's number and switches its radio on.
func (s *session) identify(ctx context.Context) error {
	answer, err := s.ask(ctx, command{text: "AT+CGSN", takes: digits("+CGSN:", 14, 16)})
	if err != nil && !refused(err) {
		return err
	}
	if len(answer) > 0 {
		s.dev.update(func(st *State) { st.IMEI = bare(answer[len(answer)-1], "+CGSN:") })
	}
	answer, err = s.ask(ctx, command{text: "AT+CFUN?", takes: shaped("+CFUN:", 1)})
	if err != nil && !refused(err) {
		return err
	}
	if fs := last(answer, "+CFUN:"); len(fs) > 0 && fs[0].text != "1" {
		return s.try(ctx, "AT+CFUN=1", s.dev.opts.Slow)
	}
	return nil
}

// rest waits for the next look, a poke, or something that the modem says.
func (s *session) rest(ctx context.Context, cause Cause) error {
	wait := s.dev.opts.Poll
	if cause == Starting {
		wait = min(wait, time.Second)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for !s.ready || !s.news && !s.dev.inbox.waits() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-s.dev.wake:
			return nil
		case line, ok := <-s.chat.lines:
			if !ok {
				return errGone
			}
			s.heard(line)
		}
	}
	return s.chat.drain(ctx, 100*time.Millisecond)
}

// look finds out how the modem is.
func (s *session) look(ctx context.Context) (Cause, error) {
	cause, err := s.card(ctx)
	if err != nil || cause != "" {
		s.ready = s.ready && err == nil && cause == Starting
		return cause, err
	}
	if !s.ready {
		if err := s.prepare(ctx); err != nil {
			return "", err
		}
		s.ready = true
	}
	if err := s.connect(ctx); err != nil {
		return "", err
	}
	if err := s.signal(ctx); err != nil {
		return "", err
	}
	cause, err = s.registration(ctx)
	if err != nil || cause != "" {
		return cause, err
	}
	if err := s.operator(ctx); err != nil {
		return "", err
	}
	return s.address(ctx)
}

// prepare sets up what needs the card.
func (s *session) prepare(ctx context.Context) error {
	iccid, err := s.iccid(ctx)
	if err != nil {
		return err
	}
	s.dev.update(func(st *State) { st.ICCID = iccid })
	answer, err := s.ask(ctx, command{text: "AT+CIMI", takes: digits("+CIMI:", 14, 15)})
	if err != nil && !refused(err) {
		return err
	}
	if len(answer) > 0 { // the subscriber's number itself is of no use here
		s.home = bare(answer[len(answer)-1], "+CIMI:")[:5]
	}
	for _, c := range []string{"AT+COPS=3,2", "AT+CMGF=0", `AT+CPMS="SM","SM","SM"`} {
		if err := s.try(ctx, c, s.dev.opts.Slow); err != nil {
			return err
		}
	}
	if _, err := s.ask(ctx, command{text: "AT+CNMI=2,1,0,1,0"}); refused(err) { // no reports then
		err = s.try(ctx, "AT+CNMI=2,1,0,0,0", 0)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	s.news, s.wrote = true, ""
	return nil
}

// connect sets the access point, when it is not the one that is set.
func (s *session) connect(ctx context.Context) error {
	d := s.dev
	d.mu.Lock()
	a, turn := d.access, d.turn
	d.mu.Unlock()
	if a.APN == "" {
		a.APN = network(s.home).APN
	}
	if s.wrote == a.APN && s.turn == turn || a.APN == "" {
		return nil
	}
	auth := "AT+CGAUTH=1,0" // none, instead of what an access point before needed
	if a.User != "" {
		auth = `AT+CGAUTH=1,1,"` + a.User + `","` + a.Password + `"`
	}
	commands := []string{`AT+CGDCONT=1,"IP","` + a.APN + `"`, auth}
	if s.turn != turn { // the old one is in use
		commands = append([]string{"AT+CGACT=0,1"}, append(commands, "AT+CGACT=1,1")...)
	}
	for _, c := range commands {
		if err := s.try(ctx, c, d.opts.Slow); err != nil {
			return err
		}
	}
	s.wrote, s.turn = a.APN, turn
	d.update(func(st *State) { st.APN = a.APN })
	return nil
}

// signal reads the strength: of LTE where the modem tells it, else of anything.
func (s *session) signal(ctx context.Context) error {
	bars, dbm := Bars(-1), 0
	answer, err := s.ask(ctx, command{text: "AT+CESQ", takes: shaped("+CESQ:", 6)})
	if err != nil && !refused(err) {
		return err
	}
	if fs := last(answer, "+CESQ:"); len(fs) >= 6 {
		n, _ := fs[5].number()
		bars, dbm = barsOfRSRP(n)
	}
	if bars < 0 {
		answer, err := s.ask(ctx, command{text: "AT+CSQ", takes: shaped("+CSQ:", 2)})
		if err != nil && !refused(err) {
			return err
		}
		if fs := last(answer, "+CSQ:"); len(fs) > 0 {
			n, _ := fs[0].number()
			bars, dbm = barsOfRSSI(n)
		}
	}
	s.dev.update(func(st *State) { st.Bars, st.DBm = bars, dbm })
	return nil
}

// registration asks the 4G network, then the older ones. "" = registered.
func (s *session) registration(ctx context.Context) (Cause, error) {
	cause := Searching
	for _, c := range []string{"+CEREG", "+CGREG"} {
		answer, err := s.ask(ctx, command{text: "AT" + c + "?", takes: shaped(c+":", 2)})
		if err != nil && !refused(err) {
			return "", err
		}
		fs := last(answer, c+":")
		if len(fs) < 2 {
			continue
		}
		stat, _ := fs[1].number()
		ok, roaming, denied := registered(stat)
		if ok {
			s.dev.update(func(st *State) { st.Roaming = roaming })
			return "", nil
		}
		if denied {
			cause = Denied
		}
	}
	return cause, nil
}

func (s *session) operator(ctx context.Context) error {
	answer, err := s.ask(ctx, command{text: "AT+COPS?", takes: shaped("+COPS:", 1), wait: s.dev.opts.Slow})
	if err != nil && !refused(err) {
		return err
	}
	fs := last(answer, "+COPS:")
	s.dev.update(func(st *State) {
		st.Operator, st.Technology = "", ""
		if len(fs) > 2 {
			st.Operator = network(fs[2].text).Name
		}
		if len(fs) > 3 {
			if act, ok := fs[3].number(); ok {
				st.Technology = technology(act)
			}
		}
	})
	return nil
}

// address reads the address of the data connection.
func (s *session) address(ctx context.Context) (Cause, error) {
	answer, err := s.ask(ctx, command{text: "AT+CGPADDR=1", takes: shaped("+CGPADDR:", 1)})
	if err != nil && !refused(err) {
		return "", err
	}
	addr := ""
	if fs := last(answer, "+CGPADDR:"); len(fs) > 1 {
		addr = fs[1].text
	}
	if strings.Trim(addr, "0.") == "" {
		// A modem that connects by itself refuses this or does nothing.
		return NoAddress, s.try(ctx, "AT+CGACT=1,1", s.dev.opts.Slow)
	}
	s.dev.update(func(st *State) { st.Address = addr })
	return Online, nil
}

// mend climbs the ladder when it is time.
func (s *session) mend(ctx context.Context, cause Cause) error {
	d := s.dev
	if !cause.mendable() {
		if cause != Starting {
			d.ladder.well()
		}
		return nil
	}
	step := d.ladder.step(time.Now(), false)
	if step == nothing {
		return nil
	}
	if step != power {
		d.update(func(st *State) { st.Mended++ })
	}
	d.opts.Log.Warn("modem: tries to come back", "step", strconv.Itoa(int(step)), "cause", string(cause))
	var commands []string
	switch step {
	case reattach:
		commands = []string{"AT+CGATT=0", "AT+COPS=0", "AT+CGATT=1"}
	case radio:
		commands = []string{"AT+CFUN=4", "AT+CFUN=1"}
	case reset:
		if err := s.try(ctx, "AT+CFUN=1,1", 0); err != nil && !errors.Is(err, errSilent) && !errors.Is(err, errGone) {
			return err
		}
		return errRestart
	case power:
		d.powerCycle(ctx, step)
		return errRestart
	}
	for _, c := range commands {
		if err := s.try(ctx, c, d.opts.Slow); err != nil {
			return err
		}
	}
	return nil
}
