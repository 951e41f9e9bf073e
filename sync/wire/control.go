package wire

// Ping asks for a sign of life: a SignedReceipt that echoes the nonce when
// Receipt is set, else a SignedPong. Key numbers are frozen.
type Ping struct {
	Nonce   Nonce `cbor:"1,keyasint"`
	Receipt bool  `cbor:"2,keyasint,omitempty"`
}

func (p Ping) kind() uint8 { return kindPing }

func (p Ping) body() ([]byte, bool, error) {
	b, err := encMode.Marshal(p)
	return b, false, err
}

// DownAck says that every down entry of the epoch below Next is durable at the
// box. Sent when a down session begins, too: it tells the hub where to go on.
type DownAck struct {
	Epoch Epoch  `cbor:"1,keyasint"`
	Next  uint64 `cbor:"2,keyasint"`
	// Last is the leaf hash of the entry before Next, or what is known of it: a hub
	// that was put back from a copy has another one there.
	Last []byte `cbor:"3,keyasint,omitempty"`
}

func (a DownAck) kind() uint8 { return kindDownAck }

func (a DownAck) body() ([]byte, bool, error) {
	b, err := encMode.Marshal(a)
	return b, false, err
}
