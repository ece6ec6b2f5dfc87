package classify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

const bill = `Müller & Sohn KG · Werkstraße 8 · 12346 Rodenfels

Stadt Ahrenbrück
Stadtkasse
12345 Ahrenbrück

Rodenfels, den 14.03.2026

# Rechnung

Rechnungsnummer: R-2026-1187
Gesamtbetrag 14.280,00 EUR
Zahlungsziel 30 Tage
IBAN %IBAN%
USt-IdNr. DE136695976
`

// TestQuestions asks what a person is asked about letters of each kind.
func TestQuestions(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	sound := strings.Replace(bill, "%IBAN%", "DE89 3704 0044 0532 0130 00", 1)
	broken := strings.Replace(bill, "%IBAN%", "DE88 3704 0044 0532 0130 00", 1)
	objection := find(t, "letters.txt", "grundsteuer")
	for _, c := range []struct {
		name, text string
		received   string
		want       []string // codes
		answers    int      // of the first question
	}{
		{"sure", sound, "2026-03-20", nil, 0},
		{"iban broken", broken, "2026-03-20", []string{"check-digit"}, 1},
		{"iban broken in one print only", sound + "\nKonto DE89 3704 0044 0532 O13O 08", "2026-03-20", nil, 0},
		{"date of a bill in the future", sound, "2026-01-20", nil, 0},
		{"date of an objection in the future", objection, "2026-01-20", []string{"future-date"}, 2},
		{"two departments", find(t, "letters.txt", "abmeldung") + "\nKassenzeichen 7.4001.123456.5\nKassenzeichen 8.100200.3", "2026-09-20", []string{"two-departments"}, 1},
		{"nothing known", "Hallo\n\nwie geht es?", "2026-03-20", []string{"unsure"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := document(t, blobs, c.text, 3)
			doc.Delivery.Received, _ = time.Parse(time.DateOnly, c.received)
			got, err := r.Step(t.Context(), doc, blobs)
			fault := pipeline.AsFault(err)
			questions := r.Questions(got, fault)
			var codes []string
			for _, q := range questions {
				codes = append(codes, q.Code)
				if q.Text.DE == "" || q.Text.EN == "" {
					t.Errorf("%s has no text", q.Code)
				}
				for i, a := range q.Answers {
					if a.Key != string(rune('1'+i)) || a.Text.DE == "" {
						t.Errorf("%s: answer %+v", q.Code, a)
					}
				}
				if q.Page != 3 && len(q.Answers) > 0 {
					t.Errorf("%s is to be seen on page %d", q.Code, q.Page)
				}
			}
			if !slices.Equal(codes, c.want) {
				t.Fatalf("asked %q, want %q; %+v", codes, c.want, got.Filing)
			}
			if (fault == nil) != (len(c.want) == 0) || got.Filing.Sure != (fault == nil) {
				t.Errorf("fault %v and sure %v beside %d questions", fault, got.Filing.Sure, len(c.want))
			}
			if len(c.want) > 0 && len(questions[0].Answers) < c.answers {
				t.Errorf("%d answers, want %d", len(questions[0].Answers), c.answers)
			}
			for _, f := range got.Filing.Fields {
				if f.Name == "iban" && !f.Checked {
					t.Errorf("offers an IBAN whose check digits do not hold")
				}
			}
			got.Filing.DecidedBy = "anna"
			if again := r.Questions(got, nil); len(again) > 0 {
				t.Error("asks again after a decision")
			}
		})
	}
	closed := &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "encrypted", Page: 2, Text: pipeline.Message{DE: "zu", EN: "shut"}}
	q := r.Questions(pipeline.Document{}, closed)
	if len(q) != 1 || q[0].Kind != pipeline.AskFault || q[0].Help != closed.Text || q[0].Answers[0].Retry != pipeline.StepOpen {
		t.Errorf("%+v", q)
	}
}

