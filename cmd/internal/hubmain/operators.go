package hubmain

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/internal/keyfile"
)

// openOperators brings the first operator in with the token of the file, which is
// made when it is missing. Once the first one has ended, the file means nothing.
func (h *Hub) openOperators(ctx context.Context) error {
	path := h.cfg.Web.TokenFile
	if path == "" {
		path = filepath.Join(h.cfg.Data.Dir, "operator.token")
	}
	first, err := h.db.Operator(ctx, hub.FirstOperator)
	if err != nil && !errors.Is(err, hub.ErrOperator) {
		return err
	}
	if !first.Ended.IsZero() {
		h.token, err = readToken(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if h.token, h.made, err = token(path); err != nil {
		return err
	}
	return h.db.FirstOperator(ctx, sha256.Sum256([]byte(h.token)), time.Now())
}

// cookieSecret comes of the centre's keys: who has a copy of the database only
// cannot make cookies.
func cookieSecret(k *keyfile.Private) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, k.Identity.Seed(), nil, "clinichub operator cookies v1", 32)
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	return b, nil
}

// operators adds, lists and ends who may use the pages, also while the centre runs.
func (p *Program) operators(ctx context.Context) error {
	switch {
	case p.args[0] == "add" && len(p.args) == 2:
		return p.database(ctx, p.addOperator(ctx, p.args[1]))
	case p.args[0] == "end" && len(p.args) == 2:
		return p.database(ctx, func(d *db.DB) error {
			if err := d.EndOperator(ctx, p.args[1], time.Now()); err != nil {
				return err
			}
			fmt.Fprintf(p.Stdout, "đã hết quyền / ended: %s\n", p.args[1])
			return nil
		})
	case p.args[0] == "list" && len(p.args) == 1:
		return p.database(ctx, p.listOperators(ctx))
	}
	return p.usage()
}

// addOperator prints the token once: only its SHA-256 is kept.
func (p *Program) addOperator(ctx context.Context, name string) func(*db.DB) error {
	return func(d *db.DB) error {
		token := rand.Text()
		if err := d.AddOperator(ctx, hub.Operator{Name: name, Token: sha256.Sum256([]byte(token)), Added: time.Now()}); err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "mã của %s, chỉ in lần này / token of %[1]s, printed this once: %s\n", name, token)
		return nil
	}
}

func (p *Program) listOperators(ctx context.Context) func(*db.DB) error {
	return func(d *db.DB) error {
		all, err := d.Operators(ctx)
		if err != nil {
			return err
		}
		for _, o := range all {
			word := "đang làm / in service"
			if !o.Ended.IsZero() {
				word = "hết quyền / ended " + o.Ended.Format(time.RFC3339)
			}
			fmt.Fprintf(p.Stdout, "%s\t%s\t%s\n", o.Name, o.Added.Format(time.RFC3339), word)
		}
		return nil
	}
}
