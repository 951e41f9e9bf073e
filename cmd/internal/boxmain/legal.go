package boxmain

import (
	"clinicbox/clinic/desk"
	"clinicbox/device/health"
	"clinicbox/internal/cms"
)

// legal says how legal signatures are judged. A file of authorities that cannot be
// read does not stop the box: no signature counts, papers are signed by hand, and
// every page says why.
func (b *Box) legal() desk.Legal {
	l := desk.Legal{Centre: b.cfg.Legal.Centre, Decode: cms.Decode}
	if b.cfg.Legal.Roots == "" {
		return l
	}
	roots, err := cms.LoadRoots(b.cfg.Legal.Roots)
	b.health.Set(health.LegalRoots, err != nil)
	if err != nil {
		b.log.Error("authorities of legal signatures", "err", err)
		return l
	}
	l.Judge = cms.Judge{Roots: roots, Facility: b.cfg.Legal.Facility}.Judge
	return l
}
