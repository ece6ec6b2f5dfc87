package pdfa

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
	"blattwerk/pipeline/pdfa/rowpng"
)

// Limits of rendering.
const (
	minDPI          = 150
	maxDPI          = 600
	maxRenderPixels = 64 << 20 // a page that would need more gets a lower resolution: A0 at 170 dpi
	maxPNG          = 4 << 20  // a colour page that is larger as PNG becomes a JPEG
	jpegQuality     = 90
)

// raster is the size at which a page is rendered.
type raster struct{ width, height int }

// rasterFor chooses the raster of a page: the pixels of the picture that fills
// it, or a resolution.
func rasterFor(p foreign.Page, dpi float64) raster {
	out := raster{pixels(p.Width, dpi), pixels(p.Height, dpi)}
	if i := p.Image; i != nil && i.DPIX >= minDPI && i.DPIX <= maxDPI && i.DPIY >= minDPI && i.DPIY <= maxDPI {
		out = raster{i.Width, i.Height}
		if i.Turn%180 != 0 {
			out = raster{i.Height, i.Width}
		}
	}
	if n := float64(out.width) * float64(out.height); n > maxRenderPixels {
		f := math.Sqrt(maxRenderPixels / n)
		out = raster{max(1, int(float64(out.width)*f)), max(1, int(float64(out.height)*f))}
	}
	return out
}

func pixels(points, dpi float64) int { return max(1, int(math.Round(points*dpi/72))) }

// resolution is the resolution for a page that has to be rendered: that of the
// pictures that cover it within bounds, or the usual one.
func (r *Room) resolution(p foreign.Page) float64 {
	const covered = 0.7
	low := float64(r.cfg.DPI)
	switch {
	case p.Kind == foreign.Drawn || p.DPI <= 0:
		return low
	case p.Cover >= covered:
		low = minDPI
	}
	return math.Min(math.Max(p.DPI, low), maxDPI)
}

// render makes the picture of a page with all that a viewer would show, upright,
// and keeps it: 1 bit, grey or colour, whatever it needs without loss, or a JPEG
// where that would be large.
func (r *Room) render(ctx context.Context, s *stage, no int, blobs pipeline.Blobs) (pipeline.Image, error) {
	p := s.report.Pages[no-1]
	size := rasterFor(p, r.resolution(p))
	img := pipeline.Image{Width: size.width, Height: size.height,
		DPIX: float64(size.width) / p.Width * 72, DPIY: float64(size.height) / p.Height * 72}
	ppm := s.path(fmt.Sprintf("render-%d.ppm", no))
	defer os.Remove(ppm)
	if err := r.toFile(ctx, s, no, size, ppm); err != nil {
		return img, err
	}
	model, err := modelOf(ppm, size)
	if err != nil {
		return img, err
	}
	img.Model, img.Media = model, "image/png"
	out := ppm + ".png"
	defer os.Remove(out)
	if err := toPNG(ppm, out, img); err != nil {
		return img, err
	}
	if st, err := os.Stat(out); err != nil {
		return img, err
	} else if st.Size() > maxPNG && model == pipeline.Colour {
		img.Media = "image/jpeg"
		if err := r.toFile(ctx, s, no, size, out, "-jpeg", "-jpegopt", "quality="+strconv.Itoa(jpegQuality)); err != nil {
			return img, err
		}
	}
	img.Blob, err = keepFile(ctx, blobs, out)
	return img, err
}

// toFile runs pdftoppm for one page.
func (r *Room) toFile(ctx context.Context, s *stage, no int, size raster, path string, more ...string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	n := strconv.Itoa(no)
	if s.report.Pages[no-1].Rotate%180 != 0 { // pdftoppm scales before it turns
		size = raster{size.height, size.width}
	}
	args := append([]string{"-q", "-f", n, "-l", n, "-cropbox", "-singlefile",
		"-scale-to-x", strconv.Itoa(size.width), "-scale-to-y", strconv.Itoa(size.height)}, more...)
	err = r.run(ctx, r.pdftoppm(), r.cfg.Deadline, out, append(args, s.work)...)
	return errors.Join(err, out.Close())
}

func keepFile(ctx context.Context, blobs pipeline.Blobs, path string) (pipeline.Blob, error) {
	f, err := os.Open(path)
	if err != nil {
		return pipeline.Blob{}, err
	}
	defer f.Close()
	return blobs.Put(ctx, f)
}

