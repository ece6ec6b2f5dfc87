package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
	"blattwerk/storage/storagetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var received = time.Date(2026, 11, 2, 9, 30, 0, 0, time.FixedZone("CET", 3600))

// letter makes a document as it comes to the archive step: two pages with text
// and a blank back.
func letter(t testing.TB, blobs pipeline.Blobs, id string) pipeline.Document {
	t.Helper()
	put := func(b []byte) pipeline.Blob {
		blob, err := blobs.Put(t.Context(), bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return blob
	}
	words := func(texts ...string) pipeline.Digest {
		var pt = pipeline.PageText{Width: 2480, Height: 3508, DPI: 300}
		for i, s := range texts {
			pt.Words = append(pt.Words, pipeline.Word{
				Text: s, Box: pipeline.Box{X0: 100 * i, Y0: 200, X1: 100*i + 90, Y1: 240}, Conf: 0.5, Line: i / 2, Par: i / 4, Base: 235,
			})
		}
		blob, err := pipeline.PutJSON(t.Context(), blobs, pt)
		if err != nil {
			t.Fatal(err)
		}
		return blob.Digest
	}
	return pipeline.Document{
		ID: pipeline.DocID(id),
		Delivery: pipeline.Delivery{
			ID: pipeline.DeliveryID("delivery-" + id), Journal: "2026-000123", Original: put([]byte("original of " + id)),
			Name: "Antrag & Anlage.tif", Media: "image/tiff", Source: "upload", Language: "deu+eng", Mode: pipeline.ModeSkip, Received: received,
		},
		Pages: []pipeline.Page{
			{No: 1, WidthPt: 595, HeightPt: 842, Reading: &pipeline.Reading{
				Words: words("Sehr", "geehrte", "Damen", "und", "Herren,"), Count: 5, Confidence: 0.93,
				Engine: "tesseract 5.3.0", Language: "deu+eng", Actions: []string{"deskew 1.2"}, Millis: 1150,
			}},
			{No: 2, WidthPt: 595, HeightPt: 842, Blank: true, Ink: 0.0004},
			{No: 3, WidthPt: 595, HeightPt: 842, Text: words("Grüße\faus", "Köln")},
		},
		PDF: &pipeline.PDF{
			Blob: put([]byte("%PDF of " + id)), Way: pipeline.WayComposed,
			Check: pipeline.Validation{Valid: true, Flavour: "2u", Gate: "gate 1", At: received.Add(time.Minute)},
		},
		Filing: &pipeline.Filing{
			Department: "63", Type: "63-BAU", Confidence: 0.97, Sure: true, Model: "cues 1",
			Candidates: []pipeline.Candidate{{Department: "63", Type: "63-BAU", Confidence: 0.97,
				Reasons: []pipeline.Reason{{Cue: "Bauantrag", Page: 1, Box: pipeline.Box{X1: 10, Y1: 10}}}}},
			Fields:     []pipeline.Field{{Name: "aktenzeichen", Value: "63-2026/17", Confidence: 0.9, Page: 1}},
			Protection: "normal", Handling: "scan",
			RetainFor: pipeline.Retention{Years: 10, Start: "eingang", Source: "M"},
		},
		Remarks: []pipeline.Remark{{Step: pipeline.StepOpen, Code: "blank", Page: 2,
			Text: pipeline.Message{DE: "Leere Rückseite", EN: "Blank back"}}},
		Source: &pipeline.Findings{Kind: "tiff"},
	}
}

func options() storage.ArchiveOptions {
	return storage.ArchiveOptions{Software: "blattwerk test", Clock: func() time.Time {
		return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	}}
}

// onEach runs a test on a directory and on a real S3 server.
func onEach(t *testing.T, run func(t *testing.T, s storage.Store)) {
	t.Run("Dir", func(t *testing.T) { run(t, openDir(t)) })
	t.Run("S3", func(t *testing.T) { run(t, openS3(t, storagetest.Versitygw(t, true))) })
}

func archive(t testing.TB, s storage.Store, doc pipeline.Document, blobs pipeline.Blobs) pipeline.Document {
	t.Helper()
	out, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
	if err != nil {
		t.Fatalf("Step: %v", err)
	}
	if out.Record == nil {
		t.Fatal("Step left no record")
	}
	return out
}

func content(t testing.TB, s storage.Store, key string) []byte {
	t.Helper()
	c, _, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open %s: %v", key, err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what was written:\n%s", name, got)
	}
}

