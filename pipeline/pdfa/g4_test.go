package pdfa

import (
	"bytes"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/ccitt"
)

// g4Decode reads a picture back with an independent decoder; 1 is black.
func g4Decode(t testing.TB, coded []byte, width, height int) []byte {
	t.Helper()
	// x/image/ccitt gives 1 for white unless told to invert.
	raw, err := io.ReadAll(ccitt.NewReader(bytes.NewReader(coded), ccitt.MSB, ccitt.Group4, width, height, &ccitt.Options{Invert: true}))
	if err != nil {
		t.Fatalf("%d x %d: %v", width, height, err)
	}
	return raw
}

func g4Encode(rows []byte, width int) []byte {
	e := newG4Encoder(width)
	for stride := (width + 7) / 8; len(rows) >= stride; rows = rows[stride:] {
		e.row(rows[:stride])
	}
	return e.finish()
}

// g4Clear sets the bits beyond the width to white, as the decoder gives them.
func g4Clear(rows []byte, width int) []byte {
	stride := (width + 7) / 8
	rows = bytes.Clone(rows)
	if width%8 != 0 {
		for i := stride - 1; i < len(rows); i += stride {
			rows[i] &= 0xff << (8 - width%8)
		}
	}
	return rows
}

// g4Random draws pictures of several kinds: noise, long runs, and rows that
// resemble the one above, which are what the coding is made for.
func g4Random(r *rand.Rand, width, height int) []byte {
	stride := (width + 7) / 8
	rows := make([]byte, stride*height)
	set := func(x, y int) { rows[y*stride+x/8] |= 0x80 >> (x % 8) }
	density := r.Float64()
	mean := 1 + r.IntN(3000)
	for y := range height {
		switch kind := r.IntN(4); {
		case kind == 0:
			for x := range width {
				if r.Float64() < density {
					set(x, y)
				}
			}
		case kind == 1 || y == 0:
			black := r.IntN(2) == 0
			for x := 0; x < width; black = !black {
				run := r.IntN(mean) + 1
				for ; run > 0 && x < width; run, x = run-1, x+1 {
					if black {
						set(x, y)
					}
				}
			}
		default:
			shift := r.IntN(9) - 4
			for x := range width {
				if from := x + shift; from >= 0 && from < width && rows[(y-1)*stride+from/8]&(0x80>>(from%8)) != 0 {
					set(x, y)
				}
			}
		}
	}
	return rows
}

func TestG4ReadsBackAsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1988))
	for range 3000 {
		width, height := 1+r.IntN(200), 1+r.IntN(12)
		if r.IntN(20) == 0 {
			width = 1 + r.IntN(20000)
		}
		rows := g4Random(r, width, height)
		if got, want := g4Decode(t, g4Encode(rows, width), width, height), g4Clear(rows, width); !bytes.Equal(got, want) {
			t.Fatalf("%d x %d: other pixels came back", width, height)
		}
	}
}

func TestG4KnowsEveryRunLength(t *testing.T) {
	const width = 6000
	stride := (width + 7) / 8
	for _, first := range []int{0, 1} { // runs of white, of black
		var rows []byte
		for run := range width {
			row := make([]byte, stride)
			for x := range width {
				if (x < run) == (first == 1) {
					row[x/8] |= 0x80 >> (x % 8)
				}
			}
			// A row of the other colour between makes the coder spell the run out.
			blank := bytes.Repeat([]byte{byte(0xff * (1 - first))}, stride)
			rows = append(append(rows, row...), blank...)
		}
		height := len(rows) / stride
		if !bytes.Equal(g4Decode(t, g4Encode(rows, width), width, height), g4Clear(rows, width)) {
			t.Errorf("runs of colour %d came back changed", first)
		}
	}
}

func FuzzG4(f *testing.F) {
	f.Add(uint16(9), []byte{0xf0, 0x80, 0x0f, 0x00})
	f.Add(uint16(1), []byte{0x80, 0x00, 0x80})
	f.Add(uint16(2561), bytes.Repeat([]byte{0xff, 0, 0, 0}, 321))
	f.Fuzz(func(t *testing.T, width uint16, rows []byte) {
		w := int(width)
		stride := (w + 7) / 8
		if w == 0 || len(rows) < stride {
			return
		}
		rows = rows[:len(rows)/stride*stride]
		if got := g4Decode(t, g4Encode(rows, w), w, len(rows)/stride); !bytes.Equal(got, g4Clear(rows, w)) {
			t.Fatalf("width %d: other pixels came back", w)
		}
	})
}

// strokes draws about as much as a letter of A4 at 300 dpi has, 1 is black.
func strokes() (rows []byte, width, height int) {
	width, height = 2480, 3508
	rows = make([]byte, (width+7)/8*height)
	r := rand.New(rand.NewPCG(1, 1))
	for range 4000 {
		x, y := r.IntN(width-40), r.IntN(height-40)
		for dy := range 30 {
			for dx := range 6 {
				at := (y+dy)*((width+7)/8) + (x+dx+dy/4)/8
				rows[at] |= 0x80 >> ((x + dx + dy/4) % 8)
			}
		}
	}
	return rows, width, height
}

// bitonalPage is that letter as a PNG file.
func bitonalPage(t testing.TB) []byte {
	rows, width, height := strokes()
	page := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.Black})
	for y := range height {
		for x := range width {
			page.Pix[y*width+x] = rows[y*((width+7)/8)+x/8] >> (7 - x%8) & 1
		}
	}
	return encodePNG(t, page)
}

func BenchmarkG4(b *testing.B) {
	rows, width, _ := strokes()
	for b.Loop() {
		g4Encode(rows, width)
	}
}

func BenchmarkWrite(b *testing.B) {
	const pages = 10
	for b.Loop() {
		writeManyPages(b, io.Discard, pages)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*pages), "ms/page")
}
