package card

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// files are those of an invented card, as its bytes come.
func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"", "31", "3181", "7F", "7F49", "3184FFFFFFFF", "60145F0104303130375F36063034303030305C026175",
		"3114 3012060A04007F0007020204020202010202010D", "6D0B 3009 020102 0C04 54C3AA6E",
		"6B0D 5C025F0E 5F0E064E475559454E", "7582000F 7F610B 020101 7F6005 5F2E02 4641", "770430023000",
		"6F27 3025 300D 06092A864886F70D0101010500 0314 00 3011 020C 7FFFFFFFFFFFFFFFFFFFFFFF 0201 03",
	} {
		f.Add(unhex(s))
	}
}

// FuzzObjects: what is split is whole, and nothing but filler is lost.
func FuzzObjects(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := objects(b)
		if err != nil {
			return
		}
		n := 0
		for _, o := range list {
			n += len(o.whole)
			if !bytes.HasSuffix(o.whole, o.value) {
				t.Error("the value is not the object's end")
			}
		}
		if n > len(b) || n+bytes.Count(b, []byte{0}) < len(b) {
			t.Errorf("%d of %d bytes", n, len(b))
		}
		find(b, 0x5F1F)
	})
}

// FuzzFiles reads any bytes as each file of a card.
func FuzzFiles(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		commonGroups(b)
		parseDG1(b)
		parseDG11(b)
		if p, ok := parseDG2(b); ok && len(p.Data) == 0 {
			t.Error("an empty photo")
		}
		if c, ok := parseDG13(b); ok && len(c) > maxItems+1 {
			t.Errorf("%d items", len(c))
		}
		if p, ok := choosePACE(b); ok && (p.curve == nil || p.suite == 0) {
			t.Error("half a protocol")
		}
		if c, ok := chooseChip(b); ok && !c.curve.On(c.key) {
			t.Error("a chip's key off its curve")
		}
		listedGroups(b)
	})
}

// FuzzZone: a zone that parses has a key, and parses again in small letters.
func FuzzZone(f *testing.F) {
	f.Add("I<UTOL898902C<3<<<<<<<<<<<<<<<\n6908061F9406236UTO<<<<<<<<<<<2\nERIKSSON<<ANNA<MARIA<<<<<<<<<<")
	f.Add("P<GBRDOE<<JOE<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\nT220001293GBR6408125M1010318<<<<<<<<<<<<<<06")
	f.Add("I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMRZ(text)
		if err != nil {
			if _, ok := errors.AsType[*MRZError](err); !ok {
				t.Error(err)
			}
			return
		}
		if len(m.Key().text) < 24 || len(m.Birth) != 6 || len(m.Expiry) != 6 {
			t.Errorf("%q", m.Key().text)
		}
		m.ExpiryDate()
	})
}

// FuzzProof judges any bytes as a list of hashes and as certificates.
func FuzzProof(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseSOD(b); ok {
			r := Reading{files: map[int][]byte{1: {1}}}
			out := map[Check]Outcome{}
			r.passive(s, Opts{}, out)
			if v := verdict(out); v == Genuine || v == Signed || v == Expired {
				t.Errorf("%s without roots", v)
			}
		}
		if c, err := parseCertificate(b); err == nil {
			c.chain([]*certificate{c})
		}
		if k, ok := parseKey(b); ok && k.rsa != nil {
			recovers(k.rsa.N, k.rsa.E, b, b)
		}
		algorithmOf(b)
		(&Roots{}).Add("VNM", b)
	})
}

// talker answers every command with a piece of the same bytes.
type talker struct{ b []byte }

func (t *talker) Transmit(context.Context, []byte) ([]byte, error) {
	if len(t.b) == 0 {
		return nil, nil
	}
	n := min(int(t.b[0]), len(t.b)-1)
	out := t.b[1 : 1+n]
	t.b = t.b[1+n:]
	return out, nil
}

// FuzzAnswers reads a card that answers anything: the reading ends, and never well.
func FuzzAnswers(f *testing.F) {
	f.Add(unhex("02 9000 02 9000 18 3114 3012060A04007F0007020204020202010202010D 9000 02 9000 02 9000"))
	f.Add(unhex("02 6D00 02 6A82 02 9000 0A 0102030405060708 9000 02 6300"))
	f.Add(unhex("02 6100 02 6101 03 00 6C00 02 9000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := CAN("123456")
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []Key{k, {byMRZ, "L898902C<369080619406236"}} {
			r, err := Read(t.Context(), &talker{b}, k, Opts{})
			if _, ok := errors.AsType[*Fault](err); !ok {
				t.Errorf("%v, %v", r, err)
			}
		}
	})
}

// FuzzUnwrap: an answer without the right MAC is never taken.
func FuzzUnwrap(f *testing.F) {
	f.Add(unhex("990290008E08FA855A5D4C50A8ED"), true)
	f.Add(unhex("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED"), false)
	f.Fuzz(func(t *testing.T, b []byte, des bool) {
		s := newSession(aes128, []byte("secret"), aes128.zero())
		if des {
			s = newSession(tripleDES, []byte("secret"), tripleDES.zero())
		}
		if a, err := s.open("fuzz", answer{b, swOK}); err == nil {
			t.Errorf("%+v", a)
		}
	})
}
