package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage"
)

// swept is a working store whose files were all swept.
type swept struct{ pipeline.Blobs }

func (swept) Open(context.Context, pipeline.Digest) (pipeline.Content, error) {
	return nil, storage.ErrNotFound
}

// moved is a letter as a clerk filed it anew.
func moved(doc pipeline.Document, dept pipeline.DeptID, code pipeline.TypeCode, rule pipeline.Retention) pipeline.Document {
	filing := *doc.Filing
	filing.Department, filing.Type, filing.RetainFor = dept, code, rule
	filing.DecidedBy, filing.Confidence, filing.Sure = "meyer", 1, true
	doc.Filing = &filing
	return doc
}

func sound(t *testing.T, a *storage.Archive) storage.Summary {
	t.Helper()
	sum, err := a.Verify(t.Context(), func(p storage.Problem) error { return fmt.Errorf("%s %s: %w", p.Kind, p.Key, p.Err) })
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	return sum
}

func TestAmendments(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		archive(t, s, letter(t, blobs, "doc-a"), blobs)
		a := storage.NewArchive(s, options())
		first := storage.Amendment{ID: "0197-1", Document: "doc-a", Received: received, At: received.Add(time.Hour), By: "weber", Kind: storage.AmendHandOn, Department: "63", Was: "32", Note: "Bitte übernehmen"}
		second := storage.Amendment{ID: "0197-2", Document: "doc-a", Received: received, At: received.Add(2 * time.Hour), By: "weber", Kind: storage.AmendUndo, Undoes: "0197-1", Department: "32", Was: "63"}
		for _, am := range []storage.Amendment{first, second, first, second} {
			if err := a.Amend(t.Context(), am); err != nil {
				t.Fatal(err)
			}
		}
		other := first
		other.Department = "20"
		if err := a.Amend(t.Context(), other); !errors.Is(err, storage.ErrExists) {
			t.Errorf("another amendment under the same ID gives %v", err)
		}
		for _, bad := range []storage.Amendment{
			{ID: "../x", Document: "doc-a", Received: received}, {ID: "x", Document: "a/b", Received: received},
			{ID: "x", Document: "doc-a"}, {ID: "x", Document: "not-archived", Received: received},
		} {
			if err := a.Amend(t.Context(), bad); err == nil {
				t.Errorf("%+v was kept", bad)
			}
		}
		all, err := a.Amendments(t.Context())
		if list := all["doc-a"]; err != nil || len(all) != 1 || len(list) != 2 || list[0].Note != "Bitte übernehmen" || list[1].Undoes != "0197-1" || list[1].After != list[0].File().Digest {
			t.Errorf("amendments are %+v, %v", all, err)
		}
		// Read by a stranger and locked like the letter.
		info, err := s.Stat(t.Context(), "amendments/2026/11/doc-a/0197-1.json")
		if err != nil || !info.RetainUntil.Equal(time.Date(2036, 11, 2, 8, 30, 0, 0, time.UTC)) {
			t.Errorf("%+v, %v", info, err)
		}
		if sum := sound(t, a); sum.Amendments != 2 || sum.Letters != 1 {
			t.Errorf("verify: %+v", sum)
		}
		if _, err := s.Put(t.Context(), "amendments/2026/11/doc-a/0197-3.json", strings.NewReader("{}"), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		var damage *storage.DamageError
		if _, err := a.Amendments(t.Context()); !errors.As(err, &damage) || len(damage.Keys) != 1 {
			t.Errorf("a damaged amendment gives %v", err)
		}
	})
}

