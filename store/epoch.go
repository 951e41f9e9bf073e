package store

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clinicbox/internal/durable"
)

// epoch names the line of history that the own journal is. The epoch changes only
// when a restored box realigns with the centre; the incarnation at every open, and
// it names its parent and the size of the journal it began with, so that the
// centre sees a restored copy or a cloned box (DESIGN 4).
type epoch struct {
	Epoch       [8]byte
	Incarnation [8]byte
	Parent      [8]byte
	Tip         uint64
	was         string // the epochs before, oldest first, as lines of the file
}

// Life is an epoch of the own journal that ended: up to Size the journal is its
// journal, and had Root.
type Life struct {
	Epoch [8]byte
	Size  uint64
	Root  [32]byte
}

// maxLives ends what would be a loop: each costs every number series a range.
const maxLives = 256

const epochForm = "clinicbox epoch 1\nepoch %x\nincarnation %x\nparent %x\ntip %d\n"

var errEpoch = errors.New("store: epoch file damaged")

func epochPath(dir string) string { return filepath.Join(dir, "epoch") }

func loadEpoch(dir string) (e epoch, err error) {
	b, err := os.ReadFile(epochPath(dir))
	if err != nil {
		return e, fmt.Errorf("store: %w", err)
	}
	var ep, inc, par []byte
	r := bufio.NewReader(bytes.NewReader(b))
	n, _ := fmt.Fscanf(r, epochForm, &ep, &inc, &par, &e.Tip)
	for line, err := r.ReadString('\n'); err == nil && strings.HasPrefix(line, "was "); line, err = r.ReadString('\n') {
		e.was += line
	}
	if n != 4 || e.lives() == nil && e.was != "" || copy(e.Epoch[:], ep)+copy(e.Incarnation[:], inc)+copy(e.Parent[:], par) != 24 || !bytes.Equal(e.encode(), b) {
		return epoch{}, errEpoch
	}
	return e, nil
}

func (e *epoch) encode() []byte {
	b := fmt.Appendf(nil, epochForm, e.Epoch, e.Incarnation, e.Parent, e.Tip)
	b = append(b, e.was...)
	return fmt.Appendf(b, "sum %08x\n", crc32.ChecksumIEEE(b))
}

// begin starts the incarnation of this open.
func (e *epoch) begin(dir string, tip uint64) error {
	e.Parent, e.Tip = e.Incarnation, tip
	rand.Read(e.Incarnation[:])
	return durable.WriteFile(epochPath(dir), e.encode(), 0o600)
}

const lifeForm = "was %x until %d root %x\n"

// turn ends the present epoch at a size, and begins another one.
func (e *epoch) turn(size uint64, root [32]byte) {
	e.was += fmt.Sprintf(lifeForm, e.Epoch, size, root)
	rand.Read(e.Epoch[:])
}

// lives are the epochs before, oldest first; nil when a line is malformed.
func (e *epoch) lives() (out []Life) {
	for line := range strings.Lines(e.was) {
		var l Life
		var id, root []byte
		if n, err := fmt.Sscanf(line, lifeForm, &id, &l.Size, &root); n != 3 || err != nil || copy(l.Epoch[:], id)+copy(l.Root[:], root) != 8+32 {
			return nil
		}
		out = append(out, l)
	}
	return out
}

// newEpoch is for an empty directory.
func newEpoch() (e epoch) {
	rand.Read(e.Epoch[:])
	return e
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
