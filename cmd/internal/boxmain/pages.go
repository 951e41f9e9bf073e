package boxmain

import (
	"errors"
	"time"

	"clinicbox/device/clock"
	"clinicbox/device/identity"
	"clinicbox/internal/cert"
)

// renewEvery is how often the certificate of the pages is looked at; it lives for
// 800 days.
const renewEvery = 24 * time.Hour

// renew makes the certificate of the pages anew when it is time. A failure is no
// reason to stop: the old one lasts for months.
func (b *Box) renew() {
	now, trusted := b.clock.Now()
	t := cert.LeafTime{Now: now, Trusted: trusted, Floor: b.vault.id.Floor()}
	if c, ok := b.clock.(*clock.Clock); ok {
		t.Floor = c.Floor()
	}
	err := b.vault.change(func(o opened) error {
		made, err := o.keys.Renew(t)
		if made {
			b.log.Info("certificate of the pages renewed")
		}
		return err
	})
	if err != nil && !errors.Is(err, identity.ErrStranger) && !errors.Is(err, errLocked) {
		b.log.Error("certificate of the pages not renewed", "err", err)
	}
}
