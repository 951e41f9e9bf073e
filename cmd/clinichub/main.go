// Command clinichub runs the centre that boxes send their records to: broker,
// database, receipts and operator's pages. clinichub help lists its commands.
package main

import (
	"context"
	"os"

	"clinicbox/cmd/internal/hubmain"
)

func main() {
	p := &hubmain.Program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := p.ParseFlags(os.Args[1:])
	if err == nil {
		err = p.Run(context.Background())
	}
	os.Exit(p.Report(err))
}
