package scan

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Tags of TIFF 6.0 and Exif that are looked at.
const (
	tagSubfileType     = 254
	tagWidth           = 256
	tagHeight          = 257
	tagBits            = 258
	tagCompression     = 259
	tagPhotometric     = 262
	tagStripOffsets    = 273
	tagOrientation     = 274
	tagSamples         = 277
	tagStripByteCounts = 279
	tagXResolution     = 282
	tagYResolution     = 283
	tagPlanar          = 284
	tagResolutionUnit  = 296
	tagTileOffsets     = 324
	tagTileByteCounts  = 325
	tagProfile         = 34675 // ICC.1:2010, B.4
)

// maxEntries bounds a directory; real ones have some twenty entries.
const maxEntries = 1024

// entry is one field of a directory.
type entry struct {
	tag, kind uint16
	count     uint32
	at        int64 // where the values stand in the file
}

// kindSize is the size of one value by its type, 0 for unknown types.
func kindSize(kind uint16) int64 {
	switch kind {
	case 1, 2, 6, 7: // BYTE, ASCII, SBYTE, UNDEFINED
		return 1
	case 3, 8: // SHORT, SSHORT
		return 2
	case 4, 9, 11, 13: // LONG, SLONG, FLOAT, IFD
		return 4
	case 5, 10, 12: // RATIONAL, SRATIONAL, DOUBLE
		return 8
	}
	return 0
}

func (e entry) size() int64 { return int64(e.count) * kindSize(e.kind) }

// directory is an image file directory (TIFF 6.0, section 2).
type directory struct {
	file    io.ReaderAt
	size    int64
	order   binary.ByteOrder
	entries []entry
}

