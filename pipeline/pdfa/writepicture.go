package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"blattwerk/pipeline"
)

// picture is an image on its way into a PDF file: the entries of its dictionary
// and its bytes.
type picture struct {
	Width, Height int
	Components    int    // 1 grey, 3 RGB, 4 CMYK; 0 leaves the colours to the data itself
	Bits          int    // per component
	Palette       []byte // RGB; the samples are then numbers of its colours
	Profile       []byte // ICC, for Components (3 with a palette); nil is the plain device space
	Filter        string
	Parms         string // DecodeParms
	Decode        string
	Size          int64
	Copy          func(io.Writer) error
}

func pictureOf(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

func pictureFrom(r io.Reader) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	}
}

// maxDecodedPixels bounds a picture that has to be decoded in memory: A0 at 300
// dpi has 139 million.
const maxDecodedPixels = 150_000_000

// What can be wrong with a picture besides what the readers of its format say:
// it is of a kind that cannot be written, or its decoder fails.
var (
	errUnsupported = errors.New("a kind of picture that cannot be written")
	errDamaged     = errors.New("a damaged picture")
)

// openPicture decides by the bytes how a picture goes into the file. JPEG and
// JPEG 2000 go in byte for byte, as do the packed rows of a PNG file;
// black-and-white is coded as group 4 fax; all else is packed anew without loss,
// on white where it was transparent.
func openPicture(ctx context.Context, c pipeline.Content) (picture, error) {
	var start [12]byte
	if n, err := c.ReadAt(start[:], 0); n < len(start) {
		return picture{}, fmt.Errorf("%w: %d bytes: %w", errUnsupported, n, errors.Join(err))
	}
	switch {
	case start[0] == 0xff && start[1] == jpegSOI:
		return openJPEG(ctx, c)
	case string(start[:]) == string(jpxSignature), string(start[:4]) == "\xff\x4f\xff\x51":
		return openJPX(c)
	case string(start[:8]) == pngSignature:
		return openPNG(ctx, c)
	}
	return decodePicture(ctx, c)
}

// openJPEG hands a JPEG file on. Only CMYK without a profile that says what its
// colours are is decoded: plain CMYK has no meaning in a file whose output
// intent is RGB.
func openJPEG(ctx context.Context, c pipeline.Content) (picture, error) {
	head, err := readJPEG(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		return picture{}, err
	}
	switch {
	case !head.Whole:
		return picture{}, fmt.Errorf("%w: it is cut off", errNotJPEG)
	case head.Precision != 8 || !head.Coded || head.Components != 1 && head.Components != 3 && head.Components != 4:
		return picture{}, fmt.Errorf("%w: JPEG with %d components of %d bits (Huffman: %t)", errUnsupported, head.Components, head.Precision, head.Coded)
	}
	p := picture{
		Width: head.Width, Height: head.Height, Components: head.Components, Bits: 8,
		Profile: fittingProfile(head.ICC, head.Components), Filter: "/DCTDecode",
		Size: c.Size(), Copy: pictureFrom(io.NewSectionReader(c, 0, c.Size())),
	}
	switch {
	case head.Components == 4 && p.Profile == nil:
		return decodePicture(ctx, c)
	case head.Components == 4 && head.Adobe:
		p.Decode = "[1 0 1 0 1 0 1 0]" // Adobe's programs store CMYK inverted
	case head.RGB && !head.Adobe:
		p.Parms = "<< /ColorTransform 0 >>" // nothing in the data says so
	}
	return p, nil
}

// openJPX hands a JPEG 2000 file on; a bare codestream gets the boxes of a file.
func openJPX(c pipeline.Content) (picture, error) {
	head, err := readJPX(c, c.Size())
	if err != nil {
		return picture{}, err
	}
	p := picture{
		Width: head.Width, Height: head.Height, Bits: head.Bits, Filter: "/JPXDecode",
		Size: c.Size(), Copy: pictureFrom(io.NewSectionReader(c, 0, c.Size())),
	}
	if head.Bare {
		boxes := jpxWrapping(head, c.Size())
		p.Copy = pictureFrom(io.MultiReader(bytes.NewReader(boxes), io.NewSectionReader(c, 0, c.Size())))
		p.Size += int64(len(boxes))
	}
	return p, nil
}

