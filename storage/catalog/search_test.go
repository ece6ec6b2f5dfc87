package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// letters are small letters by name; the names are what searches must find.
var letters = map[string]string{
	"bau": "Sehr geehrte Damen und Herren,\n\nhiermit stelle ich einen Bauantrag für das Grundstück in der Königsberger Straße 12.\n" +
		"Die Anträge meiner Nachbarn liegen bei. Frau Müller hat zugestimmt.",
	"formular": "Bitte senden Sie uns das ausgefüllte Antragsformular zurück. Die Grundsteuer wird am 12.03.2026 fällig.\n" +
		"Ihr Zeichen: 32.1-OWi/0815/26 vom 1.2.2026",
	"hyphen": "Die Verwaltungs-\nvorschrift über Grund-\nstücke und die Haus- und\nHofordnung gelten. Der Bundes-\nAdler bleibt.",
	"ascii":  "Rechnung von Herrn Mueller, Koenigsberger Strasse 14, ueber 1.234,56 Euro. Der Bauer zahlt bar.",
	"noise":  "Wir kommen zuruck auf den Widerspmch gegen den Gebuhrenbeseheid der Gerneinde.",
	"email":  "Schreiben Sie eine E-Mail an das Bauamt. Das Ordnungsamt und das Amt für Ordnung antworten. Samt und Seide.",
}

func (w *world) letter(name, body string, fields ...pipeline.Field) pipeline.Document {
	w.Helper()
	doc := w.deliver(name)
	doc.Filing = &pipeline.Filing{Department: "32", Type: "32-OWI", Sure: true, Fields: fields}
	doc = w.archive(doc, text(body))
	w.clock.turn(time.Minute)
	return doc
}

// names runs a search and gives the names of the letters found, in order.
func (w *world) names(byID map[pipeline.DocID]string, q catalog.Query) []string {
	w.Helper()
	hits, err := w.Search(w.Context(), q)
	w.ok(err)
	var list []string
	for _, h := range hits.Hits {
		list = append(list, byID[h.Entry.Document.ID])
	}
	if hits.Next == "" && q.After == "" && hits.Total != len(list) {
		w.Errorf("%q: total is %d, but %d hits", q.Words, hits.Total, len(list))
	}
	return list
}

