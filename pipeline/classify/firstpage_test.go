package classify_test

import (
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

// Pages of letters for stacks, in the notation of [typeset].
const (
	stackBill = "Malerbetrieb Holtz GmbH\n\nStadt Ulmenstedt\nRathausplatz 1\n43127 Ulmenstedt\n\nUlmenstedt, den 3. November 2026\n\n# Rechnung\n\n" +
		"Sehr geehrte Damen und Herren,\n\nfür unsere Arbeiten erlauben wir uns zu berechnen:\n\nSeite 1 von 2"
	stackBill2  = "Malerbetrieb Holtz GmbH\n\nÜbertrag 1.200,00 EUR\nSumme 1.428,00 EUR\n\nMit freundlichen Grüßen\nHoltz\n\nSeite 2 von 2"
	stackAppeal = "Uwe Petersen\nDeichstraße 11\n43127 Ulmenstedt\n\nStadt Ulmenstedt\nRechtsamt\nRathausplatz 1\n43127 Ulmenstedt\n\n12. November 2026\n\nBetreff: Widerspruch\n\n" +
		"Sehr geehrte Damen und Herren,\n\nhiermit lege ich Widerspruch ein.\n\nMit freundlichen Grüßen\nUwe Petersen"
	stackAppeal2 = "sowie die Zuziehung eines Bevollmächtigten im Vorverfahren für notwendig zu erklären.\n\nMit freundlichen Grüßen\nUwe Petersen"
	stackAnnex   = "Anlage 1\n\nSehr geehrter Herr Petersen,\n\nwir bestätigen Ihnen den Eingang.\n\nMit freundlichen Grüßen\nRathaus"
	stackPlan    = "# Lageplan\n\nGemarkung Süderfeld, Flur 4\nMaßstab 1 : 300"
	stackBlank   = ""
)

// scanOf is a scan of these pages.
func scanOf(texts ...string) (pages []pipeline.Page, words []pipeline.PageText) {
	for i, s := range texts {
		p := pipeline.Page{No: i + 1, Blank: s == stackBlank}
		text := pipeline.PageText{}
		if s != stackBlank {
			text = typeset(s, 0.95)[0]
		}
		pages, words = append(pages, p), append(words, text)
	}
	return pages, words
}

// TestFirstPages looks for letters in scans without separators.
func TestFirstPages(t *testing.T) {
	room, err := classify.New(classify.Config{Town: classify.Town{Name: "Ulmenstedt"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pages []string
		want  []int
	}{
		"one page":                        {[]string{stackBill}, nil},
		"a letter of two pages":           {[]string{stackBill, stackBill2}, nil},
		"with a back and a plan":          {[]string{stackBill, stackBlank, stackBill2, stackPlan}, nil},
		"a letter with its enclosure":     {[]string{stackAppeal, stackAnnex}, nil},
		"a sentence goes on":              {[]string{strings.Replace(stackAppeal, "Mit freundlichen Grüßen\nUwe Petersen", "Wir beantragen", 1), stackAppeal2}, nil},
		"two letters":                     {[]string{stackBill, stackBill2, stackAppeal}, []int{3}},
		"three letters, backs in between": {[]string{stackAppeal, stackBlank, stackBill, stackBlank, stackBill2, stackBlank, stackAppeal}, []int{3, 7}},
		"the same letter twice":           {[]string{stackAppeal, stackAppeal}, []int{2}},
		"nothing but blanks":              {[]string{stackBlank, stackBlank}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			cut := room.FirstPages(scanOf(c.pages...))
			if cut != nil {
				got = cut.Pages()
				for _, b := range cut.Begins {
					if len(b.Signs) == 0 || b.Confidence < 0.5 || b.Confidence > 1 {
						t.Errorf("page %d is said to begin a letter without reason: %+v", b.Page, b)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("letters begin at %v, want %v: %+v", got, c.want, cut)
			}
		})
	}
}

// TestSeveralLettersAreAskedAbout holds that a person is asked before anything else,
// and never about what cannot be several letters.
func TestSeveralLettersAreAskedAbout(t *testing.T) {
	room, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	pages, words := scanOf(stackBill, stackBill2, stackAppeal)
	for name, c := range map[string]struct {
		change func(*pipeline.Document)
		asks   bool
	}{
		"a scan":                 {func(*pipeline.Document) {}, true},
		"a cut with one missing": {func(d *pipeline.Document) { d.Stack = &pipeline.Stack{Expected: 4, Found: 3} }, true},
		"counted":                {func(d *pipeline.Document) { d.Stack = &pipeline.Stack{Expected: 3, Found: 3} }, false},
		"arranged":               {func(d *pipeline.Document) { d.ArrangedBy = "schmidt" }, false},
		"born digital":           {func(d *pipeline.Document) { d.Source = &pipeline.Findings{Kind: "pdf", BornDigital: true} }, false},
		"an office file":         {func(d *pipeline.Document) { d.Source = &pipeline.Findings{Rendition: pipeline.Blob{Digest: "x"}} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			blobs := &pipelinetest.Blobs{}
			doc := pipeline.Document{ID: "d", Pages: slices.Clone(pages)}
			for i := range doc.Pages {
				b, err := pipeline.PutJSON(t.Context(), blobs, words[i])
				if err != nil {
					t.Fatal(err)
				}
				doc.Pages[i].Text = b.Digest
			}
			c.change(&doc)
			out, err := room.Step(t.Context(), doc, blobs)
			fault := pipeline.AsFault(err)
			asks := fault != nil && fault.Code == classify.FaultSeveral
			if asks != c.asks || asks != (out.Cut != nil) {
				t.Fatalf("asks %v, cut %+v", fault, out.Cut)
			}
			if !asks {
				return
			}
			if out.Filing.Sure || fault.Verdict != pipeline.AskPerson {
				t.Errorf("files %+v, fault %+v", out.Filing, fault)
			}
			q := room.Questions(out, fault)
			if len(q) != 1 || q[0].Kind != pipeline.AskCut || q[0].Page != 3 || !slices.Equal(q[0].Answers[0].Cut, []int{3}) || !q[0].Answers[1].Whole || !strings.Contains(q[0].Answers[0].Text.DE, "1–2 | 3") {
				t.Errorf("the question is %+v", q)
			}
			if again, _ := room.Step(t.Context(), out, blobs); again.Cut == nil {
				t.Error("looked at again it is one letter")
			}
		})
	}
}