// openPNG takes the way that keeps most of a PNG file as it is.
func openPNG(ctx context.Context, c pipeline.Content) (picture, error) {
	f, err := readPNG(c, c.Size())
	if err != nil {
		return picture{}, err
	}
	switch {
	case f.Interlaced || f.Key:
		p, err := decodePicture(ctx, c)
		if p.Bits == 8 {
			p.Profile = fittingProfile(f.ICC, p.Components)
		}
		return p, err
	case f.Depth == 1 && f.Kind == pngGrey:
		return codePNG(ctx, f, [2]byte{g4Black, g4White})
	case f.Depth == 1 && f.Kind == pngPalette:
		if pair, ok := blackAndWhite(f.Palette); ok {
			return codePNG(ctx, f, pair)
		}
	case f.Depth == 16 || f.Kind == pngGreyAlpha || f.Kind == pngRGBAlpha:
		return repackPNG(ctx, f)
	}
	if err := f.verify(); err != nil {
		return picture{}, err
	}
	p := picture{
		Width: f.Width, Height: f.Height, Components: f.Samples(), Bits: f.Depth,
		Filter: "/FlateDecode", Parms: predictorParms(f.Samples(), f.Depth, f.Width),
		Size: f.Packed, Copy: pictureFrom(f.packed()),
	}
	if f.Kind == pngPalette {
		p.Palette = f.Palette[:min(len(f.Palette), 3<<f.Depth)]
		p.Profile = fittingProfile(f.ICC, 3)
	} else {
		p.Profile = fittingProfile(f.ICC, p.Components)
	}
	return p, nil
}

// blackAndWhite tells which of two colours of a palette is which.
func blackAndWhite(palette []byte) (pair [2]byte, ok bool) {
	if len(palette) != 6 {
		return pair, false
	}
	for i := range pair {
		switch string(palette[3*i : 3*i+3]) {
		case "\x00\x00\x00":
			pair[i] = g4Black
		case "\xff\xff\xff":
			pair[i] = g4White
		default:
			return pair, false
		}
	}
	return pair, pair[0] != pair[1]
}

// codePNG codes a black-and-white PNG file as group 4 fax; pair says what 0 and
// 1 are in it.
func codePNG(ctx context.Context, f *pngFile, pair [2]byte) (picture, error) {
	rows, err := f.rows()
	if err != nil {
		return picture{}, err
	}
	encoder := newG4Encoder(f.Width)
	black := make([]byte, f.rowBytes())
	for y := range f.Height {
		row, err := rows.next()
		if err != nil {
			return picture{}, err
		}
		for i, b := range row {
			if pair[1] != g4Black {
				b = ^b
			}
			black[i] = b
		}
		encoder.row(black)
		if y%256 == 0 && ctx.Err() != nil {
			return picture{}, ctx.Err()
		}
	}
	if err := rows.end(); err != nil {
		return picture{}, err
	}
	return faxPicture(encoder, f.Width, f.Height), nil
}

func faxPicture(encoder *g4Encoder, width, height int) picture {
	data := encoder.finish()
	return picture{
		Width: width, Height: height, Components: 1, Bits: 1, Filter: "/CCITTFaxDecode",
		Parms: fmt.Sprintf("<< /K -1 /Columns %d /Rows %d >>", width, height),
		Size:  int64(len(data)), Copy: pictureOf(data),
	}
}

// repackPNG packs a PNG file anew whose samples PDF/A should not carry as they
// are: 16 bits become 8, what is transparent is laid on white.
func repackPNG(ctx context.Context, f *pngFile) (picture, error) {
	rows, err := f.rows()
	if err != nil {
		return picture{}, err
	}
	samples, bytesEach := f.Samples(), f.Depth/8
	components := samples
	if f.Kind == pngGreyAlpha || f.Kind == pngRGBAlpha {
		components--
	}
	sample := func(b []byte) byte { // of big-endian bytes
		if bytesEach == 1 {
			return b[0]
		}
		return byte((uint(b[0])<<8 + uint(b[1]) + 128) / 257)
	}
	packer := newRowPacker(f.Width, components)
	out := make([]byte, f.Width*components)
	for y := range f.Height {
		row, err := rows.next()
		if err != nil {
			return picture{}, err
		}
		for x := range f.Width {
			pixel := row[x*samples*bytesEach:]
			alpha := byte(255)
			if components < samples {
				alpha = sample(pixel[components*bytesEach:])
			}
			for i := range components {
				out[x*components+i] = onWhite(sample(pixel[i*bytesEach:]), alpha)
			}
		}
		packer.row(out)
		if y%256 == 0 && ctx.Err() != nil {
			return picture{}, ctx.Err()
		}
	}
	if err := rows.end(); err != nil {
		return picture{}, err
	}
	p := packedPicture(packer, f.Width, f.Height, components)
	p.Profile = fittingProfile(f.ICC, components)
	return p, nil
}

func packedPicture(packer *rowPacker, width, height, components int) picture {
	data, parms := packer.finish(width)
	return picture{
		Width: width, Height: height, Components: components, Bits: 8,
		Filter: "/FlateDecode", Parms: parms, Size: int64(len(data)), Copy: pictureOf(data),
	}
}

// fittingProfile gives an embedded profile if it may be used for that many
// components, else nil: sRGB is then assumed, as viewers do.
func fittingProfile(profile []byte, components int) []byte {
	if head, err := readICC(profile); err != nil || head.Components != components {
		return nil
	}
	return profile
}
