package foreign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256" // hashes of time stamps
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/digitorus/pkcs7"

	"blattwerk/pipeline"
)

// SignaturesCall asks for the signatures of a file as it was delivered.
type SignaturesCall struct {
	Path string `json:"path"`
}

// maxSignatures bounds how many signatures of one file are looked at.
const maxSignatures = 50

// signatures checks each signature over the bytes that it covers (ISO 32000-1,
// 12.8): are they still those that were signed, and what does the certificate
// say? Trust is not checked. The order is that of signing.
func (s *server) signatures(c SignaturesCall) ([]pipeline.Signature, error) {
	f, err := s.open(c.Path)
	if err != nil {
		return nil, err
	}
	var found []dict
	f.eachSignature(func(d dict) bool {
		found = append(found, d)
		return len(found) < maxSignatures
	})
	if len(found) == 0 {
		return nil, nil
	}
	raw, err := os.ReadFile(c.Path)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b dict) int { return f.signedEnd(a) - f.signedEnd(b) })
	var out []pipeline.Signature
	for _, d := range found {
		out = append(out, f.checkSignature(d, raw))
	}
	return out, nil
}

// signedEnd is where the bytes that a signature covers end.
func (f *file) signedEnd(d dict) int {
	r, ok := f.numbers(d["ByteRange"], 4)
	if !ok {
		return 0
	}
	return int(r[2] + r[3])
}

func (f *file) checkSignature(d dict, raw []byte) pipeline.Signature {
	out := pipeline.Signature{State: pipeline.SignatureUnchecked}
	signed, whole, err := f.signedBytes(d, raw)
	if err != nil {
		out.State, out.Detail = pipeline.SignatureBroken, err.Error()
		return out
	}
	out.Whole = whole
	kind := f.name(d["SubFilter"])
	out.Stamp = kind == "ETSI.RFC3161"
	p, err := pkcs7.Parse(trimDER([]byte(f.text(d["Contents"]))))
	if err != nil {
		out.Detail = "the signature cannot be read: " + err.Error()
		return out
	}
	if cert := p.GetOnlySigner(); cert != nil {
		out.Signer, out.Issuer = personName(cert.Subject), personName(cert.Issuer)
		out.NotBefore, out.NotAfter = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	}
	var at time.Time
	if p.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at) == nil {
		out.At = at.UTC()
	} else if t, ok := pdfTime(decodeText(f.text(d["M"]))); ok {
		out.At = t
	}
	switch kind {
	case "adbe.pkcs7.detached", "ETSI.CAdES.detached":
		p.Content = signed
		if usesPSS(p) {
			err = verifyPSS(p, signed)
		} else {
			err = p.Verify()
		}
	case "adbe.pkcs7.sha1":
		sum := sha1.Sum(signed)
		if subtle.ConstantTimeCompare(sum[:], p.Content) != 1 {
			err = errChanged
		} else {
			err = p.Verify()
		}
	case "ETSI.RFC3161":
		out.At, err = checkStamp(p, signed)
	default:
		out.Detail = fmt.Sprintf("signatures of the kind %q are not checked", kind)
		return out
	}
	out.State, out.Detail = verdict(err)
	return out
}

// errChanged says that the signed bytes are not those that were signed.
var errChanged = errors.New("the signed bytes were changed")

// verdict sorts the errors of a check. What is not surely a broken signature is
// one that was not checked; nothing but no error at all makes it intact.
func verdict(err error) (pipeline.SignatureState, string) {
	var mismatch *pkcs7.MessageDigestMismatchError
	switch {
	case err == nil:
		return pipeline.SignatureIntact, ""
	case errors.As(err, &mismatch), errors.Is(err, errChanged):
		return pipeline.SignatureBroken, errChanged.Error()
	case errors.Is(err, rsa.ErrVerification), strings.Contains(err.Error(), "verification failure"):
		return pipeline.SignatureBroken, "the signature does not belong to its certificate: " + err.Error()
	case errors.Is(err, x509.ErrUnsupportedAlgorithm):
		return pipeline.SignatureUnchecked, "its algorithm is not known here: " + err.Error()
	}
	return pipeline.SignatureUnchecked, err.Error()
}

// signedBytes gives the bytes that a signature covers, and whether that is the
// whole file but for the signature itself.
func (f *file) signedBytes(d dict, raw []byte) (signed []byte, whole bool, err error) {
	r, ok := f.numbers(d["ByteRange"], 4)
	size := float64(len(raw))
	if !ok || r[0] != 0 || r[1] < 0 || r[2] < r[1] || r[3] < 0 || r[2]+r[3] > size {
		return nil, false, errors.New("the signature does not say which bytes it covers")
	}
	a, b, end := int(r[1]), int(r[2]), int(r[2]+r[3])
	// What is left out has to be the signature and nothing else, else anything could
	// be hidden there.
	gap := raw[a:b]
	if len(gap) < 2 || gap[0] != '<' || gap[len(gap)-1] != '>' {
		return nil, false, errors.New("the bytes left out are not the signature")
	}
	content, err := hex.DecodeString(strings.Join(strings.Fields(string(gap[1:len(gap)-1])), ""))
	if err != nil || !bytes.Equal(content, []byte(f.text(d["Contents"]))) {
		return nil, false, errors.New("the bytes left out are not the signature")
	}
	rest := bytes.TrimRight(raw[end:], "\r\n")
	return slices.Concat(raw[:a], raw[b:end]), len(rest) == 0, nil
}

