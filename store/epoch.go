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
}

const epochForm = "clinicbox epoch 1\nepoch %x\nincarnation %x\nparent %x\ntip %d\n"

var errEpoch = errors.New("store: epoch file damaged")

func epochPath(dir string) string { return filepath.Join(dir, "epoch") }

func loadEpoch(dir string) (e epoch, err error) {
	b, err := os.ReadFile(epochPath(dir))
	if err != nil {
		return e, fmt.Errorf("store: %w", err)
	}
	var ep, inc, par []byte
	var sum uint32
	n, _ := fmt.Fscanf(bufio.NewReader(bytes.NewReader(b)), epochForm+"sum %08x\n", &ep, &inc, &par, &e.Tip, &sum)
	if n != 5 || copy(e.Epoch[:], ep)+copy(e.Incarnation[:], inc)+copy(e.Parent[:], par) != 24 || !bytes.Equal(e.encode(), b) {
		return epoch{}, errEpoch
	}
	return e, nil
}

func (e *epoch) encode() []byte {
	b := fmt.Appendf(nil, epochForm, e.Epoch, e.Incarnation, e.Parent, e.Tip)
	return fmt.Appendf(b, "sum %08x\n", crc32.ChecksumIEEE(b))
}

// begin starts the incarnation of this open.
func (e *epoch) begin(dir string, tip uint64) error {
	e.Parent, e.Tip = e.Incarnation, tip
	rand.Read(e.Incarnation[:])
	return durable.WriteFile(epochPath(dir), e.encode(), 0o600)
}

// newEpoch is for an empty directory.
func newEpoch() (e epoch) {
	rand.Read(e.Epoch[:])
	return e
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
