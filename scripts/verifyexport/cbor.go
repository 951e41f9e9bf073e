package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errPlain is CBOR that an export shows as bytes only.
var errPlain = errors.New("not plain CBOR")

// item is a CBOR value: number, bytes, text, list, table or word.
type item struct {
	kind  byte // major type, RFC 8949 section 3.1
	n     uint64
	bytes []byte
	list  []item
	keys  []uint64 // of a table, with list as values
}

// parse reads one value and returns what follows it.
func parse(b []byte, depth int) (it item, rest []byte, err error) {
	if len(b) == 0 || depth > 17 {
		return it, nil, errPlain
	}
	it.kind, it.n = b[0]>>5, uint64(b[0]&31)
	b = b[1:]
	if it.n >= 24 {
		if b, err = it.long(b); err != nil {
			return it, nil, err
		}
	}
	switch it.kind {
	case 0:
		return it, b, nil
	case 1:
		if it.n > math.MaxInt64 {
			return it, nil, errPlain
		}
		return it, b, nil
	case 2, 3:
		if it.n > uint64(len(b)) || it.kind == 3 && !utf8.Valid(b[:it.n]) {
			return it, nil, errPlain
		}
		it.bytes = b[:it.n]
		return it, b[it.n:], nil
	case 4, 5:
		return it.many(b, depth)
	case 7:
		if it.n >= 20 && it.n <= 22 {
			return it, b, nil
		}
	}
	return it, nil, errPlain
}

// long reads a number that has bytes of its own: the fewest that hold it.
func (it *item) long(b []byte) ([]byte, error) {
	size := map[uint64]int{24: 1, 25: 2, 26: 4, 27: 8}[it.n]
	if size == 0 || len(b) < size || it.kind == 7 {
		return nil, errPlain
	}
	n := uint64(0)
	for _, c := range b[:size] {
		n = n*256 + uint64(c)
	}
	it.n = n
	if least := map[int]uint64{1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[size]; n < least {
		return nil, errPlain
	}
	return b[size:], nil
}

// many reads a list, or a table whose keys are ascending numbers.
func (it item) many(b []byte, depth int) (_ item, rest []byte, err error) {
	for i := uint64(0); i < it.n; i++ {
		var v item
		if it.kind == 5 {
			if v, b, err = parse(b, depth+1); err != nil || v.kind != 0 || i > 0 && v.n <= it.keys[i-1] {
				return it, nil, errPlain
			}
			it.keys = append(it.keys, v.n)
		}
		if v, b, err = parse(b, depth+1); err != nil {
			return it, nil, err
		}
		it.list = append(it.list, v)
	}
	return it, b, nil
}

// at returns the value of a key; the zero item when there is none.
func (it *item) at(key uint64) item {
	for i, k := range it.keys {
		if k == key {
			return it.list[i]
		}
	}
	return item{}
}

// json writes the value; keys have the names of a type.
func (n names) json(b *strings.Builder, it item, of string) {
	switch it.kind {
	case 0:
		b.WriteString(strconv.FormatUint(it.n, 10))
	case 1:
		b.WriteString(strconv.FormatInt(-1-int64(it.n), 10))
	case 2:
		fmt.Fprintf(b, "\"%x\"", it.bytes)
	case 3:
		quote(b, it.bytes)
	case 4, 5:
		b.WriteByte("[{"[it.kind-4])
		for i, v := range it.list {
			if i > 0 {
				b.WriteByte(',')
			}
			of := of
			if it.kind == 5 {
				f, ok := n.Types[of][strconv.FormatUint(it.keys[i], 10)]
				if of = f.Of; !ok {
					f.Name = "#" + strconv.FormatUint(it.keys[i], 10)
				}
				b.WriteString(`"` + f.Name + `":`)
			}
			n.json(b, v, of)
		}
		b.WriteByte("]}"[it.kind-4])
	case 7:
		b.WriteString([]string{"false", "true", "null"}[it.n-20])
	}
}

func quote(b *strings.Builder, s []byte) {
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.Write([]byte{'\\', c})
		case c < ' ':
			fmt.Fprintf(b, "\\u%04x", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
