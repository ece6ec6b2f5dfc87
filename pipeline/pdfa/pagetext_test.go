package pdfa

import (
	"strings"
	"testing"
)

func words(s string) []ownWord {
	var out []ownWord
	for _, w := range strings.Fields(s) {
		out = append(out, ownWord{text: w})
	}
	return out
}

func TestGood(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want bool
	}{
		"German":            {"Sehr geehrte Frau Dr. Müller-Lüdenscheidt, mit Bescheid vom 12.03.2024 (Az. 32-OWi/4711) setzen wir ein Bußgeld von 1.234,56 € fest.", true},
		"one word":          {"Rechnung", true},
		"numbers only":      {"12.03.2024 4711 1.234,56 0800/123-456", true},
		"capitals":          {"STADTVERWALTUNG MUSTERSTADT BÜRGERBÜRO", true},
		"Russian":           {"Уважаемые дамы и господа прошу выдать справку", true},
		"Arabic":            {"السلام عليكم ورحمة الله وبركاته", true},
		"shifted codes":     {"6HKU JHHKUWH 'DPHQ XQG +HUUHQ KLHUPLW EHDQWUDJH LFK HLQH $XVNXQIW DXV GHP 0HOGHUHJLVWHU", false},
		"replaced":          {"Sehr g\uFFFDehrte D\uFFFDmen", false},
		"private use":       {"\uE001\uE002\uE003 \uE004\uE005 Seite", false},
		"signs":             {"!\"#$% &'()* +,-./ 0:1;2 <a=b> ?C@D [E]^ `f{g| h}i~ j1k2l3", false},
		"consonants":        {"Bcdfg hjklm npqrs tvwxz bcdfg hjklm npqrs tvwxz bcdfg hjklm npqrs", false},
		"nothing":           {"", false},
		"mixed case glyphs": {"aBcDe1F2 gHi3Jk4 lM5nO6p Qr7sT8u vW9xY0z Ab1Cd2e", false},
	} {
		if got := good(words(tc.text)); got != tc.want {
			t.Errorf("%s: good is %t", name, got)
		}
	}
}

const bboxSample = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>A &amp; B</title><meta name="Producer" content="x"/></head><body><doc>
<page width="595.000000" height="842.000000">
<flow><block xMin="1" yMin="1" xMax="9" yMax="9"><line xMin="1" yMin="1" xMax="9" yMax="9">
<word xMin="10.5" yMin="20" xMax="60.25" yMax="32">M&amp;M</word><word xMin="70" yMin="20" xMax="90" yMax="32">` + "a\x01b" + `</word></line>
<line xMin="1" yMin="1" xMax="9" yMax="9"><word xMin="nan" yMin="40" xMax="60" yMax="52">zwei</word></line></block></flow>
<flow><block><line><word xMin="600" yMin="900" xMax="700" yMax="910">draussen</word><word xMin="1" yMin="1" xMax="2" yMax="2"> </word></line></block></flow>
</page><page width="100" height="50"></page></doc></body></html>`

func TestParseBBox(t *testing.T) {
	var pages []ownPage
	if err := parseBBox(strings.NewReader(bboxSample), func(p ownPage) { pages = append(pages, p) }); err != nil {
		t.Fatal(err)
	}
	if len(pages) != 2 || len(pages[0].words) != 4 || len(pages[1].words) != 0 {
		t.Fatalf("read %+v", pages)
	}
	w := pages[0].words
	if w[0].text != "M&M" || w[1].text != "a\uFFFDb" || w[0].x0 != 10.5 || w[2].x0 != 0 {
		t.Errorf("words are %+v", w)
	}
	if w[0].line != 0 || w[2].line != 1 || w[3].line != 2 || w[3].block != 1 {
		t.Errorf("lines are counted %+v", w)
	}
	p := pages[0].pageText(2479, 3508, 300)
	if len(p.Words) != 3 {
		t.Errorf("%d words are on the page, want 3: what is beside it is not seen", len(p.Words))
	}
	for _, x := range p.Words {
		b := x.Box
		if b.X0 < 0 || b.Y0 < 0 || b.X1 > 2479 || b.Y1 > 3508 || b.X0 >= b.X1 || b.Y0 >= b.Y1 || x.Base < b.Y0 || x.Base > b.Y1 {
			t.Errorf("%q lies at %+v with its baseline at %d", x.Text, b, x.Base)
		}
	}
}

// FuzzBBox: no answer of pdftotext makes a word lie outside its page.
func FuzzBBox(f *testing.F) {
	f.Add(bboxSample)
	f.Add(`<doc><page width="1e300" height="-5"><word xMin="-1e9" yMax="7">a</word></page>`)
	f.Add("<page><word>\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		_ = parseBBox(strings.NewReader(s), func(p ownPage) {
			for _, w := range p.pageText(1000, 2000, 300).Words {
				if b := w.Box; b.X0 < 0 || b.Y0 < 0 || b.X1 > 1001 || b.Y1 > 2001 || b.X0 >= b.X1 || b.Y0 >= b.Y1 {
					t.Fatalf("%+v", w)
				}
			}
			good(p.words)
		})
	})
}
