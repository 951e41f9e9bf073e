package sim

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/ec"
	"clinicbox/internal/fold"
)

// PACEOffer is a way to open the chip: suite 1 is 3DES, 2 to 4 AES-128 to AES-256;
// parameter 12 is P-256, 13 brainpoolP256r1, 15 to 18 larger curves.
type PACEOffer struct{ Suite, Parameter int }

func (o PACEOffer) curve() *ec.Curve {
	return ec.ByName(map[int]string{
		12: "P-256", 13: "brainpoolP256r1", 15: "P-384", 16: "brainpoolP384r1", 17: "brainpoolP512r1", 18: "P-521",
	}[o.Parameter])
}

// CardSpec is what is written on a card and what its chip can do.
type CardSpec struct {
	Issuer   string // three letters
	Number   string // twelve digits; the last nine are the document's number
	Surname  string // capital letters, as the zone has them
	Given    string
	Birth    clinic.Date
	Expiry   clinic.Date
	Sex      clinic.Sex
	Items    map[int][]string // DG13; none = no such group
	Details  map[int]string   // DG11 by tag; none = no such group
	Photo    []byte           // DG2; none = no such group
	Fingers  bool             // DG3, for other readers
	CAN      string
	PACE     []PACEOffer
	BAC      bool
	Active   string         // active authentication: "", "rsa", or a curve's name
	Suite    int            // of chip authentication over P-256; 0 = none
	Copy     bool           // the chip lacks the keys of the card whose data it holds
	Signer   *CardAuthority // nil = no security object
	OtherKey string         // opens with this document number instead, nine digits
}

// CitizenCard is the card of an invented person, with all that a Vietnamese card has
// and PACE over brainpoolP256r1 with AES-128. Its chip proves itself.
func CitizenCard(p *clinic.Patient, number string, signer *CardAuthority) CardSpec {
	words := strings.Fields(strings.ToUpper(fold.String(p.Name)))
	date := func(d clinic.Date) string { return fmt.Sprintf("%02d/%02d/%04d", d.Day, d.Month, d.Year) }
	expiry := clinic.Date{Year: 2041, Month: 3, Day: 14}
	return CardSpec{
		Issuer: "VNM", Number: number, Surname: words[0], Given: strings.Join(words[1:], " "),
		Birth: p.Birth, Expiry: expiry, Sex: p.Sex, CAN: "314159", BAC: true, Fingers: true,
		PACE: []PACEOffer{{2, 13}}, Active: "P-256", Signer: signer,
		Items: map[int][]string{
			1: {number}, 2: {p.Name}, 3: {date(p.Birth)}, 4: {map[clinic.Sex]string{clinic.SexMale: "Nam", clinic.SexFemale: "Nữ"}[p.Sex]}, 5: {"Việt Nam"}, 6: {"Kinh"}, 7: {"Không"},
			8: {p.Address}, 9: {p.Address}, 10: {"Sẹo chấm"}, 11: {"14/03/2021"}, 12: {date(expiry)}, 13: {"Người Cha", "Người Mẹ"},
		},
	}
}

func checkDigit(s string) string {
	sum := 0
	for i, r := range s {
		v := strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", r)
		sum += max(v, 0) * []int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}

func fill(s string, n int) string {
	s = strings.ReplaceAll(s, " ", "<") + strings.Repeat("<", n)
	return s[:n]
}

func short(d clinic.Date) string { return fmt.Sprintf("%02d%02d%02d", d.Year%100, d.Month, d.Day) }

// Zone is the card's machine-readable zone: three lines.
func (s CardSpec) Zone() string {
	doc, birth, expiry := s.Number[3:], short(s.Birth), short(s.Expiry)
	one := "I<" + s.Issuer + doc + checkDigit(doc) + fill(s.Number, 15)
	sex := map[clinic.Sex]string{clinic.SexMale: "M", clinic.SexFemale: "F"}[s.Sex]
	two := birth + checkDigit(birth) + fill(sex, 1) + expiry + checkDigit(expiry) + s.Issuer + fill("", 11)
	two += checkDigit(one[5:] + two[:7] + two[8:15] + two[18:])
	return one + "\n" + two + "\n" + fill(s.Surname+"<<"+s.Given, 30)
}

// keyText is what the chip makes its key of.
func (s CardSpec) keyText() string {
	doc := s.Number[3:]
	if s.OtherKey != "" {
		doc = s.OtherKey
	}
	birth, expiry := short(s.Birth), short(s.Expiry)
	return doc + checkDigit(doc) + birth + checkDigit(birth) + expiry + checkDigit(expiry)
}

func paceOID(suite int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 2, suite}
}

func chipOID(suite int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3, 2, suite}
}

func der(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic("sim: " + err.Error()) // values of this package
	}
	return b
}

func bareOID(oid asn1.ObjectIdentifier) []byte { return der(oid)[2:] }

// secret is the seed of a private key of the chip; a copy has others.
func (s CardSpec) secret(of string) string {
	if s.Copy {
		of = "copy " + of
	}
	return of + s.Number
}

