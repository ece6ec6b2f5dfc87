package pipeline

import "time"

// Signature is what was found out about one digital signature of a delivered
// PDF. Whether its certificate deserves trust was not asked of anyone: a name
// here is what the certificate says.
type Signature struct {
	State SignatureState `json:"state"`
	// Whole says that the signature covers the file to its end. If not, something
	// was added after signing: another signature, or a change.
	Whole     bool      `json:"whole"`
	Stamp     bool      `json:"stamp,omitempty"`    // a time stamp of a service, not a person's signature
	Signer    string    `json:"signer,omitempty"`   // common name or organisation of the certificate
	Issuer    string    `json:"issuer,omitempty"`   // of whoever issued the certificate, by its own word
	At        time.Time `json:"at,omitzero"`        // as the signer's clock, or the time stamp, says
	NotBefore time.Time `json:"notBefore,omitzero"` // the certificate's validity
	NotAfter  time.Time `json:"notAfter,omitzero"`
	// Detail is technical: why the signature is broken or could not be checked.
	Detail string `json:"detail,omitempty"`
}

// SignatureState says what checking the signed bytes gave.
type SignatureState string

const (
	SignatureIntact    SignatureState = "intact"    // the signed bytes are those that were signed
	SignatureBroken    SignatureState = "broken"    // they were changed, or the signature is not that of its certificate
	SignatureUnchecked SignatureState = "unchecked" // of a kind that is not checked here, or not readable
)

// InTime says whether the certificate was valid at the time that the signature
// names; false if it names none.
func (s Signature) InTime() bool {
	return !s.At.IsZero() && !s.At.Before(s.NotBefore) && !s.At.After(s.NotAfter)
}
