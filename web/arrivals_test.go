package web

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
)

// TestArrivalIsAnswered ends a phase between a connection and its first request: the
// request is answered, not hung up on.
func TestArrivalIsAnswered(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	accepted := make(chan struct{})
	o := ServeOpts{
		Listener: &tellingListener{ln, accepted}, Log: slog.New(slog.DiscardHandler),
		Plain: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }),
	}
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, o) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-accepted
	end()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusTeapot {
		t.Error("the request was not answered:", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// tellingListener tells of the connection that the server has taken: when the server
// asks for the next one.
type tellingListener struct {
	net.Listener
	second chan struct{}
}

func (l *tellingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && l.second != nil {
		close(l.second)
		l.second = nil
	}
	return c, err
}
