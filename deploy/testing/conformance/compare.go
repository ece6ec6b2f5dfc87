package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
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
	words, kept int     // of the original, and of them those that the result has too
	worst       float64 // mean difference of the page that differs most, 0 to 255; -1: not to be told
	pages       string  // how page numbers or sizes differ; "" if they do not
}

func (s sameness) sameWords() bool { return float64(s.kept) >= sameWords*float64(s.words) }
func (s sameness) sameLooks() bool { return s.pages == "" && s.worst <= sameLooks }

func (s sameness) String() string {
	words, looks := "no text before", fmt.Sprintf("%.1f", s.worst)
	if s.words > 0 {
		words = fmt.Sprintf("%.1f %%", 100*float64(s.kept)/float64(s.words))
	}
	switch {
	case s.pages != "":
		looks = s.pages
	case s.worst < 0:
		looks = "original cannot be shown"
	}
	return words + "; " + looks
}

// compare holds a result against its original.
func compare(ctx context.Context, before, after string) (sameness, error) {
	var s sameness
	a, err := bag(ctx, before)
	if err != nil {
		return s, err
	}
	b, err := bag(ctx, after)
	if err != nil {
		return s, err
	}
	for w, n := range a {
		s.words += n
		s.kept += min(n, b[w])
	}
	s.worst, s.pages, err = looks(ctx, before, after)
	return s, err
}

// bag counts the words of a PDF by their letters and digits. A file that
// pdftotext cannot read has none.
func bag(ctx context.Context, path string) (map[string]int, error) {
	out, err := exec.CommandContext(ctx, "pdftotext", "-q", path, "-").Output()
	if err = onlyExit(ctx, err); err != nil {
		return nil, err
	}
	words := map[string]int{}
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
	return words, nil
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

// looks renders both files and gives the mean difference of the worst page.
func looks(ctx context.Context, before, after string) (worst float64, pages string, err error) {
	a, err := render(ctx, before)
	if err != nil {
		return 0, "", err
	}
	b, err := render(ctx, after)
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

func render(ctx context.Context, path string) (*bufio.Reader, error) {
	out, err := exec.CommandContext(ctx, "pdftoppm", "-q", "-cropbox", "-gray", "-r", fmt.Sprint(looksDPI), path).Output()
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
