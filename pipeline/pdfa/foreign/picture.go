package foreign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"slices"

	"golang.org/x/image/ccitt"

	"blattwerk/pipeline/pdfa/rowpng"
)

// errRender says that a picture cannot be taken out without loss.
var errRender = errors.New("has to be rendered")

// space is what we understand of a picture's colour space.
type space struct {
	samples int    // 1 or 3
	palette []byte // RGB triplets of an indexed space
	icc     []byte // profile other than sRGB
}

// picture plans how to take a picture that fills its page.
func (f *file) picture(p page, q placed) *Image {
	d := q.image.dict
	out := &Image{Width: f.int(d["Width"], 0), Height: f.int(d["Height"], 0)}
	turn, _ := q.at.quarter()
	out.Turn = (turn + p.rotate) % 360
	out.DPIX = float64(out.Width) / (math.Hypot(q.at[0], q.at[1]) * p.unit) * 72
	out.DPIY = float64(out.Height) / (math.Hypot(q.at[2], q.at[3]) * p.unit) * 72
	out.JBIG2 = slices.ContainsFunc(f.filters(d), isJBIG2)
	plan, err := f.plan(q)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	out.Media, out.Model, out.Exact = plan.media, plan.model, plan.exact
	return out
}

// plan is how a picture is taken out.
type plan struct {
	media  string
	model  string // as pipeline.ColourModel
	exact  bool   // the bytes of the file are the picture
	raster rowpng.Header
	icc    []byte // to be put into the picture, nil if none
	flip   bool   // samples are inverted
	codec  []filter
}

func (f *file) plan(q placed) (plan, error) {
	d := q.image.dict
	w, h := f.int(d["Width"], 0), f.int(d["Height"], 0)
	switch {
	case w < 1 || h < 1 || w > 1<<17 || h > 1<<17:
		return plan{}, fmt.Errorf("a picture of %d x %d pixels: %w", w, h, errRender)
	case f.get(d["SMask"]) != nil || f.get(d["Mask"]) != nil || f.int(d["SMaskInData"], 0) != 0:
		return plan{}, fmt.Errorf("a masked picture: %w", errRender)
	}
	r, codec, err := f.decoded(q.image)
	if err != nil {
		return plan{}, err
	}
	if len(codec) > 1 {
		return plan{}, fmt.Errorf("two picture codecs: %w", errRender)
	}
	if len(codec) == 0 {
		return f.planRows(q, w, h, nil)
	}
	switch codec[0].name {
	case "DCTDecode":
		return f.planJPEG(q, r, codec)
	case "JPXDecode":
		return f.planJPX(q, r, codec)
	case "CCITTFaxDecode":
		return f.planRows(q, w, h, codec)
	}
	return plan{}, fmt.Errorf("%s: %w", codec[0].name, errRender)
}

// planRows is for samples that become a PNG without loss.
func (f *file) planRows(q placed, w, h int, codec []filter) (plan, error) {
	d := q.image.dict
	bits, sp, err := f.samples(q, codec != nil)
	if err != nil {
		return plan{}, err
	}
	if codec != nil {
		p := codec[0].parms
		if f.int(p["K"], 0) > 0 || f.int(p["Columns"], 1728) != w {
			return plan{}, fmt.Errorf("mixed fax coding: %w", errRender)
		}
	}
	out := plan{media: "image/png", codec: codec, icc: sp.icc,
		raster: rowpng.Header{Width: w, Height: h, Bits: bits, Samples: sp.samples, Palette: sp.palette}}
	if out.flip, err = f.flipped(d, sp, bits); err != nil {
		return plan{}, err
	}
	if bits == 1 && len(sp.palette) == 6 && monochrome(sp.palette) {
		out.flip = out.flip != (sp.palette[0] == 0xFF) // white first
		out.raster.Palette, sp.palette = nil, nil
	}
	switch {
	case sp.samples == 3 || (sp.palette != nil && !grey(sp.palette)):
		out.model = "colour"
	case bits == 1 && sp.palette == nil:
		out.model = "bitonal"
	default:
		out.model = "grey"
	}
	if (sp.samples == 3 && bits < 8) || (sp.palette != nil && (bits > 8 || out.flip)) {
		return plan{}, fmt.Errorf("%d bits of %d samples: %w", bits, sp.samples, errRender)
	}
	return out, nil
}

func (f *file) samples(q placed, fax bool) (int, space, error) {
	d := q.image.dict
	if f.bool(d["ImageMask"]) {
		if q.fill != black {
			return 0, space{}, fmt.Errorf("a stencil in a colour: %w", errRender)
		}
		return 1, space{samples: 1}, nil
	}
	bits := f.int(d["BitsPerComponent"], 1)
	if fax {
		bits = 1
	}
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16 {
		return 0, space{}, fmt.Errorf("%d bits: %w", bits, errRender)
	}
	sp, err := f.space(d["ColorSpace"], bits)
	if fax && d["ColorSpace"] == nil {
		sp, err = space{samples: 1}, nil
	}
	return bits, sp, err
}