func (s CardSpec) chipKey() ec.Key { return seeded(ec.ByName("P-256"), s.secret("chip")) }

func (s CardSpec) activeKey(c *ec.Curve) ec.Key { return seeded(c, s.secret("active")) }

// write makes the files.
func (c *Card) write() (map[uint16][]byte, error) {
	s := c.spec
	groups := map[int][]byte{1: ber(0x61, ber(0x5F1F, []byte(strings.ReplaceAll(s.Zone(), "\n", ""))))}
	if s.Photo != nil {
		head := append([]byte("FAC\x00010\x00"), make([]byte, 38)...)
		groups[2] = ber(0x75, ber(0x7F61, ber(2, []byte{1}), ber(0x7F60, ber(0xA1, ber(0x87, []byte{1, 1})), ber(0x5F2E, head, s.Photo))))
	}
	if s.Fingers {
		groups[3] = ber(0x63, ber(0x7F61, ber(2, []byte{0})))
	}
	if len(s.Details) > 0 {
		groups[11] = details(s.Details)
	}
	if len(s.Items) > 0 {
		var items [][]byte
		for _, n := range slices.Sorted(maps.Keys(s.Items)) {
			item := ber(2, []byte{byte(n)})
			for _, w := range s.Items[n] {
				item = append(item, ber(0x0C, []byte(w))...)
			}
			items = append(items, ber(0x30, item))
		}
		groups[13] = ber(0x6D, ber(0x30, items...))
	}
	var err error
	if groups[14], groups[15], err = c.keys(); err != nil {
		return nil, err
	}
	return c.arrange(groups)
}

// arrange gives the groups their file numbers and adds what lists and signs them.
func (c *Card) arrange(groups map[int][]byte) (map[uint16][]byte, error) {
	s := c.spec
	tags := []byte{0, 0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70}
	files := map[uint16][]byte{}
	var list []byte
	for _, n := range slices.Sorted(maps.Keys(groups)) {
		if groups[n] == nil {
			delete(groups, n)
			continue
		}
		files[uint16(0x0100+n)], list = groups[n], append(list, tags[n])
	}
	files[0x011E] = ber(0x60, ber(0x5F01, []byte("0107")), ber(0x5F36, []byte("040000")), ber(0x5C, list))
	if len(s.PACE) > 0 {
		files[0x011C] = ber(0x31, s.paceInfos()...)
	}
	if s.Signer != nil {
		var err error
		if files[0x011D], c.list, err = s.Signer.sod(groups); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (s CardSpec) paceInfos() (list [][]byte) {
	for _, o := range s.PACE {
		list = append(list, ber(0x30, der(paceOID(o.Suite)), der(2), der(o.Parameter)))
	}
	return list
}

func details(d map[int]string) []byte {
	var tags, all []byte
	for _, t := range slices.Sorted(maps.Keys(d)) {
		all = append(all, ber(t, []byte(d[t]))...)
		tags = append(tags, big.NewInt(int64(t)).Bytes()...)
	}
	return ber(0x6B, ber(0x5C, tags), all)
}

// keys makes DG14 and DG15: public keys of the chip that the data belong to.
func (c *Card) keys() (dg14, dg15 []byte, err error) {
	s := c.spec
	s.Copy = false
	infos := s.paceInfos()
	if s.Suite > 0 {
		spki, err := ec.MarshalPublic(ec.ByName("P-256"), s.chipKey().Public, false)
		if err != nil {
			return nil, nil, err
		}
		infos = append(infos, ber(0x30, der(chipOID(s.Suite)), der(1)), ber(0x30, der(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1, 2}), spki))
	}
	var spki []byte
	switch s.Active {
	case "":
	case "rsa":
		spki, err = x509.MarshalPKIXPublicKey(&c.rsa.PublicKey)
	default:
		infos = append(infos, ber(0x30, der(asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}), der(1), der(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3})))
		curve := ec.ByName(s.Active)
		spki, err = ec.MarshalPublic(curve, s.activeKey(curve).Public, true)
	}
	if spki != nil {
		dg15 = ber(0x6F, spki)
	}
	if len(infos) > 0 {
		dg14 = ber(0x6E, ber(0x31, infos...))
	}
	return dg14, dg15, err
}

// signRSA is ISO 9796-2 scheme 1 with SHA-256; a copy has another key.
func (c *Card) signRSA(challenge []byte) ([]byte, uint16) {
	key := c.rsa
	if c.spec.Copy {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
			return nil, 0x6F00
		}
	}
	n := (key.N.BitLen() + 7) / 8
	m1 := random(n - 1 - 32 - 2)
	h := sha256.Sum256(append(bytes.Clone(m1), challenge...))
	m := new(big.Int).SetBytes(bytes.Join([][]byte{{0x6A}, m1, h[:], {0x34, 0xCC}}, nil))
	return m.Exp(m, key.D, key.N).FillBytes(make([]byte, n)), 0x9000
}
