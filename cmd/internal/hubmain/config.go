// Package hubmain is the program clinichub: it joins broker, database, ingest and
// pages into the centre. clinicdemo starts the same Hub inside its own process.
package hubmain

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"clinicbox/device/config"
)

// Config is the file of the centre.
type Config struct {
	Data      Data      `toml:"data"`
	Authority Authority `toml:"authority"`
	Broker    Broker    `toml:"broker"`
	Web       Web       `toml:"web"`
	Metrics   Metrics   `toml:"metrics"`
	Legal     Legal     `toml:"legal"`
	Log       Log       `toml:"log"`
}

// Data says where records are.
type Data struct {
	Dir  string `toml:"dir" check:"required,line=4000" doc:"Data directory: hub.db, broker/, operator.token. A relative path starts at this file's folder. No default: records must not land somewhere by accident."`
	Keys string `toml:"keys" default:"hub.keys" check:"line=4000" doc:"Key pair of the centre, mode 0600. Made at the first start, or by 'clinichub keys', which prints their public part. Boxes learn it from the signed answer when they join. Losing it means visiting every box."`
}

// Authority says where the keys that certify boxes and people are.
type Authority struct {
	Dir string `toml:"dir" default:"authority" check:"line=4000" doc:"Folder of the authority: issuing, command, web and link key, link certificate, grant. Beside this file and not in the data directory, so that a copy of the records certifies nobody. Without a grant in it no box can join."`
}

// Broker is the MQTT broker: our own, or one elsewhere.
type Broker struct {
	Listen       string `toml:"listen" default:"127.0.0.1:1883" check:"listen" doc:"Address of the embedded broker; port 0 takes a free one. Loopback: opening it to the network is a decision. Unused with url."`
	Advertise    string `toml:"advertise" check:"url=tcp|ssl" doc:"Address that boxes are told when they join, such as ssl://hub.example.vn:8883; its name is in the broker's certificate. Empty = url or listen, which is right on one machine only."`
	UsersFile    string `toml:"users_file" check:"line=4000" doc:"Lines name:password (plain or bcrypt) of the boxes that may connect to the embedded broker, each to its own topics only. Unused with an authority: then boxes come with certificates, and none joins before."`
	URL          string `toml:"url" check:"url=tcp|ssl" doc:"Broker elsewhere, such as ssl://host:8883; with an authority its certificate must be one of 'clinichub authority broker'. Empty = the embedded one."`
	User         string `toml:"user" check:"line=255" doc:"User at the broker elsewhere."`
	PasswordFile string `toml:"password_file" check:"line=4000" doc:"File with that user's password. A file of its own, so that this one can be shown to anybody."`
}

// Web is the operator's pages.
type Web struct {
	Listen    string `toml:"listen" default:"127.0.0.1:8090" check:"listen" doc:"Address of the pages and of /healthz; port 0 takes a free one. Loopback: put a TLS proxy before it to open it."`
	Enrol     string `toml:"enrol" check:"listen" doc:"A second address that answers nothing but new boxes (POST /enrol), which listen does too. For a network where the pages shall not be. Empty = none."`
	TokenFile string `toml:"token_file" check:"line=4000" doc:"File with the first operator's token of at least 20 characters; a new one takes effect at the next start. Empty = operator.token in the data directory, made at the first start: there is no default password. Others get theirs from 'clinichub operator add'."`
}

// Metrics is what a monitoring system reads.
type Metrics struct {
	Listen string `toml:"listen" check:"listen" doc:"Address of GET /metrics, for Prometheus, such as 127.0.0.1:9108. It asks for no login and tells names of boxes: on loopback, or on a network of servers only. Empty = none."`
}

// Log is the program's log on standard error.
type Log struct {
	Level string `toml:"level" default:"info" check:"oneof=debug|info|warn|error" doc:"Least severity that is written. Patient data is in none of them."`
}

// Validate checks keys against each other.
func (c *Config) Validate(report config.Report) {
	if c.Broker.URL != "" && c.Broker.UsersFile != "" {
		report("broker.users_file", "is for the embedded broker, and broker.url names another")
	}
	if c.Broker.URL == "" && c.Broker.User != "" {
		report("broker.user", "is for a broker elsewhere: broker.url is missing")
	}
}

// Load reads the file and makes its paths absolute.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("hub: %w", err)
	}
	var c Config
	if err := config.Decode(filepath.Base(path), text, &c, nil); err != nil {
		return Config{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("hub: %w", err)
	}
	for _, p := range []*string{&c.Data.Dir, &c.Data.Keys, &c.Authority.Dir, &c.Broker.UsersFile, &c.Broker.PasswordFile, &c.Web.TokenFile} {
		*p = config.Under(folder, *p)
	}
	return c, nil
}

func (c *Config) level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.Log.Level)) // one of the checked words; else info
	return l
}

// sampleConfig is what 'clinichub config' prints; a test reads it.
const sampleConfig = `# Trung tâm Clinicbox / Clinicbox centre. Mọi khóa: docs/architecture.md
[data]
dir  = "hub-data"        # hub.db, broker/, operator.token
keys = "hub.keys"        # giữ kỹ tệp này / keep this file safe

[authority]
dir = "authority"        # clinichub authority request -config … ; docs/operator.md

[broker]
listen    = "127.0.0.1:1883"
# advertise = "ssl://hub.example.vn:8883"  # địa chỉ báo cho các hộp / told to boxes
# url  = "tcp://broker.example:1883"   # dùng máy chủ MQTT khác / another broker

[web]
listen = "127.0.0.1:8090"

# [metrics]
# listen = "127.0.0.1:9108"  # Prometheus

[log]
level = "info"
`
