package archive

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/sync/wire"
)

// Cosignature is one that was verified (C2SP tlog-cosignature).
type Cosignature struct {
	Size uint64    // entries of the own journal that the centre held
	At   time.Time // by the centre's clock
	// Holds reports that the entries of the export are what it held: an export of a part
	// shows that of a checkpoint of the same size only.
	Holds bool
}

// cosigned verifies the log's own signature of the kept checkpoint. Its root is
// compared when that many entries were read.
func (v *verification) cosigned(signed []byte) error {
	c, err := checkpoint.Open(signed, v.m.Key)
	own := &v.rep.Own
	if err != nil || c.Origin != v.rep.Origin || c.Size > own.Size || c.Size == own.Size && c.Root != own.Root {
		return tampered("%s is not of this journal", fileCosigned)
	}
	v.cosign, v.note, v.rep.Witnesses = &c, signed, checkpoint.Witnesses(signed)
	return nil
}

// noteHub remembers the keys of the centre that a certificate names; it may have had
// others before, which signed what it held then.
func (v *verification) noteHub(t *cert.Trust) {
	h, ok := t.Hub()
	if ok && !slices.ContainsFunc(v.hubs, func(o cert.Hub) bool { return o.Receipt.Equal(h.Receipt) && o.Issuer == h.Issuer }) {
		v.hubs = append(v.hubs, h)
	}
}

// centreKeys are the keys that the centre may have cosigned with: the one that who
// verifies knows, or those that the root vouches for.
func (v *verification) centreKeys() (out []ed25519.PublicKey) {
	if v.o.Centre != nil {
		return []ed25519.PublicKey{v.o.Centre}
	}
	for _, h := range v.hubs {
		if !v.rep.Trust.Withdrawn(h.Issuer) {
			out = append(out, h.Receipt)
		}
	}
	return out
}

// countersigned verifies the centre's cosignature of the kept checkpoint. One by a key
// that nothing here tells of stays among the witnesses that were not verified.
func (v *verification) countersigned() error {
	for _, key := range v.centreKeys() {
		by := checkpoint.Cosigner{Name: wire.Witness, Key: key}
		if v.cosign == nil || !checkpoint.Names(v.note, by) {
			continue
		}
		at, ok := checkpoint.Cosigned(v.note, by)
		if !ok {
			return tampered("%s has a broken cosignature of %s", fileCosigned, wire.Witness)
		}
		v.rep.Cosigned = &Cosignature{Size: v.cosign.Size, At: at, Holds: v.m.whole() || v.cosign.Size == v.m.part(clinic.Own).Size}
		if i := slices.Index(v.rep.Witnesses, wire.Witness); i >= 0 {
			v.rep.Witnesses = slices.Delete(v.rep.Witnesses, i, i+1)
		}
		return nil
	}
	if v.o.Centre != nil {
		return fmt.Errorf("%w: that centre cosigned nothing in it", ErrKey)
	}
	return nil
}
