package hubmain_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/sync/outbox/outboxtest"
)

// TestOnlyGapsAreSentAgain: a frame that the link loses is sent again, those behind it
// are not.
func TestOnlyGapsAreSentAgain(t *testing.T) {
	backlog := func(drop float64) (bytes, frames int) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, 41)
			defer p.close()
			p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond, Drop: drop})
			p.log.Append(6000, 250)
			p.startHub()
			p.startBox()
			p.net.Connect(true)
			for end := time.Now().Add(time.Hour); !p.agreed(); time.Sleep(time.Second) {
				if time.Now().After(end) {
					t.Fatalf("not there after an hour: %+v", p.out.Truths())
				}
			}
			frames, bytes = int(p.in.Counts.Again.Load()), p.net.SentUp
		})
		return bytes, frames
	}
	good, none := backlog(0)
	bad, again := backlog(0.05)
	fmt.Fprintf(t.Output(), "%d bytes over a link that loses nothing, %d over one that loses 5%%; %d and %d frames came twice\n", good, bad, none, again)
	if none != 0 {
		t.Errorf("%d frames twice over a good link", none)
	}
	if float64(bad) > 1.3*float64(good) {
		t.Errorf("%d bytes instead of %d: more than the gaps was sent again", bad, good)
	}
}
