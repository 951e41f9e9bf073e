package sim

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"clinicbox/internal/sms"
)

// Answers of TS 27.007 §9.2.1.
const (
	cmeNoSIM    = "+CME ERROR: 10"
	cmePIN      = "+CME ERROR: 11"
	cmePUK      = "+CME ERROR: 12"
	cmePassword = "+CME ERROR: 16"
)

// heard carries out what came before an end: CR, Ctrl-Z or escape.
func (m *Modem) heard(line *modemLine, text string, end byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.line != line || m.fault.Silent {
		return
	}
	if m.wait {
		if end == '\r' {
			return
		}
		m.wait = false
		if end == 0x1A {
			m.submit(text)
		}
		return
	}
	if end != '\r' || text == "" {
		return
	}
	m.count[text]++
	if m.echo {
		m.say(text + "\r")
	}
	if after, ok := strings.CutPrefix(text, "AT+CMGS="); ok && after != "" {
		if !m.fault.NoPrompt {
			m.wait = true
			m.say("\r\n> ")
		}
		return
	}
	m.answer(m.run(text))
}

// answer says lines, the last of which ends it.
func (m *Modem) answer(lines []string) {
	var b strings.Builder
	b.WriteString(m.fault.Garbage)
	for _, l := range lines {
		for _, u := range m.fault.Between {
			b.WriteString("\r\n" + u + "\r\n")
		}
		b.WriteString("\r\n" + l + "\r\n")
	}
	m.say(b.String())
}

func ok(lines ...string) []string { return append(lines, "OK") }

// run carries out a command and returns its answer.
func (m *Modem) run(text string) []string {
	if text == "AT" || strings.HasPrefix(text, "AT+CMEE=") {
		return ok()
	}
	if after, isEcho := strings.CutPrefix(text, "ATE"); isEcho {
		m.echo = after == "1"
		return ok()
	}
	switch text {
	case "AT+CGSN":
		return ok(m.opts.IMEI)
	case "AT+CFUN?":
		return ok("+CFUN: " + map[bool]string{true: "1", false: "4"}[m.radio])
	case "AT+CFUN=1,1":
		m.restart()
		return ok()
	case "AT+CFUN=1", "AT+CFUN=4":
		m.radio = text == "AT+CFUN=1"
		return ok()
	case "AT+CPIN?":
		return m.pinState()
	}
	if m.fault.NoSIM {
		return []string{cmeNoSIM}
	}
	switch {
	case text == "AT+CCID" && (m.opened || !m.fault.LateICCID):
		return ok("+CCID: " + m.opts.ICCID + "F")
	case text == `AT+CPINR="SIM PIN"`:
		return ok(fmt.Sprintf("+CPINR: SIM PIN,%d,3", m.left))
	case strings.HasPrefix(text, "AT+CPIN="):
		return m.givePIN(strings.Trim(text[len("AT+CPIN="):], `"`))
	case !m.opened:
		return []string{cmePIN}
	}
	if a, done := m.network(text); done {
		return a
	}
	return m.messages(text)
}

func (m *Modem) pinState() []string {
	switch {
	case m.fault.NoSIM:
		return []string{cmeNoSIM}
	case m.left == 0:
		return ok("+CPIN: SIM PUK")
	case !m.opened:
		return ok("+CPIN: SIM PIN")
	}
	return ok("+CPIN: READY")
}

func (m *Modem) givePIN(pin string) []string {
	switch {
	case m.left == 0:
		return []string{cmePUK}
	case pin == m.opts.PIN:
		m.opened, m.left = true, 3
		return ok()
	}
	m.wrongs = append(m.wrongs, pin)
	if m.left--; m.left == 0 {
		return []string{cmePUK}
	}
	return []string{cmePassword}
}

// restart takes the modem away for a while.
func (m *Modem) restart() {
	m.boot = time.AfterFunc(time.Second, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.unplug()
		m.boot = time.AfterFunc(m.opts.Boot, m.Plug)
	})
}

