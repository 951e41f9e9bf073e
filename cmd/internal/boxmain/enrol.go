package boxmain

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"clinicbox/device/config"
	"clinicbox/device/identity"
	"clinicbox/internal/cert"
)

// Errors of joining a centre, for people.
var (
	errHubAddress = errors.New("the centre's address must be http://HOST:PORT or https://HOST:PORT")
	errNoAnswer   = errors.New("the centre does not answer")
	errCodeSpent  = errors.New("the one-time code was used or has expired, or the box or its name is known already")
	errCodeNone   = errors.New("the centre does not know this one-time code")
	errNotTaken   = errors.New("the centre does not take this request")
	errBusy       = errors.New("the centre takes no requests at present; try again in some minutes")
)

// Ask carries a request to the centre and brings its answer.
type Ask func(ctx context.Context, request []byte) (answer []byte, err error)

// facts tells the centre on what the box runs; nothing of people or places.
func facts() []cert.Fact {
	out := []cert.Fact{{Name: "program", Value: Version()}, {Name: "platform", Value: runtime.GOOS + "/" + runtime.GOARCH}}
	if b, err := os.ReadFile("/sys/firmware/devicetree/base/model"); err == nil {
		if model := strings.Trim(string(b), "\x00\n"); model != "" && len(model) <= 100 {
			out = append(out, cert.Fact{Name: "model", Value: model})
		}
	}
	return out
}

// request makes the request of this box for a one-time code as it was typed.
func (v *vault) request(code string) (raw []byte, err error) {
	c, err := cert.ParseCode(code)
	if err != nil {
		return nil, err
	}
	err = v.change(func(o opened) (err error) {
		raw, err = o.keys.Request(c, facts())
		return err
	})
	return raw, err
}

// accept takes the centre's answer, and makes the certificate of the pages.
func (v *vault) accept(answer []byte) (e *identity.Enrolment, err error) {
	err = v.change(func(o opened) (err error) {
		if e, err = o.keys.Accept(answer); err != nil {
			return err
		}
		_, err = o.keys.Renew(cert.LeafTime{Floor: v.id.Floor()})
		return err
	})
	return e, err
}

// join asks and accepts.
func (v *vault) join(ctx context.Context, code string, ask Ask) (*identity.Enrolment, error) {
	raw, err := v.request(code)
	if err != nil {
		return nil, err
	}
	answer, err := ask(ctx, raw)
	if err != nil {
		return nil, err
	}
	return v.accept(answer)
}

// Join makes a stopped development box a member of the fleet; one that is not set up
// is set up first. invite is asked for the one-time code, unless the box is a member
// already.
func Join(ctx context.Context, cfg config.Box, invite func(context.Context) (string, error), ask Ask) error {
	v, err := newVault(cfg)
	if err != nil {
		return err
	}
	if _, ok := v.id.Enrolment(); ok {
		return nil
	}
	code, err := invite(ctx)
	if err != nil {
		return err
	}
	if err := v.claim(); err != nil {
		return err
	}
	defer v.close()
	if err := v.loadKey(ctx, true); err != nil {
		return err
	}
	_, err = v.join(ctx, code, ask)
	return err
}

// AskAt returns an Ask over HTTP. The one-time code proves request and answer to
// both sides, so the transport is trusted with nothing: a certificate is not looked
// at, for a box that believes in 1970 could not.
func AskAt(address string) (Ask, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, errHubAddress
	}
	u = u.JoinPath("enrol")
	t := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	client := &http.Client{Transport: t, Timeout: time.Minute}
	return func(ctx context.Context, request []byte) ([]byte, error) {
		return post(ctx, client, u.String(), request)
	}, nil
}

// maxSaid bounds what a centre's refusal may put on the terminal.
const maxSaid = 500

// maxAnswer is more than any answer has.
const maxAnswer = 64 << 10

func post(ctx context.Context, c *http.Client, address string, request []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(request))
	if err != nil {
		return nil, errHubAddress
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := c.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	if res.StatusCode == http.StatusOK {
		return body, nil
	}
	said := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), maxSaid)]), "?")), " ")
	switch res.StatusCode {
	case http.StatusForbidden, http.StatusNotFound:
		return nil, fmt.Errorf("%w: %q", errCodeNone, said)
	case http.StatusConflict, http.StatusGone:
		return nil, fmt.Errorf("%w: %q", errCodeSpent, said)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return nil, fmt.Errorf("%w: %q", errBusy, said)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return nil, fmt.Errorf("%w: %q", errNotTaken, said)
	}
	return nil, fmt.Errorf("%w: status %d", errNoAnswer, res.StatusCode)
}
