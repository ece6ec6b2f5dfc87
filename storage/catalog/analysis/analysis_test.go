package analysis_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"blattwerk/storage/catalog/analysis"
)

func forms(s string) string {
	var list []string
	for _, t := range analysis.Tokens(s) {
		list = append(list, t.Form)
	}
	return strings.Join(list, " ")
}

func TestForms(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"  ,;. ":                        "",
		"Müller Mueller MÜLLER":         "muller muller muller",
		"Mu\u0308ller":                  "muller", // umlaut as two runes
		"Straße STRASSE Strasse":        "strasse strasse strasse",
		"Bauer neue Quelle Steuer":      "bauer neue quelle steuer",
		"Ämter Aemter Öl Oel":           "amter amter ol ol",
		"ﬁnden Łódź Ærø":                "finden lodz aro",
		"Verwaltungs-\nvorschrift":      "verwaltungsvorschrift",
		"Verwaltungs- \r\n  vorschrift": "verwaltungsvorschrift",
		"Verwal¬\ntung":                 "verwaltung",
		"Verwal\u00adtung":              "verwaltung",
		"Verwal\u00ad\ntung":            "verwaltung",
		"Haus- und Grund":               "haus und grund",
		"Haus-\nund Grund":              "haus und grund",
		"Bundes-\nAdler":                "bundes adler",
		"0815-\n26":                     "0815 26",
		"E-Mail":                        "e mail",
		"Wort-":                         "wort",
		"32.1-OWi/0815":                 "32 1 owi 0815",
		"日本語":                           "日本語",
		"a\x00b\xffc":                   "a b c",
	} {
		if got := forms(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestStems(t *testing.T) {
	for _, same := range [][]string{
		{"Antrag", "Anträge", "Anträgen", "Antrags", "ANTRAEGE"},
		{"Bescheid", "Bescheide", "Bescheides", "Bescheiden"},
		{"Gebühr", "Gebühren", "gebuehren"},
		{"Straße", "Straßen", "Strassen"},
		{"Amt", "Ämter", "Amtes", "Aemtern"},
		{"Baum", "Bäume", "Bäumen"},
	} {
		want := analysis.Tokens(same[0])[0].Stem
		for _, word := range same {
			if got := analysis.Tokens(word)[0].Stem; got != want {
				t.Errorf("%s has the stem %q, %s %q", word, got, same[0], want)
			}
		}
	}
	if a, b := analysis.Tokens("Bauer")[0].Stem, analysis.Tokens("bar")[0].Stem; a == b {
		t.Errorf("Bauer and bar share the stem %q", a)
	}
}

func TestWholes(t *testing.T) {
	for _, c := range []struct{ text, whole, date string }{
		{"Antrag", "", ""},
		{"32.1-OWi/0815/26,", "321owi081526", ""},
		{"E-Mail", "email", ""},
		{"12.3.2026", "1232026", "20260312"},
		{"2026-03-12", "20260312", "20260312"},
		{"12.13.2026", "12132026", ""},
		{"12-03-2026", "12032026", ""},
		{"1.2.3.2026", "1232026", ""},
		{"Ende.Anfang", "endeanfang", ""},
		{"Ende. Anfang", "", ""},
		{strings.Repeat("ab-", 40) + "c", "", ""},
	} {
		tok := analysis.Tokens(c.text)[0]
		if tok.Whole != c.whole || tok.Date != c.date {
			t.Errorf("%q: whole %q, date %q; want %q, %q", c.text, tok.Whole, tok.Date, c.whole, c.date)
		}
	}
	if got := analysis.Whole("DE12 5001 0517 0648 4898 90"); got != "de12500105170648489890" {
		t.Errorf("the IBAN as a whole is %q", got)
	}
	if got := analysis.Whole(strings.Repeat("lang ", 40)); got != "" {
		t.Errorf("a long value as a whole is %q", got)
	}
}

func TestOffsets(t *testing.T) {
	const text = "Über den Bau-\nantrag, 5 €"
	var got []string
	for _, tok := range analysis.Tokens(text) {
		got = append(got, text[tok.From:tok.To])
	}
	if s := strings.Join(got, "|"); s != "Über|den|Bau-\nantrag|5" {
		t.Errorf("offsets give %q", s)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"gemeinde", "gemeinde", 0},
		{"gemeinde", "gerneinde", 0.5},
		{"gemeinde", "gemeimde", 1},
		{"widerspruch", "widerspmch", 0.5},
		{"bescheid", "beseheid", 0.5},
		{"bescheid", "beseheld", 1},
		{"bescheid", "bescheide", 1},
		{"bauantrag", "bauauftrag", 1.5},
		{"antrag", "", 6},
		{"", "", 0},
	} {
		got, back := analysis.Distance(c.a, c.b, 10), analysis.Distance(c.b, c.a, 10)
		if got != c.want || back != c.want {
			t.Errorf("%s, %s: %v and back %v, want %v", c.a, c.b, got, back, c.want)
		}
		if c.want > 1 {
			if got := analysis.Distance(c.a, c.b, 1); got <= 1 {
				t.Errorf("%s, %s: %v is within 1", c.a, c.b, got)
			}
		}
	}
}

func TestTolerance(t *testing.T) {
	for word, want := range map[string]float64{"4711": 0, "A12345678": 0, "Amt": 0, "Haus": 0.5, "Antrag": 1, "Bauantrag": 1.5} {
		if got := analysis.Tolerance(analysis.Tokens(word)[0]); got != want {
			t.Errorf("%s: %v, want %v", word, got, want)
		}
	}
}

// A place where a word might be divided changes nothing, also where a simple word
// becomes one that must be read rune by rune.
func TestSimpleWords(t *testing.T) {
	for _, text := range []string{
		"Der Antrag 2 von 1999 ist da", "Haus-Nr 12 A/b.c", "VERSIONSNUMMER x9", "Neue Quelle, Bauer; Mueller und Goethe", "a", "7", "Bau-\nantrag Ende", "Tag\u0308e Tage",
	} {
		var divided strings.Builder
		for i, r := range text {
			if i > 0 && letter(r) && letter(rune(text[i-1])) {
				divided.WriteRune('\u00ad')
			}
			divided.WriteRune(r)
		}
		a, b := analysis.Tokens(text), analysis.Tokens(divided.String())
		if len(a) != len(b) {
			t.Fatalf("%q: %d words, divided %d", text, len(a), len(b))
		}
		for i := range a {
			if a[i].Form != b[i].Form || a[i].Stem != b[i].Stem || a[i].Plain != b[i].Plain || a[i].Whole != b[i].Whole {
				t.Errorf("%q: %+v, divided %+v", text, a[i], b[i])
			}
		}
	}
}

func letter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' }

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"Bau-\nantrag", "32.1-OWi/0815", "Mu\u0308ller", "ﬁ ß ﷺ", "\xff-\n\xc3", "12.3.2026", "a\u00ad\u00ad-\n\n-b", "ǅ İ ŉ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, tok := range analysis.Tokens(text) {
			if tok.From < last || tok.To <= tok.From || tok.To > len(text) {
				t.Fatalf("token %+v after byte %d of %d", tok, last, len(text))
			}
			last = tok.To
			if tok.Form == "" || len(tok.Form) > analysis.MaxForm || !utf8.ValidString(tok.Form) || strings.ContainsAny(tok.Form, " \x00\"'\\*") {
				t.Fatalf("form %q", tok.Form)
			}
			// The search counts on a stem being a begin of its forms.
			if tok.Stem == "" || !strings.HasPrefix(tok.Form, tok.Stem) || !utf8.ValidString(tok.Whole) {
				t.Fatalf("stem %q, whole %q", tok.Stem, tok.Whole)
			}
			// What a person copies from a letter must give the same word again.
			if tok.Plain && len(tok.Form) < analysis.MaxForm {
				if again := analysis.Tokens(tok.Form); len(again) != 1 || analysis.Bones(again[0].Form) == "" {
					t.Fatalf("form %q gives %+v", tok.Form, again)
				}
			}
		}
	})
}

func FuzzDistance(f *testing.F) {
	f.Add("bescheid", "beseheld")
	f.Add("rn", "m")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 100 || len(b) > 100 {
			return
		}
		d := analysis.Distance(a, b, 1000)
		if d < 0 || d > float64(len(a)+len(b)) || (d == 0) != (a == b) {
			t.Fatalf("distance of %q and %q is %v", a, b, d)
		}
		if back := analysis.Distance(b, a, 1000); back != d {
			t.Fatalf("distance of %q and %q is %v, back %v", a, b, d, back)
		}
		if near := analysis.Distance(a, b, 1); d <= 1 && near != d || d > 1 && near <= 1 {
			t.Fatalf("distance of %q and %q is %v, within 1 %v", a, b, d, near)
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	text := strings.Repeat("Hiermit stelle ich den Antrag auf Genehmigung der Verwaltungs-\nvorschrift vom 12.3.2026. ", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		analysis.Tokens(text)
	}
}
