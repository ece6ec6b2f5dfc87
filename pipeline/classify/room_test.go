package classify_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

// document keeps the pages of a text as reading would leave them.
func document(t testing.TB, blobs pipeline.Blobs, text string, firstPage int) pipeline.Document {
	t.Helper()
	doc := pipeline.Document{ID: "d1"}
	for i, p := range typeset(text, 0.96) {
		blob, err := pipeline.PutJSON(t.Context(), blobs, p)
		if err != nil {
			t.Fatal(err)
		}
		doc.Pages = append(doc.Pages, pipeline.Page{No: firstPage + i, Reading: &pipeline.Reading{Words: blob.Digest}})
	}
	return doc
}

func find(t testing.TB, file, name string) string {
	t.Helper()
	for _, s := range samples(t, file) {
		if s.name == name {
			return s.text
		}
	}
	t.Fatalf("no letter %q in %s", name, file)
	return ""
}

func TestStepFilesASureLetter(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	doc := document(t, blobs, find(t, "letters.txt", "grundsteuer"), 5)
	doc.Remarks = []pipeline.Remark{{Step: pipeline.StepOpen, Code: "jbig2"}}
	once, err := r.Step(t.Context(), doc, blobs)
	if err != nil {
		t.Fatal(err)
	}
	if f := once.Filing; !f.Sure || f.Type != "30-WIDER" || f.Department != "30" || f.Handling != classify.HandlingScanEnvelope || f.RetainFor.Years != 10 {
		t.Errorf("filing: %+v", f)
	}
	for _, x := range once.Filing.Fields {
		if x.Page != 5 {
			t.Errorf("%s stands on page %d, want 5", x.Name, x.Page)
		}
	}
	if once.Filing.Candidates[0].Reasons[0].Page != 5 {
		t.Error("the reasons do not name the page of the delivery")
	}
	twice, err := r.Step(t.Context(), once, blobs)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(once, twice) {
		t.Error("running the step twice changes the document")
	}
	if len(doc.Remarks) != 1 || doc.Filing != nil {
		t.Error("the step changed its input")
	}
}

func TestStepAsksAPerson(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	for _, text := range []string{find(t, "negatives.txt", "dank"), "x", find(t, "unseen.txt", "neu")} {
		doc, err := r.Step(t.Context(), document(t, blobs, text, 1), blobs)
		var fault *pipeline.Fault
		if !errors.As(err, &fault) || fault.Verdict != pipeline.AskPerson || fault.Code != "unsure" {
			t.Fatalf("error %v", err)
		}
		if doc.Filing == nil || doc.Filing.Sure {
			t.Errorf("filing %+v", doc.Filing)
		}
		if doc.Filing.Handling != classify.HandlingReview || doc.Filing.RetainFor.Years != 0.25 {
			t.Errorf("an unsure filing takes over handling %q and retention %v of a type", doc.Filing.Handling, doc.Filing.RetainFor)
		}
	}
}

func TestStepLeavesDecisionsAlone(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	doc := document(t, blobs, find(t, "letters.txt", "grundsteuer"), 1)
	want := pipeline.Filing{Type: "10-BESCHW", DecidedBy: "anna", Sure: true}
	doc.Filing = &want
	got, err := r.Step(t.Context(), doc, blobs)
	if err != nil || !reflect.DeepEqual(*got.Filing, want) {
		t.Errorf("%+v, %v", got.Filing, err)
	}
}

func TestStepWithoutWords(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	doc := pipeline.Document{Pages: []pipeline.Page{{No: 1, Blank: true}, {No: 2}}}
	got, err := r.Step(t.Context(), doc, blobs)
	if pipeline.AsFault(err).Verdict != pipeline.AskPerson || got.Filing.Type != classify.Unclear {
		t.Errorf("%+v, %v", got.Filing, err)
	}
	doc.Pages[1].Text = "0000"
	if _, err := r.Step(t.Context(), doc, blobs); pipeline.AsFault(err).Verdict != pipeline.TryAgain {
		t.Errorf("a missing blob gives %v", err)
	}
}

func TestExpressLane(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	for _, name := range []string{"meldung", "eil"} {
		var text string
		for _, s := range samples(t, "letters.txt") {
			if s.name == name && (s.want == "51-HZE" || s.want == "30-KLAGE") {
				text = s.text
			}
		}
		doc, _ := r.Step(t.Context(), document(t, blobs, text, 1), blobs)
		if doc.Filing.Handling != classify.HandlingExpress {
			t.Errorf("%s: handling %q", name, doc.Filing.Handling)
		}
		if !slices.ContainsFunc(doc.Remarks, func(m pipeline.Remark) bool { return m.Code == "express" && m.Text.DE != "" && m.Text.EN != "" }) {
			t.Errorf("%s: no remark", name)
		}
	}
	// Unsure, yet urgent: a person decides, at once.
	f := r.Classify(typeset("Verschiedenes\n\nIch fürchte eine Kindeswohlgefährdung.", 0.96))
	if f.Sure || f.Handling != classify.HandlingExpress || f.Protection != "sehr_hoch" {
		t.Errorf("%+v", f)
	}
}