func TestArchiveStep(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		doc := letter(t, blobs, "doc-1")
		out := archive(t, s, doc, blobs)
		rec := out.Record
		until := time.Date(2036, 11, 2, 8, 30, 0, 0, time.UTC)
		_, onServer := s.(*storage.S3)
		if rec.Prefix != "archive/2026/11/doc-1/" || !rec.RetainUntil.Equal(until) || rec.Locked != onServer || !rec.At.Equal(options().Clock()) {
			t.Errorf("record: %+v", rec)
		}
		var roles []string
		for _, f := range rec.Files {
			roles = append(roles, f.Role)
			b := content(t, s, f.Key)
			if int64(len(b)) != f.Size || digest(b) != f.Digest {
				t.Errorf("%s is not what the record says", f.Key)
			}
			if info, err := s.Stat(t.Context(), f.Key); err != nil || !info.RetainUntil.Equal(until) || info.Media != f.Media {
				t.Errorf("%s: %+v, %v", f.Key, info, err)
			}
			if err := s.Delete(t.Context(), f.Key); !errors.Is(err, storage.ErrLocked) {
				t.Errorf("%s could be deleted: %v", f.Key, err)
			}
		}
		if !slices.Equal(roles, []string{"original", "pdfa", "text", "words", "manifest"}) {
			t.Errorf("roles: %v", roles)
		}
		if got := content(t, s, rec.Prefix+"original.tif"); string(got) != "original of doc-1" {
			t.Errorf("the original is %q", got)
		}
		golden(t, "text.txt", content(t, s, rec.Prefix+"text.txt"))
		golden(t, "words.json", content(t, s, rec.Prefix+"words.json"))
		golden(t, "manifest.json", content(t, s, rec.Prefix+"manifest.json"))
		if rec.Manifest != digest(content(t, s, rec.Prefix+"manifest.json")) {
			t.Error("the record has another manifest's digest")
		}
	})
}

func TestArchiveOriginalIsPDFA(t *testing.T) {
	t.Parallel()
	s := openDir(t)
	blobs := storage.NewBlobs(s)
	doc := letter(t, blobs, "same")
	doc.PDF.Way, doc.PDF.Blob, doc.Delivery.Media = pipeline.WayKept, doc.Delivery.Original, "application/pdf"
	out := archive(t, s, doc, blobs)
	var at []string
	for _, f := range out.Record.Files {
		if f.Role == storage.RoleOriginal || f.Role == storage.RolePDFA {
			at = append(at, f.Role+" "+f.Key)
		}
	}
	want := []string{"original archive/2026/11/same/document.pdf", "pdfa archive/2026/11/same/document.pdf"}
	if !slices.Equal(at, want) {
		t.Errorf("files: %q", at)
	}
}

func TestArchiveRefuses(t *testing.T) {
	t.Parallel()
	s := openDir(t)
	blobs := storage.NewBlobs(s)
	for name, c := range map[string]struct {
		change  func(*pipeline.Document)
		verdict pipeline.Verdict
		code    string
	}{
		"no PDF":       {func(d *pipeline.Document) { d.PDF = nil }, pipeline.AskPerson, "not-validated"},
		"invalid PDF":  {func(d *pipeline.Document) { d.PDF.Check.Valid = false }, pipeline.AskPerson, "not-validated"},
		"no filing":    {func(d *pipeline.Document) { d.Filing = nil }, pipeline.AskPerson, "filing-unsure"},
		"a guess":      {func(d *pipeline.Document) { d.Filing.Sure = false }, pipeline.AskPerson, "filing-unsure"},
		"climbing ID":  {func(d *pipeline.Document) { d.ID = "../up" }, pipeline.TryAgain, "internal"},
		"no time":      {func(d *pipeline.Document) { d.Delivery.Received = time.Time{} }, pipeline.TryAgain, "internal"},
		"blob missing": {func(d *pipeline.Document) { d.PDF.Digest = digest([]byte("gone")) }, pipeline.AskPerson, "blob-missing"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := letter(t, blobs, "refused")
			c.change(&doc)
			out, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
			f := pipeline.AsFault(err)
			if f == nil || f.Verdict != c.verdict || f.Code != c.code || f.Text.DE == "" || f.Text.EN == "" {
				t.Errorf("got %+v", f)
			}
			if out.Record != nil {
				t.Error("a refused document got a record")
			}
			if _, err := s.Stat(t.Context(), "archive/2026/11/refused/manifest.json"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("a refused document has a manifest: %v", err)
			}
		})
	}
}

