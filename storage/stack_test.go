package storage_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage"
)

// ofStack makes letter as one of a stack: pages 4 and 5 of it.
func ofStack(t *testing.T, blobs pipeline.Blobs, id string, position int) pipeline.Document {
	t.Helper()
	doc := letter(t, blobs, id)
	doc.Delivery.ID = "delivery-of-the-stack"
	doc.Delivery.Journal = "2026-00012" + id[len(id)-1:]
	put := func(s string) pipeline.Blob {
		b, err := blobs.Put(t.Context(), strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	doc.Delivery.Original = put("the whole stack with everybody's letters")
	doc.Pages = doc.Pages[:2]
	for i := range doc.Pages {
		p := &doc.Pages[i]
		p.No = 3*position + i + 2
		p.Image = pipeline.Image{Blob: put("picture " + id + " " + string(rune('a'+i))), Media: "image/jpeg", Width: 9, Height: 9}
	}
	doc.Stack = &pipeline.Stack{Position: position, Expected: 2, Found: 2, Batch: "B7"}
	doc.Aside = []pipeline.Page{{No: 3*position + 1, Aside: pipeline.AsideSeparator, Image: pipeline.Image{Blob: put("a sheet"), Media: "image/jpeg"}}}
	doc.Marks = []pipeline.Field{{Name: "asn", Value: "17"}}
	return doc
}

func TestLettersOfAStack(t *testing.T) {
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		a, b := archive(t, s, ofStack(t, blobs, "letter-1", 0), blobs), archive(t, s, ofStack(t, blobs, "letter-2", 1), blobs)
		again := archive(t, s, ofStack(t, blobs, "letter-2", 1), blobs)
		if again.Record.Manifest != b.Record.Manifest {
			t.Error("archiving a letter of a stack twice gives two manifests")
		}
		var roles []string
		for _, f := range b.Record.Files {
			roles = append(roles, f.Role)
			raw := content(t, s, f.Key)
			if bytes.Contains(raw, []byte("everybody")) || bytes.Contains(raw, []byte("letter-1")) {
				t.Errorf("%s holds something of another letter", f.Key)
			}
			if f.Key == b.Record.Prefix+"page-0005.jpg" && string(raw) != "picture letter-2 a" {
				t.Errorf("the picture of a page has changed: %q", raw)
			}
		}
		if want := []string{"page", "page", "pdfa", "text", "words", "manifest"}; !slices.Equal(roles, want) {
			t.Errorf("roles are %v", roles)
		}
		page, _, err := storage.NewArchive(s, options()).Open(t.Context(), *b.Record, "page-0006")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(page); string(got) != "picture letter-2 b" {
			t.Errorf("page 6 is %q, %v", got, err)
		}
		page.Close()
		stack := "stacks/2026/11/delivery-of-the-stack/"
		if got := content(t, s, stack+"original.tif"); string(got) != "the whole stack with everybody's letters" {
			t.Errorf("the stack is %q", got)
		}
		m, err := storage.ParseStack(content(t, s, stack+"manifest.json"))
		if err != nil || m.Delivery.Journal != "" || m.Keep.Basis != storage.BasisMinimum || m.File.Digest != a.Delivery.Original.Digest {
			t.Errorf("the stack's manifest is %+v, %v", m, err)
		}
		golden(t, "stack.json", content(t, s, stack+"manifest.json"))

		ar := storage.NewArchive(s, options())
		var problems []string
		look := func() storage.Summary {
			problems = nil
			sum, err := ar.Verify(t.Context(), func(p storage.Problem) error {
				problems = append(problems, string(p.Kind)+" "+p.Key)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
		if sum := look(); sum.Letters != 2 || sum.Stacks != 1 || len(problems) != 0 {
			t.Errorf("verified %+v, %v", sum, problems)
		}
		err = ar.Walk(t.Context(), func(m storage.Manifest) error {
			d := m.Document()
			if d.Stack == nil || d.Stack.Batch != "B7" || len(d.Aside) != 1 || d.Marks[0].Value != "17" || d.Record == nil {
				t.Errorf("the archive gives back %+v", d)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// A stack of other bytes in the same place is a conflict, not overwritten.
		other := ofStack(t, blobs, "letter-3", 2)
		if other.Delivery.Original, err = blobs.Put(t.Context(), strings.NewReader("another stack")); err != nil {
			t.Fatal(err)
		}
		if _, err := ar.Step(t.Context(), other, blobs); pipeline.AsFault(err).Code != "archive-conflict" {
			t.Errorf("got %v", err)
		}
	})
}

// TestAPageScannedAgainIsKept archives letters, one of a stack, of which pages were
// scanned again: each file and each first picture is there, and said to be what it
// is.
func TestAPageScannedAgainIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		blobs := storage.NewBlobs(s)
		again := func(p pipeline.Page, name, content string) pipeline.Page {
			file, err := blobs.Put(t.Context(), strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			picture, err := blobs.Put(t.Context(), strings.NewReader("picture in "+content))
			if err != nil {
				t.Fatal(err)
			}
			fresh := pipeline.Page{Image: pipeline.Image{Blob: picture, Media: "image/png", Width: 9, Height: 9}, WidthPt: 595, HeightPt: 842, Text: p.Words()}
			return p.Rescanned(fresh, pipeline.Rescan{File: file, Name: name, Media: "image/tiff", By: "meyer", At: received})
		}
		whole, cut := letter(t, blobs, "whole"), ofStack(t, blobs, "letter-1", 0)
		whole.Pages[2] = again(again(whole.Pages[2], "a.tif", "first try"), "b.tif", "second try")
		cut.Pages[0] = again(cut.Pages[0], "c.tif", "of the stack")
		whole, cut = archive(t, s, whole, blobs), archive(t, s, cut, blobs)
		for _, c := range []struct {
			doc        pipeline.Document
			file, want string
		}{
			{whole, "original.tif", "original of whole"}, {whole, "rescan-0003-1.tif", "first try"}, {whole, "rescan-0003-2.tif", "second try"},
			{cut, "page-0002.jpg", "picture letter-1 a"}, {cut, "rescan-0002-1.tif", "of the stack"},
		} {
			if got := content(t, s, c.doc.Record.Prefix+c.file); string(got) != c.want {
				t.Errorf("%s is %q", c.file, got)
			}
		}
		a := storage.NewArchive(s, options())
		if sum := sound(t, a); sum.Letters != 2 || sum.Objects != 5+2+1+7 {
			t.Errorf("%+v", sum)
		}
		err := a.Walk(t.Context(), func(m storage.Manifest) error {
			if d := m.Document(); d.ID == whole.ID {
				r := d.Pages[2].Rescans
				if len(r) != 2 || r[1].File.Digest != digest([]byte("second try")) || r[1].By != "meyer" || d.Pages[2].Image.Digest != digest([]byte("picture in second try")) {
					t.Errorf("the archive gives back %+v", d.Pages[2])
				}
				for _, f := range m.Files {
					if f.Name == "rescan-0003-2.tif" && (f.Page != 3 || !slices.Equal(f.Roles, []string{storage.RoleRescan}) || f.Digest != r[1].File.Digest) {
						t.Errorf("the manifest lists %+v", f)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAStackThatIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	blobs := storage.NewBlobs(s)
	archive(t, s, ofStack(t, blobs, "letter-1", 0), blobs)
	stack := "stacks/2026/11/delivery-of-the-stack/"
	damage(t, dir, stack+"original.tif")
	kinds := func() (list []storage.ProblemKind) {
		_, err := storage.NewArchive(s, options()).Verify(t.Context(), func(p storage.Problem) error {
			list = append(list, p.Kind)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := kinds(); !slices.Contains(got, storage.ProblemDigest) {
		t.Errorf("a damaged stack: %v", got)
	}
	if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(stack))); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); !slices.Contains(got, storage.ProblemMissing) {
		t.Errorf("a stack that is gone: %v", got)
	}
}
