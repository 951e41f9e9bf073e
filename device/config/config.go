// Package config reads a program's TOML file into a struct and says everything
// that is wrong with it at once, each with file, line and key. Box is the struct
// of the box; Decode serves any other, with the same tags.
package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
)

// Box is the configuration of a box. The doc tags are what docs/architecture.md
// prints; a test compares them.
type Box struct {
	Data     Data     `toml:"data"`
	Copy     Copy     `toml:"copy"`
	Courier  Courier  `toml:"courier"`
	Seal     Seal     `toml:"seal"`
	Facility Facility `toml:"facility"`
	Box      Identity `toml:"box"`
	Web      Web      `toml:"web"`
	Hub      Hub      `toml:"hub"`
	Scanner  Scanner  `toml:"scanner"`
	Printer  Printer  `toml:"printer"`
	Legal    Legal    `toml:"legal"`
	Log      Log      `toml:"log"`
}

// Data says where records are.
type Data struct {
	Dir string `toml:"dir" check:"required,line=4000" doc:"Data directory; a relative path starts at this file's folder. No default: records must not land somewhere by accident."`
}

// Copy says where the second copy of the records is.
type Copy struct {
	Dir      string `toml:"dir" check:"line=4000" doc:"Folder where a second medium (USB stick or SSD) is mounted. Every hour the sealed records are copied to clinicbox-copy in it, and read back. Empty = no copy: which medium is for that is a decision, and it must be mounted by the system."`
	SameDisk bool   `toml:"same_disk" doc:"True lets the copy be on the disk of the records, to try it out. Off: such a copy dies with the disk, and most often it means that the stick is not mounted."`
}

// Courier says where USB sticks are looked for that carry records when there is no link.
type Courier struct {
	Dirs string `toml:"dirs" default:"/media,/run/media" check:"line=4000" doc:"Folders, separated by commas, below which the system mounts USB sticks. A stick that is mounted there and has the folder clinicbox-courier gets what the centre does not have, encrypted, and brings what it sent; any other stick is asked about on the page first. The default is where Linux mounts sticks. Empty = none."`
}

// Seal says what opens the records after a start.
type Seal struct {
	Method  string `toml:"method" default:"file" check:"oneof=file|board|tpm" doc:"What opens the records after a start: file (a key file, for development only, every page says so), board (this board's secret and a person's PIN) or tpm (a TPM 2.0 and a person's PIN). It counts at set-up; a box keeps what it was set up with. The default lets anybody try the program without hardware."`
	KeyFile string `toml:"key_file" default:"storage.key" check:"line=4000" doc:"Key file of method file, mode 0600. Made at the first start. Beside this file and not in the data directory, so that a copy of the data alone opens nothing."`
	Board   string `toml:"board" default:"/sys/firmware/devicetree/base/serial-number" check:"line=4000" doc:"File with the board's secret, for method board: at least 8 bytes. A Raspberry Pi's serial number is the default because every one has it; a key in one-time-programmable memory is better."`
	TPM     string `toml:"tpm" default:"/dev/tpmrm0" check:"line=4000" doc:"Device of method tpm. The kernel's resource manager, so that other programs may use the chip, too."`
}

// Facility describes the station; it prints on slips.
type Facility struct {
	Code      string `toml:"code" check:"required,facility" doc:"Facility code MA_CSKCB, 5 characters; it begins every visit key."`
	Name      string `toml:"name" check:"required,line=255" doc:"Name of the station as it prints."`
	Governing string `toml:"governing" check:"line=255" doc:"Cơ quan chủ quản, first line of every slip."`
	Address   string `toml:"address" check:"line=255" doc:"Address as it prints."`
	Phone     string `toml:"phone" check:"line=32" doc:"Telephone as it prints, so that a patient can call about an appointment."`
	Site      string `toml:"site" check:"line=64" doc:"Which of the facility's places this box stands in."`
}

// Identity names the box.
type Identity struct {
	Name       string `toml:"name" check:"required,name" doc:"Name of the box in topics and at the centre; never given to another box."`
	Book       string `toml:"book" default:"a" check:"book" doc:"One character of 0-9a-z in every number this box issues. Boxes of one facility need different ones; a is right for the first."`
	TrustClock bool   `toml:"trust_clock" doc:"True when this machine's clock is set by somebody reliable (NTP). Off: a board without a battery wakes up in the past."`
}

