package boxmain

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"clinicbox/web"
)

// openDoors listens on both addresses. They stay open for the box's life, whoever
// serves behind them.
func (b *Box) openDoors() (err error) {
	if b.plain, err = openDoor(b.cfg.Web.Listen); err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	if b.cfg.Web.Secure == "" {
		return nil
	}
	if b.secure, err = openDoor(b.cfg.Web.Secure); err != nil {
		return errors.Join(fmt.Errorf("pages over HTTPS: %w", err), b.plain.Close())
	}
	return nil
}

func (b *Box) closeDoors() error {
	if b.secure == nil {
		return b.plain.Close()
	}
	return errors.Join(b.plain.Close(), b.secure.Close())
}

// errNoCertificate ends a handshake of a box that joined no centre.
var errNoCertificate = errors.New("pages: no certificate yet: the box has to join a centre first")

// pagesTLS serves the box's own certificate, renewed ones too. TLS 1.2 for old
// tablets.
func (b *Box) pagesTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, ok := b.vault.id.Pages()
			if !ok {
				return nil, errNoCertificate
			}
			return &c, nil
		},
	}
}

// trustOnly reports whether plain HTTP may only tell how to trust the box: from
// another machine PINs and records would cross the network in clear.
func (b *Box) trustOnly() bool {
	a, ok := b.plain.ln.Addr().(*net.TCPAddr)
	return !ok || !a.IP.IsLoopback()
}

// serve answers on both doors until the returned function is called; calling it
// again does nothing.
func (b *Box) serve(plain, secure http.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	o := web.ServeOpts{Listener: b.plain.Listener(), Plain: plain, Handler: secure, Log: b.log}
	if b.secure != nil {
		o.Secure, o.TLS = b.secure.Listener(), b.pagesTLS()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := web.Serve(ctx, o); err != nil {
			b.log.Error("pages", "err", err)
		}
	}()
	return sync.OnceFunc(func() {
		cancel()
		<-done
	})
}
