package sealer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"clinicbox/clinic"
	"clinicbox/internal/redact"
)

// Bus opens the way to a TPM. Each unlock opens and closes it once.
type Bus func() (transport.TPMCloser, error)

// DeviceTPM is the kernel's TPM; use the one with a resource manager
// (/dev/tpmrm0). A Unix socket in its place is a chip that is simulated.
func DeviceTPM(path string) Bus {
	return func() (transport.TPMCloser, error) {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			return linuxudstpm.Open(path)
		}
		return linuxtpm.Open(path)
	}
}

// TPMOpts describe a person's unlock by TPM.
type TPMOpts struct {
	Bus    Bus
	Person clinic.ID
	PIN    redact.Text
	Costs  Costs // of a new slot; zero: DefaultCosts
}

type tpmMethod struct {
	personal
	bus Bus
}

// NewTPM wraps by a random key that the TPM keeps and gives only for the PIN, and
// by the stretched PIN itself. The TPM counts wrong PINs in its own memory, so
// this stops who has the card, the box, or starts his own system on the stolen
// board; who opens the chip in a laboratory still has to guess the stretched PIN.
// The exchange is encrypted under the TPM's own key, which the slot remembers, so
// probes on the bus learn nothing.
//
// ProvisionTPM must have set the lock-out up: without it anybody resets the count.
func NewTPM(o TPMOpts) Method {
	if o.Costs == (Costs{}) {
		o.Costs = DefaultCosts()
	}
	return tpmMethod{personal{o.Person, o.PIN, o.Costs}, o.Bus}
}

// tpmParams is what a slot keeps: the sealed object, which only this TPM loads, and
// the name of the key that it lies under.
type tpmParams struct {
	Stretch stretched `cbor:"1,keyasint"`
	Parent  []byte    `cbor:"2,keyasint"` // name of the storage root key
	Public  []byte    `cbor:"3,keyasint"`
	Private []byte    `cbor:"4,keyasint"`
}

func (m tpmMethod) Slot() (Kind, clinic.ID) { return TPM, m.person }

func (m tpmMethod) Make(ctx context.Context, at Place) (Sealed, error) {
	if err := m.check(); err != nil {
		return Sealed{}, err
	}
	c, err := dialTPM(ctx, m.bus)
	if err != nil {
		return Sealed{}, err
	}
	defer c.close()
	if set, err := c.lockoutSet(); err != nil || !set {
		return Sealed{}, errors.Join(err, ErrTPMOpen)
	}
	p := tpmParams{Stretch: newStretched(m.costs), Parent: c.root.Name.Buffer}
	pin := p.Stretch.run(m.pin, 64)
	defer clear(pin)
	var secret Key
	rand.Read(secret[:])
	defer secret.Wipe()
	made, err := tpm2.Create{
		ParentHandle: c.parent(),
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
			UserAuth: tpm2.TPM2BAuth{Buffer: authValue(pin[:32])},
			Data:     tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: secret[:]}),
		}},
		InPublic: tpm2.New2B(sealedTemplate()),
	}.Execute(c.t)
	if err != nil {
		return Sealed{}, tpmError(err)
	}
	p.Public, p.Private = made.OutPublic.Bytes(), made.OutPrivate.Buffer
	return Sealed{Key: derive("TPM and PIN", at, secret[:], pin[32:]), Params: must(encMode.Marshal(p))}, nil
}

// sealedTemplate is a data object whose use counts against the lock-out: NoDA is
// not set (TPM 2.0 Library, Part 1, 19.8 and Part 2, 8.3.3.7).
func sealedTemplate() tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, UserWithAuth: true},
	}
}

func (m tpmMethod) Open(ctx context.Context, at Place, params []byte) (*Key, error) {
	var p tpmParams
	if decMode.Unmarshal(params, &p) != nil || !p.Stretch.ok() {
		return nil, ErrDamaged
	}
	c, err := dialTPM(ctx, m.bus)
	if err != nil {
		return nil, err
	}
	defer c.close()
	// Cleared, its seed is new and so is the root key; so is that of another chip, or
	// of something on the bus that plays one.
	if string(c.root.Name.Buffer) != string(p.Parent) {
		return nil, ErrTPMReset
	}
	if err := c.ready(); err != nil {
		return nil, err
	}
	pin := p.Stretch.run(m.pin, 64)
	defer clear(pin)
	secret, err := c.unseal(&p, authValue(pin[:32]))
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	return derive("TPM and PIN", at, secret, pin[32:]), nil
}

