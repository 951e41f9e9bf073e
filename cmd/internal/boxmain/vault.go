package boxmain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/config"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/durable"
	"clinicbox/internal/escrow"
	"clinicbox/internal/redact"
	"clinicbox/internal/spoken"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/seal"
)

// Errors of a box's keys, for people.
var (
	// errNoKey: making a new storage key would lock the door and throw away that it
	// ever had a key.
	errNoKey = errors.New("storage key slots are missing, but there are records")
	// errNotSetUp: the first administrator makes the storage key.
	errNotSetUp = errors.New("the box is not set up: nobody can unlock it yet")
	// errLocked: this needs the storage key.
	errLocked = errors.New("the box is locked")
	// errBlocked: the centre forbids unlocking.
	errBlocked = errors.New("the centre forbids unlocking this box")
)

// vault holds the storage key while the box is unlocked, and changes who can open it.
// Its methods may be called at the same time.
type vault struct {
	cfg   config.Box
	id    *identity.Box
	files durable.FS // through which keys are replaced

	work  sync.Mutex   // held by who changes slots or keys: a PIN is stretched for seconds
	mu    sync.Mutex   // guards what follows, never held for long
	slots *sealer.File // nil before set-up
	key   *sealer.Key  // nil while locked
	past  *sealer.Key  // the one that it has replaced; nil for none
	keys  *identity.Keys

	erased  bool
	claimed *os.File // the folder of the keys, locked; nil without claim
}

func keysDir(cfg config.Box) string { return filepath.Join(cfg.Data.Dir, "keys") }

// newVault finds who the box is and its key slots; nothing is opened.
func newVault(cfg config.Box) (*vault, error) { return newVaultOn(durable.OS{}, cfg) }

