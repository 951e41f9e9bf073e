package db_test

import (
	"errors"
	"testing"

	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
)

func TestOperators(t *testing.T) {
	d := open(t, t.TempDir())
	ctx := t.Context()
	token := func(b byte) [32]byte { return [32]byte{b} }
	is := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	name := func(o hub.Operator, err error) string {
		if err != nil {
			return err.Error()
		}
		return o.Name
	}
	is(d.FirstOperator(ctx, token(1), dbtest.At(0)), nil)
	is(d.EndOperator(ctx, hub.FirstOperator, dbtest.At(1)), hub.ErrLastOperator)
	is(d.FirstOperator(ctx, token(2), dbtest.At(2)), nil)
	if _, err := d.OperatorOf(ctx, token(1)); !errors.Is(err, hub.ErrOperator) {
		t.Error("the token that was exchanged still works", err)
	}
	mau := hub.Operator{Name: "Nguyễn Thị Mẫu", Token: token(3), Added: dbtest.At(3)}
	is(d.AddOperator(ctx, mau), nil)
	is(d.AddOperator(ctx, mau), nil)
	is(d.AddOperator(ctx, hub.Operator{Name: mau.Name, Token: token(4)}), hub.ErrOperatorExists)
	is(d.AddOperator(ctx, hub.Operator{Name: "a\nb", Token: token(4)}), hub.ErrOperatorName)
	if got := name(d.OperatorOf(ctx, token(3))); got != mau.Name {
		t.Error(got)
	}
	is(d.EndOperator(ctx, hub.FirstOperator, dbtest.At(4)), nil)
	is(d.EndOperator(ctx, hub.FirstOperator, dbtest.At(5)), nil)
	is(d.EndOperator(ctx, "nobody", dbtest.At(5)), hub.ErrOperator)
	is(d.FirstOperator(ctx, token(5), dbtest.At(6)), nil)
	for _, b := range []byte{2, 5} {
		if _, err := d.OperatorOf(ctx, token(b)); !errors.Is(err, hub.ErrOperator) {
			t.Error("an ended operator is in", b, err)
		}
	}
	is(d.AddOperator(ctx, hub.Operator{Name: hub.FirstOperator, Token: token(6)}), hub.ErrOperatorExists)
	all, err := d.Operators(ctx)
	if err != nil || len(all) != 2 || all[0].Name != hub.FirstOperator || !all[0].Ended.Equal(dbtest.At(4)) || all[1] != mau {
		t.Errorf("%+v %v", all, err)
	}
	if o, err := d.Operator(ctx, hub.FirstOperator); err != nil || o.Ended.IsZero() {
		t.Error(o, err)
	}
}
