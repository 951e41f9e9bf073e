// Command clinicdemo runs a clinic's box, the centre and simulated devices on
// loopback, with an invented clinic's data. clinicdemo -h lists its flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"clinicbox/cmd/internal/demo"
)

func main() {
	m := &demo.Main{Stdout: os.Stdout, Stderr: os.Stderr}
	err := m.ParseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = m.Run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clinicdemo:", err)
		os.Exit(1)
	}
}
