package ocr

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// grid gives cells of which each line names the columns that they reach over, as
// "0-1 2", below each other; rows are high pixels high and columns begin at x.
func grid(top, high int, x []int, rows ...string) []image.Rectangle {
	const rule = 4
	var cells []image.Rectangle
	for i, line := range rows {
		for _, f := range strings.Fields(line) {
			n := 1 + strings.Count(f, "x") // "0xx" is three rows high
			f = strings.TrimRight(f, "x")
			from, to := int(f[0]-'0'), int(f[len(f)-1]-'0')
			cells = append(cells, image.Rect(x[from]+rule, top+i*high+rule, x[to+1], top+(i+n)*high))
		}
	}
	return cells
}

func TestOrderedByRules(t *testing.T) {
	const pitch = 34 // of typed
	for _, tc := range []struct {
		name    string
		columns []int
		page    string
		cells   []image.Rectangle
		want    string
	}{
		{
			"questions with their answers below", []int{100, 700, 1200},
			"Familienname | Vornamen | Geschlecht\nNguyen | Linh Sophie | weiblich\nGeburtsdatum | Geburtsort\n7.2.1994 | Chemnitz",
			grid(90, 2*pitch, []int{90, 690, 1190, 1600}, "0 1 2", "0 1-2"),
			"Familienname / Nguyen // Vornamen / Linh Sophie // Geschlecht / weiblich // Geburtsdatum / 7.2.1994 // Geburtsort / Chemnitz",
		},
		{
			"rows of a table are lines", []int{100, 700, 1100},
			"Raum | Höhe | Wand\n1.04 | 3,20 | 78,40",
			grid(90, pitch, []int{90, 690, 1090, 1400}, "0 1 2", "0 1 2"),
			"Raum Höhe Wand // 1.04 3,20 78,40",
		},
		{
			"a cell of two lines in a table", []int{100, 200, 900},
			"1 | Untergrund vorbereiten | 312,50\n | Risse spachteln |\n2 | Decken | 148,20\n | streichen |",
			grid(90, 2*pitch, []int{90, 190, 890, 1200}, "0 1 2", "0 1 2"),
			"1 // Untergrund vorbereiten / Risse spachteln // 312,50 // 2 // Decken / streichen // 148,20",
		},
		{
			"a head on the left over several rows", []int{100, 700, 1100},
			"Konten | A | Stand\nund Papiere | B | Wert",
			grid(90, pitch, []int{90, 690, 1090, 1400}, "0x 1 2", "1 2"),
			"Konten / und Papiere // A Stand // B Wert",
		},
		{
			"a cell on the right over several rows comes after them", []int{100, 700, 1100},
			"Tag | Haus | Siegel\nOrt | Weg | der Stadt",
			grid(90, pitch, []int{90, 690, 1090, 1400}, "0 1 2x", "0 1"),
			"Tag Haus // Ort Weg // Siegel / der Stadt",
		},
		{
			"text above and below stays there", []int{100, 900},
			"Antrag auf Bewilligung\nName | Ort\nDahm | Ulm\nHinweis: eine Zeile",
			grid(90+pitch, 2*pitch, []int{90, 890, 1400}, "0 1"),
			"Antrag auf Bewilligung // Name / Dahm // Ort / Ulm // Hinweis: eine Zeile",
		},
		{
			"a frame about one text changes nothing", []int{100, 700},
			"Höhe | Wand\n3,20 | 78,40",
			grid(90, 2*pitch, []int{90, 1400}, "0"),
			"Höhe Wand / 3,20 78,40",
		},
		{
			"frames in a row", []int{100, 700, 1200},
			"Drehstuhl Ergo | Schreibtisch | Container\n149 € | 279 € | 99 €\nstatt 239 € | statt 465 € | statt 159 €",
			[]image.Rectangle{image.Rect(80, 60, 500, 260), image.Rect(560, 62, 1000, 262), image.Rect(1060, 64, 1500, 264)},
			"Drehstuhl Ergo / 149 € / statt 239 € // Schreibtisch / 279 € / statt 465 € // Container / 99 € / statt 159 €",
		},
		{
			"frames at different heights are no row", []int{100, 700, 1200},
			"Raum | Höhe | Wand\n1.04 | 3,20 | 78,40",
			[]image.Rectangle{image.Rect(80, 60, 500, 260), image.Rect(560, 20, 1000, 180)},
			"Raum Höhe Wand / 1.04 3,20 78,40",
		},
		{
			"a frame about a frame without words", []int{100, 700},
			"Drehstuhl Ergo | Schreibtisch\n149 € | 279 €",
			[]image.Rectangle{image.Rect(80, 60, 500, 260), image.Rect(90, 190, 200, 250), image.Rect(560, 60, 1000, 260)},
			"Drehstuhl Ergo / 149 € // Schreibtisch / 279 €",
		},
		{
			"squared paper", []int{100},
			"lieber Peter wir kommen am Samstag\nund bringen den Kuchen mit",
			grid(85, pitch+9, []int{80, 140, 200, 260, 320, 380, 440, 500}, "0 1 2 3 4 5 6", "0 1 2 3 4 5 6"),
			"lieber Peter wir kommen am Samstag / und bringen den Kuchen mit",
		},
		{
			"a stamp beside a table stays a block of its own", []int{100, 500, 1600},
			"Name | Ort | ~Eingegangen\nDahm | Ulm | ~12. Nov.",
			grid(90, 2*pitch, []int{90, 490, 900}, "0 1"),
			"Name / Dahm // Ort / Ulm // Eingegangen / 12. Nov.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := typed(100, tc.columns, tc.page)
			out := ordered(in, tc.cells, 3508)
			if len(out) != len(in) {
				t.Fatalf("%d words became %d", len(in), len(out))
			}
			got := strings.TrimSpace(pipeline.PageText{Words: out}.String())
			got = strings.ReplaceAll(strings.ReplaceAll(got, "\n\n", " // "), "\n", " / ")
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			for i := 1; i < len(out); i++ {
				if out[i].Line < out[i-1].Line || out[i].Block < out[i-1].Block || out[i].Par < out[i-1].Par {
					t.Errorf("numbers fall at %q", out[i].Text)
				}
			}
		})
	}
}

