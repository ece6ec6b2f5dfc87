package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"blattwerk/pipeline"
	"blattwerk/pipeline/route"
)

// shownBefore is the width of the picture of a page as it came, pixels: what
// [ocr.Room.Show] gives at most.
const shownBefore = 2400

// showPrepared writes two pictures of each page that was read: page-0001-before.jpg
// as it came, page-0001-after.jpg as it was given to the engine.
func showPrepared(ctx context.Context, rooms *route.Rooms, doc pipeline.Document, blobs pipeline.Blobs, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder for pictures of pages: %w", err)
	}
	for _, p := range doc.Pages {
		if p.Reading == nil || p.Image.Digest == "" {
			continue
		}
		if err := showPage(ctx, rooms, p, blobs, filepath.Join(dir, fmt.Sprintf("page-%04d", p.No))); err != nil {
			return fmt.Errorf("showing page %d: %w", p.No, err)
		}
	}
	return nil
}

func showPage(ctx context.Context, rooms *route.Rooms, p pipeline.Page, blobs pipeline.Blobs, name string) error {
	c, err := blobs.Open(ctx, p.Image.Digest)
	if err != nil {
		return err
	}
	defer c.Close()
	file := make([]byte, c.Size())
	if _, err := io.ReadFull(c, file); err != nil {
		return err
	}
	before, err := rooms.Show.Show(ctx, file, p.Image, nil, min(p.Image.Width, shownBefore))
	if err != nil {
		return err
	}
	after, _, err := rooms.OCR.Prepared(ctx, file, p.Image, *p.Reading)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+"-before.jpg", before, 0o644); err != nil {
		return err
	}
	return os.WriteFile(name+"-after.jpg", after, 0o644)
}
