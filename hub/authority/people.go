package authority

import (
	"context"
	"errors"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// Person is a person's certificate as kept. Names are not here.
type Person struct {
	Person   clinic.ID
	Role     clinic.Role
	Facility string
	Serial   cert.Serial
	Cert     []byte // Person, or Provisional as it came
	Decision []byte // Ratification, for a provisional one
	Accepted bool
	Issued   time.Time
}

// Certify issues for a person's own request. The same request again gets the same
// certificate.
func (a *Authority) Certify(ctx context.Context, by By, request []byte) (raw []byte, err error) {
	r, err := cert.OpenPersonRequest(request)
	if err != nil {
		return nil, err
	}
	asked := cert.DigestOf(request).String()
	err = a.o.Store.Update(ctx, func(tx Tx) error {
		var p Person
		if err := get(tx, tableAsked, asked, &p); err == nil {
			raw = p.Cert
			return nil
		} else if !errors.Is(err, ErrMissing) {
			return err
		}
		v := cert.Person{Issuer: a.issuer, Serial: cert.NewSerial(), Person: r.Person, Role: r.Role, Facility: r.Facility, Key: r.Key}
		if raw, err = cert.Sign(a.o.Keys.Issuing, v); err != nil {
			return err
		}
		if err := claimKey(tx, cert.IDOf(r.Key), v.Serial); err != nil {
			return err
		}
		p = Person{Person: r.Person, Role: r.Role, Facility: r.Facility, Serial: v.Serial, Cert: raw, Issued: a.o.Now()}
		if err := put(tx, tableAsked, asked, p); err != nil {
			return err
		}
		return a.enterPerson(tx, by, p, "certify")
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

func (a *Authority) enterPerson(tx Tx, by By, p Person, what string) error {
	if err := put(tx, tablePeople, p.Facility+"/"+p.Serial.String(), p); err != nil {
		return err
	}
	if err := put(tx, tableSerials, p.Serial.String(), p.Facility); err != nil {
		return err
	}
	return a.note(tx, by, event{what: what, object: p.Person.String() + " " + p.Serial.String()})
}

// Ratify makes a provisional certificate as good as the centre's own. chain is the
// certificate and those of who vouched, as boxes keep it. Whoever vouched must
// have had the right then.
func (a *Authority) Ratify(ctx context.Context, by By, chain ...[]byte) ([]byte, error) {
	return a.decide(ctx, by, true, chain)
}

// Reject ends a provisional certificate: nothing that its key signed is good.
func (a *Authority) Reject(ctx context.Context, by By, provisional []byte) ([]byte, error) {
	return a.decide(ctx, by, false, [][]byte{provisional})
}

func (a *Authority) decide(ctx context.Context, by By, accepted bool, chain [][]byte) (raw []byte, err error) {
	if len(chain) == 0 {
		return nil, cert.ErrForm
	}
	v, r, err := cert.ReadProvisional(chain[0])
	if err != nil {
		return nil, err
	}
	err = a.o.Store.Update(ctx, func(tx Tx) error {
		var done record[cert.Ratification]
		if err := get(tx, tableRatify, v.Serial.String(), &done); err == nil {
			if done.V.Digest != cert.DigestOf(chain[0]) || done.V.Accepted != accepted {
				return cert.ErrNotProvisional
			}
			raw = done.Raw
			return nil
		} else if !errors.Is(err, ErrMissing) {
			return err
		}
		if accepted {
			if err := a.mayRatify(tx, r, chain); err != nil {
				return err
			}
			if err := claimKey(tx, cert.IDOf(r.Key), v.Serial); err != nil {
				return err
			}
		}
		p := Person{Person: r.Person, Role: r.Role, Facility: r.Facility, Serial: v.Serial, Cert: chain[0], Accepted: accepted, Issued: a.o.Now()}
		raw, err = a.ratification(tx, by, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

func (a *Authority) mayRatify(tx Tx, r cert.PersonRequest, chain [][]byte) error {
	t, err := a.trust(tx, r.Facility)
	if err != nil {
		return err
	}
	if err := decisions(tx, t, chain); err != nil {
		return err
	}
	_, err = t.Member(cert.WantMember{Facility: r.Facility, At: cert.Now}, chain...)
	return err
}

// decisions adds what was decided of those who vouched, who may be provisional.
func decisions(tx Tx, t *cert.Trust, chain [][]byte) error {
	for _, raw := range chain[1:] {
		v, _, err := cert.ReadProvisional(raw)
		if err != nil {
			continue // another kind; Member judges it
		}
		var done record[cert.Ratification]
		if err := get(tx, tableRatify, v.Serial.String(), &done); errors.Is(err, ErrMissing) {
			continue
		} else if err != nil {
			return err
		}
		if t.Withdrawn(done.V.Issuer) {
			continue
		}
		if err := t.Add(done.Raw); err != nil {
			return err
		}
	}
	return nil
}

// ratification signs the decision and enters the person.
func (a *Authority) ratification(tx Tx, by By, p Person) ([]byte, error) {
	v := cert.Ratification{Issuer: a.issuer, Serial: p.Serial, Digest: cert.DigestOf(p.Cert), Accepted: p.Accepted, Facility: p.Facility}
	raw, err := cert.Sign(a.o.Keys.Issuing, v)
	if err != nil {
		return nil, err
	}
	if err := put(tx, tableRatify, p.Serial.String(), record[cert.Ratification]{v, raw}); err != nil {
		return nil, err
	}
	p.Decision = raw
	what := "ratify"
	if !p.Accepted {
		what = "reject"
	}
	return raw, a.enterPerson(tx, by, p, what)
}

// People returns the certificates of a facility's people, in order of issue.
func (a *Authority) People(ctx context.Context, facility string) (out []Person, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) (err error) {
		out, err = list[Person](tx, tablePeople, facility+"/")
		return err
	})
	slices.SortStableFunc(out, func(x, y Person) int { return x.Issued.Compare(y.Issued) })
	return out, err
}
