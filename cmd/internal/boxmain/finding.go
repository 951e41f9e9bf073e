package boxmain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/task"
	"clinicbox/store"
)

// bucketFound of the state keeps what was found of the records until it is an entry: a
// repair by hand has no use cases that could record it, and power may go between the
// two.
const bucketFound = "found"

const (
	keyTold     = "told"  // how many unreadable entries were told
	openFinding = "open/" // and a part: it is being mended
	doneFinding = "done/" // and an act: an entry must be made of it
)

// finding is one such event. Act makes one entry of it, however often it is tried.
type finding struct {
	Act    clinic.ID `json:"act"`
	Seq    int       `json:"seq"` // in this order
	Event  string    `json:"event"`
	Detail string    `json:"detail"`
	Own    uint64    `json:"own,omitempty"` // entries of own that are unreadable or gone
}

// findings are what the state keeps.
type findings struct{ state *store.State }

// begin notes, before anything is written, that entries of a part are being mended.
func (k findings) begin(part string, entries uint64) error {
	return k.state.Update(func(tx *store.StateTx) error {
		f, err := load(tx, openFinding+part)
		if err != nil {
			return err
		}
		return save(tx, openFinding+part, mended(f.Act, part, entries))
	})
}

// mended is the finding that entries of a part came back, of an act that may be known.
func mended(act clinic.ID, part string, entries uint64) finding {
	if act.IsZero() {
		act = clinic.NewID()
	}
	return finding{Act: act, Event: clinic.MachineMended, Detail: fmt.Sprintf("%s: %d", part, entries)}
}

// end notes how it went, and what else cannot be read: so many entries of both journals.
// news reports that they became more.
func (k findings) end(f store.Finding, own, in uint64) (news bool, err error) {
	err = k.state.Update(func(tx *store.StateTx) error {
		begun, err := load(tx, openFinding+f.Part)
		if err != nil {
			return err
		}
		if err := tx.Delete(bucketFound, openFinding+f.Part); err != nil {
			return err
		}
		if f.Back > 0 {
			m := mended(begun.Act, f.Part, f.Back)
			if err := save(tx, doneFinding+m.Act.String(), m); err != nil {
				return err
			}
		}
		news, err = unread(tx, own, in)
		return err
	})
	return news, err
}

// unread notes how many entries of both journals cannot be read, where that is not told.
func (k findings) unread(own, in uint64) (news bool, err error) {
	err = k.state.Update(func(tx *store.StateTx) error {
		news, err = unread(tx, own, in)
		return err
	})
	return news, err
}

func unread(tx *store.StateTx, own, in uint64) (news bool, err error) {
	told, err := number(tx, keyTold)
	if err != nil || own+in == told {
		return false, err
	}
	if news = own+in > told; news {
		d := finding{Act: clinic.NewID(), Event: clinic.MachineDamaged, Detail: fmt.Sprintf("own %d, in %d", own, in), Own: own}
		if err := save(tx, doneFinding+d.Act.String(), d); err != nil {
			return false, err
		}
	}
	return news, tx.Put(bucketFound, keyTold, fmt.Append(nil, own+in))
}

// lost notes that entries are gone which were saved. Cut before the views forgot them,
// the next start notes the same.
func (k findings) lost(entries uint64) error {
	return k.state.Update(func(tx *store.StateTx) error {
		key := fmt.Sprintf("%slost %d", doneFinding, entries)
		f, err := load(tx, key)
		if err != nil || !f.Act.IsZero() {
			return err
		}
		return save(tx, key, finding{Act: clinic.NewID(), Event: clinic.MachineLost, Detail: fmt.Sprint(entries), Own: entries})
	})
}

// begun lists the parts whose mending was cut.
func (k findings) begun() (parts []string, err error) {
	err = k.state.ForEach(bucketFound, func(key string, _ []byte) error {
		if part, ok := strings.CutPrefix(key, openFinding); ok {
			parts = append(parts, part)
		}
		return nil
	})
	slices.Sort(parts)
	return parts, err
}

// settle makes an end of a mending that was cut after it was done: nothing of the part
// is wrong any more.
func (k findings) settle(part string) error {
	return k.state.Update(func(tx *store.StateTx) error {
		f, err := load(tx, openFinding+part)
		if err != nil || f.Act.IsZero() {
			return err
		}
		if err := save(tx, doneFinding+f.Act.String(), f); err != nil {
			return err
		}
		return tx.Delete(bucketFound, openFinding+part)
	})
}

