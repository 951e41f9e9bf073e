package authoritytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"clinicbox/hub/authority"
)

// Run checks an implementation of authority.Store. open returns an empty store;
// again, when not nil, opens the same store a second time as after a restart.
func Run(t *testing.T, open func(t *testing.T) authority.Store, again func(t *testing.T) authority.Store) {
	t.Run("rows", func(t *testing.T) { rows(t, open(t)) })
	t.Run("all or nothing", func(t *testing.T) { whole(t, open(t)) })
	t.Run("one after another", func(t *testing.T) { serial(t, open(t)) })
	t.Run("a cancelled context", func(t *testing.T) { cancelled(t, open(t)) })
	if again != nil {
		t.Run("restart", func(t *testing.T) {
			write(t, open(t), row{"meta", "a", "1"})
			if got := read(t, again(t), "meta", "a"); got != "1" {
				t.Errorf("after a restart: %q", got)
			}
		})
	}
}

// row is what a test writes.
type row struct {
	table authority.Table
	key   string
	value string
}

func write(t *testing.T, s authority.Store, r row) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx authority.Tx) error { return tx.Put(r.table, r.key, []byte(r.value)) }); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s authority.Store, table authority.Table, key string) (out string) {
	t.Helper()
	err := s.View(t.Context(), func(tx authority.Tx) error {
		b, err := tx.Get(table, key)
		out = string(b)
		return err
	})
	if errors.Is(err, authority.ErrMissing) {
		return "missing"
	} else if err != nil {
		t.Fatal(err)
	}
	return out
}

func rows(t *testing.T, s authority.Store) {
	if got := read(t, s, "boxes", "x"); got != "missing" {
		t.Errorf("an absent row reads %q", got)
	}
	for _, table := range authority.Tables() {
		write(t, s, row{table, "a/1", string(table)})
	}
	for _, table := range authority.Tables() {
		if got := read(t, s, table, "a/1"); got != string(table) {
			t.Errorf("table %s holds %q", table, got)
		}
	}
	for _, k := range []string{"b/2", "b/10", "b", "b/1", "B/1", "b%", "b_1", "c"} {
		write(t, s, row{"people", k, k})
	}
	write(t, s, row{"people", "b/1", "again"})
	var keys, values []string
	err := s.View(t.Context(), func(tx authority.Tx) error {
		return tx.List("people", "b/", func(k string, v []byte) error {
			keys, values = append(keys, k), append(values, string(v))
			return nil
		})
	})
	if err != nil || !slices.Equal(keys, []string{"b/1", "b/10", "b/2"}) || values[0] != "again" {
		t.Errorf("list: %v %v, %v", keys, values, err)
	}
	stop := errors.New("stop")
	err = s.View(t.Context(), func(tx authority.Tx) error {
		return tx.List("people", "", func(string, []byte) error { return stop })
	})
	if !errors.Is(err, stop) {
		t.Errorf("list does not hand on the error: %v", err)
	}
}

func whole(t *testing.T, s authority.Store) {
	write(t, s, row{"meta", "a", "old"})
	stop := errors.New("stop")
	err := s.Update(t.Context(), func(tx authority.Tx) error {
		b := []byte("new")
		if err := errors.Join(tx.Put("meta", "a", b), tx.Put("meta", "b", b)); err != nil {
			return err
		}
		b[0] = 'X'
		if got, err := tx.Get("meta", "a"); err != nil || string(got) != "new" {
			t.Errorf("a transaction does not see its own write: %q, %v", got, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("the error is lost: %v", err)
	}
	if a, b := read(t, s, "meta", "a"), read(t, s, "meta", "b"); a != "old" || b != "missing" {
		t.Errorf("a failed transaction left %q and %q", a, b)
	}
	err = s.View(t.Context(), func(tx authority.Tx) error { return tx.Put("meta", "a", []byte("x")) })
	if err == nil || read(t, s, "meta", "a") != "old" {
		t.Errorf("a view may write: %v", err)
	}
}

func serial(t *testing.T, s authority.Store) {
	const workers, each = 4, 20
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := s.Update(t.Context(), increment); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := read(t, s, "meta", "n"); got != fmt.Sprint(workers*each) {
		t.Errorf("%s of %d increments", got, workers*each)
	}
}

func increment(tx authority.Tx) error {
	n := 0
	if b, err := tx.Get("meta", "n"); err == nil {
		if _, err := fmt.Sscan(string(b), &n); err != nil {
			return err
		}
	} else if !errors.Is(err, authority.ErrMissing) {
		return err
	}
	return tx.Put("meta", "n", fmt.Append(nil, n+1))
}

func cancelled(t *testing.T, s authority.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(tx authority.Tx) error { return tx.Put("meta", "a", []byte("x")) })
	if !errors.Is(err, context.Canceled) || read(t, s, "meta", "a") != "missing" {
		t.Errorf("cancelled: %v", err)
	}
}
