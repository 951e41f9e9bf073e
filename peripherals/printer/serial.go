package printer

import (
	"context"
	"fmt"

	"clinicbox/internal/serialport"
)

// NewSerial is a printer on a serial line.
func NewSerial(path string, baud int, opts Opts) *Dev {
	opts.Chunk = min(opts.Chunk, 256)
	opts.BytesPerSecond = max(baud/10, 1) // 8N1: ten bits a byte
	line := serialport.New(path, baud)
	dial := func(ctx context.Context) (Conn, error) {
		c, err := line.Dial(ctx)
		if err != nil {
			return nil, err // not c: a nil pointer in an interface is not nil
		}
		return c, nil
	}
	return New(fmt.Sprintf("serial:%s?baud=%d", path, baud), dial, opts)
}
