package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"clinicbox/sync/wire"
)

// phase is where the talk with the hub stands.
type phase uint8

const (
	offline  phase = iota // no connection
	greeting              // asked for the hub's nonce (Who), no session of ours
	asking                // have a session, waiting for a receipt that answers ours
	live                  // the hub's size is known: entries may flow
	aligning              // the hub holds another log: finding out where they part
)

// runner is the state machine. One goroutine owns it.
type runner struct {
	*Outbox
	log *slog.Logger

	phase phase
	quiet int       // repeats since the hub was last heard
	due   time.Time // when silence counts as one more; zero while nothing is asked
	heard time.Time // last authentic frame of the hub

	sealer  *wire.Sealer // our session, nil before
	born    time.Time    // of sealer
	startAt time.Time    // of the last start sent
	starts  int          // session starts sent since a receipt answered
	begun   []byte       // the start of our session
	over    wire.Nonce   // the hub's, that begun is signed over
	tried   bool         // entries were sent since the hub last answered
	stalls  int          // answers in a row after which nothing of what we had sent was stored
	odd     int          // session starts of the hub refused since then
	opener  *wire.Opener // the hub's session, nil before
	nonce   wire.Nonce   // ours, for the hub's next session start
	whoAt   time.Time    // when we last asked for it outside greeting

	ask   wire.Nonce // of the last Ping
	askAt time.Time

	size   uint64       // receipted, and equal to our tree
	proven uint64       // size of the newest checkpoint that was cosigned in this run
	high   uint64       // the largest such size of this run or the one before
	ahead  []wire.Range // beyond size, what the last receipt said the hub has in hand
	sent   uint64       // next entry to send
	flight []flown
	bytes  int       // sum over flight
	batch  batch     // how much goes into a frame
	seen   uint64    // size of the journal when all of it was last sent or tried
	hold   time.Time // no sending before, for something fails
	linger linger    // entries wait for those that follow
	window int       // bytes in flight at most; 0 = what the options say

	reads    []uint32      // dictionaries that the hub said it reads
	does     wire.Features // of the hub's session
	align    alignment
	healing  healing
	unmended map[uint64]bool // came back and could not be put
	turned   time.Time       // last time that an epoch began here

	comingAt  time.Time // when kept was
	kept      uint64    // entries to come
	all       bool      // everything was asked for again
	knows     bool      // the hub answered a session of this run
	untold    uint64    // what was received before entries came of which it does not know
	cursor    Cursor
	downEpoch wire.Epoch // of the hub's session
	ackAt     time.Time
	acked     Cursor

	told   told       // of the budget
	packed *wire.Data // last
}

// flown is a data frame that no receipt covers yet.
type flown struct {
	next  uint64 // index after its last entry
	bytes int
	at    time.Time // when it went out
}

func (r *runner) loop(ctx context.Context) error {
	for {
		// Channels before state: a change in between closes what is waited on.
		changed, grown := r.opts.Link.Changed(), r.opts.Log.Grown()
		r.linkIs(r.opts.Link.Up())
		wait := time.NewTimer(r.step())
		select {
		case <-ctx.Done():
			wait.Stop()
			r.flush()
			return nil
		case <-changed:
		case <-grown:
			r.grew()
		case f := <-r.opts.Link.Frames():
			r.frame(ctx, f)
		case c := <-r.carry:
			c.do()
			close(c.done)
		case <-wait.C:
		}
		wait.Stop()
	}
}

// load brings back what the last run was sure of. A kept receipt is verified
// anew: the journal under it may have been exchanged.
func (r *runner) load() error {
	r.nonce = wire.NewNonce()
	kept, cursor, err := r.opts.Keeper.Load()
	if err != nil {
		return err
	}
	r.cursor = cursor
	r.loadComing()
	r.loadUntold()
	if len(kept) == 0 {
		return nil
	}
	rec, err := kept.Verify(r.opts.Hub.Identity)
	if err != nil || rec.Box != r.opts.Box || rec.Epoch != r.opts.Epoch {
		r.log.Warn("kept receipt is of another hub, box or epoch: asking for a new one")
		return nil
	}
	agrees, err := r.agrees(&rec)
	if err != nil {
		return err
	}
	if agrees {
		r.settle(&rec)
	}
	return nil
}

// linkIs takes note of the connection. Sessions outlive it: a resumed one costs
// 100 bytes, a new pair some 2,700.
func (r *runner) linkIs(up bool) {
	if up == (r.phase != offline) {
		return
	}
	r.missed()
	r.land()
	r.quiet, r.stalls, r.due = 0, 0, time.Time{}
	if !up {
		r.phase = offline
		r.show(func(s *shown) { s.linked = false })
		return
	}
	if r.sealer == nil || r.opener == nil {
		r.greet()
		return
	}
	r.query()
}

