// Package sealertest has the simulated devices of the sealers: a staff card, and
// a TPM in Debian's swtpm.
package sealertest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"clinicbox/device/sealer"
)

// Card is a staff card in a reader. Its methods may be called at the same time.
type Card struct {
	mu     sync.Mutex
	id     []byte
	secret [32]byte
	err    error
	asked  int
}

var _ sealer.Card = (*Card)(nil)

// NewCard returns a card with a random secret.
func NewCard(id string) *Card {
	c := &Card{id: []byte(id)}
	rand.Read(c.secret[:])
	return c
}

// Fail makes the card answer with the error from now on; nil heals it.
func (c *Card) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// Asked is how many challenges the card has answered.
func (c *Card) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// ID implements sealer.Card.
func (c *Card) ID(context.Context) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id, c.err
}

// Answer implements sealer.Card.
func (c *Card) Answer(_ context.Context, challenge [32]byte) (sealer.Key, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return sealer.Key{}, c.err
	}
	c.asked++
	m := hmac.New(sha256.New, c.secret[:])
	m.Write(challenge[:])
	return sealer.Key(m.Sum(nil)), nil
}
