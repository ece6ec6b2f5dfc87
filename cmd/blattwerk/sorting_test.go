package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/classify/learn"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
)

// archiveDecided lays letters into the catalogue of a data folder as a person
// filed them, and gives their IDs.
func archiveDecided(t *testing.T, data string, texts map[pipeline.TypeCode][]string) []pipeline.DocID {
	t.Helper()
	rows, err := catalog.Open(t.Context(), "sqlite:"+filepath.Join(data, "catalog.db"), catalog.Options{
		First: pipeline.StepOpen, KeyFile: filepath.Join(data, "evidence.key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []pipeline.DocID
	for typ, letters := range texts {
		for i, text := range letters {
			n := fmt.Sprintf("%064x", len(ids)+1)
			doc := pipeline.Document{
				ID: pipeline.DocID(fmt.Sprintf("%s-%d", typ, i)),
				Delivery: pipeline.Delivery{ID: pipeline.DeliveryID(n), Journal: fmt.Sprintf("2026-%06d", len(ids)+1),
					Original: pipeline.Blob{Digest: pipeline.Digest(n), Size: 1}, Source: "upload"},
				Pages:  []pipeline.Page{{No: 1}},
				PDF:    &pipeline.PDF{Blob: pipeline.Blob{Digest: pipeline.Digest(n), Size: 1}, Check: pipeline.Validation{Valid: true, Flavour: "2u"}},
				Filing: &pipeline.Filing{Department: pipeline.DeptID(typ[:2]), Type: typ, Sure: true, Confidence: 1, DecidedBy: "weber"},
				Record: &pipeline.Record{Prefix: n, Manifest: pipeline.Digest(n)},
			}
			if err := rows.Restore(t.Context(), doc, pipeline.FromPlainText(text)); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, doc.ID)
		}
	}
	return ids
}

// TestLearnCommand learns from what people decided, lets the next letter be sorted
// by it, and unlearns a letter.
func TestLearnCommand(t *testing.T) {
	data := t.TempDir()
	if r := blattwerk(t, data, "learn"); r.code != exitDone || !strings.Contains(r.out, "Noch zu wenig") {
		t.Fatalf("an empty house: %d %s %s", r.code, r.out, r.err)
	}
	texts := map[pipeline.TypeCode][]string{}
	for i := range 12 {
		texts["40-SCHUL"] = append(texts["40-SCHUL"], fmt.Sprintf("Betreff: Turnhalle am Samstag\n\nSehr geehrte Damen und Herren,\n\nunsere Handballer brauchen die Turnhalle in Woche %d.\n", i))
		texts["67-GRAB"] = append(texts["67-GRAB"], fmt.Sprintf("Betreff: Der alte Ahorn\n\nSehr geehrte Damen und Herren,\n\nan dem Ahorn vor Haus %d ist ein Ast gebrochen.\n", i))
	}
	ids := archiveDecided(t, data, texts)
	learned := func(args ...string) (out struct {
		Version  string
		Examples int
		HeldOut  learn.Figures
		Classes  []learn.Class
	}) {
		t.Helper()
		r := blattwerk(t, data, append([]string{"learn", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(r.out), &out); err != nil || r.code != exitDone {
			t.Fatalf("%v, %d %s %s", err, r.code, r.out, r.err)
		}
		return out
	}
	first := learned()
	if first.Examples != 24 || len(first.Classes) != 2 || first.HeldOut.Accuracy < 0.9 || !strings.HasPrefix(first.Version, "learned-1-") {
		t.Errorf("%+v", first)
	}
	if again := learned(); again.Version != first.Version {
		t.Error("the same decisions give another model")
	}
	second := learned("--forget", string(ids[0]))
	if second.Examples != 23 || second.Version == first.Version {
		t.Errorf("after unlearning a letter %+v", second)
	}
	if r := blattwerk(t, data, "learn"); !strings.Contains(r.out, "gelernt aus 23 Briefen") || !strings.Contains(r.out, "40-SCHUL") {
		t.Errorf("%s", r.out)
	}
	if r := blattwerk(t, data, "learn", "--forget", "none"); r.code == exitDone {
		t.Error("unlearns a letter that is not there")
	}
}

// TestLearningChores learns when enough was decided and not before, lets another
// process pick the model up, and learns anew at once when a letter is withdrawn.
func TestLearningChores(t *testing.T) {
	data := t.TempDir()
	texts := map[pipeline.TypeCode][]string{}
	for i := range 8 {
		texts["40-SCHUL"] = append(texts["40-SCHUL"], fmt.Sprintf("Betreff: Turnhalle am Samstag\n\nunsere Handballer brauchen die Turnhalle in Woche %d.\n", i))
		texts["67-GRAB"] = append(texts["67-GRAB"], fmt.Sprintf("Betreff: Der alte Ahorn\n\nan dem Ahorn vor Haus %d ist ein Ast gebrochen.\n", i))
	}
	dir, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := catalog.Open(t.Context(), "sqlite:"+filepath.Join(data, "catalog.db"), catalog.Options{
		First: pipeline.StepOpen, KeyFile: filepath.Join(data, "evidence.key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	h := &house{set: settings{value: map[string]string{"precision": "0.97"}}, log: slog.New(slog.DiscardHandler), rows: rows, blobs: storage.NewBlobs(dir)}
	one, two := newSorter(t), newSorter(t)
	check := func(learned bool) string {
		t.Helper()
		if err := h.learnIfWorthIt(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		if err := h.pickUp(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		if one.Version() != two.Version() || strings.Contains(two.Version(), "learned") != learned {
			t.Errorf("one sorts with %q, the other with %q", one.Version(), two.Version())
		}
		return two.Version()
	}
	check(false)
	ids := archiveDecided(t, data, texts)
	first := check(true)
	if again := check(true); again != first {
		t.Error("learns again from the same decisions")
	}
	if err := rows.Withdraw(t.Context(), ids[0], "dsb"); err != nil {
		t.Fatal(err)
	}
	if next := check(true); next == first {
		t.Error("a withdrawn letter is still in the model")
	}
	for _, id := range ids[1:] {
		if err := rows.Withdraw(t.Context(), id, "dsb"); err != nil {
			t.Fatal(err)
		}
	}
	check(false)
}

func newSorter(t *testing.T) *classify.Room {
	t.Helper()
	room, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// TestOwnTypes adds a document type by a table, and names what is wrong with one.
func TestOwnTypes(t *testing.T) {
	data, own := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	letter := filepath.Join(data, "brief.txt")
	if err := os.WriteFile(letter, []byte("Erna Beispiel\nBirkenweg 4\n12345 Ahrenbrück\n\nBetreff: Büchereiausweis\n\nSehr geehrte Damen und Herren,\n\nmein Büchereiausweis ist verloren.\n\nMit freundlichen Grüßen\nErna Beispiel\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write("types.tsv", "code\tdepartment\tname\tyears\n40-BUCH\t40\tBüchereiausweis\t2\n")
	write("cues.tsv", "type\tcue\tweight\n40-BUCH\tBüchereiausweis\t8\n")
	r := blattwerk(t, data, "classify", "--taxonomy", own, letter)
	if r.code != exitDone || !strings.Contains(r.out, "40-BUCH") {
		t.Errorf("%d %s %s", r.code, r.out, r.err)
	}
	write("cues.tsv", "type\tcue\tweight\n40-BUCHE\tBüchereiausweis\t8\n")
	r = blattwerk(t, data, "classify", "--taxonomy", own, letter)
	if r.code == exitDone || !strings.Contains(r.err, `cues.tsv, Zeile 2: den Dokumenttyp "40-BUCHE" gibt es nicht`) {
		t.Errorf("%d %s", r.code, r.err)
	}
}

// TestIdentityNumbersAreNotFound takes a letter with the number of an identity
// card through sorting into the catalogue: no search, snippet, field, example or
// event has it, while the words around it are found.
func TestIdentityNumbersAreNotFound(t *testing.T) {
	const number, taxID = "T220001293", "65 929 970 489"
	room, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	rows, err := catalog.Open(t.Context(), "sqlite:"+filepath.Join(data, "catalog.db"), catalog.Options{
		First: pipeline.StepOpen, KeyFile: filepath.Join(data, "evidence.key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	pages := pipeline.FromPlainText("Betreff: Personalausweis " + number + " verloren\n\nSehr geehrte Damen und Herren,\n\nmeinen Personalausweis " + number +
		" habe ich im Freibad verloren, Steuer-ID " + taxID + ".\n\nIDD<<" + number + "<<<<<<<<<<<<<<<\n\nMit freundlichen Grüßen\nErna Beispiel\n")
	f := room.Classify(pages)
	id := strings.Repeat("a", 64)
	doc := pipeline.Document{
		ID: "d", Delivery: pipeline.Delivery{ID: "x", Journal: "2026-000001", Original: pipeline.Blob{Digest: pipeline.Digest(id), Size: 1}},
		Pages: []pipeline.Page{{No: 1}}, Filing: &f, Record: &pipeline.Record{Prefix: "p", Manifest: pipeline.Digest(id)},
		PDF: &pipeline.PDF{Blob: pipeline.Blob{Digest: pipeline.Digest(id), Size: 1}, Check: pipeline.Validation{Valid: true, Flavour: "2u"}},
	}
	if f, err = room.Apply(doc, "33-PA", "weber"); err != nil {
		t.Fatal(err)
	}
	doc.Filing = &f
	if err := rows.Restore(t.Context(), doc, maskAll(pages, doc)); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{number, "T22000129", `"` + number + `"`, "65929970489", `"` + taxID + `"`, "Freibad", "Personalausweis"} {
		hits, err := rows.Search(t.Context(), catalog.Query{Words: words})
		if err != nil {
			t.Fatal(err)
		}
		if secret := !strings.Contains("Freibad Personalausweis", words); (len(hits.Hits) == 0) != secret {
			t.Errorf("%q is found %d times", words, len(hits.Hits))
		}
		noNumber(t, "a hit", hits)
	}
	entry, err := rows.Get(t.Context(), doc.ID)
	if err != nil {
		t.Fatal(err)
	}
	noNumber(t, "the entry", entry)
	events, err := rows.History(t.Context(), doc.ID)
	if err != nil {
		t.Fatal(err)
	}
	noNumber(t, "the history", events)
	err = rows.Examples(t.Context(), 9, func(e catalog.Example) error {
		noNumber(t, "an example", e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	noNumber(t, "the questions", room.Questions(pipeline.Document{Filing: &f}, nil))
}

func noNumber(t *testing.T, where string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.ReplaceAll(string(raw), " ", "")
	if strings.Contains(plain, "T22000129") || strings.Contains(plain, "65929970489") {
		t.Errorf("%s carries the number: %s", where, raw)
	}
}
