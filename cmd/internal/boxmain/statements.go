package boxmain

import (
	"context"
	"errors"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// learn takes in every statement of the authority that the records hold: one that
// came just before a power cut may not be in the trust file.
func (b *Box) learn(ctx context.Context) error {
	var raws [][]byte
	err := b.store.View(ctx, func(r desk.Reader) error {
		records, err := r.Records(clinic.StatementSubject())
		for i := range records {
			if s, ok := records[i].Body.(*clinic.Statement); ok {
				raws = append(raws, s.Raw)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, raw := range raws {
		b.statement(raw)
	}
	return nil
}

// statement takes in what the authority says. What has been overtaken, or concerns
// people only, is none of the trust file's business.
func (b *Box) statement(raw []byte) {
	err := b.vault.id.Learn(raw)
	if err == nil || errors.Is(err, cert.ErrReplayed) || errors.Is(err, cert.ErrKind) || errors.Is(err, cert.ErrNotProvisional) {
		return
	}
	b.log.Warn("a statement that is not the authority's", "err", err)
}

// statements finds those among entries that came down.
func (b *Box) statements(entries []wire.Salted) {
	for _, e := range entries {
		rec, err := entry.DecodeIf(e.Bytes, clinic.Ref{}, clinic.Leaf{}, func(k clinic.Kind) bool { return k == clinic.KindStatement })
		if s, ok := rec.Body.(*clinic.Statement); ok && err == nil {
			b.statement(s.Raw)
		}
	}
}
