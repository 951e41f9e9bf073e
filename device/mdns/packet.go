package mdns

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	hostTTL   = 120     // seconds; RFC 6762 section 10: records of a host's addresses
	legacyTTL = 10      // section 6.7: for resolvers that know only unicast
	topBit    = 1 << 15 // of a class: QU in questions (5.4), cache flush in records (10.2)
	typeNSEC  = 47
	maxAsked  = 32 // questions that are looked at in one packet
)

// errQuery means that a packet is no question for us.
var errQuery = errors.New("mdns: not a query")

// query is what a packet asks of our name.
type query struct {
	id       uint16
	question dnsmessage.Question // the first about our name, as it was asked
	v4, v6   bool
	unicast  bool // the asker wants the answer for itself
}

// parse reads a packet and picks what it asks about the host.
func parse(packet []byte, host string) (q query, err error) {
	var p dnsmessage.Parser
	h, err := p.Start(packet)
	if err != nil || h.Response || h.OpCode != 0 {
		return query{}, errQuery
	}
	q.id, q.unicast = h.ID, true
	for range maxAsked {
		x, err := p.Question()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return query{}, errQuery
		}
		if !strings.EqualFold(x.Name.String(), host) {
			continue
		}
		class := x.Class &^ topBit
		if class != dnsmessage.ClassINET && class != dnsmessage.ClassANY {
			continue
		}
		if !q.v4 && !q.v6 {
			q.question = x
		}
		q.v4 = q.v4 || x.Type == dnsmessage.TypeA || x.Type == dnsmessage.TypeALL
		q.v6 = q.v6 || x.Type == dnsmessage.TypeAAAA || x.Type == dnsmessage.TypeALL
		q.unicast = q.unicast && x.Class&topBit != 0
	}
	if !q.v4 && !q.v6 {
		return query{}, errQuery
	}
	return q, nil
}

// answer is a packet that tells the host's addresses.
type answer struct {
	host   string
	addrs  []netip.Addr
	ttl    uint32
	legacy *query // answered in the way of plain DNS, to one asker
}

// pack writes the packet. Families without an address are denied (6.1), or a browser
// would wait for each.
func (a answer) pack() ([]byte, error) {
	name, err := dnsmessage.NewName(a.host)
	if err != nil {
		return nil, err
	}
	h := dnsmessage.Header{Response: true, Authoritative: true}
	class := dnsmessage.ClassINET | topBit
	if a.legacy != nil {
		h.ID, class = a.legacy.id, dnsmessage.ClassINET
	}
	b := dnsmessage.NewBuilder(nil, h)
	if a.legacy != nil {
		if err := errors.Join(b.StartQuestions(), b.Question(a.legacy.question)); err != nil {
			return nil, err
		}
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	head := dnsmessage.ResourceHeader{Name: name, Class: class, TTL: a.ttl}
	var types [4]byte // a bitmap up to AAAA (28)
	for _, ip := range a.addrs {
		if ip.Is4() {
			types[0] |= 0x80 >> dnsmessage.TypeA
			err = b.AResource(head, dnsmessage.AResource{A: ip.As4()})
		} else {
			types[3] |= 0x80 >> (dnsmessage.TypeAAAA % 8)
			err = b.AAAAResource(head, dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
		if err != nil {
			return nil, err
		}
	}
	if err := errors.Join(b.StartAdditionals(), b.UnknownResource(head, dnsmessage.UnknownResource{
		Type: typeNSEC, Data: append(append(wireName(a.host), 0, byte(len(types))), types[:]...),
	})); err != nil {
		return nil, err
	}
	return b.Finish()
}

// wireName writes a name without compression, which NSEC wants (RFC 3845).
func wireName(host string) (b []byte) {
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}
