package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"blattwerk/pipeline"
)

// Cost is how much work argon2id puts into a password (RFC 9106).
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// DefaultCost is the second recommended option of RFC 9106, section 4: 64 MiB,
// three passes, four lanes. It is well over the least that OWASP's Password
// Storage Cheat Sheet asks for (19 MiB, two passes).
var DefaultCost = Cost{Memory: 64 << 10, Passes: 3, Lanes: 4}

const (
	saltBytes, keyBytes = 16, 32
	// Bounds of what a stored hash may ask for, so that a damaged row cannot take
	// the machine's memory.
	mostMemory, mostPasses = 1 << 20, 16
	// MinPassword is the least length of a password, in characters. Length is what
	// counts; no signs or digits are asked for (NIST SP 800-63B, 3.1.1).
	MinPassword = 12
	maxPassword = 1024 // bytes
)

// Passwords hashes passwords and checks them, a few at a time: each takes its
// memory, and guesses made at once must not take all there is.
type Passwords struct {
	cost  Cost
	turns chan struct{}
	dummy string // hash that nothing matches, for accounts that there are not
}

// NewPasswords makes hashes of a cost; the zero cost is [DefaultCost].
func NewPasswords(cost Cost) *Passwords {
	if cost == (Cost{}) {
		cost = DefaultCost
	}
	p := &Passwords{cost: cost, turns: make(chan struct{}, 4)}
	p.dummy = cost.encode(random(saltBytes), random(keyBytes))
	return p
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, says crypto/rand
	return b
}

// Hash hashes a password in the usual notation, "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
func (p *Passwords) Hash(password string) string {
	p.turns <- struct{}{}
	defer func() { <-p.turns }()
	salt := random(saltBytes)
	return p.cost.encode(salt, p.cost.key(password, salt, keyBytes))
}

func (c Cost) key(password string, salt []byte, length uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, length)
}

func (c Cost) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// Check says whether a password is the one of a hash, and whether the hash should
// be made anew because it cost less than hashes do now. An empty hash, of an
// account that there is not or that has no password, is refused in the same time
// as a wrong password.
func (p *Passwords) Check(hash, password string) (right, stale bool) {
	p.turns <- struct{}{}
	defer func() { <-p.turns }()
	if len(password) > maxPassword {
		password = ""
	}
	known := hash != ""
	if !known {
		hash = p.dummy
	}
	cost, salt, key, err := parseHash(hash)
	if err != nil {
		cost, salt, key, _ = parseHash(p.dummy)
		known = false
	}
	same := subtle.ConstantTimeCompare(cost.key(password, salt, uint32(len(key))), key) == 1
	return same && known, cost != p.cost
}

var errHash = errors.New("this is no argon2id hash")

func parseHash(hash string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errHash
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil || n != 3 {
		return c, nil, nil, errHash
	}
	if c.Memory < 8 || c.Memory > mostMemory || c.Passes < 1 || c.Passes > mostPasses || c.Lanes < 1 {
		return c, nil, nil, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) < 16 || len(key) > 128 {
		return c, nil, nil, errHash
	}
	return c, salt, key, nil
}

// CheckNew says what is wrong with a new password; nil if nothing is.
func CheckNew(password, login string) error {
	weak := func(de, en string) error {
		return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "weak-password", Text: pipeline.Message{DE: de, EN: en}}
	}
	folded := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || utf8.RuneCountInString(password) < MinPassword:
		return weak("Das Passwort ist zu kurz. Bitte mindestens 12 Zeichen nehmen; ein kurzer Satz ist gut zu merken.",
			"The password is too short. Please take at least 12 characters; a short sentence is easy to remember.")
	case len(password) > maxPassword:
		return weak("Das Passwort ist zu lang.", "The password is too long.")
	case login != "" && strings.Contains(folded, strings.ToLower(login)) && len(login) > 3,
		plain(folded):
		return weak("Dieses Passwort wäre leicht zu erraten. Bitte ein anderes nehmen.",
			"This password would be easy to guess. Please take another one.")
	}
	return nil
}

// plain says that a password of enough length is one of those that are tried
// first: few different characters, a run, or a well-known word with padding.
func plain(folded string) bool {
	distinct := map[rune]bool{}
	run, longest, last := 1, 1, rune(-2)
	for _, r := range folded {
		distinct[r] = true
		if r == last+1 {
			run++
			longest = max(longest, run)
		} else {
			run = 1
		}
		last = r
	}
	if len(distinct) < 5 || longest >= 9 {
		return true
	}
	letters := strings.TrimFunc(folded, func(r rune) bool { return r < 'a' || r > 'z' })
	for _, word := range []string{"passwort", "password", "passwortpasswort", "passwordpassword", "blattwerk", "rathaus", "stadtverwaltung",
		"administrator", "willkommen", "sommer", "winter", "fruehling", "herbst", "geheim", "qwertz", "qwertzuiop", "qwertzuiopasd", "qwerty", "qwertyuiop", "qwertyuiopas"} {
		if letters == word {
			return true
		}
	}
	return false
}
