package separate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// step runs the step over pages that are described by a word each: "a" is a page
// of a letter, "-" a blank one, "T" a patch sheet, "S" our separator, "C" a cover
// sheet, "#7" a page with a label, anything else the text of a code. A page named
// "!" cannot be looked at.
func step(t *testing.T, words string, cover Sheet, paper pipeline.Paper) (pipeline.Document, error) {
	t.Helper()
	blobs := &pipelinetest.Blobs{}
	doc := pipeline.Document{ID: "d", Delivery: pipeline.Delivery{ID: "x", Paper: paper}}
	for i, word := range strings.Fields(words) {
		b, err := blobs.Put(t.Context(), strings.NewReader(fmt.Sprint(word, "@", i)))
		if err != nil {
			t.Fatal(err)
		}
		doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1, Image: pipeline.Image{Blob: b}})
	}
	room := New(Config{Glance: func(_ context.Context, file []byte, _ pipeline.Image, wantBlank bool) ([]pipeline.Code, bool, error) {
		word, _, _ := strings.Cut(string(file), "@")
		code := func(kind pipeline.CodeKind, text string) []pipeline.Code {
			return []pipeline.Code{{Kind: kind, Text: text}}
		}
		switch {
		case word == "!":
			return nil, false, errors.New("the child died")
		case word == "a":
			return nil, false, nil
		case word == "-":
			return nil, wantBlank, nil
		case word == "T" || word == "1":
			return code(pipeline.CodePatch, word), false, nil
		case word == "S", word == "C":
			s := cover
			if s.Cover = word == "C"; !s.Cover {
				s = Sheet{}
			}
			text, err := s.Encode()
			if err != nil {
				t.Error(err)
			}
			return code(pipeline.CodeQR, text), false, nil
		case word[0] == '#':
			var n int64
			_, _ = fmt.Sscanf(word, "#%d", &n)
			text, err := EncodeLabel(n)
			if err != nil {
				t.Error(err)
			}
			return code(pipeline.Code128, text), false, nil
		}
		return code(pipeline.Code39, word), false, nil
	}})
	out, err := room.Step(t.Context(), doc, blobs)
	again, err2 := room.Step(t.Context(), doc, blobs)
	if !reflect.DeepEqual(out, again) || (err == nil) != (err2 == nil) {
		t.Errorf("%s: twice gives %+v and %+v", words, out, again)
	}
	return out, err
}

// drawn shows letters as page numbers: "1 2 | 4(3) | 6".
func drawn(doc pipeline.Document) string {
	show := func(pages, aside []pipeline.Page) string {
		var s []string
		for _, p := range pages {
			s = append(s, fmt.Sprint(p.No))
		}
		for _, p := range aside {
			s = append(s, fmt.Sprintf("(%d%c)", p.No, p.Aside[0]))
		}
		return strings.Join(s, " ")
	}
	list := []string{show(doc.Pages, doc.Aside)}
	for _, p := range doc.Parts {
		list = append(list, show(p.Pages, p.Aside))
	}
	return strings.Join(list, " | ")
}

func TestCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		words, want string
		paper       pipeline.Paper
	}{
		"one letter":                 {words: "a a a", want: "1 2 3"},
		"patch between":              {words: "a a T a", want: "1 2 | 4 (3s)"},
		"sheet first and last":       {words: "T a T", want: "2 (1s) (3s)"},
		"doubled sheet":              {words: "a T S a", want: "1 | 4 (2s) (3s)"},
		"blank back of a sheet":      {words: "a - T - a - T - - a", want: "1 2 | 5 6 (3s) (4b) | 9 10 (7s) (8b)"},
		"cover":                      {words: "C - a S a", want: "3 (1c) (2b) | 5 (4s)"},
		"Code 39 beside the bars":    {words: "a PATCHT a", want: "1 | 3 (2s)"},
		"as other programs write it": {words: "a Patch-T a", want: "1 | 3 (2s)"},
		"patch 1 steers scanners":    {words: "a 1 a", want: "1 2 3"},
		"stray codes":                {words: "a XYZ BW1:Q:K=0000 ASNXYZXYZ a", want: "1 2 3 4 5"},
		"blank pages stay":           {words: "a - a", want: "1 2 3"},
		"blank pages part":           {words: "a - - a", want: "1 | 4 (2s) (3b)", paper: pipeline.Paper{BlankParts: true}},
		"labels stay":                {words: "#1 a #2 a", want: "1 2 3 4"},
		"labels part":                {words: "#1 a #2 a", want: "1 2 | 3 4", paper: pipeline.Paper{LabelParts: true}},
		"fronts, then backs":         {words: "a T a a - a", want: "1 6 | 3 4 (2s) (5b)", paper: pipeline.Paper{FrontsThenBacks: true}},
		"an odd number of sides":     {words: "a a a", want: "1 2 3", paper: pipeline.Paper{FrontsThenBacks: true}},
		"a page that is not seen":    {words: "a ! T a", want: "1 2 | 4 (3s)"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := step(t, c.words, Sheet{}, c.paper)
			if err != nil {
				t.Fatal(err)
			}
			if got := drawn(doc); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if (doc.Stack != nil) != (len(doc.Parts) > 0) {
				t.Errorf("stack is %+v with %d parts", doc.Stack, len(doc.Parts))
			}
		})
	}
}

