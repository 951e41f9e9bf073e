package boxmain

import (
	"runtime"
	"runtime/debug"
)

// Version names the program as it was built: module version or commit, and "+"
// when the source had changes.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			if v == "" || v == "(devel)" {
				v = s.Value[:min(len(s.Value), 12)]
			}
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+"
			}
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v + dirty
}

// platform is what version prints after it.
func platform() string { return runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH }
