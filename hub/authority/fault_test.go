package authority_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/internal/cert"
)

// operation is one thing that an operator or a box does, prepared so that it can
// be asked again.
type operation struct {
	name  string
	start func(t *testing.T, w *world) func(context.Context) ([]byte, error)
	once  bool // asked again it gives the same bytes and keeps nothing more
}

func operations() []operation {
	return []operation{
		{"enrol", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			b := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-05"))))
			return func(ctx context.Context) ([]byte, error) { return w.Enrol(ctx, w.by, b.request) }
		}, true},
		{"replace", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			w.enrol(t, w.invitation("tram-05"))
			inv := w.invitation("tram-05")
			inv.Replaces = "tram-05"
			b := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, inv)))
			return func(ctx context.Context) ([]byte, error) { return w.Enrol(ctx, w.by, b.request) }
		}, true},
		{"stolen", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			w.enrol(t, w.invitation("tram-05"))
			return func(ctx context.Context) ([]byte, error) { return w.Stolen(ctx, w.by, "tram-05", 3) }
		}, true},
		{"certify", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			_, r := personRequest(t, newKey(), clinic.RoleNurse)
			return func(ctx context.Context) ([]byte, error) { return w.Certify(ctx, w.by, r) }
		}, true},
		{"ratify", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			l := newLost(t, w)
			return func(ctx context.Context) ([]byte, error) { return w.Ratify(ctx, w.by, l.doctor, l.admin) }
		}, true},
		{"invite", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			return func(ctx context.Context) ([]byte, error) {
				c, err := w.Invite(ctx, w.by, w.invitation("tram-06"))
				return []byte(c.String()), err
			}
		}, false},
		{"command", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			w.enrol(t, w.invitation("tram-05"))
			return func(ctx context.Context) ([]byte, error) {
				return w.Command(ctx, w.by, "tram-05", authority.Order{Op: cert.OpLock})
			}
		}, false},
		{"reissue", func(t *testing.T, w *world) func(context.Context) ([]byte, error) {
			w.enrol(t, w.invitation("tram-05"))
			return func(ctx context.Context) ([]byte, error) { return nil, w.Reissue(ctx, w.by) }
		}, false},
	}
}

// TestFaultsAtEachStep fails each read, each write and the commit, both ways, of
// each operation. After a failure that was not applied nothing has changed; asked
// again the operation works, and what was applied is not done twice.
func TestFaultsAtEachStep(t *testing.T) {
	for _, op := range operations() {
		for _, f := range []authoritytest.Fault{authoritytest.InGet, authoritytest.InPut, authoritytest.NotApplied, authoritytest.Applied} {
			t.Run(fmt.Sprintf("%s %d", op.name, f), func(t *testing.T) {
				steps := 0
				for fault(t, op, f, steps) {
					steps++
				}
				if steps == 0 {
					t.Error("the fault never happened")
				}
			})
		}
	}
}

// fault runs an operation with one fault after n good steps; false when the
// operation has fewer.
func fault(t *testing.T, op operation, f authoritytest.Fault, n int) bool {
	t.Helper()
	w := newWorld(t)
	do := op.start(t, w)
	before := w.store.Rows()
	w.store.Fail(f, n)
	out, err := do(t.Context())
	if !w.store.Failed() {
		w.store.Fail(authoritytest.None, 0)
		wants(t, err, nil)
		return false
	}
	if !errors.Is(err, authoritytest.ErrFault) || out != nil && op.once {
		t.Errorf("step %d: an answer without being stored: %v", n, err)
	}
	after := w.store.Rows()
	if f != authoritytest.Applied && !equalRows(before, after) {
		t.Errorf("step %d: half of it is kept", n)
	}
	first, err := do(t.Context())
	if err != nil {
		t.Fatalf("step %d: asked again: %v", n, err)
	}
	if op.once {
		if f == authoritytest.Applied && !equalRows(after, w.store.Rows()) {
			t.Errorf("step %d: what was applied is done again", n)
		}
		if second, err := do(t.Context()); err != nil || !bytes.Equal(first, second) {
			t.Errorf("step %d: the answer sent again is another: %v", n, err)
		}
	}
	return true
}

