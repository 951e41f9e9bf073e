package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
)

// closedFile is sealed under a subkey of the storage key.
type closedFile struct {
	head
	Identity  []byte     `json:"identity"` // seed
	HPKE      []byte     `json:"hpke"`
	Web       []byte     `json:"web"` // PKCS #8 of the pages' own authority
	TPMLock   []byte     `json:"tpm_lock,omitempty"`
	Pending   *pending   `json:"pending,omitempty"`
	Enrolment *Enrolment `json:"enrolment,omitempty"`
	Code      int64      `json:"code,omitempty"` // when the recovery code was made, Unix seconds
}

// pending is a request whose answer may come weeks later, by boat.
type pending struct {
	Request []byte `json:"request"`
	Code    string `json:"code"`
}

// Keys are what only an unlocked box has. Its methods may be called at the same time;
// Private is not used any more once Wipe is called.
type Keys struct {
	Private *keyfile.Private // identity and HPKE key; the name is the box's once enrolled

	mu   sync.Mutex // before box.mu
	box  *Box
	seal [32]byte
	file closedFile
	web  *ecdsa.PrivateKey
}

// Exists reports whether the closed keys were made.
func (b *Box) Exists() bool {
	_, err := b.f.read(fileClosed)
	return err == nil
}

// Make makes the closed keys under the key: a subkey of a new storage key. What was
// there is overwritten, for no storage key opened it yet.
func (b *Box) Make(key [32]byte) (*Keys, error) {
	k, err := keyfile.Generate("box")
	if err != nil {
		return nil, err
	}
	secret, err := k.HPKE.Bytes()
	if err != nil {
		return nil, fmt.Errorf("identity: HPKE key: %w", err)
	}
	web, err := newP256()
	if err != nil {
		return nil, err
	}
	n := &Keys{box: b, seal: key, file: closedFile{
		head: head{version}, Identity: k.Identity.Seed(), HPKE: secret, Web: web,
	}}
	if err := n.save(); err != nil {
		return nil, err
	}
	return n, n.parse()
}

// Unlock opens the closed keys: by the key, or by one that it has replaced, and closes
// them under the key then. A copy of the enrolment that differs from the sealed one is
// put right and told as ErrChanged: the keys are returned all the same.
func (b *Box) Unlock(key [32]byte, before ...[32]byte) (*Keys, error) {
	sealed, err := b.f.read(fileClosed)
	if err != nil {
		return nil, err
	}
	plain, err := unseal(key, fileClosed, sealed)
	older := false
	for _, k := range before {
		if err != nil {
			plain, err = unseal(k, fileClosed, sealed)
			older = err == nil
		}
	}
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	n := &Keys{box: b, seal: key}
	if err := parse(fileClosed, plain, &n.file); err != nil {
		return nil, err
	}
	if err := n.parse(); err != nil {
		return nil, err
	}
	if older {
		_ = n.save() // a disk that does not take it keeps nobody out: the next unlock does it
	}
	return n, n.compare()
}

// Settle makes sure that the keys are closed under their key, for who is about to replace
// it: the one before it may have closed them still.
func (n *Keys) Settle() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b, err := n.box.f.read(fileClosed); err == nil {
		if plain, err := unseal(n.seal, fileClosed, b); err == nil {
			clear(plain)
			return nil
		}
	}
	return n.save()
}

func (n *Keys) parse() (err error) {
	if len(n.file.Identity) != ed25519.SeedSize {
		return fmt.Errorf("%w: %s", ErrDamaged, fileClosed)
	}
	n.Private = &keyfile.Private{Name: n.name(), Identity: ed25519.NewKeyFromSeed(n.file.Identity)}
	if n.Private.HPKE, err = keyfile.KEM().NewPrivateKey(n.file.HPKE); err != nil {
		return fmt.Errorf("%w: %s", ErrDamaged, fileClosed)
	}
	n.web, err = p256(n.file.Web)
	return err
}

func (n *Keys) name() string {
	if n.file.Enrolment == nil {
		return "box"
	}
	return n.file.Enrolment.Facility.Box
}

// compare makes the public copy what the sealed file says.
func (n *Keys) compare() error {
	e, ok := n.box.Enrolment()
	mine := n.file.Enrolment
	switch {
	case mine == nil && !ok:
		return nil
	case mine == nil:
		if err := durable.Remove(n.box.f.path(fileEnrolment)); err != nil {
			return err
		}
		n.box.forget()
		return ErrChanged
	}
	want, err := json.Marshal(mine)
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	have, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	if string(want) == string(have) {
		return nil
	}
	if err := n.publish(); err != nil {
		return err
	}
	if ok { // a missing copy is the trace of a cut, another one is not
		return ErrChanged
	}
	return nil
}

func (b *Box) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enrol, b.trust = nil, nil
	b.gen++
}

func (n *Keys) publish() error {
	e := *n.file.Enrolment
	err := n.box.f.save(fileEnrolment, enrolFile{head{version}, e})
	if err != nil && !errors.Is(err, syscall.EROFS) { // what counts is sealed, and was read
		return err
	}
	return n.box.take(&e)
}

func (n *Keys) save() error {
	plain, err := json.Marshal(n.file)
	if err != nil {
		return fmt.Errorf("identity: %s: cannot be written", fileClosed)
	}
	defer clear(plain)
	b, err := seal(n.seal, fileClosed, plain)
	if err != nil {
		return err
	}
	return n.box.f.write(fileClosed, b)
}

// Wipe overwrites the keys as far as Go allows.
func (n *Keys) Wipe() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.seal[:])
	clear(n.file.Identity)
	clear(n.file.HPKE)
	clear(n.file.Web)
	clear(n.file.TPMLock)
	if n.Private != nil {
		clear(n.Private.Identity)
	}
}

// TPMLock returns the lock-out key of the TPM, made when there is none. It is
// durable on return: in the sealed file, or before that exists in the open one.
func (b *Box) TPMLock() ([32]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open.TPMLock) == 32 {
		return [32]byte(b.open.TPMLock), nil
	}
	next := b.open
	next.TPMLock = make([]byte, 32)
	rand.Read(next.TPMLock)
	if err := b.f.save(fileOpen, next); err != nil {
		return [32]byte{}, err
	}
	b.open = next
	return [32]byte(next.TPMLock), nil
}

// KeepTPMLock moves the lock-out key into the sealed file.
func (n *Keys) KeepTPMLock() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.box
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open.TPMLock) == 0 {
		return nil
	}
	n.file.TPMLock = append([]byte(nil), b.open.TPMLock...)
	if err := n.save(); err != nil {
		return err
	}
	next := b.open
	next.TPMLock = nil
	if err := b.f.save(fileOpen, next); err != nil {
		return err
	}
	b.open = next
	return nil
}

// TPMLock returns the key that KeepTPMLock kept, false for none.
func (n *Keys) TPMLock() ([32]byte, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.file.TPMLock) != 32 {
		return [32]byte{}, false
	}
	return [32]byte(n.file.TPMLock), true
}

// webParent is the box's own authority, once certified.
func (n *Keys) webParent() (cert.Parent, error) {
	if n.file.Enrolment == nil {
		return cert.Parent{}, ErrStranger
	}
	return cert.NewParent(n.file.Enrolment.Web[0], n.web)
}

func spki(k *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		panic(err) // a P-256 key of ours: cannot fail
	}
	return der
}
