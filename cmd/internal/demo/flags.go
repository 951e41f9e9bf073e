package demo

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// ErrUsage wraps what is wrong with the command line.
var ErrUsage = errors.New("usage")

// Flags are the demo's command line.
type Flags struct {
	Dir     string // everything the demo writes
	JSON    string // addresses, PINs and device paths for scripts; "" = none
	Scanner string // serial device instead of the simulated scanner
	Printer string // printer address instead of the simulated printer
	Broker  string // broker instead of the hub's embedded one
	Listen  string // the clinic's pages
	Secure  string // the same over HTTPS; "" = none
	Hub     string // the hub's pages
	Bench   string // the bench's page
	Width   int    // paper of the printer, mm
}

const usage = `clinicdemo: a clinic's box, the centre and simulated devices on loopback.
Hộp của một trạm y tế, trung tâm và thiết bị mô phỏng, trên máy này.

`

// parseFlags reads the command line, without the program's name.
func parseFlags(args []string, out io.Writer) (f Flags, err error) {
	fs := flag.NewFlagSet("clinicdemo", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.Usage = func() {
		fmt.Fprint(out, usage)
		fs.PrintDefaults()
	}
	fs.StringVar(&f.Dir, "data", ".data/demo", "folder for all data of the demo")
	fs.StringVar(&f.JSON, "json", "", "write addresses, PINs and device paths to this file once everything runs")
	fs.StringVar(&f.Scanner, "scanner", "", "serial device of a scanner, instead of the simulated one")
	fs.StringVar(&f.Printer, "printer", "", "tcp:HOST:PORT, serial:/dev/… or /dev/usb/lp0, instead of the simulated printer")
	fs.StringVar(&f.Broker, "broker", "", "MQTT broker such as tcp://127.0.0.1:1883, instead of the embedded one")
	fs.StringVar(&f.Listen, "listen", "127.0.0.1:8080", "address of the clinic's pages")
	fs.StringVar(&f.Secure, "secure", "", "address of the clinic's pages over HTTPS, such as 127.0.0.1:8443")
	fs.StringVar(&f.Hub, "hub", "127.0.0.1:8090", "address of the centre's pages")
	fs.StringVar(&f.Bench, "bench", "127.0.0.1:8070", "address of the bench page")
	fs.IntVar(&f.Width, "width", 80, "paper width in mm: 58 or 80")
	if err := fs.Parse(args); err != nil {
		return f, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	switch {
	case fs.NArg() > 0:
		return f, fmt.Errorf("%w: unexpected %q", ErrUsage, fs.Arg(0))
	case f.Width != 58 && f.Width != 80:
		return f, fmt.Errorf("%w: -width is 58 or 80", ErrUsage)
	case f.Printer != "" && !strings.Contains(f.Printer, ":") && !strings.HasPrefix(f.Printer, "/"):
		return f, fmt.Errorf("%w: -printer is an address such as tcp:127.0.0.1:9100", ErrUsage)
	}
	return f, nil
}
