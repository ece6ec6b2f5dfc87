package scan

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"

	"blattwerk/pipeline"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngHeader is the IHDR chunk (ISO/IEC 15948, 11.2.2).
type pngHeader struct {
	width, height    int
	depth            int // bits a sample
	colour           byte
	interlaced       bool
	samplesPerPixel  int
	paletteBytes     []byte
	unitsX, unitsY   uint32 // pixels per metre
	keyed            bool   // a colour counts as transparent, or those of a palette
	exif             *directory
	firstDataChunkAt int64
}

// pngSamples is the number of samples a pixel by colour type, and pngDepths the
// depths that are allowed for it (table 11.1).
var (
	pngSamples = map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
	pngDepths  = map[byte][]int{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
)

func checkPNG(r io.ReaderAt, size int64) (Picture, error) {
	h, err := readPNGHeader(r, size)
	if err != nil {
		return Picture{}, err
	}
	const inch = 0.0254 // metres
	p := Picture{
		Width: h.width, Height: h.height, Model: h.model(), asIs: true,
		DPIX: float64(h.unitsX) * inch, DPIY: float64(h.unitsY) * inch,
	}
	applyExif(&p, h.exif)
	p.whole = h.otherForm(p.Mirror)
	return p, nil
}

// readPNGHeader reads the chunks before the first data.
func readPNGHeader(r io.ReaderAt, size int64) (pngHeader, error) {
	var h pngHeader
	at := int64(len(pngSignature))
	for first := true; ; first = false {
		b, err := readAt(r, size, at, 8)
		if err != nil {
			return h, err
		}
		n, kind := int64(binary.BigEndian.Uint32(b)), string(b[4:])
		if n > 1<<31-1 {
			return h, damaged("a PNG chunk of %d bytes", n)
		}
		if first != (kind == "IHDR") {
			return h, damaged("the PNG chunk %q where it cannot be", kind)
		}
		if kind == "IDAT" {
			h.firstDataChunkAt = at
			return h, nil
		}
		if kind == "IEND" {
			return h, damaged("a PNG without a picture")
		}
		if at+8+n+4 > size {
			return h, truncated()
		}
		if err := h.take(r, size, kind, at+8, n); err != nil {
			return h, err
		}
		at += 8 + n + 4
	}
}

// take reads a chunk that matters here.
func (h *pngHeader) take(r io.ReaderAt, size int64, kind string, at, n int64) error {
	least := map[string]int64{"IHDR": 13, "PLTE": 1, "pHYs": 9, "eXIf": 8, "tRNS": 1}
	if need, known := least[kind]; !known || n < need || n > 1<<16 {
		if kind == "IHDR" {
			return damaged("a PNG header of %d bytes", n)
		}
		return nil
	}
	b, err := readAt(r, size, at, int(n))
	if err != nil {
		return err
	}
	switch kind {
	case "IHDR":
		return h.header(b)
	case "PLTE":
		h.paletteBytes = b
	case "pHYs":
		if b[8] == 1 {
			h.unitsX, h.unitsY = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		}
	case "tRNS":
		h.keyed = true
	case "eXIf":
		h.exif = exifDirectory(b)
	}
	return nil
}

func (h *pngHeader) header(b []byte) error {
	w, ht := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if w == 0 || ht == 0 || w > 1<<31-1 || ht > 1<<31-1 {
		return damaged("a PNG of %d x %d pixels", w, ht)
	}
	h.width, h.height, h.depth, h.colour, h.interlaced = int(w), int(ht), int(b[8]), b[9], b[12] == 1
	h.samplesPerPixel = pngSamples[h.colour]
	for _, d := range pngDepths[h.colour] {
		if d == h.depth && b[10] == 0 && b[11] == 0 && b[12] <= 1 {
			return nil
		}
	}
	return damaged("a PNG of colour type %d, depth %d, compression %d, filter %d, interlace %d", b[9], b[8], b[10], b[11], b[12])
}

func (h *pngHeader) model() pipeline.ColourModel {
	switch h.colour {
	case 0:
		if h.depth == 1 {
			return pipeline.Bitonal
		}
		return pipeline.Grey
	case 4:
		return pipeline.Grey
	case 3:
		return paletteModel(h.paletteBytes)
	}
	return pipeline.Colour
}

// otherForm says how to save a PNG that is decoded whole. One of black and white has
// a bit a pixel and is no burden.
func (h *pngHeader) otherForm(mirrored bool) otherForm {
	switch {
	case h.keyed && h.colour != 3:
		return otherForm{"als PNG ohne transparente Farbe speichern", "save it as PNG without a transparent colour"}
	case h.depth == 1 && h.model() == pipeline.Bitonal:
		return otherForm{}
	case h.interlaced:
		return otherForm{"als PNG ohne Interlacing speichern", "save it as PNG that is not interlaced"}
	case h.depth == 1:
		return otherForm{"als PNG mit 8 Bit je Bildpunkt speichern", "save it as PNG of 8 bits a pixel"}
	case mirrored:
		return otherForm{"ungespiegelt speichern", "save it without mirroring"}
	}
	return otherForm{}
}

// paletteModel says what the colours of a palette come to.
func paletteModel(rgb []byte) pipeline.ColourModel {
	model := pipeline.Bitonal
	for i := 0; i+2 < len(rgb); i += 3 {
		r, g, b := rgb[i], rgb[i+1], rgb[i+2]
		if r != g || r != b {
			return pipeline.Colour
		}
		if r != 0 && r != 255 {
			model = pipeline.Grey
		}
	}
	return model
}

// rawSize is the number of bytes the picture has when it is inflated: each row
// of each pass with its filter byte (ISO/IEC 15948, 7.2 and 8.2).
func (h *pngHeader) rawSize() int64 {
	bits := int64(h.depth * h.samplesPerPixel)
	rows := func(w, ht int64) int64 {
		if w <= 0 || ht <= 0 {
			return 0
		}
		return ht * (1 + (w*bits+7)/8)
	}
	w, ht := int64(h.width), int64(h.height)
	if !h.interlaced {
		return rows(w, ht)
	}
	var sum int64
	for _, p := range [7]struct{ x, y, dx, dy int64 }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		sum += rows((w-p.x+p.dx-1)/p.dx, (ht-p.y+p.dy-1)/p.dy)
	}
	return sum
}

