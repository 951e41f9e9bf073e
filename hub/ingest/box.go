package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

const (
	keepUp     = 2           // sessions of a box that stay open: a restarted box's late frames still count
	whoGap     = time.Second // between whos on average
	whoBurst   = 3           // whos at once: the first one often finds nobody on the link yet
	startGap   = 200 * time.Millisecond
	seenGap    = 30 * time.Second
	alarmGap   = 10 * time.Second // between rows of one code; forks are always recorded
	maxKept    = 32               // pieces of evidence in alarmGap
	owedFrames = 16               // frames handled between receipts while more wait
	lateFrames = 5 * time.Minute  // a link may hold frames back so long
	turn       = 64               // frames of one box handled while others wait
	badStarts  = 3                // refused in a row
)

// box is what lives in memory of one box. Beside what in.mu guards, only the goroutine that drains it touches it.
type box struct {
	in   *Ingest
	row  hub.Box
	name string
	gone atomic.Bool // another state has taken its place

	// in.mu guards:
	inbox      [][]byte
	inboxBytes int
	woken      bool
	announce   bool
	errands    []errand
	spent      Spent
	active     bool

	nonce    wire.Nonce  // ours, in the last who; the zero one is none
	whoNext  time.Time   // when the next one were due, had they all been whoGap apart
	up       []upSession // the latest last
	refused  int
	seenAt   time.Time
	alarmed  map[string]time.Time
	keptAt   time.Time // of the first evidence in alarmGap
	kept     int       // pieces since then
	down     downSession
	told     toldPlace // by courier
	heldTo   uint64    // down entries up to here are all of classes that wait
	sets     sets
	timer    *time.Timer // of the next pump; it may outlive Run, when wake does nothing
	stream   *hub.Stream // as stored; nil = ask the database
	edge     map[int64]tlog.Hash
	touched  uint64      // size last stated in the database
	owed     bool        // a receipt
	echo     *wire.Nonce // of the ping that it answers
	owedFrom int         // frames since it is owed
	downAnew time.Time   // when the stream down last began anew
	branched []time.Time // when epochs branched off lately
	aligning wire.Nonce  // of the last Align, and how often it was answered
	answers  int
}

type upSession struct {
	*wire.Opener
	start wire.Start
	since time.Time
}

func newBox(in *Ingest, row hub.Box) *box {
	return &box{in: in, row: row, name: row.Name, alarmed: map[string]time.Time{}}
}

// drain handles what waits until nothing does. The receipt goes out when the
// queue is empty, so that a burst of frames costs one.
func (b *box) drain(ctx context.Context) {
	for n := 1; ctx.Err() == nil && !b.gone.Load(); n++ {
		if n%turn == 0 {
			b.in.yield()
		}
		frame, woken, more := b.next()
		if b.announced() {
			b.ask(true)
		}
		b.errand(ctx)
		switch {
		case frame != nil:
			b.frame(ctx, frame)
		case woken:
			b.pump(ctx)
			b.pumpSets(ctx)
		}
		if b.owed && (!more || b.owedFrom >= owedFrames) {
			b.receipt(ctx, nil)
		}
		if frame == nil && !woken {
			if b.rest() {
				return
			}
		}
	}
	b.in.mu.Lock()
	b.active = false
	b.leave()
	b.in.mu.Unlock()
}

func (b *box) next() (frame []byte, woken, more bool) {
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	if len(b.inbox) > 0 {
		frame, b.inbox = b.inbox[0], b.inbox[1:]
		b.inboxBytes -= len(frame)
	} else {
		woken, b.woken = b.woken, false
	}
	return frame, woken, len(b.inbox) > 0
}

// announced reports once that the box shall be asked for its session.
func (b *box) announced() bool {
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	a := b.announce
	b.announce = false
	return a
}

// rest ends the goroutine's turn unless something came meanwhile.
func (b *box) rest() bool {
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	if len(b.inbox) > 0 || b.woken || b.announce || len(b.errands) > 0 {
		return false
	}
	b.inbox = nil // lets go of the frames behind the slice
	b.active = false
	return true
}

func (b *box) frame(ctx context.Context, f []byte) {
	if b.row.Revoked != 0 {
		b.in.Counts.Refused.Add(1)
		b.alarm(ctx, hub.AlarmRevoked, "")
		return
	}
	h, err := wire.Parse(f)
	if err != nil {
		b.garbage(ctx, "not a frame that this program knows")
		return
	}
	switch h.Type {
	case wire.TypeWho:
		b.who(ctx, f)
	case wire.TypeStart:
		b.start(ctx, f, h)
	case wire.TypeSealed:
		b.sealed(ctx, f, h)
	}
}

