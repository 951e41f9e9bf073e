package card

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// Verdict says in one word what a reading proves. It is a message key.
type Verdict string

// The verdicts, from the best to the worst.
const (
	Genuine      Verdict = "card.proof.genuine"       // signed by a believed issuer, by the very chip
	Signed       Verdict = "card.proof.signed"        // signed by a believed issuer; the chip may be a copy
	Expired      Verdict = "card.proof.expired"       // the same, but a certificate is out of date
	NoRoot       Verdict = "card.proof.no-root"       // read and sound; nobody here vouches for the signer
	NotSupported Verdict = "card.proof.not-supported" // read; its kind of certificate cannot be checked here
	Unsigned     Verdict = "card.proof.unsigned"      // read; the list of hashes is missing or unreadable
	Other        Verdict = "card.proof.other"         // the chip opens with one card's key and holds another's data
	Copied       Verdict = "card.proof.copied"        // sound data on a chip that is not the one they were written to
	Altered      Verdict = "card.proof.altered"       // data or signature do not fit
)

// Verdicts lists every verdict, for the catalogues' test.
func Verdicts() []Verdict {
	return []Verdict{Genuine, Signed, Expired, NoRoot, NotSupported, Unsigned, Other, Copied, Altered}
}

// Check is one thing that was looked at. It is a message key.
type Check string

// The checks, in their order.
const (
	CheckKey       Check = "card.check.key"       // the zone on the chip is that of the key
	CheckHashes    Check = "card.check.hashes"    // each data group that was read has the signed hash
	CheckSignature Check = "card.check.signature" // the list of hashes is signed by the certificate on the chip
	CheckChain     Check = "card.check.chain"     // that certificate is signed by a believed issuer
	CheckDates     Check = "card.check.dates"     // both certificates are valid now
	CheckChip      Check = "card.check.chip"      // the chip has the key that was signed with the data
)

// Checks lists every check, for the catalogues' test.
func Checks() []Check {
	return []Check{CheckKey, CheckHashes, CheckSignature, CheckChain, CheckDates, CheckChip}
}

// Outcome is what came of a check. It is a message key.
type Outcome string

// The outcomes. All but the first two say why a check was not made.
const (
	Held          Outcome = "card.outcome.held"
	Failed        Outcome = "card.outcome.failed"
	NoIssuer      Outcome = "card.outcome.no-root"       // no root for this issuer
	UnknownKind   Outcome = "card.outcome.not-supported" // certificate, key or algorithm of another kind
	NothingThere  Outcome = "card.outcome.nothing"       // the card has nothing to check
	Declined      Outcome = "card.outcome.declined"      // the chip would not; a copy would do the same
	NotApplicable Outcome = "card.outcome.not-made"      // an earlier check did not hold, or no trusted clock
)

// Outcomes lists every outcome, for the catalogues' test.
func Outcomes() []Outcome {
	return []Outcome{Held, Failed, NoIssuer, UnknownKind, NothingThere, Declined, NotApplicable}
}

// Step is a check with its outcome.
type Step struct {
	Check   Check
	Outcome Outcome
}

// Proof says exactly what was proven.
type Proof struct {
	Verdict Verdict
	Steps   []Step // each check once, in the order of Checks
}

// Of returns the outcome of a check.
func (p Proof) Of(c Check) Outcome {
	for _, s := range p.Steps {
		if s.Check == c {
			return s.Outcome
		}
	}
	return NotApplicable
}

// prove makes all checks. Only the chip's own needs the card.
func (r *Reading) prove(ctx context.Context, l *line, k Key, o Opts) error {
	out := map[Check]Outcome{CheckKey: held(k.password == byCAN || r.MRZ.Key() == k)}
	if k.password == byCAN {
		out[CheckKey] = NothingThere
	}
	s, readable := parseSOD(r.sod)
	if !readable {
		s = nil
	}
	r.passive(s, o, out)
	var err error
	out[CheckChip], err = r.chip(ctx, l, o)
	if err != nil {
		return err
	}
	if out[CheckChip] == NothingThere && s != nil && (s.groups[14] != nil || s.groups[15] != nil) {
		out[CheckChip] = Declined // the chip's keys are listed, and this one does not show them
	}
	for _, c := range Checks() {
		r.Proof.Steps = append(r.Proof.Steps, Step{c, out[c]})
	}
	r.Proof.Verdict = verdict(out)
	return nil
}