func testSearch(w *world) {
	byID := map[pipeline.DocID]string{}
	for _, name := range []string{"bau", "formular", "hyphen", "ascii", "noise", "email"} {
		var fields []pipeline.Field
		if name == "ascii" {
			fields = []pipeline.Field{{Name: "iban", Value: "DE12 5001 0517 0648 4898 90"}, {Name: "datum", Value: "2026-01-31"}}
		}
		byID[w.letter(name, letters[name], fields...).ID] = name
	}
	for _, c := range []struct{ words, want string }{
		{"", ""},
		{"  ,.- ", ""},
		{"Bauantrag", "bau"},
		{"bauantraege", "bau"},
		{"BAUANTRÄGE", "bau"},
		{"Anträge", "bau formular"},
		{"Antrag", "bau formular"},
		{"Formular", "formular"},
		{"Formulare", "formular"},
		{"Müller", "ascii bau"},
		{"Mueller", "ascii bau"},
		{"muller", "ascii bau"},
		{"Königsberger Straße", "ascii bau"},
		{"koenigsberger strasse 14", "ascii bau"},
		{"Königsberger Strasse 13", "ascii bau"}, // one word is missing
		{`"Königsberger Strasse 13"`, ""},
		{`Königsberger -14`, "bau"},
		{`Königsberger -"Frau Müller"`, "ascii"},
		{"-Königsberger", ""},
		{"Wann wird die Grundsteuer fällig?", "formular"},
		{"und", "hyphen email bau"},
		{"Verwaltungsvorschrift", "hyphen"},
		{"Verwaltungsvorschriften", "hyphen"},
		{"Vorschrift", "hyphen"},
		{"Grundstück", "bau hyphen"},
		{"Grundstücke", "hyphen bau"},
		{"Hausund", ""},
		{"Haus Hofordnung", "hyphen"},
		{"Adler", "hyphen"},
		{"Bauer", "ascii"},
		{"bar", "ascii"},
		{"32.1-OWi/0815/26", "formular"},
		{"321owi081526", "formular"},
		{"32.1 OWi 0815", "formular"},
		{"32.1-OWi/0816/26", ""},
		{"0815", "formular"},
		{"081", ""},
		{"081*", "formular"},
		{"12.3.2026", "formular"},
		{"12.03.2026", "formular"},
		{"2026-03-12", "formular"},
		{"1.2.2026", "formular"},
		{"31.01.2026", "ascii"},
		{"13.3.2026", ""},
		{"1.234,56", "ascii"},
		{"DE12500105170648489890", "ascii"},
		{"DE12 5001 0517 0648 4898 90", "ascii"},
		{"2026-000004", "ascii"},
		{"Email", "email"},
		{"E-Mail", "email"},
		{"Amt", "email"},
		{"Ordnungsamt", "email"},
		{"bau*", "ascii email bau"},
		{"bauant*", "bau"},
		{`"Amt für Ordnung"`, "email"},
		{`"Ordnung für Amt"`, ""},
		{`„stelle ich einen Bauantrag“`, "bau"},
		{`"stelle ich" Nachbar`, "bau"},
		{`"Grundstück in der Königsberger Str"`, ""},
		{`"Verwaltungsvorschrift über Grundstücke"`, "hyphen"},
		{`"DE12 5001 0517"`, "ascii"},
		{"Widerspruch", "noise"},
		{"Gebührenbescheid", "noise"},
		{"Gemeinde", "noise"},
		{"Gemeinde Gebührenbescheid Widerspruch", "noise"},
		{"scan.pdf", ""},
		{"scan", ""},
		{"Bauantrag Formular", "bau formular"},
	} {
		if got := strings.Join(w.names(byID, catalog.Query{Words: c.words}), " "); got != c.want {
			w.Errorf("%q found %q, want %q", c.words, got, c.want)
		}
	}
	for words, want := range map[string]struct {
		from, to float64 // score
		similar  bool
		missing  string
	}{
		"Bauantrag":                  {0.5, 1, false, ""},
		"Widerspruch":                {0, 0.25, true, ""},
		"DE12500105170648489890":     {0.5, 1, false, ""},
		"Grundsteuer Weltraumhafen":  {0.25, 0.5, false, "Weltraumhafen"},
		"Grundsteuer 32.1-OWi/99/26": {0.25, 0.5, false, "32.1-OWi/99/26"},
	} {
		hits, err := w.Search(w.Context(), catalog.Query{Words: words})
		w.ok(err)
		if len(hits.Hits) != 1 {
			w.Errorf("%q: %d hits", words, len(hits.Hits))
			continue
		}
		h := hits.Hits[0]
		if h.Score < want.from || h.Score > want.to || h.Similar != want.similar || strings.Join(h.Missing, " ") != want.missing {
			w.Errorf("%q: score %v, similar %v, missing %q; want %+v", words, h.Score, h.Similar, h.Missing, want)
		}
	}
	for name, q := range map[string]catalog.Query{
		"other department": {Words: "Müller", Filter: catalog.Filter{Departments: []pipeline.DeptID{"63"}}},
		"no department":    {Words: "Müller", Filter: catalog.Filter{Departments: []pipeline.DeptID{}}},
		"phrase":           {Words: `"Frau Müller"`, Filter: catalog.Filter{Departments: []pipeline.DeptID{"63"}}},
		"state":            {Words: "Müller", Filter: catalog.Filter{State: pipeline.Waiting}},
	} {
		if got := w.names(byID, q); len(got) != 0 {
			w.Errorf("%s: found %v", name, got)
		}
	}
}

