package ocr_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/scan"
)

// FuzzDecode hands bytes to the decoders in their child: each becomes a picture of
// the size that is told beside it, or a fault of the bytes. A child that dies is a
// failure here, though the program would live on. What is decoded row by row where it
// is large goes that way too, in this process, so that the address sanitizer sees it
// (go test -asan): here a fault of memory ends the test.
func FuzzDecode(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("..", "scan", "testdata", "kinds", "*"))
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range append(seeds, pipelinetest.Corpus(f, "scans/document.webp"), pipelinetest.Corpus(f, "ocr-gt/german-derived/koma_letter-9_p1_fax.tif")) {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, false)
	}
	room := ocr.New(ocr.Config{Command: []string{os.Args[0]}, Env: []string{"OCR_TEST_CHILD=1"}, Readers: 1, Memory: decoderMemory, CallsPerChild: 5000})
	f.Cleanup(func() { _ = room.Close() })
	f.Fuzz(func(t *testing.T, file []byte, mirror bool) {
		media := scan.Sniff(file[:min(len(file), scan.SniffLen)])
		facts, err := scan.Check(t.Context(), bytes.NewReader(file), int64(len(file)), media)
		// Large pictures are refused before; here they would only slow the search down.
		if err != nil || int64(facts.Pages[0].Width)*int64(facts.Pages[0].Height) > 1<<20 || media == "image/heic" || media == "image/avif" {
			return
		}
		if err := ocr.Fit(file, media, func(full image.Point) bool { return full.X*full.Y <= 1<<20 }); err != nil {
			t.Fatalf("%s: %v", media, err)
		}
		raw, img, err := room.Decode(t.Context(), file, media, 0, mirror)
		if err != nil {
			if fault := pipeline.AsFault(err); fault.Code != "damaged" {
				t.Fatalf("%s: %v", media, err)
			}
			return
		}
		c, err := png.DecodeConfig(bytes.NewReader(raw))
		if err != nil || c.Width != img.Width || c.Height != img.Height {
			t.Fatalf("%s: %+v for a picture of %+v: %v", media, img, c, err)
		}
	})
}
