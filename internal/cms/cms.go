// Package cms makes and verifies detached CMS signatures (RFC 5652) of legal
// documents. Certificates are judged at the time that the signature states; whether
// they were revoked is asked elsewhere (Revocation), for a box may have no link.
package cms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/smallstep/pkcs7"
)

// MaxSize is the largest signature that is looked at.
const MaxSize = 16 << 10

// What can be wrong with a signature. Nothing more is told: whoever made it may be
// an attacker.
var (
	ErrForm      = errors.New("cms: no signature of one signer with its certificate")
	ErrContent   = errors.New("cms: signs other content")
	ErrAlgorithm = errors.New("cms: algorithm or key not accepted")
	ErrForged    = errors.New("cms: signature does not hold")
	ErrTrust     = errors.New("cms: no trusted authority vouches for the certificate")
	ErrExpired   = errors.New("cms: certificate not valid at the time of signing")
	ErrUsage     = errors.New("cms: certificate is not for signing documents")
)

// Signed is a signature that holds.
type Signed struct {
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // from the certificate to the root
	At          time.Time           // as the signature states, or as given
}

// Decode returns the DER form of a signature as people have it: DER, PEM, or bare
// base64 with line ends.
func Decode(b []byte) ([]byte, error) {
	if len(b) > 2*MaxSize {
		return nil, ErrForm
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	} else if len(b) > 0 && b[0] != 0x30 {
		plain := bytes.Join(bytes.Fields(b), nil)
		out := make([]byte, base64.StdEncoding.DecodedLen(len(plain)))
		n, err := base64.StdEncoding.Decode(out, plain)
		if err != nil {
			return nil, ErrForm
		}
		b = out[:n]
	}
	if len(b) == 0 || len(b) > MaxSize || b[0] != 0x30 {
		return nil, ErrForm
	}
	return b, nil
}

// Trust is what a signature is judged by.
type Trust struct {
	Roots *Roots
	At    time.Time           // of signing, where the signature states none
	More  []*x509.Certificate // that the signature may lack
}

// Verify checks that the signature covers exactly the content and that a root
// vouches for its certificate at the time of signing. With ErrTrust, ErrExpired and
// ErrUsage the result names the certificate all the same.
func Verify(content, sig []byte, t Trust) (*Signed, error) {
	if t.Roots == nil {
		return nil, ErrTrust
	}
	p7, err := parse(sig)
	if err != nil {
		return nil, err
	}
	p7.Certificates = append(p7.Certificates, t.More...)
	if len(p7.Content) > 0 && !bytes.Equal(p7.Content, content) {
		return nil, ErrContent
	}
	p7.Content = content
	s := &Signed{At: t.At}
	if err := guarded(func() error { return s.check(p7) }); err != nil {
		return nil, err
	}
	if err := suitable(s.Certificate); err != nil {
		return s, err
	}
	return s, s.chain(p7.Certificates, t.Roots)
}

// guarded turns a panic of the library into a refusal: it drops errors of decoding
// and may then meet what it does not expect.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrForm
		}
	}()
	return f()
}

func parse(sig []byte) (p7 *pkcs7.PKCS7, err error) {
	if len(sig) == 0 || len(sig) > MaxSize {
		return nil, ErrForm
	}
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(sig, &outer); err == nil && len(rest) > 0 {
		return nil, ErrForm // the library drops it; the error of BER without a length is none
	}
	err = guarded(func() (err error) {
		p7, err = pkcs7.Parse(sig)
		return err
	})
	if err != nil || len(p7.Signers) != 1 {
		return nil, ErrForm
	}
	return p7, nil
}

// check finds the signer's certificate and verifies digest and signature.
func (s *Signed) check(p7 *pkcs7.PKCS7) error {
	if s.Certificate = p7.GetOnlySigner(); s.Certificate == nil {
		return ErrForm
	}
	if err := algorithms(p7); err != nil {
		return err
	}
	if len(p7.Signers[0].AuthenticatedAttributes) > 0 {
		var kind asn1.ObjectIdentifier
		if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil || !kind.Equal(pkcs7.OIDData) {
			return ErrForm // the library does not look at it (RFC 5652 section 11.1)
		}
		var at time.Time
		if p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at) == nil {
			s.At = at
		}
	}
	err := p7.VerifyWithChain(nil)
	if _, ok := errors.AsType[*pkcs7.MessageDigestMismatchError](err); ok {
		return ErrContent
	}
	if _, ok := errors.AsType[*pkcs7.SigningTimeNotValidError](err); ok {
		return ErrExpired
	}
	if err != nil {
		return ErrForged
	}
	return nil
}

// algorithms lets through SHA-2 with RSA or ECDSA; the library would take SHA-1.
func algorithms(p7 *pkcs7.PKCS7) error {
	is := func(oid asn1.ObjectIdentifier, of ...asn1.ObjectIdentifier) bool {
		return slices.ContainsFunc(of, oid.Equal)
	}
	s := &p7.Signers[0]
	if !is(s.DigestAlgorithm.Algorithm, pkcs7.OIDDigestAlgorithmSHA256, pkcs7.OIDDigestAlgorithmSHA384, pkcs7.OIDDigestAlgorithmSHA512) {
		return ErrAlgorithm
	}
	if !is(s.DigestEncryptionAlgorithm.Algorithm, pkcs7.OIDEncryptionAlgorithmRSA,
		pkcs7.OIDEncryptionAlgorithmRSASHA256, pkcs7.OIDEncryptionAlgorithmRSASHA384, pkcs7.OIDEncryptionAlgorithmRSASHA512,
		pkcs7.OIDDigestAlgorithmECDSASHA256, pkcs7.OIDDigestAlgorithmECDSASHA384, pkcs7.OIDDigestAlgorithmECDSASHA512) {
		return ErrAlgorithm
	}
	return nil
}

// suitable tells whether a certificate may sign documents.
func suitable(c *x509.Certificate) error {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return ErrAlgorithm
		}
	case *ecdsa.PublicKey:
		if k.Params().BitSize < 256 {
			return ErrAlgorithm
		}
	default:
		return ErrAlgorithm
	}
	if c.IsCA || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return ErrUsage
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 && !signsDocuments(c) {
		return ErrUsage
	}
	return nil
}

// signsDocuments looks for a purpose that fits: a certificate of a web server signs
// no prescription. Authorities that gave none have e-mail and client certificates.
func signsDocuments(c *x509.Certificate) bool {
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageAny, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth:
			return true
		}
	}
	return slices.ContainsFunc(c.UnknownExtKeyUsage, func(u asn1.ObjectIdentifier) bool {
		return u.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}) || // RFC 9336
			u.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 10, 3, 12}) // Microsoft's
	})
}

func (s *Signed) chain(certs []*x509.Certificate, roots *Roots) error {
	between := roots.between.Clone()
	for _, c := range certs {
		between.AddCert(c)
	}
	chains, err := s.Certificate.Verify(x509.VerifyOptions{
		Roots: roots.roots, Intermediates: between, CurrentTime: s.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return ErrExpired
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTrust, err)
	}
	s.Chain = chains[0]
	return nil
}
