package card

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"
)

// suite is a block cipher with its MAC and key derivation (9303-11 section 9.7).
type suite int

const (
	tripleDES suite = iota + 1
	aes128
	aes192
	aes256
)

// What a derived key is for.
const (
	forEncryption = 1
	forMAC        = 2
	forPassword   = 3
)

func (s suite) blockSize() int {
	if s == tripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// derive makes a key from a shared secret or a password (9303-11 section 9.7.1).
func (s suite) derive(secret []byte, purpose uint32) []byte {
	in := binary.BigEndian.AppendUint32(bytes.Clone(secret), purpose)
	switch s {
	case aes192:
		h := sha256.Sum256(in)
		return h[:24]
	case aes256:
		h := sha256.Sum256(in)
		return h[:]
	}
	h := sha1.Sum(in)
	key := h[:16]
	if s == tripleDES {
		for i, b := range key {
			key[i] = b&0xFE | byte(1^bits.OnesCount8(b&0xFE)&1)
		}
	}
	return key
}

// block makes the cipher; the key's length comes from derive, so it cannot be wrong.
func (s suite) block(key []byte) cipher.Block {
	var b cipher.Block
	var err error
	if s == tripleDES {
		b, err = des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	} else {
		b, err = aes.NewCipher(key)
	}
	if err != nil {
		panic("card: " + err.Error())
	}
	return b
}

// encrypt is CBC of whole blocks.
func (s suite) encrypt(key, iv, plain []byte) []byte {
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(s.block(key), iv).CryptBlocks(out, plain)
	return out
}

var errBlocks = errors.New("card: not whole blocks")

func (s suite) decrypt(key, iv, secret []byte) ([]byte, error) {
	if len(secret) == 0 || len(secret)%s.blockSize() != 0 {
		return nil, errBlocks
	}
	out := make([]byte, len(secret))
	cipher.NewCBCDecrypter(s.block(key), iv).CryptBlocks(out, secret)
	return out, nil
}

func (s suite) zero() []byte { return make([]byte, s.blockSize()) }

// mac is eight bytes over data of any length, for tokens and BAC.
func (s suite) mac(key, data []byte) []byte {
	if s == tripleDES {
		return retail(key, pad(data, des.BlockSize))
	}
	return cmac(s.block(key), data)[:8]
}

// seal is the MAC of secure messaging: padded first, whatever the cipher.
func (s suite) seal(key, data []byte) []byte {
	data = pad(data, s.blockSize())
	if s == tripleDES {
		return retail(key, data)
	}
	return cmac(s.block(key), data)[:8]
}

// retail is MAC algorithm 3 of ISO 9797-1 over padded data.
func retail(key, data []byte) []byte {
	first, err := des.NewCipher(key[:8])
	last, err2 := des.NewCipher(key[8:16])
	if err != nil || err2 != nil {
		panic("card: a DES key of another length")
	}
	t := make([]byte, des.BlockSize)
	for ; len(data) > 0; data = data[des.BlockSize:] {
		for i := range t {
			t[i] ^= data[i]
		}
		first.Encrypt(t, t)
	}
	last.Decrypt(t, t)
	first.Encrypt(t, t)
	return t
}

// cmac is NIST SP 800-38B for blocks of 16 bytes.
func cmac(b cipher.Block, data []byte) []byte {
	sub := make([]byte, aes.BlockSize)
	b.Encrypt(sub, sub)
	twice(sub)
	last := data
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		twice(sub)
		last = pad(data, aes.BlockSize)
	}
	t := make([]byte, aes.BlockSize)
	for n := 0; n < len(last); n += aes.BlockSize {
		for i := range t {
			t[i] ^= last[n+i]
			if n+aes.BlockSize == len(last) {
				t[i] ^= sub[i]
			}
		}
		b.Encrypt(t, t)
	}
	return t
}

// twice multiplies by x in GF(2¹²⁸).
func twice(b []byte) {
	carry := byte(0)
	for i := len(b) - 1; i >= 0; i-- {
		b[i], carry = b[i]<<1|carry, b[i]>>7
	}
	b[len(b)-1] ^= 0x87 * carry
}

// pad is padding method 2 of ISO 9797-1: 80, then 00 to a whole block.
func pad(b []byte, block int) []byte {
	out := append(bytes.Clone(b), 0x80)
	for len(out)%block != 0 {
		out = append(out, 0)
	}
	return out
}

func unpad(b []byte) ([]byte, bool) {
	b = bytes.TrimRight(b, "\x00")
	if len(b) == 0 || b[len(b)-1] != 0x80 {
		return nil, false
	}
	return b[:len(b)-1], true
}
