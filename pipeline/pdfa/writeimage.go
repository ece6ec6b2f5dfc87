package pdfa

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
)

// image writes a leaf's picture and gives its object number.
func (d *scanWriter) image(ctx context.Context, leaf Leaf) (int, error) {
	c, err := leaf.Open(ctx)
	if err != nil {
		return 0, fmt.Errorf("opening the picture: %w", err)
	}
	defer c.Close()
	p, err := openPicture(ctx, c)
	if err != nil {
		return 0, err
	}
	dict := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d", p.Width, p.Height)
	if p.Components > 0 {
		dict += fmt.Sprintf(" /BitsPerComponent %d /ColorSpace %s", p.Bits, d.colourSpace(p))
	}
	dict += " /Filter " + p.Filter
	if p.Parms != "" {
		dict += " /DecodeParms " + p.Parms
	}
	if p.Decode != "" {
		dict += " /Decode " + p.Decode
	}
	n := d.o.reserve()
	d.o.stream(n, dict, p.Size, func(w io.Writer) error { return p.Copy(contextWriter{ctx, w}) })
	return n, d.o.err
}

// colourSpace names a picture's colour space. A profile that several pages share
// is written once.
func (d *scanWriter) colourSpace(p picture) string {
	space := map[int]string{1: "/DeviceGray", 3: "/DeviceRGB"}[p.Components]
	base := p.Components
	if p.Palette != nil {
		space, base = "/DeviceRGB", 3
	}
	if p.Profile != nil {
		sum := sha256.Sum256(p.Profile)
		n, ok := d.profiles[sum]
		if !ok {
			n = d.o.reserve()
			d.o.deflated(n, fmt.Sprintf("/N %d", base), p.Profile)
			d.profiles[sum] = n
		}
		space = "[/ICCBased " + reference(n) + "]"
	}
	if p.Palette != nil {
		space = fmt.Sprintf("[/Indexed %s %d <%X>]", space, len(p.Palette)/3-1, p.Palette)
	}
	return space
}

// contextWriter ends a long copy when its context does.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}
