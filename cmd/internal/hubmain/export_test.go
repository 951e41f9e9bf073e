package hubmain

import (
	"context"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/courier"
)

// AddBox registers a box by its public keys, for tests of a centre without an
// authority: boxes of a fleet come in by Invite and Enrol only.
func (h *Hub) AddBox(ctx context.Context, p keyfile.Public) error {
	return h.db.AddBox(ctx, p.Name, hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now())
}

// CarriedIn is the centre's side of the courier.
func CarriedIn(in *ingest.Ingest, keys *keyfile.Private) courier.Ingest {
	return newCarriedIn(in, keys)
}
