package mailbox

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzNameOf: whatever a mail begins with, its name is one, and short enough that
// nothing of it is cut off later.
func FuzzNameOf(f *testing.F) {
	for _, head := range []string{
		"Subject: Antrag\r\n\r\n", "Subject: =?utf-8?b?w5xiZXJnYWJl?=\r\n\r\n", "Subject: =?x-unknown?q?=FF?=\r\n\r\n",
		"Subject: a\r\n b/../c\\d\r\n\r\n", "Subject: \xff\xfe\r\n\r\n", ": \r\n", "", "Subject: " + strings.Repeat("Ä", 400) + "\r\n\r\n",
	} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		name := nameOf(head, 7)
		if !utf8.ValidString(name) || len(name) > 200 || len(name) < 5 || strings.ContainsAny(name, "/\\\r\n") || !strings.HasSuffix(name, ".eml") {
			t.Errorf("%q", name)
		}
	})
}
