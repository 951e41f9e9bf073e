package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/spoken"
	"clinicbox/store"
)

// Errors of a change of the storage key, for people.
var (
	// errNotAdmin: whoever is let in afterwards must be able to let in the others.
	errNotAdmin = errors.New("a new storage key needs an administrator's number and PIN")
	// errNotWritten: a code that nobody has on paper must not be the only way in.
	errNotWritten = errors.New("the new recovery code was not typed back")
)

// rekey gives the box another storage key, which the methods open and nothing else does;
// made is when the recovery code among them was, zero for none. One write changes the
// key, that of the slots: before it all is as it was, behind it the old key is over, and
// what lies under it still is brought under the new one here, or by the next start. The
// vault is closed afterwards where it is not known which of the two is good.
func (v *vault) rekey(ctx context.Context, log *slog.Logger, made time.Time, methods ...sealer.Method) error {
	o, err := storeOptions(v, log)
	if err != nil {
		return err
	}
	if err := store.Settled(o); err != nil {
		return err
	}
	next := sealer.NewKey()
	var slots *sealer.File
	err = v.change(func(op opened) error {
		if err := op.keys.Settle(); err != nil {
			return err
		}
		slots = op.slots
		return slots.Rekey(ctx, op.key, &next, methods...)
	})
	if err == nil || errors.Is(err, sealer.ErrUnsure) {
		v.lock()
	}
	if err != nil {
		next.Wipe()
		return err
	}
	past, keys, err := v.under(slots, &next)
	if keys == nil || err != nil && !errors.Is(err, identity.ErrChanged) {
		next.Wipe()
		return fmt.Errorf("%w: %w", sealer.ErrUnsure, err) // it was, but not for who reads this
	}
	v.mu.Lock()
	v.key, v.past, v.keys = &next, past, keys
	v.mu.Unlock()
	if !made.IsZero() {
		if err := keys.NewCode(made); err != nil {
			log.Warn("when the recovery code was made is not noted", "err", err)
		}
	}
	return nil
}

// opensFor reports whether a person can unlock the box, or nobody knows.
func (v *vault) opensFor(person clinic.ID) bool {
	if v.development() {
		return true
	}
	list := v.list()
	return len(list) == 0 || slices.ContainsFunc(list, func(s sealer.Slot) bool {
		return s.Owner == person && (s.Kind == sealer.Staff || s.Kind == sealer.TPM)
	})
}

// newStorageKey asks an administrator, gives a recovery code and has it typed back, and
// changes the storage key. Until then nothing has changed.
func (p *Program) newStorageKey(ctx context.Context, v *vault, log *slog.Logger) error {
	methods := []sealer.Method{sealer.NewKeyFile(v.cfg.Seal.KeyFile)}
	var made time.Time
	if !v.development() {
		if p.recovered {
			return errNotAdmin
		}
		code, recovery := sealer.NewRecovery()
		methods, made = []sealer.Method{p.own, recovery}, time.Now()
		ask := New(Options{
			Config: v.cfg, Log: log, Probe: selfProbe(),
			Prepare: func(ctx context.Context, d *desk.Desk, _ *store.Store) error { return p.permitted(ctx, d, code) },
		})
		ask.vault = v
		if err := ask.setUp(ctx); err != nil {
			return err
		}
	} else if err := p.settle(ctx, v, log, func(*Box) error { return nil }); err != nil {
		return err
	}
	if err := v.rekey(ctx, log, made, methods...); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, "đã có khóa lưu trữ mới; từ đây mã khôi phục cũ không mở hộp này / new storage key made; from now on no older recovery code opens this box")
	if err := p.settle(ctx, v, log, func(b *Box) error { return p.copyAnew(ctx, b) }); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Stdout, rekeyedWords)
	return err
}

// notCopiedWords is what holds of a stick that was not there.
const notCopiedWords = `CHÚ Ý: chưa chép được sang USB. Bản sao ở đó vẫn mở bằng mã CŨ cho đến khi hộp chép hai lần nữa (hai giờ).
NOTE: no copy was made on the stick. What is there opens with the OLD code until the box has copied twice (two hours).`

// rekeyedWords is what there is to do now.
const rekeyedWords = `xong. Chỉ mã khôi phục MỚI mở hộp này. Mỗi người khác đăng nhập một lần trên trang: từ đó số và PIN của họ lại mở được hộp.
Giấy cũ chỉ còn mở bản sao làm trước lúc này: hủy giấy cũ khi không còn bản sao nào như thế.
done. Only the NEW recovery code opens this box. Everybody else logs in once on the pages: from then on their number and PIN unlock it again.
The old paper opens copies from before this moment and nothing else: destroy it when no such copy is left.`

// permitted makes sure that an administrator asks who has the new code on paper, and
// records it.
func (p *Program) permitted(ctx context.Context, d *desk.Desk, code spoken.Code) error {
	all, err := d.Staff(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a desk.Person) bool { return a.ID == p.owner && a.Role == clinic.RoleAdministrator }) {
		return errNotAdmin
	}
	if err := p.giveCode(code); err != nil {
		return err
	}
	if err := p.typedBack(code); err != nil {
		return err
	}
	return record(ctx, d, event{what: clinic.MachineNewKey, person: p.owner})
}

// typedBack has a code typed from the paper; three times may fail.
func (p *Program) typedBack(code spoken.Code) error {
	for range 3 {
		text, err := p.readShown("Gõ lại mã mới từ giấy / type the new code back from the paper: ")
		if err != nil {
			return errors.Join(errNotWritten, err)
		}
		got, err := spoken.Parse(text, sealer.RecoveryGroups)
		if err == nil && got.Reveal() == code.Reveal() {
			return nil
		}
		if e, ok := errors.AsType[*spoken.Error](err); ok && len(e.Groups) > 0 {
			fmt.Fprintf(p.Stderr, "sai nhóm / wrong groups: %s\n", list(e.Groups))
			continue
		}
		fmt.Fprintln(p.Stderr, "không phải mã vừa in / not the code that was printed")
	}
	return errNotWritten
}

// copyAnew has the copy on the second medium follow at once. The second run removes
// what the first one left beside the new key files.
func (p *Program) copyAnew(ctx context.Context, b *Box) error {
	if b.copier == nil {
		return nil
	}
	for range 2 {
		if _, err := b.copier.Run(ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			_, err = fmt.Fprintf(p.Stdout, "%s\n%s\n", Words(err), notCopiedWords)
			return err
		}
	}
	_, err := fmt.Fprintln(p.Stdout, "bản sao trên USB cũng đã dùng khóa mới / the copy on the stick has the new keys, too")
	return err
}
