package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
)

// Phone pictures (HEIC, AVIF) are decoded by the program of libheif, which runs
// once for each file: H.265 and AV1 are large decoders with a history, and no
// well-kept one is written in a memory-safe language.
const (
	heifPackage  = "libheif-examples" // Debian's name
	heifMemory   = 900 << 20          // address space by default; a picture of 50 million pixels takes 600 MB
	heifDeadline = time.Minute
)

// heifPrograms are the names it had over the years.
var heifPrograms = []string{"heif-convert", "heif-dec"}

// box is a part of a file of boxes (ISO/IEC 14496-12, 4.2): its type and where
// its contents lie.
type box struct {
	kind    string
	at, end int64
}

// boxes lists the boxes between two places of a file, most at most.
func boxes(r io.ReaderAt, at, end int64, most int) ([]box, error) {
	var out []box
	for at < end && len(out) < most {
		head, err := readAt(r, end, at, 8)
		if err != nil {
			return nil, err
		}
		n, skip := int64(binary.BigEndian.Uint32(head)), int64(8)
		switch n {
		case 0: // to the end
			n = end - at
		case 1: // its length takes 64 bits
			long, err := readAt(r, end, at+8, 8)
			if err != nil {
				return nil, err
			}
			n, skip = int64(binary.BigEndian.Uint64(long)), 16
		}
		if n < skip {
			return nil, damaged("a box of %d bytes", n)
		}
		if n > end-at {
			return nil, truncated()
		}
		out = append(out, box{string(head[4:]), at + skip, at + n})
		at += n
	}
	return out, nil
}

// checkHEIF finds the largest picture that is described in a file (ISO/IEC
// 23008-12, 6.5.3): that is the whole one, where others are its tiles, its
// thumbnail or its depth. How it is turned the decoder knows.
func checkHEIF(r io.ReaderAt, size int64) (Picture, error) {
	const most = 1000 // boxes of a kind; a large picture is made of a few hundred tiles
	p := Picture{Model: pipeline.Colour, whole: anyForm()}
	level, err := boxes(r, 0, size, most)
	if err != nil {
		return p, err
	}
	// The sizes stand in meta, iprp, ipco. Meta begins with a version.
	for _, kind := range []string{"meta", "iprp", "ipco"} {
		i := slices.IndexFunc(level, func(b box) bool { return b.kind == kind })
		if i < 0 && kind == "meta" && slices.ContainsFunc(level, func(b box) bool { return b.kind == "moov" }) {
			return p, animated()
		}
		if i < 0 {
			return p, damaged("a HEIF without the box %q", kind)
		}
		at := level[i].at
		if kind == "meta" {
			at += 4
		}
		if level, err = boxes(r, at, level[i].end, most); err != nil {
			return p, err
		}
	}
	for _, b := range level {
		if b.kind != "ispe" {
			continue
		}
		raw, err := readAt(r, b.end, b.at+4, 8)
		if err != nil {
			return p, err
		}
		w, h := int64(binary.BigEndian.Uint32(raw)), int64(binary.BigEndian.Uint32(raw[4:]))
		if w < 1<<31 && h < 1<<31 && w*h > int64(p.Width)*int64(p.Height) {
			p.Width, p.Height = int(w), int(h)
		}
	}
	return p, nonEmpty(p)
}

// phone makes pages of a phone picture: one for each picture in it, thumbnails
// and depths aside.
func (o opening) phone(ctx context.Context) ([]pipeline.Page, error) {
	dir, err := os.MkdirTemp(o.cfg.Temp, "blattwerk-phone-")
	if err != nil {
		return nil, fmt.Errorf("making a working folder: %w", err)
	}
	defer os.RemoveAll(dir)
	files, err := o.heifConvert(ctx, dir)
	if err != nil {
		return nil, err
	}
	if len(files) > o.cfg.MaxPages {
		return nil, tooManyPages(o.cfg.MaxPages)
	}
	pages := make([]pipeline.Page, len(files))
	for i, name := range files {
		p, img, err := o.phonePicture(ctx, name)
		if err != nil {
			return nil, onPage(err, i, len(files))
		}
		pages[i] = pipeline.Page{No: i + 1, Origin: pipeline.OriginDecoded, Image: img}
		place(&pages[i], p)
		pipeline.TellProgress(ctx, i+1, len(files))
	}
	return pages, nil
}

