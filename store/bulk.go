package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
)

// bulk is the views in memory, sorted at the end: for building a views file anew
// and for comparing one with the journals.
type bulk struct {
	broad  [tables]rows[[64]byte] // write-only tables with long keys and values
	wide   [tables]rows[[48]byte] // with long keys
	narrow [tables]rows[[24]byte]
	maps   [tables]map[string][]byte
}

// rows are key and value in one array each, behind each other, zeros behind.
type rows[T [64]byte | [48]byte | [24]byte] []T

func newBulk() *bulk {
	b := new(bulk)
	for t := range tables {
		b.maps[t] = map[string][]byte{}
	}
	return b
}

// widths of keys and values in write-only tables.
func (t table) widths() (key, value int) {
	switch t {
	case tRecord:
		return 32, refLen + 2
	case tLook:
		return 32, refLen + lookTime
	case tMember:
		return 18, 1
	case tGuard, tLink:
		return 32, refLen
	case tIdent, tChild, tBorn:
		return 32, 1
	case tApart:
		return 32, 16
	case tStock:
		return 32, stockRowLen
	}
	return 16, 8 // tAct, tLeaf, tBlob
}

func (b *bulk) get(t table, key []byte) []byte { return b.maps[t][string(key)] }

func (b *bulk) put(t table, key, value []byte) { b.maps[t][string(key)] = bytes.Clone(value) }

func (b *bulk) del(t table, key []byte) { delete(b.maps[t], string(key)) }

func (b *bulk) putMin(t table, key, value []byte) {
	switch k, v := t.widths(); {
	case k == 32 && v > 16:
		var r [64]byte
		copy(r[copy(r[:], key):], value)
		b.broad[t] = append(b.broad[t], r)
		return
	case k == 32:
		var r [48]byte
		copy(r[copy(r[:], key):], value)
		b.wide[t] = append(b.wide[t], r)
		return
	}
	var r [24]byte
	copy(r[copy(r[:], key):], value)
	b.narrow[t] = append(b.narrow[t], r)
}

// each calls fn with the rows of a table in order of their keys.
func (b *bulk) each(t table, fn func(key, value []byte) error) error {
	if t.writeOnly() {
		k, v := t.widths()
		if k == 32 && v > 16 {
			slices.SortFunc(b.broad[t], func(x, y [64]byte) int { return compareRows(x[:], y[:]) })
			return eachRow(b.broad[t], [2]int{k, v}, func(r *[64]byte) []byte { return r[:] }, fn)
		}
		if k == 32 {
			slices.SortFunc(b.wide[t], func(x, y [48]byte) int { return compareRows(x[:], y[:]) })
			return eachRow(b.wide[t], [2]int{k, v}, func(r *[48]byte) []byte { return r[:] }, fn)
		}
		slices.SortFunc(b.narrow[t], func(x, y [24]byte) int { return compareRows(x[:], y[:]) })
		return eachRow(b.narrow[t], [2]int{k, v}, func(r *[24]byte) []byte { return r[:] }, fn)
	}
	for _, key := range slices.Sorted(maps.Keys(b.maps[t])) {
		if err := fn([]byte(key), b.maps[t][key]); err != nil {
			return err
		}
	}
	return nil
}

// compareRows looks at the first bytes first: they differ, most often.
func compareRows(x, y []byte) int {
	if a, b := binary.BigEndian.Uint64(x), binary.BigEndian.Uint64(y); a != b {
		return cmp.Compare(a, b)
	}
	return bytes.Compare(x[8:], y[8:])
}

// eachRow passes the first of each key: the one with the smallest value.
func eachRow[T [64]byte | [48]byte | [24]byte](rs rows[T], width [2]int, all func(*T) []byte, fn func(k, v []byte) error) error {
	key, value := width[0], width[1]
	var last []byte
	for i := range rs {
		r := all(&rs[i])
		if bytes.Equal(r[:key], last) {
			continue
		}
		last = r[:key]
		if err := fn(r[:key], r[key:key+value]); err != nil {
			return err
		}
	}
	return nil
}