func held(ok bool) Outcome {
	if ok {
		return Held
	}
	return Failed
}

// verdict is the worst of what was found, and the best of what was proven.
func verdict(out map[Check]Outcome) Verdict {
	sound := out[CheckHashes] == Held && out[CheckSignature] == Held
	switch {
	case out[CheckHashes] == Failed, out[CheckSignature] == Failed:
		return Altered
	case out[CheckKey] == Failed:
		return Other
	case out[CheckChip] == Failed:
		return Copied
	case out[CheckHashes] == NothingThere:
		return Unsigned
	case !sound, out[CheckChain] == UnknownKind:
		return NotSupported
	case out[CheckChain] != Held:
		return NoRoot
	case out[CheckDates] == Failed:
		return Expired
	case out[CheckChip] == Held:
		return Genuine
	}
	return Signed
}

// passive is passive authentication (9303-11 section 5.1); s is nil when the card has
// no list of hashes that can be read.
func (r *Reading) passive(s *sod, o Opts, out map[Check]Outcome) {
	for _, c := range []Check{CheckHashes, CheckSignature, CheckChain, CheckDates} {
		out[c] = NotApplicable
	}
	if s == nil {
		out[CheckHashes] = NothingThere
		return
	}
	if out[CheckHashes] = r.hashes(s); out[CheckHashes] == Failed {
		return
	}
	var signer *certificate
	if signer, out[CheckSignature] = s.verify(); out[CheckSignature] != Held {
		return
	}
	var issuer *certificate
	if issuer, out[CheckChain] = signer.chain(o.Roots.of(r.MRZ.Issuer)); out[CheckChain] == Held {
		out[CheckDates] = dates(o.At, signer, issuer)
	}
}

// hashes compares what was read with the list. A data group that is not listed is not
// vouched for, and nobody may take it for signed.
func (r *Reading) hashes(s *sod) Outcome {
	if !s.hash.Available() {
		return UnknownKind
	}
	for n, data := range r.files {
		h := s.hash.New()
		h.Write(data)
		if !bytes.Equal(h.Sum(nil), s.groups[n]) {
			return Failed
		}
	}
	return Held
}

// verify returns the certificate by whose key the list is signed.
func (s *sod) verify() (*certificate, Outcome) {
	if !s.digest.Available() {
		return nil, UnknownKind
	}
	if !s.bound() {
		return nil, Failed
	}
	a := algorithmOf(s.algorithm)
	if a.hash == 0 {
		a.hash = s.digest
	}
	tried := false
	for _, der := range s.certs[:min(len(s.certs), 8)] {
		c, err := parseCertificate(der)
		if err != nil || !c.keyOK || !c.key.fits(a) {
			continue
		}
		if tried = true; c.key.verify(a, s.signed(), s.signature) {
			return c, Held
		}
	}
	if tried {
		return nil, Failed
	}
	return nil, UnknownKind
}

// chain finds the root that signed the signer's certificate. Keys count, not names:
// issuers keep names when they change keys, and spell them in different ways.
func (c *certificate) chain(roots []*certificate) (*certificate, Outcome) {
	a := algorithmOf(c.algorithm)
	if c.otherPurposes || a.hash == 0 {
		return nil, UnknownKind
	}
	i := slices.IndexFunc(roots, func(r *certificate) bool {
		return r.key.fits(a) && r.key.verify(a, c.tbs, c.signature)
	})
	if i < 0 {
		return nil, NoIssuer
	}
	return roots[i], Held
}

func dates(at time.Time, certs ...*certificate) Outcome {
	if at.IsZero() {
		return NotApplicable
	}
	for _, c := range certs {
		if !c.validAt(at) {
			return Failed
		}
	}
	return Held
}
