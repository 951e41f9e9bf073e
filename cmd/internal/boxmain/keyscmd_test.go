package boxmain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeysCommand changes the data key of a stopped box by the real program.
func TestKeysCommand(t *testing.T) {
	config := write(t, "")
	dir := filepath.Join(filepath.Dir(config), "data")
	if code, _, said := clinicbox(t, "480257\n", "staff", "-config", config, "-name", "Trần Thị Mẫu"); code != ExitOK {
		t.Fatal(said)
	}
	if code, _, said := clinicbox(t, "", "keys", "-config", config); code != ExitUsage || !strings.Contains(said, "-new") {
		t.Fatal(code, said)
	}
	for range 2 {
		if code, out, said := clinicbox(t, "", "keys", "-config", config, "-new", "data"); code != ExitOK || !strings.Contains(out, "new data key") {
			t.Fatal(code, out, said)
		}
		code, out, said := clinicbox(t, "", "check", "-config", config)
		if code != ExitOK || !strings.Contains(out, "clean") || !strings.Contains(out, "       0  tệp còn dưới khóa cũ") {
			t.Fatal(code, out, said)
		}
	}
	for _, name := range []string{"ring", "ring.copy"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".away")); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, said := clinicbox(t, "", "check", "-config", config); code != ExitFailure || !strings.Contains(said, "older than the records") || !strings.Contains(said, "không xóa gì") {
		t.Fatal(code, said)
	}
	for _, name := range []string{"ring", "ring.copy"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, said := clinicbox(t, "", "check", "-config", config); code != ExitFailure || !strings.Contains(said, "are damaged") {
		t.Fatal(code, said)
	}
	if err := os.Rename(filepath.Join(dir, "ring.away"), filepath.Join(dir, "ring")); err != nil {
		t.Fatal(err)
	}
	url, _, _ := start(t, config) // one copy serves, and mends the other
	if code, _ := get(t, url+"healthz"); code != 200 {
		t.Fatal(code)
	}
}
