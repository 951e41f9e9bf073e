// Package telephone answers the call of somebody who stands before a box that
// nobody can unlock: the caller reads a challenge, the operator, who must know the
// caller, reads the answer. The box had left the answer in its stream, sealed to the
// centre (internal/escrow).
package telephone

import (
	"context"
	"crypto/hpke"
	"errors"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/internal/escrow"
	"clinicbox/internal/spoken"
)

const atMost = 500 // answers of a box that are looked at, the latest first

// Authority tells which machine had the box's name when, and keeps the history.
type Authority interface {
	Boxes(ctx context.Context) ([]authority.Box, error)
	Note(ctx context.Context, by authority.By, action, object string) error
}

// DB has what boxes left.
type DB interface {
	// Escrows returns the entries, the latest first.
	Escrows(ctx context.Context, box string, n int) ([]hub.Found, error)
}

// Telephone answers. All fields are needed.
type Telephone struct {
	DB        DB
	Authority Authority
	HPKE      hpke.PrivateKey
}

// Answer returns the words to read aloud and writes into the history that they were
// given, first. A mistyped challenge is a *spoken.Error, one that no box of that name
// left is hub.ErrNoAnswer, one of a machine that was stolen hub.ErrStolen.
func (t *Telephone) Answer(ctx context.Context, by authority.By, box, challenge string) (string, error) {
	if _, err := spoken.Parse(challenge, escrow.ChallengeGroups); err != nil {
		return "", err
	}
	found, err := t.DB.Escrows(ctx, box, atMost)
	if err != nil {
		return "", err
	}
	for i := range found {
		answer, ok := t.open(&found[i], challenge)
		if !ok {
			continue
		}
		serial, err := t.machine(ctx, &found[i])
		if err != nil {
			return "", err
		}
		if err := t.Authority.Note(ctx, by, "answer", box+" "+serial); err != nil {
			return "", err
		}
		return answer.Reveal(), nil
	}
	return "", hub.ErrNoAnswer
}

func (t *Telephone) open(f *hub.Found, challenge string) (answer spoken.Code, ok bool) {
	r, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf)
	e, is := r.Body.(*clinic.Escrow)
	if f.Bytes == nil || err != nil || !is {
		return answer, false
	}
	ticket, err := escrow.Open(t.HPKE, f.Box, e.Blob)
	if err != nil {
		return answer, false // not ours, or of another box
	}
	answer, err = ticket.AnswerTo(challenge)
	return answer, err == nil
}

// machine returns the serial of the certificate under which the stream was begun.
// The successor of a stolen machine has its name; the thief must not be answered.
func (t *Telephone) machine(ctx context.Context, f *hub.Found) (serial string, err error) {
	boxes, err := t.Authority.Boxes(ctx)
	if err != nil {
		return "", err
	}
	var then time.Time
	stolen := false
	for i := range boxes {
		b := &boxes[i]
		if b.Facility.Box != f.Box || b.Issued.After(f.Started) || b.Issued.Before(then) {
			continue
		}
		then, serial = b.Issued, b.Serial.String()
		stolen = b.Revoked != nil && b.Revoked.Reason == cert.ReasonStolen
	}
	switch {
	case stolen:
		return "", hub.ErrStolen
	case serial == "":
		return "", errors.Join(hub.ErrNoAnswer, authority.ErrMissing)
	}
	return serial, nil
}
