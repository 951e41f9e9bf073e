package boxmain

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/device/task"
)

// buildTelephone leaves answers for the telephone with the centre. They travel as
// entries; a slot is good for a call once a receipt covers its entry.
func (b *Box) buildTelephone() (task.Task, error) {
	return task.Plain("telephone", func(ctx context.Context) error {
		sent, err := b.leaveAnswers(ctx)
		if err != nil && ctx.Err() == nil {
			b.log.Error("no answers by telephone are left with the centre", "err", err)
		}
		for len(sent) > 0 && ctx.Err() == nil {
			changed := b.outbox.Changed()
			if err := b.confirmAnswers(ctx, sent); err != nil && ctx.Err() == nil {
				b.log.Error("an answer's delivery is not noted", "err", err)
			}
			select {
			case <-ctx.Done():
			case <-changed:
			}
		}
		<-ctx.Done()
		return nil
	}), nil
}

// leaveAnswers records what the centre has not confirmed, and returns the index of
// each slot's entry.
func (b *Box) leaveAnswers(ctx context.Context) (map[uint32]uint64, error) {
	select {
	case <-b.outbox.Ready():
	case <-ctx.Done():
		return nil, nil
	}
	blobs, err := b.vault.restock(ctx)
	if err != nil {
		return nil, err
	}
	sent := map[uint32]uint64{}
	for slot, blob := range blobs {
		rec, err := b.desk.NoteEscrow(ctx, clinic.Escrow{Slot: slot, Blob: blob})
		if err != nil {
			return sent, err
		}
		sent[slot] = rec.Ref.Index
	}
	return sent, nil
}

func (b *Box) confirmAnswers(ctx context.Context, sent map[uint32]uint64) error {
	received := b.outbox.Truths().Received
	for slot, index := range sent {
		if index >= received {
			continue
		}
		if err := b.vault.delivered(ctx, slot); err != nil {
			return err
		}
		delete(sent, slot)
	}
	return nil
}
