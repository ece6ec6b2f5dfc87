package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestAccountCommand creates, resets and disables accounts as IT people do; no
// password is an argument, and none is printed.
func TestAccountCommand(t *testing.T) {
	data := t.TempDir()
	const secret = "kastanie-regen-17"
	for _, tc := range []struct {
		args  string
		input string
		code  int
		out   string
	}{
		{"list", "", exitDone, "LOGIN"},
		{"add chef --name Chefin --role administrator", secret + "\n", exitDone, ""},
		{"add CHEF", secret + "\n", exitBadInput, ""},
		{"add schmidt --role department --department 32,50", secret, exitDone, ""},
		{"add kurz", "kurz\n", exitFailed, ""},
		{"add leer", "", exitFailed, ""},
		{"add meier --role emperor", secret + "\n", exitUsage, ""},
		{"add zwei,worte", secret + "\n", exitFailed, ""},
		{"reset schmidt", "anderes-" + secret + "\n", exitDone, ""},
		{"reset niemand", secret + "\n", exitBadInput, ""},
		{"disable schmidt", "", exitDone, ""},
		{"disable chef", "", exitBadInput, ""},
		{"list", "", exitDone, "disabled"},
		{"enable schmidt", "", exitDone, ""},
		{"enable", "", exitUsage, ""},
		{"remove schmidt", "", exitUsage, ""},
		{"list", "", exitDone, "32,50"},
	} {
		var out, errs bytes.Buffer
		p := program{in: strings.NewReader(tc.input), out: &out, err: &errs, env: func(name string) string {
			return map[string]string{"BLATTWERK_DATA": data, "BLATTWERK_LANG": "en"}[name]
		}}
		code := p.run(t.Context(), append([]string{"account"}, strings.Fields(tc.args)...))
		if code != tc.code || !strings.Contains(out.String(), tc.out) {
			t.Errorf("account %s ends with %d, want %d: %s%s", tc.args, code, tc.code, &out, &errs)
		}
		if strings.Contains(out.String()+errs.String(), secret) {
			t.Errorf("account %s prints the password", tc.args)
		}
	}
}
