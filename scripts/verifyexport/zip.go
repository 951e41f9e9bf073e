package main

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"slices"
)

// openZip refuses every .zip that another program may read otherwise: the files are
// those of an export in their order, back to back, under one name each.
func (v *verifier) openZip(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return refuse("no .zip: %v", err)
	}
	want := []string{"README.txt", "schema.json", "entries.jsonl", "keys.json", "checkpoint", "checkpoint-in", "manifest.json", "manifest.sig"}
	if len(z.File) == len(want)+1 {
		want = slices.Insert(want, 6, "cosigned")
	}
	v.files = map[string]*zip.File{}
	var have []string
	for _, f := range z.File {
		have = append(have, f.Name)
		v.files[f.Name] = f
	}
	if !slices.Equal(have, want) {
		return refuse("its %d files are not those of an export", len(have))
	}
	read := func(at, n int64) []byte {
		b := make([]byte, n)
		if _, err := f.ReadAt(b, at); err != nil {
			return make([]byte, n)
		}
		return b
	}
	le := binary.LittleEndian
	at := int64(0)
	for _, f := range z.File {
		head := read(at, 30)
		name, extra := int64(le.Uint16(head[26:])), int64(le.Uint16(head[28:]))
		data, err := f.DataOffset()
		if err != nil || le.Uint32(head) != 0x04034b50 || string(read(at+30, name)) != f.Name || data != at+30+name+extra {
			return refuse("%s: header and directory differ", f.Name)
		}
		if at = data + int64(f.CompressedSize64); f.Flags&8 != 0 {
			if d := read(at, 8); le.Uint32(d) != 0x08074b50 || le.Uint32(d[4:]) != f.CRC32 {
				return refuse("%s: something behind it", f.Name)
			}
			if at += 16; max(f.CompressedSize64, f.UncompressedSize64) > 1<<32-2 {
				at += 8
			}
		}
		if f.Method != zip.Deflate || f.Flags&^8 != 0 || f.Comment != "" {
			return refuse("%s: header", f.Name)
		}
	}
	if le.Uint32(read(at, 4)) != 0x02014b50 || size < 22 || le.Uint32(read(size-22, 4)) != 0x06054b50 || z.Comment != "" {
		return refuse("something before or behind the directory")
	}
	return nil
}
