package route_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/route"
)

// TestMain makes the test its own child, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "read":
			exit(ocr.Serve(os.Stdin, os.Stdout))
		case "pdf":
			exit(pdfa.ServeReader(os.Stdin, os.Stdout))
		}
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestLook shows pages of a fax with blank backs and of a drawn letter: while
// their working files are there, and when only the archive's files are.
func TestLook(t *testing.T) {
	for _, tool := range []string{"pdftoppm", "tesseract"} {
		pipelinetest.Program(t, tool)
	}
	rooms, err := route.New(route.Config{Program: os.Args[0]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rooms.Close() })
	for _, tc := range []struct {
		letter string
		blank  []int // pages set aside: only the original still has them
	}{
		{"letters/04-widerspruch-strassenreinigung.tif", []int{2, 4, 6}},
		{"letters/14-ifg-antrag.pdf", nil},
	} {
		t.Run(tc.letter, func(t *testing.T) {
			var blobs pipelinetest.Blobs
			doc := pipeline.Document{ID: "d", Delivery: pipelinetest.PutFile(t, &blobs, pipelinetest.Letter(t, tc.letter))}
			doc.Delivery.Media = map[bool]string{true: "image/tiff", false: "application/pdf"}[len(tc.blank) > 0]
			// Reading would take most of the time and is not looked at.
			doc, err := rooms.Scan.Step(t.Context(), doc, &blobs)
			if err != nil {
				t.Fatal(err)
			}
			for _, no := range tc.blank {
				doc.Pages[no-1].Blank = true
			}
			if doc, err = rooms.PDF.Compose(t.Context(), doc, &blobs); err != nil {
				t.Fatal(err)
			}
			look := func(no int, b pipeline.Blobs) image.Image {
				t.Helper()
				raw, err := rooms.Look(t.Context(), doc, no, 200, b, kept(&blobs))
				if err != nil {
					t.Fatalf("page %d: %v", no, err)
				}
				img, err := jpeg.Decode(bytes.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				return img
			}
			before := make([]image.Image, len(doc.Pages))
			for i, p := range doc.Pages {
				before[i] = look(p.No, &blobs)
			}
			doc.Record = &pipeline.Record{}
			for i, p := range doc.Pages {
				if d := difference(before[i], look(p.No, swept{})); d > 8 {
					t.Errorf("page %d looks different out of the archive: %.1f of 255", p.No, d)
				}
			}
			if _, err := rooms.Look(t.Context(), doc, len(doc.Pages)+1, 200, &blobs, kept(&blobs)); !errors.Is(err, route.ErrNoPicture) {
				t.Errorf("a page too many: %v", err)
			}
		})
	}
}

// kept is an archive whose files lie among the blobs.
func kept(blobs pipeline.Blobs) route.Kept {
	return func(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error) {
		b := doc.Delivery.Original
		if role == "pdfa" {
			b = doc.PDF.Blob
		}
		c, err := blobs.Open(ctx, b.Digest)
		return c, pipeline.File{Role: role, Blob: b}, err
	}
}

// swept has none of the working files any more.
type swept struct{ pipeline.Blobs }

func (swept) Open(context.Context, pipeline.Digest) (pipeline.Content, error) {
	return nil, errors.New("swept")
}

// difference is the mean difference of two pictures that are about the same size,
// compared in tiles, 0 to 255.
func difference(a, b image.Image) float64 {
	const tiles = 20
	var sum float64
	for y := range tiles {
		for x := range tiles {
			d := mean(a, x, y, tiles) - mean(b, x, y, tiles)
			sum += max(d, -d)
		}
	}
	return sum / tiles / tiles
}

func mean(img image.Image, tx, ty, tiles int) float64 {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	var sum, n float64
	for y := ty * h / tiles; y < (ty+1)*h/tiles; y++ {
		for x := tx * w / tiles; x < (tx+1)*w/tiles; x++ {
			g, _, _, _ := img.At(x, y).RGBA()
			sum += float64(g >> 8)
			n++
		}
	}
	return sum / max(n, 1)
}
