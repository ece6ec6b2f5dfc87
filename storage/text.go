package storage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"blattwerk/pipeline"
)

// WordsFormat names the format of words.json.
const WordsFormat = "blattwerk-words/1"

// wordsPage is one page in words.json.
type wordsPage struct {
	Page int `json:"page"` // 1-based
	pipeline.PageText
}

// textFiles builds text.txt and words.json of a letter, one page after the other.
func textFiles(ctx context.Context, dir string, pages []pipeline.Page, blobs pipeline.Blobs) (text, words *spool, err error) {
	tw, ww := &spoolFill{dir: dir}, &spoolFill{dir: dir}
	defer func() {
		if err != nil {
			tw.close()
			ww.close()
		}
	}()
	if err := writeTexts(ctx, tw, ww, pages, blobs); err != nil {
		return nil, nil, err
	}
	if text, err = tw.done(); err != nil {
		return nil, nil, err
	}
	if words, err = ww.done(); err != nil {
		return nil, nil, err
	}
	return text, words, nil
}

func writeTexts(ctx context.Context, text, words io.Writer, pages []pipeline.Page, blobs pipeline.Blobs) error {
	tw, ww := bufio.NewWriter(text), bufio.NewWriter(words)
	fmt.Fprintf(ww, "{\"format\":%q,\n\"pages\":[", WordsFormat)
	comma := ""
	for i, p := range pages {
		if i > 0 {
			tw.WriteByte('\f')
		}
		if p.Words() == "" {
			continue
		}
		var pt pipeline.PageText
		if err := pipeline.OpenJSON(ctx, blobs, p.Words(), &pt); err != nil {
			return fmt.Errorf("the words of page %d: %w", p.No, err)
		}
		tw.WriteString(pt.String())
		raw, err := json.Marshal(wordsPage{p.No, pt})
		if err != nil {
			return fmt.Errorf("encoding the words of page %d: %w", p.No, err)
		}
		ww.WriteString(comma + "\n")
		ww.Write(raw)
		comma = ","
	}
	ww.WriteString("\n]}\n")
	if err := errors.Join(tw.Flush(), ww.Flush()); err != nil {
		return diskError("writing a letter's text", err)
	}
	return nil
}

// readWords reads words.json page by page.
func readWords(r io.Reader, each func(page int, text pipeline.PageText) error) error {
	d := json.NewDecoder(r)
	var format string
	for _, want := range []json.Token{json.Delim('{'), "format", nil, "pages", json.Delim('[')} {
		tok, err := d.Token()
		if err != nil {
			return fmt.Errorf("%w: reading words: %w", ErrDamaged, err)
		}
		if want == nil {
			format, _ = tok.(string)
		} else if tok != want {
			return fmt.Errorf("%w: reading words: %v where %v should be", ErrDamaged, tok, want)
		}
	}
	if format != WordsFormat {
		return fmt.Errorf("%w: the format of the words is not %s", ErrDamaged, WordsFormat)
	}
	for d.More() {
		var p wordsPage
		if err := d.Decode(&p); err != nil {
			return fmt.Errorf("%w: reading words: %w", ErrDamaged, err)
		}
		if err := each(p.Page, p.PageText); err != nil {
			return err
		}
	}
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if tok, err := d.Token(); err != nil || tok != want {
			return fmt.Errorf("%w: reading words: no proper end", ErrDamaged)
		}
	}
	return nil
}
