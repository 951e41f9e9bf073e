package hubmain

import (
	"context"
	"path/filepath"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/hub/legal"
	"clinicbox/internal/durable"
)

// Legal says who makes the legal signatures that boxes ask for.
type Legal struct {
	Signer string `toml:"signer" default:"off" check:"oneof=off|demonstration" doc:"Who makes the X.509 signatures that boxes ask for. demonstration makes an authority and certificates of its own, worth nothing by law, and writes legal-demonstration-roots.pem for the boxes' legal.roots (legal.facility there: MST:DEMO-CODE). A real signing service is joined in the program; its keys are never files. Off: papers are signed at the station."`
}

// demonstrationKey and demonstrationRoots are files of a demonstration's signer.
const (
	demonstrationKey   = "legal-demonstration.pem"
	demonstrationRoots = "legal-demonstration-roots.pem"
)

// openLegal prepares the legal signatures, if anybody makes them.
func (h *Hub) openLegal() error {
	if h.cfg.Legal.Signer != "demonstration" {
		return nil
	}
	h.log.Warn("legal.signer = demonstration: legal signatures are worth nothing; not for real patients")
	d, err := legal.NewDemonstration(filepath.Join(h.cfg.Data.Dir, demonstrationKey), nil)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(h.cfg.Data.Dir, demonstrationRoots), d.RootsPEM(), 0o644); err != nil {
		return err
	}
	h.legal, err = legal.New(legal.Options{
		DB: h.db, Down: ToFacility{h.ingest, h.db}, Signer: d, Roots: d.Roots(), Facility: legal.DemonstrationFacility, Log: h.log,
	})
	return err
}

// ToFacility queues for all boxes of a facility what one of them asked for: the others
// show the same documents.
type ToFacility struct {
	*ingest.Ingest
	DB *db.DB
}

// Queue implements legal.Down.
func (t ToFacility) Queue(ctx context.Context, box string, es []hub.Down) error {
	names, err := t.DB.Facility(ctx, box)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := t.Ingest.Queue(ctx, n, es); err != nil {
			return err
		}
	}
	return nil
}
