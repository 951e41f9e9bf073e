package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store/seal"
)

// Sentinels of blobs.
var (
	// ErrBlobSize tells that content is empty or larger than MaxBlob.
	ErrBlobSize = errors.New("store: a blob must have between 1 byte and 32 MiB")
	// ErrBlobBudget tells that the blobs of this box have no more room: what is there
	// stays, records go on.
	ErrBlobBudget = errors.New("store: no room for more blobs")
	// ErrNoBlob tells that a blob is not on this box.
	ErrNoBlob = errors.New("store: the blob is not here")
	// ErrBlob tells that a blob is damaged.
	ErrBlob = errors.New("store: the blob is damaged")
)

// MaxBlob bounds one blob.
const MaxBlob = 32 << 20

// A blob's file is a head and pieces of 64 KiB, each sealed with the head, its number
// and whether it is the last as associated data:
//
//	head   magic "CBXBLOB1" | name [16] | key ID [8] | size of the content u64
//	piece  nonce, ciphertext, tag
//
// The newest data key seals. The name is a hash of the salted hash that the entry has,
// keyed by the oldest, which never goes: files tell neither what they hold nor that two
// boxes have the same. Content is never shared between
// two blobs: who may add content could see by the room that it takes whether it was
// here before.
const (
	blobMagic = "CBXBLOB1"
	blobHead  = 8 + 16 + 8 + 8
	blobPiece = 64 << 10
)

// Blobs keeps content that is too large for an entry. All methods may be called at
// the same time.
type Blobs struct {
	s     *Store
	dir   string
	names seal.Key

	mu      sync.Mutex
	used    int64 // bytes of all files that can be found, and of those being written
	trouble error // what the latest look at all of them found
}

func blobsDir(dir string) string { return filepath.Join(dir, "blobs") }

func newBlobs(s *Store) *Blobs {
	return &Blobs{s: s, dir: blobsDir(s.o.Dir), names: blobNames(s.ring)}
}

func blobNames(r seal.Ring) seal.Key { return r.Oldest().Sub("blob names") }

// name is a blob's file. The hash in an entry travels, the name on the disk must not be
// found by it.
func (b *Blobs) name(blob clinic.Blob) token { return blobToken(&b.names, blob) }

func blobToken(names *seal.Key, blob clinic.Blob) token {
	m := names.Mac("blob", string(blob.Hash[:]))
	return token(m[:16])
}

// openBlobs counts what is there and removes what a cut left, where the disk takes that.
// Images that cannot be found keep no record from being read.
func openBlobs(s *Store) *Blobs {
	b := newBlobs(s)
	b.trouble = b.each(func(path string, size int64) error {
		if !strings.HasSuffix(path, durable.TempSuffix) {
			b.used += size
			return nil
		}
		if s.frozen {
			return nil
		}
		return os.Remove(path)
	})
	if b.trouble != nil {
		s.log.Error("not all blobs can be reached", "err", b.trouble)
	}
	return b
}

// Trouble tells what was wrong with blobs when all of them were looked at last, at the
// start or by the scrub; nil = nothing.
func (b *Blobs) Trouble() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trouble
}

func (b *Blobs) setTrouble(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = err
}

// each passes every file of the folder that can be found. What fails, of the disk or of
// fn, is returned at the end.
func (b *Blobs) each(fn func(path string, size int64) error) error {
	return b.eachIn(b.dir, fn)
}

