package access_test

import (
	"strings"
	"sync"
	"testing"

	"blattwerk/web/access"
)

// cheap keeps tests fast; what is measured is what is right, not how long it takes.
var cheap = access.Cost{Memory: 64, Passes: 1, Lanes: 1}

func TestPasswords(t *testing.T) {
	p := access.NewPasswords(cheap)
	hash := p.Hash("ein Satz über Äpfel")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") || hash == p.Hash("ein Satz über Äpfel") {
		t.Errorf("hash is %s, or it has no salt", hash)
	}
	if right, stale := p.Check(hash, "ein Satz über Äpfel"); !right || stale {
		t.Error("the right password is refused, or its hash is called stale")
	}
	if right, stale := access.NewPasswords(access.Cost{Memory: 128, Passes: 1, Lanes: 1}).Check(hash, "ein Satz über Äpfel"); !right || !stale {
		t.Error("a hash of another cost does not count, or is not made anew")
	}
	for name, c := range map[string][2]string{
		"wrong":          {hash, "ein Satz über Birnen"},
		"empty":          {hash, ""},
		"no account":     {"", ""},
		"no account 2":   {"", "ein Satz über Äpfel"},
		"damaged":        {hash[:len(hash)-30], "ein Satz über Äpfel"},
		"too much asked": {strings.Replace(hash, "m=64", "m=99999999", 1), "ein Satz über Äpfel"},
		"other kind":     {"$2a$10$abcdefghijklmnopqrstuv", "x"},
		"endless":        {hash, strings.Repeat("x", 1<<20)},
	} {
		if right, _ := p.Check(c[0], c[1]); right {
			t.Errorf("%s: taken for right", name)
		}
	}
}

func TestDefaultCostIsThatOfTheRFC(t *testing.T) {
	hash := access.NewPasswords(access.Cost{}).Hash("x")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("hash is %s", hash)
	}
}

func TestPasswordsAtOnce(t *testing.T) {
	p := access.NewPasswords(cheap)
	hash := p.Hash("ein Satz über Äpfel")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if right, _ := p.Check(hash, "ein Satz über Äpfel"); !right {
				t.Error("refused")
			}
		})
	}
	wg.Wait()
}

func TestNewPasswords(t *testing.T) {
	for password, good := range map[string]bool{
		"ein Satz über Äpfel": true, "Kastanie-Regen-17": true, "correct horse battery": true,
		"kurz": false, "aaaaaaaaaaaaaaaa": false, "abababababababab": false, "123456789012": false, "Passwort2026!": false,
		"Willkommen2026": false, "schmidt-schmidt": false, "Rathaus!!!!!": false, "abcdefghijklm": false,
		strings.Repeat("Kastanie", 200): false, "\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc": false,
	} {
		if err := access.CheckNew(password, "schmidt"); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func FuzzHashes(f *testing.F) {
	p := access.NewPasswords(cheap)
	f.Add(p.Hash("x"), "x")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$", "")
	f.Fuzz(func(t *testing.T, hash, password string) {
		if strings.Contains(hash, "m=64,t=1,p=1") || len(hash) < 20 { // others may cost much
			p.Check(hash, password)
		}
	})
}
