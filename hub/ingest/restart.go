package ingest

import (
	"bytes"
	"context"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// restartGap is between streams down that begin anew: each sends everything again.
const restartGap = time.Hour

// otherDown reports whether a box has applied another stream than is queued here: more
// of it, or another entry at its end. The centre was put back from a copy then, and what
// it queued since stands at places that the box has passed.
func (b *box) otherDown(ctx context.Context, a *wire.DownAck, st *hub.DownState) (bool, error) {
	if a.Next == 0 || len(a.Last) < 16 {
		return false, nil
	}
	if a.Next > st.Last {
		return true, nil
	}
	es, err := b.in.DB.Downs(ctx, b.name, a.Next-1, 1)
	if err != nil {
		return false, err
	}
	return len(es) != 1 || es[0].Seq != a.Next || !bytes.HasPrefix(es[0].Leaf[:], a.Last), nil
}

// restartDown begins the stream down anew, at most once in restartGap: what the box has
// already is no harm to it.
func (b *box) restartDown(ctx context.Context, why string) {
	now := b.in.Now()
	alarm := hub.Alarm{Box: b.name, Code: hub.AlarmDown, Last: now, Detail: why}
	if d := now.Sub(b.downAnew); !b.downAnew.IsZero() && d >= 0 && d < restartGap {
		b.alarm(ctx, alarm.Code, alarm.Detail)
		return
	}
	if err := b.in.DB.RestartDowns(ctx, alarm, now); err != nil {
		b.in.failed(ctx, "restart downs", err)
		return
	}
	b.in.Log.Warn("alarm", "box", b.name, "code", alarm.Code, "detail", alarm.Detail)
	b.downAnew, b.down = now, downSession{}
	b.ask(true)
}
