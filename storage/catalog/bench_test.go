package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

// Parts of the generated letters: compounds of two parts give the corpus a
// vocabulary of some thousand words, with inflections and marks of recognition.
var (
	heads = strings.Fields(`Bau Grund Gewerbe Wohn Verkehr Ordnungs Steuer Jugend Schul Kinder Eltern Sozial Umwelt Wasser Abfall Straßen
		Melde Pass Ausweis Hunde Vergnügungs Zweitwohnungs Feuer Katastrophen Gesundheits Lebensmittel Veterinär Forst Friedhofs Standes`)
	tails = strings.Fields(`antrag bescheid gebühr steuer amt vorschrift verfahren genehmigung anmeldung widerspruch satzung verordnung
		erlaubnis auskunft bescheinigung nachweis formular prüfung leistung förderung`)
	fill = strings.Fields(`und oder der die das mit für wegen nach gemäß hiermit bitte wir Sie Ihnen unser Ihr Schreiben vom liegt bei
		senden zurück Frist Wochen Tagen erhalten haben teilen mit dass unter Beachtung sowie innerhalb einer eines Monats`)
	names = strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf`)
)

// letterText makes a letter of about 200 words; the same seed makes the same.
func letterText(r *rand.Rand, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Aktenzeichen %02d-%04d/26\nSehr geehrte Frau %s,\n\n", n%90+10, n, names[r.IntN(len(names))])
	for i := range 200 {
		switch word := heads[r.IntN(len(heads))] + tails[r.IntN(len(tails))]; {
		case i%9 != 0:
			b.WriteString(fill[r.IntN(len(fill))])
		case r.IntN(20) == 0 && len(word) > 12:
			b.WriteString(word[:len(word)-6] + "-\n" + word[len(word)-6:])
		case r.IntN(12) == 0: // what recognition makes of it, a little different each time
			b.WriteString(damage(r, word))
		default:
			b.WriteString(word)
		}
		b.WriteByte(" \n"[min(1, i%11/10)])
	}
	return strings.ToValidUTF8(b.String(), "")
}

func damage(r *rand.Rand, word string) string {
	at := 1 + r.IntN(len(word)-1)
	return word[:at] + string(rune('a'+r.IntN(26))) + word[min(len(word), at+1):]
}

const benchLetters = 10_000

func fillCatalog(tb testing.TB, c *catalog.Catalog) {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range benchLetters {
		doc := finished(pipeline.Document{
			ID: pipeline.DocID(fmt.Sprintf("doc-%06d", i)),
			Delivery: pipeline.Delivery{
				ID: pipeline.DeliveryID(fmt.Sprint(i)), Journal: fmt.Sprintf("2026-%06d", i+1),
				Original: pipeline.Blob{Digest: digest(fmt.Sprint(i)), Size: 1}, Received: start.Add(time.Duration(i) * time.Minute),
			},
			Filing: &pipeline.Filing{Department: pipeline.DeptID(fmt.Sprint(10 + i%20)), Type: "10-X", Sure: true},
		})
		if err := c.Restore(context.Background(), doc, []pipeline.PageText{text(letterText(r, i))}); err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkSQLite(b *testing.B) {
	benchmark(b, "sqlite:"+filepath.Join(b.TempDir(), "c.db"))
}

func BenchmarkPostgres(b *testing.B) { benchmark(b, catalogtest.Postgres(b)) }

// benchmark measures looking at 10,000 letters. p50 and p95 are over the runs
// of one benchmark.
func benchmark(b *testing.B, dsn string) {
	c, err := catalog.Open(b.Context(), dsn, catalog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	begin := time.Now()
	fillCatalog(b, c)
	b.Logf("%d letters restored, %.0f a second", benchLetters, benchLetters/time.Since(begin).Seconds())
	list := func(f catalog.Filter) func() (int, error) {
		return func() (int, error) { l, _, err := c.List(context.Background(), f); return len(l), err }
	}
	search := func(words string) func() (int, error) {
		return func() (int, error) {
			h, err := c.Search(context.Background(), catalog.Query{Words: words, Filter: catalog.Filter{Limit: 20}})
			return h.Total, err
		}
	}
	for name, run := range map[string]func() (int, error){
		"list newest":         list(catalog.Filter{}),
		"list department":     list(catalog.Filter{Department: "17"}),
		"list state":          list(catalog.Filter{State: pipeline.Waiting}),
		"counts":              func() (int, error) { n, err := c.Counts(context.Background()); return n.States[pipeline.Archived], err },
		"search common word":  search("Schreiben"),
		"search compound":     search("Bauantrag"),
		"search part":         search("Antrag"),
		"search three words":  search("Müller Hundesteuer Bescheid"),
		"search reference":    search("25-0375/26"),
		"search phrase":       search(`"Frau Müller" Hundesteuer`),
		"search common begin": search("S*"),
		"search similar":      search("Veterinärauskunftt"),
		"search nothing":      search("Weltraumbahnhof"),
	} {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			found := 0
			for b.Loop() {
				at := time.Now()
				n, err := run()
				if err != nil {
					b.Fatal(err)
				}
				found = n
				times = append(times, time.Since(at))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(found), "found")
		})
	}
}
