package medium

import (
	"context"

	"clinicbox/internal/durable"
)

// Parse is for the fuzz test.
func Parse(b []byte) (*Manifest, error) { return parse(b) }

// RestoreOver restores over a file layer that fails.
func RestoreOver(c *Copy, ctx context.Context, dir string, l durable.FS) error {
	return c.restore(ctx, dir, l, nil)
}
