package modem

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Counters are bytes on the modem's interface since the driver started.
type Counters struct {
	Received, Sent uint64
}

// meter adds up the kernel's counters, which begin anew when the interface does.
type meter struct {
	dir   string // such as /sys/class/net/wwan0/statistics; "" = counts nothing
	last  Counters
	total Counters
	known bool
}

// read returns the sums. A counter that cannot be read leaves them as they were.
func (m *meter) read() Counters {
	if m.dir == "" {
		return m.total
	}
	rx, ok1 := m.file("rx_bytes")
	tx, ok2 := m.file("tx_bytes")
	if !ok1 || !ok2 {
		return m.total
	}
	now := Counters{rx, tx}
	if m.known {
		m.total.Received += grown(m.last.Received, rx)
		m.total.Sent += grown(m.last.Sent, tx)
	}
	m.last, m.known = now, true
	return m.total
}

func grown(was, is uint64) uint64 {
	if is < was {
		return is
	}
	return is - was
}

func (m *meter) file(name string) (uint64, bool) {
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