// tell makes entries of what is kept. Each is dropped once it is one; the same act again
// makes no second.
func (k findings) tell(record func(finding) error) error {
	kept := map[string]finding{}
	err := k.state.ForEach(bucketFound, func(key string, v []byte) error {
		var f finding
		if strings.HasPrefix(key, doneFinding) && json.Unmarshal(v, &f) == nil {
			kept[key] = f
		}
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrState) {
		return err
	}
	keys := make([]string, 0, len(kept))
	for key := range kept {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(kept[a].Seq-kept[b].Seq, strings.Compare(a, b)) })
	for _, key := range keys {
		if err := record(kept[key]); err != nil {
			return err
		}
		if err := k.state.Delete(bucketFound, key); err != nil {
			return err
		}
	}
	return nil
}

// load reads a finding; none is the zero one, and so is one that does not open.
func load(tx *store.StateTx, key string) (f finding, err error) {
	v, err := tx.Get(bucketFound, key)
	if err == nil && v != nil && json.Unmarshal(v, &f) != nil {
		f = finding{}
	}
	if errors.Is(err, store.ErrState) {
		return finding{}, nil
	}
	return f, err
}

// save writes a finding behind those that are there.
func save(tx *store.StateTx, key string, f finding) error {
	if f.Seq == 0 {
		last, err := number(tx, "seq")
		if err != nil {
			return err
		}
		f.Seq = int(last) + 1
		if err := tx.Put(bucketFound, "seq", fmt.Append(nil, f.Seq)); err != nil {
			return err
		}
	}
	v, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return tx.Put(bucketFound, key, v)
}

func number(tx *store.StateTx, key string) (n uint64, err error) {
	v, err := tx.Get(bucketFound, key)
	if errors.Is(err, store.ErrState) {
		return 0, nil
	}
	_, _ = fmt.Sscan(string(v), &n)
	return n, err
}

// mending notes that entries of a part are about to be mended.
func (b *Box) mending(part string, entries uint64) {
	b.telling.Lock()
	defer b.telling.Unlock()
	if err := (findings{b.store.State()}).begin(part, entries); err != nil {
		b.log.Error("a repair that is cut may not be told", "part", part, "err", err)
	}
}

// ended notes what a look at a part found, and makes entries of it.
func (b *Box) ended(f store.Finding, own, in uint64) (news bool) {
	b.telling.Lock()
	defer b.telling.Unlock()
	news, err := findings{b.store.State()}.end(f, own, in)
	if err != nil {
		b.log.Error("what was found is not kept", "part", f.Part, "err", err)
	}
	b.ending.Lock()
	d := b.desk
	if b.end == nil {
		d = nil
	}
	b.ending.Unlock()
	if d == nil {
		return news // at the next start
	}
	ctx, cancel := context.WithTimeout(context.Background(), task.DefaultGrace)
	defer cancel()
	if err := b.tellFound(ctx, d); err != nil {
		b.log.Error("not recorded yet", "part", f.Part, "err", err)
	}
	return news
}

// tellFound records what is kept. With telling held.
func (b *Box) tellFound(ctx context.Context, d *desk.Desk) error {
	return findings{b.store.State()}.tell(func(f finding) error {
		m := clinic.Machine{Event: f.Event, Detail: f.Detail}
		if f.Own > 0 {
			return d.NoteLoss(ctx, f.Act, m, f.Own)
		}
		return d.NoteMachineAs(ctx, f.Act, m)
	})
}

// unfinished looks again at the parts whose mending was cut: what is still wrong is
// mended and told as ever, of the others it is told now.
func (b *Box) unfinished(ctx context.Context, s *store.Scrubber) error {
	k := findings{b.store.State()}
	parts, err := k.begun()
	if errors.Is(err, store.ErrState) {
		err = nil
	}
	for _, part := range parts {
		if err := s.Part(ctx, part); err != nil {
			return err
		}
		if err := k.settle(part); err != nil {
			return err
		}
		own, in := b.store.Holes()
		b.ended(store.Finding{Part: part}, own, in)
	}
	return err
}