// wholePNG proves that a PNG is complete: its data chunks inflate to exactly as
// many bytes as the header promises, with the right checksums, and the end
// chunk is there. It holds none of the picture in memory.
func wholePNG(r io.ReaderAt, size int64) error {
	h, err := readPNGHeader(r, size)
	if err != nil {
		return err
	}
	data := &pngData{r: r, size: size, at: h.firstDataChunkAt, crc: crc32.NewIEEE()}
	if err := data.open(); err != nil {
		return err
	}
	inflate, err := zlib.NewReader(bufio.NewReaderSize(data, 1<<16))
	if err != nil {
		return inflateFault(err)
	}
	if n, err := io.CopyN(io.Discard, inflate, h.rawSize()); err != nil {
		if errors.Is(err, io.EOF) {
			return damaged("a PNG of %d bytes of picture instead of %d", n, h.rawSize())
		}
		return inflateFault(err)
	}
	// One byte more reads the checksum of the stream. More picture than
	// promised is what decoders step over.
	if _, err := io.CopyN(io.Discard, inflate, 1); err != nil && !errors.Is(err, io.EOF) {
		return inflateFault(err)
	}
	if _, err := io.Copy(io.Discard, data); err != nil {
		return inflateFault(err)
	}
	return data.toEnd()
}

// pngData reads the contents of consecutive IDAT chunks and checks their sums.
type pngData struct {
	r    io.ReaderAt
	size int64
	at   int64 // of the next byte
	left int64 // bytes left in this chunk
	crc  hash.Hash32
	done bool // at is behind the last data chunk
}

// open goes into the chunk at d.at if it is one of data.
func (d *pngData) open() error {
	b, err := readAt(d.r, d.size, d.at, 8)
	if err != nil {
		return err
	}
	if string(b[4:]) != "IDAT" {
		d.done = true
		return nil
	}
	d.left = int64(binary.BigEndian.Uint32(b))
	if d.at+8+d.left+4 > d.size {
		return truncated()
	}
	d.crc.Reset()
	d.crc.Write(b[4:])
	d.at += 8
	return nil
}

func (d *pngData) Read(b []byte) (int, error) {
	for d.left == 0 && !d.done {
		sum, err := readAt(d.r, d.size, d.at, 4)
		if err != nil {
			return 0, err
		}
		if binary.BigEndian.Uint32(sum) != d.crc.Sum32() {
			return 0, damaged("a PNG chunk with a wrong checksum")
		}
		d.at += 4
		if err := d.open(); err != nil {
			return 0, err
		}
	}
	if d.done {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), d.left)]
	if err := readFull(d.r, b, d.at); err != nil {
		return 0, err
	}
	d.crc.Write(b)
	d.at += int64(len(b))
	d.left -= int64(len(b))
	return len(b), nil
}

// toEnd walks over the chunks behind the data to the end chunk.
func (d *pngData) toEnd() error {
	for {
		b, err := readAt(d.r, d.size, d.at, 8)
		if err != nil {
			return err
		}
		if string(b[4:]) == "IEND" {
			_, err := readAt(d.r, d.size, d.at+8, 4) // its checksum
			return err
		}
		d.at += 8 + int64(binary.BigEndian.Uint32(b)) + 4
	}
}

// inflateFault says what an error of inflating means. What is wrong with the
// data is damage; what is wrong with the world passes.
func inflateFault(err error) error {
	corrupt := flate.CorruptInputError(0)
	switch {
	case errors.As(err, &corrupt), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary):
		return damaged("inflating a PNG: %w", err)
	// Not wrapped, so not from readFull: the data ended.
	case err == io.EOF, err == io.ErrUnexpectedEOF: //nolint:errorlint // see above
		return damaged("the picture data of a PNG end early")
	}
	return err
}
