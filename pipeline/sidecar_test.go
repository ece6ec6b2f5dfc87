package pipeline

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

var twoPages = []PageText{
	{Width: 800, Height: 600, DPI: 100, Words: []Word{
		{Text: "M&M", Box: Box{10, 12, 110, 50}, Conf: 0.96, Base: 46},
		{Text: "<Grüße>", Box: Box{300, 12, 410, 50}, Conf: 0.41, Base: 48},
		{Text: "Amt\x01", Box: Box{30, 60, 90, 100}, Conf: 1, Line: 1, Base: 100},
		{Text: "Ende", Box: Box{10, 110, 400, 200}, Conf: 0.88, Block: 1, Par: 1, Line: 2, Base: 200},
	}},
	{Width: 800, Height: 600, DPI: 100},
}

// count walks well-formed XML and counts elements by name and class.
func count(t *testing.T, s string) map[string]int {
	t.Helper()
	n := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return n
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, s)
		}
		if e, ok := token.(xml.StartElement); ok {
			n[e.Name.Local]++
			for _, a := range e.Attr {
				if a.Name.Local == "class" {
					n[a.Value]++
				}
			}
		}
	}
}

func TestSidecars(t *testing.T) {
	var hocr, alto strings.Builder
	if err := WriteHOCR(&hocr, twoPages, "tesseract 5.3.0", "deu+eng"); err != nil {
		t.Fatal(err)
	}
	if err := WriteALTO(&alto, twoPages, "tesseract 5.3.0", "a & b.pdf"); err != nil {
		t.Fatal(err)
	}
	h := count(t, hocr.String())
	for class, want := range map[string]int{"ocr_page": 2, "ocr_carea": 2, "ocr_par": 2, "ocr_line": 3, "ocrx_word": 4} {
		if h[class] != want {
			t.Errorf("%d of %s, want %d", h[class], class, want)
		}
	}
	a := count(t, alto.String())
	for name, want := range map[string]int{"Page": 2, "TextBlock": 2, "TextLine": 3, "String": 4, "SP": 1} {
		if a[name] != want {
			t.Errorf("%d of %s, want %d", a[name], name, want)
		}
	}
	for _, want := range []string{`title="bbox 10 12 110 50; x_wconf 96">M&amp;M<`, `title="bbox 10 12 410 50; baseline 0 -4"`, `scan_res 100 100`} {
		if !strings.Contains(hocr.String(), want) {
			t.Errorf("hOCR lacks %s\n%s", want, hocr.String())
		}
	}
	if want := `CONTENT="M&amp;M" WC="0.96" HPOS="10" VPOS="12" WIDTH="100" HEIGHT="38"`; !strings.Contains(alto.String(), want) {
		t.Errorf("ALTO lacks %s\n%s", want, alto.String())
	}
}
