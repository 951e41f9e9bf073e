//go:build !linux

package durable

import "errors"

// Allocate is for boards, which run Linux.
func Allocate(string, int64) error { return errors.ErrUnsupported }
