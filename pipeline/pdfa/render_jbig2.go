package pdfa

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"blattwerk/pipeline"
)

// unJBIG2 takes a page's JBIG2 picture out without loss, as one bit a pixel.
// Rendering it would blur its edges and make the file many times larger.
//
// pdfimages decodes it. Whether it took black for black is checked against a
// small rendering of the page; if not, or if anything else is unusual, the
// picture is zero and the page has to be rendered.
func (r *Room) unJBIG2(ctx context.Context, s *stage, no int, blobs pipeline.Blobs) (pipeline.Image, error) {
	src := s.report.Pages[no-1].Image
	if src == nil || !src.JBIG2 || int64(src.Width)*int64(src.Height) > maxRenderPixels {
		return pipeline.Image{}, nil
	}
	prefix := s.path(fmt.Sprintf("jbig2-%d", no))
	n := strconv.Itoa(no)
	err := r.run(ctx, r.pdfimages(), r.cfg.Deadline, io.Discard, "-q", "-png", "-f", n, "-l", n, s.work, prefix)
	files, _ := filepath.Glob(prefix + "-*.png")
	defer func() {
		for _, f := range files {
			_ = os.Remove(f)
		}
	}()
	if err != nil || len(files) != 1 {
		if err == nil || errors.Is(err, errProgram) {
			err = nil
		}
		return pipeline.Image{}, err
	}
	whole, err := sampleBits(files[0], src.Width, src.Height)
	if err != nil {
		return pipeline.Image{}, nil
	}
	small, err := r.sampleRendered(ctx, s, no)
	if err != nil {
		if errors.Is(err, errProgram) {
			err = nil
		}
		return pipeline.Image{}, err
	}
	const near = 0.08
	if d := whole - small; d > near || d < -near {
		return pipeline.Image{}, nil
	}
	blob, err := keepFile(ctx, blobs, files[0])
	if err != nil {
		return pipeline.Image{}, err
	}
	return pipeline.Image{Blob: blob, Media: "image/png", Width: src.Width, Height: src.Height,
		DPIX: src.DPIX, DPIY: src.DPIY, Model: pipeline.Bitonal, Turn: src.Turn}, nil
}

// errShape says that a picture is not what was expected.
var errShape = errors.New("unexpected picture")

// sampleBits reads a one-bit PNG of the given size and gives its mean lightness,
// 0 to 1.
func sampleBits(path string, width, height int) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil || c.Width != width || c.Height != height || c.ColorModel != color.GrayModel {
		return 0, errShape
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	img, err := png.Decode(f)
	if err != nil {
		return 0, err
	}
	g, ok := img.(*image.Gray)
	if !ok {
		return 0, errShape
	}
	sum := 0
	for _, v := range g.Pix {
		if v != 0 && v != 255 {
			return 0, errShape
		}
		sum += int(v) / 255
	}
	return float64(sum) / float64(len(g.Pix)), nil
}

// sampleRendered gives the mean lightness of a page as a viewer shows it.
func (r *Room) sampleRendered(ctx context.Context, s *stage, no int) (float64, error) {
	path := s.path(fmt.Sprintf("sample-%d.ppm", no))
	defer os.Remove(path)
	if err := r.toFile(ctx, s, no, raster{200, 200}, path); err != nil {
		return 0, err
	}
	in, size, done, err := openPPM(path, raster{200, 200})
	if err != nil {
		return 0, err
	}
	defer done()
	p := make([]byte, 3*size.width*size.height)
	if _, err := io.ReadFull(in, p); err != nil {
		return 0, fmt.Errorf("%w: %w", errProgram, err)
	}
	sum := 0
	for _, v := range p {
		sum += int(v)
	}
	return float64(sum) / float64(len(p)) / 255, nil
}
