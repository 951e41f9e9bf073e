package broker_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"clinicbox/hub/broker"
	"clinicbox/internal/testlog"
)

func run(t *testing.T, o broker.Options) (addr string, stop func()) {
	t.Helper()
	o.Log = testlog.Logger(t)
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	b := broker.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	select {
	case <-b.Ready():
	case err := <-done:
		t.Fatalf("ended: %v", err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return b.Addr(), stop
}

func connect(t *testing.T, addr, id, user, password string) (mqtt.Client, error) {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).
		SetUsername(user).SetPassword(password).SetAutoReconnect(false).SetProtocolVersion(4).SetConnectTimeout(5 * time.Second))
	tok := c.Connect()
	tok.Wait()
	if tok.Error() == nil {
		t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, tok.Error()
}

func TestCarriesFrames(t *testing.T) {
	dir := t.TempDir()
	addr, stop := run(t, broker.Options{Listen: "127.0.0.1:0", Dir: dir})
	if strings.HasSuffix(addr, ":0") || !strings.HasPrefix(addr, "127.0.0.1:") {
		t.Fatal(addr)
	}
	hub, err := connect(t, addr, "hub", "", "")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan mqtt.Message, 1)
	sub := hub.Subscribe("cb/1/+/up", 0, func(_ mqtt.Client, m mqtt.Message) { got <- m })
	if sub.Wait(); sub.Error() != nil {
		t.Fatal(sub.Error())
	}
	box, err := connect(t, addr, "box", "", "")
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 64<<10)
	frame[0], frame[len(frame)-1] = 1, 2
	box.Publish("cb/1/tram-01/up", 0, false, frame)
	m := <-got
	if m.Topic() != "cb/1/tram-01/up" || string(m.Payload()) != string(frame) {
		t.Fatalf("%s, %d bytes", m.Topic(), len(m.Payload()))
	}
	stop()
	if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		c.Close()
		t.Fatal("still listens after the stop")
	}
	if again, _ := run(t, broker.Options{Listen: addr, Dir: dir}); again != addr {
		t.Fatalf("restarted at %s, was %s", again, addr)
	}
}

func TestUsersKeepToTheirTopics(t *testing.T) {
	addr, _ := run(t, broker.Options{Listen: "127.0.0.1:0", Users: []broker.User{
		{Name: "hub", Password: "h", Hub: true}, {Name: "a", Password: "pa"}, {Name: "b", Password: "pb"},
	}})
	for _, c := range [][2]string{{"", ""}, {"a", ""}, {"a", "pb"}, {"c", "pa"}} {
		if _, err := connect(t, addr, "x", c[0], c[1]); err == nil {
			t.Errorf("%q got in", c)
		}
	}
	hub, err := connect(t, addr, "hub", "hub", "h")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 10)
	hub.Subscribe("cb/1/+/up", 0, func(_ mqtt.Client, m mqtt.Message) { got <- m.Topic() }).Wait()
	b, err := connect(t, addr, "b", "b", "pb")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 10)
	for _, f := range []string{"cb/1/b/down", "cb/1/a/down", "cb/1/+/down", "#"} {
		b.Subscribe(f, 0, func(_ mqtt.Client, m mqtt.Message) { heard <- m.Topic() }).Wait()
	}
	b, err = connect(t, addr, "b", "b", "pb") // a refused subscription may have closed the connection
	if err != nil {
		t.Fatal(err)
	}
	b.Subscribe("cb/1/b/down", 0, func(_ mqtt.Client, m mqtt.Message) { heard <- m.Topic() }).Wait()
	b.Publish("cb/1/a/up", 0, false, "forged").Wait()
	b, err = connect(t, addr, "b2", "b", "pb")
	if err != nil {
		t.Fatal(err)
	}
	b.Publish("cb/1/b/up", 0, false, "own").Wait()
	if topic := <-got; topic != "cb/1/b/up" {
		t.Fatalf("b wrote to %s", topic)
	}
	hub.Publish("cb/1/a/down", 0, false, "for a").Wait()
	hub.Publish("cb/1/b/down", 0, false, "for b").Wait()
	if topic := <-heard; topic != "cb/1/b/down" {
		t.Fatalf("b read %s", topic)
	}
}

func TestRefusals(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for listen, want := range map[string]error{
		"": broker.ErrListen, "1883": broker.ErrListen, "127.0.0.1:": broker.ErrListen, "127.0.0.1:70000": broker.ErrListen,
		l.Addr().String(): broker.ErrStart,
	} {
		err := broker.New(broker.Options{Listen: listen, Dir: t.TempDir()}).Run(t.Context())
		if !errors.Is(err, want) {
			t.Errorf("%q: %v", listen, err)
		}
	}
	err = broker.New(broker.Options{Listen: "127.0.0.1:0", Dir: t.TempDir(), Users: []broker.User{{Name: "a"}}}).Run(t.Context())
	if !errors.Is(err, broker.ErrStart) {
		t.Errorf("a user without password: %v", err)
	}
}
