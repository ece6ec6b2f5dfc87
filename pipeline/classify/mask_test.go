package classify_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
)

func TestMask(t *testing.T) {
	for _, c := range []struct {
		text string
		dept pipeline.DeptID
		want string
	}{
		{"Ausweisnummer T22000129, gültig", "33", "Ausweisnummer •••, gültig"},
		{"Personalausweis-Nr.: L01X 00T47 1", "33", "Personalausweis-Nr.: •••"},
		{"Rechnung RN2024123 vom Mai", "20", "Rechnung RN2024123 vom Mai"},
		{"Nr. T220001293 ohne Wort davor", "10", "Nr. ••• ohne Wort davor"},
		{"Nr. T220001294 mit falscher Prüfziffer", "10", "Nr. T220001294 mit falscher Prüfziffer"},
		{"IDD<<T220001293<<<<<<<<<<<<<<<\n6408125<2010315D<<<<<<<<<<<<<<4\nMUSTERMANN<<ERIKA<<<<<<<<<<<<<", "33", "•••\n•••\n•••"},
		{"cat <<EOF und a << b", "33", "cat <<EOF und a << b"},
		{"IdNr. 65 929 970 489.", "22", "IdNr. 65 929 970 489."},
		{"IdNr. 65 929 970 489.", "50", "IdNr. •••."},
		{"IdNr. 65929970489.", "", "IdNr. •••."},
		{"Telefon 01512 3456789", "50", "Telefon 01512 3456789"},
		{"IBAN DE89 3704 0044 0532 0130 00", "50", "IBAN DE89 3704 0044 0532 0130 00"},
		{"VSNR 15 070649 C 103", "50", "VSNR 15 070649 C 103"},
		{"VSNR 15 070649 C 103", "32", "VSNR •••"},
		{"AZR-Nummer: 123456789012", "33A", "AZR-Nummer: 123456789012"},
		{"AZR-Nummer: 123456789012", "32", "AZR-Nummer: •••"},
		{"ÄÖÜ \xff kaputt T220001293", "32", "ÄÖÜ \xff kaputt •••"},
		{"", "32", ""},
	} {
		if got := classify.Mask(c.text, c.dept); got != c.want {
			t.Errorf("Mask(%q, %q) = %q, want %q", c.text, c.dept, got, c.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"Ausweisnummer T22000129", "65 929 970 489", "IDD<<T220001293<<<<<<<<<<<<<<<", "AZR 123456789", "\xff\xfe<<", "15 070649 C 103"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, s := range classify.Spans(text, "") {
			if s.Start < end || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("span %+v after %d of %d bytes", s, end, len(text))
			}
			end = s.End
		}
		masked := classify.Mask(text, "")
		if utf8.ValidString(text) && !utf8.ValidString(masked) {
			t.Fatal("masking broke the encoding")
		}
		if strings.Contains(masked, "65929970489") && !strings.ContainsAny(text, "<") && strings.TrimSpace(text) == "65929970489" {
			t.Fatal("a tax number stayed")
		}
	})
}

func FuzzClassify(f *testing.F) {
	r := room(f)
	for _, file := range []string{"confusions.txt", "negatives.txt"} {
		for _, s := range samples(f, file) {
			f.Add([]byte(s.text))
		}
	}
	f.Add([]byte("§ § $ 8a 8a\x00\xff-\n-\n¬ \u00ad R E C H N U N G"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<13 {
			t.Skip()
		}
		pages := typeset(string(raw), 0.5)
		for i := range pages {
			for j := range pages[i].Words { // boxes and lines as no engine should give them
				w := &pages[i].Words[j]
				b := raw[j%len(raw)]
				switch b % 7 {
				case 0:
					w.Box = pipeline.Box{}
				case 1:
					w.Box.X1 = w.Box.X0 - int(b)
				case 2:
					w.Line = int(b)
				case 3:
					w.Conf = float32(int(b) - 128)
				case 4:
					from := j % len(raw)
					w.Text = string(raw[from:min(len(raw), from+40)])
				}
			}
		}
		a := r.Classify(pages)
		if a.Confidence < 0 || a.Confidence > 1 || a.Type == "" || len(a.Candidates) > 5 || (a.Sure && a.Confidence < classify.DefaultThreshold) {
			t.Fatalf("%+v", a)
		}
		for _, x := range a.Fields {
			if x.Page < 1 || x.Page > len(pages) || x.Confidence < 0 || x.Confidence > 1 || x.Value == "" {
				t.Fatalf("%+v", x)
			}
		}
		if b := r.Classify(pages); b.Type != a.Type || b.Confidence != a.Confidence || len(b.Fields) != len(a.Fields) {
			t.Fatal("the same letter gives another filing")
		}
	})
}

func TestMaskPage(t *testing.T) {
	page := pipeline.FromPlainText("Personalausweis-Nr.: L01X 00T47 1\nIBAN DE89 3704 0044 0532 0130 00")[0]
	got := classify.MaskPage(page, "33")
	if want := "Personalausweis-Nr.: ••• ••• •••\nIBAN DE89 3704 0044 0532 0130 00\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	if page.Words[1].Text != "L01X" {
		t.Error("the page that was given has changed")
	}
	if got.Words[1].Box != page.Words[1].Box {
		t.Error("a masked word has moved")
	}
}

func TestMaskFields(t *testing.T) {
	fields := []pipeline.Field{
		{Name: classify.KindTaxID, Value: "65929970489", Page: 1}, {Name: classify.KindDocument, Value: classify.Masked},
		{Name: "betreff", Value: "Steuer-ID 65 929 970 489"}, {Name: "aktenzeichen", Value: "32-17/44"},
	}
	for dept, want := range map[pipeline.DeptID][]string{
		"22": {"65929970489", classify.Masked, "Steuer-ID 65 929 970 489", "32-17/44"},
		"32": {classify.Masked, classify.Masked, "Steuer-ID " + classify.Masked, "32-17/44"},
	} {
		got := classify.MaskFields(classify.MaskFields(fields, dept), dept) // the second time changes nothing
		for i, f := range got {
			if f.Value != want[i] || f.Page != fields[i].Page {
				t.Errorf("%s gets %+v, want %q", dept, f, want[i])
			}
		}
	}
	if fields[0].Value != "65929970489" {
		t.Error("the fields that were given have changed")
	}
}