// TestArchiveAgain runs the step again later and with a newer program: nothing
// changes and the record is the same.
func TestArchiveAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		doc := letter(t, blobs, "again")
		first := archive(t, s, doc, blobs)
		opt := options()
		opt.Software, opt.MinLockMonths = "blattwerk later", 3
		opt.Clock = func() time.Time { return options().Clock().Add(48 * time.Hour) }
		second, err := storage.NewArchive(s, opt).Step(t.Context(), doc, blobs)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(first.Record)
		b, _ := json.Marshal(second.Record)
		if !bytes.Equal(a, b) {
			t.Errorf("records differ:\n%s\n%s", a, b)
		}
	})
}

func TestArchiveWorkersRace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		doc := letter(t, blobs, "race")
		records := make([]*pipeline.Record, 6)
		var wg sync.WaitGroup
		for i := range records {
			wg.Go(func() {
				opt := options()
				opt.Clock = func() time.Time { return options().Clock().Add(time.Duration(i) * time.Second) }
				out, err := storage.NewArchive(s, opt).Step(t.Context(), doc, blobs)
				if err != nil {
					t.Errorf("worker %d: %v", i, err)
				}
				records[i] = out.Record
			})
		}
		wg.Wait()
		for i, r := range records {
			if r == nil || r.Manifest != records[0].Manifest || !r.At.Equal(records[0].At) {
				t.Errorf("worker %d has another record: %+v", i, r)
			}
		}
	})
}

// TestArchiveInterrupted breaks every single call to the store in turn, as a
// crash would, and then runs the step again.
func TestArchiveInterrupted(t *testing.T) {
	t.Parallel()
	broken := errors.New("the power went")
	for n := 0; ; n++ {
		s := openDir(t)
		blobs := storage.NewBlobs(s)
		doc := letter(t, blobs, "broken")
		f := &failing{Store: s, left: n, err: broken}
		out, err := storage.NewArchive(f, options()).Step(t.Context(), doc, blobs)
		if err == nil {
			if n < 15 {
				t.Fatalf("only %d calls to the store: too few for five files", n)
			}
			return // the call number n does not exist: all were broken once
		}
		if !errors.Is(err, broken) || out.Record != nil {
			t.Fatalf("call %d: %v, record %v", n, err, out.Record)
		}
		if f := pipeline.AsFault(err); f.Verdict != pipeline.TryAgain {
			t.Errorf("call %d: verdict %s", n, f.Verdict)
		}
		archive(t, s, doc, blobs)
		a := storage.NewArchive(s, options())
		sum, err := a.Verify(t.Context(), func(p storage.Problem) error { return fmt.Errorf("call %d: %+v", n, p) })
		if err != nil || sum.Letters != 1 || sum.Objects != 5 {
			t.Fatalf("call %d: %+v, %v", n, sum, err)
		}
	}
}

// failing is a store whose call number left fails, before it does anything or,
// for a Put, every second time after it was done.
type failing struct {
	storage.Store
	left int
	err  error
}

func (f *failing) fail() bool { f.left--; return f.left == -1 }

func (f *failing) Put(ctx context.Context, key string, r io.Reader, opt storage.PutOptions) (storage.Info, error) {
	if f.fail() {
		if len(key)%2 == 0 {
			f.Store.Put(ctx, key, r, opt)
		}
		return storage.Info{}, f.err
	}
	return f.Store.Put(ctx, key, r, opt)
}

func (f *failing) Open(ctx context.Context, key string) (pipeline.Content, storage.Info, error) {
	if f.fail() {
		return nil, storage.Info{}, f.err
	}
	return f.Store.Open(ctx, key)
}

func (f *failing) Stat(ctx context.Context, key string) (storage.Info, error) {
	if f.fail() {
		return storage.Info{}, f.err
	}
	return f.Store.Stat(ctx, key)
}

