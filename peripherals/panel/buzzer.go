package panel

import (
	"context"
	"strconv"
	"time"
)

// Tone is a short pattern of the buzzer.
type Tone uint8

// The tones.
const (
	Ack   Tone = iota // a press was taken
	Held              // a long press was taken: the hand may let go
	Alarm             // somebody must look
)

// steps are times on and off in turn, beginning with on.
func (t Tone) steps() []time.Duration {
	const ms = time.Millisecond
	switch t {
	case Ack:
		return []time.Duration{60 * ms}
	case Held:
		return []time.Duration{600 * ms}
	}
	return []time.Duration{150 * ms, 150 * ms, 150 * ms, 150 * ms, 150 * ms}
}

// Beep asks for a tone and returns at once. One tone may wait; others are left
// out, except that an alarm takes the waiting one's place.
func (d *Dev) Beep(t Tone) {
	select {
	case d.tones <- t:
		return
	default:
	}
	if t != Alarm {
		return
	}
	select {
	case <-d.tones:
	default:
	}
	select {
	case d.tones <- t:
	default:
	}
}

// buzz plays tones until ctx ends. Each tone ends with the buzzer off.
func (d *Dev) buzz(ctx context.Context) {
	if d.opts.Buzzer == "" {
		return
	}
	b := &sounder{led: led{files: d.files, dir: d.opts.Buzzer}}
	d.note(partBuzzer, b.set(false)) // a process that was killed may have left it on
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-d.tones:
			d.play(ctx, b, t)
		}
	}
}

func (d *Dev) play(ctx context.Context, b *sounder, t Tone) {
	b.led.known, b.pwm = false, false // tones are rare: what is plugged in now counts
	for i, length := range t.steps() {
		err := b.set(i%2 == 0)
		d.note(partBuzzer, err)
		if err != nil || !pause(ctx, length) {
			break
		}
	}
	if err := b.set(false); err != nil {
		d.note(partBuzzer, err)
	}
}

// pitch is the tone's period for passive buzzers: 2.7 kHz, where small ones are loudest.
const pitch = 370 * time.Microsecond

// sounder is a buzzer at one of three kinds of folder: a pwm channel, a gpio, a led.
type sounder struct {
	led led
	pwm bool // period and duty cycle are set
}

func (b *sounder) set(on bool) error {
	switch {
	case b.has("duty_cycle"):
		return b.tone(on)
	case b.has("value"):
		return b.write("value", bit(on))
	}
	return b.led.set(on)
}

// tone drives a passive buzzer.
func (b *sounder) tone(on bool) error {
	if !on {
		if n, err := b.led.files.number(b.led.file("enable"), 0, 1); err != nil || n == 0 {
			return err // some kernels refuse to switch off what was never set up
		}
		return b.write("enable", "0")
	}
	if !b.pwm {
		// The kernel refuses a duty cycle above the period, whichever is written
		// first, and every duty cycle before there is a period.
		_ = b.write("duty_cycle", "0")
		if err := b.write("period", strconv.FormatInt(pitch.Nanoseconds(), 10)); err != nil {
			return err
		}
		if err := b.write("duty_cycle", strconv.FormatInt(pitch.Nanoseconds()/2, 10)); err != nil {
			return err
		}
		b.pwm = true
	}
	return b.write("enable", "1")
}

func (b *sounder) has(name string) bool {
	_, err := b.led.files.Read(b.led.file(name))
	return err == nil
}

func (b *sounder) write(name, text string) error {
	return b.led.files.Write(b.led.file(name), text)
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
