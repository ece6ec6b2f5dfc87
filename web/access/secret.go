package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// NewSecret makes what a browser or a program proves itself by: 52 characters
// that carry 256 bits.
func NewSecret() string { return rand.Text() + rand.Text() }

// NewToken makes the secret of an API token. Its beginning lets tools that look
// for secrets in wrong places find it.
func NewToken() string { return "blattwerk_" + NewSecret() }

// HashSecret is what is kept of a secret. A fast hash will do: nobody guesses 256
// bits.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// NewCode makes a code of at least 128 bits that people can type: groups of
// letters and digits that are not mistaken for each other.
func NewCode() string {
	text := rand.Text()
	var groups []string
	for len(text) > 0 {
		n := min(len(text), 5)
		groups, text = append(groups, text[:n]), text[n:]
	}
	return strings.Join(groups, "-")
}

// HashCode hashes a code as it was typed: dashes, blanks and case do not matter.
func HashCode(code string) string {
	return HashSecret(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(code))))
}

// NewPassword makes a password for somebody else, who has to change it: 100 bits
// in four groups that can be told on the telephone.
func NewPassword() string { return strings.ToLower(NewCode()[:23]) }