// TestFiledAnew archives a letter again and again after clerks filed it elsewhere,
// when its working files are gone: the manifest stays, amendments say what is.
func TestFiledAnew(t *testing.T) {
	t.Parallel()
	rule := func(years float64) pipeline.Retention {
		return pipeline.Retention{Years: years, Start: "eingang", Source: "M"}
	}
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		doc := letter(t, blobs, "moved")
		first := archive(t, s, doc, blobs)
		manifest := content(t, s, first.Record.Prefix+"manifest.json")
		a := storage.NewArchive(s, options())
		now := first
		for i, c := range []struct {
			dept, was pipeline.DeptID
			code      pipeline.TypeCode
			rule      pipeline.Retention
			until     int // year
		}{
			{"32", "63", "32-OWI", rule(5), 2036}, // a shorter rule does not shorten what was promised
			{"20", "32", "20-RECH", rule(30), 2056},
			{"63", "20", "63-BAU", rule(10), 2056}, // back where it was is a fact of its own
		} {
			for range 2 { // the second time comes after a crash
				out, err := a.Step(t.Context(), moved(now, c.dept, c.code, c.rule), swept{})
				if err != nil {
					t.Fatalf("%s: %v", c.code, err)
				}
				if len(out.Record.Files) != len(first.Record.Files)+i+1 || out.Record.Manifest != first.Record.Manifest {
					t.Fatalf("%s: record %+v", c.code, out.Record)
				}
				now = out
			}
			all, err := a.Amendments(t.Context())
			list := all[doc.ID]
			if err != nil || len(list) != i+1 {
				t.Fatalf("%s: %d amendments, %v", c.code, len(list), err)
			}
			am := list[i]
			if am.Kind != storage.AmendFile || am.Department != c.dept || am.Was != c.was || am.Type != c.code || am.By != "meyer" ||
				am.Filing.RetainFor != c.rule || am.Filing.Fields[0].Value != "63-2026/17" {
				t.Errorf("%s: amendment %+v", c.code, am)
			}
			until := time.Date(c.until, 11, 2, 8, 30, 0, 0, time.UTC)
			if !now.Record.RetainUntil.Equal(until) {
				t.Errorf("%s: until %v", c.code, now.Record.RetainUntil)
			}
			for _, f := range now.Record.Files {
				if info, err := s.Stat(t.Context(), f.Key); err != nil || !info.RetainUntil.Equal(until) {
					t.Errorf("%s: %s is kept until %v, %v", c.code, f.Key, info.RetainUntil, err)
				}
				if err := s.Delete(t.Context(), f.Key); !errors.Is(err, storage.ErrLocked) {
					t.Errorf("%s could be deleted: %v", f.Key, err)
				}
			}
			// The archive alone tells the same.
			err = a.Walk(t.Context(), func(m storage.Manifest) error {
				got := storage.Amended(m.Document(), list)
				if got.Filing.Department != c.dept || got.Filing.Type != c.code || !got.Record.RetainUntil.Equal(until) || len(got.Record.Files) != len(now.Record.Files) {
					t.Errorf("%s: rebuilt as %+v", c.code, got.Filing)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if sum := sound(t, a); sum.Amendments != i+1 {
				t.Errorf("%s: %+v", c.code, sum)
			}
		}
		if string(content(t, s, first.Record.Prefix+"manifest.json")) != string(manifest) {
			t.Error("the manifest changed")
		}
	})
}

// TestFiledAnewNeverHidesOtherContent archives letters again that are not what
// lies there, or that no person filed anew.
func TestFiledAnewNeverHidesOtherContent(t *testing.T) {
	t.Parallel()
	s := openDir(t)
	blobs := storage.NewBlobs(s)
	for name, change := range map[string]func(*pipeline.Document){
		"another PDF":      func(d *pipeline.Document) { d.PDF.Size++ },
		"other words":      func(d *pipeline.Document) { d.Pages[0].Reading.Words = d.Pages[2].Text },
		"a page less":      func(d *pipeline.Document) { d.Pages = d.Pages[:2] },
		"another original": func(d *pipeline.Document) { d.Delivery.Original.Size++ },
		"another order":    func(d *pipeline.Document) { d.ArrangedBy = "meyer" },
		"no person":        func(d *pipeline.Document) { d.Filing.DecidedBy = "" },
	} {
		id := strings.ReplaceAll(name, " ", "-")
		archive(t, s, letter(t, blobs, id), blobs)
		doc := moved(letter(t, blobs, id), "32", "32-OWI", pipeline.Retention{})
		change(&doc)
		_, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
		if f := pipeline.AsFault(err); f == nil || f.Code != "archive-conflict" || f.Verdict != pipeline.AskPerson {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sum := sound(t, storage.NewArchive(s, options())); sum.Amendments != 0 {
		t.Errorf("%+v", sum)
	}
}

// TestFiledAnewInterrupted breaks every single call to the store in turn while a
// letter is filed anew, and then runs the step again.
func TestFiledAnewInterrupted(t *testing.T) {
	t.Parallel()
	broken := errors.New("the power went")
	for n := 0; ; n++ {
		s := openDir(t)
		blobs := storage.NewBlobs(s)
		doc := moved(archive(t, s, letter(t, blobs, "broken"), blobs), "32", "32-OWI", pipeline.Retention{Years: 30, Start: "eingang"})
		_, err := storage.NewArchive(&failing{Store: s, left: n, err: broken}, options()).Step(t.Context(), doc, swept{})
		if err == nil {
			if n < 12 {
				t.Fatalf("only %d calls to the store", n)
			}
			return
		}
		if f := pipeline.AsFault(err); !errors.Is(err, broken) || f.Verdict != pipeline.TryAgain {
			t.Fatalf("call %d: %v", n, err)
		}
		a := storage.NewArchive(s, options())
		for range 2 {
			if _, err := a.Step(t.Context(), doc, swept{}); err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
		}
		if sum := sound(t, a); sum.Letters != 1 || sum.Amendments != 1 {
			t.Fatalf("call %d: %+v", n, sum)
		}
	}
}

func TestFiledAnewWorkersRace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		doc := moved(archive(t, s, letter(t, blobs, "race"), blobs), "32", "32-OWI", pipeline.Retention{Years: 5, Start: "eingang"})
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				opt := options()
				opt.Clock = func() time.Time { return options().Clock().Add(time.Duration(i) * time.Second) }
				if _, err := storage.NewArchive(s, opt).Step(t.Context(), doc, swept{}); err != nil {
					t.Errorf("worker %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if sum := sound(t, storage.NewArchive(s, options())); sum.Amendments != 1 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestVerifyAmendments damages amendments in every way that Verify promises to
// find.
func TestVerifyAmendments(t *testing.T) {
	t.Parallel()
	const folder = "amendments/2026/11/doc/"
	for name, c := range map[string]struct {
		harm func(dir string, list []string) error // list: the amendments' files, first to last
		want []string
	}{
		"nothing":     {func(string, []string) error { return nil }, nil},
		"one gone":    {func(_ string, l []string) error { return os.Remove(l[0]) }, []string{"gap 1"}},
		"one changed": {func(_ string, l []string) error { return replace(l[1], `"by": "meyer"`, `"by": "maier"`) }, []string{"gap 2"}},
		"garbage":     {func(_ string, l []string) error { return replace(l[2], `"format"`, `"fromat"`) }, []string{"amendment 2"}},
		"the manifest changed": {func(dir string, _ []string) error {
			return replace(filepath.Join(dir, "archive/2026/11/doc/manifest.json"), `"63-BAU"`, `"63-BAV"`)
		}, []string{"gap 0"}},
		"the letter gone": {func(dir string, _ []string) error { return os.RemoveAll(filepath.Join(dir, "archive/2026/11/doc")) },
			[]string{"missing archive/2026/11/doc/manifest.json"}},
		"of another letter": {func(_ string, l []string) error { return os.Rename(l[2], filepath.Join(filepath.Dir(l[2]), "x.json")) },
			[]string{"amendment " + folder + "x.json"}},
		"retention gone": {func(dir string, l []string) error {
			return os.Remove(filepath.Join(dir, ".blattwerk/retain", folder, filepath.Base(l[1])))
		}, []string{"retention 1"}},
		"stray": {func(dir string, _ []string) error {
			return os.WriteFile(filepath.Join(dir, "amendments/2026/x.json"), []byte("{}"), 0o600)
		}, []string{"stray amendments/2026/x.json"}},
		"the longer retention gone": {func(dir string, _ []string) error {
			return replace(filepath.Join(dir, ".blattwerk/retain/archive/2026/11/doc/document.pdf"), "2056", "2036")
		}, []string{"retention archive/2026/11/doc/document.pdf"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d, err := storage.OpenDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			blobs := storage.NewBlobs(d)
			doc := archive(t, d, letter(t, blobs, "doc"), blobs)
			a := storage.NewArchive(d, options())
			var files, keys []string
			for i, dept := range []pipeline.DeptID{"32", "20", "50"} {
				rule := pipeline.Retention{Years: 10 * float64(i+1), Start: "eingang"}
				if doc, err = a.Step(t.Context(), moved(doc, dept, "32-OWI", rule), swept{}); err != nil {
					t.Fatal(err)
				}
				last := doc.Record.Files[len(doc.Record.Files)-1].Key
				keys, files = append(keys, last), append(files, filepath.Join(dir, filepath.FromSlash(last)))
			}
			if err := c.harm(dir, files); err != nil {
				t.Fatal(err)
			}
			var got []string
			_, err = a.Verify(t.Context(), func(p storage.Problem) error {
				where := p.Key
				if i := slices.Index(keys, p.Key); i >= 0 {
					where = fmt.Sprint(i)
				}
				got = append(got, string(p.Kind)+" "+where)
				if p.Text.DE == "" || p.Text.EN == "" {
					t.Errorf("%s has no text", p.Kind)
				}
				return nil
			})
			// A manifest that changed shows in other ways as well.
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("found %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// replace changes a text in a file, as somebody with a text editor would.
func replace(file, old, by string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(raw), old, by, 1)
	if changed == string(raw) {
		return fmt.Errorf("%s has no %s", file, old)
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(changed), 0o600)
}

// FuzzAmendment reads what may lie where an amendment should.
func FuzzAmendment(f *testing.F) {
	f.Add([]byte(`{"format":"blattwerk-amendment/1","id":"x","document":"d","received":"2026-11-02T08:30:00Z","kind":"file","filing":{"department":"63"}}`))
	f.Add([]byte(`{"format":"blattwerk-amendment/1","id":"../x","document":"d","after":"zz"}`))
	f.Add([]byte(`{"format":"blattwerk-amendment/1","id":"x","document":"d","kind":"file"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		am, err := storage.ParseAmendment(raw)
		if err != nil {
			if !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("%v is not called damage", err)
			}
			return
		}
		if err := storage.CheckKey("amendments/2026/11/" + string(am.Document) + "/" + am.ID + ".json"); err != nil {
			t.Errorf("an amendment of a parsed file: %v", err)
		}
		filed := storage.Amended(pipeline.Document{Filing: &pipeline.Filing{Department: "1"}}, []storage.Amendment{am})
		if filed.Filing.Department == "" && am.Kind != storage.AmendFile {
			t.Error("a letter belongs to nobody")
		}
	})
}
