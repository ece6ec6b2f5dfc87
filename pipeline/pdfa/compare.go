package pdfa

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Bounds within which a copy counts as the same as its original. They were set
// on several hundred real files: a copy with another cut of the same fonts stays
// within, a lost stamp or field or a font that became other signs does not.
const (
	minSameWords  = 0.99 // share of the original's words that the copy has as well
	compareDPI    = 45
	maxMeanShift  = 2.0 // mean difference of a page's samples, 0 to 255
	blockSide     = 8   // pixels: 4.5 mm
	maxBlockShift = 80  // mean difference of one block, 0 to 255
	maxBadBlocks  = 0.004
)

// errDiffers says that a copy is not the same as its original.
var errDiffers = errors.New("the copy differs")

// compare says whether the PDF at path shows and says the same as the stage's
// working copy, and with files, carries the same files. The error is nil, wraps
// [errDiffers], or something went wrong.
func (r *Room) compare(ctx context.Context, s *stage, path string, files bool) error {
	if files {
		if err := r.compareFiles(ctx, s, path); err != nil {
			return err
		}
	}
	if err := r.compareWords(ctx, s, path); err != nil {
		return err
	}
	return r.compareLooks(ctx, s, path)
}

func (r *Room) compareWords(ctx context.Context, s *stage, path string) error {
	before := s.texts
	after, err := r.ownText(ctx, s, path, len(s.report.Pages), true)
	if err != nil {
		return differs(err)
	}
	if len(after) != len(s.report.Pages) {
		return fmt.Errorf("%w: %d pages became %d", errDiffers, len(s.report.Pages), len(after))
	}
	if before == nil {
		return nil // poppler could not read the original's text
	}
	kept, all := 0, 0
	for i := range before {
		k, n := common(before[i].words, after[i].words)
		kept, all = kept+k, all+n
	}
	if float64(kept) < minSameWords*float64(all) {
		return fmt.Errorf("%w: %d of %d words are left", errDiffers, kept, all)
	}
	return nil
}

// common counts how many of the words of before are in after, each as often as
// it occurs, and how many there are. Words are compared by their letters and
// digits: how signs are set apart is a matter of layout.
func common(before, after []ownWord) (kept, all int) {
	have := map[string]int{}
	for _, w := range after {
		have[essence(w.text)]++
	}
	for _, w := range before {
		e := essence(w.text)
		if e == "" {
			continue
		}
		all++
		if have[e] > 0 {
			have[e]--
			kept++
		}
	}
	return kept, all
}

func essence(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// compareLooks renders both files small and compares page by page.
func (r *Room) compareLooks(ctx context.Context, s *stage, path string) error {
	a, err := r.thumbnails(ctx, s, s.work, "before.ppm")
	if err != nil {
		return err
	}
	defer a.close()
	b, err := r.thumbnails(ctx, s, path, "after.ppm")
	if err != nil {
		return differs(err)
	}
	defer b.close()
	for i := range s.report.Pages {
		pa, sa, err := a.next()
		if err != nil {
			return nil // the original itself cannot be rendered to the end: nothing to compare with
		}
		pb, sb, err := b.next()
		if err != nil {
			return fmt.Errorf("%w: page %d cannot be rendered: %w", errDiffers, i+1, err)
		}
		if abs(sa.width-sb.width) > 1 || abs(sa.height-sb.height) > 1 {
			return fmt.Errorf("%w: page %d changed its size", errDiffers, i+1)
		}
		if d := shift(pa, sa, pb, sb); d.mean > maxMeanShift || d.blocks > max(2, maxBadBlocks*d.all) {
			return fmt.Errorf("%w: page %d looks different (mean %.1f, %g of %g blocks)", errDiffers, i+1, d.mean, d.blocks, d.all)
		}
	}
	return nil
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// differs takes the failure of a foreign program over a copy for a difference:
// the copy is no good.
func differs(err error) error {
	if errors.Is(err, errProgram) {
		return fmt.Errorf("%w: %w", errDiffers, err)
	}
	return err
}

// album is a run of small pictures of pages.
type album struct {
	file *os.File
	r    *bufio.Reader
}

func (r *Room) thumbnails(ctx context.Context, s *stage, path, name string) (*album, error) {
	out, err := os.Create(s.path(name))
	if err != nil {
		return nil, err
	}
	deadline := r.cfg.Deadline + time.Duration(len(s.report.Pages))*2*time.Second
	err = r.run(ctx, r.pdftoppm(), deadline, out, "-q", "-cropbox", "-r", strconv.Itoa(compareDPI), path)
	if err == nil || exitCode(err) > 0 { // what it could render is there to compare
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	return &album{out, bufio.NewReaderSize(out, 1<<20)}, nil
}

func (a *album) close() {
	_ = a.file.Close()
	_ = os.Remove(a.file.Name())
}

func (a *album) next() ([]byte, raster, error) {
	size, err := ppmHeader(a.r)
	if err != nil {
		return nil, raster{}, err
	}
	if int64(size.width)*int64(size.height) > maxRenderPixels {
		return nil, raster{}, fmt.Errorf("%w: a thumbnail of %d x %d pixels", errProgram, size.width, size.height)
	}
	p := make([]byte, 3*size.width*size.height)
	_, err = io.ReadFull(a.r, p)
	return p, size, err
}

// difference is how far two pictures are apart.
type difference struct {
	mean        float64 // of all samples, 0 to 255
	blocks, all float64 // blocks that differ much, and all blocks
}

// shift measures the difference over the part that both pictures have.
func shift(a []byte, sa raster, b []byte, sb raster) difference {
	w, h := min(sa.width, sb.width), min(sa.height, sb.height)
	var out difference
	total := 0
	for y0 := 0; y0 < h; y0 += blockSide {
		for x0 := 0; x0 < w; x0 += blockSide {
			sum, n := 0, 0
			for y := y0; y < min(y0+blockSide, h); y++ {
				ra, rb := a[3*(y*sa.width+x0):], b[3*(y*sb.width+x0):]
				for i := range 3 * (min(x0+blockSide, w) - x0) {
					sum += abs(int(ra[i]) - int(rb[i]))
					n++
				}
			}
			total += sum
			out.all++
			if sum > maxBlockShift*n {
				out.blocks++
			}
		}
	}
	out.mean = float64(total) / float64(3*w*h)
	return out
}
