package sealer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
)

// Options say where the files are. Path and Tries must be different files in
// folders that exist; nobody else writes them.
type Options struct {
	Path  string                        // the key slots; a copy lies beside it
	Tries string                        // the counter of wrong tries
	FS    durable.FS                    // nil: the system's
	Now   func() time.Time              // nil: time.Now; should be monotonic
	Pause func(wrong int) time.Duration // nil: DefaultPause
}

func (o Options) filled() Options {
	if o.FS == nil {
		o.FS = durable.OS{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = DefaultPause
	}
	return o
}

// File is the key slots file of a box. Its methods may be called at the same
// time; one secret is tried at a time, for argon2 takes much memory. It holds no
// key: what changes the slots asks for the storage key, and every call reads the
// file again.
type File struct {
	o     Options
	turn  chan struct{} // holds one token; a caller who waits for it can be cancelled
	tries counter
}

func newFile(o Options) *File {
	f := &File{o: o, turn: make(chan struct{}, 1)}
	f.tries = counter{o: &f.o, next: map[uint32]time.Time{}, calm: f.o.Now().Add(frozenPause)}
	return f
}

// Create makes the files with one slot for each method. It refuses to replace
// slots: an erased box may be set up again. Cut anywhere, there are either no
// slots, and Create can run again, or all of them.
func Create(ctx context.Context, o Options, key *Key, methods ...Method) (*File, error) {
	f := newFile(o.filled())
	if err := f.o.clean(); err != nil {
		return nil, err
	}
	if _, err := f.o.copies(); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sealer: %s: %w", o.Path, fs.ErrExist)
	}
	im := &image{Next: 1, Slots: []slot{}}
	rand.Read(im.File[:])
	for _, m := range methods {
		if _, err := f.add(ctx, im, key, m); err != nil {
			return nil, err
		}
	}
	if len(im.Slots) == 0 {
		return nil, ErrLastSlot
	}
	if err := f.save(im, key); err != nil {
		return nil, err
	}
	return f, nil
}

// Open finds the key slots. A missing file is fs.ErrNotExist: the box was never
// set up. An interrupted erase is finished first and answers ErrErased.
func Open(o Options) (*File, error) {
	f := newFile(o.filled())
	if err := f.o.erased(); err != nil {
		return nil, err
	}
	if _, err := f.o.copies(); err != nil {
		return nil, err
	}
	return f, nil
}

// Slots lists who and what can open the box. It waits for nobody.
func (f *File) Slots() ([]Slot, error) {
	ims, err := f.o.copies()
	if err != nil {
		return nil, err
	}
	var out []Slot
	for _, s := range ims[0].Slots {
		out = append(out, s.public())
	}
	return out, nil
}

func (s *slot) public() Slot {
	return Slot{Number: s.Number, Kind: s.Kind, Owner: s.Owner, Undelivered: len(s.Note) > 0}
}

// AddSlot lets the method open the box from now on. It is durable when it returns
// nil; after an error the slot is there or not.
func (f *File) AddSlot(ctx context.Context, key *Key, m Method) (Slot, error) {
	var made Slot
	err := f.change(ctx, key, func(im *image) error {
		s, err := f.add(ctx, im, key, m)
		made = s.public()
		return err
	})
	return made, err
}

// Replace gives the person's slot, or the box's, a new secret and forgets wrong
// tries. The old secret opens until it returns nil.
func (f *File) Replace(ctx context.Context, key *Key, m Method) error {
	return f.change(ctx, key, func(im *image) error {
		kind, owner := m.Slot()
		i := slices.IndexFunc(im.Slots, func(s slot) bool { return s.is(kind, owner) })
		if i < 0 || kind.once() {
			return ErrNoSlot
		}
		s, err := f.make(ctx, im, key, m, im.Slots[i].Number)
		if err == nil {
			im.Slots[i] = s
		}
		return err
	})
}

// RemoveSlot takes a slot away; what it opened stays as it is. An old copy of the
// file still opens with it.
func (f *File) RemoveSlot(ctx context.Context, key *Key, number uint32) error {
	return f.remove(ctx, key, func(s slot) bool { return s.Number == number })
}

// RemoveOwner takes all slots of a person away, who has left or lost the PIN.
func (f *File) RemoveOwner(ctx context.Context, key *Key, owner clinic.ID) error {
	if owner.IsZero() {
		return ErrNoSlot
	}
	return f.remove(ctx, key, func(s slot) bool { return s.Owner == owner })
}

func (f *File) remove(ctx context.Context, key *Key, which func(slot) bool) error {
	return f.change(ctx, key, func(im *image) error {
		n := len(im.Slots)
		im.Slots = slices.DeleteFunc(im.Slots, which)
		switch {
		case len(im.Slots) == n:
			return ErrNoSlot
		case !slices.ContainsFunc(im.Slots, func(s slot) bool { return s.Kind != Vacant }):
			return ErrLastSlot
		}
		return nil
	})
}

// Rekey gives the file another storage key, with a slot for each method and no other:
// what opened the box before opens it no more, but a copy from before. The key changes
// with one write, of the main file, that also tells who finds the copy as it was that
// its key is over. After ErrUnsure one of the two keys is good, and the other opens
// nothing; other errors have changed nothing. Whatever lies under the old key is brought under the new one afterwards:
// Before gives it to who has the new one. People keep their numbers: with a slot, or
// vacant until AddSlot. Telephone slots are made by Restock.
func (f *File) Rekey(ctx context.Context, old, next *Key, methods ...Method) error {
	leave, err := f.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	im, err := f.ours(old)
	if err != nil {
		return err
	}
	fresh := []slot{}
	for _, m := range methods {
		number, kept := im.kept(m, fresh)
		s, err := f.make(ctx, im, next, m, number)
		if err != nil {
			return err
		}
		if fresh = append(fresh, s); !kept {
			im.Next++
			im.Slots = append(im.Slots, s) // counts of tries live on until the end
		}
	}
	if len(fresh) == 0 {
		return ErrLastSlot
	}
	im.Slots = vacate(im.Slots, fresh)
	im.follow(old, next)
	if err := f.save(im, next); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	return nil
}