// flipped reads /Decode: as it is, or inverted.
func (f *file) flipped(d dict, sp space, bits int) (bool, error) {
	v := f.array(d["Decode"])
	if v == nil {
		return false, nil
	}
	n, ok := f.numbers(v, 2*sp.samples)
	if !ok {
		return false, fmt.Errorf("odd /Decode: %w", errRender)
	}
	top := 1.0
	if sp.palette != nil {
		top = float64(int(1)<<bits - 1)
	}
	straight, inverted := true, true
	for i := 0; i < len(n); i += 2 {
		straight = straight && n[i] == 0 && n[i+1] == top
		inverted = inverted && n[i] == top && n[i+1] == 0
	}
	if !straight && !inverted {
		return false, fmt.Errorf("odd /Decode: %w", errRender)
	}
	return inverted, nil
}

// space reads a colour space as far as a PNG can carry it.
func (f *file) space(v any, bits int) (space, error) {
	switch v := f.get(v).(type) {
	case name:
		switch v {
		case "DeviceGray", "G", "CalGray":
			return space{samples: 1}, nil
		case "DeviceRGB", "RGB", "CalRGB":
			return space{samples: 3}, nil
		}
		return space{}, fmt.Errorf("colour space %s: %w", v, errRender)
	case array:
		if len(v) < 2 {
			break
		}
		switch f.name(v[0]) {
		case "ICCBased":
			return f.iccSpace(v[1])
		case "Indexed", "I":
			if len(v) == 4 {
				return f.indexed(v, bits)
			}
		}
	}
	return space{}, fmt.Errorf("a colour space beyond grey, RGB and indexed: %w", errRender)
}

func (f *file) iccSpace(v any) (space, error) {
	s := f.stream(v)
	if s == nil {
		return space{}, errRender
	}
	n := f.int(s.dict["N"], 0)
	if n != 1 && n != 3 {
		return space{}, fmt.Errorf("a profile of %d channels: %w", n, errRender)
	}
	out := space{samples: n}
	if b, err := f.bytes(s, 4<<20); err == nil && n == 3 && len(b) > 128 && !isSRGB(b) {
		out.icc = b
	}
	return out, nil
}

// isSRGB looks for the name in the profile's description, ASCII or UTF-16.
func isSRGB(icc []byte) bool {
	return bytes.Contains(icc, []byte("sRGB")) || bytes.Contains(icc, []byte("s\x00R\x00G\x00B"))
}

func (f *file) indexed(v array, bits int) (space, error) {
	base, err := f.space(v[1], 8)
	if err != nil || base.palette != nil || base.icc != nil {
		return space{}, fmt.Errorf("an indexed space on an odd base: %w", errRender)
	}
	var table []byte
	switch t := f.get(v[3]).(type) {
	case text:
		table = []byte(t)
	case *stream:
		if table, err = f.bytes(t, 1<<16); err != nil {
			return space{}, err
		}
	}
	count := min(f.int(v[2], 0)+1, len(table)/base.samples, 1<<min(bits, 8))
	if count < 1 {
		return space{}, fmt.Errorf("an empty palette: %w", errRender)
	}
	out := space{samples: 1}
	for i := range count {
		c := table[i*base.samples:]
		if base.samples == 1 {
			out.palette = append(out.palette, c[0], c[0], c[0])
		} else {
			out.palette = append(out.palette, c[0], c[1], c[2])
		}
	}
	return out, nil
}

func grey(palette []byte) bool {
	for i := 0; i+2 < len(palette); i += 3 {
		if palette[i] != palette[i+1] || palette[i] != palette[i+2] {
			return false
		}
	}
	return true
}

func monochrome(p []byte) bool {
	return bytes.Equal(p, []byte{0, 0, 0, 255, 255, 255}) || bytes.Equal(p, []byte{255, 255, 255, 0, 0, 0})
}

// planJPEG takes a JPEG as it is if its header agrees with the dictionary.
func (f *file) planJPEG(q placed, r io.Reader, codec []filter) (plan, error) {
	d := q.image.dict
	c, err := jpeg.DecodeConfig(r)
	if err != nil {
		return plan{}, fmt.Errorf("a JPEG of a rare kind: %w", errRender)
	}
	if c.Width != f.int(d["Width"], 0) || c.Height != f.int(d["Height"], 0) {
		return plan{}, fmt.Errorf("a JPEG of another size: %w", errRender)
	}
	if _, ok := codec[0].parms["ColorTransform"]; ok && c.ColorModel != color.GrayModel && f.int(codec[0].parms["ColorTransform"], 1) != 1 {
		return plan{}, fmt.Errorf("a JPEG without YCbCr: %w", errRender)
	}
	sp, err := f.space(d["ColorSpace"], 8)
	if err != nil {
		return plan{}, err
	}
	want := 3
	if c.ColorModel == color.GrayModel {
		want = 1
	}
	if c.ColorModel == color.CMYKModel || sp.samples != want || sp.palette != nil {
		return plan{}, fmt.Errorf("a JPEG in another colour space: %w", errRender)
	}
	if flip, err := f.flipped(d, sp, 8); err != nil || flip {
		return plan{}, fmt.Errorf("an inverted JPEG: %w", errRender)
	}
	out := plan{media: "image/jpeg", model: "grey", codec: codec, exact: true}
	if want == 3 {
		out.model = "colour"
		if sp.icc != nil {
			out.icc, out.exact = sp.icc, false
		}
	}
	return out, nil
}

