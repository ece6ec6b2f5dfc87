package catalog_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

// world is a fresh catalogue with a clock that the test turns.
type world struct {
	*testing.T
	*catalog.Catalog
	dsn   string
	clock *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// suite is every test that both databases must pass.
var suite = map[string]func(*world){
	"fresh":               testFresh,
	"intake":              testIntake,
	"duplicates":          testDuplicates,
	"journal":             testJournal,
	"route":               testRoute,
	"claims":              testClaims,
	"crashes":             testCrashes,
	"overtaken":           testOvertaken,
	"clock jumps":         testClockJumps,
	"contest":             testContest,
	"unproven":            testUnproven,
	"people":              testPeople,
	"unlocked":            testUnlock,
	"learning":            testLearning,
	"sorting model":       testSortingModel,
	"decided fields":      testDecidedFields,
	"known files":         testFiles,
	"sent back":           testSentBack,
	"tray":                testTray,
	"undecide":            testUndecide,
	"not ours":            testNotOurs,
	"filed anew":          testFiledAnew,
	"list":                testList,
	"ledger":              testLedger,
	"cut":                 testCut,
	"rearrange":           testRearrange,
	"settled":             testSettled,
	"undo in turn":        testUndoInTurn,
	"rescan":              testRescan,
	"no rearranging":      testRearrangeRefuses,
	"references":          testReferences,
	"restore":             testRestore,
	"evidence":            testEvidence,
	"tampering":           testTampering,
	"search":              testSearch,
	"search pages":        testSearchPages,
	"search snippets":     testSnippets,
	"search upkeep":       testSearchUpkeep,
	"search bounds":       testSearchBounds,
	"facets":              testFacets,
	"proof":               testProof,
	"highlight":           testHighlight,
	"deeds":               testDeeds,
	"kept deeds":          testKeptDeeds,
	"masks":               testMasks,
	"tray of a desk":      testTrayOfADesk,
	"saved searches":      testSavedSearches,
	"questions":           testQuestions,
	"pairs":               testPairs,
	"odd bytes":           testOddBytes,
	"accounts":            testAccounts,
	"first account":       testFirstAccount,
	"sessions":            testSessions,
	"attempts":            testAttempts,
	"tokens":              testTokens,
	"enrol":               testEnrol,
	"sight":               testSight,
	"ledger side by side": testLedgerSideBySide,
	"books":               testBooks,
	"filed reports":       testFiledReports,
	"ledger readers":      testLedgerSideBySide,
}

// places are tests that open the catalogue in their own way.
var places = map[string]func(t *testing.T, dsn string){
	"kill":         testKill,
	"migration":    testMigration,
	"old ledger":   testOldLedger,
	"open at once": testOpenAtOnce,
}

func TestSQLite(t *testing.T) {
	runSuite(t, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "books", "catalog.db") })
}

func TestPostgres(t *testing.T) {
	server := catalogtest.Start(t)
	runSuite(t, func(t *testing.T) string { return server.Database(t) })
}

func runSuite(t *testing.T, dsn func(*testing.T) string) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(open(t, dsn(t))) })
	}
	for name, test := range places {
		t.Run(name, func(t *testing.T) { test(t, dsn(t)) })
	}
}

func open(t *testing.T, dsn string) *world {
	t.Helper()
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	w.Catalog = w.reopen()
	return w
}

func (w *world) reopen() *catalog.Catalog {
	w.Helper()
	c, err := catalog.Open(w.Context(), w.dsn, catalog.Options{
		Clock: w.clock.Now, Zone: time.UTC, KeyFile: filepath.Join(w.TempDir(), "keys", "log.key"),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { c.Close() })
	return c
}

func digest(s string) pipeline.Digest {
	sum := sha256.Sum256([]byte(s))
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

// deliver takes in a delivery of the bytes content.
func (w *world) deliver(content string) pipeline.Document {
	w.Helper()
	r, err := w.Accept(w.Context(), pipeline.Delivery{
		Original: pipeline.Blob{Digest: digest(content), Size: int64(len(content))}, Name: "scan.pdf", Media: "application/pdf",
		Source: "upload", Language: "deu", Mode: pipeline.ModeSkip,
	})
	if err != nil {
		w.Fatal(err)
	}
	return r.Document
}

func (w *world) claim(id pipeline.DocID, step pipeline.StepName, gen int, owner string) catalog.Job {
	w.Helper()
	job, err := w.Claim(w.Context(), id, step, gen, owner, time.Minute)
	if err != nil {
		w.Fatal(err)
	}
	return job
}

func (w *world) entry(id pipeline.DocID) catalog.Entry {
	w.Helper()
	e, err := w.Get(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return e
}

// ok ends the test at an error; is if the error is not the one wanted.
func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("got error %v, want %v", err, want)
	}
}

// finished fills in what a document needs to be archived.
func finished(doc pipeline.Document) pipeline.Document {
	doc.Pages = []pipeline.Page{{No: 1}}
	doc.PDF = &pipeline.PDF{Blob: pipeline.Blob{Digest: digest("pdf" + string(doc.ID)), Size: 3}, Check: pipeline.Validation{Valid: true, Flavour: "2u"}}
	if doc.Filing == nil {
		doc.Filing = &pipeline.Filing{Department: "32", Type: "32-OWI", Confidence: 0.97, Sure: true}
	}
	doc.Record = &pipeline.Record{Prefix: "2026/" + string(doc.ID), Manifest: digest("manifest" + string(doc.ID)),
		At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	return doc
}

// archive brings a fresh document to its end with these texts.
func (w *world) archive(doc pipeline.Document, texts ...pipeline.PageText) pipeline.Document {
	w.Helper()
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "test")
	doc = finished(doc)
	for i := range texts {
		if i >= len(doc.Pages) {
			doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1})
		}
	}
	w.ok(w.Advance(w.Context(), job, doc, "", texts))
	return doc
}

// text makes the words of a page; lines end in "\n", an empty line ends a
// paragraph.
func text(s string) pipeline.PageText {
	t := pipeline.PageText{Width: 2480, Height: 3508, DPI: 300}
	par := 0
	for line, l := range strings.Split(s, "\n") {
		if l == "" {
			par++
		}
		for _, word := range strings.Fields(l) {
			t.Words = append(t.Words, pipeline.Word{Text: word, Conf: 1, Par: par, Line: line})
		}
	}
	return t
}

var fault = &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "unklar", EN: "unsure"}, Page: 2}
