package route_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/route"
)

var wholeTorture = flag.String("torture", "", "take the files that are out to do harm the whole way to PDF/A, and write the table into this file")

// TestTortureEndsInAResultOrAFault opens every file that is out to do harm: those
// of the corpus, our own broken ones, and pictures of every kind cut off and bent.
// Each ends in pages or in a fault that a clerk can read, soon, and none takes the
// program along: a good letter still opens at the end.
func TestTortureEndsInAResultOrAFault(t *testing.T) {
	const soon = 2 * time.Minute // generous: a crowded machine is slow
	rooms, err := route.New(route.Config{Program: os.Args[0], Readers: 2, ReaderMemory: 900 << 20, PageDeadline: soon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rooms.Close() })
	steps := []pipeline.Step{{Name: pipeline.StepOpen, Run: rooms.Scan.Step}}
	if *wholeTorture != "" {
		steps = rooms.Conversion()
	}
	ends := map[string][]string{}
	try := func(name, path string) {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		var blobs pipelinetest.Blobs
		doc, err := route.Walk(ctx, steps, pipeline.Document{Delivery: pipelinetest.PutFile(t, &blobs, path)}, &blobs)
		var f *pipeline.Fault
		switch {
		case ctx.Err() != nil:
			t.Errorf("%s: no end after %s", name, soon)
		case err == nil && len(doc.Pages) > 0:
			ends["a result"] = append(ends["a result"], name)
		case !errors.As(err, &f) || f.Verdict == pipeline.TryAgain || f.Text.DE == "" || f.Text.EN == "":
			t.Errorf("%s: %d pages, %v", name, len(doc.Pages), err)
		default:
			end := fmt.Sprintf("fault `%s`, verdict `%s`", f.Code, f.Verdict)
			ends[end] = append(ends[end], name)
		}
	}
	for _, root := range []string{pipelinetest.Corpus(t, "pdf-torture"), pipelinetest.Letter(t, "bad"), bentPictures(t)} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(filepath.Dir(root), path)
				try(rel, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	try("a good letter", pipelinetest.Letter(t, "letters/05-einspruch-bussgeldbescheid.pdf"))
	if last := ends["a result"]; len(last) == 0 || last[len(last)-1] != "a good letter" {
		t.Error("a good letter does not open any more")
	}
	var table strings.Builder
	table.WriteString("| end | files |\n|---|--:|\n")
	for _, end := range slices.Sorted(maps.Keys(ends)) {
		fmt.Fprintf(&table, "| %s | %d |\n", end, len(ends[end]))
		t.Logf("%s: %s", end, strings.Join(ends[end], ", "))
	}
	if *wholeTorture != "" {
		pipelinetest.WritePart(t, *wholeTorture, "torture", table.String())
	}
}

// bentPictures cuts pictures of every kind off at three places, and turns bytes of
// them round at two.
func bentPictures(t *testing.T) string {
	t.Helper()
	kinds, err := filepath.Glob(filepath.Join(pipelinetest.Root(t), "pipeline", "scan", "testdata", "kinds", "*"))
	if err != nil || len(kinds) == 0 {
		t.Fatalf("no pictures to bend: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "pictures")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range kinds {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(how string, b []byte) {
			if err := os.WriteFile(filepath.Join(dir, how+" "+filepath.Base(path)), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, quarter := range []int{1, 2, 3} {
			write(fmt.Sprintf("%d of 4 of", quarter), raw[:len(raw)*quarter/4])
		}
		for _, at := range []int{len(raw) / 3, 2 * len(raw) / 3} {
			bent := slices.Clone(raw)
			bent[at] ^= 0x5A
			write(fmt.Sprintf("byte %d of", at), bent)
		}
	}
	return dir
}
