package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const good = `# Trạm Y tế đảo Mẫu
[data]
dir = "data"

[facility]
code = "22736"
name = "Trạm Y tế xã Đảo Mẫu"

[box]
name = "tram-01"
trust_clock = true

[printer]
address = "tcp:127.0.0.1:9100"
width = 58
`

func decode(text string) (Box, error) {
	var b Box
	err := Decode("box.toml", []byte(text), &b, BoxChecks())
	return b, err
}

func TestGood(t *testing.T) {
	b, err := decode(good)
	if err != nil {
		t.Fatal(err)
	}
	if b.Data.Dir != "data" || b.Facility.Name != "Trạm Y tế xã Đảo Mẫu" || !b.Box.TrustClock || b.Printer.Width != 58 {
		t.Fatalf("%+v", b)
	}
	if b.Web.Listen != "127.0.0.1:8080" || b.Box.Book != "a" || b.Scanner.Baud != 9600 || b.Log.Level != "info" {
		t.Fatalf("defaults are missing: %+v", b)
	}
}

func TestProblemsNameKeyAndLine(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good file", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	tests := []struct{ name, text, want string }{
		{"unknown key", replace(`width = 58`, `wdth = 58`), "box.toml:15: printer.wdth: unknown key: did you mean width?"},
		{"unknown key without a neighbour", replace(`width = 58`, `colour = 58`), "box.toml:15: printer.colour: unknown key: known here are address, width"},
		{"unknown section", good + "[prnter]\naddress=1\n", "box.toml:16: prnter: unknown section: did you mean printer?"},
		{"unknown key at the top", "x = 1\n" + good, "box.toml:1: x: unknown key: known here are data, "},
		{"unknown below a key", replace(`dir = "data"`, `dir.x = "data"`), "box.toml:3: data.dir.x: unknown key"},
		{"number for text", replace(`name = "tram-01"`, `name = 1`), `box.toml:10: box.name: must be written as name = "…", not as a whole number`},
		{"text for number", replace(`width = 58`, `width = "58"`), "box.toml:15: printer.width: must be written as width = a whole number, not as text in quotes"},
		{"fraction for number", replace(`width = 58`, `width = 58.0`), "box.toml:15: printer.width: must be written as width = a whole number, not as a number with a point"},
		{"text for truth", replace(`= true`, `= "true"`), "box.toml:11: box.trust_clock: must be written as trust_clock = true or false"},
		{"list for text", replace(`"data"`, `["data"]`), "box.toml:3: data.dir: must be written as"},
		{"date for text", replace(`"data"`, `2026-01-01`), "box.toml:3: data.dir: must be written as"},
		{"table for text", replace(`"data"`, `{a=1}`), "box.toml:3: data.dir: must be written as"},
		{"text for section", `data = "x"` + "\n" + strings.Replace(good, "[data]\ndir = \"data\"", "", 1), "box.toml:1: data: must be written as [data]"},
		{"list of tables", replace("[printer]", "[[printer]]"), "box.toml:13: printer: must be written as [printer]"},
		{"not one of", replace(`58`, `57`), "box.toml:15: printer.width: must be one of 58, 80, not 57"},
		{"out of range", good + "[scanner]\nbaud = 1_000_000\n", "box.toml:17: scanner.baud: must be from 1200 to 921600, not 1000000"},
		{"beyond 64 bits", replace(`58`, `99999999999999999999`), "box.toml:15: printer.width: decimal number is too large"},
		{"missing", replace(`code = "22736"`, ``), `box.toml:5: facility.code: is missing: write code = "…"`},
		{"missing section", "", `box.toml:1: data.dir: is missing: write dir = "…"`},
		{"empty", replace(`"22736"`, `""`), "box.toml:6: facility.code: must not be empty"},
		{"bad code", replace(`22736`, `2273`), "box.toml:6: facility.code: must be the 5 digits"},
		{"bad name", replace(`tram-01`, `Trạm/01`), "box.toml:10: box.name: must be 1 to 32 of"},
		{"two lines", replace(`đảo Mẫu`, `x`) + "[log]\nlevel = \"a\\nb\"\n", "box.toml:17: log.level: must be one of"},
		{"bad printer", replace(`tcp:127.0.0.1:9100`, `127.0.0.1:9100`), "box.toml:14: printer.address: must be tcp:HOST:PORT"},
		{"bad address", good + "[web]\nlisten = \"localhost\"\n", "box.toml:17: web.listen: must be host:port"},
		{"port out of range", good + "[web]\nlisten = \"127.0.0.1:65536\"\n", "box.toml:17: web.listen: must be host:port"},
		{"broker with password", good + "[hub]\nbroker = \"tcp://u:p@h:1883\"\n", "box.toml:17: hub.broker: must be an address"},
		{"same file twice", good + "[data.x]\n", "box.toml:16: data.x: unknown section"},
		{"syntax", replace(`width = 58`, `width 58`), "box.toml:15: printer.width: "},
		{"key twice", replace(`width = 58`, "width = 58\nwidth = 80"), "box.toml:16: printer.width: "},
		{"not UTF-8", replace(`tram-01`, "tram\xff"), "box.toml:10: box.name: "},
		{"control character", replace(`22736"`, `22736"`+"\nphone = \"1\\u0000\""), "box.toml:7: facility.phone: must be one line"},
		{"too large", strings.Repeat("#\n", 200_000), "box.toml:1: larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(tt.text)
			if err == nil {
				t.Fatal("accepted")
			}
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, tt.want) {
					return
				}
			}
			t.Fatalf("got\n%v\nwant a line\n%s", err, tt.want)
		})
	}
}

