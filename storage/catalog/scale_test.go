package catalog_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

var (
	measureInto = flag.String("measure", "", "measure search on many letters and write the page to this file")
	measureSize = flag.Int("letters", 100_000, "letters to measure with")
	measureKind = flag.String("kind", "", "measure only kinds with this in their name; writes no page")
	measureAt   = flag.String("at", "", "address of a PostgreSQL database to measure as it is, in place of a new one")
	measureOn   = flag.String("on", "sqlite,postgres", "databases to measure on")
)

// kinds are what people do on the desk, each with several forms, so that no
// single word makes the figure.
func kinds() []kind {
	search := func(words ...string) []func(context.Context, *catalog.Catalog) (int, error) {
		var list []func(context.Context, *catalog.Catalog) (int, error)
		for _, words := range words {
			list = append(list, find(catalog.Query{Words: words, Filter: catalog.Filter{Limit: 20}}))
		}
		return list
	}
	within := func(f catalog.Filter, words ...string) []func(context.Context, *catalog.Catalog) (int, error) {
		f.Limit = 20
		var list []func(context.Context, *catalog.Catalog) (int, error)
		for _, words := range words {
			list = append(list, find(catalog.Query{Words: words, Filter: f}))
		}
		return list
	}
	mine := catalog.Filter{Departments: []pipeline.DeptID{"12", "17"}}
	year := catalog.Filter{From: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	byDate := []func(context.Context, *catalog.Catalog) (int, error){
		find(catalog.Query{Words: "Antrag", Sort: catalog.ByDate, Filter: catalog.Filter{Limit: 20}}),
		find(catalog.Query{Words: "Stadt", Sort: catalog.ByDate, Filter: catalog.Filter{Limit: 20}}),
	}
	return []kind{
		{"one word", search("Kindergarten", "Spielplatz", "Haushaltsplan", "Feuerwehr", "Wahlbezirk", "Geodaten", "Lärmschutz", "Grünfläche")},
		{"one very common word", search("Stadt", "Daten", "Jahr", "Antrag")},
		{"compound", search("Bauantrag", "Hundesteuer", "Jugendamt", "Abfallgebühr", "Meldebescheinigung", "Schulanmeldung")},
		{"part of compounds", search("Bescheid", "Steuer", "Gebühr", "Amt", "Genehmigung")},
		{"two words", search("Hundesteuer Bescheid", "Müller Bauantrag", "Spielplatz Sanierung", "Wasser Gebühren", "Straßen Verzeichnis")},
		{"three words with few hits", search("Müller Hundesteuer Bescheid", "Yılmaz Friedhofsgebühr Widerspruch", "Kowalczyk Forstförderung Nachweis", "Zimmermann Vergnügungssteuer Formular")},
		{"three common words", search("Stadt Daten Jahr", "Antrag Bescheid Gebühr")},
		{"question", search("Wann wird die Hundesteuer für Familie Kowalczyk fällig?", "Welche Unterlagen braucht man für den Bauantrag in der Königsberger Straße?", "Wo liegt der Nachweis zur Veterinärprüfung von Oskar Yılmaz?")},
		{"one word missing", search("Bauantrag Weltraumbahnhof", "Müller Schmetterlingsnetz Bescheid")},
		{"phrase", search(`"Sehr geehrte Damen"`, `"Sabine Krause"`, `"Elif Kowalczyk" Bauantrag`, `"Königsberger straße"`)},
		{"reference", search("25-00375/25", "10-02000/23", "41-12345/20")},
		{"name", search("Sabine Krause", "Mehmet Lehmann", "Oskar Zimmermann")},
		{"begin of a word", search("Veteri*", "Haushalts*", "Ver*")},
		{"without a word", search("Hundesteuer -Bescheid", "Spielplatz -Stadt")},
		{"misread or misspelt", search("Veterinärauskunftt", "Hundestcuer", "Spielp1atz", "Widerspmch")},
		{"nothing", search("Weltraumbahnhof", "Schmetterlingsnetz")},
		{"within two departments", within(mine, "Bescheid", "Stadt", "Hundesteuer Müller", "Kindergarten")},
		{"within a year", within(year, "Bescheid", "Hundesteuer Müller", "Kindergarten")},
		{"by date", byDate},
		{"list", []func(context.Context, *catalog.Catalog) (int, error){list(catalog.Filter{}), list(catalog.Filter{Department: "17"}), list(mine), list(year), list(catalog.Filter{State: pipeline.Archived, Type: "12-T1"})}},
		{"list of a sender", []func(context.Context, *catalog.Catalog) (int, error){list(catalog.Filter{Sender: "Sabine Krause"}), list(catalog.Filter{Reference: "10-02000/20"})}},
		{"facets of a list", []func(context.Context, *catalog.Catalog) (int, error){facets(catalog.Filter{}), facets(mine), facets(year), facets(catalog.Filter{Sender: "Sabine Krause"})}},
	}
}

type kind struct {
	name string
	runs []func(context.Context, *catalog.Catalog) (int, error)
}

func find(q catalog.Query) func(context.Context, *catalog.Catalog) (int, error) {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		h, err := c.Search(ctx, q)
		return h.Total, err
	}
}

