package scan

import (
	"context"
	"encoding/binary"
	"io"
	"slices"

	"blattwerk/pipeline"
)

// Values of TIFF tags.
const (
	compressionOldJPEG = 6
	compressionJPEG    = 7
	photometricRGB     = 2
	photometricPalette = 3
	photometricCMYK    = 5
	photometricYCbCr   = 6
	reducedImage       = 1 // bit of NewSubfileType: a small copy of another page
)

// checkTIFF walks through the directories. Small copies of pages are left out.
func checkTIFF(ctx context.Context, r io.ReaderAt, size int64, maxPages int) ([]Picture, error) {
	order, at, err := tiffHeader(r, size)
	if err != nil {
		return nil, err
	}
	var pages []Picture
	seen := map[int64]bool{}
	for at != 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if seen[at] {
			return nil, damaged("the directories of a TIFF go in a circle")
		}
		if len(seen) >= 2*maxPages {
			return nil, tooManyPages(maxPages)
		}
		seen[at] = true
		d, next, err := readDirectory(r, size, order, at)
		if err != nil {
			return nil, err
		}
		at = next
		if kind, err := d.number(tagSubfileType, 0); err == nil && kind&reducedImage != 0 {
			continue
		}
		p, err := checkDirectory(d, len(seen)-1)
		if err != nil {
			return nil, err
		}
		if pages = append(pages, p); len(pages) > maxPages {
			return nil, tooManyPages(maxPages)
		}
	}
	if len(pages) == 0 {
		return nil, damaged("a TIFF without a page")
	}
	return pages, nil
}

// checkDirectory reads what one directory, the index-th of its file, says about
// its picture.
func checkDirectory(d directory, index int) (Picture, error) {
	values := map[uint16]int64{tagWidth: 0, tagHeight: 0, tagBits: 1, tagSamples: 1, tagPhotometric: 1, tagPlanar: 1, tagCompression: 1}
	for tag, missing := range values {
		v, err := d.number(tag, missing)
		if err != nil {
			return Picture{}, err
		}
		values[tag] = v
	}
	w, h := values[tagWidth], values[tagHeight]
	if w <= 0 || h <= 0 || w > 1<<31-1 || h > 1<<31-1 {
		return Picture{}, damaged("a TIFF page of %d x %d pixels", w, h)
	}
	p := Picture{Width: int(w), Height: int(h), Model: pipeline.Colour, sheet: d, index: index}
	switch {
	case values[tagPhotometric] == photometricCMYK:
		p.Model = pipeline.CMYK
	case values[tagPhotometric] == photometricPalette:
	case values[tagSamples] <= 2 && values[tagBits] == 1:
		p.Model = pipeline.Bitonal
	case values[tagSamples] <= 2:
		p.Model = pipeline.Grey
	}
	p.whole = tiffForm(d, values)
	p.loss = values[tagBits] > 8
	if e, ok := d.find(tagProfile); ok {
		p.profile = span{e.at, e.size()}
	}
	p.DPIX, p.DPIY = d.resolution()
	s := d.orientation()
	p.Mirror, p.Turn = s.mirror, s.turn
	return p, nil
}

// tiffForm says how to save a TIFF that is decoded whole: what is neither a row of 8
// bits a sample after the other, nor grey or less.
func tiffForm(d directory, values map[uint16]int64) otherForm {
	_, tiled := d.find(tagTileOffsets)
	bits, samples, photometric := values[tagBits], values[tagSamples], values[tagPhotometric]
	switch {
	case tiled, values[tagPlanar] != 1, values[tagCompression] == compressionOldJPEG:
	case samples == 1 && bits <= 8 && photometric <= 1,
		samples == 3 && bits == 8 && photometric == photometricRGB,
		samples == 3 && bits == 8 && photometric == photometricYCbCr && values[tagCompression] == compressionJPEG:
		return otherForm{}
	}
	return otherForm{
		"als gewöhnliches TIFF (RGB oder Graustufen, 8 Bit je Farbe, ohne Kacheln) speichern",
		"save it as ordinary TIFF (RGB or grey, 8 bits a colour, no tiles)",
	}
}

// left out of a page that is cut out of its file: how to show it is told beside
// it, and the others point to places that are not taken along.
var notTaken = []uint16{
	tagSubfileType, tagOrientation,
	330, 400, 34665, 34853, 40965, // directories within: SubIFDs, GlobalParameters, Exif, GPS, Interoperability
	288, 289, // free space
}