// testSearchPages walks through hits of three classes page by page.
func testSearchPages(w *world) {
	byID := map[pipeline.DocID]string{}
	for i := range 4 {
		byID[w.letter(fmt.Sprint("exact", i), "Der Bescheid liegt bei.").ID] = fmt.Sprint("exact", i)
		byID[w.letter(fmt.Sprint("related", i), "Die Bescheide liegen bei.").ID] = fmt.Sprint("related", i)
		byID[w.letter(fmt.Sprint("field", i), "Nichts.", pipeline.Field{Name: "betreff", Value: "Bescheid"}).ID] = fmt.Sprint("field", i)
	}
	want := "field3 field2 field1 field0 exact3 exact2 exact1 exact0 related3 related2 related1 related0"
	for _, words := range []string{"Bescheid", `Bescheid "liegt bei"`} {
		var got []string
		q := catalog.Query{Words: words, Filter: catalog.Filter{Limit: 3}}
		for {
			hits, err := w.Search(w.Context(), q)
			w.ok(err)
			for _, h := range hits.Hits {
				got = append(got, byID[h.Entry.Document.ID])
			}
			if words == "Bescheid" && hits.Total != 12 {
				w.Errorf("total is %d, want 12", hits.Total)
			}
			if q.After = hits.Next; q.After == "" {
				break
			}
		}
		if words != "Bescheid" {
			want = "exact3 exact2 exact1 exact0"
		}
		if s := strings.Join(got, " "); s != want {
			w.Errorf("%q paged gives\n%s, want\n%s", words, s, want)
		}
	}
	for _, words := range []string{"Bescheid", `"liegt bei"`} {
		if _, err := w.Search(w.Context(), catalog.Query{Words: words, Filter: catalog.Filter{After: "bad"}}); err == nil {
			w.Errorf("%q: a bad cursor was taken", words)
		}
	}
}

func testSnippets(w *world) {
	long := strings.Repeat("Füllwort und noch eines mehr. ", 40)
	doc := w.deliver("two pages")
	w.archive(doc, text(long+"\nDer Antrag allein."), text(long+"Über den Bau-\nantrag und die Gebühr wird entschieden. "+long))
	for _, c := range []struct {
		words string
		page  int
		marks []string
	}{
		{"Bauantrag Gebühren", 2, []string{"Bau- antrag", "Gebühr"}},
		{`"antrag allein"`, 1, []string{"Antrag", "allein"}},
		{"2026-000001", 0, nil},
	} {
		hits, err := w.Search(w.Context(), catalog.Query{Words: c.words})
		w.ok(err)
		if len(hits.Hits) != 1 {
			w.Fatalf("%q: %d hits", c.words, len(hits.Hits))
		}
		h := hits.Hits[0]
		var marks []string
		for _, m := range h.Marks {
			marks = append(marks, h.Snippet[m.From:m.To])
		}
		if h.Page != c.page || !slices.Equal(marks, c.marks) || len(h.Snippet) > 250 || strings.Contains(h.Snippet, "\n") || h.Snippet == "" {
			w.Errorf("%q: page %d, marks %q in %q", c.words, h.Page, marks, h.Snippet)
		}
	}
}

