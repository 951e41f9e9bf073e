package sim_test

import (
	"bytes"
	"image/png"
	"net"
	"testing"
	"testing/synctest"

	"clinicbox/peripherals/sim"
)

// talk sends bytes to a printer and returns what it answered.
func talk(t *testing.T, p *sim.Printer, send string, answers int) []byte {
	t.Helper()
	near, far := net.Pipe()
	go p.Attach(far)()
	got := make(chan []byte)
	go func() {
		var all []byte
		buf := make([]byte, 16)
		for len(all) < answers {
			n, err := near.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				break
			}
		}
		got <- all
	}()
	if _, err := near.Write([]byte(send)); err != nil {
		t.Fatal(err)
	}
	all := <-got
	synctest.Wait()
	_ = near.Close()
	synctest.Wait()
	return all
}

// band is one row of 384 black dots in GS v 0, n times.
func band(n int) string {
	return "\x1dv0\x00\x30\x00" + string([]byte{byte(n), 0}) + string(bytes.Repeat([]byte{0xff}, 48*n))
}

const eot1234 = "\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"

func TestPrinterAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*sim.Printer)
		send string
		want string
	}{
		{"ready", func(*sim.Printer) {}, eot1234 + "\x1dr\x01", "\x12\x12\x12\x12\x00"},
		{"near end", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{NearEnd: true}) }, eot1234 + "\x1dr\x01", "\x12\x12\x12\x1e\x03"},
		{"no paper", func(p *sim.Printer) { p.SetPaper(false) }, eot1234, "\x1a\x32\x12\x72"},
		{"cover", func(p *sim.Printer) { p.SetCover(true) }, eot1234, "\x1a\x16\x12\x12"},
		{"half", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{Half: true}) }, eot1234, "\x12\x12\x02"},
		{"knife", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{CutterJam: true}) }, "\x1b@" + band(1) + "\x1dV\x00", ""},
		{"cleared", func(*sim.Printer) {}, "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", "\x37\x25\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := sim.NewPrinter(sim.PrinterOpts{})
				defer p.Close()
				c.set(p)
				if got := talk(t, p, c.send, len(c.want)); string(got) != c.want {
					t.Fatalf("% x, want % x", got, c.want)
				}
				if c.name == "knife" {
					if got := talk(t, p, eot1234, 4); string(got) != "\x1a\x52\x1a\x12" {
						t.Fatalf("% x", got)
					}
				}
			})
		})
	}
}

func TestPrinterDraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		p := sim.NewPrinter(sim.PrinterOpts{OnSlip: func(sim.PrinterSlip) { told++ }})
		defer p.Close()
		if _, ok := p.Tear(); ok {
			t.Fatal("tore off nothing")
		}
		talk(t, p, "\x1b@"+band(3)+"\x1bJ\x05"+"\x1dVB\x00"+band(2)+"\x1bd\x01\n", 0)
		slips := p.Slips()
		if len(slips) != 1 || slips[0].Height != 8 || slips[0].Torn || told != 1 || p.Pending() != 62 {
			t.Fatalf("%d slips, %d rows pending", len(slips), p.Pending())
		}
		torn, ok := p.Tear()
		if !ok || !torn.Torn || torn.Height != 62 || torn.Number != 2 || told != 2 {
			t.Fatalf("%+v", torn.Height)
		}
		img, err := png.Decode(bytes.NewReader(slips[0].PNG(2)))
		if err != nil || img.Bounds().Dx() != 2*(384+48) {
			t.Fatal(err)
		}
		if !slips[0].Black(0, 2) || slips[0].Black(0, 3) {
			t.Fatal("rows are off")
		}
		if r := p.Report(); len(r.Violations) != 0 || r.Unknown != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

func TestPrinterComplains(t *testing.T) {
	for name, send := range map[string]string{
		"picture before ESC @": band(1),
		"wrong width":          "\x1b@\x1dv0\x00\x48\x00\x01\x00" + string(make([]byte, 72)),
		"strange mode":         "\x1b@\x1dv0\x09\x30\x00\x01\x00" + string(make([]byte, 48)),
		"band too high":        "\x1b@" + "\x1dv0\x00\x30\x00\x81\x00" + string(make([]byte, 48*129)),
		"cut without paper":    "\x1b@\x1dV\x00",
		"command in a picture": "\x1b@\x1dv0\x00\x30\x00\x01\x00\x10\x04\x01" + string(make([]byte, 45)),
		"band beyond buffer":   "\x1b@" + band(100),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := sim.PrinterOpts{}
				if name == "band beyond buffer" {
					opts.Buffer = 4096
				}
				p := sim.NewPrinter(opts)
				defer p.Close()
				talk(t, p, send, 0)
				if r := p.Report(); len(r.Violations) != 1 {
					t.Fatalf("%+v", r)
				}
			})
		})
	}
}

func TestPrinterCountsWhatItDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sim.NewPrinter(sim.PrinterOpts{})
		defer p.Close()
		talk(t, p, "\x1b@Xin\x1bZ\x1dQ"+"\x1d(k\x03\x001CC"+band(1), 0)
		if r := p.Report(); r.Unknown != 7 || p.Pending() != 1 || r.Bytes == 0 {
			t.Fatalf("%+v", r)
		}
	})
}

func FuzzPrinter(f *testing.F) {
	f.Add([]byte("\x1b@" + band(2) + "\x1bJ\x05\x1dVB\x00\x1dr\x01" + eot1234))
	f.Add([]byte("\x1d(k\x03\x001CC\x1bp\x00\x19\xfa\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"))
	f.Add([]byte("\x1dv0\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p := sim.NewPrinter(sim.PrinterOpts{})
		near, far := net.Pipe()
		served := make(chan struct{})
		serve := p.Attach(far)
		go func() { serve(); close(served) }()
		read := make(chan struct{})
		go func() {
			buf := make([]byte, 64)
			for {
				if _, err := near.Read(buf); err != nil {
					close(read)
					return
				}
			}
		}()
		if _, err := near.Write(in); err != nil {
			t.Fatal(err)
		}
		_ = near.Close()
		<-served
		<-read
		_ = p.Close()
		for _, s := range p.Slips() {
			if len(s.Pix) != s.Height*s.Width/8 {
				t.Fatal("rows and bytes disagree")
			}
		}
		if r := p.Report(); r.Bytes != len(in) || r.Unknown > len(in) {
			t.Fatalf("%+v of %d bytes", r, len(in))
		}
	})
}