// who answers a box that asks for our session, and asks for its own when it
// wants that too.
func (b *box) who(ctx context.Context, f []byte) {
	w, err := wire.ParseWho(f)
	if err != nil {
		b.garbage(ctx, "a malformed who")
		return
	}
	if w.Back {
		b.ask(false)
	}
	b.startDown(ctx, w.Nonce)
}

// ask sends a who: the box shall start its session. A nonce serves until a start
// has used it, so that a who sent twice spoils nothing.
func (b *box) ask(back bool) {
	now := b.in.Now()
	switch d := b.whoNext.Sub(now); {
	case d < 0 || d > whoBurst*whoGap: // long ago, or the clock was set back
		b.whoNext = now
	case d > (whoBurst-1)*whoGap:
		return
	}
	b.whoNext = b.whoNext.Add(whoGap)
	if b.nonce == (wire.Nonce{}) {
		b.nonce = wire.NewNonce()
	}
	b.publish(wire.Who{Nonce: b.nonce, Back: back}.Frame())
}

func (b *box) start(ctx context.Context, f []byte, h wire.Header) {
	for _, s := range b.up {
		if s.ID() == h.Session {
			b.in.Counts.Again.Add(1)
			return // the same start twice
		}
	}
	if b.nonce == (wire.Nonce{}) {
		b.in.Counts.Refused.Add(1)
		b.ask(b.down.Sealer == nil)
		return
	}
	s, o, err := wire.AcceptSession(f, b.in.HPKE, wire.Expect{
		Dir: wire.DirUp, Box: b.name, From: b.row.Keys.Identity[:], Nonce: b.nonce,
	})
	if err != nil {
		b.refuse(ctx, err)
		return
	}
	if err := b.branch(ctx, &s); err != nil {
		b.unbranched(ctx, err) // no session: a receipt for nothing would bring everything
		return
	}
	if err := b.receded(ctx, &s); err != nil {
		b.in.Counts.Refused.Add(1)
		b.in.failed(ctx, "receded", err) // no session: the box tells what it has once more
		return
	}
	b.nonce, b.whoNext, b.refused = wire.Nonce{}, time.Time{}, 0
	b.forgetWaits(&s)
	b.open(upSession{Opener: o, start: s, since: b.in.Now()})
	if b.down.Sealer != nil {
		b.down.Compress(s.Reads)
	}
	b.seen(ctx)
	b.in.Log.Info("session", "box", b.name, "epoch", hub.Epoch(s.Epoch).String(), "tip", s.Tip, "agent", s.Agent)
	b.incarnation(ctx, &s)
	b.use(hub.Epoch(s.Epoch))
	b.state(ctx, s.Tip)
	b.owed = true // tells the box where to go on
}

// unbranched is said of a session start whose branch is not there. The box asks again.
func (b *box) unbranched(ctx context.Context, err error) {
	b.in.Counts.Refused.Add(1)
	if errors.Is(err, errBranches) {
		b.alarm(ctx, hub.AlarmSplit, "epochs begin too often")
		return
	}
	b.in.failed(ctx, "branch", err)
}

func (b *box) refuse(ctx context.Context, err error) {
	b.in.Counts.Refused.Add(1)
	if !errors.Is(err, wire.ErrStale) {
		b.refused++
	}
	if b.refused >= badStarts || errors.Is(err, wire.ErrSuite) {
		b.alarm(ctx, hub.AlarmSignature, "")
	}
	b.ask(b.down.Sealer == nil)
}

// open keeps the session and forgets the oldest.
func (b *box) open(s upSession) {
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	if b.gone.Load() {
		return
	}
	b.up = append(b.up, s)
	b.in.sessions[s.ID()] = b.name
	if len(b.up) > keepUp {
		delete(b.in.sessions, b.up[0].ID())
		b.up = append([]upSession(nil), b.up[1:]...)
	}
}

// incarnation raises an alarm when an opening of the box's store speaks that a
// later one has superseded (a cloned box), or that begins before what we hold (a
// restored backup). Nothing is lost either way.
func (b *box) incarnation(ctx context.Context, s *wire.Start) {
	e := hub.Epoch(s.Epoch)
	st, err := b.in.DB.Stream(ctx, b.name, e)
	if err == nil {
		if st.Size > s.Tip && hub.Epoch(s.Incarnation) != st.Incarnation {
			b.alarm(ctx, hub.AlarmSplit, fmt.Sprintf("epoch %v: began at %d, %d held", e, s.Tip, st.Size))
		}
		var by hub.Epoch
		by, err = b.in.DB.Incarnation(ctx, hub.Stream{
			Box: b.name, Epoch: e, Incarnation: hub.Epoch(s.Incarnation), Parent: hub.Epoch(s.Parent),
			Tip: s.Tip, Started: b.in.Now(),
		})
		if by != (hub.Epoch{}) {
			b.in.Log.Warn("alarm", "box", b.name, "code", hub.AlarmClone, "after", by.String()) // raised with it
		}
	}
	if err != nil {
		b.in.failed(ctx, "incarnation", err)
	}
}

