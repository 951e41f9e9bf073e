package panel_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"clinicbox/peripherals/panel"
)

func oneLight(b *bench) {
	b.opts.Light = b.path("light")
	b.put("light/brightness", "0", "light/max_brightness", "255\n")
}

func twoLights(b *bench) {
	oneLight(b)
	b.opts.Red = b.path("red")
	b.put("red/brightness", "0")
}

func TestLightsTellThreeStates(t *testing.T) {
	for name, c := range map[string]struct {
		lights func(*bench)
		state  panel.State
		want   []string
	}{
		"working": {twoLights, panel.Working, []string{"0s red/brightness=0", "0s light/brightness=255"}},
		"unsent": {twoLights, panel.Unsent, []string{
			"0s red/brightness=0", "0s light/brightness=255", "1s light/brightness=0", "2s light/brightness=255",
		}},
		"help": {twoLights, panel.Help, []string{
			"0s red/brightness=1", "0s light/brightness=0",
			"250ms red/brightness=0", "500ms red/brightness=1", "750ms red/brightness=0", "1s red/brightness=1",
			"1.25s red/brightness=0", "1.5s red/brightness=1", "1.75s red/brightness=0", "2s red/brightness=1",
		}},
		"help with one light": {oneLight, panel.Help, []string{
			"0s light/brightness=255", "250ms light/brightness=0", "500ms light/brightness=255", "750ms light/brightness=0",
			"1s light/brightness=255", "1.25s light/brightness=0", "1.5s light/brightness=255", "1.75s light/brightness=0",
			"2s light/brightness=255",
		}},
		"a state of later": {oneLight, panel.State(9), []string{
			"0s light/brightness=255", "250ms light/brightness=0", "500ms light/brightness=255", "750ms light/brightness=0",
			"1s light/brightness=255", "1.25s light/brightness=0", "1.5s light/brightness=255", "1.75s light/brightness=0",
			"2s light/brightness=255",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(b *bench) { c.lights(b); b.state = c.state }, func(b *bench, _ *panel.Dev) {
				after(2 * time.Second)
				same(t, b.taken("brightness"), c.want...)
			})
		})
	}
}

func TestSteadyLightIsWrittenOnce(t *testing.T) {
	run(t, oneLight, func(b *bench, d *panel.Dev) {
		after(24 * time.Hour)
		same(t, b.taken(""), "0s light/brightness=255")
		if got := d.Status().Light; got != panel.There {
			t.Error(got)
		}
		_ = d.Halt()
		after(time.Second)
		same(t, b.taken(""), "0s light/brightness=0")
	})
}

func TestNewStateShowsWithinASecond(t *testing.T) {
	run(t, twoLights, func(b *bench, _ *panel.Dev) {
		after(10*time.Second + 500*time.Millisecond)
		b.taken("")
		b.show(panel.Help)
		after(600 * time.Millisecond)
		b.show(panel.Working)
		after(time.Second)
		same(t, b.taken(""), "500ms red/brightness=1", "500ms light/brightness=0", "750ms red/brightness=0", "750ms light/brightness=255")
	})
}

func TestLightIsTakenFromTheKernel(t *testing.T) {
	prepare := func(b *bench) {
		oneLight(b)
		b.put("light/trigger", "none rc-feedback [mmc0] timer\n")
	}
	run(t, prepare, func(b *bench, _ *panel.Dev) {
		same(t, b.taken(""), "0s light/trigger=none", "0s light/brightness=255")
		b.put("light/trigger", "[none] mmc0 timer\n")
		after(time.Minute)
		same(t, b.taken(""))
		b.put("light/trigger", "none mmc0 [timer]\n") // somebody else's hand
		after(31 * time.Second)
		if got := b.taken(""); len(got) != 2 {
			t.Errorf("not taken back: %v", got)
		}
	})
}

func TestLightsComeAndGo(t *testing.T) {
	prepare := func(b *bench) {
		twoLights(b)
		b.state = panel.Help
	}
	run(t, prepare, func(b *bench, d *panel.Dev) {
		after(time.Second)
		b.unplug("red")
		b.taken("")
		after(time.Second)
		if got := b.taken("light"); len(got) < 3 {
			t.Errorf("the first light does not call for help: %v", got)
		}
		if got := d.Status(); got.Red != panel.Absent || got.Light != panel.There {
			t.Errorf("%+v", got)
		}
		b.put("red/brightness", "0")
		after(time.Second)
		b.taken("")
		after(time.Second)
		if light, red := b.text("light/brightness"), b.taken("red"); light != "0" || len(red) < 4 {
			t.Errorf("the second light does not call again: %v, light %s", red, light)
		}
		b.unplug("light")
		after(time.Minute)
		if got := d.Status(); got.Red != panel.There || got.Light != panel.Absent {
			t.Errorf("%+v", got)
		}
		b.show(panel.Working)
		after(time.Minute)
		b.put("light/brightness", "0")
		after(time.Second)
		if got := b.text("light/brightness"); got != "1" {
			t.Errorf("light plugged in late shows %s", got)
		}
		b.put("light/brightness", "0") // another of the same name between two looks
		after(31 * time.Second)
		if got := b.text("light/brightness"); got != "1" {
			t.Errorf("exchanged light shows %s", got)
		}
	})
}

func TestSpoiltWriteIsWrittenAgain(t *testing.T) {
	for name, applied := range map[string]bool{"failed, not applied": false, "failed, but applied": true} {
		t.Run(name, func(t *testing.T) {
			failing := 3
			prepare := func(b *bench) {
				oneLight(b)
				b.spoil = func(string) (error, bool) {
					if failing--; failing >= 0 {
						return fs.ErrPermission, applied
					}
					return nil, false
				}
			}
			run(t, prepare, func(b *bench, d *panel.Dev) {
				if got := d.Status().Light; got != panel.Denied {
					t.Error(got)
				}
				after(5 * time.Second)
				same(t, b.taken(""), "3s light/brightness=255")
				if got := d.Status().Light; got != panel.There {
					t.Error(got)
				}
			})
		})
	}
}

func TestBoxWithoutPanel(t *testing.T) {
	run(t, func(*bench) {}, func(b *bench, d *panel.Dev) {
		b.show(panel.Help)
		d.Beep(panel.Ack)
		after(time.Hour)
		want := panel.Status{
			Light: panel.Off, Red: panel.Off, Button: panel.Off, Buzzer: panel.Off,
			Power: panel.Power{Charge: panel.Uncharted},
		}
		if got := d.Status(); got != want {
			t.Errorf("%+v", got)
		}
		same(t, b.taken(""))
	})
}

func TestFilesAreNeverMade(t *testing.T) {
	b := newBench(t)
	if err := b.Sys.Write(b.path("brightness"), "1"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if names, err := b.List(b.root); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
}
