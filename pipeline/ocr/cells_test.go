package ocr

import (
	"image"
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
