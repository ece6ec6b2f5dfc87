package foreign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"blattwerk/pipeline/pipelinetest"
)

// TestLargeFileIsTheSame opens the corpus's files with their pictures left in them and
// in memory, and expects the same file to be written.
func TestLargeFileIsTheSame(t *testing.T) {
	root := filepath.Dir(pipelinetest.Corpus(t, "INDEX.md"))
	large, unusual := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".pdf") {
			return err
		}
		got, err := openLarge(t.Context(), path)
		if err != nil {
			unusual++
			return nil //nolint:nilerr // it is read as a whole
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := parse(t.Context(), raw)
		if err != nil {
			t.Errorf("%s: opens only with its pictures left in it: %v", d.Name(), err)
			return nil
		}
		var a, b bytes.Buffer
		if ea, eb := got.write(&a), want.write(&b); (ea == nil) != (eb == nil) {
			t.Errorf("%s: written with %v and %v", d.Name(), ea, eb)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: another file is written", d.Name())
		}
		large++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if large < 20 {
		t.Errorf("the pictures of %d files were left in them, want 20 at least", large)
	}
	t.Logf("%d files with their pictures left in them, %d read as a whole", large, unusual)
}

// pictures is a PDF of pages that are one picture each, of size bytes, a multiple
// of 1000.
func pictures(pages, size int, endOfLine, length string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.7\n")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 3+3*i)
	}
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids)
	random := rand.NewChaCha8([32]byte{})
	raw := make([]byte, size)
	for i := range pages {
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>", 4+3*i, 5+3*i)
		object("<</Length 30>>stream\n595 0 0 842 0 0 cm /I Do      \nendstream")
		_, _ = random.Read(raw)
		copy(raw[size/2:], "\nendstream endobj 7 0 obj stream\n")
		object("<</Type/XObject/Subtype/Image/Width 1000/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray %s>>stream%s%s%sendstream",
			size/1000, fmt.Sprintf(length, size), endOfLine, raw, endOfLine)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return b.Bytes()
}

func TestLargeFileStaysOnDisk(t *testing.T) {
	const pages, size = 60, 1_000_000
	path := filepath.Join(t.TempDir(), "large.pdf")
	if err := os.WriteFile(path, pictures(pages, size, "\n", "/Length %d"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := heap()
	f, err := open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("a file of %d MB takes %d MB", pages*size/1_000_000, grown/1_000_000)
	}
	dir := t.TempDir()
	s := server{path: path, file: f}
	taken, err := s.take(TakeCall{Path: path, Dir: dir, Pages: []int{1, pages}})
	if err != nil || len(taken) != 2 || taken[0].Why+taken[1].Why != "" {
		t.Fatalf("%+v, %v", taken, err)
	}
	if report := inspect(t.Context(), f, 0); len(report.Pages) != pages || report.Pages[0].Image == nil {
		t.Errorf("%d pages, the first %+v", len(report.Pages), report.Pages[0])
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestUnusualPicturesAreLoaded(t *testing.T) {
	for _, tc := range []struct {
		name, endOfLine, length string
		left                    int
	}{
		{"usual", "\n", "/Length %d", 3},
		{"two characters", "\r\n", "/Length %d", 3},
		{"spaced", "\n", "/Length\n  %d ", 3},
		{"wrong length", "\n", "/Length 1%d", 0},
		{"no length", "\n", "/Lang (%d)", 0},
		{"two lengths", "\n", "/Length 5000/Length %d", 0},
		{"another length", "\n", "/Length1 %d", 0},
	} {
		path := filepath.Join(t.TempDir(), "in.pdf")
		if err := os.WriteFile(path, pictures(3, 20_000, tc.endOfLine, tc.length), 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		o, err := outlineOf(src)
		if err != nil || len(o.pictures) != tc.left {
			t.Errorf("%s: %d pictures, %v; want %d", tc.name, len(o.pictures), err, tc.left)
		}
		_, err = openLarge(t.Context(), path)
		if (err == nil) != (tc.left > 0) || tc.left == 0 && !errors.Is(err, errWhole) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestAttachedFileKeepsItsBytes attaches a PDF of pictures as it is, unpacked: nothing
// in it is a picture of the file that carries it.
func TestAttachedFileKeepsItsBytes(t *testing.T) {
	attached := pictures(2, 20_000, "\n", "/Length %d")
	var b bytes.Buffer
	fmt.Fprintf(&b, "%%PDF-1.7\n")
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	picture := strings.Repeat("p", 20_000)
	object("<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a.pdf) 5 0 R]>>>>>>")
	object("<</Type/Pages/Count 1/Kids[3 0 R]>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I 4 0 R>>>>>>")
	object("<</Type/XObject/Subtype/Image/Width 100/Height 200/BitsPerComponent 8/ColorSpace/DeviceGray/Length 20000>>stream\n" + picture + "\nendstream")
	object("<</Type/Filespec/F(a.pdf)/UF(a.pdf)/EF<</F 6 0 R>>>>")
	object(fmt.Sprintf("<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream", len(attached), attached))
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	path := filepath.Join(t.TempDir(), "in.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openLarge(t.Context(), path); !errors.Is(err, errWhole) {
		t.Errorf("opened with %v, want that it has to be read as a whole", err)
	}
}

// TestOutlineReads reads an outline in pieces of all kinds.
func TestOutlineReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.pdf")
	if err := os.WriteFile(path, pictures(5, 30_000, "\n", "/Length %d"), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	o, err := outlineOf(src)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.ReplaceAll(raw, []byte("/Length 30000"), []byte("/Length 00001"))
	for _, r := range []io.Reader{o, iotest.OneByteReader(o), iotest.HalfReader(o), iotest.DataErrReader(o)} {
		if _, err := o.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%T: %d bytes, %v", r, len(got), err)
		}
	}
}

// FuzzLargeFile opens bytes as a large file: what opens with its pictures left in it is
// the same file as in memory.
func FuzzLargeFile(f *testing.F) {
	f.Add(pictures(2, 20_000, "\n", "/Length %d"))
	f.Add(pictures(1, 20_000, "\r\n", "/Length %d/Filter/DCTDecode"))
	path := filepath.Join(f.TempDir(), "in.pdf")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := openLarge(t.Context(), path)
		if err != nil {
			return
		}
		want, err := parse(t.Context(), raw)
		if err != nil {
			t.Fatalf("opens only with its pictures left in it: %v", err)
		}
		var a, b bytes.Buffer
		if ea, eb := got.write(&a), want.write(&b); (ea == nil) != (eb == nil) || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatalf("another file is written: %v, %v, %d and %d bytes", ea, eb, a.Len(), b.Len())
		}
	})
}