// oidPSS is RSASSA-PSS (RFC 4055, 3.1), with which German trust services sign. The
// library does not know it.
var oidPSS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}

func usesPSS(p *pkcs7.PKCS7) bool {
	return len(p.Signers) == 1 && p.Signers[0].DigestEncryptionAlgorithm.Algorithm.Equal(oidPSS)
}

// verifyPSS checks a signature with RSASSA-PSS as RFC 5652, 5.4 and 5.6, wants it:
// the attributes name the digest of the content, and the signature is one of the
// attributes.
func verifyPSS(p *pkcs7.PKCS7, signed []byte) error {
	signer, cert := p.Signers[0], p.GetOnlySigner()
	if cert == nil || len(signer.AuthenticatedAttributes) == 0 {
		return fmt.Errorf("%w: RSASSA-PSS without a certificate or attributes", x509.ErrUnsupportedAlgorithm)
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("verification failure: not a certificate for RSA")
	}
	digest, err := hashOf(signer.DigestAlgorithm.Algorithm)
	if err != nil {
		return err
	}
	var named []byte
	if err := p.UnmarshalSignedAttribute(pkcs7.OIDAttributeMessageDigest, &named); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(sumOf(digest, signed), named) != 1 {
		return errChanged
	}
	var parameters struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0,optional"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1,optional"`
		Salt int                      `asn1:"explicit,tag:2,optional,default:20"`
		Tail int                      `asn1:"explicit,tag:3,optional,default:1"`
	}
	if _, err := asn1.Unmarshal(signer.DigestEncryptionAlgorithm.Parameters.FullBytes, &parameters); err != nil {
		return fmt.Errorf("reading the parameters of RSASSA-PSS: %w", err)
	}
	hash := crypto.SHA1 // the default
	if len(parameters.Hash.Algorithm) > 0 {
		if hash, err = hashOf(parameters.Hash.Algorithm); err != nil {
			return err
		}
	}
	attributes, err := asn1.MarshalWithParams(signer.AuthenticatedAttributes, "set")
	if err != nil {
		return fmt.Errorf("writing the signed attributes: %w", err)
	}
	return rsa.VerifyPSS(key, hash, sumOf(hash, attributes), signer.EncryptedDigest, &rsa.PSSOptions{SaltLength: parameters.Salt, Hash: hash})
}

func sumOf(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

// stampInfo is the signed part of a time stamp (RFC 3161, 2.4.2).
type stampInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	Serial *big.Int
	At     time.Time       `asn1:"generalized"`
	Rest   []asn1.RawValue `asn1:"optional"`
}

// checkStamp verifies a time stamp over bytes and gives its time.
func checkStamp(p *pkcs7.PKCS7, signed []byte) (time.Time, error) {
	if err := p.Verify(); err != nil {
		return time.Time{}, err
	}
	var info stampInfo
	if _, err := asn1.Unmarshal(p.Content, &info); err != nil && info.Imprint.Hash == nil {
		return time.Time{}, fmt.Errorf("the time stamp cannot be read: %w", err)
	}
	hash, err := hashOf(info.Imprint.Algorithm.Algorithm)
	if err != nil {
		return info.At.UTC(), err
	}
	if subtle.ConstantTimeCompare(sumOf(hash, signed), info.Imprint.Hash) != 1 {
		return info.At.UTC(), errChanged
	}
	return info.At.UTC(), nil
}

// hashOf is the hash function of an identifier.
func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	for _, h := range []struct {
		oid  asn1.ObjectIdentifier
		hash crypto.Hash
	}{
		{pkcs7.OIDDigestAlgorithmSHA1, crypto.SHA1}, {pkcs7.OIDDigestAlgorithmSHA256, crypto.SHA256},
		{pkcs7.OIDDigestAlgorithmSHA384, crypto.SHA384}, {pkcs7.OIDDigestAlgorithmSHA512, crypto.SHA512},
	} {
		if oid.Equal(h.oid) {
			return h.hash, nil
		}
	}
	return 0, fmt.Errorf("%w: hash %s", x509.ErrUnsupportedAlgorithm, oid)
}

// trimDER cuts off the zeros with which the place for a signature is filled up.
func trimDER(b []byte) []byte {
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &v); err == nil {
		return b[:len(b)-len(rest)]
	}
	return b
}

// personName is the name in a certificate that people know its owner by.
func personName(n pkix.Name) string {
	switch {
	case n.CommonName != "":
		return n.CommonName
	case len(n.Organization) > 0:
		return n.Organization[0]
	}
	return n.String()
}

// pdfTime reads a date of PDF (ISO 32000-1, 7.9.4) to the second.
func pdfTime(s string) (time.Time, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "D:")
	s = strings.ReplaceAll(s, "'", "")
	for _, layout := range []string{"20060102150405-0700", "20060102150405Z0700", "20060102150405Z", "20060102150405"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
