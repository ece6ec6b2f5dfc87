package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
	"blattwerk/pipeline/pdfa/rowpng"
)

// writeLayer writes the recognised words of pages that had to be read as a PDF
// of invisible text, from which the reader lifts them onto the pages of the
// repaired file. So there is one way only to lay text on its ink: [Write]'s.
func (c *converting) writeLayer(ctx context.Context) (err error) {
	var read []int
	for i, p := range c.doc.Pages {
		if p.Reading != nil && p.Reading.Count > 0 && p.Reading.Words != "" {
			read = append(read, i)
		}
	}
	if len(read) == 0 {
		return nil
	}
	path := c.stage.path("layer.pdf")
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	meta := Meta{Title: "layer", Language: c.doc.Delivery.Language}
	if err := Write(ctx, out, meta, c.layerLeaves(ctx, read)); err != nil {
		return fmt.Errorf("writing the recognised text: %w", err)
	}
	c.layer = path
	for _, i := range read {
		p := c.doc.Pages[i]
		c.layers = append(c.layers, foreign.Layer{Page: i + 1, Turn: p.Reading.Turn, Skew: p.Reading.Skew})
	}
	return nil
}

func (c *converting) layerLeaves(ctx context.Context, read []int) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for _, i := range read {
			leaf, err := scanLeaf(ctx, c.doc.Pages[i], c.blobs)
			if leaf.Turn%180 != 0 {
				leaf.WidthPt, leaf.HeightPt = leaf.HeightPt, leaf.WidthPt
			}
			leaf.Turn, leaf.Skew = 0, 0 // the page is the upright frame of the words
			leaf.Image, leaf.Open = whiteDot()
			if !yield(leaf, err) || err != nil {
				return
			}
		}
	}
}

// whiteDot is a picture of one white pixel, for pages that need no picture.
func whiteDot() (pipeline.Image, func(context.Context) (pipeline.Content, error)) {
	var b bytes.Buffer
	// Writing to a buffer does not fail.
	_ = rowpng.Write(&b, rowpng.Header{Width: 1, Height: 1, Bits: 8, Samples: 1}, bytes.NewReader([]byte{0xFF}), false)
	img := pipeline.Image{Blob: pipeline.Blob{Size: int64(b.Len())}, Media: "image/png", Width: 1, Height: 1, DPIX: 72, DPIY: 72, Model: pipeline.Grey}
	return img, func(context.Context) (pipeline.Content, error) {
		return held{bytes.NewReader(b.Bytes())}, nil
	}
}

// held is a blob that is held in memory.
type held struct{ *bytes.Reader }

func (held) Close() error { return nil }