func TestArchiveConflict(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		for _, name := range []string{"original.tif", "document.pdf", "text.txt", "words.json", "manifest.json"} {
			for _, other := range []string{"short", "original of conflict"} {
				id := fmt.Sprintf("conflict-%s-%d", strings.ReplaceAll(name, ".", "-"), len(other))
				blobs := storage.NewBlobs(s)
				doc := letter(t, blobs, id)
				key := "archive/2026/11/" + id + "/" + name
				if _, err := s.Put(t.Context(), key, strings.NewReader(other), storage.PutOptions{}); err != nil {
					t.Fatal(err)
				}
				out, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
				if f := pipeline.AsFault(err); f == nil || f.Verdict != pipeline.AskPerson || out.Record != nil {
					t.Errorf("%s: %v", id, err)
				}
				if got := content(t, s, key); string(got) != other {
					t.Errorf("%s was overwritten", key)
				}
			}
		}
	})
}

func TestArchiveRequireLock(t *testing.T) {
	t.Parallel()
	s := openDir(t)
	blobs := storage.NewBlobs(s)
	opt := options()
	opt.RequireLock = true
	_, err := storage.NewArchive(s, opt).Step(t.Context(), letter(t, blobs, "lock"), blobs)
	if f := pipeline.AsFault(err); f == nil || f.Code != "not-retained" {
		t.Errorf("a directory cannot lock, but Step gave %v", err)
	}
	s3 := openS3(t, storagetest.Versitygw(t, true))
	blobs = storage.NewBlobs(s3)
	if _, err := storage.NewArchive(s3, opt).Step(t.Context(), letter(t, blobs, "lock"), blobs); err != nil {
		t.Errorf("S3 with object lock: %v", err)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		want := map[pipeline.DocID]pipeline.Document{}
		for i := range 5 {
			doc := letter(t, blobs, fmt.Sprintf("walk-%d", i))
			doc.Delivery.Received = received.AddDate(0, i, 0)
			want[doc.ID] = archive(t, s, doc, blobs)
		}
		// A letter without a manifest is not archived.
		if _, err := s.Put(t.Context(), "archive/2026/12/half/document.pdf", strings.NewReader("x"), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		a := storage.NewArchive(s, options())
		seen := 0
		err := a.Walk(t.Context(), func(m storage.Manifest) error {
			seen++
			doc, had := m.Document(), want[m.ID]
			if !doc.Delivery.Received.Equal(had.Delivery.Received) {
				t.Errorf("%s: received %v", m.ID, doc.Delivery.Received)
			}
			doc.Delivery.Received, had.PDF.Check.At = had.Delivery.Received, doc.PDF.Check.At
			got, _ := json.Marshal(doc)
			exp, _ := json.Marshal(had)
			if !bytes.Equal(got, exp) {
				t.Errorf("rebuilt\n%s\nwant\n%s", got, exp)
			}
			pages := map[int]int{}
			err := a.Words(t.Context(), *doc.Record, func(page int, text pipeline.PageText) error {
				pages[page] = len(text.Words)
				// Put back, the words have the digest that the page names.
				blob, err := pipeline.PutJSON(t.Context(), &pipelinetest.Blobs{}, text)
				if err != nil || blob.Digest != doc.Pages[page-1].Words() {
					t.Errorf("the words of page %d are others: %v", page, err)
				}
				return nil
			})
			if err != nil || len(pages) != 2 || pages[1] != 5 || pages[3] != 2 {
				t.Errorf("words: %v, %v", pages, err)
			}
			return nil
		})
		if err != nil || seen != 5 {
			t.Errorf("walked %d letters: %v", seen, err)
		}
	})
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		a := storage.NewArchive(s, options())
		for _, name := range []string{"2026/11/02-000010", "2026/11/02-000002"} {
			for range 2 {
				if err := a.PutCheckpoint(t.Context(), name, []byte("note "+name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.PutCheckpoint(t.Context(), "2026/11/02-000002", []byte("forged")); !errors.Is(err, storage.ErrExists) {
			t.Errorf("another note under a taken name: %v", err)
		}
		var got []string
		err := a.Checkpoints(t.Context(), func(name string, note []byte) error {
			got = append(got, name)
			if string(note) != "note "+name {
				t.Errorf("%s holds %q", name, note)
			}
			return nil
		})
		if err != nil || !slices.Equal(got, []string{"2026/11/02-000002", "2026/11/02-000010"}) {
			t.Errorf("checkpoints: %q, %v", got, err)
		}
		if err := s.Delete(t.Context(), "evidence/2026/11/02-000002"); !errors.Is(err, storage.ErrLocked) {
			t.Errorf("a checkpoint could be deleted: %v", err)
		}
	})
}
