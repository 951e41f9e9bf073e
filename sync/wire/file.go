package wire

import (
	"crypto/ed25519"
	"crypto/hpke"
)

// FileID names a courier's file: the session of which it holds the frames.
type FileID [16]byte

// NewFileID returns a fresh one.
func NewFileID() FileID { return FileID(NewNonce()) }

// magicFile begins the start of a courier's file, which no link carries: Parse
// refuses it.
const magicFile = 0xCF

// inFile is a session in a courier's file. Nobody gives a nonce for it: the file's ID
// is signed in its place, so a file can come again, and what is in it must be
// harmless then.
func inFile() carriage {
	return carriage{magicFile, "clinicbox courier v1", "clinicbox courier start v1"}
}

// StartFile makes the session of a courier's file and its start, signed over the
// file's ID; the nonce of s is not used. Frames that it seals open with what
// AcceptFile returns, in any order.
func StartFile(to hpke.PublicKey, identity ed25519.PrivateKey, id FileID, s Start) ([]byte, *Sealer, error) {
	s.Nonce = Nonce(id)
	return inFile().start(to, identity, s)
}

// AcceptFile verifies the start of a courier's file; the nonce of want is not used.
// Its errors are those of AcceptSession: ErrStale is the start of another file. It
// does not say when the file was made: whoever has an old one may bring it again.
func AcceptFile(start []byte, key hpke.PrivateKey, id FileID, want Expect) (Start, *Opener, error) {
	if len(start) > MaxFrame || len(start) < startHead+encSize || start[0] != magicFile || start[2] != byte(TypeStart) {
		return Start{}, nil, ErrFrame
	}
	if start[1] != Version {
		return Start{}, nil, ErrVersion
	}
	want.Nonce = Nonce(id)
	return inFile().accept(start, key, want)
}
