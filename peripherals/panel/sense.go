package panel

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// MilliCelsius is a temperature in thousandths of a degree.
type MilliCelsius int32

// String is such as "48.3 °C".
func (m MilliCelsius) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%d °C", sign, m/1000, m%1000/100)
}

// Heat is the temperature of the board's hottest zone.
type Heat struct {
	There bool
	Temp  MilliCelsius
	Hot   bool // the board slows down, or soon will
}

// RTC is the board's clock chip. Its time is never trusted (the box's clock says why).
type RTC struct {
	There bool
	Name  string // the driver's, such as "rtc-ds1307 1-0068"
	// Runs tells that a time can be read: a chip whose battery was empty refuses.
	Runs bool
}

// hottest reads the zones of /sys/class/thermal.
func (k kernel) hottest(class string) (h Heat) {
	names, err := k.List(class)
	if err != nil {
		return h
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "thermal_zone") {
			continue
		}
		n, err := k.number(filepath.Join(class, name, "temp"), -60_000, 200_000)
		if err == nil && (!h.There || MilliCelsius(n) > h.Temp) {
			h.There, h.Temp = true, MilliCelsius(n)
		}
	}
	return h
}

// rtc reads the first chip of /sys/class/rtc.
func (k kernel) rtc(class string) (r RTC) {
	names, err := k.List(class)
	if err != nil {
		return r
	}
	for _, name := range names {
		chip := k.word(filepath.Join(class, name, "name"))
		if chip == "" {
			continue
		}
		_, err := k.number(filepath.Join(class, name, "since_epoch"), 0, 1<<40)
		return RTC{There: true, Name: chip, Runs: err == nil}
	}
	return r
}

// senses reads the board until ctx ends and tells the box when its power changes.
func (d *Dev) senses(ctx context.Context) {
	var last Power
	var warned int
	for first := true; ; first = false {
		p, warn := power(d.files.supplies(d.opts.Supplies), d.threshold(last))
		if warned++; !warn {
			warned = 0
		}
		p.Low = warned >= 2
		heat := d.files.hottest(d.opts.Thermal)
		d.mu.Lock()
		heat.Hot = heat.There && (heat.Temp >= d.opts.Hot || (d.status.Heat.Hot && heat.Temp > d.opts.Hot-5000))
		d.status.Power, d.status.Heat, d.status.RTC = p, heat, d.files.rtc(d.opts.RTC)
		d.mu.Unlock()
		if first || p != last {
			d.supplied(last, p)
		}
		last = p
		if !pause(ctx, d.opts.Poll) {
			return
		}
	}
}

// threshold keeps a battery that was low so until it is clearly not.
func (d *Dev) threshold(last Power) Percent {
	if last.Low {
		return d.opts.Low + 5
	}
	return d.opts.Low
}

func (d *Dev) supplied(last, p Power) {
	if p.Feed != last.Feed || p.Low != last.Low {
		d.log.Info("power", "feed", p.Feed.String(), "charge", p.Charge.String(), "low", p.Low)
	}
	if p.Low && !last.Low {
		d.Beep(Alarm)
	}
	d.box.Power(p)
}
