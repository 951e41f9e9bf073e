package panel

import (
	"math"
	"path/filepath"
	"strconv"
)

// led is one device of /sys/class/leds. It is written only when something changes.
type led struct {
	files kernel
	dir   string

	known bool // lit is what the device was told
	lit   bool
	max   int64 // brightness when lit
}

// set lights the device or not. After an error nothing is taken as written: the
// write may have worked, so the next call writes again.
func (l *led) set(lit bool) error {
	if l.known && l.lit == lit {
		return nil
	}
	if !l.known {
		if err := l.take(); err != nil {
			return err
		}
	}
	l.known = false
	level := int64(0)
	if lit {
		level = l.max
	}
	if err := l.files.Write(l.file("brightness"), strconv.FormatInt(level, 10)); err != nil {
		return err
	}
	l.known, l.lit = true, lit
	return nil
}

// take frees the device from the kernel's own uses, such as the card's activity.
func (l *led) take() error {
	if text, err := l.files.Read(l.file("trigger")); err == nil && foreign(text) {
		if err := l.files.Write(l.file("trigger"), "none"); err != nil {
			return err
		}
	}
	l.max = 1 // kernels before max_brightness, and plain outputs
	if n, err := l.files.number(l.file("max_brightness"), 1, math.MaxInt32); err == nil {
		l.max = n
	}
	return nil
}

// check forgets what was written when the device does not show it: it was plugged
// in anew, or something else drives it.
func (l *led) check() {
	level, err := l.files.number(l.file("brightness"), 0, math.MaxInt32)
	text, _ := l.files.Read(l.file("trigger"))
	if err != nil || (level > 0) != l.lit || foreign(text) {
		l.known = false
	}
}

func (l *led) file(name string) string { return filepath.Join(l.dir, name) }

// foreign reports whether a trigger file says that the kernel drives the light.
func foreign(trigger []byte) bool {
	name := chosen(trigger)
	return name != "" && name != "none"
}
