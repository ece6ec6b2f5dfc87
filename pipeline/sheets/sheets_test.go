package sheets_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/barcode"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/separate"
	"blattwerk/pipeline/sheets"
)

var cover = sheets.Cover{
	Sheet: separate.Sheet{
		Batch: "2026-1127-01", Department: "32", Type: "32-OWI", Received: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), Expected: 47,
		Paper: pipeline.Paper{FrontsThenBacks: true},
	},
	DepartmentName: "Ordnungsamt", TypeName: "Einspruch gegen Bußgeldbescheid",
}

// printed is a sheet as PDF, checked to be PDF/A.
func printed(t *testing.T, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var a, b bytes.Buffer
	if err := write(&a); err != nil {
		t.Fatal(err)
	}
	if err := write(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the same sheet gives other bytes (%v)", err)
	}
	v, err := gate.Validate(t.Context(), bytes.NewReader(a.Bytes()), int64(a.Len()), "2u")
	if err != nil || !v.Valid {
		t.Errorf("the sheet is no PDF/A: %v %+v", err, v.Breaks)
	}
	if dir := os.Getenv("SHEETS_DIR"); dir != "" { // to look at them
		_ = os.WriteFile(filepath.Join(dir, t.Name()+".pdf"), a.Bytes(), 0o600)
	}
	return a.Bytes()
}

// scanned is the first page of a PDF as a scanner of 200 dpi sees it.
func scanned(t *testing.T, pdf []byte) *image.Gray {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(pipelinetest.Program(t, "pdftoppm"), "-r", "200", "-l", "1", "-gray", "-png", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	g := image.NewGray(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			g.Set(x, y, img.At(x, y))
		}
	}
	return g
}

// rotated is the page about its centre, on a white scanner bed.
func rotated(g *image.Gray, degrees float64) *image.Gray {
	b := g.Bounds()
	out := image.NewGray(b)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(b.Dx())/2, float64(b.Dy())/2
	for y := range b.Dy() {
		for x := range b.Dx() {
			dx, dy := float64(x)-cx, float64(y)-cy
			sx, sy := int(cx+dx*cos+dy*sin), int(cy-dx*sin+dy*cos)
			v := color.Gray{Y: 255}
			if image.Pt(sx, sy).In(b) {
				v = g.GrayAt(sx, sy)
			}
			out.SetGray(x, y, v)
		}
	}
	return out
}

func find(t *testing.T, g *image.Gray) []pipeline.Code {
	t.Helper()
	codes, err := barcode.Find(barcode.Picture{Width: g.Bounds().Dx(), Height: g.Bounds().Dy(), Pixels: g.Pix, DPI: 200})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

func TestCoverIsRecognised(t *testing.T) {
	t.Parallel()
	page := scanned(t, printed(t, func(b *bytes.Buffer) error { return sheets.WriteCover(b, cover) }))
	for _, degrees := range []float64{0, 1.5, -4, 7, 180, 184} {
		t.Run(fmt.Sprint(degrees), func(t *testing.T) {
			codes := find(t, rotated(page, degrees))
			patch, sheet := false, 0
			for _, c := range codes {
				patch = patch || c.Kind == pipeline.CodePatch && c.Text == "T"
				s, err := separate.ParseSheet(c.Text)
				if err != nil {
					continue
				}
				sheet++
				want := cover.Sheet
				want.Cover = true
				if s != want {
					t.Errorf("%s says %+v, want %+v", c.Kind, s, want)
				}
			}
			if !patch || sheet == 0 {
				t.Errorf("patch %v, sheet %d: %+v", patch, sheet, codes)
			}
		})
	}
}

func TestSeparatorIsRecognised(t *testing.T) {
	t.Parallel()
	page := scanned(t, printed(t, func(b *bytes.Buffer) error { return sheets.WriteSeparators(b, 2) }))
	for _, degrees := range []float64{0, 3, -9, 14, 180, 170} {
		codes := find(t, rotated(page, degrees))
		is := func(kind pipeline.CodeKind) bool {
			return slices.ContainsFunc(codes, func(c pipeline.Code) bool { return c.Kind == kind })
		}
		if !is(pipeline.CodePatch) || !is(pipeline.CodeQR) {
			t.Errorf("at %v degrees only %+v", degrees, codes)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	page := scanned(t, printed(t, func(b *bytes.Buffer) error { return sheets.WriteLabels(b, 118, 30) }))
	// One label as it sticks on a letter.
	one := image.NewGray(image.Rect(0, 0, 551, 292))
	for y := range one.Rect.Dy() {
		copy(one.Pix[y*one.Stride:], page.Pix[y*page.Stride:y*page.Stride+551])
	}
	codes := find(t, one)
	if len(codes) != 1 || codes[0].Kind != pipeline.Code128 {
		t.Fatalf("found %+v", codes)
	}
	if n, checked, err := separate.ParseLabel(codes[0].Text); n != 118 || !checked || err != nil {
		t.Errorf("%q reads as %d, %v, %v", codes[0].Text, n, checked, err)
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for name, err := range map[string]error{
		"no sheets":    sheets.WriteSeparators(&b, 0),
		"too many":     sheets.WriteLabels(&b, 1, 1<<20),
		"no number":    sheets.WriteLabels(&b, 0, 1),
		"small letter": sheets.WriteCover(&b, sheets.Cover{Sheet: separate.Sheet{Batch: "ü"}}),
		"a crowd":      sheets.WriteCover(&b, sheets.Cover{Sheet: separate.Sheet{Expected: 12345}}),
	} {
		if err == nil || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
}
