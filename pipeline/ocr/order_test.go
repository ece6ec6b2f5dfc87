package ocr

import (
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// typed sets text as the engine would give it: every line of s is one line of
// the engine, cells are parted by "|" and stand at the columns' places, and a
// number in front lowers the cell by so many pixels.
func typed(top int, columns []int, s string) []pipeline.Word {
	const height, advance, pitch = 20, 10, 34
	var words []pipeline.Word
	for i, line := range strings.Split(s, "\n") {
		for n, cell := range strings.Split(line, "|") {
			x, y := columns[n], top+i*pitch
			cell = strings.TrimSpace(cell)
			if rest, ok := strings.CutPrefix(cell, "~"); ok { // set apart: on no common baseline
				cell, y = rest, y+7
			}
			for _, w := range strings.Fields(cell) {
				words = append(words, pipeline.Word{Text: w, Conf: 0.9, Line: i + top*100, Base: y + height,
					Box: pipeline.Box{X0: x, Y0: y, X1: x + advance*len([]rune(w)), Y1: y + height}})
				x += advance * (len([]rune(w)) + 1)
			}
		}
	}
	return words
}

func TestOrdered(t *testing.T) {
	for _, tc := range []struct {
		name    string
		top     int
		columns []int
		page    string
		want    string
	}{
		{"plain text", 100, []int{100}, "eine Zeile Text\nund noch eine", "eine Zeile Text / und noch eine"},
		{
			"reference lines beside the address", 400, []int{100, 1000, 1300},
			"Stadt Ulmenstedt | ~Datum: | ~3. November\nKämmerei | ~Zeichen: | ~20-417\nRathausplatz | ~Telefon: | ~030 23125",
			"Stadt Ulmenstedt / Kämmerei / Rathausplatz / Datum: 3. November / Zeichen: 20-417 / Telefon: 030 23125",
		},
		{
			"the subject stands below address and reference lines", 400, []int{100, 1000, 1300},
			"Stadt Ulmenstedt | ~Datum: | ~3. November\nKämmerei | ~Zeichen: | ~20-417\nRathausplatz | ~Telefon: | ~030 23125\n\nRechnung\nSehr geehrte Damen",
			"Stadt Ulmenstedt / Kämmerei / Rathausplatz / Datum: 3. November / Zeichen: 20-417 / Telefon: 030 23125 / Rechnung / Sehr geehrte Damen",
		},
		{
			"reference lines on the baselines of the address", 400, []int{100, 1000},
			"Stadt Ulmenstedt | Datum: 3. November\nKämmerei | Ihr Zeichen: 20-417\nRathausplatz | Telefon: 030 23125\n43127 Ulmenstedt | vormittags",
			"Stadt Ulmenstedt / Kämmerei / Rathausplatz / 43127 Ulmenstedt / Datum: 3. November / Ihr Zeichen: 20-417 / Telefon: 030 23125 / vormittags",
		},
		{
			"a form of names and answers in two columns", 1400, []int{100, 500, 1000, 1400},
			"Name: | Dahm | Vorname: | Silke\nOrt: | Ulm | Straße: | Weg 1\nTag: | 3.4. | Land: | Ulm",
			"Name: Dahm Vorname: Silke / Ort: Ulm Straße: Weg 1 / Tag: 3.4. Land: Ulm",
		},
		{
			"a full line below address and reference lines", 400, []int{100, 800},
			"Stadt Ulmenstedt | ~Datum: 3. November\nKämmerei | ~Zeichen: 20-417\nRathausplatz | ~Telefon: 030 23125\nMalerarbeiten in der Grundschule Am Mühlenteich, Klassenräume 1.04 bis 1.07 und Flur\neine Zeile\nund noch eine",
			"Stadt Ulmenstedt / Kämmerei / Rathausplatz / Datum: 3. November / Zeichen: 20-417 / Telefon: 030 23125 / Malerarbeiten in der Grundschule Am Mühlenteich, Klassenräume 1.04 bis 1.07 und Flur / eine Zeile / und noch eine",
		},
		{
			"a longer left column goes on", 400, []int{100, 1000, 1300},
			"eins | ~sieben\nzwei | ~acht\ndrei | ~neun\nvier\nfünf",
			"eins / zwei / drei / vier / fünf / sieben / acht / neun",
		},
		{
			"a table is read by row", 1200, []int{100, 700, 1100},
			"Raum | Höhe | Wand\n1.04 | 3,20 | 78,40\n1.05 | 3,20 | 79,60\n1.06 | 3,20 | 76,25",
			"Raum Höhe Wand / 1.04 3,20 78,40 / 1.05 3,20 79,60 / 1.06 3,20 76,25",
		},
		{
			"columns at the foot", 3100, []int{100, 800, 1500},
			"Vorstand: Silke Dahm | Register GnR | Telefon\nAufsichtsrat: Inge | Amtsgericht | Netz",
			"Vorstand: Silke Dahm / Aufsichtsrat: Inge / Register GnR / Amtsgericht / Telefon / Netz",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := typed(tc.top, tc.columns, tc.page)
			out := ordered(in, nil, 3508)
			if len(out) != len(in) {
				t.Fatalf("%d words became %d", len(in), len(out))
			}
			got := strings.Join(strings.Fields(strings.ReplaceAll(pipeline.PageText{Words: out}.String(), "\n", " / ")), " ")
			got = strings.TrimSuffix(strings.ReplaceAll(got, "/ /", "/"), " /")
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

func TestOrderedColumnsTheEngineSaw(t *testing.T) {
	right := typed(100, []int{1000}, "Stadt Ulmenstedt\nBürgeramt")
	left := typed(110, []int{100}, "Anmeldung\nMeldeschein")
	got := strings.Join(strings.Fields(pipeline.PageText{Words: ordered(append(right, left...), nil, 3508)}.String()), " ")
	if want := "Anmeldung Meldeschein Stadt Ulmenstedt Bürgeramt"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Names and values that the engine read as columns, on common baselines, belong to
// each other; a speck that makes a name's box longer downwards changes nothing.
func TestOrderedNamesAndValuesTheEngineSawAsColumns(t *testing.T) {
	names := typed(100, []int{1000}, "Unser Zeichen:\nIhr Zeichen:\nTelefon:\nDatum:")
	names[3].Box.Y1 += 20
	values := typed(100, []int{1300}, "612/26\n70-31\n030 23125\n12. November")
	for i := range values {
		values[i].Line, values[i].Block = values[i].Line+50, 1
	}
	got := strings.Join(strings.Fields(pipeline.PageText{Words: ordered(append(names, values...), nil, 3508)}.String()), " ")
	if want := "Unser Zeichen: 612/26 Ihr Zeichen: 70-31 Telefon: 030 23125 Datum: 12. November"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestListsKeepTheTablesBesideThem(t *testing.T) {
	o := orderer{unit: 20, height: 3508}
	words := typed(100, []int{100, 400}, "Name: | Dahm\nOrt: | Ulm\nTag: | heute")
	rows := o.rows(words, nil)
	inCell := typed(100, []int{1000}, "Zelle")
	rows[0] = newRow(append(rows[0].pieces, piece{table: &table{cells: []cell{{words: inCell}}, beside: true}, box: inCell[0].Box}))
	o.list(rows)
	if len(o.out) != len(words)+1 {
		t.Errorf("%d words became %d", len(words)+1, len(o.out))
	}
}

func TestOrderedKeepsEveryWord(t *testing.T) {
	words := typed(100, []int{100, 110, 900}, "a | b | c\nd | e | f")
	if got := ordered(words, nil, 3508); len(got) != len(words) {
		t.Errorf("%d of %d words", len(got), len(words))
	}
	if got := ordered(nil, nil, 3508); len(got) != 0 {
		t.Error("words out of nothing")
	}
}

func BenchmarkOrdered(b *testing.B) {
	words := typed(100, []int{100, 1000, 1300}, strings.Repeat("Stadt Ulmenstedt | ~Datum: | ~3. November\n", 80))
	for b.Loop() {
		ordered(words, nil, 3508)
	}
}
