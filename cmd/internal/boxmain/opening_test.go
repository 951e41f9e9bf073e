package boxmain

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"clinicbox/device/health"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	c := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestDoorChangesServers(t *testing.T) {
	d, err := openDoor("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	url := "http://" + d.ln.Addr().String()
	r := health.New(time.Now, health.Box())
	r.Set(health.StoreRebuilding, true)
	o := newOpening(r.Handler("tram-01", "v1"))
	stop := (&Box{plain: d, log: quiet()}).serve(o, o)
	o.Progress(37, 100)
	if code, body := get(t, url+"/patients"); code != http.StatusServiceUnavailable || !strings.Contains(body, "37%") {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := get(t, url+"/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "store.rebuilding") {
		t.Fatalf("%d %s", code, body)
	}
	stop()
	ln := d.Listener()
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pages") })}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	if code, body := get(t, url); code != http.StatusOK || body != "pages" {
		t.Fatalf("%d %s", code, body)
	}
	srv.Close()
	<-done
	if _, err := ln.Accept(); err == nil {
		t.Fatal("a closed listener accepts")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal("closing twice:", err)
	}
	if _, err := d.Listener().Accept(); err == nil {
		t.Fatal("a closed door lets in")
	}
}

func TestPercent(t *testing.T) {
	o := newOpening(nil)
	for _, tt := range []struct {
		done, total uint64
		want        int
	}{{0, 0, 0}, {5, 0, 0}, {1, 2, 50}, {3, 2, 100}} {
		o.Progress(tt.done, tt.total)
		if o.Percent() != tt.want {
			t.Errorf("%d of %d: %d", tt.done, tt.total, o.Percent())
		}
	}
}
