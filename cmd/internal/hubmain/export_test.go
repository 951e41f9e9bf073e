package hubmain

import (
	"context"
	"time"

	"clinicbox/hub"
	"clinicbox/internal/keyfile"
)

// AddBox registers a box by its public keys, for tests of a centre without an
// authority: boxes of a fleet come in by Invite and Enrol only.
func (h *Hub) AddBox(ctx context.Context, p keyfile.Public) error {
	return h.db.AddBox(ctx, p.Name, hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now())
}
