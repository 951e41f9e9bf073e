package main

import (
	"archive/zip"
	"bytes"
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
	for _, may := range []string{"certificates.json", "cosigned"} { // the last of them stands first
		if slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == may }) {
			want = slices.Insert(want, 6, may)
		}
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
		none := make([]byte, 12)
		if f.Method != zip.Deflate || f.Flags != 8 || f.Comment != "" || le.Uint16(head[6:]) != 8 || le.Uint16(head[8:]) != zip.Deflate || !bytes.Equal(head[14:26], none) {
			return refuse("%s: header", f.Name)
		}
		at = data + int64(f.CompressedSize64)
		d := read(at, 24)
		packed, size, n := uint64(le.Uint32(d[8:])), uint64(le.Uint32(d[12:])), int64(16)
		if max(f.CompressedSize64, f.UncompressedSize64) > 1<<32-2 {
			packed, size, n = le.Uint64(d[8:]), le.Uint64(d[16:]), 24
		}
		if le.Uint32(d) != 0x08074b50 || le.Uint32(d[4:]) != f.CRC32 || packed != f.CompressedSize64 || size != f.UncompressedSize64 {
			return refuse("%s: something behind it", f.Name)
		}
		at += n
	}
	if le.Uint32(read(at, 4)) != 0x02014b50 || size < 22 || le.Uint32(read(size-22, 4)) != 0x06054b50 || z.Comment != "" {
		return refuse("something before or behind the directory")
	}
	return nil
}
