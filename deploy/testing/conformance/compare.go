package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"unicode"
)

// Bounds within which a result says and shows the same.
const (
	sameWords = 0.99 // of the original's words
	looksDPI  = 40
	sameLooks = 3.0 // mean difference of a page, 0 to 255
)

// sameness is what a result has left of its original.
type sameness struct {
	Words, Kept int     // of the original, and of them those that the result has too
	Worst       float64 // mean difference of the page that differs most, 0 to 255; -1: not to be told
	Found       int     // pages of the original that can be found; 0: not to be told
	Counted     int     // pages that the original says it has
	Hollow      bool    // a result without a word or a drop of ink, of an original that cannot be read
	Pages       string  // how page numbers or sizes differ; "" if they do not
}

func (s sameness) sameWords() bool { return !s.Hollow && float64(s.Kept) >= sameWords*float64(s.Words) }
func (s sameness) sameLooks() bool { return s.Pages == "" && s.Worst <= sameLooks }

func (s sameness) String() string {
	words, looks := "no text before", fmt.Sprintf("%.1f", s.Worst)
	if s.Words > 0 {
		words = fmt.Sprintf("%.1f %%", 100*float64(s.Kept)/float64(s.Words))
	}
	switch {
	case s.Pages != "":
		looks = s.Pages
	case s.Worst < 0:
		looks = "original cannot be shown"
	}
	return words + "; " + looks
}

// compare holds a result against its original.
func compare(ctx context.Context, before, after string) (sameness, error) {
	var s sameness
	a, found, err := bag(ctx, before)
	if err != nil {
		return s, err
	}
	b, _, err := bag(ctx, after)
	if err != nil {
		return s, err
	}
	s.Found, s.Counted = found, pageCount(ctx, before)
	for w, n := range a {
		s.Words += n
		s.Kept += min(n, b[w])
	}
	if found == 0 && len(b) == 0 {
		if s.Hollow, err = white(ctx, after); err != nil {
			return s, err
		}
	}
	s.Worst, s.Pages, err = looks(ctx, before, after, found)
	return s, err
}

// white says whether a file shows nothing at all.
func white(ctx context.Context, path string) (bool, error) {
	r, err := render(ctx, path, 0)
	if err != nil {
		return false, err
	}
	for {
		pix, _, err := nextPage(r)
		if err != nil {
			return true, nil
		}
		if slices.Min(pix) < 255 {
			return false, nil
		}
	}
}

// bag counts the words of a PDF by their letters and digits, and its pages. A
// file that pdftotext cannot read has none.
func bag(ctx context.Context, path string) (words map[string]int, pages int, err error) {
	out, err := exec.CommandContext(ctx, "pdftotext", "-q", path, "-").Output()
	if err = onlyExit(ctx, err); err != nil {
		return nil, 0, err
	}
	words = map[string]int{}
	for _, w := range strings.Fields(string(out)) {
		w = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, w)
		if w != "" {
			words[w]++
		}
	}
	return words, bytes.Count(out, []byte("\f")), nil
}

// onlyExit forgets that a program ended badly over a file: what it printed until
// then counts.
func onlyExit(ctx context.Context, err error) error {
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// looks renders both files and gives the mean difference of the worst page. Of
// the original only the pages that were found count: pdftoppm shows the page
// before again for one that the file counts but does not have.
func looks(ctx context.Context, before, after string, found int) (worst float64, pages string, err error) {
	a, err := render(ctx, before, found)
	if err != nil {
		return 0, "", err
	}
	b, err := render(ctx, after, 0)
	if err != nil {
		return 0, "", err
	}
	worst = -1
	for no := 1; ; no++ {
		pa, wa, errA := nextPage(a)
		pb, wb, errB := nextPage(b)
		switch {
		case errA != nil && no == 1:
			return -1, "", nil
		case errA != nil && errB != nil:
			return worst, "", nil
		case errA != nil:
			return worst, fmt.Sprintf("more pages than %d", no-1), nil
		case errB != nil:
			return worst, fmt.Sprintf("page %d is missing", no), nil
		}
		ha, hb := len(pa)/wa, len(pb)/wb
		if max(wa, wb)-min(wa, wb) > 1 || max(ha, hb)-min(ha, hb) > 1 {
			return worst, fmt.Sprintf("page %d has another size", no), nil
		}
		w, h, sum := min(wa, wb), min(ha, hb), 0
		for y := range h {
			ra, rb := pa[y*wa:], pb[y*wb:]
			for x := range w {
				sum += int(max(ra[x], rb[x]) - min(ra[x], rb[x]))
			}
		}
		worst = max(worst, float64(sum)/float64(w*h))
	}
}

// render shows the pages up to the last; 0 is all.
func render(ctx context.Context, path string, last int) (*bufio.Reader, error) {
	args := []string{"-q", "-cropbox", "-gray", "-r", fmt.Sprint(looksDPI)}
	if last > 0 {
		args = append(args, "-l", fmt.Sprint(last))
	}
	out, err := exec.CommandContext(ctx, "pdftoppm", append(args, path)...).Output()
	if err = onlyExit(ctx, err); err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	return bufio.NewReader(bytes.NewReader(out)), nil
}

// nextPage reads a binary PGM.
func nextPage(r *bufio.Reader) (pix []byte, width int, err error) {
	var height, top int
	if _, err := fmt.Fscanf(r, "P5\n%d %d\n%d\n", &width, &height, &top); err != nil {
		return nil, 0, err
	}
	if width < 1 || height < 1 || width > 1<<16 || height > 1<<16 {
		return nil, 0, errors.New("no page")
	}
	pix = make([]byte, width*height)
	_, err = io.ReadFull(r, pix)
	return pix, width, err
}
