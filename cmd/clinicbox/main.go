// Command clinicbox runs the box: a clinic's health records, pages, scanner,
// printer and the link to the centre. clinicbox help lists its commands.
package main

import (
	"context"
	"os"

	"clinicbox/cmd/internal/boxmain"
)

func main() {
	p := &boxmain.Program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := p.ParseFlags(os.Args[1:])
	if err == nil {
		err = p.Run(context.Background())
	}
	os.Exit(p.Report(err))
}
