package boxmain

import (
	"context"
	"errors"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// takeSeeds returns the administrators whom a recovery authorised. They stay until
// they are recorded: SetUp may fail and run again.
func (b *Box) takeSeeds() []desk.StaffSeed {
	b.ending.Lock()
	defer b.ending.Unlock()
	return append([]desk.StaffSeed(nil), b.seeds...)
}

// tell records what happened while the records were closed. A disk that takes nothing
// keeps nobody from reading: the rest is recorded after the next start that can.
func (b *Box) tell(ctx context.Context) error {
	b.ending.Lock()
	events := b.events
	b.seeds, b.events = nil, nil
	b.ending.Unlock()
	for i, e := range events {
		err := record(ctx, b.desk, e)
		if errors.Is(err, &desk.Error{Code: desk.CodeStoreFull}) || errors.Is(err, &desk.Error{Code: desk.CodeStoreReadOnly}) {
			b.log.Error("not recorded yet", "events", len(events)-i, "err", err)
			b.ending.Lock()
			b.events = append(events[i:len(events):len(events)], b.events...)
			b.ending.Unlock()
			return nil
		}
		if err != nil {
			return err
		}
	}
	b.telling.Lock()
	defer b.telling.Unlock()
	b.noteHoles()
	err := b.tellFound(ctx, b.desk)
	if errors.Is(err, &desk.Error{Code: desk.CodeStoreFull}) || errors.Is(err, &desk.Error{Code: desk.CodeStoreReadOnly}) {
		b.log.Error("not recorded yet", "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	return b.tellRewound(ctx)
}

// noteHoles notes, before anybody works, own entries that views which were just made
// could not read: the views know nothing of the numbers that those issued. On a disk that
// takes nothing no number is issued either. With telling held.
func (b *Box) noteHoles() {
	own, in := b.store.Holes()
	if own == 0 || !b.store.Blind() || b.store.ReadOnly() {
		return
	}
	news, err := findings{b.store.State()}.unread(own, in)
	if err != nil {
		b.log.Error("entries that cannot be read are not told", "err", err)
	}
	b.askAgain(news, in)
}

// tellRewound records, once, each signed checkpoint that the journal does not agree
// with: the centre hears of it, whoever bent the journal.
func (b *Box) tellRewound(ctx context.Context) error {
	bad := b.store.Rewound()
	if len(bad) == 0 {
		return nil
	}
	told := map[string]bool{}
	err := b.store.View(ctx, func(r desk.Reader) error {
		records, err := r.Records(clinic.MachineSubject())
		for i := range records {
			if m, ok := records[i].Body.(*clinic.Machine); ok && m.Event == clinic.MachineRewound {
				told[m.Detail] = true
			}
		}
		return err
	})
	for _, w := range bad {
		detail := strconv.FormatUint(w.Size, 10)
		if err != nil || told[detail] {
			continue
		}
		told[detail] = true
		err = record(ctx, b.desk, event{what: clinic.MachineRewound, detail: detail})
	}
	return err
}

// recovered notes that a recovery opened the box, and the administrator whom it made;
// one without a name is none.
func (b *Box) recovered(what string, heir desk.StaffSeed) {
	b.ending.Lock()
	defer b.ending.Unlock()
	e := event{what: what}
	if heir.Name != "" {
		b.seeds = append(b.seeds, heir)
		e.person = heir.ID
	}
	b.events = append(b.events, e)
}
