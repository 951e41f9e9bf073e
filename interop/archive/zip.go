package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// container is an export's .zip, in exactly the layout in which a Writer makes it: every
// program that opens it finds the same files, and nothing lies between them.
type container struct {
	r     io.ReaderAt
	files map[string]*zip.File
	names []string
}

// layout lists the files that there must be, in order, with those that there may be.
func layout(may ...string) []string {
	names := []string{fileReadme, fileSchema, fileEntries, fileKeys, fileOwn, fileIn}
	return append(append(names, may...), fileManifest, fileSig)
}

// layouts are the ones that there are.
func layouts() [][]string {
	return [][]string{layout(), layout(fileCosigned), layout(fileCerts), layout(fileCosigned, fileCerts)}
}

func openContainer(r io.ReaderAt, size int64) (*container, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	c := &container{r: r, files: map[string]*zip.File{}}
	for _, f := range z.File {
		c.files[f.Name] = f
		c.names = append(c.names, f.Name)
	}
	if !slices.ContainsFunc(layouts(), func(l []string) bool { return slices.Equal(c.names, l) }) {
		return nil, fmt.Errorf("%w: %d files, or others than there must be", ErrForm, len(c.names))
	}
	if err := c.contiguous(z, size); err != nil {
		return nil, err
	}
	return c, nil
}

// Signatures and sizes of .zip records (APPNOTE.TXT sections 4.3.7, 4.3.9, 4.3.12,
// 4.3.16).
const (
	localSig      = 0x04034b50
	descriptorSig = 0x08074b50
	directorySig  = 0x02014b50
	endSig        = 0x06054b50
	localLen      = 30
	endLen        = 22
)

// contiguous refuses what another program could read otherwise: bytes before, between
// or behind the files, and headers that differ from the directory.
func (c *container) contiguous(z *zip.Reader, size int64) error {
	at := int64(0)
	for _, f := range z.File {
		head, err := c.bytes(at, localLen)
		if err != nil || binary.LittleEndian.Uint32(head) != localSig {
			return fmt.Errorf("%w: gap before %s", ErrForm, f.Name)
		}
		nameLen, extraLen := int64(binary.LittleEndian.Uint16(head[26:])), int64(binary.LittleEndian.Uint16(head[28:]))
		name, err := c.bytes(at+localLen, nameLen)
		if err != nil || string(name) != f.Name {
			return fmt.Errorf("%w: two names of %s", ErrForm, f.Name)
		}
		data, err := f.DataOffset()
		if err != nil || data != at+localLen+nameLen+extraLen || !plainHeader(f, head) {
			return fmt.Errorf("%w: header of %s", ErrForm, f.Name)
		}
		if at, err = c.behind(f, data+int64(f.CompressedSize64)); err != nil {
			return err
		}
	}
	next, err := c.bytes(at, 4)
	end, err2 := c.bytes(size-endLen, endLen)
	if err != nil || err2 != nil || binary.LittleEndian.Uint32(next) != directorySig || binary.LittleEndian.Uint32(end) != endSig || z.Comment != "" {
		return fmt.Errorf("%w: something before or behind its directory", ErrForm)
	}
	return nil
}

// plainHeader reports whether header and directory say the same: compressed, with CRC
// and sizes behind the content only.
func plainHeader(f *zip.File, head []byte) bool {
	return f.Method == zip.Deflate && f.Flags == 8 && f.Comment == "" &&
		binary.LittleEndian.Uint16(head[6:]) == f.Flags && binary.LittleEndian.Uint16(head[8:]) == f.Method &&
		!bytes.ContainsFunc(head[14:26], func(r rune) bool { return r != 0 })
}

// behind returns where the data descriptor of a file ends.
func (c *container) behind(f *zip.File, at int64) (int64, error) {
	b, err := c.bytes(at, 24)
	le := binary.LittleEndian
	if err != nil || le.Uint32(b) != descriptorSig || le.Uint32(b[4:]) != f.CRC32 {
		return 0, fmt.Errorf("%w: behind %s", ErrForm, f.Name)
	}
	long := f.CompressedSize64 > 1<<32-2 || f.UncompressedSize64 > 1<<32-2
	packed, size, end := uint64(le.Uint32(b[8:])), uint64(le.Uint32(b[12:])), at+16
	if long {
		packed, size, end = le.Uint64(b[8:]), le.Uint64(b[16:]), at+24
	}
	if packed != f.CompressedSize64 || size != f.UncompressedSize64 {
		return 0, fmt.Errorf("%w: sizes of %s", ErrForm, f.Name)
	}
	return end, nil
}

func (c *container) bytes(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := c.r.ReadAt(b, at)
	return b, err
}

// small reads a file that fits in memory.
func (c *container) small(name string, limit int64) ([]byte, error) {
	f := c.files[name]
	if f.UncompressedSize64 > uint64(limit) {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrForm, name, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrForm, name, err)
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err = errors.Join(err, r.Close()); err != nil || int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: %s: %w", ErrForm, name, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return b, nil
}
