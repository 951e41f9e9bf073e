package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/demo/bench"
	"clinicbox/internal/durable"
	"clinicbox/internal/invent"
)

// Announcement is what the demo tells people and, as JSON, scripts.
type Announcement struct {
	Clinic   string           `json:"clinic"`           // URL of the clinic's pages
	Secure   string           `json:"secure,omitempty"` // the same over HTTPS
	Hub      string           `json:"hub"`              // URL of the centre's pages
	HubToken string           `json:"hub_token"`
	Bench    string           `json:"bench"` // URL of the bench
	Scanner  string           `json:"scanner"`
	Printer  string           `json:"printer"`
	Broker   string           `json:"broker"` // as the box dials it: through the cable
	Data     string           `json:"data"`
	Staff    []AnnouncedStaff `json:"staff"`
	Cards    []AnnouncedCard  `json:"cards"`
}

// AnnouncedStaff is one line of the list of PINs.
type AnnouncedStaff struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"` // nurse, doctor, cashier, administrator
	PIN  string `json:"pin"`
}

// AnnouncedCard is a person's cards, of an invented person.
type AnnouncedCard struct {
	Name      string `json:"name"`
	New       bool   `json:"new"` // not in the clinic's records at the first start
	Citizen   string `json:"citizen,omitempty"`
	Insurance string `json:"insurance,omitempty"`
}

func (m *Main) announcement() Announcement {
	a := Announcement{
		Clinic: m.box.URL(), Hub: "http://" + m.hub.WebAddr() + "/", HubToken: m.hub.Token(),
		Bench: "http://" + m.bench.Addr().String() + "/", Scanner: m.flags.Scanner, Printer: m.flags.Printer,
		Broker: m.scheme() + "://" + m.cable.Addr(), Data: m.flags.Dir,
	}
	if addr := m.box.SecureAddr(); addr != nil {
		a.Secure = "https://" + addr.String() + "/"
	}
	for _, s := range m.team {
		a.Staff = append(a.Staff, AnnouncedStaff{s.ID.String(), s.Name, strings.ToLower(roleWord(s.Role)), s.PIN})
	}
	for i := range m.people {
		p := &m.people[i]
		a.Cards = append(a.Cards, AnnouncedCard{p.Patient.Name, i >= seedPatients, p.CitizenQR, p.InsuranceQR})
	}
	return a
}

func roleWord(r clinic.Role) string {
	_, english, _ := strings.Cut(roleNames(r), " / ")
	return english
}

// announce prints where everything is and writes the JSON file.
func (m *Main) announce() error {
	a := m.announcement()
	var b strings.Builder
	fmt.Fprintf(&b, "\nClinicbox — trạm mẫu / demo clinic (người bịa, thiết bị mô phỏng / invented people, simulated devices)\n\n")
	fmt.Fprintf(&b, "  Bàn thử / bench    %s   quét thẻ, xem giấy in, rút dây / scan cards, see slips, pull the link\n", a.Bench)
	fmt.Fprintf(&b, "  Trạm / clinic      %s\n", a.Clinic)
	if a.Secure != "" {
		fmt.Fprintf(&b, "  HTTPS              %s   chứng thư: %strust\n", a.Secure, a.Clinic)
	}
	fmt.Fprintf(&b, "  Trung tâm / centre %s   token %s\n\n", a.Hub, a.HubToken)
	for _, s := range m.team {
		fmt.Fprintf(&b, "  PIN %s   %-18s %s\n", s.PIN, s.Name, roleNames(s.Role))
	}
	fmt.Fprintf(&b, "\n  Dữ liệu / data: %s — Ctrl+C để dừng / to stop\n\n", a.Data)
	if _, err := fmt.Fprint(m.Stdout, b.String()); err != nil {
		return err
	}
	if m.flags.JSON == "" {
		return nil
	}
	j, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return durable.WriteFile(m.flags.JSON, append(j, '\n'), 0o600)
}

// runBench serves the bench and, being the last to start, announces everything.
func (m *Main) runBench(ctx context.Context, ready func()) (err error) {
	if m.bench, err = net.Listen("tcp", m.flags.Bench); err != nil {
		return fmt.Errorf("demo: bench: %w", err)
	}
	o := bench.Opts{
		Clinic: m.box.URL(), Hub: "http://" + m.hub.WebAddr() + "/", Token: m.hub.Token(), Cable: plug{m.cable, m.box}, Cards: m.cards(), Codes: m.slipCodes(ctx),
	}
	if m.scanner != nil {
		o.Scanner = m.scanner
	}
	if m.printer != nil {
		o.Printer = paperSide{m.printer}
	}
	for _, s := range m.team {
		o.Staff = append(o.Staff, bench.Staff{Name: s.Name, Role: roleNames(s.Role), PIN: s.PIN})
	}
	srv := bench.New(o).Server()
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := m.announce(); err != nil {
		return err
	}
	ready()
	m.ready.Raise()
	if err := srv.Serve(m.bench); ctx.Err() == nil {
		return fmt.Errorf("demo: bench: %w", err)
	}
	return nil
}

// cards puts the newcomers first, then some of the known people.
func (m *Main) cards() []bench.Card {
	var out []bench.Card
	add := func(p *invent.Person, isNew bool) {
		c := bench.Card{N: len(out), Name: p.Patient.Name, Birth: p.Patient.Birth.String(), New: isNew, Payloads: map[string]string{}}
		put := func(kind, payload string) {
			if payload != "" {
				c.Payloads[kind], c.Kinds = payload, append(c.Kinds, kind)
			}
		}
		put("CCCD", p.CitizenQR)
		put("BHYT", p.InsuranceQR)
		if len(p.CitizenQR) > 40 {
			put("½ CCCD", p.CitizenQR[:30]) // a code that was pulled away too early
		}
		if len(c.Kinds) > 0 {
			out = append(out, c)
		}
	}
	for i := seedPatients; i < len(m.people); i++ {
		add(&m.people[i], true)
	}
	for i := range 40 {
		add(&m.people[i], false)
	}
	return out
}
