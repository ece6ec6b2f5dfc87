package scan

import (
	"context"
	"errors"
	"fmt"
	"io"

	"blattwerk/pipeline"
)

// Facts is what the headers of a file say. Nothing has been decoded.
type Facts struct {
	Media string
	Pages []Picture
}

// Picture is what a header says about one picture of a file.
type Picture struct {
	Width, Height int     // pixels as stored
	DPIX, DPIY    float64 // pixels per inch; 0 where the file does not say
	Model         pipeline.ColourModel
	Turn          int  // clockwise degrees (0, 90, 180, 270) to show it upright, after mirroring
	Mirror        bool // left and right have to be swapped first

	whole   otherForm // of a picture that is decoded whole: how to save it to avoid that
	asIs    bool      // the file can be the picture of the page byte for byte
	loss    bool      // the decoder gives less than the file holds (more than 8 bits a colour)
	moving  bool      // the first of several pictures that make one move
	profile span      // the ICC profile that says what its samples mean
	sheet   directory // of a TIFF: the page's directory
	index   int       // dito: its number in the file, counted from 0
}

// otherForm says, in words for a clerk, how to save a picture so that it can be
// decoded row by row: "als PNG speichern", "save it as PNG". The zero value is that of
// pictures that are.
type otherForm struct{ de, en string }

// Check reads the headers of a picture file of a media type that Sniff gave and
// returns what they say, one Picture for each page. It decodes nothing and
// believes nothing: pixel numbers may still be absurd. A file that contradicts
// itself, and a media type that is no picture, is a [pipeline.Fault].
func Check(ctx context.Context, r io.ReaderAt, size int64, media string) (Facts, error) {
	return check(ctx, r, size, media, hardMaxPages)
}

// hardMaxPages bounds the walk through a TIFF for callers without a limit.
const hardMaxPages = 100_000

func check(ctx context.Context, r io.ReaderAt, size int64, media string, maxPages int) (Facts, error) {
	if size == 0 {
		return Facts{}, empty()
	}
	var one func(io.ReaderAt, int64) (Picture, error)
	switch media {
	case mediaTIFF:
		pages, err := checkTIFF(ctx, r, size, maxPages)
		return Facts{media, pages}, err
	case mediaJPEG:
		one = checkJPEG
	case mediaPNG:
		one = checkPNG
	case mediaGIF:
		one = checkGIF
	case mediaWebP:
		one = checkWebP
	case mediaBMP:
		one = checkBMP
	case mediaJP2:
		one = checkJP2
	case mediaHEIC, mediaAVIF:
		one = checkHEIF
	default:
		return Facts{}, notAPicture(media)
	}
	p, err := one(r, size)
	if err != nil {
		return Facts{}, err
	}
	return Facts{media, []Picture{p}}, nil
}

// readAt reads n bytes at an offset; a file that ends before is truncated.
func readAt(r io.ReaderAt, size, at int64, n int) ([]byte, error) {
	if at < 0 || at+int64(n) > size {
		return nil, truncated()
	}
	b := make([]byte, n)
	return b, readFull(r, b, at)
}

// readFull fills b. Unlike ReadAt it never gives both all bytes and an error.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(b), at, err)
}

// until is a file that can no longer be read once ctx has ended.
type until struct {
	ctx  context.Context
	file io.ReaderAt
}

func (u until) ReadAt(b []byte, at int64) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.file.ReadAt(b, at)
}
