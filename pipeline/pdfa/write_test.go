package pdfa

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

// testMeta is a plausible Meta.
func testMeta() Meta {
	return Meta{
		Title: "Bescheid über Müllgebühren <1> & (2)", Author: "Stadt Überlingen", Language: "deu+eng",
		Created:      time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600)),
		SourceDigest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", SourcePages: "1-2",
		Journal: "2026-000123", Document: "d-1", Engine: "tesseract 5.3.0", Words: 12, Confidence: 0.9312,
	}
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func openBytes(b []byte) func(context.Context) (pipeline.Content, error) {
	return func(context.Context) (pipeline.Content, error) { return memory{bytes.NewReader(b)}, nil }
}

func leavesOf(leaves ...Leaf) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for _, l := range leaves {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// writeTest writes a file and fails the test if it cannot.
func writeTest(t testing.TB, claim xmpClaim, meta Meta, leaves ...Leaf) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := writeClaiming(t.Context(), &out, meta, claim, leavesOf(leaves...)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// keep writes bytes into a new file of the test.
func keep(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var claim2u = xmpClaim{Part: 2, Level: "U"}

// corpusImages lists the pictures of the shared corpus.
func corpusImages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{"scans", "ocr-gt", "barcodes"} {
		root := pipelinetest.Corpus(t, dir)
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch strings.ToLower(filepath.Ext(path)) {
			case ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".webp", ".heic", ".jp2":
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestEveryPictureOfTheCorpusBecomesPDFA(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	refused := map[string]string{}
	for _, path := range corpusImages(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err != nil {
			config.Width, config.Height = 1000, 1000
		}
		leaf := Leaf{WidthPt: 595.2756, HeightPt: 841.8898, Image: pipeline.Image{Width: config.Width, Height: config.Height}, Open: openBytes(raw)}
		leaf.Text = &pipeline.PageText{Width: config.Width, Height: config.Height, Words: []pipeline.Word{{Text: "Wort", Box: pipeline.Box{X0: 1, Y0: 1, X1: 20, Y1: 10}}}}
		var out bytes.Buffer
		if err := Write(t.Context(), &out, testMeta(), leavesOf(leaf)); err != nil {
			var fault *pipeline.Fault
			if !errors.As(err, &fault) {
				t.Errorf("%s: %v", filepath.Base(path), err)
				continue
			}
			refused[filepath.Base(path)] = fault.Code
			continue
		}
		paths = append(paths, keep(t, dir, filepath.Base(path)+".pdf", out.Bytes()))
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
		}
	}
	t.Logf("%d pictures written", len(paths))
	for name, code := range refused {
		t.Logf("refused %s: %s", name, code)
	}
}

func readTest(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
