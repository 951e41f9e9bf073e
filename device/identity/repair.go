package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Repair reads the closed keys and the files beside them again. What is in memory is
// written anew where a file does not say the same; of the others the damage is told.
// It returns whether something was wrong, and an error when it still is.
func (n *Keys) Repair() (damaged bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if sealed, rerr := n.box.f.read(fileClosed); rerr != nil || !n.says(sealed) {
		damaged = true
		if err := n.save(); err != nil {
			return true, err
		}
	}
	for _, name := range []string{fileOpen, fileEnrolment, fileTrust, fileOrders} {
		var any map[string]json.RawMessage
		b, rerr := n.box.f.read(name)
		if rerr == nil && json.Unmarshal(b, &any) != nil {
			damaged, err = true, errors.Join(err, fmt.Errorf("%w: %s", ErrDamaged, name))
		}
	}
	return damaged, err
}

// says tells whether a sealed file holds what is in memory.
func (n *Keys) says(sealed []byte) bool {
	plain, err := unseal(n.seal, fileClosed, sealed)
	if err != nil {
		return false
	}
	defer clear(plain)
	want, err := json.Marshal(n.file)
	defer clear(want)
	return err == nil && bytes.Equal(plain, want)
}
