package printer

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// ErrAddress means that a printer's address cannot be understood.
var ErrAddress = errors.New("printer address")

// Defaults of addresses.
const (
	rawPort     = "9100" // "raw" printing, what network printers listen on
	defaultBaud = 115200 // 9600 needs 21 s for a slip
	leastBaud   = 1200
	leastBuffer = 512
)

// Open reads an address and returns the printer there:
//
//	tcp:HOST[:PORT]          network, port 9100 unless given
//	serial:/dev/…[?baud=N]   serial line, 115200 baud unless given
//	/dev/usb/lp0             USB printer class (usb:/dev/… for another path)
//
// with these options behind "?", joined by "&": status=none for a printer that
// never answers, buffer=N for one that loses what exceeds N bytes.
func Open(address string) (*Dev, error) {
	place, query, _ := strings.Cut(address, "?")
	opts, baud, err := parseOptions(query)
	if err != nil {
		return nil, err
	}
	kind, rest, ok := strings.Cut(place, ":")
	switch {
	case strings.HasPrefix(place, "/"):
		return NewUSB(place, opts), nil
	case ok && kind == "usb" && strings.HasPrefix(rest, "/"):
		return NewUSB(rest, opts), nil
	case ok && kind == "serial" && strings.HasPrefix(rest, "/"):
		return NewSerial(rest, baud, opts), nil
	case ok && kind == "tcp" && rest != "":
		hostPort, err := tcpAddress(rest)
		if err != nil {
			return nil, err
		}
		return NewTCP(hostPort, opts), nil
	}
	return nil, fmt.Errorf("%w %q: must be tcp:HOST:PORT, serial:/dev/… or /dev/usb/lp…", ErrAddress, address)
}

func tcpAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		if strings.Count(s, ":") > 0 {
			return "", fmt.Errorf("%w %q: host and port", ErrAddress, s)
		}
		host, port = s, rawPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return "", fmt.Errorf("%w %q: host and port", ErrAddress, s)
	}
	return net.JoinHostPort(host, port), nil
}

func parseOptions(query string) (opts Opts, baud int, err error) {
	opts, baud = DefaultOpts(), defaultBaud
	values, err := url.ParseQuery(query)
	if err != nil {
		return opts, 0, fmt.Errorf("%w: options %q", ErrAddress, query)
	}
	for key, v := range values {
		n, bad := strconv.Atoi(v[0])
		switch {
		case key == "status" && v[0] == "none":
			opts.Status = StatusNone
		case key == "status" && v[0] == "ask":
		case key == "baud" && bad == nil && n >= leastBaud:
			baud = n
		case key == "buffer" && bad == nil && n >= leastBuffer:
			opts.Buffer = n
		default:
			return opts, 0, fmt.Errorf("%w: option %q", ErrAddress, key+"="+v[0])
		}
	}
	return opts, baud, nil
}
