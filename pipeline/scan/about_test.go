package scan_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"blattwerk/pipeline"
)

// swapped is a colour profile in which red and green have changed places: a picture
// that is shown without it looks other than one that is shown with it.
func swapped() []byte {
	xyz := func(x, y, z float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range []float64{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(v*65536)))
		}
		return b
	}
	text := func(kind, s string) []byte { return append([]byte(kind+"\x00\x00\x00\x00"), s...) }
	description := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), 8)
	description = append(append(description, "swapped\x00"...), make([]byte, 78)...)
	curve := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33") // gamma 2.2
	tables := []struct {
		tag  string
		data []byte
	}{
		{"desc", description}, {"cprt", text("text", "none\x00")}, {"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.3851, 0.7169, 0.0971)}, {"gXYZ", xyz(0.4361, 0.2225, 0.0139)}, {"bXYZ", xyz(0.1431, 0.0606, 0.7141)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	head := make([]byte, 128)
	copy(head[8:], "\x02\x10")
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[36:], "acsp")
	copy(head[68:], "\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d")
	out := binary.BigEndian.AppendUint32(head, uint32(len(tables)))
	at := len(out) + 12*len(tables)
	var data []byte
	for _, t := range tables {
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(out, uint32(at+len(data))), uint32(len(t.data)))
		for data = append(data, t.data...); len(data)%4 != 0; {
			data = append(data, 0)
		}
	}
	out = append(out, data...)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// riff puts a WebP without loss into a file with chunks about it (RFC 9649, 2.7).
func riff(t testing.TB, flags byte, before, after []byte) []byte {
	t.Helper()
	plain := made(t, inColour, "a.webp", "-define", "webp:lossless=true")
	first := slices.Concat([]byte{flags, 0, 0, 0}, three(2*quarterOf+80-1), three(2*quarterOf-1))
	body := slices.Concat([]byte("WEBP"), riffChunk("VP8X", first), before, plain[12:], after)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func three(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16)} }

func riffChunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	if b = append(b, body...); len(body)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

// exifOf is Exif data that asks to show a picture in some way.
func exifOf(stance uint16) []byte {
	file := withExif([]byte{0xFF, 0xD8}, stance, binary.BigEndian)
	return file[bytes.Index(file, []byte("MM")):]
}

func TestTurnOfWebP(t *testing.T) {
	var kinds []kind
	for v := 1; v <= 8; v++ {
		kinds = append(kinds, kind{name: fmt.Sprint("orientation ", v), file: riff(t, 0x08, nil, riffChunk("EXIF", exifOf(uint16(v)))), pages: []look{turned(inColour, v)}})
	}
	kinds = append(kinds,
		kind{name: "with the mark of JPEG", file: riff(t, 0x08, nil, riffChunk("EXIF", append([]byte("Exif\x00\x00"), exifOf(6)...))), pages: []look{turned(inColour, 6)}},
		kind{name: "broken Exif", file: riff(t, 0x08, nil, riffChunk("EXIF", []byte("MM\x00*\x00\x00\xff\xff"))), pages: []look{inColour}},
		kind{name: "no Exif after all", file: riff(t, 0x08, nil, nil), pages: []look{inColour}},
		kind{name: "a chunk that is too long", file: riff(t, 0x28, nil, []byte("EXIF\xff\xff\xff\xffMM")), pages: []look{inColour}},
	)
	checkKinds(t, kinds)
}

