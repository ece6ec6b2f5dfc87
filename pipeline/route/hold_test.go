package route

import (
	"context"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/separate"
)

// TestABatchThatDoesNotCount holds the first letter until a person looked at it.
func TestABatchThatDoesNotCount(t *testing.T) {
	archived := 0
	step := reconciled(func(_ context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
		archived++
		return doc, nil
	})
	doc := pipeline.Document{
		Remarks: []pipeline.Remark{{Step: pipeline.StepSeparate, Code: separate.CountRemark, Text: pipeline.Message{DE: "13 angekündigt", EN: "13 announced"}}},
		Marks:   []pipeline.Field{{Name: separate.MarkType, Value: "32-OWI"}},
		Filing:  &pipeline.Filing{Type: "32-OWI", Sure: true},
	}
	for _, c := range []struct {
		by, arranged string
		held         bool
	}{{"", "", true}, {"Deckblatt", "", true}, {"schmidt", "", false}, {"", "schmidt", false}} {
		doc.Filing.DecidedBy, doc.ArrangedBy = c.by, c.arranged
		before := archived
		_, err := step(t.Context(), doc, nil)
		f := pipeline.AsFault(err)
		if held := f != nil && f.Verdict == pipeline.AskPerson && f.Code == separate.CountRemark; held != c.held || (archived > before) == c.held {
			t.Errorf("decided by %q, arranged by %q: %v", c.by, c.arranged, err)
		}
	}
	// The other letters of the batch go on.
	doc.Remarks, doc.ArrangedBy, doc.Filing.DecidedBy = nil, "", ""
	if _, err := step(t.Context(), doc, nil); err != nil {
		t.Error(err)
	}
}