// testSearchUpkeep changes what a document says and expects the search to follow.
func testSearchUpkeep(w *world) {
	ctx := w.Context()
	found := func(words string) int {
		w.Helper()
		hits, err := w.Search(ctx, catalog.Query{Words: words})
		w.ok(err)
		return hits.Total
	}
	doc := w.deliver("a")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	doc = job.Document
	doc.Pages = []pipeline.Page{{No: 1}}
	w.ok(w.Advance(ctx, job, doc, pipeline.StepRead, []pipeline.PageText{text("Wohngeld")}))
	if found("Wohngeld") != 1 {
		w.Error("a document in progress is not found")
	}
	job = w.claim(doc.ID, pipeline.StepRead, 0, "p")
	doc.Filing = &pipeline.Filing{Fields: []pipeline.Field{{Name: "az", Value: "50-4711"}}}
	w.ok(w.Park(ctx, job, fault, doc))
	if found("50-4711") != 1 || found("Wohngeld") != 1 {
		w.Error("a field was not added to the text")
	}
	_, err := w.Retry(ctx, doc.ID, pipeline.StepRead, "weber")
	w.ok(err)
	job = w.claim(doc.ID, pipeline.StepRead, 1, "p")
	doc.Filing.Fields = nil
	w.ok(w.Advance(ctx, job, doc, pipeline.StepClassify, []pipeline.PageText{text("Elterngeld")}))
	if found("50-4711") != 0 || found("Wohngeld") != 0 || found("Elterngeld") != 1 {
		w.Error("a second reading did not replace the first")
	}
	// A neighbour keeps its words.
	w.letter("b", "Kindergeld")
	if found("Kindergeld") != 1 || found("Elterngeld") != 1 {
		w.Error("documents share their index")
	}
	// An index that is lost can be made anew.
	db := w.raw()
	if strings.HasPrefix(w.dsn, "sqlite:") {
		w.exec(db, `INSERT INTO search_index (search_index) VALUES ('delete-all')`)
	} else {
		w.exec(db, `DELETE FROM search_index`)
	}
	if found("Elterngeld") != 0 {
		w.Error("the index was not lost")
	}
	w.exec(db, `DELETE FROM search_terms WHERE doc > 1`)
	w.ok(w.CompleteSearch(ctx))
	if found("Kindergeld") != 1 || found("Elterngeld") != 0 {
		w.Error("what lacks its terms was not completed, or more than that")
	}
	w.ok(w.RebuildSearch(ctx))
	if found("Kindergeld") != 1 || found("Elterngeld") != 1 || found("2026-000001") != 1 {
		w.Error("the index was not made anew")
	}
}

// testSearchBounds indexes more words than fit into one row of the index, and
// finds words that lie in different rows.
func testSearchBounds(w *world) {
	var b strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&b, "wort%dx%d ", i*7919%40_000, i)
		if i%500 == 0 {
			b.WriteByte('\n')
		}
	}
	b.WriteString(" aardvark zylinder " + strings.Repeat("langeswort", 30))
	w.letter("long", b.String())
	w.letter("short", "aardvark zylinderkopf")
	hits, err := w.Search(w.Context(), catalog.Query{Words: "aardvark zylinder wort0x0"})
	w.ok(err)
	if hits.Total != 2 || len(hits.Hits[0].Missing) != 0 || len(hits.Hits[1].Missing) != 1 {
		w.Errorf("%d hits over the rows of the index, want the long letter and, without a word, the short one", hits.Total)
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{`Bauantrag`, `"Amt für`, `a* "b" c`, `' OR 1=1`, `NEAR(a b)`, `:* & | !`, "\x00\xff", `32.1-OWi/0815`, `„a“ «b»`} {
		f.Add(s)
	}
	c, err := catalog.Open(f.Context(), "sqlite:"+f.TempDir()+"/c.db", catalog.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	r, err := c.Accept(f.Context(), pipeline.Delivery{Original: pipeline.Blob{Digest: digest("a")}})
	if err != nil {
		f.Fatal(err)
	}
	job, err := c.Claim(f.Context(), r.Document.ID, pipeline.StepOpen, 0, "p", time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	if err := c.Advance(f.Context(), job, job.Document, pipeline.StepRead, []pipeline.PageText{text(letters["email"])}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, words string) {
		hits, err := c.Search(t.Context(), catalog.Query{Words: words})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits.Hits {
			for _, m := range h.Marks {
				if m.From < 0 || m.To > len(h.Snippet) || m.From >= m.To {
					t.Fatalf("mark %v in a snippet of %d bytes", m, len(h.Snippet))
				}
			}
		}
	})
}
