package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
)

// Repair reads the files of the folder again. What is in memory is written anew where a
// file does not say the same. It returns whether something was wrong, and an error when
// it still is.
func (n *Keys) Repair() (damaged bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.box.mu.Lock()
	defer n.box.mu.Unlock()
	damaged, n.box.lacked = n.box.lacked, false // the records brought it back since
	for _, name := range Files() {
		if n.check(name) != nil {
			damaged = true
			err = errors.Join(err, n.again(name))
		}
	}
	return damaged, err
}

// Read returns a file of the folder as it is there, and ErrDamaged with it when it does
// not say what is in memory.
func (n *Keys) Read(name string) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.box.mu.Lock()
	defer n.box.mu.Unlock()
	b, err := n.box.f.read(name)
	if err == nil && !n.says(name, b) {
		err = fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	return b, err
}

// check reads a file, which may be missing when there is nothing to say.
func (n *Keys) check(name string) error {
	b, err := n.box.f.read(name)
	if errors.Is(err, fs.ErrNotExist) && n.holds(name) == nil {
		return nil
	}
	if err == nil && !n.says(name, b) {
		err = ErrDamaged
	}
	return err
}

// holds is what a file must say; nil when there is no such file.
func (n *Keys) holds(name string) any {
	b := n.box
	switch {
	case name == fileClosed:
		return n.file
	case name == fileOpen:
		return b.open
	case name == fileEnrolment && n.file.Enrolment != nil:
		return enrolFile{head{version}, *n.file.Enrolment}
	case name == fileTrust && b.learnt && b.trust != nil:
		return trustFile{head{version}, b.trust.Statements()}
	case name == fileOrders && b.orders != ordersFile{}:
		return b.orders
	}
	return nil
}

// says tells whether the bytes of a file hold what is in memory.
func (n *Keys) says(name string, b []byte) bool {
	var there any
	switch name {
	case fileClosed:
		plain, err := unseal(n.seal, fileClosed, b)
		if err != nil {
			return false
		}
		defer clear(plain)
		b, there = plain, new(closedFile)
	case fileOpen:
		there = new(openFile)
	case fileEnrolment:
		there = new(enrolFile)
	case fileTrust:
		return n.box.trusts(b)
	case fileOrders:
		there = new(ordersFile)
	}
	if parse(name, b, there) != nil {
		return false
	}
	want, err1 := json.Marshal(n.holds(name))
	have, err2 := json.Marshal(there)
	defer clear(want)
	defer clear(have)
	return err1 == nil && err2 == nil && bytes.Equal(have, want)
}

// again writes a file from memory.
func (n *Keys) again(name string) error {
	switch v := n.holds(name); {
	case name == fileClosed:
		return n.save()
	case v == nil: // somebody put it there
		return durable.Remove(n.box.f.path(name))
	default:
		return n.box.f.save(name, v)
	}
}

// trusts tells whether bytes are a trust file of which nothing is lost. With b.mu held.
func (b *Box) trusts(raw []byte) bool {
	var file trustFile
	if b.trust == nil || parse(fileTrust, raw, &file) != nil {
		return false
	}
	t, err := cert.LoadTrust(b.trust.Root(), b.trust.Statements())
	if err != nil {
		return false
	}
	for _, s := range file.Statements {
		if err := t.Add(s); err != nil && !overtaken(err) {
			return false
		}
	}
	for _, s := range b.trust.Statements() {
		known := func(raw []byte) bool { return bytes.Equal(raw, s) }
		if !slices.ContainsFunc(file.Statements, known) && !slices.ContainsFunc(b.enrol.Statements, known) {
			return false
		}
	}
	return true
}

// overtaken tells that a statement is as it was written and has no force any more.
func overtaken(err error) bool {
	return errors.Is(err, cert.ErrReplayed) || errors.Is(err, cert.ErrIssuer) || errors.Is(err, cert.ErrNotProvisional)
}
