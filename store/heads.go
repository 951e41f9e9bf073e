package store

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clinicbox/internal/checkpoint"
	"clinicbox/internal/durable"
	"clinicbox/store/journal"
)

// Sentinels of checkpoints.
var (
	// ErrUnsigned tells that the store was opened without the box's identity.
	ErrUnsigned = errors.New("store: no key signs checkpoints")
	// ErrRewound tells that the own journal is not the one whose checkpoint was
	// signed: entries are gone, or others stand in their place.
	ErrRewound = errors.New("store: the journal is not what was signed")
)

// signWithin is how long a signed checkpoint may wait for its sync. An older one that
// is left by a power cut is harmless: it only witnesses less.
const signWithin = 30 * time.Second

// signPause is how long the newest head waits for a newer one: what people wait for is
// the next commit, and one signature serves a burst of them.
const signPause = 100 * time.Millisecond

// head is a size of the own journal that is saved, with its root.
type head struct {
	size uint64
	root [32]byte
}

// heads signs what the own journal grew to, beside the path of commits: the newest
// size after each batch, without a sync of its own.
type heads struct {
	origin string
	files  durable.FS
	dir    string        // of the own journal
	key    crypto.Signer // nil: nothing is signed
	log    *slog.Logger
	wake   chan struct{}
	fatal  func(error) // told of a sync that failed
	newest atomic.Pointer[head]

	mu      sync.Mutex // guards what follows; the committer never takes it
	slots   *slots
	signed  uint64 // size of the newest signed checkpoint
	rewound []Rewound
	owed    [][]byte // evidence that could not be set aside: until it is, nothing is overwritten
	failed  bool     // a write failed: told once
}

// errNotAside tells that evidence is not safe yet.
var errNotAside = errors.New("store: a checkpoint that the journal does not agree with could not be set aside")

// rewound is ErrRewound with its reason; nil without one.
func rewound(why string) error {
	if why == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRewound, why)
}

// Rewound is a checkpoint that the journal does not agree with any more. It is told
// until the journal agrees again; its file own/rewound-* stays.
type Rewound struct {
	Size uint64 // of the checkpoint
	Have uint64 // entries in the journal
	Why  string // for technicians
}

// openCheckpoints reads the kept checkpoints and compares them with the own journal.
func (s *Store) openCheckpoints(rootAt func(uint64) ([32]byte, error), readOnly bool) (err error) {
	h := &heads{
		origin: checkpoint.Origin(s.o.Box, s.epoch.Epoch), files: s.o.Files, dir: filepath.Join(s.o.Dir, "own"),
		key: s.o.Identity, log: s.log, wake: make(chan struct{}, 1), fatal: s.stop,
	}
	s.heads = h
	if h.key == nil {
		return nil
	}
	h.slots, err = openSlots(s.o.Files, slotsPath(s.o.Dir), readOnly)
	if errors.Is(err, ErrFatal) {
		return err
	}
	if err != nil { // a full disk, most often: people must be able to read all the same
		s.log.Error("checkpoints are not kept until the next start", "err", err)
		return nil
	}
	now := head{size: s.own.Size()}
	if now.root, err = rootAt(now.size); err != nil {
		return err
	}
	h.open(now, rootAt)
	return nil
}

// open compares what was signed with the journal as it was found, and says loudly
// where they differ. It hides nothing and stops nothing: the box goes on.
func (h *heads) open(now head, rootAt func(uint64) ([32]byte, error)) {
	h.newest.Store(&now)
	if h.slots == nil {
		return
	}
	for _, note := range h.slots.notes {
		if h.compare(note, now.size, rootAt) && !h.slots.readOnly {
			h.owed = append(h.owed, note)
		}
	}
	for _, note := range h.asides() {
		h.compare(note, now.size, rootAt)
	}
	h.settle()
	if c, err := checkpoint.Unverified(h.slots.notes[signedSort]); err == nil && c.Origin == h.origin && len(h.rewound) == 0 {
		h.signed = c.Size
	}
}

// compare notes a checkpoint that the journal does not agree with, and tells whether
// it is one.
func (h *heads) compare(note []byte, have uint64, rootAt func(uint64) ([32]byte, error)) bool {
	if note == nil {
		return false
	}
	c, why := h.judge(note, grown{have, rootAt})
	if why == "" {
		return false
	}
	r := Rewound{c.Size, have, why}
	if !slices.Contains(h.rewound, r) { // not the copy of one that was set aside
		h.rewound = append(h.rewound, r)
		h.log.Error("the own journal is not what was signed", "signed", c.Size, "have", have, "why", why)
	}
	return true
}

