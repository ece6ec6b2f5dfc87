package pdfa

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"blattwerk/pipeline"
)

// pictureDecoder reads one format that is packed anew.
type pictureDecoder struct {
	sign   string // first bytes; '?' is any
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// pictureDecoders are named here, not registered by import: which formats are
// taken must not hang on what else is in the program.
var pictureDecoders = []pictureDecoder{
	{"\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{pngSignature, png.DecodeConfig, png.Decode},
	{"RIFF????WEBP", webp.DecodeConfig, webp.Decode},
	{"GIF8", gif.DecodeConfig, decodeGIF},
	{"BM", bmp.DecodeConfig, bmp.Decode},
	{"II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

func findDecoder(start []byte) (pictureDecoder, bool) {
	for _, d := range pictureDecoders {
		match := len(start) >= len(d.sign)
		for i := 0; match && i < len(d.sign); i++ {
			match = d.sign[i] == '?' || d.sign[i] == start[i]
		}
		if match {
			return d, true
		}
	}
	return pictureDecoder{}, false
}

// decodeGIF decodes a GIF file of one picture. Of several, all but the first
// would be lost.
func decodeGIF(r io.Reader) (image.Image, error) {
	all, err := gif.DecodeAll(r)
	if err != nil {
		return nil, err
	}
	if len(all.Image) != 1 {
		return nil, fmt.Errorf("a GIF file of %d pictures", len(all.Image))
	}
	return all.Image[0], nil
}

// onePageTIFF refuses a TIFF file with a second page, which the decoder would
// drop without a word.
func onePageTIFF(c pipeline.Content) error {
	head := make([]byte, 8)
	if _, err := c.ReadAt(head, 0); err != nil {
		return fmt.Errorf("%w: %w", errUnsupported, err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(head[4:]))
	var count [2]byte
	if _, err := c.ReadAt(count[:], at); err != nil {
		return fmt.Errorf("%w: %w", errUnsupported, err)
	}
	var next [4]byte
	if _, err := c.ReadAt(next[:], at+2+12*int64(order.Uint16(count[:]))); err != nil {
		return fmt.Errorf("%w: %w", errUnsupported, err)
	}
	if order.Uint32(next[:]) != 0 {
		return fmt.Errorf("%w: a TIFF file of several pages is not one picture", errUnsupported)
	}
	return nil
}

// decodePicture decodes a picture as a whole and packs it as little as its
// colours ask for: black and white, grey, or RGB.
func decodePicture(ctx context.Context, c pipeline.Content) (picture, error) {
	start := make([]byte, 12)
	if _, err := c.ReadAt(start, 0); err != nil {
		return picture{}, fmt.Errorf("%w: %w", errUnsupported, err)
	}
	decoder, ok := findDecoder(start)
	if !ok {
		return picture{}, errUnsupported
	}
	if decoder.sign == "II*\x00" || decoder.sign == "MM\x00*" {
		if err := onePageTIFF(c); err != nil {
			return picture{}, err
		}
	}
	config, err := decoder.config(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		return picture{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if config.Width <= 0 || config.Height <= 0 || int64(config.Width)*int64(config.Height) > maxDecodedPixels {
		return picture{}, fmt.Errorf("%w: %d x %d pixels", errUnsupported, config.Width, config.Height)
	}
	img, err := decoder.decode(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		return picture{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return packImage(ctx, img)
}

// packImage packs a decoded picture, laid on white.
func packImage(ctx context.Context, img image.Image) (picture, error) {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	grey, bitonal := true, true
	err := eachRow(ctx, img, func(rgba []byte) {
		for ; len(rgba) >= 4 && grey; rgba = rgba[4:] {
			grey = rgba[0] == rgba[1] && rgba[1] == rgba[2]
			bitonal = bitonal && grey && (rgba[0] == 0 || rgba[0] == 255)
		}
	})
	if err != nil {
		return picture{}, err
	}
	switch {
	case bitonal && grey:
		encoder := newG4Encoder(width)
		row := make([]byte, (width+7)/8)
		err := eachRow(ctx, img, func(rgba []byte) {
			clear(row)
			for x := range width {
				if rgba[4*x] == 0 {
					row[x/8] |= 0x80 >> (x % 8)
				}
			}
			encoder.row(row)
		})
		return faxPicture(encoder, width, height), err
	case grey:
		return packRows(ctx, img, 1)
	}
	return packRows(ctx, img, 3)
}

func packRows(ctx context.Context, img image.Image, components int) (picture, error) {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	packer := newRowPacker(width, components)
	row := make([]byte, width*components)
	err := eachRow(ctx, img, func(rgba []byte) {
		for x := range width {
			copy(row[x*components:(x+1)*components], rgba[4*x:])
		}
		packer.row(row)
	})
	return packedPicture(packer, width, height, components), err
}

// eachRow gives the rows of a picture laid on white, four bytes a pixel. It
// converts a strip at a time.
func eachRow(ctx context.Context, img image.Image, each func(rgba []byte)) error {
	bounds := img.Bounds()
	strip := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), 64))
	for y := bounds.Min.Y; y < bounds.Max.Y; y += 64 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		draw.Draw(strip, strip.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Bounds(), img, image.Pt(bounds.Min.X, y), draw.Over)
		for i := range min(64, bounds.Max.Y-y) {
			each(strip.Pix[i*strip.Stride : i*strip.Stride+4*bounds.Dx()])
		}
	}
	return nil
}