// TestHistoryTamperedInTheStore changes, removes and cuts what the database holds.
func TestHistoryTamperedInTheStore(t *testing.T) {
	seq := func(n int) string { return fmt.Sprintf("%020d", n) }
	for name, harm := range map[string]func(*authoritytest.Memory){
		"a letter changed": func(m *authoritytest.Memory) {
			m.Tamper("history", seq(3), func(b []byte) []byte { b[len(b)-20] ^= 1; return b })
		},
		"a line of another": func(m *authoritytest.Memory) {
			four := m.Rows()["history\x00"+seq(4)]
			m.Tamper("history", seq(3), func([]byte) []byte { return four })
		},
		"a line removed":  func(m *authoritytest.Memory) { m.Remove("history", seq(3)) },
		"the end removed": func(m *authoritytest.Memory) { m.Remove("history", seq(5)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.enrol(t, w.invitation("tram-01"))
			must[[]byte](t)(w.Command(t.Context(), w.by, "tram-01", authority.Order{Op: cert.OpLock}))
			rows := w.store.Rows()
			harm(w.store)
			_, err := w.Audit(t.Context())
			wants(t, err, cert.ErrHistory)
			for k, v := range rows { // for the check after the test
				w.store.Tamper(authority.Table(k[:bytes.IndexByte([]byte(k), 0)]), k[bytes.IndexByte([]byte(k), 0)+1:], func([]byte) []byte { return v })
			}
		})
	}
}

// TestHistoryRewoundTogetherWithItsHead: whoever restores an older database is
// contradicted by a box that was answered since.
func TestHistoryRewound(t *testing.T) {
	w := newWorld(t)
	w.enrol(t, w.invitation("tram-01"))
	old := w.store.Rows()
	_, e := w.enrol(t, w.invitation("tram-02"))
	if _, err := w.Audit(t.Context(), e.Answer.History); err != nil {
		t.Fatal(err)
	}
	back := authoritytest.NewMemory()
	for k, v := range old {
		i := bytes.IndexByte([]byte(k), 0)
		back.Tamper(authority.Table(k[:i]), k[i+1:], func([]byte) []byte { return v })
	}
	opts := w.opts
	opts.Store = back
	rewound := must[*authority.Authority](t)(authority.Open(t.Context(), opts))
	_, err := rewound.Audit(t.Context())
	wants(t, err, nil)
	_, err = rewound.Audit(t.Context(), e.Answer.History)
	wants(t, err, cert.ErrHistory)
}

// TestDatabaseTellsNoCode: whoever reads the database cannot come in with it.
func TestDatabaseTellsNoCode(t *testing.T) {
	w := newWorld(t)
	c := must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01")))
	for k, v := range w.store.Rows() {
		for _, text := range []string{c.String(), c.String()[:9], k} {
			if bytes.Contains(v, []byte(text)) && text != k {
				t.Errorf("row %q holds the code", k)
			}
		}
	}
}

func TestDamagedRowsAreNamed(t *testing.T) {
	w := newWorld(t)
	b := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01"))))
	for k, v := range w.store.Rows() {
		i := bytes.IndexByte([]byte(k), 0)
		table, key := authority.Table(k[:i]), k[i+1:]
		if table == "history" || k == "meta\x00issuers" || k == "meta\x00invited/tram-01" { // not read
			continue
		}
		w.store.Tamper(table, key, func([]byte) []byte { return []byte(`{"says":`) })
		if _, err := w.Enrol(t.Context(), w.by, b.request); err == nil {
			t.Errorf("enrolled with a damaged row %q", k)
		}
		w.store.Tamper(table, key, func([]byte) []byte { return v })
	}
	must[[]byte](t)(w.Enrol(t.Context(), w.by, b.request))
}
