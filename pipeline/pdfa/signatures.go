package pdfa

import (
	"context"
	"fmt"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// signatures asks a child about the signatures of the delivered bytes. Those of an
// unlocked copy cannot be checked: it has other bytes than those that were signed.
func (r *Room) signatures(ctx context.Context, s *stage, unlocked bool) ([]pipeline.Signature, error) {
	if !s.report.Signed {
		return nil, nil
	}
	if unlocked {
		return []pipeline.Signature{{State: pipeline.SignatureUnchecked, Detail: "the signed file opens with a password only"}}, nil
	}
	var out []pipeline.Signature
	_, err := r.children.Call(ctx, foreign.OpSigned, foreign.SignaturesCall{Path: s.original}, nil, &out)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !isCrash(err):
		return nil, fmt.Errorf("checking signatures: %w", err)
	}
	// The file opens only mended, decrypted, or not at all in a child's memory.
	return []pipeline.Signature{{State: pipeline.SignatureUnchecked, Detail: err.Error()}}, nil
}

// signatureRemarks says in a clerk's words what checking gave, and what was not
// checked.
func signatureRemarks(all []pipeline.Signature) []pipeline.Remark {
	var out []pipeline.Remark
	for i, s := range all {
		code, de, en := signatureState(s)
		de, en = fmt.Sprintf("%s %d: ", kindDE(s), i+1)+de, fmt.Sprintf("%s %d: ", kindEN(s), i+1)+en
		if s.Signer != "" {
			de += fmt.Sprintf(" Zertifikat auf „%s“, ausgestellt von „%s“, gültig %s bis %s.", s.Signer, s.Issuer, s.NotBefore.Format("02.01.2006"), s.NotAfter.Format("02.01.2006"))
			en += fmt.Sprintf(" Certificate of “%s”, issued by “%s”, valid from %s to %s.", s.Signer, s.Issuer, s.NotBefore.Format("2006-01-02"), s.NotAfter.Format("2006-01-02"))
		}
		if !s.At.IsZero() {
			de += fmt.Sprintf(" Zeitangabe der Signatur: %s UTC.", s.At.Format("02.01.2006 15:04"))
			en += fmt.Sprintf(" Time given by the signature: %s UTC.", s.At.Format("2006-01-02 15:04"))
			if s.Signer != "" && !s.InTime() {
				de += " Zu dieser Zeit war das Zertifikat nicht gültig."
				en += " The certificate was not valid at that time."
			}
		}
		if s.State != pipeline.SignatureUnchecked {
			de += " Ob dem Zertifikat zu trauen ist und ob es gesperrt wurde, hat Blattwerk nicht geprüft."
			en += " Blattwerk did not check whether the certificate can be trusted or was revoked."
		}
		out = append(out, remark(code, de, en))
	}
	return out
}

func kindDE(s pipeline.Signature) string {
	if s.Stamp {
		return "Zeitstempel"
	}
	return "Signatur"
}

func kindEN(s pipeline.Signature) string {
	if s.Stamp {
		return "Time stamp"
	}
	return "Signature"
}

func signatureState(s pipeline.Signature) (code, de, en string) {
	switch {
	case s.State == pipeline.SignatureBroken:
		return "signature-broken", "UNGÜLTIG, die signierten Daten passen nicht zur Signatur.", "INVALID, the signed data do not fit the signature."
	case s.State == pipeline.SignatureUnchecked:
		return "signature-unchecked", "konnte nicht geprüft werden. Bitte mit einem Prüfprogramm ansehen.", "could not be checked. Please look at it with a program made for that."
	case s.Whole:
		return "signature-intact", "unversehrt; sie umfasst die ganze Datei.", "intact; it covers the whole file."
	}
	return "signature-intact", "unversehrt, umfasst aber nicht die ganze Datei: Danach wurde noch etwas hinzugefügt (etwa eine weitere Signatur oder eine Änderung).",
		"intact, but does not cover the whole file: something was added later (another signature, say, or a change)."
}