// Before returns the storage key that Rekey replaced by this one, nil for none: what a
// cut, or a disk that lied, left under it is still to be opened. The caller wipes it.
func (f *File) Before(key *Key) (*Key, error) {
	im, err := f.ours(key)
	if err != nil {
		return nil, err
	}
	return im.before(key), nil
}

// kept is the number of a method's slot: the one that the person has, unless a fresh
// slot took it already, or the next.
func (im *image) kept(m Method, fresh []slot) (number uint32, ok bool) {
	kind, owner := m.Slot()
	for _, s := range im.Slots {
		if kind.guessable() && s.Owner == owner && s.numbered() && !slices.ContainsFunc(fresh, s.numberOf) {
			return s.Number, true
		}
	}
	return im.Next, false
}

// vacate returns the fresh slots and, of people without one, what keeps their number.
func vacate(slots, fresh []slot) []slot {
	out := slices.Clone(fresh)
	for _, s := range slots {
		if s.numbered() && !slices.ContainsFunc(out, func(t slot) bool { return t.Owner == s.Owner && t.numbered() }) {
			out = append(out, slot{
				Number: s.Number, Kind: Vacant, Owner: s.Owner,
				Params: []byte{}, Note: []byte{}, Wrapped: make([]byte, wrappedLen),
			})
		}
	}
	slices.SortFunc(out, func(a, b slot) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// numbered tells that a person types the slot's number.
func (s *slot) numbered() bool { return s.Kind.guessable() || s.Kind == Vacant }

func (s slot) numberOf(t slot) bool { return s.Number == t.Number }

// Forgive forgets the wrong tries of a slot, so that its person may try again.
func (f *File) Forgive(ctx context.Context, key *Key, number uint32) error {
	return f.change(ctx, key, func(im *image) error {
		if !slices.ContainsFunc(im.Slots, func(s slot) bool { return s.Number == number }) {
			return ErrNoSlot
		}
		return f.tries.forget(im, number)
	})
}

// change runs do on the image that the storage key vouches for, and saves it.
func (f *File) change(ctx context.Context, key *Key, do func(*image) error) error {
	leave, err := f.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	im, err := f.ours(key)
	if err != nil {
		return err
	}
	if err := do(im); err != nil {
		return err
	}
	return f.save(im, key)
}

// ours returns the image that the storage key vouches for; ErrNotOurs without any.
func (f *File) ours(key *Key) (*image, error) {
	ims, err := f.o.copies()
	if err != nil {
		return nil, err
	}
	if im := truth(ims, key); im != nil {
		return im, nil
	}
	return nil, ErrNotOurs
}

func (f *File) save(im *image, key *Key) error {
	im.Floor = f.tries.load(im).Seq
	return f.o.save(im, key)
}

// enter waits for its turn. A caller who was cancelled has spent no try.
func (f *File) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sealer: %w", err)
	}
	select {
	case f.turn <- struct{}{}:
		return func() { <-f.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("sealer: %w", ctx.Err())
	}
}

// over reports whether a copy says that the storage key was replaced.
func over(ims []*image, key *Key) bool {
	return slices.ContainsFunc(ims, func(im *image) bool { return im.ends(key) })
}

// truth returns the newest image that was written under the key, nil for none and for
// a key that is over.
func truth(ims []*image, key *Key) *image {
	if over(ims, key) {
		return nil
	}
	for _, im := range ims {
		if im.genuine(key) {
			return im
		}
	}
	return nil
}

func (s *slot) is(kind Kind, owner clinic.ID) bool { return s.Kind == kind && s.Owner == owner }

// add makes a slot, in the place of the one that keeps the person's number.
func (f *File) add(ctx context.Context, im *image, key *Key, m Method) (slot, error) {
	kind, owner := m.Slot()
	if !kind.once() && slices.ContainsFunc(im.Slots, func(s slot) bool { return s.is(kind, owner) }) {
		return slot{}, ErrSlot
	}
	i := slices.IndexFunc(im.Slots, func(s slot) bool { return kind.guessable() && s.is(Vacant, owner) })
	if i >= 0 {
		s, err := f.make(ctx, im, key, m, im.Slots[i].Number)
		if err == nil {
			im.Slots[i] = s
		}
		return s, err
	}
	if len(im.Slots) == maxSlots {
		return slot{}, fmt.Errorf("sealer: more than %d slots", maxSlots)
	}
	s, err := f.make(ctx, im, key, m, im.Next)
	if err == nil {
		im.Next++
		im.Slots = append(im.Slots, s)
	}
	return s, err
}

// make wraps the storage key for the method. The count of tries goes first: cut
// after it, a slot that is not there has one, which the next one resets.
func (f *File) make(ctx context.Context, im *image, key *Key, m Method, number uint32) (slot, error) {
	kind, owner := m.Slot()
	made, err := m.Make(ctx, Place{im.File, number})
	if err != nil {
		return slot{}, err
	}
	defer made.Key.Wipe()
	s := slot{Number: number, Kind: kind, Owner: owner, Params: bytesOf(made.Params), Note: bytesOf(made.Note)}
	s.wrap(im.File, made.Key, key)
	if kind.guessable() {
		return s, f.tries.open(im, number)
	}
	return s, nil
}

// bytesOf keeps empty and nil alike in the file.
func bytesOf(b []byte) []byte { return append([]byte{}, b...) }
