package route_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/route"
	"blattwerk/pipeline/separate"
	"blattwerk/pipeline/sheets"
)

// printed writes a sheet to a file.
func printed(t *testing.T, name string, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSixtyPages scans a stack as a mailroom has it: a cover sheet that announces
// thirteen letters, of which one lies on a desk elsewhere, so that twelve come;
// duplex with blank backs, skew, sheets upside down, one doubled; and asks for
// every letter's pages.
func TestSixtyPages(t *testing.T) {
	const firstLabel, missing = 201, 207
	cover := printed(t, "cover", func(b *bytes.Buffer) error {
		return sheets.WriteCover(b, sheets.Cover{Sheet: separate.Sheet{Batch: "2026-1127-01", Expected: 13, FirstLabel: firstLabel}})
	})
	separator := printed(t, "separator", func(b *bytes.Buffer) error { return sheets.WriteSeparators(b, 1) })
	fronts := []string{
		"02-hundesteuer-anmeldung.jpg", "10-unterhaltsvorschuss.jpg", "11-kita-anmeldung.jpg", "13-grabnutzungsrecht.jpg", "15-werbung-bueromoebel.jpg",
		"06-gewerbeanmeldung.png", "16-privatbrief.png", "03-grundsteuermessbetrag-finanzamt.tif", "04-widerspruch-strassenreinigung.tif",
		"09-wohngeldantrag.pdf", "12-bauantrag.pdf", "14-ifg-antrag.pdf",
	}
	var sides []pipelinetest.Side
	blank := func() { sides = append(sides, pipelinetest.Side{}) }
	sheet := func(path string, skew float64) { sides = append(sides, pipelinetest.Side{Path: path, Skew: skew}) }
	sheet(cover, -2.5)
	blank()
	want := make([][]int, len(fronts))
	label := int64(firstLabel)
	for i, front := range fronts {
		if i > 0 {
			sheet(separator, []float64{0.5, 180, -6, 4, 183, 2}[i%6])
		}
		if i == 5 { // two in a row
			sheet(separator, 176)
		}
		if label == missing {
			label++
		}
		own := label
		labels := printed(t, fmt.Sprint("label", own), func(b *bytes.Buffer) error { return sheets.WriteLabels(b, own, 1) })
		label++
		for n := range []int{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2}[i] {
			s := pipelinetest.Side{}
			if n%2 == 0 { // backs are blank
				s.Path, s.Skew = pipelinetest.Letter(t, "letters/"+front), float64(i%5-2)*0.7
			}
			if n == 0 {
				s.Label = labels
			}
			sides = append(sides, s)
			want[i] = append(want[i], len(sides))
		}
	}
	if len(sides) != 60 {
		t.Fatalf("the stack has %d sides", len(sides))
	}
	blobs := &pipelinetest.Blobs{}
	delivery := pipelinetest.PutFile(t, blobs, pipelinetest.Stack(t, sides))
	delivery.ID, delivery.Mode, delivery.Language, delivery.Received = "stack", pipeline.ModeSkip, "deu", time.Now()
	rooms, err := route.New(route.Config{Program: os.Args[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer rooms.Close()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	steps := rooms.Steps(nil)[:2]
	doc, err := route.Walk(t.Context(), steps, pipeline.Document{ID: "first", Delivery: delivery}, blobs)
	if err != nil {
		t.Fatal(err)
	}
	got := [][]int{numbers(doc.Pages)}
	labels := []string{asn(doc.Marks)}
	for _, p := range doc.Parts {
		got = append(got, numbers(p.Pages))
		labels = append(labels, asn(p.Marks))
	}
	if !slices.EqualFunc(got, want, slices.Equal[[]int]) {
		t.Errorf("letters have the pages %v, want %v", got, want)
	}
	if joined := strings.Join(labels, " "); joined != "201 202 203 204 205 206 208 209 210 211 212 213" {
		t.Errorf("labels are %s", joined)
	}
	i := slices.IndexFunc(doc.Remarks, func(r pipeline.Remark) bool { return r.Code == separate.CountRemark })
	if i < 0 {
		t.Fatalf("nothing says that a letter is missing: %+v", doc.Remarks)
	}
	if text := doc.Remarks[i].Text.DE; !strings.Contains(text, "13 Briefe angekündigt, 12 gefunden") || !strings.Contains(text, fmt.Sprint("Archivnummer ", missing)) {
		t.Errorf("it says %q", text)
	}
	// Again gives the same; and the first letter, cut, passes both steps unchanged.
	first := doc
	first.Parts = nil
	again, err := route.Walk(t.Context(), steps, first, blobs)
	if err != nil || len(again.Pages) != len(want[0]) || len(again.Parts) != 0 {
		t.Errorf("opened again it has %d pages and %d parts (%v)", len(again.Pages), len(again.Parts), err)
	}
}

func numbers(pages []pipeline.Page) []int {
	var list []int
	for _, p := range pages {
		list = append(list, p.No)
	}
	return list
}

func asn(marks []pipeline.Field) string {
	for _, m := range marks {
		if m.Name == separate.MarkASN {
			return m.Value
		}
	}
	return "-"
}

// TestDrawnSheets cuts a PDF that no scanner made: a cover sheet, two letters and a
// separator sheet between them are found though no page is a picture.
func TestDrawnSheets(t *testing.T) {
	cover := printed(t, "cover", func(b *bytes.Buffer) error {
		return sheets.WriteCover(b, sheets.Cover{Sheet: separate.Sheet{Batch: "2026-1127-01", Department: "61", Expected: 2}})
	})
	separator := printed(t, "separator", func(b *bytes.Buffer) error { return sheets.WriteSeparators(b, 1) })
	path := filepath.Join(t.TempDir(), "whole.pdf")
	out, err := exec.Command(pipelinetest.Program(t, "pdfunite"), cover, pipelinetest.Letter(t, "letters/14-ifg-antrag.pdf"), separator,
		pipelinetest.Letter(t, "letters/17-stellungnahme-bebauungsplan.pdf"), path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	blobs := &pipelinetest.Blobs{}
	delivery := pipelinetest.PutFile(t, blobs, path)
	delivery.ID, delivery.Mode, delivery.Language, delivery.Received = "drawn", pipeline.ModeSkip, "deu", time.Now()
	rooms, err := route.New(route.Config{Program: os.Args[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer rooms.Close()
	doc, err := route.Walk(t.Context(), rooms.Steps(nil)[:2], pipeline.Document{ID: "first", Delivery: delivery}, blobs)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(numbers(doc.Pages), []int{2, 3}) || len(doc.Parts) != 1 || !slices.Equal(numbers(doc.Parts[0].Pages), []int{5, 6}) {
		t.Errorf("letters have the pages %v and %+v", numbers(doc.Pages), doc.Parts)
	}
	if doc.Stack == nil || doc.Stack.Expected != 2 || doc.Stack.Found != 2 || len(doc.Aside)+len(doc.Parts[0].Aside) != 2 {
		t.Errorf("the stack is %+v, set aside %v", doc.Stack, numbers(doc.Aside))
	}
}
