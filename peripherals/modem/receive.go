package modem

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/sms"
)

// Inbox takes what came. Calls come from one goroutine.
type Inbox interface {
	// Message is durable when it returns nil: then the modem's copy is deleted. The same
	// ID again is the same message, and nothing is done.
	Message(ctx context.Context, m Received) error
	// Report is durable when it returns nil. The same report may come twice.
	Report(ctx context.Context, r sms.Report) error
}

// Received is a message from anybody: who sent it is not proven, and nothing acts on
// it but what verifies a signature in it.
type Received struct {
	ID      string // by what it holds
	From    redact.Text
	Text    redact.Text
	Data    redact.Of[[]byte] // of 8-bit data, which has no text
	At      time.Time         // by the network's clock; zero = not known
	Missing int               // parts that did not come
	Garbled bool              // cannot be read; From and Text are empty
}

// stored is a message in the modem's memory, or one that came past it.
type stored struct {
	index int // -1 = past it
	pdu   []byte
	in    sms.Incoming
	bad   bool
}

// inbox keeps what is on its way from modem to Inbox.
type inbox struct {
	late  []stored             // came past the modem's memory; not handed over yet
	since map[string]time.Time // when an incomplete message was seen first
	tried time.Time            // when handing over was tried last
}

// waits reports whether something is to be handed over at once.
func (b *inbox) waits() bool { return len(b.late) > 0 && time.Since(b.tried) > time.Minute }

// maxLate bounds what waits in memory when the Inbox takes nothing.
const maxLate = 256

// direct takes a PDU that follows an announcement; it reports whether it is one.
func (b *inbox) direct(line string) bool {
	pdu, err := hex.DecodeString(line)
	if err != nil || len(pdu) == 0 {
		return false
	}
	if len(b.late) < maxLate {
		b.late = append(b.late, read(-1, pdu))
	}
	return true
}

func read(index int, pdu []byte) stored {
	in, err := sms.Decode(pdu)
	return stored{index, pdu, in, err != nil}
}

// messages receives and sends.
func (s *session) messages(ctx context.Context, cause Cause) error {
	d := s.dev
	if d.opts.Inbox == nil {
		s.news, d.inbox.late = false, nil
	} else if s.news || time.Since(s.swept) >= d.opts.Sweep || len(d.inbox.late) > 0 {
		if err := s.receive(ctx); err != nil {
			return err
		}
	}
	if d.opts.Outbox != nil && (cause == Online || cause == NoAddress) {
		return s.send(ctx)
	}
	return nil
}

// receive hands over what is in the memory and what came past it, and deletes what was
// handed over. A cut between the two hands it over again, with the same ID.
func (s *session) receive(ctx context.Context) error {
	s.news, s.swept = false, time.Now()
	list, err := s.list(ctx)
	if err != nil {
		return err
	}
	b := &s.dev.inbox
	list = append(list, b.late...)
	b.late, b.tried = nil, time.Now()
	var kept []int // deleted last: a modem that fails at it costs nothing that waits
	for _, group := range groups(list) {
		if !s.due(group) {
			b.keep(group)
			continue
		}
		if err := s.handOver(ctx, group); err != nil {
			s.dev.opts.Log.Error("modem: a message could not be handed over", "err", err)
			b.keep(group)
			continue
		}
		for _, m := range group {
			if m.index >= 0 {
				kept = append(kept, m.index)
			}
		}
	}
	for _, i := range kept {
		if err := s.try(ctx, fmt.Sprintf("AT+CMGD=%d", i), s.dev.opts.Slow); err != nil {
			return err
		}
	}
	return nil
}

// keep holds on to what only this program has.
func (b *inbox) keep(group []stored) {
	for _, m := range group {
		if m.index < 0 {
			b.late = append(b.late, m)
		}
	}
}