func (b *Blobs) eachIn(dir string, fn func(path string, size int64) error) error {
	es, err := durable.ReadDir(b.s.o.Files, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range es {
		path := filepath.Join(dir, e.Name())
		switch fi, err := e.Info(); {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
		case err != nil:
			errs = append(errs, err)
		case fi.IsDir() && dir == b.dir:
			errs = append(errs, b.eachIn(path, fn))
		case fi.Mode().IsRegular():
			errs = append(errs, fn(path, fi.Size()))
		}
	}
	return errors.Join(errs...)
}

// Blobs returns the store's blobs.
func (s *Store) Blobs() *Blobs { return s.blobs }

// Used returns how many bytes the blobs take, and how many they may.
func (b *Blobs) Used() (used, budget int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.s.o.BlobBudget
}

// file returns the path of a blob.
func (b *Blobs) file(t token) string {
	return filepath.Join(b.s.o.Dir, filepath.FromSlash(blobPath(t)))
}

// blobPath is a blob's file in the data directory, with slashes.
func blobPath(t token) string {
	name := hex.EncodeToString(t[:])
	return path.Join("blobs", name[:2], name)
}

func (b *Blobs) has(blob clinic.Blob) bool {
	fi, err := os.Stat(b.file(b.name(blob)))
	return err == nil && fi.Size() == sealedSize(blob.Size)
}

func sealedSize(n int64) int64 {
	pieces := (n + blobPiece - 1) / blobPiece
	return blobHead + n + pieces*seal.Overhead
}

// Put keeps content and returns its name. It is durable when Put returns: name it in
// an entry then. What no entry names within a day is removed (Collect). On a full disk
// or an empty budget nothing is kept.
func (b *Blobs) Put(ctx context.Context, content []byte) (clinic.Blob, error) {
	if len(content) == 0 || len(content) > MaxBlob {
		return clinic.Blob{}, ErrBlobSize
	}
	blob := clinic.Blob{Size: int64(len(content))}
	rand.Read(blob.Salt[:])
	blob.Hash = sha256.Sum256(append(blob.Salt[:], content...))
	size := sealedSize(blob.Size)
	if err := b.reserve(size); err != nil {
		return clinic.Blob{}, err
	}
	if err := b.write(ctx, b.name(blob), content); err != nil {
		b.reserveBack(size)
		return clinic.Blob{}, err
	}
	return blob, nil
}

// reserve takes room of the budget, and sees that records keep theirs on the disk.
func (b *Blobs) reserve(size int64) error {
	free, err := b.s.o.Free(b.s.o.Dir)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+size > b.s.o.BlobBudget || err == nil && free < 2*b.s.o.Reserve+uint64(size) {
		return ErrBlobBudget
	}
	b.used += size
	return nil
}

func (b *Blobs) reserveBack(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= size
}

func (b *Blobs) write(ctx context.Context, t token, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.place(t, b.encode(t, content))
}

// place writes a blob's file.
func (b *Blobs) place(t token, file []byte) error {
	to := b.file(t)
	if err := durable.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := durable.WriteFileFS(b.s.o.Files, to, file, 0o600); err != nil {
		return fmt.Errorf("store: blob: %w", err)
	}
	return nil
}

func (b *Blobs) encode(t token, content []byte) []byte {
	out := make([]byte, 0, sealedSize(int64(len(content))))
	key := b.s.ring.Newest()
	id, sealer := key.ID(), seal.NewSealer(key.Sub("blobs"))
	out = append(append(append(out, blobMagic...), t[:]...), id[:]...)
	out = binary.BigEndian.AppendUint64(out, uint64(len(content)))
	head := bytes.Clone(out)
	for i := 0; i*blobPiece < len(content); i++ {
		end := min((i+1)*blobPiece, len(content))
		out = sealer.Seal(out, content[i*blobPiece:end], pieceOf(head, i, end == len(content)))
	}
	return out
}

// pieceOf is the associated data of a piece.
func pieceOf(head []byte, i int, last bool) []byte {
	aad := binary.BigEndian.AppendUint32(bytes.Clone(head), uint32(i))
	if last {
		return append(aad, 1)
	}
	return append(aad, 0)
}

// open unseals the file of a blob.
func (b *Blobs) open(t token, file []byte) ([]byte, error) {
	if len(file) < blobHead || string(file[:8]) != blobMagic || token(file[8:24]) != t {
		return nil, ErrBlob
	}
	key := b.s.ring.Find(seal.KeyID(file[24:32]))
	size := binary.BigEndian.Uint64(file[32:])
	if key == nil || size == 0 || size > MaxBlob || int64(len(file)) != sealedSize(int64(size)) {
		return nil, ErrBlob
	}
	sealer := seal.NewSealer(key.Sub("blobs"))
	head, rest := file[:blobHead], file[blobHead:]
	out := make([]byte, 0, size)
	for i := 0; len(rest) > 0; i++ {
		n := min(len(rest), blobPiece+seal.Overhead)
		var err error
		if out, err = sealer.Open(out, rest[:n], pieceOf(head, i, n == len(rest))); err != nil {
			return nil, ErrBlob
		}
		rest = rest[n:]
	}
	return out, nil
}

// Get returns the content of a blob, verified against the hash in its entry.
func (b *Blobs) Get(ctx context.Context, blob clinic.Blob) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := b.name(blob)
	file, err := readBlob(b.file(t))
	if err != nil {
		return nil, err
	}
	content, err := b.open(t, file)
	if err == nil && (int64(len(content)) != blob.Size || sha256.Sum256(append(blob.Salt[:], content...)) != blob.Hash) {
		err = ErrBlob
	}
	if err != nil {
		b.s.log.Error("a blob cannot be read", "err", err)
		return nil, err
	}
	return content, nil
}

func readBlob(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoBlob
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlob, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, sealedSize(MaxBlob)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlob, err)
	}
	return b, nil
}