func (b *box) sealed(ctx context.Context, f []byte, h wire.Header) {
	for i := range b.up {
		if b.up[i].ID() == h.Session {
			b.opened(ctx, f, &b.up[i])
			return
		}
	}
	if name, ok := b.in.owner(h.Session); ok && name != b.name {
		b.in.Counts.Foreign.Add(1)
		b.alarm(ctx, hub.AlarmForeign, "a frame of "+name)
		return
	}
	b.in.Counts.Strangers.Add(1)
	b.ask(b.down.Sealer == nil)
}

func (b *box) opened(ctx context.Context, f []byte, s *upSession) {
	m, err := s.Open(f)
	if err != nil {
		b.garbage(ctx, "a frame that does not open or cannot be read")
		return
	}
	b.seen(ctx)
	b.stillSpeaks(ctx, s, m)
	b.owedFrom++
	switch m := m.(type) {
	case *wire.Data:
		b.data(ctx, m, &s.start)
	case wire.DownAck:
		b.downAck(ctx, m)
		b.pumpSets(ctx)
	case wire.SetAck:
		b.setAck(ctx, m)
	case wire.Ping:
		b.ping(ctx, m, &s.start)
	case wire.Align:
		b.align(ctx, &m, &s.start)
	case wire.Budget:
		b.budget(ctx, m)
	default:
		b.in.Counts.Garbage.Add(1) // what boxes do not send, or a later version does
	}
}

// stillSpeaks raises an alarm when a session goes on that a later opening of the
// store has superseded. Frames that were under way end soon, and know of no entry
// that the later opening did not begin with.
func (b *box) stillSpeaks(ctx context.Context, s *upSession, m wire.Message) {
	last := &b.up[len(b.up)-1]
	if s.start.Incarnation == last.start.Incarnation || s.start.Epoch != last.start.Epoch {
		return
	}
	d, ok := m.(*wire.Data)
	if ok && d.Stated() > last.start.Tip || b.in.Now().Sub(last.since) > lateFrames {
		b.alarm(ctx, hub.AlarmClone, fmt.Sprintf("%v after %v", hub.Epoch(s.start.Incarnation), hub.Epoch(last.start.Incarnation)))
	}
}

func (b *box) ping(ctx context.Context, p wire.Ping, s *wire.Start) {
	if p.Receipt {
		b.use(hub.Epoch(s.Epoch))
		b.receipt(ctx, &p.Nonce)
		b.resend(ctx) // it asks when its link has come back
		b.freshSets()
		b.pumpSets(ctx)
		return
	}
	pong, err := wire.Pong{Box: b.name, Nonce: p.Nonce, Time: b.in.Now().UnixMilli()}.Sign(b.in.Identity)
	if err != nil {
		b.in.Log.Error("sign hub time", "err", err)
		return
	}
	b.send(pong)
}

// seen notes now and then that the box was heard.
func (b *box) seen(ctx context.Context) {
	now := b.in.Now()
	if d := now.Sub(b.seenAt); d >= 0 && d < seenGap {
		return
	}
	b.seenAt = now
	if err := b.in.DB.Seen(ctx, b.name, now); err != nil {
		b.in.failed(ctx, "seen", err)
	}
}

func (b *box) garbage(ctx context.Context, what string) {
	b.in.Counts.Garbage.Add(1)
	b.alarm(ctx, hub.AlarmGarbage, what)
}

// alarm raises one, at a bounded rate: whoever sends garbage does not get to
// write to the disk with each frame.
func (b *box) alarm(ctx context.Context, code, detail string) {
	now := b.in.Now()
	if last, ok := b.alarmed[code]; ok && now.Sub(last) >= 0 && now.Sub(last) < alarmGap {
		return
	}
	b.alarmed[code] = now
	b.in.Log.Warn("alarm", "box", b.name, "code", code, "detail", detail)
	if err := b.in.DB.Raise(ctx, hub.Alarm{Box: b.name, Code: code, Detail: detail, Last: now}); err != nil {
		b.in.failed(ctx, "alarm", err)
	}
}

func (b *box) publish(frame []byte) {
	if err := b.in.Link.Publish("cb/1/"+b.name+"/down", frame); err != nil {
		b.in.Log.Debug("publish", "box", b.name, "err", err)
	}
}
