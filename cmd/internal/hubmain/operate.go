package hubmain

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/hub/registrar"
	"clinicbox/hub/telephone"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
)

// centre is what commands act on, also beside a running hub, which follows.
type centre struct {
	db        *db.DB
	keys      *keyfile.Private
	authority *authority.Authority
	registrar *registrar.Registrar
}

// trusted opens the authority for a command.
func (p *Program) trusted(ctx context.Context, do func(*centre) error) error {
	cfg, keys, err := p.settings()
	if err != nil {
		return err
	}
	return p.database(ctx, func(d *db.DB) error {
		a, err := openAuthority(ctx, &cfg, keys, d.Authority())
		if err != nil {
			return err
		}
		r := registrar.New(registrar.Options{DB: d, Authority: a, Encode: ingest.Encode})
		return do(&centre{d, keys, a, r})
	})
}

// change is trusted for what an operator answers for: it needs a name, and what was
// decided reaches rows and boxes' queues before the command ends.
func (p *Program) change(ctx context.Context, do func(*centre) error) error {
	if p.flags.operator == "" {
		return p.usage()
	}
	return p.trusted(ctx, func(c *centre) error {
		if err := do(c); err != nil {
			return err
		}
		if _, err := c.registrar.Follow(ctx); err != nil {
			return err
		}
		return c.registrar.Tell(ctx)
	})
}

func (p *Program) by() authority.By {
	return authority.By{Operator: p.flags.operator, Reason: p.flags.note}
}

func (p *Program) usage() error {
	needs := ""
	if p.command.config {
		needs = "-config FILE "
	}
	return fmt.Errorf("%w: clinichub %s %s%s", ErrUsage, p.command.name, needs, p.command.usage)
}

func publicKey(k crypto.Signer) ed25519.PublicKey {
	pub, _ := k.Public().(ed25519.PublicKey) // checked when it was loaded
	return pub
}

func (p *Program) invite(ctx context.Context) error {
	f := &p.flags
	if f.facility == "" || f.station == "" || f.box == "" {
		return p.usage()
	}
	if f.book == "" {
		f.book = "a"
	}
	inv := authority.Invitation{
		Facility: clinic.Facility{
			Code: f.facility, Name: f.station, Box: f.box, Book: f.book, Site: f.site, Address: f.address, Phone: f.phone, Governing: f.over,
		},
		Names: namesOf(split(f.hosts)), Life: f.life, Replaces: f.replaces,
	}
	return p.change(ctx, func(c *centre) error {
		code, err := c.authority.Invite(ctx, p.by(), inv)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "Mã một lần của hộp %s, chỉ in lần này / one-time code of the box, printed this once:\n%s\n", f.box, code)
		return nil
	})
}

// enrol answers a request that was carried here.
func (p *Program) enrol(ctx context.Context) error {
	raw, err := p.carried(p.args[0])
	if err != nil {
		return err
	}
	return p.change(ctx, func(c *centre) error {
		answer, err := c.authority.Enrol(ctx, p.by(), raw)
		if err != nil {
			return err
		}
		text, err := inForm(answer, p.flags.form, p.flags.out != "")
		if err != nil {
			return err
		}
		if p.flags.out != "" {
			return durable.WriteFile(p.flags.out, text, 0o644)
		}
		_, err = p.Stdout.Write(text)
		return err
	})
}

const maxCarriedFile = 256 << 10

// carried reads a request as bytes, lines of text or contents of QR codes.
func (p *Program) carried(path string) ([]byte, error) {
	in := p.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxCarriedFile))
	if err != nil {
		return nil, err
	}
	return cert.Carried(b)
}

// inForm writes an answer; without a word, bytes into a file and text for people.
func inForm(answer []byte, form string, file bool) ([]byte, error) {
	switch {
	case form == "bytes" || form == "" && file:
		return answer, nil
	case form == "text" || form == "":
		s, err := cert.Text(answer)
		return []byte(s), err
	case form == "qr":
		parts, err := cert.QR(answer)
		return []byte(strings.Join(parts, "\n") + "\n"), err
	}
	return nil, fmt.Errorf("%w: -form text|qr|bytes", ErrUsage)
}

