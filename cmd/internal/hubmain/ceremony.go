package hubmain

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
)

// root is the offline side of the ceremony. It touches no centre.
func (p *Program) root(context.Context) error {
	switch {
	case p.args[0] == "new" && len(p.args) == 2 && p.flags.name != "":
		return p.newRoot(p.args[1])
	case p.args[0] == "grant" && len(p.args) == 3 && p.flags.out != "":
		return p.grant(p.args[1], p.args[2])
	}
	return p.usage()
}

func (p *Program) newRoot(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "root.key")); err == nil {
		return fmt.Errorf("%w: %s", os.ErrExist, dir)
	}
	phrase, err := p.passphrase(true)
	if err != nil {
		return err
	}
	r, err := authority.NewRoot(p.flags.name, time.Now())
	if err != nil {
		return err
	}
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := r.Save(dir, phrase); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "khóa gốc / root: %s\n", rootPrint(r))
	return nil
}

func (p *Program) grant(dir, request string) error {
	raw, err := os.ReadFile(request)
	if err != nil {
		return err
	}
	q, err := cert.OpenIssuerRequest(raw)
	if err != nil {
		return err
	}
	terms := authority.Terms{Seq: p.flags.seq, At: time.Now()}
	for _, s := range split(p.flags.withdraw) {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != len(cert.KeyID{}) {
			return fmt.Errorf("%w: -withdraw: %w", ErrUsage, cert.ErrForm)
		}
		terms.Withdraws = append(terms.Withdraws, cert.KeyID(b))
	}
	fmt.Fprintf(p.Stdout, "trung tâm / centre: %s\nkhóa cấp / issuing key: %s\n", q.Name, cert.Fingerprint(q.Key))
	phrase, err := p.passphrase(false)
	if err != nil {
		return err
	}
	r, err := authority.LoadRoot(dir, phrase)
	if err != nil {
		return err
	}
	g, err := r.Grant(raw, terms)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "khóa gốc / root: %s\n", rootPrint(r))
	return g.Save(p.flags.out)
}

// rootPrint is what people compare by telephone.
func rootPrint(r *authority.Root) string { return cert.Fingerprint(publicKey(r.Key)) }

// authority is the centre's side of the ceremony.
func (p *Program) authority(ctx context.Context) error {
	cfg, err := Load(p.flags.config)
	if err != nil {
		return err
	}
	switch {
	case p.args[0] == "request" && len(p.args) == 1 && p.flags.name != "" && p.flags.out != "":
		return p.request(&cfg)
	case p.args[0] == "install" && len(p.args) == 2:
		return p.install(ctx, &cfg)
	case p.args[0] == "broker" && len(p.args) >= 3:
		return p.brokerFiles(ctx, &cfg)
	case p.args[0] == "reissue" && len(p.args) == 1:
		return p.change(ctx, func(c *centre) error { return c.authority.Reissue(ctx, p.by()) })
	}
	return p.usage()
}

func (p *Program) request(cfg *Config) error {
	k, err := centreKeys(cfg.Authority.Dir, p.flags.name)
	if err != nil {
		return err
	}
	raw, err := authority.Request(p.flags.name, k.Issuing, k.Web)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "khóa cấp / issuing key: %s\n", cert.Fingerprint(publicKey(k.Issuing)))
	return durable.WriteFile(p.flags.out, raw, 0o644)
}

// install takes a grant into use. One that does not fit keys and history is taken
// back, and the one before returns.
func (p *Program) install(ctx context.Context, cfg *Config) error {
	g, err := authority.LoadGrant(p.args[1])
	if err != nil {
		return err
	}
	at := filepath.Join(cfg.Authority.Dir, grantFile)
	old, err := os.ReadFile(at)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := g.Save(at); err != nil {
		return err
	}
	err = p.trusted(ctx, func(c *centre) error {
		fmt.Fprintf(p.Stdout, "khóa gốc / root: %s\n", cert.Fingerprint(c.authority.Root()))
		fmt.Fprintln(p.Stdout, "Khởi động lại trung tâm nếu đang chạy. / Restart the centre if it runs.")
		return nil
	})
	switch {
	case err == nil:
		return nil
	case old != nil:
		return errors.Join(err, durable.WriteFile(at, old, 0o644))
	}
	return errors.Join(err, os.Remove(at))
}

// brokerFiles writes what a broker elsewhere needs: key, certificate, the boxes'
// authority and the revocation list.
func (p *Program) brokerFiles(ctx context.Context, cfg *Config) error {
	dir := p.args[1]
	return p.trusted(ctx, func(c *centre) error {
		if err := durable.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		link := c.authority.Link()
		pair, err := issued(func(spki []byte) ([]byte, error) { return cert.Broker(link, namesOf(p.args[2:]), spki) })
		if err != nil {
			return err
		}
		key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		if err != nil {
			return err
		}
		crl, err := c.authority.LinkCRL(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			writePEM(filepath.Join(dir, "broker.key"), "PRIVATE KEY", key, 0o600),
			writePEM(filepath.Join(dir, "broker.crt"), "CERTIFICATE", pair.Certificate[0], 0o644),
			writePEM(filepath.Join(dir, "link.crt"), "CERTIFICATE", link.Cert.Raw, 0o644),
			writePEM(filepath.Join(dir, "link.crl"), "X509 CRL", crl, 0o644),
		)
	})
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	return durable.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

// crl writes the revocation list that a broker elsewhere reads.
func (p *Program) crl(ctx context.Context) error {
	return p.trusted(ctx, func(c *centre) error {
		der, err := c.authority.LinkCRL(ctx)
		if err != nil {
			return err
		}
		return writePEM(p.args[0], "X509 CRL", der, 0o644)
	})
}

func split(list string) (out []string) {
	for s := range strings.SplitSeq(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