// cut makes a TIFF of one page. It gives ok false for the few varieties whose
// pages cannot be told apart from the rest of their file; then the whole file
// has to be decoded. Pages of more than limit bytes are refused.
func cut(d directory, limit int64) (file []byte, ok bool, err error) {
	compression, err := d.number(tagCompression, 1)
	if err != nil {
		return nil, false, err
	}
	if compression == compressionOldJPEG {
		return nil, false, nil
	}
	offsetTag, countTag := uint16(tagStripOffsets), uint16(tagStripByteCounts)
	if _, tiled := d.find(tagTileOffsets); tiled {
		offsetTag, countTag = tagTileOffsets, tagTileByteCounts
	}
	offsets, err := d.numbers(offsetTag)
	if err != nil {
		return nil, false, err
	}
	counts, err := d.numbers(countTag)
	if err != nil {
		return nil, false, err
	}
	if len(offsets) == 0 {
		return nil, false, damaged("a TIFF page without a picture")
	}
	if len(counts) != len(offsets) {
		return nil, false, nil
	}
	total, err := strips(d, offsets, counts, limit)
	if err != nil {
		return nil, false, err
	}
	c := cutter{d: d, offsetTag: offsetTag}
	if err := c.directory(); err != nil {
		return nil, false, err
	}
	if err := c.strips(offsets, counts, total); err != nil {
		return nil, false, err
	}
	return c.out, true, nil
}

// strips checks that all parts of a picture are in the file and sums them up.
func strips(d directory, offsets, counts []int64, limit int64) (int64, error) {
	var total int64
	for i := range offsets {
		if offsets[i] > d.size || counts[i] > d.size-offsets[i] {
			return 0, truncated()
		}
		if total += counts[i]; total > limit {
			return 0, tooLarge(total, limit)
		}
	}
	return total, nil
}

// cutter writes a TIFF of one page: header, directory, values, strips.
type cutter struct {
	d         directory
	offsetTag uint16
	out       []byte
	offsetsAt int // where the offsets of the strips are to be written
}

func (c *cutter) directory() error {
	order := c.d.order
	var kept []entry
	values := map[uint16][]byte{}
	for _, e := range c.d.entries {
		if slices.Contains(notTaken, e.tag) || values[e.tag] != nil {
			continue
		}
		b, err := c.d.raw(e)
		if err != nil {
			return err
		}
		if e.tag == c.offsetTag {
			e.kind = 4
			b = make([]byte, 4*int64(e.count))
		}
		kept, values[e.tag] = append(kept, e), b
	}
	c.out = append(c.out, "II*\x00"...)
	if order == binary.ByteOrder(binary.BigEndian) {
		c.out = append(c.out[:0], "MM\x00*"...)
	}
	c.out = c.u32(c.out, 8)
	c.out = c.u16(c.out, uint16(len(kept)))
	behind := len(c.out) + 12*len(kept) + 4
	var tail []byte
	for _, e := range kept {
		b := values[e.tag]
		c.out = c.u16(c.u16(c.out, e.tag), e.kind)
		c.out = c.u32(c.out, e.count)
		at := len(c.out)
		if len(b) <= 4 {
			c.out = append(append(c.out, b...), make([]byte, 4-len(b))...)
		} else {
			at = behind + len(tail)
			c.out = c.u32(c.out, uint32(at))
			tail = append(tail, b...)
			if len(tail)%2 != 0 { // values begin at even offsets (TIFF 6.0, section 2)
				tail = append(tail, 0)
			}
		}
		if e.tag == c.offsetTag {
			c.offsetsAt = at
		}
	}
	c.out = c.u32(c.out, 0)
	c.out = append(c.out, tail...)
	return nil
}

func (c *cutter) strips(offsets, counts []int64, total int64) error {
	at := int64(len(c.out))
	c.out = slices.Grow(c.out, int(total))[:at+total]
	for i, offset := range offsets {
		c.d.order.PutUint32(c.out[c.offsetsAt+4*i:], uint32(at))
		if err := readFull(c.d.file, c.out[at:at+counts[i]], offset); err != nil {
			return err
		}
		at += counts[i]
	}
	return nil
}

func (c *cutter) u16(b []byte, v uint16) []byte {
	return append(b, byteOrder(c.d.order, uint32(v), 2)...)
}

func (c *cutter) u32(b []byte, v uint32) []byte {
	return append(b, byteOrder(c.d.order, v, 4)...)
}

func byteOrder(order binary.ByteOrder, v uint32, n int) []byte {
	b := make([]byte, n)
	if n == 2 {
		order.PutUint16(b, uint16(v))
	} else {
		order.PutUint32(b, v)
	}
	return b
}

// upright gives a whole file in which one page says that it is stored as it is
// shown: how to show it is told beside it.
func upright(d directory, limit int64) ([]byte, error) {
	file, err := load(d.file, d.size, limit)
	if err != nil {
		return nil, err
	}
	if e, ok := d.find(tagOrientation); ok && e.kind == 3 && e.count == 1 {
		d.order.PutUint16(file[e.at:], 1)
	}
	return file, nil
}

// load reads a whole file into memory, if it is not too large.
func load(r io.ReaderAt, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, tooLarge(size, limit)
	}
	b := make([]byte, size)
	return b, readFull(r, b, 0)
}
