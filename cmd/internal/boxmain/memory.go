package boxmain

import (
	"bufio"
	"bytes"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// limitMemory tells the runtime to stay within half of the board's memory, so that
// building the views anew works on a board of 512 MB too: without a limit garbage may
// double what is needed. The other half is the kernel's, for the mapped views.
// GOMEMLIMIT comes first.
func limitMemory(log *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	b, err := os.ReadFile("/proc/meminfo")
	total, ok := memTotal(b)
	if err != nil || !ok {
		log.Warn("memory of the board not known: no limit set", "err", err)
		return
	}
	debug.SetMemoryLimit(total / 2)
}

// memTotal reads the line MemTotal of proc_meminfo(5), in bytes.
func memTotal(b []byte) (int64, bool) {
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			n, err := strconv.ParseInt(f[1], 10, 40)
			return n << 10, err == nil && n > 0
		}
	}
	return 0, false
}