func (p *Program) revoke(ctx context.Context) error {
	reason, ok := map[string]cert.Reason{
		"left": cert.ReasonLeft, "lost": cert.ReasonLost, "stolen": cert.ReasonStolen, "replaced": cert.ReasonReplaced, "error": cert.ReasonError,
	}[p.flags.reason]
	s, err := cert.ParseSerial(p.args[0])
	if !ok || err != nil {
		return p.usage()
	}
	since := time.Now()
	if p.flags.since != "" {
		if since, err = time.ParseInLocation(time.DateOnly, p.flags.since, clinic.ICT); err != nil {
			return p.usage()
		}
	}
	r := cert.Revoked{Serial: s, Reason: reason, From: clinic.HLCAt(since)}
	if reason == cert.ReasonError && p.flags.since == "" {
		r.From = 0 // should never have been: nothing that it signed is good
	}
	return p.change(ctx, func(c *centre) error { return c.authority.Revoke(ctx, p.by(), r) })
}

func (p *Program) stolen(ctx context.Context) error {
	return p.change(ctx, func(c *centre) error {
		b, err := c.authority.Box(ctx, p.args[0])
		if err != nil {
			return err
		}
		boxes, err := c.authority.Boxes(ctx)
		if err != nil {
			return err
		}
		ss, err := c.db.Streams(ctx, b.Facility.Box)
		if err != nil {
			return err
		}
		size := registrar.Held(boxes, &b, ss)
		if _, err := c.authority.Stolen(ctx, p.by(), p.args[0], size); err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "%s %s: đã thu hồi, lệnh xóa chờ hộp lên mạng / revoked, the order to erase waits for it; bản ghi đã nhận / records held: %d\n", b.Facility.Box, b.Serial, size)
		return nil
	})
}

func (p *Program) order(ctx context.Context) error {
	op, ok := map[string]cert.Op{"lock": cert.OpLock, "block": cert.OpBlock, "allow": cert.OpAllow, "erase": cert.OpErase}[p.args[1]]
	if !ok {
		return p.usage()
	}
	return p.change(ctx, func(c *centre) error {
		_, err := c.authority.Command(ctx, p.by(), p.args[0], authority.Order{Op: op})
		return err
	})
}

func (p *Program) certify(ctx context.Context) error {
	return p.decide(ctx, func(c *centre) error { return c.registrar.Certify(ctx, p.by(), p.args[0]) })
}

func (p *Program) ratify(ctx context.Context) error {
	return p.decide(ctx, func(c *centre) error { return c.registrar.Ratify(ctx, p.by(), p.args[0]) })
}

func (p *Program) reject(ctx context.Context) error {
	return p.decide(ctx, func(c *centre) error { return c.registrar.Reject(ctx, p.by(), p.args[0]) })
}

// decide looks through what came last, too: the running hub may be about to.
func (p *Program) decide(ctx context.Context, do func(*centre) error) error {
	return p.change(ctx, func(c *centre) error {
		if err := c.registrar.Scan(ctx); err != nil {
			return err
		}
		return do(c)
	})
}

// answer reads a challenge and prints what to read aloud.
func (p *Program) answer(ctx context.Context) error {
	return p.change(ctx, func(c *centre) error {
		challenge, err := p.ask("Mã thử mà người gọi đọc / challenge that the caller reads", false)
		if err != nil {
			return err
		}
		t := &telephone.Telephone{DB: c.db, Authority: c.authority, HPKE: c.keys.HPKE}
		words, err := t.Answer(ctx, p.by(), p.args[0], string(bytes.TrimSpace(challenge)))
		if err != nil {
			return err
		}
		fmt.Fprintln(p.Stdout, words)
		return nil
	})
}

func (p *Program) history(ctx context.Context) error {
	return p.trusted(ctx, func(c *centre) error {
		for raw, err := range c.authority.History(ctx) {
			if err != nil {
				return err
			}
			v, err := cert.Unverified[cert.History](raw)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrDamage, err)
			}
			fmt.Fprintf(p.Stdout, "%d\t%s\t%s\t%s\t%s\t%s\n", v.Seq, time.UnixMilli(v.Time).In(clinic.ICT).Format(time.DateTime), v.Operator, v.Action, v.Object, v.Detail)
		}
		if !p.flags.verify {
			return nil
		}
		head, err := c.authority.Audit(ctx)
		if errors.Is(err, cert.ErrHistory) {
			return fmt.Errorf("%w: %w", ErrDamage, err)
		} else if err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "# chữ ký đúng / verified: %d %s\n", head.Seq, head.Hash)
		return nil
	})
}