// Web is the staff's pages.
type Web struct {
	Listen string `toml:"listen" default:"127.0.0.1:8080" check:"listen" doc:"Address of plain HTTP, and of /healthz. On loopback it serves the staff's pages; elsewhere only the page that tells how to trust the box, for PINs and records do not travel in clear."`
	Secure string `toml:"secure" check:"listen" doc:"Address of the staff's pages over HTTPS, such as 0.0.0.0:443. Needs a box that joined a centre, which certifies it. Empty = none."`
	MDNS   bool   `toml:"mdns" doc:"True announces NAME.local on the clinic's network, NAME being the box's. Off: announcing is a decision."`
}

// Hub is the centre.
type Hub struct {
	Broker       string `toml:"broker" check:"url=tcp|ssl" doc:"MQTT broker, instead of the one that the centre named when the box joined it. Empty = that one; a box that joined no centre works alone and sends nothing."`
	MonthlyMB    int    `toml:"monthly_mb" default:"500" check:"range=0:1000000" doc:"Megabytes that the link may cost in a month, of the centre's time and as the operator of the network counts them. From 70% on images wait, from 80% updates, from 90% catalogues; records never do. The default is what small data plans have; a busy station's records are a tenth of it. 0 = no limit."`
	PasswordFile string `toml:"password_file" check:"line=4000" doc:"File with the password for the broker; the user is the box's name. Empty = none: a broker of ours asks for the certificate of the box. A file of its own, so that this one can be shown to anybody."`
	ClassicTLS   bool   `toml:"classic_tls" doc:"The connection to the broker agrees on its keys by X25519 alone. It saves 2.3 KB at each connecting, where the link breaks often and every byte is paid; a computer of the future could then read which frames were sent when, as the broker can. The frames themselves stay sealed by ML-KEM-768 with X25519."`
}

// Scanner is the code reader.
type Scanner struct {
	Device string `toml:"device" check:"line=255" doc:"Serial device, best under /dev/serial/by-id. Empty = no scanner."`
	Baud   int    `toml:"baud" default:"9600" check:"range=1200:921600" doc:"Speed. 9600 is what serial scanners are delivered with; USB ones ignore it."`
}

// Printer is the slip printer.
type Printer struct {
	Address string `toml:"address" check:"printer" doc:"tcp:HOST:9100, serial:/dev/ttyUSB0?baud=9600 or /dev/usb/lp0. Empty = no printer."`
	Width   int    `toml:"width" default:"80" check:"oneof=58|80" doc:"Paper width in mm. 80 is what clinics buy; a wrong 80 cuts lines off, which is seen at the first slip."`
}

// Log is the program's log on standard error.
type Log struct {
	Level string `toml:"level" default:"info" check:"oneof=debug|info|warn|error" doc:"Least severity that is written. Patient data is in none of them."`
}

// BoxChecks are the rules that only the box's file uses. Who knows better, such as
// the printer's driver of its addresses, passes a stricter one to Load.
func BoxChecks() Checks {
	return Checks{
		"facility": matches(facilityCode, "the 5 digits or capital letters of MA_CSKCB"),
		"book":     matches(book, "one character of 0-9 and a-z"),
		"printer":  matches(address, "tcp:HOST:PORT, serial:/dev/NAME or /dev/usb/lpN"),
	}
}

var (
	facilityCode = regexp.MustCompile(`^[0-9A-Z]{5}$`)
	book         = regexp.MustCompile(`^[0-9a-z]$`)
	address      = regexp.MustCompile(`^(?:tcp:[!-~]+|(?:serial:|usb:)?/[!-~]+)$`)
)

// Load reads the box's file and makes its paths absolute. The stricter rules
// replace those of BoxChecks by name.
func Load(path string, stricter Checks) (Box, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Box{}, fmt.Errorf("config: %w", err)
	}
	var b Box
	rules := BoxChecks()
	maps.Copy(rules, stricter)
	if err := Decode(filepath.Base(path), text, &b, rules); err != nil {
		return Box{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Box{}, fmt.Errorf("config: %w", err)
	}
	for _, p := range []*string{&b.Data.Dir, &b.Copy.Dir, &b.Seal.KeyFile, &b.Seal.Board, &b.Seal.TPM, &b.Hub.PasswordFile} {
		*p = Under(folder, *p)
	}
	b.Legal.Roots = Under(folder, b.Legal.Roots)
	return b, nil
}

// Under makes a path absolute, starting at the folder when it is relative.
func Under(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