func TestOfRule(t *testing.T) {
	const unit = 20
	cell := image.Rect(100, 100, 300, 160)
	for _, tc := range []struct {
		name string
		word pipeline.Word
		want bool
	}{
		{"at the right side", pipeline.Word{Text: "|", Box: pipeline.Box{X0: 290, X1: 304, Y0: 110, Y1: 145}}, true},
		{"at the left side", pipeline.Word{Text: "I", Box: pipeline.Box{X0: 97, X1: 109, Y0: 110, Y1: 145}}, true},
		{"amid the cell", pipeline.Word{Text: "|", Box: pipeline.Box{X0: 200, X1: 212, Y0: 110, Y1: 145}}, false},
		{"a numeral of Rome", pipeline.Word{Text: "I", Box: pipeline.Box{X0: 104, X1: 108, Y0: 110, Y1: 130}}, false},
		{"a word", pipeline.Word{Text: "alt", Box: pipeline.Box{X0: 104, X1: 134, Y0: 110, Y1: 145}}, false},
	} {
		if got := ofRule(tc.word, cell, unit); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestCells(t *testing.T) {
	const dpi, rule, w, h = 300, 4, 2480, 3508
	m := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	line := func(x0, y0, x1, y1 int) {
		draw.Draw(m, image.Rect(x0, y0, x1+rule, y1+rule), image.Black, image.Point{}, draw.Src)
	}
	line(60, 60, 2400, 60) // a frame about the page
	line(60, 3400, 2400, 3400)
	line(60, 60, 60, 3400)
	line(2400, 60, 2400, 3400)
	for _, y := range []int{500, 700, 900} {
		line(300, y, 1210, y) // worn at 1210
		line(1225, y, 2100, y)
	}
	for _, x := range []int{300, 1000, 2100} {
		line(x, 500, x, 900)
	}
	line(400, 1200, 440, 1200) // a box to be ticked
	line(400, 1240, 440, 1240)
	line(400, 1200, 400, 1240)
	line(440, 1200, 440, 1240)
	line(300, 2000, 2100, 2000) // a rule between paragraphs
	line(325, 2400, 975, 2400)  // a frame with round corners, their radius 2 mm
	line(325, 2800, 975, 2800)
	line(300, 2425, 300, 2775)
	line(1000, 2425, 1000, 2775)

	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	page, _, err := decode(b.Bytes(), "image/png", 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer page.close()
	got := slices.DeleteFunc(page.cells(dpi), func(c image.Rectangle) bool { return c.Dx() > 2000 }) // the frame about the page
	want := []image.Rectangle{image.Rect(304, 504, 1000, 700), image.Rect(1004, 504, 2100, 700), image.Rect(304, 704, 1000, 900), image.Rect(1004, 704, 2100, 900), image.Rect(304, 2404, 1000, 2800)}
	if len(got) != len(want) {
		t.Fatalf("%d cells, want %d: %v", len(got), len(want), got)
	}
	for i, c := range got {
		if far(c.Min.X, want[i].Min.X) || far(c.Min.Y, want[i].Min.Y) || far(c.Max.X, want[i].Max.X) || far(c.Max.Y, want[i].Max.Y) {
			t.Errorf("cell %d is %v, want %v", i, c, want[i])
		}
	}
}

// BenchmarkCells looks for rules on a page of print.
func BenchmarkCells(b *testing.B) {
	file, err := os.ReadFile("../../testdata/letters/16-privatbrief.png")
	if err != nil {
		b.Fatal(err)
	}
	raw, _, err := decode(file, "image/png", 0, true)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.close()
	page, err := raw.grey()
	if err != nil {
		b.Fatal(err)
	}
	defer page.close()
	for b.Loop() {
		page.cells(300)
	}
}