// list reads the modem's memory.
func (s *session) list(ctx context.Context) (out []stored, err error) {
	next := -1 // index of the message whose PDU comes next
	_, err = s.ask(ctx, command{text: "AT+CMGL=4", wait: s.dev.opts.Slow, takes: func(line string) bool {
		if fs, ok := fields(line, "+CMGL:"); ok {
			next = -1
			if n, ok := fs[0].number(); ok {
				next = n
			}
			return true
		}
		if next < 0 || s.head { // the PDU of an announcement is not of the list
			return false
		}
		pdu, err := hex.DecodeString(line)
		if err != nil || len(pdu) == 0 {
			return false
		}
		out = append(out, read(next, pdu))
		next = -1
		return true
	}})
	if refused(err) {
		return nil, nil
	}
	return out, err
}

// groups brings the parts of each message together, in their order. Senders use a
// reference again: a part goes to the first message that has no other in its place.
func groups(list []stored) (out [][]stored) {
	at := map[string][]int{}
	for _, m := range list {
		key := groupKey(m)
		if i := slices.IndexFunc(at[key], func(i int) bool { return key != "" && fits(out[i], m) }); i >= 0 {
			g := &out[at[key][i]]
			*g = append(*g, m)
			continue
		}
		at[key] = append(at[key], len(out))
		out = append(out, []stored{m})
	}
	for _, g := range out {
		slices.SortStableFunc(g, func(a, b stored) int { return place(a) - place(b) })
	}
	return out
}

func fits(group []stored, m stored) bool {
	i := slices.IndexFunc(group, func(o stored) bool { return place(o) == place(m) })
	return i < 0 || bytes.Equal(group[i].pdu, m.pdu)
}

func place(m stored) int {
	if m.in.Deliver == nil {
		return 0
	}
	return int(m.in.Deliver.Place.Seq)
}

// groupKey is the same for parts of one message, "" for a message of one part.
func groupKey(m stored) string {
	if m.bad || m.in.Deliver == nil || m.in.Deliver.Place.Total < 2 {
		return ""
	}
	d := m.in.Deliver
	return fmt.Sprintf("%s %d %d", hash([]byte(d.From.Reveal())), d.Place.Ref, d.Place.Total)
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:16])
}

// missing counts the parts that a group lacks.
func missing(group []stored) int {
	d := group[0].in.Deliver
	if group[0].bad || d == nil || d.Place.Total < 2 {
		return 0
	}
	seen := map[byte]bool{}
	for _, m := range group {
		seen[m.in.Deliver.Place.Seq] = true
	}
	return int(d.Place.Total) - len(seen)
}

// due reports whether a group is whole, or waited long enough: cards hold few messages.
func (s *session) due(group []stored) bool {
	b := &s.dev.inbox
	key := groupKey(group[0])
	if missing(group) == 0 {
		delete(b.since, key)
		return true
	}
	first, ok := b.since[key]
	if !ok {
		if b.since == nil || len(b.since) >= maxLate {
			b.since = map[string]time.Time{}
		}
		b.since[key] = time.Now()
		return false
	}
	if time.Since(first) < s.dev.opts.Partial {
		return false
	}
	delete(b.since, key)
	return true
}

func (s *session) handOver(ctx context.Context, group []stored) error {
	first := group[0]
	switch {
	case first.bad:
		return s.dev.opts.Inbox.Message(ctx, Received{ID: hash(first.pdu), Garbled: true})
	case first.in.Report != nil:
		return s.dev.opts.Inbox.Report(ctx, *first.in.Report)
	}
	return s.dev.opts.Inbox.Message(ctx, join(group))
}

// join makes one message of its parts; a part that came twice counts once.
func join(group []stored) Received {
	d := group[0].in.Deliver
	r := Received{From: d.From, At: d.At, Missing: missing(group)}
	var text strings.Builder
	var data, all []byte
	last := byte(0)
	for i, m := range group {
		part := m.in.Deliver
		if i > 0 && part.Place.Seq == last {
			continue
		}
		if i > 0 && part.Place.Seq > last+1 {
			text.WriteString(" […] ")
		}
		last = part.Place.Seq
		text.WriteString(part.Text.Reveal())
		data = append(data, part.Data.Reveal()...)
		all = append(all, m.pdu...)
	}
	r.ID, r.Text = hash(all), redact.Wrap(text.String())
	if data != nil {
		r.Data = redact.Wrap(data)
	}
	return r
}
