package clinic_test

import (
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestCentreLinkSigned: no part of what the centre says can be exchanged.
func TestCentreLinkSigned(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := key.Public().(ed25519.PublicKey)
	make1 := func() (clinic.Draft, clinic.Record) {
		d := clinic.Draft{
			Kind: clinic.KindLink, Subject: clinic.ID{1}, Event: time.Unix(1_790_000_000, 0), Corrects: clinic.Leaf{7},
			Body: &clinic.Link{Other: slices.Clone((&clinic.ID{2})[:]), Same: true, Merges: [][]byte{make([]byte, 32)}, Centre: &clinic.CentreLink{By: clinic.CentreOperator, Who: "Vận hành"}},
		}
		if err := d.SignCentre(key); err != nil {
			t.Fatal(err)
		}
		return d, clinic.Record{Kind: d.Kind, Subject: d.Subject, Event: d.Event, Corrects: d.Corrects, Body: d.Body}
	}
	if _, r := make1(); !r.CentreSigned(public) {
		t.Fatal("its own signature does not fit")
	}
	for name, change := range map[string]func(r *clinic.Record, l *clinic.Link){
		"subject":  func(r *clinic.Record, _ *clinic.Link) { r.Subject[0]++ },
		"time":     func(r *clinic.Record, _ *clinic.Link) { r.Event = r.Event.Add(time.Second) },
		"corrects": func(r *clinic.Record, _ *clinic.Link) { r.Corrects[3]++ },
		"other":    func(_ *clinic.Record, l *clinic.Link) { l.Other[5]++ },
		"answer":   func(_ *clinic.Record, l *clinic.Link) { l.Same = false },
		"open":     func(_ *clinic.Record, l *clinic.Link) { l.Centre.Open = true },
		"merges":   func(_ *clinic.Record, l *clinic.Link) { l.Merges = nil },
		"short":    func(_ *clinic.Record, l *clinic.Link) { l.Merges[0] = l.Merges[0][:31] },
		"who":      func(_ *clinic.Record, l *clinic.Link) { l.Centre.Who += "?" },
		"by":       func(_ *clinic.Record, l *clinic.Link) { l.Centre.By = clinic.CentreRule },
		"rule":     func(_ *clinic.Record, l *clinic.Link) { l.Centre.Rule++ },
		"key":      func(_ *clinic.Record, l *clinic.Link) { l.Centre.Key[0]++ },
		"none":     func(_ *clinic.Record, l *clinic.Link) { l.Centre = nil },
	} {
		if _, r := make1(); true {
			if change(&r, r.Body.(*clinic.Link)); r.CentreSigned(public) {
				t.Errorf("%s can be changed", name)
			}
		}
	}
	d := clinic.Draft{Body: &clinic.Link{Other: make([]byte, 3), Centre: &clinic.CentreLink{}}}
	if d.SignCentre(key) == nil {
		t.Error("a malformed link is signed")
	}
}

// TestRuleGivesWay: beside what a person said the centre's rule counts for nothing, and
// what was taken back counts for nothing at all, in whatever order it came.
func TestRuleGivesWay(t *testing.T) {
	a, b := clinic.ID{1}, clinic.ID{2}
	say := func(n byte, same bool, by clinic.CentreBy, over ...byte) clinic.Record {
		l := &clinic.Link{Other: b[:], Same: same}
		if by != 0 {
			l.Centre = &clinic.CentreLink{By: by}
		}
		r := clinic.Record{Kind: clinic.KindLink, Subject: a, HLC: uint64(n), Leaf: clinic.Leaf{n}, Body: l}
		for _, o := range over {
			leaf := clinic.Leaf{o}
			l.Merges = append(l.Merges, leaf[:])
		}
		return r
	}
	open := func(n byte, by clinic.CentreBy, over ...byte) clinic.Record {
		r := say(n, false, by, over...)
		r.Body.(*clinic.Link).Centre.Open = true
		return r
	}
	rule, person, operator := say(1, true, clinic.CentreRule), say(2, false, 0), say(3, true, clinic.CentreOperator)
	for name, c := range map[string]struct {
		all               []clinic.Record
		same, split, open bool
	}{
		"the rule alone":         {[]clinic.Record{rule}, true, false, false},
		"a person beside it":     {[]clinic.Record{rule, person}, false, false, false},
		"two people":             {[]clinic.Record{person, operator}, false, true, false},
		"a person over the rule": {[]clinic.Record{rule, say(4, true, 0, 1)}, true, false, false},
		"taken back":             {[]clinic.Record{operator, open(5, clinic.CentreOperator, 3)}, false, false, true},
		"taken back, then said":  {[]clinic.Record{operator, open(5, clinic.CentreOperator, 3), say(6, true, 0, 5)}, true, false, false},
		"taken back beside no":   {[]clinic.Record{operator, person, open(5, clinic.CentreOperator, 3)}, false, false, false},
		"the rule took it back":  {[]clinic.Record{rule, open(5, clinic.CentreRule, 1)}, false, false, true},
	} {
		for range 2 {
			slices.Reverse(c.all)
			got := clinic.Bonds(c.all)
			if len(got) != 1 || got[0].Same != c.same || got[0].Split != c.split || got[0].Open != c.open {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}
