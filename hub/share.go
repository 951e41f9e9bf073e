package hub

// Sharing is a stream that was not looked through to its end for a box.
type Sharing struct {
	Box    string // that gets entries
	Stream int64
	From   string // box that uploaded the stream; Box itself for a machine before it
	Next   uint64 // first entry that was not looked at
	Size   uint64
}

// Class orders what a box gets of its facility: the lowest first, and in each the newest
// first.
type Class uint8

// The classes. Order is free: what a box receives is a set.
const (
	ClassPeople   Class = 1 // who works there, and their keys
	ClassLists    Class = 2 // rows of catalogues: they alone may wait for the box's next month
	ClassSafety   Class = 3 // who the patients are, and what may harm them
	ClassRunning  Class = 4 // what the clinic needs for the patients of these months
	ClassHistory  Class = 5
	ClassLeftover Class = 6 // papers, and who looked
)

const rankBits = 44 // of milliseconds: five centuries

// Rank returns the rank of an entry that was recorded at a time in Unix milliseconds.
func (c Class) Rank(ms uint64) uint64 {
	const most = 1<<rankBits - 1
	return uint64(c)<<rankBits | (most - min(ms, most))
}

// Ranks returns those of a class.
func (c Class) Ranks() Ranks { return Ranks{uint64(c) << rankBits, (uint64(c) + 1) << rankBits} }

// Ranks are those from From to below To; the zero value is none.
type Ranks struct{ From, To uint64 }

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
