package boxmain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"clinicbox/internal/durable"
	"clinicbox/internal/handback"
	"clinicbox/store"
	"clinicbox/store/medium"
)

// errOtherLife tells that entries which the centre handed back are of another line of
// history than the records here.
var errOtherLife = errors.New("the entries handed back are of an earlier life of this box")

// handedBack opens what mend is to mend from: a file of the centre, nil when it is a
// folder with a copy or nothing was said.
func (p *Program) handedBack() (*os.File, error) {
	if p.from == "" {
		return nil, nil
	}
	if fi, err := os.Stat(p.from); err == nil && fi.Mode().IsRegular() {
		return os.Open(p.from)
	}
	_, err := medium.Find(p.from, durable.Cold{})
	return nil, err
}

// handBack puts back what cannot be read here and what the file has of it.
func (p *Program) handBack(ctx context.Context, b *Box, file io.Reader, o store.ScrubOptions) error {
	lacks := b.store.Lacks()
	_, keys, err := b.vault.storage()
	if err != nil {
		return err
	}
	r, err := handback.NewReader(file, keys.Private.HPKE)
	if err != nil {
		return err
	}
	found := map[uint64]store.Received{}
	for {
		es, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		for _, e := range es {
			if lacks[e.Index] {
				found[e.Index] = store.Received{Salt: e.Salt, Bytes: e.Bytes}
			}
		}
	}
	if r.Epoch != b.store.Epoch() {
		return errOtherLife
	}
	back, err := b.store.HandBack(ctx, found, o)
	fmt.Fprintf(p.Stdout, "%8d  mục không đọc được / entries that cannot be read\n%8d  mục trung tâm trả lại / of those in the file\n%8d  mục đã đọc lại được / of those readable again\n",
		len(lacks), len(found), back)
	return err
}
