package boxmain

import (
	"fmt"
	"os"
	"strings"

	"clinicbox/device/task"
	"clinicbox/sync/mqttlink"
	"clinicbox/sync/outbox"
)

// Topics of this box (docs/architecture.md).
func topicUp(box string) string   { return "cb/1/" + box + "/up" }
func topicDown(box string) string { return "cb/1/" + box + "/down" }

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

// buildLink makes the one connection to the broker.
func (b *Box) buildLink() (task.Task, error) {
	o := mqttlink.DefaultOpts()
	o.Broker, o.ClientID, o.Logger = b.cfg.Hub.Broker, b.cfg.Box.Name, b.log
	if f := b.cfg.Hub.PasswordFile; f != "" {
		secret, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("broker's password: %w", err)
		}
		o.Username, o.Password = b.cfg.Box.Name, strings.TrimSpace(string(secret))
	}
	l, err := mqttlink.New(o)
	if err != nil {
		return nil, err
	}
	b.carrier = newCarrier(l, b.cfg.Box.Name)
	return l, nil
}
