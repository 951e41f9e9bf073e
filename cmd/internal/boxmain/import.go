package boxmain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/interop/archive"
	"clinicbox/store"
)

// errOnePatient: a box is not made of one patient.
var errOnePatient = errors.New("an export of one patient")

// importer takes an export over into a box that has no records, which goes on as the
// one that made it: the same journal with the same root. PINs are in no export, so the
// person who imports becomes an administrator, as the first one of a new box does.
func (p *Program) importer(ctx context.Context) error {
	if p.name = strings.TrimSpace(p.name); p.name == "" || len(p.args) != 1 {
		return fmt.Errorf("%w: import -config FILE -name \"HỌ TÊN\" [-key KEY] EXPORT.zip", ErrUsage)
	}
	cfg, err := Load(p.path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(cfg.Data.Dir, "own")); err == nil {
		return store.ErrNotEmpty // before a large file is read and a PIN typed
	}
	rep, err := p.verified(ctx, p.args[0])
	if err != nil {
		return err
	}
	if !rep.Patient.IsZero() || rep.Record != (clinic.Leaf{}) {
		return errOnePatient
	}
	v, seed, err := p.newPerson(ctx, clinic.RoleAdministrator)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	if err := p.takeOver(ctx, v, rep); err != nil {
		return err
	}
	return p.goOn(ctx, v, rep, seed)
}

// takeOver writes the journals. The file is verified a second time while it is read:
// what it says must be what was verified before.
func (p *Program) takeOver(ctx context.Context, v *vault, rep archive.Report) error {
	o, err := storeOptions(v, p.logger(v.cfg))
	if err != nil {
		return err
	}
	return p.readExport(p.args[0], func(f io.ReaderAt, size int64) error {
		return store.ImportTo(ctx, o, store.Import{
			Epoch: rep.Epoch, Own: store.Head{Size: rep.Own.Size, Root: rep.Own.Root}, In: store.Head{Size: rep.In.Size, Root: rep.In.Root},
			Entries: func(yield func(store.Imported, error) bool) {
				_, err := archive.Verify(ctx, f, size, archive.Options{Key: rep.Key, Progress: p.counted("đã nhập / imported"), Each: func(e *archive.Entry) error {
					if !yield(store.Imported{Journal: e.Journal, Salt: e.Salt, Bytes: e.Bytes, Leaf: e.Leaf}, nil) {
						return errStopped
					}
					return nil
				}})
				if err != nil && !errors.Is(err, errStopped) {
					yield(store.Imported{}, err)
				}
			},
		})
	})
}

// errStopped ends the reading of a file whose entries nobody wants any more.
var errStopped = errors.New("stopped")

// goOn opens what was taken over, makes the administrator, and lets every number series
// jump: the other box may have given numbers after it made the export.
func (p *Program) goOn(ctx context.Context, v *vault, rep archive.Report, seed desk.StaffSeed) error {
	var b *Box
	b = New(Options{
		Config: v.cfg, Log: p.logger(v.cfg), Probe: selfProbe(), Staff: []desk.StaffSeed{seed},
		Prepare: func(ctx context.Context, d *desk.Desk, _ *store.Store) error {
			now, trusted := b.clock.Now()
			chance, err := rand.Int(rand.Reader, big.NewInt(1000))
			if err != nil {
				return err
			}
			fresh := clinic.NewFresh(rep.Exported, now, trusted && rep.Trusted, int(chance.Int64()))
			if err := d.NoteMachine(ctx, clinic.Machine{Event: clinic.MachineRestored, Person: seed.ID, Fresh: &fresh}); err != nil {
				return err
			}
			return d.NoteMachine(ctx, clinic.Machine{
				Event: clinic.MachineImported, Person: seed.ID, Detail: fmt.Sprintf("%d + %d", rep.Own.Entries, rep.In.Entries),
			})
		},
	})
	b.vault = v
	if err := b.setUp(ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "đã nhập / imported: %d + %d mục / entries\nquản trị / administrator: %s\n", rep.Own.Entries, rep.In.Entries, p.name)
	p.giveNumber(v, seed.ID)
	return nil
}
