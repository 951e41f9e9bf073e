// Command dictionary trains the dictionary that frames between box and centre are
// compressed with, on the records of invented boxes. What it writes is the same at each
// run on the same tree. An ID that was given out is never trained again: a new tree
// makes other bytes.
//
//	go run ./cmd/internal/demo/dictionary -id 2 -o sync/wire/dictionaries/2.zstd
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"

	"clinicbox/cmd/internal/demo"
	"clinicbox/internal/durable"
	"clinicbox/sync/wire"
	"clinicbox/sync/wire/train"
)

func main() {
	id := flag.Uint("id", 0, "the dictionary's ID, which was never given out")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := run(context.Background(), uint32(*id), *out); err != nil {
		fmt.Fprintln(os.Stderr, "dictionary:", err)
		os.Exit(1)
	}
}

func options(id uint32) train.Opts {
	o := train.DefaultOpts(id)
	o.Naming = wire.Naming{Key: wire.Hash(demo.InventedNames())}
	return o
}

func run(ctx context.Context, id uint32, out string) error {
	boxes, err := play(ctx, corpus())
	if err != nil {
		return err
	}
	b, err := train.Train(boxes, options(id))
	if err != nil {
		return err
	}
	fmt.Printf("%d bytes, SHA-256 %x\n", len(b), sha256.Sum256(b))
	return durable.WriteFile(out, b, 0o644)
}