// heifConvert runs the decoder in a folder and lists what it made, in order.
func (o opening) heifConvert(ctx context.Context, dir string) ([]string, error) {
	raw, err := load(o.file, o.size, maxPicture)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "in"), raw, 0o600); err != nil {
		return nil, fmt.Errorf("writing a working copy: %w", err)
	}
	names := heifPrograms
	if o.cfg.Heif != "" {
		names = []string{o.cfg.Heif}
	}
	program := child.Program{Name: names[0], Memory: o.cfg.Memory, Time: o.cfg.Deadline, Dir: dir}
	for _, name := range names[1:] {
		if _, err := exec.LookPath(program.Name); err != nil {
			program.Name = name
		}
	}
	if err := program.Run(ctx, io.Discard, "in", "out.png"); err != nil {
		return nil, heifFault(err)
	}
	// One picture is out.png; several are out-1.png, out-2.png ...
	files, err := filepath.Glob(filepath.Join(dir, "out*.png"))
	if err != nil || len(files) == 0 {
		return nil, damaged("%s made no picture", program.Name)
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "out-"), ".png"))
		return n
	}
	slices.SortFunc(files, func(a, b string) int { return number(a) - number(b) })
	return files, nil
}

func heifFault(err error) error {
	exit := (*child.ExitError)(nil)
	switch {
	case errors.Is(err, child.ErrMissing):
		return heifMissing(err)
	case errors.As(err, &exit) && exit.Code > 0:
		return damaged("decoding a phone picture: %w", err)
	case errors.Is(err, child.ErrProgram):
		return tooHeavy(err)
	}
	return fmt.Errorf("decoding a phone picture: %w", err)
}

// phonePicture keeps one picture that the decoder made. The file's notes (where
// and when it was taken, and how to turn it, which the decoder has done) are left
// behind; its colour profile is not.
func (o opening) phonePicture(ctx context.Context, name string) (Picture, pipeline.Image, error) {
	var img pipeline.Image
	f, err := os.Open(name)
	if err != nil {
		return Picture{}, img, fmt.Errorf("opening a decoded picture: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Picture{}, img, fmt.Errorf("opening a decoded picture: %w", err)
	}
	p, err := checkPNG(f, st.Size())
	if err != nil {
		return p, img, err
	}
	if err := o.bound(p); err != nil {
		return p, img, err
	}
	plain, err := withoutNotes(f, st.Size())
	if err != nil {
		return p, img, err
	}
	img = pipeline.Image{Media: mediaPNG, Width: p.Width, Height: p.Height, Model: p.Model}
	if img.Blob, err = o.blobs.Put(ctx, plain); err != nil {
		return p, img, fmt.Errorf("keeping the picture: %w", err)
	}
	p.Turn, p.Mirror = 0, false
	return p, img, nil
}

// withoutNotes gives a PNG without the chunks that tell more than the picture.
func withoutNotes(r io.ReaderAt, size int64) (io.Reader, error) {
	parts := []io.Reader{bytes.NewReader([]byte(pngSignature))}
	for at := int64(len(pngSignature)); at < size; {
		head, err := readAt(r, size, at, 8)
		if err != nil {
			return nil, err
		}
		n := int64(binary.BigEndian.Uint32(head)) + 12
		if n > size-at {
			return nil, truncated()
		}
		switch string(head[4:]) {
		case "eXIf", "tEXt", "zTXt", "iTXt", "tIME":
		default:
			parts = append(parts, io.NewSectionReader(r, at, n))
		}
		at += n
	}
	return io.MultiReader(parts...), nil
}
