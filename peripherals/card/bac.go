package card

import (
	"context"
	"crypto/subtle"
	"io"
)

// bac opens the chip by Basic Access Control (9303-11 section 4.3).
func (l *line) bac(ctx context.Context, k Key, random io.Reader) error {
	const step = "bac"
	if k.password != byMRZ {
		return fault(Unsupported, step, 0) // the CAN opens chips with PACE only
	}
	a, err := l.send(ctx, step, command{ins: 0x84, le: 8})
	switch {
	case err != nil:
		return err
	case a.sw != swOK && a.sw != swBlocked:
		return fault(Unsupported, step, a.sw) // this was the last protocol to try
	case a.sw != swOK:
		return refusal(step, a.sw)
	case len(a.data) != 8:
		return fault(Protocol, step, a.sw)
	}
	own := make([]byte, 24) // RND.IFD and K.IFD
	if _, err := io.ReadFull(random, own); err != nil {
		return &Fault{Cause: Stopped, Step: step, Left: -1, Err: err}
	}
	seed := k.secret()[:16]
	enc, mac := tripleDES.derive(seed, forEncryption), tripleDES.derive(seed, forMAC)
	chip := a.data
	mine := tripleDES.encrypt(enc, tripleDES.zero(), concat(own[:8], chip, own[8:]))
	a, err = l.send(ctx, step, command{ins: 0x82, data: concat(mine, tripleDES.mac(mac, mine)), le: 40})
	if err != nil {
		return err
	}
	if a.sw != swOK {
		return keyRefusal(step, a.sw)
	}
	theirs := chipKey(enc, mac, a.data)
	if theirs == nil || subtle.ConstantTimeCompare(theirs[:16], concat(chip, own[:8])) != 1 {
		return fault(Channel, step, a.sw)
	}
	secret := make([]byte, 16)
	subtle.XORBytes(secret, own[8:], theirs[16:])
	l.sm = newSession(tripleDES, secret, concat(chip[4:], own[4:8]))
	return nil
}

// chipKey opens the chip's half: RND.IC, RND.IFD, K.IC; nil when its MAC is wrong.
func chipKey(enc, mac, b []byte) []byte {
	if len(b) != 40 || subtle.ConstantTimeCompare(b[32:], tripleDES.mac(mac, b[:32])) != 1 {
		return nil
	}
	plain, err := tripleDES.decrypt(enc, tripleDES.zero(), b[:32])
	if err != nil {
		return nil
	}
	return plain
}

func concat(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// refusal is a status word where the key is not at stake.
func refusal(step string, sw uint16) *Fault {
	switch sw {
	case swBlocked:
		return fault(Locked, step, sw)
	case swNoCommand, 0x6E00, 0x6A81, 0x6A86, 0x6A80, 0x6A88:
		return fault(Unsupported, step, sw)
	}
	return fault(Protocol, step, sw)
}

// keyRefusal is a status word where a wrong key is the usual reason.
func keyRefusal(step string, sw uint16) *Fault {
	switch {
	case sw == 0x63C0:
		f := fault(Locked, step, sw)
		f.Left = 0
		return f
	case sw&0xFFF0 == 0x63C0:
		f := fault(WrongKey, step, sw)
		f.Left = int(sw & 0xF)
		return f
	case sw == swWrong, sw == swDenied, sw == 0x6985, sw == 0x6988, sw == 0x6A80:
		return fault(WrongKey, step, sw)
	}
	return refusal(step, sw)
}