func TestAllProblemsAtOnceInOrder(t *testing.T) {
	_, err := decode("[box]\nname = \"A B\"\nbook = \"aa\"\n[web]\nlisten = 1\n")
	ps, ok := errors.AsType[Problems](err)
	if !ok || len(ps) != 6 {
		t.Fatalf("%d problems: %v", len(ps), err)
	}
	for i := range ps[1:] {
		if ps[i].Line > ps[i+1].Line {
			t.Fatalf("not in the order of lines: %v", err)
		}
	}
}

func TestOtherStructs(t *testing.T) {
	type box struct {
		Name string `toml:"name" check:"required,name"`
		Key  string `toml:"key" check:"bytes=4"`
	}
	type hub struct {
		Wait  time.Duration `toml:"wait" default:"30s" check:"short"`
		Hosts []string      `toml:"hosts" check:"line=5"`
		Box   []box         `toml:"box"`
		Inner box           `toml:"inner"`
	}
	more := Checks{"short": func(_, v string) error {
		if v == "1h0m0s" {
			return errors.New("too long")
		}
		return nil
	}}
	var h hub
	err := Decode("h", []byte("hosts=[\"a\",\n\"b\"]\ninner = {name=\"x\", key=\"AAAAAA==\"}\n[[box]]\nname=\"b1\"\n[[box]]\nname=\"b2\"\n"), &h, more)
	if err != nil || h.Wait != 30*time.Second || len(h.Box) != 2 || h.Box[1].Name != "b2" || h.Hosts[1] != "b" || h.Inner.Name != "x" {
		t.Fatalf("%+v, %v", h, err)
	}
	want := "h:1: wait: too long\nh:2: hosts: must be one line of at most 5 bytes\nh:3: inner.key: must be 4 bytes in base64, as the other side's command \"keys\" prints them\n" +
		"h:4: box.1.name: is missing: write name = \"…\"\nh:6: box.2.name: must be 1 to 32 of a-z, 0-9 and - (it stands in topics and file names), not \"B\""
	h = hub{}
	err = Decode("h", []byte("wait=\"1h\"\nhosts=[\"abcdef\"]\ninner={name=\"x\", key=\"A\"}\n[[box]]\n[[box]]\nname=\"B\"\n"), &h, more)
	if err == nil || err.Error() != want {
		t.Fatalf("got\n%v\nwant\n%s", err, want)
	}
	if err := Decode("h", []byte("wait=\"soon\"\nhosts=[1]\n"), &hub{}, more); err == nil || !strings.Contains(err.Error(), "h:1: wait: must be a duration") {
		t.Fatal(err)
	}
}

func TestLoadMakesPathsAbsolute(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "box.toml")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.Data.Dir != filepath.Join(dir, "data") || b.Seal.KeyFile != filepath.Join(dir, "storage.key") {
		t.Fatalf("%+v", b)
	}
	no := Checks{"printer": func(_, v string) error { return errors.New("no such printer") }}
	if _, err := Load(path, no); err == nil || err.Error() != "box.toml:14: printer.address: no such printer" {
		t.Fatal(err)
	}
	if _, err := Load(filepath.Join(dir, "none.toml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"wdth", "width", true},
		{"widht", "width", false},
		{"width", "width", true},
		{"widths", "width", true},
		{"wirht", "width", false},
		{"wixth", "width", true},
		{"", "a", true},
		{"", "ab", false},
		{"idth", "width", true},
	} {
		if near(tt.a, tt.b) != tt.want {
			t.Errorf("near(%q, %q) = %v", tt.a, tt.b, !tt.want)
		}
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	for _, k := range Describe(new(Box)) {
		if k.Doc == "" {
			t.Errorf("%s has no doc tag", k.Name)
		}
	}
	if got := fmt.Sprint(len(Describe(new(Box)))); got == "0" {
		t.Error("no keys")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(good)
	f.Add("[[data]]\n[data.dir]\n[hub]\nbroker = \"tcp://[::1]:1\"\npublic = '''\n'''\n")
	f.Add("data = {dir = \"x\", key_file = \"\"}\n\"box\".'name' = 1979-05-27T07:32:00Z\n[scanner]\nbaud = 0x2580")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := decode(text)
		ps, ok := errors.AsType[Problems](err)
		if err != nil && !ok {
			t.Fatalf("not Problems: %v", err)
		}
		lines := strings.Count(text, "\n") + 1
		for _, p := range ps {
			if p.Line < 1 || p.Line > lines || p.Text == "" {
				t.Fatalf("line %d of %d: %v", p.Line, lines, p)
			}
		}
	})
}
