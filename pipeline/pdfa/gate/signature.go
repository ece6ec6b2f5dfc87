package gate

import (
	"bytes"
	"encoding/asn1"
)

// checkSignature checks a signature dictionary: ISO 19005-2, 6.4.3.
func (c *checker) checkSignature(o object) {
	num := numberOf(o)
	d := c.dict(o)
	if d == nil || num != 0 && c.signatures[num] {
		return
	}
	c.signatures[num] = true
	at := place{num: num}
	contents, _ := c.resolve(d["Contents"]).(text)
	c.budget.spend(4 * len(contents))
	if !c.rangeCovers(c.array(d["ByteRange"]), contents) {
		c.report.add("6.4.3-1", at, "")
	}
	certificates, signers, ok := signedData([]byte(contents))
	if !ok || certificates == 0 {
		c.report.add("6.4.3-2", at, "")
	}
	if !ok || signers != 1 {
		c.report.add("6.4.3-3", at, "")
	}
}

// rangeCovers tells whether a byte range leaves out nothing but the signature
// itself, up to the end of the file or of the revision that was signed.
func (c *checker) rangeCovers(a array, contents text) bool {
	if len(a) != 4 {
		return false
	}
	var v [4]int64
	for i := range v {
		n, ok := c.resolve(a[i]).(int64)
		if !ok || n < 0 || n > c.src.size {
			return false
		}
		v[i] = n
	}
	end := v[2] + v[3]
	if v[0] != 0 || v[2] < v[1]+2 || end > c.src.size || v[2]-v[1] > maxObjectSize {
		return false
	}
	c.budget.spend(int(v[2] - v[1]))
	gap := &lexer{data: c.src.window(v[1], int(v[2]-v[1])), base: -1}
	hole, err := gap.token()
	if err != nil || gap.data[0] != '<' || gap.pos != len(gap.data) || hole != contents {
		return false
	}
	if end == c.src.size {
		return true
	}
	last := bytes.TrimRight(c.src.window(max(0, end-10), int(end-max(0, end-10))), "\r\n")
	return bytes.HasSuffix(last, []byte("%%EOF"))
}

// signedData counts the certificates and signers of a PKCS #7 object (RFC 2315,
// 7 and 9.1).
func signedData(der []byte) (certificates, signers int, ok bool) {
	var info asn1.RawValue
	if _, err := asn1.Unmarshal(der, &info); err != nil || info.Tag != asn1.TagSequence {
		return 0, 0, false
	}
	var kind asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(info.Bytes, &kind)
	if err != nil || !kind.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) {
		return 0, 0, false
	}
	var wrap, body asn1.RawValue
	if _, err := asn1.Unmarshal(rest, &wrap); err != nil || wrap.Class != asn1.ClassContextSpecific {
		return 0, 0, false
	}
	if _, err := asn1.Unmarshal(wrap.Bytes, &body); err != nil || body.Tag != asn1.TagSequence {
		return 0, 0, false
	}
	// version, digestAlgorithms, contentInfo, [0] certificates, [1] crls, signerInfos
	for rest := body.Bytes; len(rest) > 0; {
		var part asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &part); err != nil {
			return 0, 0, false
		}
		switch {
		case part.Class == asn1.ClassContextSpecific && part.Tag == 0:
			certificates = countDER(part.Bytes)
		case part.Class == asn1.ClassUniversal && part.Tag == asn1.TagSet:
			signers = countDER(part.Bytes) // the last set is signerInfos
		}
	}
	return certificates, signers, true
}

func countDER(b []byte) (n int) {
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v)
		if err != nil {
			return n
		}
		b = rest
		n++
	}
	return n
}