// TestKnownFiles lets a file reference that the town knows point to its department.
func TestKnownFiles(t *testing.T) {
	files := map[string]pipeline.DeptID{"32-17/44": "32", "63-9/2026": "63"}
	asked := 0
	r, err := classify.New(classify.Config{Town: classify.Town{Name: "Ahrenbrück"},
		Files: func(_ context.Context, ref string) (pipeline.DeptID, bool, error) {
			asked++
			dept, ok := files[ref]
			if ref == "99-1/1" {
				return "", false, errors.New("the catalogue is away")
			}
			return dept, ok, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	blobs := &pipelinetest.Blobs{}
	letter := "Tom Weber\nSeeweg 1\n12345 Ahrenbrück\n\nIhr Zeichen: %\n\nSehr geehrte Damen und Herren,\n\nzum Bußgeldbescheid schreibe ich noch.\n\nMit freundlichen Grüßen\nTom Weber"
	unknown, _ := r.Step(t.Context(), document(t, blobs, strings.Replace(letter, "%", "77-1/1", 1), 1), blobs)
	known, _ := r.Step(t.Context(), document(t, blobs, strings.Replace(letter, "%", "32-17/44", 1), 1), blobs)
	f, _ := field(*known.Filing, "ihr_zeichen")
	if !f.Checked || known.Filing.Department != "32" || known.Filing.Confidence <= unknown.Filing.Confidence {
		t.Errorf("known %+v, unknown %+v", known.Filing, unknown.Filing)
	}
	crossed, err := r.Step(t.Context(), document(t, blobs, strings.Replace(letter, "%", "32-17/44\nAktenzeichen: 63-9/2026", 1), 1), blobs)
	if q := r.Questions(crossed, pipeline.AsFault(err)); len(q) == 0 || q[0].Code != classify.DoubtTwoDepartments {
		t.Errorf("asks %+v", q)
	}
	if _, err := r.Step(t.Context(), document(t, blobs, strings.Replace(letter, "%", "99-1/1", 1), 1), blobs); pipeline.AsFault(err).Verdict != pipeline.TryAgain {
		t.Errorf("where the files cannot be looked into: %v", err)
	}
	if many := strings.Repeat("Aktenzeichen: 1-2/3\n", 50); true {
		asked = 0
		_, _ = r.Step(t.Context(), document(t, blobs, many, 1), blobs)
		if asked > 8 {
			t.Errorf("looks %d references up", asked)
		}
	}
}

// TestStackCount asks once for a stack in which letters are missing.
func TestStackCount(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	for position, want := range []int{1, 0} {
		doc := document(t, blobs, find(t, "letters.txt", "grundsteuer"), 1)
		doc.Stack = &pipeline.Stack{Position: position, Expected: 47, Found: 46}
		got, err := r.Step(t.Context(), doc, blobs)
		q := r.Questions(got, pipeline.AsFault(err))
		if len(q) != want || want == 1 && (q[0].Code != classify.DoubtCount || !strings.Contains(q[0].Help.DE, "47") || len(q[0].Answers) != 1) {
			t.Errorf("letter %d of the stack asks %+v", position, q)
		}
	}
}

// TestApplyHoldsCheckDigits refuses what a person mistyped, and masks what may not
// be kept, whoever wrote it.
func TestApplyHoldsCheckDigits(t *testing.T) {
	r := room(t)
	doc := pipeline.Document{Filing: &pipeline.Filing{Type: "20-RECH", Fields: []pipeline.Field{{Name: "iban", Value: "DE88370400440532013000", Confidence: 1}}}}
	if _, err := r.Apply(doc, "20-RECH", "anna"); pipeline.AsFault(err).Code != classify.DoubtCheckDigit {
		t.Errorf("a mistyped IBAN gives %v", err)
	}
	doc.Filing.Fields[0].Value = "DE89 3704 0044 0532 0130 00"
	doc.Filing.Fields = append(doc.Filing.Fields, pipeline.Field{Name: "betreff", Value: "Ausweis T220001293 verloren", Confidence: 1})
	f, err := r.Apply(doc, "20-RECH", "anna")
	if err != nil || f.Fields[0].Value != "DE89370400440532013000" || !f.Fields[0].Checked || strings.Contains(f.Fields[1].Value, "T22000") {
		t.Errorf("%v, %+v", err, f.Fields)
	}
}
