package printer

import (
	"context"
	"net"
)

// NewTCP is a printer on the network, usually on port 9100. Such printers serve
// one connection at a time; the others wait or are refused.
func NewTCP(hostPort string, opts Opts) *Dev {
	return New("tcp:"+hostPort, func(ctx context.Context) (Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", hostPort)
		if err != nil {
			return nil, err
		}
		return conn.(*net.TCPConn), nil
	}, opts)
}