// authValue makes a password for the TPM: at most 32 bytes, none of them zero.
// go-tpm 0.9.8 cuts a value at its first zero byte, where the TPM drops only those
// at the end (Part 1, 19.6.5), so that one random value in nine would never open.
func authValue(b []byte) []byte {
	sum := sha256.Sum256(b)
	defer clear(sum[:])
	return base64.RawStdEncoding.AppendEncode(nil, sum[:24])
}

// tpmConn is a TPM with its storage root key loaded.
type tpmConn struct {
	t      transport.TPMCloser
	root   *tpm2.CreatePrimaryResponse
	public *tpm2.TPMTPublic
}

func dialTPM(ctx context.Context, bus Bus) (*tpmConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sealer: %w", err)
	}
	if bus == nil {
		return nil, ErrTPMMissing
	}
	t, err := bus()
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil, ErrTPM
		}
		return nil, ErrTPMMissing
	}
	// The root key comes from the TPM's seed: the same each time, kept nowhere.
	root, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(t)
	if err != nil {
		return nil, errors.Join(tpmError(err), t.Close())
	}
	c := &tpmConn{t: t, root: root}
	if c.public, err = root.OutPublic.Contents(); err != nil {
		c.close()
		return nil, ErrTPM
	}
	// What is loaded must be what it says it is: the name is the hash of the public
	// part, and the session's secret is encrypted to that.
	if name, err := tpm2.ObjectName(c.public); err != nil || string(name.Buffer) != string(root.Name.Buffer) {
		c.close()
		return nil, ErrTPM
	}
	return c, nil
}

func (c *tpmConn) close() {
	// A chip has room for three objects: what stays loaded blocks the next unlock.
	_, _ = tpm2.FlushContext{FlushHandle: c.root.ObjectHandle}.Execute(c.t)
	_ = c.t.Close()
}

func (c *tpmConn) session(o ...tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, 32, append(o, tpm2.Salted(c.root.ObjectHandle, *c.public))...)
}

// parent authorises the root key, which has no password, in a session that hides
// the first parameter on the bus.
func (c *tpmConn) parent() tpm2.AuthHandle {
	return tpm2.AuthHandle{
		Handle: c.root.ObjectHandle, Name: c.root.Name,
		Auth: c.session(tpm2.AESEncryption(128, tpm2.EncryptIn)),
	}
}

func (c *tpmConn) unseal(p *tpmParams, auth []byte) ([]byte, error) {
	obj, err := tpm2.Load{
		ParentHandle: c.parent(),
		InPrivate:    tpm2.TPM2BPrivate{Buffer: p.Private},
		InPublic:     tpm2.BytesAs2B[tpm2.TPMTPublic](p.Public),
	}.Execute(c.t)
	if err != nil {
		return nil, tpmError(err)
	}
	got, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{
		Handle: obj.ObjectHandle, Name: obj.Name,
		Auth: c.session(tpm2.Auth(auth), tpm2.AESEncryption(128, tpm2.EncryptOut)),
	}}.Execute(c.t)
	_, ferr := tpm2.FlushContext{FlushHandle: obj.ObjectHandle}.Execute(c.t)
	if err != nil {
		return nil, c.refused(err)
	}
	if ferr != nil {
		return nil, tpmError(ferr)
	}
	// A power cut after a use of the object would count as a wrong try (Part 1,
	// 19.8.5); boxes lose power daily. The TPM goes on after this.
	_, _ = tpm2.Shutdown{ShutdownType: tpm2.TPMSUState}.Execute(c.t)
	return got.OutData.Buffer, nil
}

// tpmError keeps the TPM's words out: they differ by maker and tell nobody what to
// do.
func tpmError(err error) error {
	switch {
	case errors.Is(err, tpm2.TPMRCAuthFail):
		return ErrWrong
	case errors.Is(err, tpm2.TPMRCLockout):
		return ErrTPMLocked
	case errors.Is(err, tpm2.TPMRCIntegrity):
		return ErrTPMReset
	}
	return ErrTPM
}
