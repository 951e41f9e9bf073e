package printer

import (
	"errors"
	"testing"
)

func TestRealTimeStatus(t *testing.T) {
	for _, c := range []struct {
		n, b  byte
		cause Cause
		near  bool
	}{
		{1, 0x12, "", false},
		{1, 0x16, "", false}, // drawer open
		{1, 0x1a, Offline, false},
		{1, 0x52, Offline, false}, // feed button
		{2, 0x12, "", false},
		{2, 0x16, CoverOpen, false},
		{2, 0x32, PaperOut, false},
		{2, 0x36, CoverOpen, false}, // both: the cover is why
		{2, 0x52, "", false},        // error: n = 3 tells which
		{3, 0x1a, Cutter, false},
		{3, 0x32, Failed, false},
		{3, 0x52, Hot, false},
		{4, 0x12, "", false},
		{4, 0x1e, "", true},
		{4, 0x72, PaperOut, false},
		{4, 0x7e, PaperOut, true},
	} {
		st, err := RealTimeStatus(c.n, c.b)
		if err != nil || st.Cause() != c.cause || st.NearEnd != c.near {
			t.Errorf("DLE EOT %d = %#02x: %+v (%s), %v", c.n, c.b, st, st.Cause(), err)
		}
	}
	for _, b := range []byte{0x00, 0x02, 0x10, 0x11, 0x13, 0x92, 0xff} {
		if _, err := RealTimeStatus(1, b); !errors.Is(err, ErrStatus) {
			t.Errorf("%#02x passed", b)
		}
	}
	for _, n := range []byte{0, 5, 255} {
		if _, err := RealTimeStatus(n, 0x12); !errors.Is(err, ErrStatus) {
			t.Errorf("question %d passed", n)
		}
	}
}

func TestOtherStatus(t *testing.T) {
	for b, want := range map[byte]Status{0: {}, 0x03: {NearEnd: true}, 0x0c: {PaperOut: true}, 0x0f: {PaperOut: true, NearEnd: true}} {
		if st, err := QueuedStatus(b); err != nil || st != want {
			t.Errorf("%#02x: %+v, %v", b, st, err)
		}
	}
	if _, err := QueuedStatus(0x12); !errors.Is(err, ErrStatus) {
		t.Error("an answer to DLE EOT passed for one to GS r")
	}
	for b, want := range map[[4]byte]Cause{
		{0x10, 0, 0, 0}: "", {0x18, 0, 0x0c, 0}: PaperOut, {0x38, 0, 0, 0}: CoverOpen, {0x18, 0x08, 0, 0}: Cutter,
		{0x18, 0x20, 0, 0}: Failed, {0x18, 0x40, 0, 0}: Hot, {0x50, 0, 0, 0}: Offline, {0x10, 0, 0x03, 0}: "",
	} {
		if st, err := ASBStatus(b); err != nil || st.Cause() != want {
			t.Errorf("% x: %s, %v", b, st.Cause(), err)
		}
	}
	for _, b := range [][4]byte{{0x12, 0, 0, 0}, {0x10, 0x80, 0, 0}, {0x10, 0, 0, 0x10}, {}} {
		if _, err := ASBStatus(b); !errors.Is(err, ErrStatus) {
			t.Errorf("% x passed", b)
		}
	}
}

func split(b []byte) (all []answer) {
	var s splitter
	for _, b := range b {
		if a, ok := s.feed(b); ok {
			all = append(all, a)
		}
	}
	return all
}

func TestSplitter(t *testing.T) {
	rt, q, asb := answerRealTime, answerQueued, answerASB
	for _, c := range []struct {
		name string
		in   string
		want []answerKind
	}{
		{"one of each", "\x12\x00\x10\x00\x0f\x00", []answerKind{rt, q, asb}},
		{"flow control between", "\x13\x12\x11\x00", []answerKind{rt, q}},
		{"noise", "\xff\x80\x92\x90", nil},
		{"answer to DLE DC4 8", "\x37\x25\x00\x12", []answerKind{rt}},
		{"ASB that breaks off", "\x10\x00\x12\x12", []answerKind{rt, rt}},
		{"ASB begins again", "\x10\x00\x10\x00\x00\x00", []answerKind{asb}},
		{"block without end", "\x37" + string(make([]byte, 0)) + "abc", nil},
	} {
		got := split([]byte(c.in))
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		for i := range got {
			if got[i].kind != c.want[i] {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
	}
}

func FuzzStatus(f *testing.F) {
	for _, s := range []string{"\x12\x12\x12\x12\x00", "\x10\x00\x0c\x00", "\x37\x25\x00", "\x18\x08\x12\x13\x11", "\x10\x00\x12"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		answers := split(in)
		if len(answers) > len(in) {
			t.Fatal("more answers than bytes")
		}
		for _, a := range answers {
			var err error
			switch a.kind {
			case answerRealTime:
				for n := byte(1); n <= 4 && err == nil; n++ {
					_, err = RealTimeStatus(n, a.byte)
				}
			case answerQueued:
				_, err = QueuedStatus(a.byte)
			case answerASB:
				_, err = ASBStatus(a.asb)
			}
			if err != nil {
				t.Fatalf("split % x into %+v: %v", in, a, err)
			}
		}
	})
}

func FuzzJob(f *testing.F) {
	f.Add([]byte(`{"v":1,"n":3,"at":"2026-10-14T08:00:00Z","started":true,"tries":2,"doc":{"f":"x","b":[{"k":1,"t":"a"},{"k":7},{"k":2,"t":"b","v":"c"}]}}`))
	f.Add([]byte(`{"v":1,"n":1,"done":true}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		j, err := decodeJob("id", in)
		if err != nil {
			if !errors.Is(err, ErrJob) || err.Error() != ErrJob.Error() {
				t.Fatal("the error says too much")
			}
			return
		}
		out, err := j.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeJob("id", out)
		if err != nil || again.Seq != j.Seq || again.marked() != j.marked() || len(again.Doc.Blocks) != len(j.Doc.Blocks) {
			t.Fatalf("%+v became %+v, %v", j, again, err)
		}
		if b, err := Render(j.sheet(), Width58); err == nil && len(b.Pix) != b.Height*b.Stride() {
			t.Fatal("rows and bytes disagree")
		}
	})
}
