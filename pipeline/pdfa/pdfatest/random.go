package pdfatest

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"blattwerk/pipeline"
)

// RandomPicture draws a picture of a random kind in a random format, with up to
// most pixels a side.
func RandomPicture(r *rand.Rand, most int) (raw []byte, width, height int, kind string, err error) {
	width, height = 1+r.IntN(most), 1+r.IntN(most)
	bounds := image.Rect(0, 0, width, height)
	noise := func(pix []byte) {
		for i := range pix {
			if pix[i] = byte(r.Uint32()); r.IntN(3) > 0 && i > 0 {
				pix[i] = pix[i-1]
			}
		}
	}
	palette := func(n int) color.Palette {
		p := make(color.Palette, n)
		for i := range p {
			p[i] = color.NRGBA{R: byte(r.Uint32()), G: byte(r.Uint32()), B: byte(r.Uint32()), A: byte(255 - r.IntN(2)*r.IntN(256))}
		}
		return p
	}
	var img image.Image
	kinds := []string{"bitonal", "grey", "grey16", "rgb", "rgba", "rgba16", "palette", "two colours"}
	kind = kinds[r.IntN(len(kinds))]
	switch kind {
	case "bitonal", "two colours", "palette":
		p := color.Palette{color.Gray{Y: 255}, color.Gray{}}
		if kind == "two colours" {
			p = palette(2)
		} else if kind == "palette" {
			p = palette(1 + r.IntN(256))
		}
		m := image.NewPaletted(bounds, p)
		for i := range m.Pix {
			m.Pix[i] = byte(r.IntN(len(p)))
		}
		img = m
	case "grey":
		m := image.NewGray(bounds)
		noise(m.Pix)
		img = m
	case "grey16":
		m := image.NewGray16(bounds)
		noise(m.Pix)
		img = m
	case "rgb", "rgba":
		m := image.NewNRGBA(bounds)
		noise(m.Pix)
		for i := 3; kind == "rgb" && i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
		img = m
	case "rgba16":
		m := image.NewNRGBA64(bounds)
		noise(m.Pix)
		img = m
	}
	var b bytes.Buffer
	switch format := r.IntN(10); {
	case format < 5:
		kind += " png"
		err = png.Encode(&b, img)
	case format < 7:
		kind += " jpeg"
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 1 + r.IntN(100)})
	case format == 7 && width > 1 && height > 1:
		kind += " gif"
		err = gif.Encode(&b, img, nil)
	case format == 8:
		kind += " bmp"
		err = bmp.Encode(&b, img)
	default:
		kind += " tiff"
		err = tiff.Encode(&b, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
	}
	return b.Bytes(), width, height, kind, err
}

// randomRunes are where the characters of random words come from: mostly what
// German letters hold, sometimes anything.
var randomRunes = [][2]rune{
	{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'!', '/'}, {0xc0, 0x17f}, {0x2010, 0x2044}, {0x20a0, 0x20bf},
	{0, 0x1f}, {0x300, 0x36f}, {0x590, 0x6ff}, {0x2000, 0x200f}, {0x3040, 0x30ff}, {0x4e00, 0x9fff},
	{0xe000, 0xf8ff}, {0xfb00, 0xfb06}, {0xfdd0, 0xfdef}, {0xfe70, 0xffff}, {0x1d400, 0x1d7ff}, {0x1f300, 0x1f6ff}, {0x10fff0, 0x10ffff},
}

// RandomWord makes up a word: mostly of what German letters hold, sometimes of
// anything. It may be empty.
func RandomWord(r *rand.Rand) string {
	kinds := 4
	if r.IntN(4) == 0 {
		kinds = len(randomRunes)
	}
	word := make([]rune, r.IntN(12))
	for i := range word {
		span := randomRunes[r.IntN(kinds)]
		word[i] = span[0] + r.Int32N(span[1]-span[0]+1)
	}
	return string(word)
}

// RandomText is up to 60 random words in random places, some of them off the page.
func RandomText(r *rand.Rand, width, height int) *pipeline.PageText {
	text := &pipeline.PageText{Width: width, Height: height, DPI: 300}
	for i := range r.IntN(60) {
		x, y := r.IntN(width+10)-5, r.IntN(height+10)-5
		text.Words = append(text.Words, pipeline.Word{
			Text: RandomWord(r), Box: pipeline.Box{X0: x, Y0: y, X1: x + r.IntN(40) - 1, Y1: y + r.IntN(20) - 1},
			Base: y + r.IntN(30) - 5, Line: i / (1 + r.IntN(8)), Par: i / (1 + r.IntN(20)),
		})
	}
	return text
}
