package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline/pipelinetest"
)

var update = flag.Bool("update", false, "write the golden file anew")

// invented is a measurement of three files in three rounds, of which the last one
// could not be read by OCRmyPDF. Round 3 was disturbed.
func invented() *measurement {
	run := func(wall, cpu float64, edits int) result {
		return result{
			usage: usage{wall: seconds(wall), cpu: seconds(cpu), largest: 200e6, family: 300e6, others: seconds(wall / 10)},
			pages: 1, bytes: 250_000,
			score: score{chars: 1000, charEdits: edits, words: 100, wordEdits: edits / 2, sought: 100, found: 100 - edits/5},
		}
	}
	m := &measurement{
		set: standard, missing: 2,
		entries: []entry{
			{sample: sample{path: "a.pdf", group: "turned"}},
			{sample: sample{path: "b.tif", group: "fax", mild: true}},
			{sample: sample{path: "c.png", group: "fax"}},
		},
		lines:     [nobodies]string{"one", "two", "three", "four"},
		facts:     facts{cpu: "a processor", memory: "8 kB", system: "a system", cores: 2, load: "0.1, 0.2, 0.3", versions: []string{"v1", "v2"}},
		loadAfter: "2.0, 1.0, 0.5",
		began:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), took: 11 * time.Minute,
	}
	for _, slow := range []float64{1, 1.1, 5} {
		m.rounds = append(m.rounds, [][nobodies]result{
			{run(1, 1, 10), run(3*slow, 4, 800), run(6, 9, 30), run(0.9, 0.9, 20)},
			{run(1, 1, 30), run(3*slow, 4, 20), run(6, 9, 20), run(0.9, 0.9, 20)},
			{run(9, 9, 0), {}, run(9, 9, 0), run(9, 9, 0)},
		})
	}
	m.fail(2, theirs, errors.New("ocrmypdf: exit status 2: no"))
	m.fail(2, theirs, errors.New("again"))
	return m
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestMarkdown(t *testing.T) {
	got := invented().markdown()
	golden := filepath.Join("testdata", "invented.golden.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page differs from %s; look, and run with -update:\n%s", golden, got)
	}
}

func TestFiguresOfAMeasurement(t *testing.T) {
	m := invented()
	files := m.counted()
	if !slices.Equal(files, []int{0, 1}) || len(m.failures) != 1 {
		t.Fatalf("counted %v, %d failures: a file that one could not read is in no sum", files, len(m.failures))
	}
	if r := m.ratio(theirs, ours, files, wall); median(r) < 3.29 || median(r) > 3.31 {
		t.Errorf("ratios %v: one disturbed round must not move the median", r)
	}
	we := m.typical(ours, files)
	if we.wall != 2 || we.largest != 200e6 || we.score.chars != 2000 || we.score.charEdits != 40 {
		t.Errorf("typical sum %+v", we)
	}
	worse := m.worseGroups()
	if len(worse) != 2 || !strings.HasPrefix(worse[0], "fax (CER 3.00 to 2.00") {
		t.Errorf("worse on %q", worse)
	}
	if over, at := m.hardGroups(0.02); over != 0 || len(at) != 1 {
		t.Errorf("hard groups %d, %v", over, at)
	}
	if cer, told, ok := m.mildPages(); !ok || cer != 0.03 || told != "3.00 % over all (files: 1); above 1 % by themselves: b.tif 3.00 %" {
		t.Errorf("mild pages %v, %q, %v", cer, told, ok)
	}
	m.entries[1].layer = true
	if _, told, ok := m.mildPages(); ok {
		t.Errorf("the order of a text layer counts for the bar: %q", told)
	}
	if over, _ := m.hardGroups(0.01); over != 1 {
		t.Error("1 % is not under 1 %")
	}
}

func TestMedian(t *testing.T) {
	for want, all := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 3, 2}, 7: {7}} {
		if got := median(all); got != want {
			t.Errorf("median(%v) = %v, want %v", all, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for args, want := range map[string]options{
		"":                        {set: standard, rounds: 3, jobs: 2, out: "docs/benchmarks.md"},
		"-quick":                  {set: quick, rounds: 3, jobs: 2, out: "-"},
		"-quick -out x":           {set: quick, rounds: 3, jobs: 2, out: "x"},
		"-full -rounds 5 -jobs 4": {set: full, rounds: 5, jobs: 4, out: "docs/benchmarks.md"},
	} {
		got, err := parse(strings.Fields(args), &bytes.Buffer{})
		got.corpus = ""
		if err != nil || got != want {
			t.Errorf("parse(%q) = %+v, %v", args, got, err)
		}
	}
	for _, args := range []string{"-quick -full", "-rounds 2", "-jobs 0", "more", "-nonsense"} {
		if _, err := parse(strings.Fields(args), &bytes.Buffer{}); err == nil {
			t.Errorf("parse(%q) is fine", args)
		}
	}
}

// TestFillWithRealPrograms runs tesseract for the limit on a page, and false
// programs for the others, which have to be noted as failures and not as times.
func TestFillWithRealPrograms(t *testing.T) {
	for _, program := range []string{"tesseract", "pdftoppm", "pdftotext", "pdfinfo", "xargs"} {
		pipelinetest.Program(t, program)
	}
	b := bench{blattwerk: "false", languages: "deu", jobs: 2, scratch: t.TempDir()}
	e := entry{sample: sample{path: "14-ifg-antrag.pdf"}, file: pipelinetest.Letter(t, "letters/14-ifg-antrag.pdf")}
	known, err := os.ReadFile(pipelinetest.Letter(t, "letters/14-ifg-antrag.txt"))
	if err != nil {
		t.Fatal(err)
	}
	e.known = string(known)
	if _, err := b.run(t.Context(), ours, e); err == nil {
		t.Error("false has converted a letter")
	}
	if _, err := b.run(t.Context(), limit, e); err == nil {
		t.Error("tesseract read pages that were not rendered")
	}

	// The print itself stands for a result: poppler finds its text whole.
	pdf, err := os.ReadFile(e.file)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(b.scratch, e.name()+".0.pdf")
	if err := os.WriteFile(out, pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := inspect(t.Context(), out, e.known, usage{})
	if err != nil || r.pages != 2 || r.bytes != int64(len(pdf)) || r.score.recall() < 0.97 {
		t.Errorf("result %+v, %v", r, err)
	}
	if err := b.renderPages(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	r, err = b.run(t.Context(), limit, e)
	if err != nil {
		t.Fatal(err)
	}
	if r.pages != 2 || r.cpu <= 0 || r.largest < 20<<20 || r.score.recall() < 0.9 || r.score.recall() > 1 {
		t.Errorf("tesseract alone: %+v, found %v", r, r.score.recall())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.run(ctx, limit, e); err == nil {
		t.Error("a run after the end of the context")
	}
}