// newVaultOn is newVault over a file layer.
func newVaultOn(files durable.FS, cfg config.Box) (v *vault, err error) {
	if err := durable.MkdirAll(cfg.Data.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := medium.Unfinished(cfg.Data.Dir); err != nil {
		return nil, err
	}
	v = &vault{cfg: cfg, files: files}
	if v.id, err = identity.LoadFS(files, keysDir(cfg)); err != nil {
		return nil, err
	}
	v.slots, err = sealer.Open(v.options())
	switch {
	case err == nil:
		return v, nil
	case errors.Is(err, sealer.ErrErased):
		v.erased = true
		return v, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if _, serr := os.Stat(filepath.Join(cfg.Data.Dir, "own")); serr == nil {
		return nil, errNoKey
	}
	return v, nil
}

func (v *vault) options() sealer.Options {
	dir := keysDir(v.cfg)
	return sealer.Options{Path: filepath.Join(dir, "slots"), Tries: filepath.Join(dir, "tries"), FS: v.files}
}

// claim keeps other programs from the box's keys until the vault is closed: what one
// writes, another that runs would undo.
func (v *vault) claim() error {
	dir := keysDir(v.cfg)
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := durable.Hold(f); err != nil {
		if errors.Is(err, durable.ErrHeld) {
			err = store.ErrLocked
		}
		return errors.Join(err, f.Close())
	}
	v.claimed = f
	return nil
}

// close forgets the storage key and lets other programs in.
func (v *vault) close() {
	v.lock()
	if v.claimed != nil {
		_ = v.claimed.Close() // nothing was written to it
	}
}

// development reports whether a key file opens the box.
func (v *vault) development() bool { return v.cfg.Seal.Method == "file" }

// isSetUp reports whether there are key slots.
func (v *vault) isSetUp() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.slots != nil
}

// method is how a person opens the box with a PIN.
func (v *vault) method(person clinic.ID, pin string) sealer.Method {
	secret := redact.Wrap(pin)
	if v.cfg.Seal.Method == "tpm" {
		return sealer.NewTPM(sealer.TPMOpts{Bus: v.bus(), Person: person, PIN: secret})
	}
	return sealer.NewStaff(sealer.StaffOpts{Board: v.cfg.Seal.Board, Person: person, PIN: secret})
}

func (v *vault) bus() sealer.Bus { return sealer.DeviceTPM(v.cfg.Seal.TPM) }

// setUp makes storage key, identity and slots. A development box opens by its key
// file; others by the first administrator's PIN and a recovery code, which is
// returned to be written down. A cut before the end leaves a box that can be set up
// again.
func (v *vault) setUp(ctx context.Context, person clinic.ID, pin string) (code spoken.Code, err error) {
	v.work.Lock()
	defer v.work.Unlock()
	key := sealer.NewKey()
	keys, err := v.id.Make(sub(&key, "identity"))
	if err != nil {
		return code, err
	}
	var methods []sealer.Method
	if v.development() {
		if err := durable.MkdirAll(filepath.Dir(v.cfg.Seal.KeyFile), 0o700); err != nil {
			return code, err
		}
		methods = []sealer.Method{sealer.NewKeyFile(v.cfg.Seal.KeyFile)}
	} else {
		if v.cfg.Seal.Method == "tpm" {
			if err := v.provision(ctx, keys); err != nil {
				return code, err
			}
		}
		var recovery sealer.Method
		code, recovery = sealer.NewRecovery()
		methods = []sealer.Method{v.method(person, pin), recovery}
		if err := keys.NewCode(time.Now()); err != nil {
			return code, err
		}
	}
	slots, err := sealer.Create(ctx, v.options(), &key, methods...)
	if err != nil {
		return code, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.slots, v.key, v.keys = slots, &key, keys
	return code, nil
}

// provision closes the TPM's lock-out. Its key lies open until the sealed file has
// it: a cut between must not lose it, for the chip would have to be cleared.
func (v *vault) provision(ctx context.Context, keys *identity.Keys) error {
	lock, err := v.id.TPMLock()
	if err != nil {
		return err
	}
	k := sealer.Key(lock)
	if err := sealer.ProvisionTPM(ctx, v.bus(), &k, sealer.DefaultLockout()); err != nil {
		return err
	}
	return keys.KeepTPMLock()
}

// unlock opens the vault with a method.
func (v *vault) unlock(ctx context.Context, m sealer.Method) error {
	return v.unlockThen(ctx, m, func() {})
}

// unlockThen is unlock; done runs before anybody sees that the vault is open.
func (v *vault) unlockThen(ctx context.Context, m sealer.Method, done func()) error {
	v.mu.Lock()
	slots := v.slots
	v.mu.Unlock()
	switch {
	case v.isErased():
		return sealer.ErrErased
	case slots == nil:
		return errNotSetUp
	case v.id.Blocked():
		return errBlocked
	}
	key, err := slots.Unlock(ctx, m)
	if err != nil {
		return err
	}
	past, keys, err := v.under(slots, key)
	if errors.Is(err, fs.ErrNotExist) { // a copy of slots without it: the box is a new one
		keys, err = v.id.Make(sub(key, "identity"))
	}
	if keys == nil || err != nil && !errors.Is(err, identity.ErrChanged) {
		key.Wipe()
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.id.Blocked() { // meanwhile
		key.Wipe()
		return errBlocked
	}
	done()
	v.key, v.past, v.keys = key, past, keys
	return err // ErrChanged: open all the same, and loud
}

// under opens what lies under a storage key, or still under the one that it has replaced.
func (v *vault) under(slots *sealer.File, key *sealer.Key) (past *sealer.Key, keys *identity.Keys, err error) {
	if past, err = slots.Before(key); err != nil {
		return nil, nil, err
	}
	var before [][32]byte
	if past != nil {
		before = append(before, sub(past, "identity"))
	}
	keys, err = v.id.Unlock(sub(key, "identity"), before...)
	return past, keys, err
}

// lock forgets the storage key. It waits for who changes keys: what is wiped must
// not be written.
func (v *vault) lock() {
	v.work.Lock()
	defer v.work.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key != nil {
		v.key.Wipe()
		v.keys.Wipe()
	}
	if v.past != nil {
		v.past.Wipe()
	}
	v.key, v.past, v.keys = nil, nil, nil
}

// replaced returns the storage key before this one, nil for none.
func (v *vault) replaced() *seal.Key {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.past == nil {
		return nil
	}
	k := seal.Key(*v.past)
	return &k
}

// storage returns the storage key, and the keys that lie under it.
func (v *vault) storage() (seal.Key, *identity.Keys, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key == nil {
		return seal.Key{}, nil, errLocked
	}
	return seal.Key(*v.key), v.keys, nil
}

func (v *vault) open() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.key != nil
}

// sub is a subkey of the storage key, as the store derives its own.
func sub(k *sealer.Key, purpose string) [32]byte {
	s := seal.Key(*k)
	return s.Sub(purpose)
}

// subkey is a key for a purpose of the unlocked box.
func (v *vault) subkey(purpose string) ([32]byte, error) {
	key, _, err := v.storage()
	if err != nil {
		return [32]byte{}, err
	}
	return key.Sub(purpose), nil
}

// opened is what an unlocked vault works with.
type opened struct {
	slots *sealer.File
	key   *sealer.Key
	keys  *identity.Keys
}

// change runs do with the slots, a copy of the storage key, and the keys under it.
func (v *vault) change(do func(o opened) error) error {
	v.work.Lock()
	defer v.work.Unlock()
	v.mu.Lock()
	o := opened{slots: v.slots, keys: v.keys}
	if v.key != nil {
		k := *v.key
		o.key = &k
	}
	v.mu.Unlock()
	if o.key == nil {
		return errLocked
	}
	defer o.key.Wipe()
	return do(o)
}

// setPIN lets a person open the box with the PIN after a start. A development box
// needs none.
func (v *vault) setPIN(ctx context.Context, person clinic.ID, pin string) error {
	if v.development() {
		return nil
	}
	return v.change(func(o opened) error { return o.put(ctx, v.method(person, pin)) })
}

// removePerson keeps a person who left from opening the box.
func (v *vault) removePerson(ctx context.Context, person clinic.ID) error {
	if v.development() {
		return nil
	}
	err := v.change(func(o opened) error { return o.slots.RemoveOwner(ctx, o.key, person) })
	if errors.Is(err, sealer.ErrNoSlot) {
		return nil
	}
	return err
}

// newRecovery makes another recovery code; the old paper opens nothing from then on.
func (v *vault) newRecovery(ctx context.Context) (code spoken.Code, err error) {
	err = v.change(func(o opened) error {
		var m sealer.Method
		code, m = sealer.NewRecovery()
		if err := o.put(ctx, m); err != nil {
			return err
		}
		return o.keys.NewCode(time.Now())
	})
	return code, err
}

// put gives a method its slot, or its slot a new secret.
func (o opened) put(ctx context.Context, m sealer.Method) error {
	err := o.slots.Replace(ctx, o.key, m)
	if errors.Is(err, sealer.ErrNoSlot) {
		_, err = o.slots.AddSlot(ctx, o.key, m)
	}
	return err
}

// restock leaves answers for the telephone with the centre, and returns those that
// it has not confirmed. A box that joined no centre has none.
func (v *vault) restock(ctx context.Context) (map[uint32][]byte, error) {
	e, ok := v.id.Enrolment()
	if !ok || v.development() || v.id.HubKey() == nil {
		return nil, nil
	}
	var out map[uint32][]byte
	err := v.change(func(o opened) (err error) {
		c := escrow.Centre{HPKE: v.id.HubKey(), Box: e.Facility.Box}
		if err := o.slots.Restock(ctx, o.key, sealer.NewTelephone(c)); err != nil {
			return err
		}
		out, err = o.slots.Escrows()
		return err
	})
	return out, err
}

// delivered notes that the centre holds a slot's escrow.
func (v *vault) delivered(ctx context.Context, slot uint32) error {
	return v.change(func(o opened) error { return o.slots.Delivered(ctx, o.key, slot) })
}

// number returns the number under which a person opens the locked box.
func (v *vault) number(person clinic.ID) (uint32, bool) {
	for _, s := range v.list() {
		if s.Owner == person && (s.Kind == sealer.Staff || s.Kind == sealer.TPM) {
			return s.Number, true
		}
	}
	return 0, false
}

// list returns the slots; none while they cannot be read.
func (v *vault) list() []sealer.Slot {
	v.mu.Lock()
	slots := v.slots
	v.mu.Unlock()
	if slots == nil {
		return nil
	}
	list, err := slots.Slots()
	if err != nil {
		return nil
	}
	return list
}

// destroy makes the records of this box unreadable for good: slots, key file and
// closed keys are overwritten, the TPM is cleared where its key is at hand. What is
// open in memory ends with lock.
func (v *vault) destroy(ctx context.Context) error {
	v.work.Lock()
	defer v.work.Unlock()
	v.mu.Lock()
	v.erased = true
	var lock [32]byte
	var tpm bool
	if v.keys != nil {
		lock, tpm = v.keys.TPMLock()
	}
	v.slots = nil
	v.mu.Unlock()
	more := store.KeyFiles(v.cfg.Data.Dir) // useless without the root, unless somebody copied the slots
	if v.development() {
		more = append(more, v.cfg.Seal.KeyFile)
	}
	err := errors.Join(sealer.Erase(v.options(), more...), v.id.EraseClosed())
	if tpm {
		k := sealer.Key(lock)
		if terr := sealer.ClearTPM(ctx, v.bus(), &k); terr != nil {
			err = errors.Join(err, fmt.Errorf("clear the TPM: %w", terr))
		}
	}
	return err
}

// isErased reports whether the centre had the keys of this box destroyed.
func (v *vault) isErased() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.erased
}

// loadKey reads or makes what a development box opens by, and unlocks.
func (v *vault) loadKey(ctx context.Context, create bool) error {
	if v.isErased() {
		return sealer.ErrErased
	}
	if !v.isSetUp() {
		if !create {
			return fmt.Errorf("%w: %w", errNotSetUp, fs.ErrNotExist)
		}
		_, err := v.setUp(ctx, clinic.ID{}, "")
		return err
	}
	return v.unlock(ctx, sealer.NewKeyFile(v.cfg.Seal.KeyFile))
}

// StorageKey returns the storage key of a stopped development box, which is set up
// when it is new: for programs that fill its records.
func StorageKey(ctx context.Context, cfg config.Box) (seal.Key, error) {
	v, err := newVault(cfg)
	if err != nil {
		return seal.Key{}, err
	}
	if err := v.claim(); err != nil {
		return seal.Key{}, err
	}
	defer v.close()
	if err := v.loadKey(ctx, true); err != nil {
		return seal.Key{}, err
	}
	k, _, err := v.storage()
	return k, err
}
