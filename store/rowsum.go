package store

import (
	"hash/crc32"
	"math/bits"
	"os"

	"clinicbox/store/boltcheck"
)

// rowSum is a hash of one row. The sum of all of them, kept beside the cursors, tells
// whether the file holds the rows that were written: bbolt's pages have no sums, and
// on a disk that lied about a flush an older page, sound in itself, stands where a
// newer one should. It guards against disks, not against people, who would need the
// storage key all the same to make an entry.
func rowSum(t table, key, value []byte) uint64 {
	c := crc32.MakeTable(crc32.Castagnoli)
	h := uint64(crc32.Update(uint32(t), c, key))<<32 | uint64(crc32.Update(uint32(len(key)), c, value))
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, 0xd1342543de82ef95)
	hi, lo = bits.Mul64(hi^lo^h, 0xaf251af3b0f025b5)
	return hi ^ lo
}

// checkViews looks at a views file before bbolt does and returns the sum of its rows.
func checkViews(path string) (sum uint64, err error) {
	names := map[string]table{}
	for t := tMeta + 1; t < tables; t++ {
		names[string(t.name())] = t
	}
	err = checkRows(path, func(bucket, key, value []byte) {
		if t, ok := names[string(bucket)]; ok {
			sum += rowSum(t, key, value)
		}
	})
	return sum, err
}

// checkRows looks at a bbolt file before bbolt does: it would not survive a damaged
// one, and without a freelist it reads all of it anyway.
func checkRows(path string, row func(bucket, key, value []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	return boltcheck.Check(f, fi.Size(), row)
}
