package boxmain

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"clinicbox/device/clock"
	"clinicbox/device/mdns"
	"clinicbox/device/task"
	"clinicbox/sync/mqttlink"
	"clinicbox/sync/outbox"
)

// Topics of this box (docs/architecture.md).
func topicUp(box string) string   { return "cb/1/" + box + "/up" }
func topicDown(box string) string { return "cb/1/" + box + "/down" }
func topicBeat(box string) string { return "cb/1/" + box + "/beat" }
func topicCmd(box string) string  { return "cb/1/" + box + "/cmd" }

// framesWaiting bounds the frames from the hub that wait for the outbox. More are
// dropped: the hub repeats what is not acknowledged.
const framesWaiting = 64

// carrier is the MQTT link as the outbox sees it: frames of one box.
type carrier struct {
	*mqttlink.Link
	up     string
	frames chan []byte
}

var _ outbox.Link = (*carrier)(nil)

func newCarrier(l *mqttlink.Link, box string) *carrier {
	c := &carrier{Link: l, up: topicUp(box), frames: make(chan []byte, framesWaiting)}
	l.Handle(topicDown(box), c.take)
	return c
}

func (c *carrier) take(_ string, payload []byte) {
	select {
	case c.frames <- payload:
	default: // must not wait: Run would not end
	}
}

// Publish sends a frame up.
func (c *carrier) Publish(frame []byte) error { return c.Link.Publish(c.up, frame) }

// Frames returns what came down.
func (c *carrier) Frames() <-chan []byte { return c.frames }

// linkNames are the tasks that live as long as the box is what it is.
func (b *Box) linkNames() (names []string) {
	if b.cfg.Web.MDNS {
		names = append(names, "mdns")
	}
	if b.joined() {
		names = append(names, "link", "heartbeat")
	}
	return names
}

// nameTasks announces the box's name on the clinic's network, when that was decided.
func (b *Box) nameTasks() ([]task.Task, error) {
	if !b.cfg.Web.MDNS {
		return nil, nil
	}
	r, err := mdns.New(mdns.Opts{Name: b.cfg.Box.Name, Log: b.log})
	if err != nil {
		return nil, err
	}
	return []task.Task{named{r, "mdns"}}, nil
}

// linkTasks makes the one connection to the broker and the heartbeat over it.
func (b *Box) linkTasks() ([]task.Task, error) {
	b.newLink()
	b.carrier, b.beats = nil, nil
	if !b.joined() {
		return nil, nil
	}
	o, err := b.linkOpts()
	if err != nil {
		return nil, err
	}
	l, err := mqttlink.New(o)
	if err != nil {
		return nil, err
	}
	b.carrier, b.beats = newCarrier(l, b.cfg.Box.Name), newBeats(b)
	l.Handle(topicCmd(b.cfg.Box.Name), b.beats.take)
	return []task.Task{named{l, "link"}, task.Func("heartbeat", b.beats.run)}, nil
}

// linkOpts names broker and credentials: the box's certificate, and a password where
// a broker of somebody else asks for one.
func (b *Box) linkOpts() (mqttlink.Opts, error) {
	o := mqttlink.DefaultOpts()
	o.Broker, o.ClientID, o.Logger = b.cfg.Hub.Broker, b.cfg.Box.Name, b.log
	if e, ok := b.vault.id.Enrolment(); ok {
		// Not the name: a stolen box whose name another has by now must still hear
		// that it has to erase itself.
		o.ClientID = e.Serial().String()
	}
	if f := b.cfg.Hub.PasswordFile; f != "" {
		secret, err := os.ReadFile(f)
		if err != nil {
			return o, fmt.Errorf("broker's password: %w", err)
		}
		o.Username, o.Password = b.cfg.Box.Name, strings.TrimSpace(string(secret))
	}
	u, err := url.Parse(o.Broker)
	if err != nil || u.Scheme != "ssl" {
		return o, err
	}
	o.TLS, err = b.vault.id.LinkTLS(u.Hostname(), b.linkTime)
	if b.cfg.Hub.ClassicTLS && err == nil {
		o.TLS.CurvePreferences = []tls.CurveID{tls.X25519}
	}
	return o, err
}

// linkTime is the time by which the broker's certificate is judged. Until the centre
// told its own, dates are left alone: no clock here can lock the box out.
func (b *Box) linkTime() (time.Time, bool) {
	if c, ok := b.clock.(*clock.Clock); ok {
		return c.ByHub()
	}
	t, _ := b.clock.Now()
	return t, false
}
