package panel

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Percent is a charge between 0 and 100, or Uncharted.
type Percent int8

// Uncharted is the charge of a battery that does not tell it.
const Uncharted Percent = -1

// String is such as "83 %", "?" for an unknown charge.
func (p Percent) String() string {
	if p < 0 {
		return "?"
	}
	return fmt.Sprintf("%d %%", int8(p))
}

// Feed is where the box's power comes from.
type Feed uint8

// The feeds.
const (
	FeedUnknown Feed = iota // nothing on this board tells
	Mains
	Battery
)

// String is the feed's name in logs.
func (f Feed) String() string {
	switch f {
	case Mains:
		return "mains"
	case Battery:
		return "battery"
	}
	return "unknown"
}

// Power is a reading of the box's supplies.
type Power struct {
	There    bool // the box has a battery or a UPS that can be read
	Feed     Feed
	Charge   Percent // of the emptiest battery
	Charging bool
	// Low means that it empties and will soon be empty: stop while there is time.
	// Two readings in a row must say so, for gauges stumble.
	Low bool
}

// supply is what one device of /sys/class/power_supply says.
type supply struct {
	battery  bool
	online   bool // of mains
	charge   Percent
	drains   bool
	fed      bool // it charges, or need not
	charging bool
	level    string // the gauge's own word: Critical, Low, Normal …
}

// supplyOf reads one device. ok is false for what does not feed the box: batteries
// of wireless scanners, empty slots.
func (k kernel) supplyOf(dir string) (s supply, ok bool) {
	file := func(name string) string { return filepath.Join(dir, name) }
	if k.word(file("scope")) == "Device" {
		return supply{}, false
	}
	kind := k.word(file("type"))
	switch {
	case kind == "Mains", kind == "Wireless", strings.HasPrefix(kind, "USB"):
		n, err := k.number(file("online"), 0, 2) // 2: online, programmable
		return supply{online: n > 0}, err == nil
	case kind != "Battery" && kind != "UPS":
		return supply{}, false
	}
	if n, err := k.number(file("present"), 0, 1); err == nil && n == 0 {
		return supply{}, false
	}
	s = supply{battery: true, charge: Uncharted, level: k.word(file("capacity_level"))}
	// Gauges that were never taught go a little over 100.
	if n, err := k.number(file("capacity"), 0, 110); err == nil {
		s.charge = Percent(min(n, 100))
	}
	status := k.word(file("status"))
	s.drains, s.charging = status == "Discharging", status == "Charging"
	s.fed = s.charging || status == "Full" || status == "Not charging"
	told := s.charge != Uncharted || status != ""
	return s, told
}

// supplies reads the class. A class that is not there has no devices.
func (k kernel) supplies(class string) (all []supply) {
	names, err := k.List(class)
	if err != nil {
		return nil
	}
	for _, name := range names {
		if s, ok := k.supplyOf(filepath.Join(class, name)); ok {
			all = append(all, s)
		}
	}
	return all
}

// power joins the supplies to one reading. warn tells that a battery empties and
// is at most at low.
func power(all []supply, low Percent) (p Power, warn bool) {
	p.Charge = Uncharted
	var plugs, online, drains, fed bool
	for _, s := range all {
		if !s.battery {
			plugs, online = true, online || s.online
			continue
		}
		p.There = true
		drains, fed, p.Charging = drains || s.drains, fed || s.fed, p.Charging || s.charging
		if s.charge != Uncharted && (p.Charge == Uncharted || s.charge < p.Charge) {
			p.Charge = s.charge
		}
		warn = warn || s.level == "Critical" || s.level == "Low"
	}
	switch {
	case online, fed && !drains: // a plug that is off may be another socket's
		p.Feed = Mains
	case p.There && (plugs || drains):
		p.Feed = Battery
	}
	// A weak plug that is online while the battery drains empties it all the same.
	warn = warn || (p.Charge != Uncharted && p.Charge <= low)
	return p, warn && p.There && (drains || p.Feed == Battery)
}