// step does what is due and returns how long nothing will be.
func (r *runner) step() time.Duration {
	if r.phase != offline && !r.due.IsZero() && time.Until(r.due) <= 0 {
		r.silence()
	}
	if r.phase == live {
		r.budget()
		r.pump()
		r.heal()
	}
	wait := time.Hour
	if r.phase == live && r.opts.Budget != nil {
		wait = min(wait, time.Until(r.told.looked.Add(budgetLook)))
	}
	if r.phase != offline && !r.due.IsZero() {
		wait = min(wait, time.Until(r.due))
	}
	if w := r.waits(); r.phase == live && w > 0 {
		wait = min(wait, w)
	}
	return max(wait, 0)
}

// silence is called when the hub let an answer wait too long. Nothing is sent
// again until it answers a Ping, or, after two, a Who: the session may be lost.
func (r *runner) silence() {
	r.quiet++
	r.missed()
	r.land()
	r.show(func(s *shown) { s.linked = false })
	if r.phase == aligning && r.quiet <= 2 {
		r.askAlign()
		return
	}
	if r.phase == greeting || r.sealer == nil || r.quiet > 2 {
		r.greet()
		return
	}
	r.query()
}

// greet asks for the hub's nonce and hands it ours.
func (r *runner) greet() {
	r.phase, r.sealer = greeting, nil
	r.publish(wire.Who{Nonce: r.nonce, Back: true}.Frame())
	r.expect()
}

// query asks for a receipt made after now. A repeat keeps its nonce, so that an
// answer slower than our patience still counts.
func (r *runner) query() {
	if r.phase != asking || r.quiet == 0 || r.quiet > 2 || r.ask == (wire.Nonce{}) {
		r.ask = wire.NewNonce()
	}
	r.phase, r.askAt = asking, time.Now()
	r.land()
	r.seal(wire.Ping{Nonce: r.ask, Receipt: true})
	r.expect()
}

// expect sets the time at which silence counts: doubling. The first repeat of a
// question comes soon: it is small, and may only have overtaken our session start.
func (r *runner) expect() {
	d := r.opts.MaxBackoff
	switch {
	case r.quiet == 0 && r.phase != live:
		d = r.opts.Patience / 4
	case r.phase != live && r.quiet <= 16:
		d = min(d, r.opts.Patience<<(r.quiet-1))
	case r.quiet < 16:
		d = min(d, r.opts.Patience<<r.quiet)
	}
	r.within(d)
}

// within sets due about d from now, so that the boxes of a fleet do not speak at
// once.
func (r *runner) within(d time.Duration) {
	d += time.Duration((r.opts.Rand() - 0.5) / 2 * float64(d)) // ± 25%
	r.due = time.Now().Add(d)
}

// land forgets what is in flight: it arrived or did not, a receipt will tell.
func (r *runner) land() {
	r.flight, r.bytes, r.sent = r.flight[:0], 0, r.size
}

func (r *runner) seal(m wire.Message) {
	if r.sealer == nil {
		return
	}
	frame, err := r.sealer.Seal(m)
	if err != nil {
		r.log.Error("cannot seal a frame", "error", err)
		return
	}
	r.spend(m, len(frame))
	r.publish(frame)
}

func (r *runner) publish(frame []byte) {
	if err := r.opts.Link.Publish(frame); err != nil {
		r.log.Debug("frame not handed to the link", "error", err) // as good as lost
	}
}

// frame takes what came over the link, from the hub or from anyone.
func (r *runner) frame(ctx context.Context, f []byte) {
	h, err := wire.Parse(f)
	if err != nil {
		r.log.Debug("frame not understood", "error", err)
		return
	}
	switch h.Type {
	case wire.TypeWho:
		r.who(f)
	case wire.TypeStart:
		r.start(f, h.Session)
	case wire.TypeSealed:
		r.sealed(ctx, f)
	}
}