func TestColourProfiles(t *testing.T) {
	icc := swapped()
	file := filepath.Join(t.TempDir(), "swapped.icc")
	if err := os.WriteFile(file, icc, 0o600); err != nil {
		t.Fatal(err)
	}
	other := inColour
	for i, c := range other {
		other[i] = color.RGBA{c.G, c.R, c.B, 255}
	}
	tiff := func(args ...string) []byte { return made(t, inColour, "a.tif", append(args, "-profile", file)...) }
	o, room := opener(t)
	for _, tc := range []struct {
		name  string
		file  []byte
		taken bool
	}{
		{"TIFF", tiff("-compress", "lzw"), true},
		{"TIFF in tiles", tiff("-define", "tiff:tile-geometry=64x64", "-compress", "zip"), true},
		{"TIFF with palette", tiff("-type", "palette", "-compress", "lzw"), true},
		{"WebP", riff(t, 0x20, riffChunk("ICCP", icc), nil), true},
		{"WebP, mirrored", riff(t, 0x28, riffChunk("ICCP", icc), riffChunk("EXIF", exifOf(2))), true},
		{"profile for other samples", riff(t, 0x20, riffChunk("ICCP", bytes.Replace(icc, []byte("RGB "), []byte("GRAY"), 1)), nil), false},
		{"no profile", riff(t, 0x20, riffChunk("ICCP", bytes.Repeat([]byte("x"), 400)), nil), false},
		{"cut off", riff(t, 0x20, riffChunk("ICCP", icc[:100]), nil), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			doc, blobs, err := open(t, o, tc.file)
			if err != nil {
				t.Fatal(err)
			}
			png := stored(t, blobs, doc.Pages[0].Image.Digest)
			if got := profileOf(t, png); tc.taken != bytes.Equal(got, icc) || !tc.taken && got != nil {
				t.Errorf("a profile of %d bytes, want %d: %t", len(got), len(icc), tc.taken)
			}
			want := inColour
			if tc.taken {
				want = other
			}
			if tc.name == "WebP, mirrored" {
				want = turned(want, 2)
			}
			if got := seen(t, printed(t, blobs, doc)[0]); !got.near(want, 14) {
				t.Errorf("in the PDF/A: %v, want %v", got, want)
			}
			if got := seen(t, shown(t, room, blobs, doc.Pages[0])); got == (look{}) {
				t.Error("nothing on the screen")
			}
		})
	}
}

// profileOf unpacks the chunk iCCP of a PNG; nil if it has none.
func profileOf(t testing.TB, png []byte) []byte {
	t.Helper()
	_, chunk, ok := bytes.Cut(png, []byte("iCCPprofile\x00\x00"))
	if !ok {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(chunk))
	if err != nil {
		t.Fatal(err)
	}
	icc, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return icc
}

// TestLyingJP2 opens files whose header and codestream are not of one mind: the
// decoder goes by the codestream, and so does the limit.
func TestLyingJP2(t *testing.T) {
	honest := made(t, inColour, "a.jp2")
	with := func(word string, off int, w, h uint32) []byte {
		file := bytes.Clone(honest)
		at := bytes.Index(file, []byte(word)) + off
		binary.BigEndian.PutUint32(file[at:], w)
		binary.BigEndian.PutUint32(file[at+4:], h)
		return file
	}
	const siz = "\xff\x4f\xff\x51"
	o, _ := opener(t)
	for _, tc := range []struct {
		name string
		file []byte
		code string
	}{
		{"a header of less than there is", with("ihdr", 4, 16, 16), "damaged"},
		{"a codestream of more than it seems", with(siz, 8, 40_000, 40_000), "too-many-pixels"},
		{"a bare one", with(siz, 8, 40_000, 40_000)[bytes.Index(honest, []byte(siz)):], "too-many-pixels"},
		{"no codestream", honest[:bytes.Index(honest, []byte("jp2c"))-4], "truncated"},
		{"another codestream", bytes.Replace(honest, []byte(siz), []byte("\xff\x4f\xff\x52"), 1), "damaged"},
		{"of no pixels", with(siz, 8, 0, 0), "damaged"},
	} {
		var f *pipeline.Fault
		_, _, err := open(t, o, tc.file)
		if !errors.As(err, &f) || f.Code != tc.code || f.Text.DE == "" || f.Text.EN == "" {
			t.Errorf("%s: %v, want the fault %s", tc.name, err, tc.code)
		}
	}
}

// TestMovingGIF takes the first frame of a moving picture, and says so.
func TestMovingGIF(t *testing.T) {
	still := made(t, inColour, "a.gif")
	dir := t.TempDir()
	var frames []string
	for i, l := range []look{inColour, turned(inColour, 3), inGrey} {
		name := filepath.Join(dir, fmt.Sprint(i, ".png"))
		if err := os.WriteFile(name, pngOf(t, paint(l, false)), 0o600); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, name)
	}
	moving := magick(t, "b.gif", append([]string{"-delay", "20"}, frames...)...)
	checkKinds(t, []kind{{name: "moving", file: moving, pages: []look{inColour}}})
	o, _ := opener(t)
	for _, tc := range []struct {
		name   string
		file   []byte
		moving bool
	}{{"still", still, false}, {"moving", moving, true}} {
		doc, _, err := open(t, o, tc.file)
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(doc.Remarks, func(r pipeline.Remark) bool { return r.Code == "first-picture" && r.Page == 1 })
		if told != tc.moving || len(doc.Pages) != 1 {
			t.Errorf("%s: told %t, %d pages, %+v", tc.name, told, len(doc.Pages), doc.Remarks)
		}
	}
}
