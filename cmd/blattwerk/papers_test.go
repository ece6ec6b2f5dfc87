package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage/catalog"
	"blattwerk/workers"
)

func TestPapers(t *testing.T) {
	list, err := parsePapers("Scanner 1=fronts-then-backs; Amt 32/Flur = blank-parts,label-parts;Amt 32=;.=label-parts;a=b=blank-parts;")
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]pipeline.Paper{
		"":                    {LabelParts: true},
		"Scanner 1":           {FrontsThenBacks: true},
		"Scanner 1/heute":     {FrontsThenBacks: true},
		"Scanner 10":          {LabelParts: true},
		"Amt 32":              {},
		"Amt 32/Flur/links":   {BlankParts: true, LabelParts: true},
		"a=b":                 {BlankParts: true},
		"Amt 33":              {LabelParts: true},
		"Amt 32/anderer Flur": {},
	} {
		if got := list.of(folder); got != want {
			t.Errorf("%q: %+v, want %+v", folder, got, want)
		}
	}
	if got := (papers{}).of("Scanner 1"); got != (pipeline.Paper{}) {
		t.Errorf("nothing set is %+v", got)
	}
	for _, text := range []string{"Scanner 1", "a=duplex", "../x=blank-parts", "/x=blank-parts", "=blank-parts", "a=;a=blank-parts"} {
		if list, err := parsePapers(text); err == nil {
			t.Errorf("%q is %v", text, list)
		}
	}
}

// TestPaperOfTheInbox: a file of the hot folder comes with the paper of its
// subfolder.
func TestPaperOfTheInbox(t *testing.T) {
	var got pipeline.Delivery
	var blobs pipelinetest.Blobs
	s := stations{
		house: &house{set: settings{value: map[string]string{"inbox-paper": "Scanner 1=fronts-then-backs", "language": "deu"}}},
		intake: workers.Intake{
			Blobs: &blobs, Sniff: sniff, Log: slog.New(slog.DiscardHandler), Ring: func(context.Context, catalog.Bell) error { return nil },
			Accept: func(_ context.Context, d pipeline.Delivery) (catalog.Receipt, error) {
				got = d
				return catalog.Receipt{Document: pipeline.Document{Delivery: d}}, nil
			},
		},
	}
	for device, want := range map[string]pipeline.Paper{"Scanner 1": {FrontsThenBacks: true}, "Scanner 2": {}, "": {}} {
		d := pipeline.Delivery{Name: "scan.pdf", Source: "folder", Device: device}
		if _, err := s.takeFromInbox(t.Context(), d, strings.NewReader("%PDF-1.4")); err != nil || got.Paper != want || got.Language != "deu" {
			t.Errorf("%q: %+v, %v", device, got, err)
		}
	}
}
