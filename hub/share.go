package hub

// Sharing is a stream that was not looked through to its end for a box.
type Sharing struct {
	Box    string // that gets entries
	Stream int64
	From   string // box that uploaded the stream; Box itself for a machine before it
	Next   uint64 // first entry that was not looked at
	Size   uint64
}

// Share is an entry that a box shall get. The lowest rank goes first.
type Share struct {
	Index uint64
	Rank  uint64
}

// Unshared is an entry that could not be read when its stream was looked through.
type Unshared struct {
	Sharing // Next and Size are not set
	Entry   Entry
}

// Owed is an entry on its way to a box.
type Owed struct {
	Share
	Stream int64
	Salt   [16]byte
	Bytes  []byte
}
