package tree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A wall says what a part of the tree may import of this module besides itself
// and the folders below it. The first one whose folder matches holds.
type wall struct {
	folder string
	may    []string // folders, each with everything below it
	tests  []string // more for tests
	why    string
}

// domain is open to all; leaves know nothing of whoever imports them.
func domain() []string {
	return []string{"clinic", "clinic/paper", "clinic/safety", "clinic/starting", "clinic/stock"}
}
func leaves() []string { return []string{"internal", "sync/wire", "interop"} }

func walls() []wall {
	open := append(domain(), leaves()...)
	desk := append([]string{"clinic/desk"}, open...)
	bench := []string{"peripherals/sim", "peripherals/periphtest"}
	return []wall{
		{"clinic/desk/desktest", desk, nil, "a store in memory for tests of desk and pages"},
		{"clinic/desk", domain(), append([]string{"clinic/desk/desktest"}, leaves()...), "use cases speak to the outside through interfaces of their own"},
		{"clinic/safety", domain(), leaves(), "the domain, tried on invented prescriptions"},
		{"clinic", domain(), nil, "the domain knows nothing of how it is kept or shown"},
		{"internal/tree", nil, nil, "it reads the tree, it does not use it"},
		{"internal/invent", append(domain(), leaves()...), nil, "invented patients for tests and the demonstration"},
		{"internal", append([]string{"clinic"}, leaves()...), []string{"clinic/desk"}, "leaves that anyone may import"},
		{"sync/wire", append([]string{"clinic"}, leaves()...), nil, "a leaf: both ends of the wire import it"},
		{"interop", append([]string{"clinic"}, leaves()...), nil, "pure mappings"},
		{"store", desk, []string{"clinic/desk/desktest"}, "one package per dependency (bbolt); it serves the desk's port, whose types it names"},
		{"peripherals/periphtest", open, bench, "record and playback for all drivers"},
		{"peripherals/sim", open, bench, "the device's side of the cable"},
		{"peripherals/", open, bench, "a driver knows its device only; siblings never meet"},
		{"sync/", open, nil, "state machine, carrier and format are joined by the command"},
		{"device/", open, nil, "the box as a machine knows nothing of records; siblings never meet"},
		{"web", desk, []string{"clinic/desk/desktest"}, "pages call the desk, never the store"},
		{"hub", open, []string{"sync"}, "the centre shares formats with the box, not code"},
		{"scripts", []string{"internal"}, nil, "tools of the tree"},
		{"cmd", []string{""}, nil, "commands join everything"},
	}
}

// find returns the wall of a folder. A folder that ends in "/" stands for each
// package below it: siblings are walled off from each other.
func find(dir string) (w wall, self string, ok bool) {
	for _, w := range walls() {
		if parent, each := strings.CutSuffix(w.folder, "/"); each {
			if rest, ok := strings.CutPrefix(dir, parent+"/"); ok {
				first, _, _ := strings.Cut(rest, "/")
				return w, parent + "/" + first, true
			}
		} else if under(dir, w.folder) {
			return w, w.folder, true
		}
	}
	return wall{}, "", false
}

func TestWalls(t *testing.T) { report(t, breaches) }

func breaches(tr *tree) (bad []string) {
	for _, f := range tr.files {
		w, self, ok := find(f.dir)
		if !ok {
			bad = append(bad, fmt.Sprintf("%s: no wall is known for the folder %s; add it to the table with its reason", f.path, f.dir))
			continue
		}
		may := append([]string{self}, w.may...)
		if f.test {
			may = append(may, w.tests...)
		}
		for _, imp := range f.imports() {
			dir, inside := strings.CutPrefix(imp, module+"/")
			if inside && !slices.ContainsFunc(may, func(m string) bool { return m == "" || passes(dir, m) }) {
				bad = append(bad, fmt.Sprintf("%s imports %s; %s may import only %s: %s", f.path, imp, self, strings.Join(may, ", "), w.why))
			}
		}
	}
	return bad
}

// passes reports whether the wall's entry lets the folder through. The domain's
// packages are named one by one, for the desk is below clinic.
func passes(dir, entry string) bool {
	if under(entry, "clinic") {
		return dir == entry
	}
	return under(dir, entry)
}

// A dependency says where a module may be imported.
type dependency struct {
	module string
	where  []string // folders
	why    string
}