// planJPX takes a JPEG 2000 file as it is if it is a boxed file (ISO 15444-1,
// annex I) of one or three channels.
func (f *file) planJPX(q placed, r io.Reader, codec []filter) (plan, error) {
	head := make([]byte, 1<<12)
	n, _ := io.ReadFull(r, head)
	head = head[:n]
	at := bytes.Index(head, []byte("ihdr"))
	if !bytes.HasPrefix(head, []byte("\x00\x00\x00\x0CjP  ")) || at < 0 || at+14 > len(head) {
		return plan{}, fmt.Errorf("a bare JPEG 2000 codestream: %w", errRender)
	}
	h, w := binary.BigEndian.Uint32(head[at+4:]), binary.BigEndian.Uint32(head[at+8:])
	channels := binary.BigEndian.Uint16(head[at+12:])
	d := q.image.dict
	if int(w) != f.int(d["Width"], 0) || int(h) != f.int(d["Height"], 0) || bytes.Contains(head, []byte("pclr")) ||
		f.array(d["Decode"]) != nil || (channels != 1 && channels != 3) {
		return plan{}, fmt.Errorf("a JPEG 2000 of a rare kind: %w", errRender)
	}
	if d["ColorSpace"] != nil {
		if sp, err := f.space(d["ColorSpace"], 8); err != nil || sp.palette != nil || sp.samples != int(channels) {
			return plan{}, fmt.Errorf("a JPEG 2000 in another colour space: %w", errRender)
		}
	}
	model := "colour"
	if channels == 1 {
		model = "grey"
	}
	return plan{media: "image/jp2", model: model, codec: codec, exact: true}, nil
}

// take writes a picture as planned.
func (f *file) take(w io.Writer, q placed, p plan, dpiX, dpiY float64) error {
	r, codec, err := f.decoded(q.image)
	if err != nil {
		return err
	}
	switch p.media {
	case "image/jpeg":
		raw, err := io.ReadAll(io.LimitReader(r, maxStream))
		if err != nil {
			return err
		}
		if p.icc != nil {
			raw = withProfile(raw, p.icc)
		}
		_, err = w.Write(raw)
		return err
	case "image/jp2":
		_, err = io.Copy(w, io.LimitReader(r, maxStream))
		return err
	}
	if len(codec) > 0 {
		r = f.fax(r, codec[0].parms, p.raster)
	}
	p.raster.DPIX, p.raster.DPIY, p.raster.ICC = dpiX, dpiY, p.icc
	return rowpng.Write(w, p.raster, r, p.flip)
}

// fax decodes CCITT Group 3 (one-dimensional) and Group 4.
func (f *file) fax(r io.Reader, parms dict, p rowpng.Header) io.Reader {
	kind := ccitt.Group3
	if f.int(parms["K"], 0) < 0 {
		kind = ccitt.Group4
	}
	// Both give 1 for white unless told otherwise (ISO 32000-1, table 11).
	return ccitt.NewReader(r, ccitt.MSB, kind, p.Width, p.Height,
		&ccitt.Options{Align: f.bool(parms["EncodedByteAlign"]), Invert: f.bool(parms["BlackIs1"])})
}

// withProfile puts an ICC profile into a JPEG as APP2 segments (ICC.1:2010,
// annex B.4), unless it has one. The coded picture is not touched.
func withProfile(raw, icc []byte) []byte {
	const mark = "ICC_PROFILE\x00"
	if len(raw) < 4 || bytes.Contains(raw[:min(len(raw), 1<<16)], []byte(mark)) {
		return raw
	}
	const most = 65535 - 2 - len(mark) - 2
	total := (len(icc) + most - 1) / most
	if total > 255 {
		return raw
	}
	at := 2
	if raw[2] == 0xFF && raw[3] == 0xE0 && len(raw) > 6 { // JFIF has to stay first
		at = min(len(raw), 4+int(binary.BigEndian.Uint16(raw[4:])))
	}
	out := slices.Clone(raw[:at])
	for i := range total {
		part := icc[i*most : min(len(icc), (i+1)*most)]
		out = append(out, 0xFF, 0xE2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+len(mark)+2+len(part)))
		out = append(out, mark...)
		out = append(out, byte(i+1), byte(total))
		out = append(out, part...)
	}
	return append(out, raw[at:]...)
}
