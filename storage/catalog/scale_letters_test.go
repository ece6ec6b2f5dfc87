package catalog_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage/catalog/analysis"
)

// Parts of made-up compounds: what German town halls make words of.
var (
	heads = strings.Fields(`Bau Grund Gewerbe Wohn Verkehrs Ordnungs Steuer Jugend Schul Kinder Eltern Sozial Umwelt Wasser Abfall Straßen
		Melde Pass Ausweis Hunde Vergnügungs Zweitwohnungs Feuer Katastrophen Gesundheits Lebensmittel Veterinär Forst Friedhofs Standes`)
	tails = strings.Fields(`antrag bescheid gebühr steuer amt vorschrift verfahren genehmigung anmeldung widerspruch satzung verordnung
		erlaubnis auskunft bescheinigung nachweis formular prüfung leistung förderung`)
	given = strings.Fields(`Anna Bernd Carla Dieter Elif Frank Gisela Hans Ines Jörg Karin Lars Mehmet Nadia Oskar Paula Ralf Sabine Timo Ursula Volker Yvonne`)
	names = strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
		Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Lehmann Kowalczyk Yılmaz Nguyen`)
	streets = strings.Fields(`Haupt Bahnhof Schul Garten Linden Berg Kirch Mühlen Rosen Wiesen Königsberger Breslauer Goethe Schiller`)
)

// writer makes letters of a town: words drawn as often as they stand in real
// German texts, compounds, names, references, errors of recognition. The same
// seed makes the same letters.
type writer struct {
	r     *rand.Rand
	words []string  // by falling frequency
	upTo  []float64 // running sum of the frequencies
}

// newWriter learns words from the shared corpus: descriptions of municipal data
// and German print.
func newWriter(tb testing.TB) *writer {
	tb.Helper()
	count := map[string]int{}
	learn := func(text string) {
		for _, t := range analysis.Tokens(text) {
			if t.Plain && len(t.Form) > 1 {
				count[strings.Trim(text[t.From:t.To], "-")]++
			}
		}
	}
	raw, err := os.ReadFile(pipelinetest.Corpus(tb, "text/musterdatenkatalog/train.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	learn(string(raw))
	for _, name := range []string{"GeoTopo-komprimiert", "debian-reference.de", "Hinweisblatt_Prozesskostenhilfe", "koma_satzung", "Antrag_auf_Bewilligung_von_Beratungshilfe"} {
		out, err := exec.Command(pipelinetest.Program(tb, "pdftotext"), pipelinetest.Corpus(tb, "german/"+name+".pdf"), "-").Output()
		if err != nil {
			tb.Fatal(err)
		}
		learn(string(out))
	}
	w := &writer{r: rand.New(rand.NewPCG(1, 2))}
	for word := range count {
		w.words = append(w.words, word)
	}
	slices.SortFunc(w.words, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	sum := 0.0
	for _, word := range w.words {
		sum += float64(count[word])
		w.upTo = append(w.upTo, sum)
	}
	return w
}

func (w *writer) word() string {
	switch p := w.r.Float64(); {
	case p < 0.05:
		// The rank of a compound is its place in heads and tails: Zipf again.
		return heads[w.zipf(len(heads))] + tails[w.zipf(len(tails))]
	case p < 0.06:
		return names[w.r.IntN(len(names))]
	}
	at, _ := slices.BinarySearch(w.upTo, w.r.Float64()*w.upTo[len(w.upTo)-1])
	return w.words[at]
}

// zipf draws from 0 to n-1, the first the most often.
func (w *writer) zipf(n int) int {
	return min(n-1, int(math.Pow(float64(n+1), w.r.Float64()))-1)
}

// letter makes a letter of 80 to 400 words on one page, every tenth with more,
// and the fields that classification reads from it.
func (w *writer) letter(i int) (pipeline.Filing, []pipeline.PageText) {
	sender := given[w.r.IntN(len(given))] + " " + names[w.r.IntN(len(names))]
	reference := fmt.Sprintf("%02d-%05d/%02d", 10+w.zipf(70), i/3, 20+i%7)
	street := streets[w.r.IntN(len(streets))] + "straße"
	pages := 1
	if w.r.IntN(10) == 0 {
		pages += 1 + w.r.IntN(4)
	}
	var texts []pipeline.PageText
	for page := range pages {
		var b strings.Builder
		if page == 0 {
			fmt.Fprintf(&b, "%s\n%s %d\n\nAktenzeichen %s\nSehr geehrte Damen und Herren,\n\n", sender, street, 1+w.r.IntN(120), reference)
		}
		for k := range 80 + w.r.IntN(320) {
			word := w.word()
			switch {
			case w.r.IntN(80) == 0 && len(word) > 12:
				word = strings.ToValidUTF8(word[:len(word)-6], "") + "-\n" + strings.ToValidUTF8(word[len(word)-6:], "")
			case w.r.IntN(100) == 0 && len(word) > 4:
				word = w.misread(word)
			}
			b.WriteString(word)
			b.WriteByte(" \n"[min(1, k%11/10)])
		}
		texts = append(texts, text(b.String()))
	}
	dept := 10 + w.zipf(25)
	filing := pipeline.Filing{
		Department: pipeline.DeptID(fmt.Sprint(dept)), Type: pipeline.TypeCode(fmt.Sprintf("%d-T%d", dept, w.r.IntN(3))), Sure: true, Confidence: 0.9,
		Fields: []pipeline.Field{
			{Name: "absender", Value: sender, Page: 1}, {Name: "aktenzeichen", Value: reference, Page: 1},
			{Name: "datum", Value: fmt.Sprintf("2026-%02d-%02d", 1+w.r.IntN(12), 1+w.r.IntN(28)), Page: 1},
		},
	}
	return filing, texts
}

// misread changes one letter as recognition does.
func (w *writer) misread(word string) string {
	pairs := []string{"rn", "m", "e", "c", "i", "l", "u", "n", "h", "b", "f", "t", "o", "0", "l", "1"}
	for range 8 {
		k := 2 * w.r.IntN(len(pairs)/2)
		if at := strings.Index(word[1:], pairs[k]); at >= 0 {
			return word[:1+at] + pairs[k+1] + word[1+at+len(pairs[k]):]
		}
	}
	return word
}

// document makes the i-th archived document, one every five minutes since 2020.
func (w *writer) document(i int) (pipeline.Document, []pipeline.PageText) {
	filing, texts := w.letter(i)
	received := time.Date(2020, 1, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 30 * time.Minute)
	doc := finished(pipeline.Document{
		ID: pipeline.DocID(fmt.Sprintf("doc-%06d", i)),
		Delivery: pipeline.Delivery{
			ID: pipeline.DeliveryID(fmt.Sprint(i)), Journal: fmt.Sprintf("%d-%06d", received.Year(), i+1), Name: fmt.Sprintf("scan%06d.pdf", i),
			Original: pipeline.Blob{Digest: digest(fmt.Sprint(i)), Size: 1}, Received: received,
		},
		Filing: &filing,
	})
	for len(doc.Pages) < len(texts) {
		doc.Pages = append(doc.Pages, pipeline.Page{No: len(doc.Pages) + 1})
	}
	return doc, texts
}

// savings are the entries of the ledger that a letter of three pages brings.
func (w *writer) savings(doc pipeline.Document) []pipeline.Saving {
	var list []pipeline.Saving
	for _, event := range []string{"copies-avoided", "storage", "electricity"} {
		amount := func(x float64) pipeline.Range { return pipeline.Range{Low: x * 0.8, Mid: x, High: x * 1.2} }
		list = append(list, pipeline.Saving{
			ID: event + "-" + string(doc.ID), Event: event, Evidence: pipeline.Measured, Basis: &pipeline.Basis{Sides: 3, Leaves: 2, Pages: 3},
			Sheets: amount(2), Kg: amount(0.01), CO2e: amount(0.009), Water: amount(0.5), Energy: amount(0.1),
			Factors: []string{"paper-co2e-uba-2024"}, At: doc.Delivery.Received.Add(time.Hour),
		})
	}
	return list
}
