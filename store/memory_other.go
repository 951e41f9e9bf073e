//go:build !linux

package store

import (
	"errors"
	"os"
)

// openMemory is for boards, which run Linux.
func openMemory(string, int, os.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }
