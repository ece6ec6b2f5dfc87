package scan

import (
	"bytes"
	"encoding/binary"
	"io"

	"blattwerk/pipeline"
)

// Flags of a WebP's first chunk (RFC 9649, 2.7).
const (
	webpAnimated = 0x02
	webpExif     = 0x08
	webpProfile  = 0x20
)

// checkWebP reads the first chunk (RFC 9649, 2.5 to 2.7), and what stands about the
// picture beside it.
func checkWebP(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 30)
	if err != nil {
		return Picture{}, err
	}
	end := int64(binary.LittleEndian.Uint32(b[4:])) + 8
	if end > size {
		return Picture{}, truncated()
	}
	p := Picture{Model: pipeline.Colour, whole: anyForm()}
	switch string(b[12:16]) {
	case "VP8 ":
		if b[23] != 0x9D || b[24] != 0x01 || b[25] != 0x2A {
			return Picture{}, damaged("a WebP without a key frame")
		}
		p.Width = int(binary.LittleEndian.Uint16(b[26:]) & 0x3FFF)
		p.Height = int(binary.LittleEndian.Uint16(b[28:]) & 0x3FFF)
	case "VP8L":
		if b[20] != 0x2F {
			return Picture{}, damaged("a WebP without its signature")
		}
		bits := binary.LittleEndian.Uint32(b[21:])
		p.Width, p.Height = int(bits&0x3FFF)+1, int(bits>>14&0x3FFF)+1
	case "VP8X":
		if b[20]&webpAnimated != 0 {
			return Picture{}, animated()
		}
		p.Width = int(uint32(b[24])|uint32(b[25])<<8|uint32(b[26])<<16) + 1
		p.Height = int(uint32(b[27])|uint32(b[28])<<8|uint32(b[29])<<16) + 1
		if b[20]&(webpExif|webpProfile) != 0 {
			webpAbout(&p, r, end)
		}
	default:
		return Picture{}, damaged("a WebP that begins with the chunk %q", b[12:16])
	}
	return p, nonEmpty(p)
}

// webpAbout looks for the colour profile and the Exif data among the chunks. A chain of
// chunks that breaks tells no more; the picture is shown all the same.
func webpAbout(p *Picture, r io.ReaderAt, end int64) {
	const mostChunks, mostExif = 100, 1 << 20
	at := int64(12)
	for range mostChunks {
		b, err := readAt(r, end, at, 8)
		if err != nil {
			return
		}
		kind, n := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
		at += 8
		if n > end-at {
			return
		}
		switch {
		case kind == "ICCP":
			p.profile = span{at, n}
		case kind == "EXIF" && n <= mostExif:
			if exif, err := readAt(r, end, at, int(n)); err == nil {
				// Some writers put before it what stands there in a JPEG.
				applyExif(p, exifDirectory(bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))))
			}
		}
		at += n + n%2
	}
}
