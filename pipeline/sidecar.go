package pipeline

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// WriteHOCR writes the words of all pages as hOCR 1.2 (kba.github.io/hocr-spec):
// ocr_page > ocr_carea > ocr_par > ocr_line > ocrx_word, boxes in pixels of each
// page's frame, confidence in per cent. language is in tesseract's notation.
func WriteHOCR(w io.Writer, pages []PageText, engine, language string) error {
	h := markup{Writer: bufio.NewWriter(w)}
	h.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	h.line(`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">`)
	h.line(`<html xmlns="http://www.w3.org/1999/xhtml">`)
	h.line(`<head><title></title><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>`)
	h.line(`<meta name="ocr-system" content="%s"/><meta name="ocr-langs" content="%s"/>`, escaped(engine), escaped(strings.ReplaceAll(language, "+", " ")))
	h.line(`<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf"/></head>`)
	h.line(`<body>`)
	for i, p := range pages {
		h.line(`<div class="ocr_page" id="page_%d" title="bbox 0 0 %d %d; ppageno %d; scan_res %.0f %.0f">`, i+1, p.Width, p.Height, i, p.DPI, p.DPI)
		for _, block := range parts(p.Words, func(w Word) int { return w.Block }) {
			h.line(`<div class="ocr_carea" title="%s">`, bbox(block))
			for _, par := range parts(block, func(w Word) int { return w.Par }) {
				h.line(`<p class="ocr_par" title="%s">`, bbox(par))
				for _, line := range parts(par, func(w Word) int { return w.Line }) {
					h.line(`<span class="ocr_line" title="%s; baseline 0 %d">`, bbox(line), line[0].Base-around(line).Y1)
					for _, w := range line {
						h.line(`<span class="ocrx_word" title="%s; x_wconf %.0f">%s</span>`, bbox([]Word{w}), 100*w.Conf, escaped(w.Text))
					}
					h.line(`</span>`)
				}
				h.line(`</p>`)
			}
			h.line(`</div>`)
		}
		h.line(`</div>`)
	}
	h.line(`</body>`)
	h.line(`</html>`)
	return h.end("hOCR")
}

// WriteALTO writes the words of all pages as ALTO 4.4 (Library of Congress):
// Page > PrintSpace > TextBlock > TextLine > String, measured in pixels of each
// page's frame, confidence 0 to 1. A TextBlock is a paragraph.
func WriteALTO(w io.Writer, pages []PageText, engine, name string) error {
	a := markup{Writer: bufio.NewWriter(w)}
	a.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	a.line(`<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">`)
	a.line(`<Description><MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation><fileName>%s</fileName></sourceImageInformation>`, escaped(name))
	a.line(`<Processing ID="reading"><processingStepDescription>text recognition</processingStepDescription><processingSoftware><softwareName>%s</softwareName></processingSoftware></Processing></Description>`, escaped(engine))
	a.line(`<Layout>`)
	for i, p := range pages {
		a.line(`<Page ID="page_%d" PHYSICAL_IMG_NR="%d" WIDTH="%d" HEIGHT="%d">`, i+1, i+1, p.Width, p.Height)
		a.line(`<PrintSpace HPOS="0" VPOS="0" WIDTH="%d" HEIGHT="%d">`, p.Width, p.Height)
		for b, par := range parts(p.Words, func(w Word) int { return w.Par }) {
			a.line(`<TextBlock ID="block_%d_%d" %s>`, i+1, b+1, place(around(par)))
			for _, line := range parts(par, func(w Word) int { return w.Line }) {
				a.line(`<TextLine BASELINE="%d" %s>`, line[0].Base, place(around(line)))
				for n, w := range line {
					if n > 0 {
						left := line[n-1].Box.X1
						a.line(`<SP HPOS="%d" VPOS="%d" WIDTH="%d"/>`, left, w.Box.Y0, max(w.Box.X0-left, 0))
					}
					a.line(`<String CONTENT="%s" WC="%.2f" %s/>`, escaped(w.Text), w.Conf, place(w.Box))
				}
				a.line(`</TextLine>`)
			}
			a.line(`</TextBlock>`)
		}
		a.line(`</PrintSpace>`)
		a.line(`</Page>`)
	}
	a.line(`</Layout>`)
	a.line(`</alto>`)
	return a.end("ALTO")
}

// markup writes lines; its first error sticks with the buffered writer.
type markup struct{ *bufio.Writer }

func (m markup) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m markup) end(what string) error {
	if err := m.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	return nil
}

// parts cuts words where their number changes.
func parts(words []Word, number func(Word) int) [][]Word {
	var out [][]Word
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && number(words[j]) == number(words[i]) {
			j++
		}
		out = append(out, words[i:j])
		i = j
	}
	return out
}

// around is the frame of some words; there is at least one.
func around(words []Word) Box {
	b := words[0].Box
	for _, w := range words[1:] {
		b = Box{min(b.X0, w.Box.X0), min(b.Y0, w.Box.Y0), max(b.X1, w.Box.X1), max(b.Y1, w.Box.Y1)}
	}
	return b
}

func bbox(words []Word) string {
	b := around(words)
	return fmt.Sprintf("bbox %d %d %d %d", b.X0, b.Y0, b.X1, b.Y1)
}

func place(b Box) string {
	return fmt.Sprintf(`HPOS="%d" VPOS="%d" WIDTH="%d" HEIGHT="%d"`, b.X0, b.Y0, b.X1-b.X0, b.Y1-b.Y0)
}

// escaped makes text fit for XML: what XML cannot hold becomes U+FFFD.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}