func list(f catalog.Filter) func(context.Context, *catalog.Catalog) (int, error) {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		l, _, err := c.List(ctx, f)
		return len(l), err
	}
}

func facets(f catalog.Filter) func(context.Context, *catalog.Catalog) (int, error) {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		l, err := c.Facets(ctx, f)
		return len(l.Departments), err
	}
}

// measured is what one database took.
type measured struct {
	Name        string
	Letters     int
	Load        time.Duration
	Search, All int64
	Rows        []timing
	Average     string // load of the machine
}

type timing struct {
	P50, P95       time.Duration // of the processors, ours and the database's
	Wall50, Wall95 time.Duration
	Hits           []int
}

// TestMeasureSearch fills both databases with many letters, measures searches on
// them, and writes the page. `make bench-search` runs it.
func TestMeasureSearch(t *testing.T) {
	if *measureInto == "" {
		t.Skip("measuring takes many minutes: make bench-search")
	}
	// What each database took is kept, so that they can be measured one at a time.
	kept := func(on string) string {
		return filepath.Join(os.TempDir(), fmt.Sprintf("blattwerk-search-%d-%s.json", *measureSize, on))
	}
	for _, on := range strings.Split(*measureOn, ",") {
		dsn := "sqlite:" + filepath.Join(os.TempDir(), fmt.Sprintf("blattwerk-search-%d.db", *measureSize))
		name := "SQLite"
		switch {
		case on == "postgres" && *measureAt != "":
			dsn, name = *measureAt, "PostgreSQL"
		case on == "postgres":
			dsn, name = catalogtest.Postgres(t), "PostgreSQL"
		}
		m := measure(t, name, dsn)
		raw, err := json.Marshal(m)
		if err == nil && *measureKind == "" {
			err = os.WriteFile(kept(on), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if *measureKind != "" {
		return
	}
	var list []measured
	for _, on := range []string{"sqlite", "postgres"} {
		raw, err := os.ReadFile(kept(on))
		if err != nil {
			continue // not measured yet
		}
		var m measured
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	if err := os.WriteFile(*measureInto, []byte(page(list)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func measure(t *testing.T, name, dsn string) measured {
	c, err := catalog.Open(t.Context(), dsn, catalog.Options{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := measured{Name: name}
	// The file of SQLite stays, so that measuring again need not fill it again; how
	// long that took stands beside it.
	note := strings.TrimPrefix(dsn, "sqlite:") + ".load"
	if empty, err := c.Empty(t.Context()); err != nil || empty {
		begin := time.Now()
		load(t, c)
		m.Load = time.Since(begin)
		if name == "SQLite" {
			if err := os.WriteFile(note, []byte(m.Load.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	} else if raw, err := os.ReadFile(note); err == nil {
		m.Load, _ = time.ParseDuration(string(raw))
	}
	counts, err := c.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Letters = counts.States[pipeline.Archived]
	if m.Search, m.All, err = c.Sizes(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d letters loaded in %v, search %d of %d MiB", name, *measureSize, m.Load, m.Search>>20, m.All>>20)
	m.Average = loadAverage()
	for _, k := range kinds() {
		if !strings.Contains(k.name, *measureKind) {
			continue
		}
		var times, walls []time.Duration
		var tm timing
		for round := range 12 {
			for _, run := range k.runs {
				at, busy := time.Now(), cpu(t, c)
				n, err := run(t.Context(), c)
				wall, busy := time.Since(at), cpu(t, c)-busy
				if err != nil {
					t.Fatal(k.name, err)
				}
				if round == 0 {
					tm.Hits = append(tm.Hits, n)
					continue // the cold run
				}
				times, walls = append(times, busy), append(walls, wall)
			}
		}
		slices.Sort(times)
		slices.Sort(walls)
		tm.P50, tm.P95 = times[len(times)/2], times[len(times)*95/100]
		tm.Wall50, tm.Wall95 = walls[len(walls)/2], walls[len(walls)*95/100]
		m.Rows = append(m.Rows, tm)
		t.Logf("%-12s %-26s p50 %6.1f ms  p95 %6.1f ms  (by the clock %6.1f, %6.1f)  found %v", name, k.name,
			ms(tm.P50), ms(tm.P95), ms(tm.Wall50), ms(tm.Wall95), tm.Hits)
	}
	return m
}

// cpu is the time that processors spent on us and on our connections to the
// database so far: what the clock would say on a machine with nothing else to do.
func cpu(t *testing.T, c *catalog.Catalog) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	sum := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	for _, pid := range c.Backends(t.Context()) {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		if err != nil {
			continue // it has ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(raw), &ns); err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func load(t *testing.T, c *catalog.Catalog) {
	w := newWriter(t)
	const bulk = 500
	for from := 0; from < *measureSize; from += bulk {
		var docs []pipeline.Document
		var texts [][]pipeline.PageText
		for i := from; i < min(from+bulk, *measureSize); i++ {
			doc, text := w.document(i)
			docs, texts = append(docs, doc), append(texts, text)
		}
		if err := c.Bulk(t.Context(), docs, texts); err != nil {
			t.Fatal(err)
		}
		if from%10_000 == 0 {
			t.Log(from)
		}
	}
}

func averages(list []measured) string {
	var s []string
	for _, m := range list {
		s = append(s, m.Average)
	}
	return strings.Join(s, " and ")
}

// loadAverage is how many programs wanted a processor in the last minute.
func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown size"
	}
	load, _, _ := strings.Cut(string(raw), " ")
	return load
}

func page(list []measured) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Search, measured\n\nWritten by `make bench-search` on %s/%s with %d processors, %s. ", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01-02"))
	fmt.Fprintf(&b, "Made-up letters of 80 to 400 words, every tenth with more pages; words drawn as often as in real German texts, compounds, names, references, one word of a hundred misread. ")
	b.WriteString("Each search counts its hits and facets, ranks them, and reads a page of 20 with snippets. The first run of each is left out; p95 is over all forms of a kind.\n\n| |")
	for _, m := range list {
		b.WriteString(" " + m.Name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(list)))
	b.WriteString("\n| letters |")
	for _, m := range list {
		fmt.Fprintf(&b, " %d |", m.Letters)
	}
	b.WriteString("\n| search tables and indexes, MiB |")
	for _, m := range list {
		fmt.Fprintf(&b, " %d |", m.Search>>20)
	}
	b.WriteString("\n| whole catalogue, MiB |")
	for _, m := range list {
		fmt.Fprintf(&b, " %d |", m.All>>20)
	}
	b.WriteString("\n| letters indexed a second, one writer |")
	for _, m := range list {
		if m.Load == 0 {
			b.WriteString(" – |") // filled before
			continue
		}
		fmt.Fprintf(&b, " %.0f |", float64(m.Letters)/m.Load.Seconds())
	}
	b.WriteString("\n\nMilliseconds of processor time, ours and the database's: what the clock says on a machine that does nothing else. In brackets the p95 by the clock; the load of the machine was " + averages(list) + ".\n\n| |")
	for _, m := range list {
		fmt.Fprintf(&b, " %s p50 | p95 | (clock) |", m.Name)
	}
	b.WriteString(" found |\n|---|" + strings.Repeat("---:|---:|---:|", len(list)) + "---|\n")
	for i, k := range kinds() {
		b.WriteString("| " + k.name + " |")
		for _, m := range list {
			fmt.Fprintf(&b, " %.1f | %.1f | (%.0f) |", ms(m.Rows[i].P50), ms(m.Rows[i].P95), ms(m.Rows[i].Wall95))
		}
		fmt.Fprintf(&b, " %s |\n", strings.Trim(fmt.Sprint(list[0].Rows[i].Hits), "[]"))
	}
	return b.String()
}