// grown is a journal as it was found: its size, and its root at any size up to that.
type grown struct {
	have   uint64
	rootAt func(uint64) ([32]byte, error)
}

// judge tells in words why a journal is not the one of the checkpoint; "" when it is,
// or when the checkpoint is of another epoch: that one's history ended with it.
func (h *heads) judge(note []byte, j grown) (c checkpoint.Checkpoint, why string) {
	c, err := checkpoint.Unverified(note)
	if err != nil {
		return c, "a kept checkpoint is malformed"
	}
	if epochOf(c.Origin) != epochOf(h.origin) {
		return c, ""
	}
	if _, err := checkpoint.Open(note, public(h.key)); err != nil {
		return c, "a kept checkpoint is not signed by this box's key"
	}
	if c.Size > j.have {
		return c, fmt.Sprintf("%d entries were signed, %d are there: saved entries are gone", c.Size, j.have)
	}
	if root, err := j.rootAt(c.Size); err != nil || root != c.Root {
		return c, fmt.Sprintf("the first %d entries are not those that were signed", c.Size)
	}
	return c, ""
}

// known are the heads of this epoch that the box signed, the journal agreeing or not.
func (h *heads) known() (out []journal.Head) {
	if h.slots == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, note := range append(h.asides(), h.slots.notes[:]...) {
		c, err := checkpoint.Open(note, public(h.key))
		if err == nil && epochOf(c.Origin) == epochOf(h.origin) {
			out = append(out, journal.Head{Size: c.Size, Root: c.Root})
		}
	}
	return out
}

// epochOf is the last part of an origin: a box may have had another name.
func epochOf(origin string) string { return origin[strings.LastIndexByte(origin, '/')+1:] }

func public(key crypto.Signer) ed25519.PublicKey {
	k, _ := key.Public().(ed25519.PublicKey)
	return k
}

const asideName = "rewound-"

// settle sets aside the checkpoints that the journal does not agree with, so that none
// is overwritten by the next one. It tells whether all of them are: on a full disk they
// stay where they are, nothing is signed, and the next batch tries again.
func (h *heads) settle() bool {
	for len(h.owed) > 0 {
		c, _ := checkpoint.Unverified(h.owed[0])
		name := fmt.Sprintf("%s%d-%s", asideName, c.Size, hex.EncodeToString(c.Root[:4]))
		if err := durable.WriteFileFS(h.files, filepath.Join(h.dir, name), h.owed[0], 0o600); err != nil {
			h.tellOnce("a checkpoint could not be set aside: none is signed until it can", "file", name, "err", err)
			return false
		}
		h.owed = h.owed[1:]
	}
	return true
}

// tellOnce logs an error, unless the write before failed too.
func (h *heads) tellOnce(what string, args ...any) {
	if !h.failed {
		h.log.Error(what, args...)
	}
	h.failed = true
}

// asides are the checkpoints that were set aside. One that cannot be read is evidence
// all the same.
func (h *heads) asides() (notes [][]byte) {
	names, _ := filepath.Glob(filepath.Join(h.dir, asideName+"*"))
	for _, n := range names {
		if strings.HasSuffix(n, durable.TempSuffix) {
			continue
		}
		b, err := os.ReadFile(n)
		if err != nil {
			h.log.Error("a checkpoint that was set aside cannot be read", "file", filepath.Base(n), "err", err)
			b = []byte{}
		}
		notes = append(notes, b)
	}
	return notes
}

// grew tells the newest head; the committer does not wait.
func (h *heads) grew(size uint64, root [32]byte) {
	if h.key == nil {
		return
	}
	h.newest.Store(&head{size, root})
	h.stir()
}

// stir wakes run, which signs the newest head there is.
func (h *heads) stir() {
	select {
	case h.wake <- struct{}{}:
	default: // it is awake
	}
}

// turn names the log otherwise from now on: what was signed belongs to an epoch that
// ended. What is owed as evidence stays owed.
func (h *heads) turn(origin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settle()
	h.origin, h.signed, h.rewound = origin, 0, nil
	h.stir()
}

