package registrar

import (
	"context"
	"errors"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// Tell queues for every box in service what its facility's statements have that it
// was not told yet.
func (r *Registrar) Tell(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	head, err := r.o.Authority.Head(ctx)
	if err != nil || head == r.done {
		return err
	}
	boxes, err := r.o.Authority.Boxes(ctx)
	if err != nil {
		return err
	}
	sets := map[string]*set{}
	var errs []error
	for _, b := range Holders(boxes) {
		if b.Revoked != nil {
			continue
		}
		s := sets[b.Facility.Code]
		if s == nil {
			if s, err = r.statements(ctx, b.Facility.Code); err != nil {
				return err
			}
			sets[b.Facility.Code] = s
		}
		errs = append(errs, r.tell(ctx, b.Facility.Box, s))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.done = head
	return nil
}

// set is what all boxes of a facility must hold.
type set struct {
	raw     [][]byte
	digests [][32]byte
	sum     cert.Digest
}

func (r *Registrar) statements(ctx context.Context, facility string) (*set, error) {
	raw, err := r.o.Authority.Statements(ctx, facility)
	if err != nil {
		return nil, err
	}
	people, err := r.o.Authority.People(ctx, facility)
	if err != nil {
		return nil, err
	}
	s := &set{raw: raw}
	for _, p := range people {
		if p.Decision != nil {
			s.raw = append(s.raw, p.Decision)
		} else {
			s.raw = append(s.raw, p.Cert)
		}
	}
	var all []byte
	for _, b := range s.raw {
		d := cert.DigestOf(b)
		s.digests, all = append(s.digests, d), append(all, d[:]...)
	}
	s.sum = cert.DigestOf(all)
	return s, nil
}

// errUntold ends a transaction that only looked.
var errUntold = errors.New("registrar: not told yet")

func (r *Registrar) tell(ctx context.Context, box string, s *set) error {
	if r.told[box] == s.sum {
		return nil
	}
	small := &set{}
	for i, raw := range s.raw {
		if len(raw) > r.o.Room { // a long list of what is revoked
			if err := r.order(ctx, box, raw); err != nil {
				return err
			}
			continue
		}
		small.raw, small.digests = append(small.raw, raw), append(small.digests, s.digests[i])
	}
	n, err := r.o.DB.Tell(ctx, box, small.digests, func(i int) (hub.Down, error) { return r.encode(small.raw[i]) })
	if err != nil {
		return err
	}
	if n > 0 {
		r.o.Log.Info("statements queued", "box", box, "count", n)
	}
	r.told[box] = s.sum
	return nil
}

func (r *Registrar) encode(raw []byte) (hub.Down, error) {
	now := r.o.Now()
	es, err := r.o.Encode(now, []clinic.Draft{{
		Kind: clinic.KindStatement, Subject: clinic.StatementSubject(), Event: now.Truncate(time.Second), Body: &clinic.Statement{Raw: raw},
	}})
	if err != nil {
		return hub.Down{}, err
	}
	return es[0], nil
}

// order brings a list to a box as a command. A crash between the command and the
// note that it was given repeats it, which does no harm.
func (r *Registrar) order(ctx context.Context, box string, raw []byte) error {
	digest := [][32]byte{cert.DigestOf(raw)}
	_, err := r.o.DB.Tell(ctx, box, digest, func(int) (hub.Down, error) { return hub.Down{}, errUntold })
	if !errors.Is(err, errUntold) {
		return err
	}
	by := authority.By{Operator: "registrar", Reason: "list too long for an entry"}
	if _, err := r.o.Authority.Command(ctx, by, box, authority.Order{Op: cert.OpRevocations, Args: raw}); err != nil {
		return err
	}
	_, err = r.o.DB.Tell(ctx, box, digest, func(int) (hub.Down, error) { return hub.Down{}, nil })
	return err
}
