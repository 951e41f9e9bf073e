package hubmain

import (
	"flag"
	"io"
	"time"
)

// flags are what the command line says beside the arguments.
type flags struct {
	config   string
	box      string
	all      bool
	operator string
	note     string
	name     string
	out      string
	form     string
	seq      uint64
	withdraw string
	reason   string
	since    string
	facility string
	station  string
	address  string
	phone    string
	over     string // governing body
	site     string
	book     string
	hosts    string
	replaces string
	life     time.Duration
	verify   bool
	catalog  string
	from     string
	whole    bool
	dry      bool
	sure     bool
}

// flagSet knows the flags of one command.
func (p *Program) flagSet(c *command) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors come back and are printed once
	f := &p.flags
	if c.config {
		fs.StringVar(&f.config, "config", "", "")
	}
	for _, name := range c.flags {
		switch name {
		case "all":
			fs.BoolVar(&f.all, name, false, "")
		case "verify", "whole", "dry", "sure":
			fs.BoolVar(map[string]*bool{"verify": &f.verify, "whole": &f.whole, "dry": &f.dry, "sure": &f.sure}[name], name, false, "")
		case "seq":
			fs.Uint64Var(&f.seq, name, 1, "")
		case "life":
			fs.DurationVar(&f.life, name, 0, "")
		default:
			fs.StringVar(f.text(name), name, "", "")
		}
	}
	return fs
}

// text returns where a flag with words goes.
func (f *flags) text(name string) *string {
	return map[string]*string{
		"box": &f.box, "operator": &f.operator, "note": &f.note, "name": &f.name, "out": &f.out, "form": &f.form,
		"withdraw": &f.withdraw, "reason": &f.reason, "since": &f.since, "facility": &f.facility, "station": &f.station,
		"address": &f.address, "phone": &f.phone, "governing": &f.over, "site": &f.site, "book": &f.book,
		"host": &f.hosts, "replaces": &f.replaces, "catalog": &f.catalog, "from": &f.from,
	}[name]
}

// parse reads flags and arguments in any order.
func parse(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if args = fs.Args(); len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}
