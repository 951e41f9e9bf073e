package sealer

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/go-tpm/tpm2"
)

// Lockout is the TPM's own limit on guesses. It holds for the whole chip.
type Lockout struct {
	MaxTries uint32        // wrong PINs before the TPM refuses all
	Recovery time.Duration // after which it forgets one of them
	Owner    time.Duration // pause after a wrong lock-out key
}

// DefaultLockout lets a thief try 8,760 PINs a year, of a million; a nurse who
// mistypes meets the pauses of this package first.
func DefaultLockout() Lockout {
	return Lockout{MaxTries: 20, Recovery: time.Hour, Owner: 24 * time.Hour}
}

// ProvisionTPM sets the limit and closes it with a key, without which anybody who
// holds the board could reset the count. The key must be durable before the call
// (in sealed state: it is needed to reset or clear); the same key may be given
// again, after a cut or to change the limit. Another key gives ErrTPMOwned.
func ProvisionTPM(ctx context.Context, bus Bus, key *Key, l Lockout) error {
	c, err := dialTPM(ctx, bus)
	if err != nil {
		return err
	}
	defer c.close()
	set, err := c.lockoutSet()
	if err != nil {
		return err
	}
	var auth []byte
	if set {
		auth = authValue(key[:])
	}
	if err := c.limit(auth, l); err != nil || set {
		return err
	}
	// By hand: the library checks the answer under the old value, but the TPM makes it
	// under the new one (Part 1, 19.6.10).
	fresh := authValue(key[:])
	defer clear(fresh)
	p := append(binary.BigEndian.AppendUint16(nil, uint16(len(fresh))), fresh...)
	defer clear(p)
	return owner(c.asOwner(tpm2.TPMCCHierarchyChanegAuth, nil, p))
}

// ResetTPM forgets the TPM's wrong tries, for who opened the box another way.
func ResetTPM(ctx context.Context, bus Bus, key *Key) error {
	c, err := dialTPM(ctx, bus)
	if err != nil {
		return err
	}
	defer c.close()
	return owner(c.asOwner(tpm2.TPMCCDictionaryAttackLockReset, authValue(key[:]), nil))
}

// ClearTPM makes everything worthless that the TPM ever sealed: the last step of
// an erase. The lock-out is open afterwards.
func ClearTPM(ctx context.Context, bus Bus, key *Key) error {
	c, err := dialTPM(ctx, bus)
	if err != nil {
		return err
	}
	defer c.close()
	return owner(c.asOwner(tpm2.TPMCCClear, authValue(key[:]), nil))
}

// owner maps errors of the lock-out key, whose limit is one try.
func owner(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tpm2.TPMRCAuthFail), errors.Is(err, tpm2.TPMRCBadAuth):
		return ErrTPMOwned
	}
	return tpmError(err)
}

func (c *tpmConn) limit(auth []byte, l Lockout) error {
	p := binary.BigEndian.AppendUint32(nil, l.MaxTries)
	p = binary.BigEndian.AppendUint32(p, uint32(l.Recovery/time.Second))
	p = binary.BigEndian.AppendUint32(p, uint32(l.Owner/time.Second))
	return owner(c.asOwner(tpm2.TPMCCDictionaryAttackParameters, auth, p))
}

// asOwner sends a command of the lock-out hierarchy that the library lacks, or
// whose answer it checks under the value of before (TPM 2.0
// Library, Part 3, 24.6, 24.8, 25.2, 25.3): header, handle, one authorisation, parameters.
// A parameter that starts with its length is encrypted in params itself.
func (c *tpmConn) asOwner(cc tpm2.TPMCC, auth, params []byte) error {
	o := []tpm2.AuthOption{tpm2.Auth(auth), tpm2.Salted(c.root.ObjectHandle, *c.public)}
	if cc == tpm2.TPMCCHierarchyChanegAuth {
		o = append(o, tpm2.AESEncryption(128, tpm2.EncryptIn))
	}
	s, done, err := tpm2.HMACSession(c.t, tpm2.TPMAlgSHA256, 32, o...)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	if err := s.NewNonceCaller(); err != nil {
		return err
	}
	if s.IsDecryption() {
		if err := s.Encrypt(params[2:]); err != nil {
			return err
		}
	}
	handle := binary.BigEndian.AppendUint32(nil, uint32(tpm2.TPMRHLockout))
	a, err := s.Authorize(cc, params, nil, []tpm2.TPM2BName{{Buffer: handle}}, 0)
	if err != nil {
		return err
	}
	return c.send(cc, handle, tpm2.Marshal(a), params)
}

func (c *tpmConn) send(cc tpm2.TPMCC, handle, area, params []byte) error {
	b := binary.BigEndian.AppendUint16(nil, uint16(tpm2.TPMSTSessions))
	b = binary.BigEndian.AppendUint32(b, uint32(10+len(handle)+4+len(area)+len(params)))
	b = binary.BigEndian.AppendUint32(b, uint32(cc))
	b = append(b, handle...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(area)))
	b = append(append(b, area...), params...)
	answer, err := c.t.Send(b)
	if err != nil {
		return err
	}
	if len(answer) < 10 {
		return ErrTPM
	}
	if rc := tpm2.TPMRC(binary.BigEndian.Uint32(answer[6:])); rc != tpm2.TPMRCSuccess {
		return rc
	}
	return nil
}

// property asks for one of the TPM's numbers.
func (c *tpmConn) property(p tpm2.TPMPT) (uint32, error) {
	r, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(p), PropertyCount: 1}.Execute(c.t)
	if err != nil {
		return 0, tpmError(err)
	}
	list, err := r.CapabilityData.Data.TPMProperties()
	if err != nil || len(list.TPMProperty) != 1 || list.TPMProperty[0].Property != p {
		return 0, ErrTPM
	}
	return list.TPMProperty[0].Value, nil
}

// The bits of TPM_PT_PERMANENT (Part 2, 8.6).
const (
	lockoutAuthSet = 1 << 2
	inLockout      = 1 << 9
)

func (c *tpmConn) lockoutSet() (bool, error) {
	v, err := c.property(tpm2.TPMPTPermanent)
	return v&lockoutAuthSet != 0, err
}

// ready tells of a lock-out before any PIN is stretched.
func (c *tpmConn) ready() error {
	v, err := c.property(tpm2.TPMPTPermanent)
	if err == nil && v&inLockout != 0 {
		return c.refused(tpm2.TPMRCLockout)
	}
	return err
}

// refused adds to a lock-out how long it lasts at most: one try comes back after
// each interval.
func (c *tpmConn) refused(cause error) error {
	err := tpmError(cause)
	if !errors.Is(err, ErrTPMLocked) {
		return err
	}
	s, perr := c.property(tpm2.TPMPTLockoutInterval)
	if perr != nil {
		return err
	}
	return &WaitError{Wait: time.Duration(s) * time.Second, cause: ErrTPMLocked}
}
