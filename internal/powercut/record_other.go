//go:build !linux || !(amd64 || arm64)

package powercut

import (
	"errors"
	"os/exec"
)

// Supported tells whether this machine can record.
func Supported() bool { return false }

// Record needs Linux on amd64 or arm64.
func Record(string, *exec.Cmd) (*Trace, error) { return nil, errors.ErrUnsupported }

func inode(string) (uint64, error) { return 0, errors.ErrUnsupported }