// openPPM opens a binary PPM and checks its size, if one is wanted.
func openPPM(path string, want raster) (*bufio.Reader, raster, func(), error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, raster{}, nil, err
	}
	br := bufio.NewReaderSize(f, 1<<20)
	got, err := ppmHeader(br)
	if err == nil && want != (raster{}) && want != got {
		err = fmt.Errorf("%w: the rendered page is %d x %d pixels, not %d x %d", errProgram, got.width, got.height, want.width, want.height)
	}
	if err != nil {
		_ = f.Close()
		return nil, raster{}, nil, err
	}
	return br, got, func() { _ = f.Close() }, nil
}

func ppmHeader(r *bufio.Reader) (raster, error) {
	var magic string
	var w, h, top int
	if _, err := fmt.Fscanf(r, "%2s\n%d %d\n%d\n", &magic, &w, &h, &top); err != nil {
		return raster{}, fmt.Errorf("%w: no rendered page: %w", errProgram, err)
	}
	if magic != "P6" || top != 255 || w < 1 || h < 1 {
		return raster{}, fmt.Errorf("%w: unexpected picture %s of %d x %d", errProgram, magic, w, h)
	}
	return raster{w, h}, nil
}

// modelOf finds the least colour model that holds every pixel exactly.
func modelOf(path string, size raster) (pipeline.ColourModel, error) {
	r, _, done, err := openPPM(path, size)
	if err != nil {
		return "", err
	}
	defer done()
	model := pipeline.Bitonal
	row := make([]byte, 3*size.width)
	for range size.height {
		if _, err := io.ReadFull(r, row); err != nil {
			return "", fmt.Errorf("%w: rendered page breaks off: %w", errProgram, err)
		}
		for i := 0; i < len(row); i += 3 {
			if row[i] != row[i+1] || row[i] != row[i+2] {
				return pipeline.Colour, nil
			}
			if row[i] != 0 && row[i] != 255 {
				model = pipeline.Grey
			}
		}
	}
	return model, nil
}

func toPNG(ppm, path string, img pipeline.Image) (err error) {
	r, size, done, err := openPPM(ppm, raster{})
	if err != nil {
		return err
	}
	defer done()
	h := rowpng.Header{Width: size.width, Height: size.height, Bits: 8, Samples: 1, DPIX: img.DPIX, DPIY: img.DPIY}
	var rows io.Reader = r
	switch img.Model {
	case pipeline.Colour:
		h.Samples = 3
	case pipeline.Bitonal:
		h.Bits = 1
		rows = &narrow{r: r, row: make([]byte, 3*size.width), bits: true}
	default:
		rows = &narrow{r: r, row: make([]byte, 3*size.width)}
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return rowpng.Write(out, h, rows, false)
}

// narrow keeps one sample of each RGB pixel: a byte, or a bit.
type narrow struct {
	r    io.Reader
	row  []byte
	bits bool
	out  []byte
}

func (n *narrow) Read(p []byte) (int, error) {
	if len(n.out) == 0 {
		if _, err := io.ReadFull(n.r, n.row); err != nil {
			return 0, err
		}
		width := len(n.row) / 3
		if n.bits {
			n.out = make([]byte, (width+7)/8)
			for x := range width {
				n.out[x/8] |= n.row[3*x] & 1 << (7 - x%8)
			}
		} else {
			n.out = make([]byte, width)
			for x := range width {
				n.out[x] = n.row[3*x]
			}
		}
	}
	k := copy(p, n.out)
	n.out = n.out[k:]
	return k, nil
}

// Picture renders a page of a delivered PDF as a viewer shows it and keeps the
// picture: for looking at a drawn page, or for finding a barcode on it. no is
// 1-based. Faults are those of [Room.Open].
func (r *Room) Picture(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs, no int) (pipeline.Image, error) {
	s, err := r.stage(ctx, doc, blobs)
	if err != nil {
		return pipeline.Image{}, err
	}
	defer s.close()
	if no < 1 || no > len(s.report.Pages) {
		return pipeline.Image{}, fmt.Errorf("the file has no page %d", no)
	}
	img, err := r.render(ctx, s, no, blobs)
	if errors.Is(err, errProgram) {
		return img, faultPage(no, err)
	}
	return img, err
}
