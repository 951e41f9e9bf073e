package clock

import (
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrust(t *testing.T) {
	floor := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		now   time.Time
		trust bool
		want  bool
	}{
		{"set by NTP", floor.AddDate(1, 0, 0), true, true},
		{"nobody sets it", floor.AddDate(1, 0, 0), false, false},
		{"woke up in 1970", time.Unix(30, 0), true, false},
		{"a second before the floor", floor.Add(-time.Second), true, false},
		{"at the floor", floor, true, true},
		{"years ahead", floor.AddDate(30, 0, 0), true, true}, // nothing here can know better
	} {
		now, trusted := with(func() time.Time { return tt.now }, tt.trust, floor).Now()
		if trusted != tt.want || !now.Equal(tt.now) {
			t.Errorf("%s: %v, %v", tt.name, now, trusted)
		}
	}
}

func TestBuildTime(t *testing.T) {
	if BuildTime().Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("the floor is below the source's date")
	}
	floor := time.Unix(1_000_000, 0)
	stamp := func(key, s string) *debug.BuildInfo {
		return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: key, Value: s}}}
	}
	for _, tt := range []struct {
		info *debug.BuildInfo
		want time.Time
	}{
		{nil, floor},
		{stamp("vcs.time", "2026-12-24T00:00:00Z"), time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)},
		{stamp("vcs.time", "1970-01-01T00:00:00Z"), floor},
		{stamp("vcs.time", "yesterday"), floor},
		{stamp("vcs", "git"), floor},
	} {
		if got := later(floor, tt.info); !got.Equal(tt.want) {
			t.Errorf("%+v: %v, want %v", tt.info, got, tt.want)
		}
	}
}

func TestSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(true, time.Time{})
		a, _ := c.Now()
		time.Sleep(time.Hour)
		if b, _ := c.Now(); b.Sub(a) != time.Hour {
			t.Error(b.Sub(a))
		}
	})
}

func TestHubTimeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		floor := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		c := New(false, floor)
		c.Heard(floor.AddDate(0, -1, 0)) // before what is surely past: a centre with a wrong clock
		if got, trusted := c.Now(); trusted || !got.Equal(time.Now()) {
			t.Error(got, trusted)
		}
		want := floor.AddDate(0, 1, 0) // the box itself believes in 2000
		c.Heard(want)
		time.Sleep(time.Hour)
		if got, trusted := c.Now(); !trusted || !got.Equal(want.Add(time.Hour)) || !c.Floor().Equal(want) {
			t.Error(got, trusted)
		}
		c = New(true, floor)
		c.Raise(floor.AddDate(1, 0, 0))
		c.Raise(floor)
		if !c.Floor().Equal(floor.AddDate(1, 0, 0)) {
			t.Error(c.Floor())
		}
	})
}
