package card

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// The data objects of secure messaging (9303-11 section 9.8).
const (
	doSecret    = 0x87
	doSecretOdd = 0x85 // of commands with odd INS
	doLe        = 0x97
	doStatus    = 0x99
	doMAC       = 0x8E
)

var errTooLong = errors.New("card: more than a protected command holds")

// session is secure messaging: each command and each answer counts one up.
type session struct {
	suite    suite
	enc, mac []byte
	counter  []byte // one cipher block
	dead     bool
}

// newSession derives a session's keys from a shared secret.
func newSession(s suite, secret, counter []byte) *session {
	return &session{suite: s, enc: s.derive(secret, forEncryption), mac: s.derive(secret, forMAC), counter: bytes.Clone(counter)}
}

func (s *session) count() {
	for i := len(s.counter) - 1; i >= 0; i-- {
		if s.counter[i]++; s.counter[i] != 0 {
			return
		}
	}
}

// iv is zero for 3DES, the encrypted counter for AES.
func (s *session) iv() []byte {
	iv := s.suite.zero()
	if s.suite != tripleDES {
		s.suite.block(s.enc).Encrypt(iv, s.counter)
	}
	return iv
}

// protect wraps a command.
func (s *session) protect(c command) (command, error) {
	if len(c.data) > 60_000 {
		return command{}, errTooLong
	}
	s.count()
	c.cla |= 0x0C
	var body []byte
	if len(c.data) > 0 {
		secret := s.suite.encrypt(s.enc, s.iv(), pad(c.data, s.suite.blockSize()))
		if c.ins&1 == 1 {
			body = tlv(doSecretOdd, secret)
		} else {
			body = tlv(doSecret, []byte{1}, secret)
		}
	}
	outer := shortLe
	switch {
	case c.le > shortLe:
		body, outer = append(body, tlv(doLe, binary.BigEndian.AppendUint16(nil, uint16(c.le)))...), extended
	case c.le > 0:
		body = append(body, tlv(doLe, []byte{byte(c.le)})...)
	}
	in := append(bytes.Clone(s.counter), pad([]byte{c.cla, c.ins, c.p1, c.p2}, s.suite.blockSize())...)
	c.data = append(body, tlv(doMAC, s.suite.seal(s.mac, append(in, body...)))...)
	if len(c.data) > shortData {
		outer = extended
	}
	c.le = outer
	return c, nil
}

// open unwraps an answer. A bare status word is passed on: the card could not or would
// not protect it. What follows such a word is proven by the next MAC.
func (s *session) open(step string, a answer) (answer, error) {
	if s.dead {
		return answer{}, fault(Channel, step, a.sw)
	}
	s.count()
	if len(a.data) == 0 {
		if s.dead = a.sw == swNoSM || a.sw == swBadSM || a.sw == swOK; s.dead {
			return answer{}, fault(Channel, step, a.sw)
		}
		return a, nil
	}
	out, ok := s.unwrap(a.data)
	if s.dead = !ok; s.dead {
		return answer{}, fault(Channel, step, a.sw)
	}
	return out, nil
}

// unwrap takes [87 or 85] 99 8E, in this order and nothing else.
func (s *session) unwrap(b []byte) (answer, bool) {
	list, err := objects(b)
	if err != nil || len(list) < 2 || len(list) > 3 {
		return answer{}, false
	}
	n := len(list)
	status, mac := list[n-2], list[n-1]
	if status.tag != doStatus || len(status.value) != 2 || mac.tag != doMAC || len(mac.value) != 8 {
		return answer{}, false
	}
	signed := append(bytes.Clone(s.counter), b[:len(b)-len(mac.whole)]...)
	if subtle.ConstantTimeCompare(mac.value, s.suite.seal(s.mac, signed)) != 1 {
		return answer{}, false
	}
	a := answer{sw: binary.BigEndian.Uint16(status.value)}
	if n == 2 {
		return a, true
	}
	secret := list[0].value
	switch list[0].tag {
	case doSecret:
		if len(secret) == 0 || secret[0] != 1 {
			return answer{}, false
		}
		secret = secret[1:]
	case doSecretOdd:
	default:
		return answer{}, false
	}
	plain, err := s.suite.decrypt(s.enc, s.iv(), secret)
	if err != nil {
		return answer{}, false
	}
	var ok bool
	a.data, ok = unpad(plain)
	return a, ok
}
