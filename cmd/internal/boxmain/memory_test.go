package boxmain

import (
	"os"
	"runtime/debug"
	"testing"

	"clinicbox/device/config"
	"clinicbox/internal/testpeer"
)

func TestMemTotal(t *testing.T) {
	for in, want := range map[string]int64{
		"MemTotal:         437248 kB\nMemFree: 1 kB\n": 437248 << 10,
		"MemFree: 1 kB\nMemTotal: 8 kB\n":              8 << 10,
		"MemTotal: -8 kB\n":                            0,
		"MemTotal: 99999999999999999999 kB\n":          0,
		"MemTotal: 8\n":                                0,
		"":                                             0,
	} {
		if n, ok := memTotal([]byte(in)); ok != (want > 0) || ok && n != want {
			t.Errorf("%q: %d, %v", in, n, ok)
		}
	}
}

func TestMemoryIsLimited(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		testpeer.Lacks(t, "no /proc/meminfo")
	}
	total, _ := memTotal(b)
	t.Setenv("GOMEMLIMIT", "")
	limitMemory(quiet())
	if got := debug.SetMemoryLimit(-1); got != total/2 {
		t.Errorf("limit is %d of %d", got, total)
	}
	debug.SetMemoryLimit(before)
	path := write(t, "")
	v := opened1(t, must[config.Box](t)(Load(path)))
	if err := v.loadKey(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	v.close()
	if _, err := program(t, "", "keys", "-config", path, "-new", "data"); err != nil {
		t.Fatal(err)
	}
	if got := debug.SetMemoryLimit(-1); got != total/2 {
		t.Errorf("a command that builds views anew has the limit %d of %d", got, total)
	}
	debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "1GiB")
	limitMemory(quiet())
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Error("GOMEMLIMIT does not come first:", got)
	}
}
