package panel_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clinicbox/peripherals/panel"
)

// battery makes a battery's files under power/NAME.
func (b *bench) battery(name, status, capacity string) {
	b.put("power/"+name+"/type", "Battery\n", "power/"+name+"/status", status+"\n", "power/"+name+"/capacity", capacity+"\n")
}

func (b *bench) plugIn(name, kind, online string) {
	b.put("power/"+name+"/type", kind+"\n", "power/"+name+"/online", online+"\n")
}

func TestPowerReadings(t *testing.T) {
	battery := func(feed panel.Feed, charge panel.Percent) panel.Power {
		return panel.Power{There: true, Feed: feed, Charge: charge}
	}
	none := panel.Power{Charge: panel.Uncharted}
	for name, c := range map[string]struct {
		put  func(*bench)
		want panel.Power
	}{
		"nothing":             {func(*bench) {}, none},
		"an empty class":      {func(b *bench) { b.put("power/x/y", ""); b.unplug("power/x") }, none},
		"a plug only":         {func(b *bench) { b.plugIn("ac", "Mains", "1") }, panel.Power{Feed: panel.Mains, Charge: panel.Uncharted}},
		"on battery":          {func(b *bench) { b.battery("ups", "Discharging", "83"); b.plugIn("ac", "USB", "0") }, battery(panel.Battery, 83)},
		"no plug to ask":      {func(b *bench) { b.battery("ups", "Discharging", "83") }, battery(panel.Battery, 83)},
		"full, no plug":       {func(b *bench) { b.battery("ups", "Full", "100") }, battery(panel.Mains, 100)},
		"full, another's off": {func(b *bench) { b.battery("ups", "Full", "100"); b.plugIn("otg", "USB", "0") }, battery(panel.Mains, 100)},
		"unknown, plug off":   {func(b *bench) { b.battery("ups", "Unknown", "50"); b.plugIn("ac", "Mains", "0") }, battery(panel.Battery, 50)},
		"unknown, no plug":    {func(b *bench) { b.battery("ups", "Unknown", "50") }, battery(panel.FeedUnknown, 50)},
		"two batteries":       {func(b *bench) { b.battery("a", "Full", "99"); b.battery("b", "Full", "40") }, battery(panel.Mains, 40)},
		"a scanner's battery": {func(b *bench) { b.battery("hid", "Discharging", "5"); b.put("power/hid/scope", "Device\n") }, none},
		"an empty slot":       {func(b *bench) { b.battery("a", "Unknown", "0"); b.put("power/a/present", "0\n") }, none},
		"a little too full":   {func(b *bench) { b.battery("ups", "Full", "104") }, battery(panel.Mains, 100)},
		"a negative charge":   {func(b *bench) { b.battery("ups", "Discharging", "-3") }, battery(panel.Battery, panel.Uncharted)},
		"garbage":             {func(b *bench) { b.battery("ups", "Discharging", strings.Repeat("9", 9000)) }, battery(panel.Battery, panel.Uncharted)},
		"a folder for a file": {func(b *bench) { b.put("power/ups/type/x", "") }, none},
		"charging, plug on": {
			func(b *bench) { b.battery("ups", "Charging", "12"); b.plugIn("ac", "USB_PD", "1") },
			panel.Power{There: true, Feed: panel.Mains, Charge: 12, Charging: true},
		},
		"low": {
			func(b *bench) { b.battery("ups", "Discharging", "20") },
			panel.Power{There: true, Feed: panel.Battery, Charge: 20, Low: true},
		},
		"low by the gauge's word": {
			func(b *bench) { b.battery("ups", "Discharging", "?"); b.put("power/ups/capacity_level", "Low\n") },
			panel.Power{There: true, Feed: panel.Battery, Charge: panel.Uncharted, Low: true},
		},
		"emptying at a weak plug": {
			func(b *bench) { b.battery("ups", "Discharging", "9"); b.plugIn("ac", "USB", "1") },
			panel.Power{There: true, Feed: panel.Mains, Charge: 9, Low: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, c.put, func(b *bench, d *panel.Dev) {
				after(6 * time.Second)
				if got := d.Status().Power; got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

// The box is told at once when the plug is out, and in time that the battery ends,
// but not for one reading of a gauge that stumbles.
func TestPowerCut(t *testing.T) {
	prepare := func(b *bench) {
		buzzer("buzzer/brightness", "0")(b)
		b.battery("ups", "Full", "100")
	}
	run(t, prepare, func(b *bench, _ *panel.Dev) {
		after(time.Hour)
		for _, r := range []string{"Discharging 90", "Discharging 0", "Discharging 89", "Discharging 20", "Discharging 20", "Discharging 22", "Charging 22", "Full 100"} {
			status, charge, _ := strings.Cut(r, " ")
			b.battery("ups", status, charge)
			after(b.opts.Poll)
		}
		var got []string
		for _, p := range b.powers {
			got = append(got, fmt.Sprintf("%v %v low=%t", p.Feed, p.Charge, p.Low))
		}
		same(
			t, got, "mains 100 % low=false",
			"battery 90 % low=false", "battery 0 % low=false", "battery 89 % low=false",
			"battery 20 % low=false", "battery 20 % low=true", "battery 22 % low=true",
			"mains 22 % low=false", "mains 100 % low=false",
		)
		if beeps := b.taken("=1"); len(beeps) != 3 {
			t.Errorf("want one alarm: %v", beeps)
		}
		b.unplug("power")
		after(b.opts.Poll)
		if p := b.powers[len(b.powers)-1]; p.There {
			t.Errorf("%+v", p)
		}
	})
}

func TestHeat(t *testing.T) {
	run(t, func(*bench) {}, func(b *bench, d *panel.Dev) {
		for _, c := range []struct {
			zone, temp, want string
		}{
			{"thermal_zone0", "48312\n", "{true 48.3 °C false}"},
			{"thermal_zone1", "79999\n", "{true 79.9 °C false}"},
			{"thermal_zone1", "80000\n", "{true 80.0 °C true}"},
			{"thermal_zone1", "76000\n", "{true 76.0 °C true}"},
			{"thermal_zone1", "75000\n", "{true 75.0 °C false}"},
			{"thermal_zone1", "999999999\n", "{true 48.3 °C false}"},
			{"cooling_device0", "90000\n", "{true 48.3 °C false}"},
			{"thermal_zone0", "", "{false 0.0 °C false}"},
			{"thermal_zone0", "-5250", "{true -5.2 °C false}"},
		} {
			b.put("thermal/"+c.zone+"/temp", c.temp)
			after(b.opts.Poll)
			if got := fmt.Sprint(d.Status().Heat); got != c.want {
				t.Errorf("%s %q: got %s, want %s", c.zone, c.temp, got, c.want)
			}
		}
	})
}

func TestClockChip(t *testing.T) {
	run(t, func(*bench) {}, func(b *bench, d *panel.Dev) {
		see := func(want panel.RTC) {
			t.Helper()
			after(b.opts.Poll)
			if got := d.Status().RTC; got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		see(panel.RTC{})
		b.put("rtc/rtc0/name", "rtc-ds1307 1-0068\n")
		see(panel.RTC{There: true, Name: "rtc-ds1307 1-0068"})
		b.put("rtc/rtc0/since_epoch", "1764475200\n")
		see(panel.RTC{There: true, Name: "rtc-ds1307 1-0068", Runs: true})
		b.put("rtc/rtc0/name", "\x1b[2Jchip")
		see(panel.RTC{})
		b.unplug("rtc")
		see(panel.RTC{})
	})
}
