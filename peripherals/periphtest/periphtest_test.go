package periphtest_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"clinicbox/peripherals/periphtest"
)

const status = `# a printer's status before and after
> 1b40 100401
< 12

> 48690a
< 00
`

func parse(t *testing.T, s string) periphtest.Session {
	t.Helper()
	got, err := periphtest.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// talk is a program that speaks as in the session above.
func talk(rw io.ReadWriteCloser, text string) error {
	b := make([]byte, 10)
	for _, w := range []string{"\x1b@\x10\x04\x01", text} {
		if _, err := rw.Write([]byte(w)); err != nil {
			return err
		}
		if n, err := rw.Read(b); err != nil || n != 1 {
			return errors.Join(err, io.ErrNoProgress)
		}
	}
	return rw.Close()
}

func TestPlayback(t *testing.T) {
	s := parse(t, status)
	if err := talk(periphtest.NewPlayback(s), "Hi\n"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := talk(periphtest.NewPlayback(s), "Ho\n"); !errors.Is(err, periphtest.ErrDiffers) {
		t.Errorf("another byte: %v", err)
	}
	if err := talk(periphtest.NewPlayback(s), "Hi\n\n"); !errors.Is(err, periphtest.ErrDiffers) {
		t.Errorf("more bytes: %v", err)
	}
	if err := talk(periphtest.NewPlayback(s[:3]), "Hi\n"); !errors.Is(err, io.EOF) {
		t.Errorf("a device that does not answer: %v", err)
	}
	p := periphtest.NewPlayback(s)
	if n, err := p.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("idle: %d, %v", n, err)
	}
	if err := p.Close(); !errors.Is(err, periphtest.ErrUnused) {
		t.Errorf("unused: %v", err)
	}
}

func TestRecorder(t *testing.T) {
	s := parse(t, status)
	r := periphtest.NewRecorder(periphtest.NewPlayback(s))
	if err := talk(r, "Hi\n"); err != nil {
		t.Fatal(err)
	}
	if got := r.Session(); !reflect.DeepEqual(got, s) {
		t.Errorf("recorded %v, want %v", got, s)
	}
	if again := parse(t, r.Session().String()); !reflect.DeepEqual(again, s) {
		t.Errorf("written and read: %v", again)
	}
	for _, bad := range []string{"x 00", "> 0", "<", "> zz", ">00 <00"} {
		if _, err := periphtest.Parse(strings.NewReader(bad)); !errors.Is(err, periphtest.ErrSession) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// device keeps what reached it and says digits.
type device struct {
	bytes.Buffer
	say io.Reader
}

func (d *device) Read(b []byte) (int, error) { return d.say.Read(b) }
func (d *device) Close() error               { return nil }

func TestFaultyWrites(t *testing.T) {
	for _, applied := range []bool{false, true} {
		d := &device{}
		plan := periphtest.Sound()
		plan.WriteFail, plan.Applied, plan.Once = 5, applied, true
		f := periphtest.NewFaulty(d, plan)
		if n, err := f.Write([]byte("abc")); n != 3 || err != nil {
			t.Fatalf("before the fault: %d, %v", n, err)
		}
		if n, err := f.Write([]byte("defg")); n != 2 || !errors.Is(err, periphtest.ErrFault) {
			t.Fatalf("fault: %d, %v", n, err)
		}
		want := "abcde"
		if applied {
			want = "abcdefg"
		}
		if d.String() != want {
			t.Errorf("applied %v: device has %q", applied, &d.Buffer)
		}
		if _, err := f.Write([]byte("h")); err != nil {
			t.Errorf("once: %v", err)
		}
	}
}

func TestFaultyReads(t *testing.T) {
	plan := periphtest.Sound()
	plan.ReadFail, plan.Flip, plan.Short = 4, 2, true
	f := periphtest.NewFaulty(&device{say: strings.NewReader("012345")}, plan)
	got, err := io.ReadAll(f)
	if string(got) != "0133" || !errors.Is(err, periphtest.ErrFault) {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := f.Read(make([]byte, 1)); !errors.Is(err, periphtest.ErrFault) {
		t.Errorf("a lasting fault: %v", err)
	}
}
