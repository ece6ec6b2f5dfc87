package ocr

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/gif"
	"image/png"
)

// opaque lays a picture on white whose transparent parts Leptonica does not
// know: a GIF with a transparent colour, and a PNG in which one colour counts as
// transparent (ISO/IEC 15948, 11.3.2.1). ok is false for all others.
func opaque(data []byte, media string) (onWhite []byte, ok bool) {
	var m image.Image
	var err error
	switch {
	case media == "image/gif":
		m, err = gif.Decode(bytes.NewReader(data)) // the first of its pictures
	case keyed(data):
		m, err = png.Decode(bytes.NewReader(data))
	default:
		return nil, false
	}
	if err != nil {
		return nil, false
	}
	if o, known := m.(interface{ Opaque() bool }); known && o.Opaque() && media == "image/gif" {
		return nil, false
	}
	paper := image.NewRGBA(m.Bounds())
	draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(paper, paper.Bounds(), m, m.Bounds().Min, draw.Over)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, paper); err != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// keyed says whether a PNG of grey or colour samples names a transparent colour.
func keyed(data []byte) bool {
	const head = 8 + 25 // signature and IHDR
	if len(data) < head || data[25] != 0 && data[25] != 2 {
		return false
	}
	for at := head; at+8 <= len(data); {
		n, kind := int(binary.BigEndian.Uint32(data[at:])), string(data[at+4:at+8])
		if kind == "tRNS" || kind == "IDAT" {
			return kind == "tRNS"
		}
		at += n + 12
	}
	return false
}