func dependencies() []dependency {
	return []dependency{
		{"go.etcd.io/bbolt", []string{"store"}, "one package per dependency"},
		{"github.com/eclipse/paho.mqtt.golang", []string{"sync/mqttlink"}, "MQTT's oddities end there"},
		{"github.com/tarm/serial", []string{"peripherals/barcode", "internal/serialport"}, "serial devices"},
		{"github.com/fxamacker/cbor/v2", []string{"internal/strictcbor", "internal/entry", "internal/cert", "internal/escrow", "internal/handback", "device/sealer", "sync/wire", "store", "sync/outbox", "hub"}, "formats"},
		{"github.com/klauspost/compress", []string{"sync/wire"}, "frames"},
		{"github.com/nats-io/nats-server/v2", []string{"hub/broker"}, "the embedded broker"},
		{"modernc.org/sqlite", []string{"hub/db"}, "one package per dependency"},
		{"github.com/prometheus/client_golang", []string{"hub/metrics"}, "what the centre tells a monitoring system"},
		{"github.com/pelletier/go-toml/v2", []string{"device/config", "web/i18n"}, "files that people write"},
		{"github.com/creack/pty", []string{"peripherals/sim"}, "the simulated end of a serial cable"},
		{"github.com/boombuler/barcode", []string{"peripherals/printer", "web", "hub/pages"}, "codes on slips and pages"},
		{"codeberg.org/go-fonts/liberation", []string{"peripherals/printer"}, "the slip's font"},
		{"golang.org/x/image", []string{"peripherals"}, "drawing slips"},
		{"golang.org/x/text", []string{"internal/fold", "interop/sheet", "peripherals", "sync/wire", "cmd"}, "Unicode forms, and what came before them"},
		{"golang.org/x/mod", []string{"store", "hub", "internal/tree", "sync", "internal/checkpoint"}, "tlog, signed notes, and go.mod in tests of the tree"},
		{"golang.org/x/crypto", []string{"store/seal", "sync/wire", "device/staff", "device/sealer", "device/identity", "internal/keyfile", "hub/authority", "cmd/internal/hubmain"}, "ciphers and argon2; tests of both sides open what they send"},
		{"github.com/smallstep/pkcs7", []string{"internal/cms"}, "parsing CMS ends there"},
		{"github.com/google/go-tpm", []string{"device/sealer"}, "the TPM's commands end there"},
		{"golang.org/x/net", []string{"device/mdns"}, "DNS messages and multicast"},
		{"golang.org/x/sync", []string{"device/task", "store", "hub", "cmd"}, "errgroup"},
		{"github.com/chromedp", []string{"internal/testtab"}, "people at screens, in tests"},
		{"golang.org/x/sys", []string{"store", "internal/durable", "internal/powercut", "internal/terminal", "peripherals", "cmd", "device", "sync/mqttlink"}, "system calls"},
	}
}

// forTests are modules that only tests may import, from anywhere.
func forTests() []string {
	return []string{
		"github.com/creack/pty", "github.com/chromedp/", "github.com/rogpeppe/go-internal", "golang.org/x/mod",
		"github.com/fxamacker/cbor/v2", "github.com/eclipse/paho.mqtt.golang", "golang.org/x/text", "golang.org/x/image", "golang.org/x/sys", "modernc.org/sqlite",
	}
}

func TestEachDependencyHasItsPlace(t *testing.T) { report(t, strays) }

func strays(tr *tree) (bad []string) {
	for _, f := range tr.files {
		for _, imp := range f.imports() {
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
				continue // standard library, or this module
			}
			if f.test && slices.ContainsFunc(forTests(), func(m string) bool { return strings.HasPrefix(imp, m) }) {
				continue
			}
			if why := misplaced(f, imp); why != "" {
				bad = append(bad, fmt.Sprintf("%s imports %s; %s", f.path, imp, why))
			}
		}
	}
	return bad
}

func misplaced(f *source, imp string) string {
	for _, d := range dependencies() {
		if !under(imp, d.module) {
			continue
		}
		if slices.ContainsFunc(d.where, func(w string) bool { return under(f.dir, w) }) {
			return ""
		}
		return "its place is " + strings.Join(d.where, ", ") + ": " + d.why
	}
	return "no place is known for it; add it to the table with its reason, and a decision in docs/decisions"
}
