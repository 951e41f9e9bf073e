package authority

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"clinicbox/internal/cert"
)

// Note writes a line for what an operator did elsewhere at the centre: an answer
// given by telephone, a request turned down.
func (a *Authority) Note(ctx context.Context, by By, action, object string) error {
	return a.o.Store.Update(ctx, func(tx Tx) error { return a.note(tx, by, event{what: action, object: object}) })
}

// Head names the last line of the history. It moves with every operation, so who
// follows the authority compares heads.
func (a *Authority) Head(ctx context.Context) (h cert.Head, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) (err error) {
		h, err = a.head(tx)
		return err
	})
	return h, err
}

// event is one line to write.
type event struct {
	what, object string
	key          []byte
}

// note appends to the history within the transaction of the operation.
func (a *Authority) note(tx Tx, by By, e event) error {
	if by.Operator == "" {
		return ErrOperator
	}
	head, err := a.head(tx)
	if err != nil {
		return err
	}
	raw, err := cert.Sign(a.o.Keys.Issuing, cert.History{
		Issuer: a.issuer, Seq: head.Seq + 1, Prev: head.Hash, Operator: by.Operator, Action: e.what,
		Object: e.object, Detail: by.Reason, Time: a.o.Now().UnixMilli(), Key: e.key,
	})
	if err != nil {
		return err
	}
	if err := tx.Put(tableHistory, historyKey(head.Seq+1), raw); err != nil {
		return err
	}
	return put(tx, tableMeta, "head", cert.Head{Seq: head.Seq + 1, Hash: cert.DigestOf(raw)})
}

func (a *Authority) head(tx Tx) (h cert.Head, err error) {
	if err := get(tx, tableMeta, "head", &h); err != nil && !errors.Is(err, ErrMissing) {
		return h, err
	}
	return h, nil
}

func historyKey(seq uint64) string { return fmt.Sprintf("%020d", seq) }

// History yields the signed entries from the first on, for pages and for an
// auditor's file. Each step is a transaction of its own.
func (a *Authority) History(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for seq := uint64(1); ; seq++ {
			var raw []byte
			err := a.o.Store.View(ctx, func(tx Tx) (err error) {
				raw, err = tx.Get(tableHistory, historyKey(seq))
				return err
			})
			if errors.Is(err, ErrMissing) {
				return
			}
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

// Audit verifies the whole history against the root and against heads that boxes
// and lists carried away.
func (a *Authority) Audit(ctx context.Context, heads ...cert.Head) (cert.Head, error) {
	var own cert.Head
	err := a.o.Store.View(ctx, func(tx Tx) (err error) {
		own, err = a.head(tx)
		return err
	})
	if err != nil {
		return own, err
	}
	return cert.VerifyHistory(a.o.Keys.Grant.Root, a.History(ctx), append(heads, own)...)
}
