package card

import (
	"bytes"
	"crypto"
	"encoding/asn1"
)

// sod is the signed list of hashes of the data groups (9303-10 section 4.6.2), taken
// apart and not yet believed.
type sod struct {
	content   []byte // what the hashes stand in
	hash      crypto.Hash
	groups    map[int][]byte // hashes
	certs     [][]byte
	digest    crypto.Hash // of content and of signed attributes
	attrs     []byte      // signed attributes as a SET, nil when content is signed bare
	algorithm []byte      // AlgorithmIdentifier
	signature []byte
}

const (
	derSequence = 0x30
	derSet      = 0x31
	derOctets   = 0x04
	derOID      = 0x06
)

func oidSignedData() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
}

func oidSecurityObject() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1} }

func oidContentType() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
}

func oidMessageDigest() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
}

// parseSOD takes EF.SOD apart; false when it is not CMS with one signer over a security
// object of data groups.
func parseSOD(ef []byte) (*sod, bool) {
	body, ok := child(ef, tagSOD)
	if !ok {
		return nil, false
	}
	info, err := objects(body)
	if err != nil || len(info) != 1 || info[0].tag != derSequence {
		return nil, false
	}
	parts, err := objects(info[0].value)
	if err != nil || len(parts) != 2 || !isOID(parts[0], oidSignedData()) || parts[1].tag != 0xA0 {
		return nil, false
	}
	inner, err := objects(parts[1].value)
	if err != nil || len(inner) != 1 || inner[0].tag != derSequence {
		return nil, false
	}
	s := &sod{}
	return s, s.signedData(inner[0].value)
}

// signedData is RFC 5652 section 5.1.
func (s *sod) signedData(b []byte) bool {
	list, err := objects(b)
	if err != nil || len(list) < 4 {
		return false
	}
	signers := list[len(list)-1]
	for _, o := range list[3 : len(list)-1] {
		if o.tag != 0xA0 {
			continue // revocation lists
		}
		certs, err := objects(o.value)
		if err != nil {
			return false
		}
		for _, c := range certs {
			s.certs = append(s.certs, c.whole)
		}
	}
	one, err := objects(signers.value)
	if err != nil || signers.tag != derSet || len(one) != 1 {
		return false
	}
	return s.encapsulated(list[2]) && s.signer(one[0].value)
}

func (s *sod) encapsulated(o object) bool {
	list, err := objects(o.value)
	if err != nil || len(list) != 2 || !isOID(list[0], oidSecurityObject()) || list[1].tag != 0xA0 {
		return false
	}
	octets, ok := child(list[1].value, derOctets)
	s.content = octets
	return ok && s.hashes(octets)
}

// hashes reads LDSSecurityObject.
func (s *sod) hashes(b []byte) bool {
	in, ok := child(b, derSequence)
	if !ok {
		return false
	}
	list, err := objects(in)
	if err != nil || len(list) < 3 || list[2].tag != derSequence {
		return false
	}
	groups, err := objects(list[2].value)
	if err != nil || len(groups) == 0 || len(groups) > 16 {
		return false
	}
	s.hash = hashOf(list[1])
	s.groups = map[int][]byte{}
	for _, g := range groups {
		p, err := objects(g.value)
		if err != nil || len(p) != 2 || len(p[0].value) != 1 || p[1].tag != derOctets {
			return false
		}
		n := int(p[0].value[0])
		if _, twice := s.groups[n]; twice || n < 1 || n > 16 {
			return false
		}
		s.groups[n] = p[1].value
	}
	return true
}

// signer is SignerInfo of RFC 5652 section 5.3.
func (s *sod) signer(b []byte) bool {
	list, err := objects(b)
	if err != nil || len(list) < 5 {
		return false
	}
	s.digest = hashOf(list[2])
	rest := list[3:]
	if rest[0].tag == 0xA0 {
		if !s.attributes(rest[0]) {
			return false
		}
		rest = rest[1:]
	}
	if len(rest) < 2 || rest[0].tag != derSequence || rest[1].tag != derOctets {
		return false
	}
	s.algorithm, s.signature = rest[0].whole, rest[1].value
	return true
}

// attributes keeps the signed attributes as what is signed: a SET instead of [0].
func (s *sod) attributes(o object) bool {
	s.attrs = bytes.Clone(o.whole)
	s.attrs[0] = derSet
	return s.attribute(oidContentType()) != nil
}

// attribute returns the single value of a signed attribute, nil when there is none or
// more than one.
func (s *sod) attribute(oid asn1.ObjectIdentifier) (value []byte) {
	set, _ := child(s.attrs, derSet)
	list, err := objects(set)
	if err != nil {
		return nil
	}
	for _, a := range list {
		p, err := objects(a.value)
		if err != nil || len(p) != 2 || !isOID(p[0], oid) {
			continue
		}
		v, err := objects(p[1].value)
		if err != nil || len(v) != 1 || value != nil {
			return nil
		}
		value = v[0].value
	}
	return value
}

// bound reports whether the signed attributes, when there are any, are of this content.
func (s *sod) bound() bool {
	if s.attrs == nil {
		return true
	}
	h := s.digest.New()
	h.Write(s.content)
	return bytes.Equal(s.attribute(oidMessageDigest()), h.Sum(nil)) &&
		bytes.Equal(s.attribute(oidContentType()), oidBytes(oidSecurityObject()))
}

// signed is what the signature is over.
func (s *sod) signed() []byte {
	if s.attrs != nil {
		return s.attrs
	}
	return s.content
}

func isOID(o object, oid asn1.ObjectIdentifier) bool {
	return o.tag == derOID && bytes.Equal(o.value, oidBytes(oid))
}

// listedGroups returns the data groups of a SOD, nil when it cannot be read.
func listedGroups(ef []byte) (list []int) {
	s, ok := parseSOD(ef)
	if !ok {
		return nil
	}
	for n := range s.groups {
		list = append(list, n)
	}
	return list
}
