package panel_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"clinicbox/peripherals/panel"
)

func buzzer(files ...string) func(*bench) {
	return func(b *bench) {
		b.opts.Buzzer = b.path("buzzer")
		b.put(files...)
	}
}

func TestTones(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		tone  panel.Tone
		want  []string
	}{
		"led":  {[]string{"buzzer/brightness", "0"}, panel.Ack, []string{"0s buzzer/brightness=1", "60ms buzzer/brightness=0"}},
		"gpio": {[]string{"buzzer/value", "0"}, panel.Held, []string{"0s buzzer/value=1", "600ms buzzer/value=0"}},
		"pwm": {
			[]string{"buzzer/duty_cycle", "0", "buzzer/period", "0", "buzzer/enable", "0"},
			panel.Alarm,
			[]string{
				"0s buzzer/duty_cycle=0", "0s buzzer/period=370000", "0s buzzer/duty_cycle=185000",
				"0s buzzer/enable=1", "150ms buzzer/enable=0", "300ms buzzer/enable=1", "450ms buzzer/enable=0",
				"600ms buzzer/enable=1", "750ms buzzer/enable=0",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, buzzer(c.files...), func(b *bench, d *panel.Dev) {
				b.taken("")
				d.Beep(c.tone)
				after(time.Minute)
				got := b.taken("")
				if n := len(got); name == "gpio" && n == 3 { // off twice does no harm
					got = got[:2]
				}
				same(t, got, c.want...)
				if got := d.Status().Buzzer; got != panel.There {
					t.Error(got)
				}
			})
		})
	}
}

// Before a period is set some kernels refuse every duty cycle.
func TestFreshPWM(t *testing.T) {
	prepare := func(b *bench) {
		buzzer("buzzer/duty_cycle", "0", "buzzer/period", "0", "buzzer/enable", "0")(b)
		b.spoil = func(name string) (error, bool) {
			if name != "buzzer/period" && b.text("buzzer/period") == "0" {
				return syscall.EINVAL, false
			}
			return nil, false
		}
	}
	run(t, prepare, func(b *bench, d *panel.Dev) {
		d.Beep(panel.Ack)
		after(time.Second)
		same(t, b.taken("enable"), "0s buzzer/enable=1", "60ms buzzer/enable=0")
		if got := d.Status().Buzzer; got != panel.There {
			t.Error(got)
		}
	})
}

func TestBuzzerIsNeverLeftOn(t *testing.T) {
	run(t, buzzer("buzzer/brightness", "1"), func(b *bench, d *panel.Dev) {
		if got := b.text("buzzer/brightness"); got != "0" {
			t.Errorf("left on by the process before: %s", got)
		}
		d.Beep(panel.Held)
		after(100 * time.Millisecond)
		if got := b.text("buzzer/brightness"); got != "1" {
			t.Errorf("silent: %s", got)
		}
		_ = d.Halt()
		after(time.Millisecond)
		if got := b.text("buzzer/brightness"); got != "0" {
			t.Errorf("left on by Halt: %s", got)
		}
	})
}

func TestBuzzerPulledOutAndFailing(t *testing.T) {
	run(t, buzzer("buzzer/brightness", "0"), func(b *bench, d *panel.Dev) {
		d.Beep(panel.Alarm)
		after(200 * time.Millisecond)
		b.unplug("buzzer")
		after(time.Second)
		if got := d.Status().Buzzer; got != panel.Absent {
			t.Error(got)
		}
		b.put("buzzer/brightness", "0")
		b.mu.Lock()
		b.spoil = func(string) (error, bool) { return errors.New("bus fault"), true }
		b.mu.Unlock()
		d.Beep(panel.Ack)
		after(time.Second)
		if got := d.Status().Buzzer; got != panel.Failed {
			t.Error(got)
		}
		b.mu.Lock()
		b.spoil = nil
		b.mu.Unlock()
		d.Beep(panel.Ack)
		after(time.Second)
		if got := d.Status().Buzzer; got != panel.There || b.text("buzzer/brightness") != "0" {
			t.Error(got, b.text("buzzer/brightness"))
		}
	})
}

func TestAlarmGoesBeforeWhatWaits(t *testing.T) {
	run(t, buzzer("buzzer/brightness", "0"), func(b *bench, d *panel.Dev) {
		d.Beep(panel.Held)
		after(time.Millisecond)
		b.taken("")
		for range 5 {
			d.Beep(panel.Ack)
		}
		d.Beep(panel.Alarm)
		d.Beep(panel.Ack)
		after(time.Minute)
		if got := b.taken("=1"); len(got) != 3 {
			t.Errorf("want the alarm's three beeps: %v", got)
		}
	})
}

func TestCallForHelpIsHeardOnce(t *testing.T) {
	run(t, buzzer("buzzer/brightness", "0"), func(b *bench, _ *panel.Dev) {
		for range 100 { // a state that flutters, for nine minutes
			b.show(panel.Help)
			after(3 * time.Second)
			b.show(panel.Working)
			after(2400 * time.Millisecond)
		}
		if got := b.taken("=1"); len(got) != 3 {
			t.Errorf("want one alarm: %v", got)
		}
		after(10 * time.Minute)
		b.show(panel.Help)
		after(time.Minute)
		if got := b.taken("=1"); len(got) != 3 {
			t.Errorf("want another alarm: %v", got)
		}
	})
}
