package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage"
)

// TestVerify damages an archive in every way that Verify promises to find.
func TestVerify(t *testing.T) {
	t.Parallel()
	const folder = "archive/2026/11/doc-1/"
	at := func(dir, key string) string { return filepath.Join(dir, filepath.FromSlash(key)) }
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir string)
		want []string // kind and key
	}{
		"nothing":          {func(*testing.T, string) {}, nil},
		"a bit flipped":    {func(t *testing.T, dir string) { damage(t, dir, folder+"document.pdf") }, []string{"digest " + folder + "document.pdf"}},
		"words flipped":    {func(t *testing.T, dir string) { damage(t, dir, folder+"words.json") }, []string{"digest " + folder + "words.json"}},
		"original gone":    {func(t *testing.T, dir string) { remove(t, at(dir, folder+"original.tif")) }, []string{"missing " + folder + "original.tif"}},
		"cut off":          {func(t *testing.T, dir string) { write(t, at(dir, folder+"text.txt"), "Sehr") }, []string{"size " + folder + "text.txt"}},
		"manifest gone":    {func(t *testing.T, dir string) { remove(t, at(dir, folder+"manifest.json")) }, []string{"incomplete " + folder}},
		"manifest garbage": {func(t *testing.T, dir string) { write(t, at(dir, folder+"manifest.json"), "{}") }, []string{"manifest " + folder + "manifest.json"}},
		"folder renamed": {func(t *testing.T, dir string) {
			if err := os.Rename(at(dir, folder), at(dir, "archive/2026/11/doc-9")); err != nil {
				t.Fatal(err)
			}
		}, []string{"manifest archive/2026/11/doc-9/manifest.json"}},
		"folder in another month": {func(t *testing.T, dir string) {
			os.MkdirAll(at(dir, "archive/2026/10"), 0o750)
			if err := os.Rename(at(dir, folder), at(dir, "archive/2026/10/doc-1")); err != nil {
				t.Fatal(err)
			}
		}, []string{"manifest archive/2026/10/doc-1/manifest.json"}},
		"something beside": {func(t *testing.T, dir string) { write(t, at(dir, folder+"notes.txt"), "x") }, []string{"unlisted " + folder + "notes.txt"}},
		"something above":  {func(t *testing.T, dir string) { write(t, at(dir, "archive/2026/readme.txt"), "x") }, []string{"stray archive/2026/readme.txt"}},
		"something below":  {func(t *testing.T, dir string) { write(t, at(dir, folder+"sub/x"), "x") }, []string{"stray " + folder + "sub/x"}},
		"retention gone":   {func(t *testing.T, dir string) { remove(t, at(dir, ".blattwerk/retain/"+folder+"document.pdf")) }, []string{"retention " + folder + "document.pdf"}},
		"retention garbled": {func(t *testing.T, dir string) { write(t, at(dir, ".blattwerk/retain/"+folder+"document.pdf"), "?") },
			[]string{"retention " + folder + "document.pdf"}},
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
			for _, id := range []string{"doc-0", "doc-1", "doc-2"} {
				archive(t, d, letter(t, blobs, id), blobs)
			}
			c.harm(t, dir)
			a := storage.NewArchive(d, options())
			var got []string
			sum, err := a.Verify(t.Context(), func(p storage.Problem) error {
				got = append(got, string(p.Kind)+" "+p.Key)
				if p.Text.DE == "" || p.Text.EN == "" {
					t.Errorf("%s has no text", p.Kind)
				}
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) || sum.Problems != len(c.want) {
				t.Errorf("found %q (%+v, %v), want %q", got, sum, err, c.want)
			}
			if sum.Letters < 2 || sum.Objects < 10 || sum.Locked != 0 {
				t.Errorf("summary: %+v", sum)
			}
		})
	}
}

func TestVerifyOnS3(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		archive(t, s, letter(t, blobs, "v"), blobs)
		a := storage.NewArchive(s, options())
		if err := a.PutCheckpoint(t.Context(), "1", []byte("note")); err != nil {
			t.Fatal(err)
		}
		sum, err := a.Verify(t.Context(), func(p storage.Problem) error { t.Errorf("%+v", p); return nil })
		_, locks := s.(*storage.S3)
		want := storage.Summary{Letters: 1, Objects: 5, Bytes: sum.Bytes, Checkpoints: 1}
		if locks {
			want.Locked = 1
		}
		if err != nil || sum != want || sum.Bytes < 1000 {
			t.Errorf("%+v, %v", sum, err)
		}
	})
}

