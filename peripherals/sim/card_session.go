package sim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
)

// cardSession is the chip's side of secure messaging.
type cardSession struct {
	suite    int // 1 3DES, 2 to 4 AES
	enc, mac []byte
	ssc      *big.Int
}

func newCardSession(suite int, secret []byte, ssc uint64) *cardSession {
	return &cardSession{suite, cardKDF(suite, secret, 1), cardKDF(suite, secret, 2), new(big.Int).SetUint64(ssc)}
}

func cardKDF(suite int, secret []byte, n byte) []byte {
	in := append(bytes.Clone(secret), 0, 0, 0, n)
	one, two := sha1.Sum(in), sha256.Sum256(in)
	switch suite {
	case 3:
		return two[:24]
	case 4:
		return two[:]
	}
	return one[:16] // DES ignores the parity bits
}

func cardCipher(suite int, key []byte) cipher.Block {
	if suite == 1 {
		b, err := des.NewTripleDESCipher(bytes.Join([][]byte{key, key[:8]}, nil))
		if err != nil {
			panic(err)
		}
		return b
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return b
}

func (s *cardSession) count() { s.ssc.Add(s.ssc, big.NewInt(1)) }

func (s *cardSession) size() int {
	if s.suite == 1 {
		return 8
	}
	return 16
}

func (s *cardSession) counter() []byte { return s.ssc.FillBytes(make([]byte, s.size())) }

func (s *cardSession) iv() []byte {
	iv := make([]byte, s.size())
	if s.suite != 1 {
		cardCipher(s.suite, s.enc).Encrypt(iv, s.counter())
	}
	return iv
}

// cardMAC is the retail MAC or CMAC, by way of CBC, over data as it stands.
func cardMAC(suite int, key, data []byte) []byte {
	if suite == 1 {
		one, err := des.NewCipher(key[:8])
		two, err2 := des.NewCipher(key[8:])
		if err != nil || err2 != nil {
			panic("sim: DES key")
		}
		all := make([]byte, len(data))
		cipher.NewCBCEncrypter(one, make([]byte, 8)).CryptBlocks(all, data)
		t := all[len(all)-8:]
		two.Decrypt(t, t)
		one.Encrypt(t, t)
		return t
	}
	b := cardCipher(suite, key)
	l := make([]byte, 16)
	b.Encrypt(l, l)
	k := new(big.Int).SetBytes(l)
	rounds := 1
	data = bytes.Clone(data)
	if len(data) == 0 || len(data)%16 != 0 {
		data, rounds = cardPad(data, 16), 2
	}
	for range rounds {
		k.Lsh(k, 1)
		if k.Bit(128) == 1 {
			k.SetBit(k, 128, 0).Xor(k, big.NewInt(0x87))
		}
	}
	for i, x := range k.FillBytes(make([]byte, 16)) {
		data[len(data)-16+i] ^= x
	}
	cipher.NewCBCEncrypter(b, make([]byte, 16)).CryptBlocks(data, data)
	return data[len(data)-16:][:8]
}

func cardPad(b []byte, n int) []byte {
	out := make([]byte, (len(b)/n+1)*n)
	out[copy(out, b)] = 0x80
	return out
}

// open unwraps a command: 6987 when something is missing, 6988 when it is wrong.
func (s *cardSession) open(c cardCommand) (cardCommand, uint16) {
	s.count()
	var secret, le, mac []byte
	i := 0
	for i < len(c.data) {
		tag, value, n := cardTLV(c.data[i:])
		if n == 0 {
			return c, 0x6988
		}
		switch tag {
		case 0x87:
			secret = value[min(1, len(value)):]
		case 0x85:
			secret = value
		case 0x97:
			le = value
		case 0x8E:
			mac = value
		}
		if tag == 0x8E {
			break
		}
		i += n
	}
	if mac == nil {
		return c, 0x6987
	}
	head := cardPad([]byte{c.cla, c.ins, c.p1, c.p2}, s.size())
	in := cardPad(bytes.Join([][]byte{s.counter(), head, c.data[:i]}, nil), s.size())
	if !bytes.Equal(mac, cardMAC(s.suite, s.mac, in)) {
		return c, 0x6988
	}
	out := cardCommand{cla: c.cla &^ 0x0C, ins: c.ins, p1: c.p1, p2: c.p2}
	if len(le) > 0 {
		if out.le = int(new(big.Int).SetBytes(le).Int64()); out.le == 0 {
			out.le = 1 << (8 * len(le))
		}
	}
	if len(secret) > 0 && len(secret)%s.size() == 0 {
		plain := make([]byte, len(secret))
		cipher.NewCBCDecrypter(cardCipher(s.suite, s.enc), s.iv()).CryptBlocks(plain, secret)
		out.data = plain[:max(0, bytes.LastIndexByte(plain, 0x80))]
	}
	return out, 0x9000
}

// seal wraps an answer.
func (s *cardSession) seal(data []byte, sw uint16, odd bool) []byte {
	s.count()
	var body []byte
	if len(data) > 0 {
		secret := cardPad(data, s.size())
		cipher.NewCBCEncrypter(cardCipher(s.suite, s.enc), s.iv()).CryptBlocks(secret, secret)
		if body = ber(0x85, secret); !odd {
			body = ber(0x87, append([]byte{1}, secret...))
		}
	}
	body = append(body, ber(0x99, binary.BigEndian.AppendUint16(nil, sw))...)
	mac := cardMAC(s.suite, s.mac, cardPad(append(s.counter(), body...), s.size()))
	return append(body, ber(0x8E, mac)...)
}

// cardTLV splits an object with a tag of one byte off; n is 0 when it is malformed.
func cardTLV(b []byte) (tag byte, value []byte, n int) {
	if len(b) < 2 {
		return 0, nil, 0
	}
	size, at := int(b[1]), 2
	if size > 0x83 {
		return 0, nil, 0
	}
	if size > 0x80 {
		for ; at < 2+int(b[1]&0x7F) && at < len(b); at++ {
			if at == 2 {
				size = 0
			}
			size = size<<8 | int(b[at])
		}
	}
	if size > len(b)-at {
		return 0, nil, 0
	}
	return b[0], b[at : at+size], at + size
}

// ber encodes an object whose tag is given as a number.
func ber(tag int, parts ...[]byte) []byte {
	value := bytes.Join(parts, nil)
	b := new(big.Int).SetInt64(int64(tag)).Bytes()
	if n := len(value); n < 0x80 {
		b = append(b, byte(n))
	} else {
		size := new(big.Int).SetInt64(int64(n)).Bytes()
		b = append(append(b, 0x80|byte(len(size))), size...)
	}
	return append(b, value...)
}
