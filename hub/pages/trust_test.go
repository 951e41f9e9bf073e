package pages_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/merge"
	"clinicbox/hub/pages"
	"clinicbox/internal/cert"
	"clinicbox/internal/spoken"
)

// trust is a real authority over a store in memory, and fakes of what boxes send.
type trust struct {
	*hubtest.Centre
	t     *testing.T
	store *authoritytest.Memory
	beats beats
	keys  keys
	calls calls
}

func newTrust(t *testing.T, now func() time.Time) *trust {
	t.Helper()
	c := &trust{t: t, store: authoritytest.NewMemory(), beats: beats{}}
	c.Centre = hubtest.NewCentre(t.Context(), c.store, now)
	c.keys.centre, c.calls.centre = c.Centre, c.Centre
	return c
}

// pages is nil for a nil trust.
func (c *trust) pages(desk *merge.Merge) *pages.Trust {
	if c == nil {
		return nil
	}
	return &pages.Trust{
		Registry: c.Authority, Enrolment: c.Authority, Commands: c.Authority, Audit: c.Authority, Roots: c.Authority, Beats: c.beats, Waiting: &c.keys, Telephone: &c.calls, Patients: desk,
	}
}

// beats are last heartbeats by serial.
type beats map[string]hub.Beat

func (b beats) Beats(context.Context) (map[string]hub.Beat, error) { return b, nil }

func (b beats) say(m *hubtest.Machine, s cert.State, obeyed uint64, at time.Time) {
	serial := m.Serial().String()
	b[serial] = hub.Beat{Box: m.Keys.Name, Serial: serial, N: 1, At: at, State: int(s), Obeyed: obeyed, Agent: "1.2.0"}
}

// keys are what waits for a decision; decided ones leave, as the contract says.
type keys struct {
	centre *hubtest.Centre
	all    []hub.Credential
	did    []string
}

func (k *keys) Waiting(_ context.Context, facility string) (out []hub.Credential, err error) {
	for _, c := range k.all {
		if facility == "" || c.Facility == facility {
			out = append(out, c)
		}
	}
	return out, nil
}

func (k *keys) Certify(ctx context.Context, by authority.By, digest string) error {
	return k.decide("certify "+by.Reason, digest, func(c hub.Credential) error {
		_, err := k.centre.Certify(ctx, by, c.Request)
		return err
	})
}

func (k *keys) Ratify(ctx context.Context, by authority.By, digest string) error {
	return k.decide("ratify", digest, func(c hub.Credential) error {
		_, err := k.centre.Ratify(ctx, by, c.Chain...)
		return err
	})
}

func (k *keys) Reject(ctx context.Context, by authority.By, digest string) error {
	return k.decide("reject", digest, func(c hub.Credential) error {
		if c.Serial == "" {
			return k.centre.Note(ctx, by, "turn down", c.Digest)
		}
		_, err := k.centre.Reject(ctx, by, c.Chain[0])
		return err
	})
}

func (k *keys) decide(what, digest string, f func(hub.Credential) error) error {
	i := slices.IndexFunc(k.all, func(c hub.Credential) bool { return c.Digest == digest })
	if i < 0 {
		return hub.ErrCredential
	}
	if err := f(k.all[i]); err != nil {
		return err
	}
	k.did = append(k.did, what)
	k.all = slices.Delete(k.all, i, i+1)
	return nil
}

// bring adds a person's key, with the certificates of who vouched.
func (k *keys) bring(p *hubtest.Person, box string, at time.Time, chain ...[]byte) string {
	r, err := cert.OpenPersonRequest(p.Request)
	if err != nil {
		panic(err)
	}
	c := hub.Credential{
		Box: box, At: at, Person: r.Person, Role: r.Role, Facility: r.Facility, Request: p.Request, Chain: chain,
		Digest: cert.DigestOf(p.Request).String(),
	}
	if len(chain) > 0 {
		v, _, err := cert.ReadProvisional(chain[0])
		if err != nil {
			panic(err)
		}
		c.Serial = v.Serial.String()
	}
	k.all = append(k.all, c)
	return c.Digest
}

// calls answers one challenge.
type calls struct {
	centre    *hubtest.Centre
	challenge spoken.Code
	answer    spoken.Code
}

func (c *calls) Answer(ctx context.Context, by authority.By, box, challenge string) (string, error) {
	got, err := spoken.Parse(challenge, 2)
	if err != nil {
		return "", err
	}
	if got.Reveal() != c.challenge.Reveal() {
		return "", hub.ErrNoAnswer
	}
	return c.answer.Reveal(), c.centre.Note(ctx, by, "answer", box)
}

// invitation is one that fills every field.
func invitation(box string) authority.Invitation {
	return authority.Invitation{Facility: clinic.Facility{
		Code: "22736", Name: "Trạm Y tế xã Đảo Mẫu", Governing: "Trung tâm Y tế huyện Mẫu", Address: "Thôn Mẫu, xã Đảo Mẫu",
		Phone: "0203 000 0000", Site: "Điểm chính", Box: box, Book: "a",
	}}
}

// join brings a box in.
func (c *trust) join(box string) *hubtest.Machine {
	c.t.Helper()
	return c.Join(c.t.Context(), invitation(box))
}

// count is how many entries of the history have the action.
func (c *trust) count(action string) (n int) {
	c.t.Helper()
	for raw, err := range c.History(c.t.Context()) {
		if err != nil {
			c.t.Fatal(err)
		}
		if h, err := cert.Unverified[cert.History](raw); err == nil && h.Action == action {
			n++
		}
	}
	return n
}

// last is the last entry of the history.
func (c *trust) last() (h cert.History) {
	c.t.Helper()
	for raw, err := range c.History(c.t.Context()) {
		if err != nil {
			c.t.Fatal(err)
		}
		h, _ = cert.Unverified[cert.History](raw)
	}
	return h
}

// admin is somebody of the facility whom the centre certified as administrator.
func (c *trust) admin() (key ed25519.PrivateKey, raw []byte, serial cert.Serial) {
	c.t.Helper()
	p := hubtest.NewPerson("22736", clinic.RoleAdministrator)
	raw, err := c.Certify(c.t.Context(), c.By, p.Request)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := cert.Unverified[cert.Person](raw)
	if err != nil {
		c.t.Fatal(err)
	}
	return p.Key, raw, v.Serial
}

// historyKey is where an entry lies in the store.
func historyKey(seq int) string { return fmt.Sprintf("%020d", seq) }

// between returns what stands between two marks.
func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, s, ok := strings.Cut(s, from)
	s, _, ok2 := strings.Cut(s, to)
	if !ok || !ok2 {
		t.Fatalf("the page lacks %q … %q", from, to)
	}
	return s
}
