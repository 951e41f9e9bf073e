package identity

import (
	"errors"

	"clinicbox/internal/cert"
)

// Standing is cert.PersonKey.Standing by what the box trusts. ErrStranger when nothing
// holds.
func (b *Box) Standing(k *cert.PersonKey, at uint64) (best cert.Member, chain [][]byte, err error) {
	best, chain, err = k.Standing(b.Member, at)
	if errors.Is(err, cert.ErrNobody) {
		err = ErrStranger
	}
	return best, chain, err
}

// Vouch certifies a person's request in the box's own name until the centre decides:
// the word of the box counts for administrators (cert.Provisional). hlc is now, by
// the box's log.
func (k *Keys) Vouch(request []byte, hlc uint64) (chain [][]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.box.Enrolment()
	if !ok {
		return nil, ErrStranger
	}
	raw, err := cert.Sign(k.Private.Identity, cert.Provisional{Serial: cert.NewSerial(), Request: request, Voucher: e.Serial(), HLC: hlc})
	if err != nil {
		return nil, err
	}
	return [][]byte{raw, e.Box}, nil
}