// network answers what is about the network.
func (m *Modem) network(text string) (answer []string, done bool) {
	stat := 1
	switch {
	case !m.radio || m.fault.NoNetwork:
		stat = 2
	case m.fault.Denied:
		stat = 3
	case m.opts.Operator != m.opts.IMSI[:5]:
		stat = 5
	}
	there := stat == 1 || stat == 5
	switch {
	case text == "AT+CIMI":
		return ok(m.opts.IMSI), true
	case text == "AT+CESQ" && m.fault.NoCESQ:
		return []string{"ERROR"}, true
	case text == "AT+CESQ" && there:
		return ok("+CESQ: 99,99,255,255,20,50"), true
	case text == "AT+CESQ":
		return ok("+CESQ: 99,99,255,255,255,255"), true
	case text == "AT+CSQ" && there:
		return ok("+CSQ: 14,99"), true
	case text == "AT+CSQ":
		return ok("+CSQ: 99,99"), true
	case text == "AT+CEREG?":
		return ok(fmt.Sprintf("+CEREG: 0,%d", stat)), true
	case text == "AT+CGREG?":
		return ok("+CGREG: 0,0"), true
	case text == "AT+COPS?" && there:
		return ok(fmt.Sprintf(`+COPS: 0,2,"%s",7`, m.opts.Operator)), true
	case text == "AT+COPS?":
		return ok("+COPS: 0"), true
	case strings.HasPrefix(text, "AT+COPS="), strings.HasPrefix(text, "AT+CGATT="), strings.HasPrefix(text, "AT+CGAUTH="):
		return ok(), true
	case strings.HasPrefix(text, `AT+CGDCONT=1,"IP","`):
		m.apn = strings.Trim(text[len(`AT+CGDCONT=1,"IP",`):], `"`)
		return ok(), true
	case text == "AT+CGACT=1,1", text == "AT+CGACT=0,1":
		m.active = text == "AT+CGACT=1,1" && m.apn != ""
		return ok(), true
	case text == "AT+CGPADDR=1" && there && m.active && !m.fault.NoAddress:
		return ok(`+CGPADDR: 1,"10.64.0.17"`), true
	case text == "AT+CGPADDR=1":
		return ok("+CGPADDR: 1"), true
	}
	return nil, false
}

// messages answers what is about text messages.
func (m *Modem) messages(text string) []string {
	for _, c := range []string{"AT+CMGF=0", "AT+CPMS=", "AT+CNMI="} {
		if strings.HasPrefix(text, c) {
			return ok()
		}
	}
	if text == "AT+CMGL=4" {
		var lines []string
		for i := 1; i <= m.opts.Slots; i++ {
			if pdu, is := m.store[i]; is {
				lines = append(lines, fmt.Sprintf("+CMGL: %d,0,,%d", i, len(pdu)-1), fmt.Sprintf("%X", pdu))
			}
		}
		return ok(lines...)
	}
	var index int
	if _, err := fmt.Sscanf(text, "AT+CMGD=%d", &index); err == nil {
		delete(m.store, index)
		return ok()
	}
	return []string{"ERROR"}
}

// submit sends a message.
func (m *Modem) submit(text string) {
	pdu, err := hex.DecodeString(text)
	if err == nil && m.fault.RefuseSMS != 0 {
		m.answer([]string{fmt.Sprintf("+CMS ERROR: %d", m.fault.RefuseSMS)})
		return
	}
	s, bad := sms.DecodeSubmit(pdu)
	if err != nil || bad != nil {
		m.answer([]string{"+CMS ERROR: 304"}) // invalid PDU
		return
	}
	m.sent = append(m.sent, s)
	m.refs++
	if m.fault.LoseSent {
		m.fault.LoseSent = false
		m.unplug()
		return
	}
	m.answer(slices.Concat([]string{fmt.Sprintf("+CMGS: %d", m.refs)}, ok()))
}
