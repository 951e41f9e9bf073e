package medium

import (
	"errors"
	"os"
	"syscall"
)

// sameDisk tells whether two folders are on one file system.
func sameDisk(a, b string) (bool, error) {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	if err := errors.Join(err1, err2); err != nil {
		return false, err
	}
	p, ok1 := x.Sys().(*syscall.Stat_t)
	q, ok2 := y.Sys().(*syscall.Stat_t)
	return ok1 && ok2 && p.Dev == q.Dev, nil
}