// tiffHeader reads the first 8 bytes of a TIFF or of Exif data.
func tiffHeader(r io.ReaderAt, size int64) (order binary.ByteOrder, first int64, err error) {
	var head [8]byte
	if size < 8 {
		return nil, 0, truncated()
	}
	if err := readFull(r, head[:], 0); err != nil {
		return nil, 0, fmt.Errorf("reading a TIFF header: %w", err)
	}
	switch string(head[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return nil, 0, damaged("no byte order in the TIFF header")
	}
	switch order.Uint16(head[2:]) {
	case 42:
	case 43:
		return nil, 0, bigTIFF()
	default:
		return nil, 0, damaged("no magic number in the TIFF header")
	}
	return order, int64(order.Uint32(head[4:])), nil
}

// readDirectory reads the directory at an offset and says where the next one is
// (0: there is none).
func readDirectory(r io.ReaderAt, size int64, order binary.ByteOrder, at int64) (directory, int64, error) {
	d := directory{file: r, size: size, order: order}
	if at < 8 || at+2 > size {
		return d, 0, truncated()
	}
	var two [2]byte
	if err := readFull(r, two[:], at); err != nil {
		return d, 0, fmt.Errorf("reading a TIFF directory: %w", err)
	}
	n := int64(order.Uint16(two[:]))
	if n == 0 || n > maxEntries {
		return d, 0, damaged("a TIFF directory of %d entries", n)
	}
	if at+2+12*n > size {
		return d, 0, truncated()
	}
	raw := make([]byte, 12*n)
	if err := readFull(r, raw, at+2); err != nil {
		return d, 0, fmt.Errorf("reading a TIFF directory: %w", err)
	}
	for i := range n {
		b := raw[12*i:]
		e := entry{tag: order.Uint16(b), kind: order.Uint16(b[2:]), count: order.Uint32(b[4:])}
		if e.at = at + 2 + 12*i + 8; e.size() > 4 {
			e.at = int64(order.Uint32(b[8:]))
		}
		if kindSize(e.kind) != 0 {
			d.entries = append(d.entries, e)
		}
	}
	// Some writers stop right after the last entry.
	end := at + 2 + 12*n
	if end+4 > size {
		return d, 0, nil
	}
	var four [4]byte
	if err := readFull(r, four[:], end); err != nil {
		return d, 0, fmt.Errorf("reading a TIFF directory: %w", err)
	}
	return d, int64(order.Uint32(four[:])), nil
}

func (d directory) find(tag uint16) (entry, bool) {
	for _, e := range d.entries {
		if e.tag == tag {
			return e, true
		}
	}
	return entry{}, false
}

// raw gives the bytes of an entry's values.
func (d directory) raw(e entry) ([]byte, error) {
	n := e.size()
	if e.at < 0 || n > d.size || e.at > d.size-n {
		return nil, truncated()
	}
	b := make([]byte, n)
	if err := readFull(d.file, b, e.at); err != nil {
		return nil, fmt.Errorf("reading TIFF tag %d: %w", e.tag, err)
	}
	return b, nil
}

// numbers gives all values of an entry of whole numbers.
func (d directory) numbers(tag uint16) ([]int64, error) {
	e, ok := d.find(tag)
	if !ok {
		return nil, nil
	}
	b, err := d.raw(e)
	if err != nil {
		return nil, err
	}
	out := make([]int64, e.count)
	for i := range out {
		switch e.kind {
		case 1, 7:
			out[i] = int64(b[i])
		case 3:
			out[i] = int64(d.order.Uint16(b[2*i:]))
		case 4, 13:
			out[i] = int64(d.order.Uint32(b[4*i:]))
		default:
			return nil, damaged("TIFF tag %d is of type %d", tag, e.kind)
		}
	}
	return out, nil
}

// number gives the first value of an entry, or missing if there is none.
func (d directory) number(tag uint16, missing int64) (int64, error) {
	e, ok := d.find(tag)
	if !ok || e.count == 0 {
		return missing, nil
	}
	// Only the first value is wanted, and a long array need not be loaded.
	e.count = 1
	one := directory{file: d.file, size: d.size, order: d.order, entries: []entry{e}}
	v, err := one.numbers(tag)
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// fraction gives a RATIONAL; 0 if it is missing or no finite number.
func (d directory) fraction(tag uint16) float64 {
	e, ok := d.find(tag)
	if !ok || e.count == 0 {
		return 0
	}
	e.count = 1
	b, err := d.raw(e)
	if err != nil {
		return 0
	}
	var v float64
	switch e.kind {
	case 5:
		v = float64(d.order.Uint32(b)) / float64(d.order.Uint32(b[4:]))
	case 11:
		v = float64(math.Float32frombits(d.order.Uint32(b)))
	case 12:
		v = math.Float64frombits(d.order.Uint64(b))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return v
}

// resolution gives pixels per inch; 0 where the directory does not say.
func (d directory) resolution() (x, y float64) {
	x, y = d.fraction(tagXResolution), d.fraction(tagYResolution)
	if y == 0 {
		y = x
	}
	switch unit, _ := d.number(tagResolutionUnit, 2); unit {
	case 2:
		return x, y
	case 3: // per centimetre
		return x * 2.54, y * 2.54
	}
	return 0, 0
}

// orientation gives how the stored picture is to be shown.
func (d directory) orientation() stance {
	v, err := d.number(tagOrientation, 1)
	if err != nil {
		v = 1
	}
	return stanceOf(v)
}

// stance is how a stored picture has to be shown: mirrored left to right first,
// if so, then turned clockwise.
type stance struct {
	mirror bool
	turn   int // 0, 90, 180, 270
}

// stanceOf translates the value of the Orientation tag (TIFF 6.0, section 8;
// Exif has the same). Unknown values are upright.
func stanceOf(v int64) stance {
	switch v {
	case 2:
		return stance{true, 0}
	case 3:
		return stance{false, 180}
	case 4:
		return stance{true, 180}
	case 5:
		return stance{true, 270}
	case 6:
		return stance{false, 90}
	case 7:
		return stance{true, 90}
	case 8:
		return stance{false, 270}
	}
	return stance{}
}
