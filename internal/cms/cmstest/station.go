// Package cmstest gives tests an invented authority and a station that it certified.
package cmstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"clinicbox/internal/cms"
)

// FacilityID is the identifier in every Station's facility certificate.
const FacilityID = "MST:0100000001"

// Station has certificates for a practitioner and for itself, both of one key.
type Station struct {
	CA               *cms.Invented
	Key              *ecdsa.PrivateKey
	Doctor, Facility *x509.Certificate
	t                testing.TB
}

// NewStation invents an authority and has it certify a practitioner, by name and
// citizen number, and a facility.
func NewStation(t testing.TB, doctor, citizen, facility string) *Station {
	t.Helper()
	s := &Station{t: t}
	var err error
	if s.CA, err = cms.NewInvented("thử", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if s.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.Doctor = s.issue(cms.Person(doctor, citizen))
	s.Facility = s.issue(cms.Organisation(facility, "0100000001"))
	return s
}

func (s *Station) issue(who pkix.Name) *x509.Certificate {
	s.t.Helper()
	c, err := s.CA.Issue(who, s.Key.Public(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// Judge believes what the authority issued for this station.
func (s *Station) Judge() cms.Judge { return cms.Judge{Roots: s.CA.Roots(), Facility: FacilityID} }

// Token signs content as a token at the station's PC does.
func (s *Station) Token(content []byte, c *x509.Certificate, at time.Time) []byte {
	s.t.Helper()
	b, err := cms.Sign(content, s.Key, []*x509.Certificate{c}, at)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}
