package boxmain

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// mounted lists the folders where the system has mounted something below one of the
// given ones: sticks.
func mounted(below []string) ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return mountsIn(f, below), nil
}

// mountsIn reads a table of mounts (proc_pid_mounts(5)): the second word of a line is
// the folder, blanks in it as \040.
func mountsIn(table io.Reader, below []string) (out []string) {
	s := bufio.NewScanner(io.LimitReader(table, 1<<20))
	for s.Scan() {
		words := strings.Fields(s.Text())
		if len(words) < 2 {
			continue
		}
		dir := filepath.Clean(unescape(words[1]))
		for _, b := range below {
			if b != "/" && strings.HasPrefix(dir, filepath.Clean(b)+"/") {
				out = append(out, dir)
				break
			}
		}
	}
	return out
}

// unescape undoes \ and three octal digits.
func unescape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if n, err := strconv.ParseUint(s[1:min(4, len(s))], 8, 8); s[0] == '\\' && len(s) >= 4 && err == nil {
			b.WriteByte(byte(n))
			s = s[4:]
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// fileSystem tells file systems apart; 0 when nobody knows.
func fileSystem(dir string) uint64 {
	fi, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// stickDirs are the folders of the configuration below which sticks are looked for.
func stickDirs(list string) (out []string) {
	for d := range strings.SplitSeq(list, ",") {
		if d = strings.TrimSpace(d); filepath.IsAbs(d) {
			out = append(out, d)
		}
	}
	return out
}
