package ocr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// line is the text line that words are being read from.
type line struct {
	box           pipeline.Box
	slope, offset float64 // baseline: y = box.Y1 + offset + slope * (x - box.X0)
}

func (l line) base(x int) int {
	return int(math.Round(float64(l.box.Y1) + l.offset + l.slope*float64(x-l.box.X0)))
}

// parseHOCR takes the words out of one page of hOCR 1.2 as tesseract writes it:
// ocr_carea > ocr_par > ocr_line > ocrx_word, with "bbox", "baseline" and
// "x_wconf" in the titles.
func parseHOCR(r io.Reader) ([]pipeline.Word, error) {
	var (
		words         []pipeline.Word
		current       line
		block, par    = -1, -1
		lineNo        = -1
		word          *pipeline.Word
		depth, wordAt int
	)
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return words, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parsing hOCR: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			class, title := attributes(t)
			switch class {
			case "ocr_carea":
				block++
			case "ocr_par":
				par++
			case "ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat":
				lineNo++
				if current, err = parseLine(title); err != nil {
					return nil, err
				}
			case "ocrx_word":
				if word, err = parseWord(title); err != nil {
					return nil, err
				}
				word.Block, word.Par, word.Line = max(block, 0), max(par, 0), max(lineNo, 0)
				word.Base = current.base((word.Box.X0 + word.Box.X1) / 2)
				wordAt = depth
			}
		case xml.CharData:
			if word != nil {
				word.Text += string(t)
			}
		case xml.EndElement:
			if word != nil && depth == wordAt {
				if word.Text = strings.TrimSpace(word.Text); word.Text != "" {
					words = append(words, *word)
				}
				word = nil
			}
			depth--
		}
	}
}

func attributes(e xml.StartElement) (class, title string) {
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "class":
			class = a.Value
		case "title":
			title = a.Value
		}
	}
	return class, title
}

func parseWord(title string) (*pipeline.Word, error) {
	p := properties(title)
	box, err := parseBox(p["bbox"])
	if err != nil {
		return nil, err
	}
	conf, err := numbers(p["x_wconf"], 1)
	if err != nil {
		return nil, err
	}
	return &pipeline.Word{Box: box, Conf: float32(min(max(conf[0]/100, 0), 1))}, nil
}

func parseLine(title string) (line, error) {
	p := properties(title)
	box, err := parseBox(p["bbox"])
	if err != nil {
		return line{}, err
	}
	l := line{box: box}
	// Lines that do not run from left to right have a textangle instead.
	if fields, ok := p["baseline"]; ok {
		b, err := numbers(fields, 2)
		if err != nil {
			return line{}, err
		}
		l.slope, l.offset = b[0], b[1]
	}
	return l, nil
}

// properties splits a title, "bbox 1 2 3 4; x_wconf 95", by name.
func properties(title string) map[string][]string {
	out := map[string][]string{}
	for part := range strings.SplitSeq(title, ";") {
		if f := strings.Fields(part); len(f) > 0 {
			out[f[0]] = f[1:]
		}
	}
	return out
}

func parseBox(fields []string) (pipeline.Box, error) {
	n, err := numbers(fields, 4)
	if err != nil {
		return pipeline.Box{}, err
	}
	return pipeline.Box{X0: int(n[0]), Y0: int(n[1]), X1: int(n[2]), Y1: int(n[3])}, nil
}

// maxNumber is far beyond any coordinate of a page.
const maxNumber = 1 << 24

func numbers(fields []string, want int) ([]float64, error) {
	if len(fields) < want {
		return nil, fmt.Errorf("parsing hOCR: %d numbers, want %d", len(fields), want)
	}
	out := make([]float64, want)
	for i := range out {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil || !(math.Abs(v) < maxNumber) {
			return nil, fmt.Errorf("parsing hOCR: not a sensible number: %q", fields[i])
		}
		out[i] = v
	}
	return out, nil
}