// run signs until done, which tells whether the disk may be written to any more.
func (h *heads) run(done <-chan bool) {
	if h.slots == nil {
		<-done
		return
	}
	var soon, late <-chan time.Time
	h.stir() // what a crash left unsigned
	for {
		select {
		case <-h.wake:
			if soon == nil {
				soon = time.After(signPause)
			}
		case <-soon:
			soon = nil
			if h.sign() && late == nil {
				late = time.After(signWithin)
			}
		case <-late:
			late = nil
			_ = h.sync() // told
		case good := <-done:
			if good {
				h.sign()
				_ = h.sync() // told
			}
			return
		}
	}
}

// sign signs the newest head unless it is signed; false when there is nothing new.
func (h *heads) sign() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slots.readOnly {
		return false
	}
	at := h.newest.Load()
	if !h.settle() || at.size == h.signed || at.size == 0 {
		return false
	}
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: h.origin, Size: at.size, Root: at.root}, h.key)
	if err == nil {
		err = h.slots.put(signedSort, note)
	}
	if err != nil {
		h.tellOnce("checkpoint not kept", "size", at.size, "err", err)
		return false
	}
	h.signed, h.failed = at.size, false
	return true
}

func (h *heads) sync() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.syncLocked()
}

// syncLocked is sync with mu held. After an error the process shall end, as after any
// sync that failed.
func (h *heads) syncLocked() error {
	err := h.slots.sync()
	if err != nil {
		h.fatal(err)
	}
	return err
}

func (h *heads) close() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slots.close()
}

// Rewound lists the checkpoints that were signed and that the own journal does not
// agree with: it was rolled back, or somebody wrote it anew.
func (s *Store) Rewound() []Rewound {
	s.heads.mu.Lock()
	defer s.heads.mu.Unlock()
	return append([]Rewound(nil), s.heads.rewound...)
}

// Checkpoint returns the own journal's newest size and root, signed and durable: it
// may be handed out. ErrUnsigned without the box's identity, and for an empty log.
func (l *Log) Checkpoint() ([]byte, error) {
	if l.h == nil || l.h.slots == nil {
		return nil, ErrUnsigned
	}
	l.h.sign()
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	note := l.h.slots.notes[signedSort]
	if note == nil || l.h.signed == 0 {
		return nil, ErrUnsigned
	}
	return note, l.h.syncLocked()
}

// Cosigned returns the newest checkpoint that the centre cosigned; nil = none.
func (l *Log) Cosigned() []byte {
	if l.h == nil || l.h.slots == nil {
		return nil
	}
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	return l.h.slots.notes[cosignedSort]
}

// KeepCosigned keeps a checkpoint of the own journal that the centre cosigned; it is
// durable when the call returns. Refused are one that this box did not sign or the
// cosigner did not cosign (checkpoint.ErrSignature), one of another epoch
// (checkpoint.ErrFormat), and one that the journal does not agree with (ErrRewound):
// that one is set aside as evidence and told by Rewound; should the disk not take it,
// the error says so, and it must be given again. One that is older than what is kept
// changes nothing.
func (s *Store) KeepCosigned(note []byte, by checkpoint.Cosigner) error {
	h := s.heads
	if h.slots == nil {
		return ErrUnsigned
	}
	if h.slots.readOnly {
		return ErrReadOnly
	}
	if _, err := checkpoint.Open(note, public(h.key)); err != nil {
		return err
	}
	if _, ok := checkpoint.Cosigned(note, by); !ok {
		return fmt.Errorf("%w: not cosigned by %s", checkpoint.ErrSignature, by.Name)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c, why := h.judge(note, grown{s.own.Size(), s.own.Root})
	switch {
	case epochOf(c.Origin) != epochOf(h.origin):
		return fmt.Errorf("%w: of another epoch", checkpoint.ErrFormat)
	case why != "":
		h.compare(note, s.own.Size(), s.own.Root)
		if !slices.ContainsFunc(h.owed, func(o []byte) bool { return bytes.Equal(o, note) }) {
			h.owed = append(h.owed, note)
		}
	}
	if !h.settle() {
		return errors.Join(rewound(why), errNotAside)
	}
	if why != "" {
		return rewound(why)
	}
	if kept, err := checkpoint.Unverified(h.slots.notes[cosignedSort]); err == nil && epochOf(kept.Origin) == epochOf(h.origin) && kept.Size > c.Size {
		return nil
	}
	if err := h.slots.put(cosignedSort, note); err != nil {
		return err
	}
	return h.syncLocked()
}
