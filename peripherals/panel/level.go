package panel

import (
	"context"
	"time"
)

// Level is a button at a gpio's value file, 0 or 1.
type Level struct {
	Path string
	// ActiveLow takes 0 as pressed, for buttons to ground whose gpio does not say so.
	ActiveLow bool
	Every     time.Duration // between looks; 0 = 25 ms: hands press for 80 and more
	Files     Files         // nil = Sys
}

var _ Source = (*Level)(nil)

// Watch implements Source. A button that is down from the start tells nothing until
// it was up: a stuck one must not stop the box at every start.
func (s *Level) Watch(ctx context.Context, tell func(Edge)) error {
	files, every := s.Files, s.Every
	if files == nil {
		files = Sys{}
	}
	if every <= 0 {
		every = 25 * time.Millisecond
	}
	opened, free, last := false, false, false
	for {
		n, err := kernel{files}.number(s.Path, 0, 1)
		if err != nil {
			return err
		}
		if !opened {
			tell(Opened)
			opened = true
		}
		down := (n == 1) != s.ActiveLow
		free = free || !down
		if free && down != last {
			last = down
			edge := Up
			if down {
				edge = Down
			}
			tell(edge)
		}
		if !pause(ctx, every) {
			return nil
		}
	}
}