func TestDoNotOpen(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	doc, err := r.Step(t.Context(), document(t, blobs, find(t, "letters.txt", "umschlag"), 1), blobs)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Filing.Type != "14-ANGEBOT" || doc.Filing.Handling != classify.HandlingDoNotOpen ||
		!slices.ContainsFunc(doc.Remarks, func(m pipeline.Remark) bool { return m.Code == "do-not-open" }) {
		t.Errorf("%+v %+v", doc.Filing, doc.Remarks)
	}
}

func TestApply(t *testing.T) {
	r := room(t)
	doc := pipeline.Document{}
	f := r.Classify(typeset(find(t, "letters.txt", "grundsteuer")+"\nSteuer-ID 65 929 970 489", 0.96))
	doc.Filing = &f
	got, err := r.Apply(doc, "22-GRST", "anna")
	if err != nil {
		t.Fatal(err)
	}
	if got.Type != "22-GRST" || got.Department != "22" || !got.Sure || got.DecidedBy != "anna" || got.Confidence != 1 ||
		got.RetainFor.Start != "veranlagungsende" || len(got.Fields) != len(f.Fields) {
		t.Errorf("%+v", got)
	}
	doc.Filing = &got
	for i := range got.Fields {
		if got.Fields[i].Name == classify.KindTaxID {
			got.Fields[i].Value = "65929970489"
		}
	}
	moved, err := r.Apply(doc, "10-BESCHW", "anna")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range moved.Fields {
		if strings.Contains(x.Value, "65929970489") {
			t.Errorf("the tax number went with the letter to another department: %s", x.Name)
		}
	}
	if doc.Filing.Type != "22-GRST" {
		t.Error("Apply changed the document")
	}
	if _, err := r.Apply(doc, "99-NIX", "anna"); err == nil {
		t.Error("an unknown type was applied")
	}
	if _, err := r.Apply(doc, "22-GRST", ""); err == nil {
		t.Error("a decision without a person was applied")
	}
	if bare, err := r.Apply(pipeline.Document{}, "00-UNKLAR", "anna"); err != nil || !bare.Sure {
		t.Errorf("%+v, %v", bare, err)
	}
}

func TestThreshold(t *testing.T) {
	text := typeset(find(t, "unseen.txt", "neu"), 0.96)
	bold, err := classify.New(classify.Config{Threshold: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	if f := bold.Classify(text); !f.Sure || f.Type != "22-HUND" {
		t.Errorf("%+v", f)
	}
	if f := room(t).Classify(text); f.Sure {
		t.Errorf("%+v", f)
	}
	for _, bad := range []float64{-0.1, 1.1} {
		if _, err := classify.New(classify.Config{Threshold: bad}); err == nil {
			t.Errorf("threshold %v was taken", bad)
		}
	}
}

func TestTaxonomy(t *testing.T) {
	r := room(t)
	labels := r.Labels()
	codes := map[pipeline.TypeCode]bool{}
	for _, typ := range r.Types() {
		codes[typ.Code] = true
		if len(typ.Cues) == 0 && typ.Code != classify.Unclear {
			t.Errorf("%s has no cues", typ.Code)
		}
		if typ.DepartmentName == "" || typ.Retention.Source == "" {
			t.Errorf("%s: department name %q, source %q", typ.Code, typ.DepartmentName, typ.Retention.Source)
		}
		for _, f := range typ.Fields {
			if labels[f].DE == "" || labels[f].EN == "" {
				t.Errorf("%s names the field %q, which nothing finds", typ.Code, f)
			}
		}
		for _, c := range typ.Cues {
			if c.Weight == 0 || c.Weight > 8 || c.Weight < -9 {
				t.Errorf("%s: cue %q weighs %v", typ.Code, c.Phrase, c.Weight)
			}
		}
	}
	if len(codes) != 58 {
		t.Errorf("%d types", len(codes))
	}
	if typ, ok := r.Type("33-EINB"); !ok || typ.Department != "33A" || typ.DepartmentName != "Ausländerbehörde" {
		t.Errorf("%+v", typ)
	}
	if _, err := classify.New(classify.Config{Taxonomy: &classify.Taxonomy{}}); err == nil {
		t.Error("a taxonomy without the unclear type was taken")
	}
}