func TestOnlySheets(t *testing.T) {
	t.Parallel()
	doc, err := step(t, "T T -", Sheet{}, pipeline.Paper{})
	if f := pipeline.AsFault(err); f == nil || f.Code != "only-sheets" || len(doc.Aside) != 3 {
		t.Errorf("got %v, %+v", err, doc)
	}
}

func TestWhatTheCoverSays(t *testing.T) {
	t.Parallel()
	cover := Sheet{Batch: "B-7", Type: "32-OWI", Department: "32", Expected: 4, FirstLabel: 10, Received: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
	doc, err := step(t, "C #10 a T #11 T #13", cover, pipeline.Paper{})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Stack.Expected != 4 || doc.Stack.Found != 3 || doc.Stack.Batch != "B-7" {
		t.Errorf("stack is %+v", doc.Stack)
	}
	mark := func(marks []pipeline.Field, name string) string {
		for _, m := range marks {
			if m.Name == name {
				return m.Value
			}
		}
		return ""
	}
	if marks := doc.Parts[1].Marks; mark(marks, MarkASN) != "13" || mark(marks, MarkType) != "32-OWI" || mark(marks, MarkReceived) != "2026-11-27" {
		t.Errorf("marks are %+v", marks)
	}
	i := slices.IndexFunc(doc.Remarks, func(r pipeline.Remark) bool { return r.Code == CountRemark })
	if i < 0 || !strings.Contains(doc.Remarks[i].Text.DE, "B-7: 4 Briefe angekündigt, 3 gefunden") || !strings.Contains(doc.Remarks[i].Text.DE, "Archivnummer 12)") {
		t.Errorf("remarks are %+v", doc.Remarks)
	}
	for _, p := range doc.Parts {
		if slices.ContainsFunc(p.Remarks, func(r pipeline.Remark) bool { return r.Code == CountRemark }) {
			t.Error("the remark on the batch stands on more than its first letter")
		}
	}
	// What is cut passes unchanged.
	whole := doc
	whole.Parts = nil
	out, err := New(Config{}).Step(t.Context(), whole, nil)
	if err != nil || !reflect.DeepEqual(out, whole) {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	doc, err := step(t, "BW1:S:K=0000 ASN0000118-1 ASN4294967296 ASNXYZ #5 #6 ! a", Sheet{}, pipeline.Paper{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range doc.Remarks {
		got[r.Code]++
		if r.Text.DE == "" || r.Text.EN == "" {
			t.Errorf("%s has no text", r.Code)
		}
	}
	if want := map[string]int{"sheet-unreadable": 1, "label-unreadable": 3, "second-label": 1, "not-looked-at": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"ASN00123": 123, "ASN0000118-0": 118, "ASN123": 123, "ASN4294967295": 4294967295,
		"ASN4294967296": -1, "ASN0000118-1": -1, "ASN0000181-0": -1, "ASNXYZXYZ": -1, "ASN": -1, "asn00123": -1, "ASN00123 ": -1,
	} {
		n, _, err := ParseLabel(text)
		if want < 0 && err == nil || want >= 0 && n != want {
			t.Errorf("%q reads as %d, %v", text, n, err)
		}
	}
	// Every single wrong digit is found.
	text, err := EncodeLabel(4711)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(text); i++ {
		for d := byte('0'); d <= '9'; d++ {
			if wrong := text[:i] + string(d) + text[i+1:]; text[i] != '-' && d != text[i] {
				if n, checked, err := ParseLabel(wrong); err == nil && checked {
					t.Errorf("%q passes as %d", wrong, n)
				}
			}
		}
	}
}

func FuzzParseSheet(f *testing.F) {
	f.Add("BW1:C:B=2026-1127-01:D=32:T=32-OWI:R=20261127:N=47:P=D:K=ED92")
	f.Add("BW1:S:K=12AC")
	f.Add("BW1::::K=FFFF")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSheet(text)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			return // a day or number of a later version
		}
		if back, err := ParseSheet(again); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%q reads as %+v, written as %q reads as %+v (%v)", text, s, again, back, err)
		}
	})
}

func FuzzParseLabel(f *testing.F) {
	f.Add("ASN0000118-0")
	f.Fuzz(func(t *testing.T, text string) {
		if n, _, err := ParseLabel(text); err == nil && (n < 0 || n > maxASN) {
			t.Errorf("%q reads as %d", text, n)
		}
	})
}