// TestWalkDamaged walks over a damaged manifest and reports it at the end.
func TestWalkDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	blobs := storage.NewBlobs(d)
	for _, id := range []string{"a", "b", "c"} {
		archive(t, d, letter(t, blobs, id), blobs)
	}
	p := filepath.Join(dir, "archive/2026/11/b/manifest.json")
	os.Chmod(p, 0o600)
	if err := os.Truncate(p, 100); err != nil {
		t.Fatal(err)
	}
	var seen []pipeline.DocID
	err = storage.NewArchive(d, options()).Walk(t.Context(), func(m storage.Manifest) error {
		seen = append(seen, m.ID)
		return nil
	})
	var damage *storage.DamageError
	if !errors.As(err, &damage) || !slices.Equal(damage.Keys, []string{"archive/2026/11/b/manifest.json"}) || !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(seen, []pipeline.DocID{"a", "c"}) {
		t.Errorf("walked %v", seen)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		rule     pipeline.Retention
		opt      storage.ArchiveOptions
		received string
		until    string
		basis    string
	}{
		"from receipt":             {pipeline.Retention{Years: 10, Start: "eingang"}, storage.ArchiveOptions{}, "2026-11-02", "2036-11-02", storage.BasisRule},
		"three months":             {pipeline.Retention{Years: 0.25, Start: "eingang"}, storage.ArchiveOptions{}, "2026-11-30", "2027-02-28", storage.BasisRule},
		"leap day":                 {pipeline.Retention{Years: 1, Start: "eingang"}, storage.ArchiveOptions{}, "2028-02-29", "2029-02-28", storage.BasisRule},
		"event ahead":              {pipeline.Retention{Years: 10, Start: "erledigt"}, storage.ArchiveOptions{}, "2026-11-02", "2027-05-02", storage.BasisMinimum},
		"short rule, event ahead":  {pipeline.Retention{Years: 0.25, Start: "versand"}, storage.ArchiveOptions{}, "2026-11-02", "2027-02-02", storage.BasisMinimum},
		"no rule known":            {pipeline.Retention{}, storage.ArchiveOptions{}, "2026-08-31", "2027-02-28", storage.BasisMinimum},
		"not kept at all":          {pipeline.Retention{Start: "klaerung", Source: "M"}, storage.ArchiveOptions{}, "2026-11-02", "", storage.BasisNone},
		"for ever":                 {pipeline.Retention{Permanent: true}, storage.ArchiveOptions{}, "2026-11-02", "2056-11-02", storage.BasisPermanent},
		"for ever, own term":       {pipeline.Retention{Permanent: true}, storage.ArchiveOptions{PermanentLockYears: 5}, "2026-11-02", "2031-11-02", storage.BasisPermanent},
		"for ever, unlocked":       {pipeline.Retention{Permanent: true}, storage.ArchiveOptions{PermanentLockYears: -1}, "2026-11-02", "", storage.BasisNone},
		"own minimum":              {pipeline.Retention{Years: 3, Start: "ende"}, storage.ArchiveOptions{MinLockMonths: 12}, "2026-11-02", "2027-11-02", storage.BasisMinimum},
		"own minimum over the end": {pipeline.Retention{Years: 0.5, Start: "ende"}, storage.ArchiveOptions{MinLockMonths: 12}, "2026-11-02", "2027-05-02", storage.BasisMinimum},
		"no minimum":               {pipeline.Retention{Years: 3, Start: "ende"}, storage.ArchiveOptions{MinLockMonths: -1}, "2026-11-02", "", storage.BasisNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openDir(t)
			blobs := storage.NewBlobs(s)
			doc := letter(t, blobs, "r")
			doc.Delivery.Received, doc.Filing.RetainFor = day(c.received), c.rule
			c.opt.Clock = func() time.Time { return day(c.received).Add(time.Hour) }
			out, err := storage.NewArchive(s, c.opt).Step(t.Context(), doc, blobs)
			if err != nil {
				t.Fatal(err)
			}
			if !out.Record.RetainUntil.Equal(day(c.until)) {
				t.Errorf("until %v, want %s", out.Record.RetainUntil, c.until)
			}
			m, err := storage.ParseManifest(content(t, s, out.Record.Prefix+"manifest.json"))
			if err != nil || m.Keep.Basis != c.basis || !m.Keep.Until.Equal(day(c.until)) {
				t.Errorf("manifest: %+v, %v", m.Keep, err)
			}
			info, err := s.Stat(t.Context(), out.Record.Prefix+"document.pdf")
			if err != nil || (c.until == "") != info.RetainUntil.IsZero() && day(c.until).After(time.Now()) {
				t.Errorf("object: %+v, %v", info, err)
			}
		})
	}
}

func FuzzManifest(f *testing.F) {
	raw, err := os.ReadFile("testdata/manifest.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format":"blattwerk-manifest/1","id":"x","files":[{"name":"../a","roles":["original","pdfa"],"sha256":"` + strings.Repeat("a", 64) + `"}]}`))
	f.Add([]byte(`{"format":"blattwerk-manifest/2"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := storage.ParseManifest(raw)
		if err != nil {
			if !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("%v is not called damage", err)
			}
			return
		}
		for _, file := range m.Document().Record.Files {
			if err := storage.CheckKey("archive/2026/11/" + string(m.ID) + "/" + file.Key); err != nil {
				t.Errorf("a file of a parsed manifest: %v", err)
			}
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, k := range []string{"a/b", "../a", "a//b", "\x00", "ä/ö", ".a", "a/."} {
		f.Add(k)
	}
	dir := f.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if storage.CheckKey(key) == nil && !filepath.IsLocal(key) {
			t.Errorf("%q leaves the directory", key)
		}
		if _, err := d.Put(t.Context(), key, strings.NewReader("x"), storage.PutOptions{}); err != nil {
			if !errors.Is(err, storage.ErrKey) {
				t.Errorf("Put %q: %v", key, err)
			}
			return
		}
		if got := content(t, d, key); string(got) != "x" {
			t.Errorf("%q holds %q", key, got)
		}
		if err := d.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete %q: %v", key, err)
		}
	})
}
