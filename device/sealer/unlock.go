package sealer

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// Unlock gives the storage key to who has the method's secret; the caller wipes
// it. A try at something guessable is counted durably before the secret is looked
// at, and forgotten after a right one; a failure to write either gives no key.
// A telephone answer is spent when Unlock returns the key.
//
// Errors: ErrWrong, *WaitError (ErrWait, ErrTPMLocked), ErrLocked, ErrNoSlot,
// ErrExpired, ErrDamaged, ErrVersion, the method's own, and ctx's.
func (f *File) Unlock(ctx context.Context, m Method) (*Key, error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	ims, err := f.o.copies()
	if err != nil {
		return nil, err
	}
	kind, owner := m.Slot()
	number, ok := find(ims, kind, owner)
	if !ok {
		return nil, ErrNoSlot
	}
	if kind.guessable() {
		return f.counted(ctx, ims, m, number)
	}
	key, im, err := f.open(ctx, ims, m)
	if err != nil {
		return nil, err
	}
	if kind.once() {
		// Its answer opens this once: when the new slot is on disk, the old is gone.
		_, err := f.add(ctx, im, key, m)
		if err == nil {
			err = f.save(im, key)
		}
		if err != nil {
			key.Wipe()
			return nil, err
		}
		return key, nil
	}
	f.o.mend(im, key)
	return key, nil
}

// counted is Unlock with a count around it.
func (f *File) counted(ctx context.Context, ims []*image, m Method, number uint32) (*Key, error) {
	before := f.tries.load(ims[0]).wrong(number)
	if err := f.tries.begin(ims[0], number); err != nil {
		return nil, err
	}
	key, im, err := f.open(ctx, ims, m)
	switch {
	case errors.Is(err, ErrWrong):
		return nil, err
	case err != nil: // nobody looked at the secret: the board or the TPM is away
		return nil, errors.Join(err, f.tries.refund(ims[0], number, before))
	}
	if err := f.tries.forget(im, number); err != nil {
		key.Wipe()
		return nil, err
	}
	f.o.mend(im, key)
	return key, nil
}

// find returns the number of the method's slot in the newest copy that has one.
func find(ims []*image, kind Kind, owner [16]byte) (uint32, bool) {
	for _, im := range ims {
		for _, s := range im.Slots {
			if s.is(kind, owner) {
				return s.Number, true
			}
		}
	}
	return 0, false
}

// open tries the method on its slots in each copy, and returns the storage key
// with the image it vouches for. A slot that only an older copy has was removed or
// replaced; the cut that left it there gives it no right.
func (f *File) open(ctx context.Context, ims []*image, m Method) (*Key, *image, error) {
	kind, owner := m.Slot()
	answer := error(nil)
	var tried []slot
	for _, im := range ims {
		for _, s := range im.Slots {
			if !s.is(kind, owner) || slices.ContainsFunc(tried, s.same) {
				continue
			}
			tried = append(tried, s)
			key, err := s.try(ctx, im.File, m)
			if err != nil {
				if answer == nil || errors.Is(answer, ErrExpired) {
					answer = err
				}
				continue
			}
			now := truth(ims, key)
			switch {
			case over(ims, key):
				key.Wipe()
				answer = stale(kind)
				continue
			case now == nil:
				key.Wipe()
				return nil, nil, ErrDamaged
			case !slices.ContainsFunc(now.Slots, s.same):
				key.Wipe()
				answer = stale(kind)
				continue
			}
			if kind.once() {
				now.Slots = slices.DeleteFunc(now.Slots, s.same)
			}
			return key, now, nil
		}
	}
	return nil, nil, answer
}

func stale(kind Kind) error {
	if kind.once() {
		return ErrExpired
	}
	return ErrWrong
}

func (s slot) same(t slot) bool { return s.Number == t.Number && bytes.Equal(s.Wrapped, t.Wrapped) }

func (s *slot) try(ctx context.Context, file FileID, m Method) (*Key, error) {
	kek, err := m.Open(ctx, Place{file, s.Number}, s.Params)
	if err != nil {
		return nil, err
	}
	defer kek.Wipe()
	key := s.unwrap(file, kek)
	if key == nil {
		return nil, ErrWrong
	}
	return key, nil
}
