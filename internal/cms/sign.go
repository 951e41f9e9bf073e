package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"github.com/smallstep/pkcs7"
)

// The structures of RFC 5652 sections 3, 5.1, 5.3, as far as a signature has them.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      contentInfo
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type signerInfo struct {
	Version   int
	Signer    issuerAndSerial
	Digest    pkix.AlgorithmIdentifier
	Attrs     asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

// Sign makes a detached signature with SHA-256. It is for keys in software, which
// means tests and the demonstration: in production a token, an HSM or a signing
// service makes signatures. The library's own would state the time of the machine.
func Sign(content []byte, key crypto.Signer, chain []*x509.Certificate, at time.Time) ([]byte, error) {
	if len(chain) == 0 {
		return nil, ErrForm
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDEncryptionAlgorithmRSA, Parameters: asn1.NullRawValue}
	switch key.Public().(type) {
	case *rsa.PublicKey:
	case *ecdsa.PublicKey:
		algorithm = pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDDigestAlgorithmECDSASHA256}
	default:
		return nil, ErrAlgorithm
	}
	attrs, err := attributes(content, at)
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	digest := sha256.Sum256(attrs) // over the SET, RFC 5652 section 5.4
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	attrs[0] = 0xa0 // IMPLICIT [0] in the signer's info
	sha := pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDDigestAlgorithmSHA256}
	return assemble(chain, signerInfo{
		Version: 1, Signer: issuerAndSerial{asn1.RawValue{FullBytes: chain[0].RawIssuer}, chain[0].SerialNumber},
		Digest: sha, Attrs: asn1.RawValue{FullBytes: attrs}, Algorithm: algorithm, Signature: sig,
	})
}

func attributes(content []byte, at time.Time) ([]byte, error) {
	digest := sha256.Sum256(content)
	return asn1.MarshalWithParams([]attribute{
		{pkcs7.OIDAttributeContentType, []any{pkcs7.OIDData}},
		{pkcs7.OIDAttributeMessageDigest, []any{digest[:]}},
		{pkcs7.OIDAttributeSigningTime, []any{at.UTC().Truncate(time.Second)}},
	}, "set")
}

func assemble(chain []*x509.Certificate, s signerInfo) ([]byte, error) {
	var certs []byte
	for _, c := range chain {
		certs = append(certs, c.Raw...)
	}
	inner, err := asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{s.Digest}, Content: contentInfo{Type: pkcs7.OIDData},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: certs}, Signers: []signerInfo{s},
	})
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	out, err := asn1.Marshal(contentInfo{
		pkcs7.OIDSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: inner},
	})
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	return out, nil
}