// who answers the hub's wish for a session. Anyone can send one, so each answer
// (1,300 bytes) without a receipt doubles the time until the next. A nonce serves
// for one session: one that our session has used came late, or the start is lost.
func (r *runner) who(f []byte) {
	w, err := wire.ParseWho(f)
	if err != nil || r.phase == offline {
		return
	}
	same := r.sealer != nil && w.Nonce == r.over
	pause := min(r.opts.MaxBackoff, r.opts.Patience/8<<min(r.starts, 16))
	if same && r.starts == 0 || r.starts > 0 && time.Since(r.startAt) < pause {
		return
	}
	if !same && !r.begin(w.Nonce) {
		return
	}
	if w.Back {
		r.publish(wire.Who{Nonce: r.nonce}.Frame())
	}
	r.startAt = time.Now()
	r.starts++
	r.refused()
	r.publish(r.begun)
	r.acknowledge(true)
	r.query()
}

// begin makes our session over the hub's nonce.
func (r *runner) begin(n wire.Nonce) bool {
	start := wire.Start{
		Dir: wire.DirUp, Box: r.opts.Box, Epoch: r.opts.Epoch, Incarnation: r.opts.Incarnation,
		Parent: r.opts.Parent, Tip: r.opts.Tip, Nonce: n, Agent: r.opts.Agent, Reads: wire.Dictionaries(),
		Branch: r.opts.Branch, Features: wire.FeatureAlign | wire.FeatureBrief,
	}
	r.takesSets(&start)
	r.names(&start)
	frame, sealer, err := wire.StartSession(r.opts.Hub.HPKE, r.opts.Identity, start)
	if err != nil {
		r.log.Error("cannot start a session", "error", err)
		return false
	}
	r.sealer, r.born, r.begun, r.over = sealer, time.Now(), frame, n
	r.sealer.Compress(r.reads) // no entries go out before the present hub has told its own
	r.ask = wire.Nonce{}       // an answer to the old session's ping says nothing of this one
	return true
}

// names says in a session's start what its frames need not say.
func (r *runner) names(s *wire.Start) {
	if r.opts.Naming != nil {
		n := r.opts.Naming()
		s.Naming = &n
	}
	size := r.opts.Log.Size()
	from := size - min(size, lately)
	if from == size {
		return
	}
	raws, err := r.opts.Log.Read(from, lately, rawMost)
	if err != nil {
		r.log.Warn("journal not read", "from", from, "error", err) // it costs bytes only
		return
	}
	s.Common = wire.Common(raws)
}

// lately is how many entries a session's start looks at for strings that come again.
const lately = 200

// start takes the hub's session start.
func (r *runner) start(f []byte, id wire.SessionID) {
	if r.opener != nil && r.opener.ID() == id {
		return // the link repeated it
	}
	s, o, err := wire.AcceptSession(f, r.opts.HPKE, wire.Expect{
		Dir: wire.DirDown, Box: r.opts.Box, From: r.opts.Hub.Identity, Nonce: r.nonce,
	})
	if err != nil {
		r.log.Warn("hub's session start refused", "error", err)
		if !errors.Is(err, wire.ErrStale) {
			r.odd++
			r.refused()
		}
		return
	}
	r.opener, r.downEpoch, r.nonce, r.reads, r.does = o, s.Epoch, wire.NewNonce(), s.Reads, s.Features
	if r.sealer != nil {
		r.sealer.Compress(r.reads)
	}
	if r.phase == greeting || r.phase == asking {
		r.quiet = 0 // it is there
		r.expect()
	}
	r.acknowledge(true)
}

func (r *runner) sealed(ctx context.Context, f []byte) {
	if r.opener == nil {
		r.lost()
		return
	}
	m, err := r.opener.Open(f)
	if errors.Is(err, wire.ErrSession) {
		r.lost()
		return
	}
	if err != nil {
		r.log.Warn("hub's frame dropped", "error", err)
		return
	}
	r.heard = time.Now()
	r.spend(m, len(f))
	switch m := m.(type) {
	case wire.SignedReceipt:
		r.receipt(m)
	case wire.BriefReceipt:
		r.brief(m)
	case wire.SignedDown:
		r.down(ctx, m)
	case wire.Aligned:
		r.aligned(ctx, m)
	case wire.SignedSet:
		r.set(ctx, m)
	case wire.SignedPong: // for the clock, once it asks
	default:
		r.log.Info("hub's message not understood")
	}
}

// lost tells the hub that we cannot open what it sends.
func (r *runner) lost() {
	if r.phase == offline || time.Since(r.whoAt) < r.opts.Patience/4 {
		return
	}
	r.whoAt = time.Now()
	r.publish(wire.Who{Nonce: r.nonce}.Frame())
}

// refused shows that one side does not accept the other's sessions, which is a
// matter of keys for a person and does not mend itself.
func (r *runner) refused() {
	is := r.starts > 3 || r.odd > 3
	r.show(func(s *shown) { s.problems.refused = is })
}
