package storage_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
)

// example gives a marked code block of the page that describes the format.
func example(t *testing.T, name string) []byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(pipelinetest.Root(t), "docs", "archive-format.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := bytes.Cut(page, []byte("<!-- example: "+name+" -->\n"))
	block := regexp.MustCompile("(?s)^```[a-z]+\n(.*?)```\n").FindSubmatch(after)
	if !found || block == nil {
		t.Fatalf("no example %s", name)
	}
	return block[1]
}

// TestFormatExamples reads the examples of docs/archive-format.md with the
// program and lays them down as an archive.
func TestFormatExamples(t *testing.T) {
	t.Parallel()
	raw := example(t, "manifest.json")
	m, err := storage.ParseManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc := m.Document()
	if doc.Delivery.Journal != "2026-000123" || len(doc.Pages) != 1 || doc.Filing.Department != "63" || len(doc.Record.Files) != 5 {
		t.Errorf("the example reads as %+v", doc)
	}
	// Every member of the example is one that the program writes.
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var strict storage.Manifest
	if err := d.Decode(&strict); err != nil {
		t.Errorf("the example has a member that the program does not know: %v", err)
	}

	s := openDir(t)
	words := example(t, "words.json")
	if _, err := s.Put(t.Context(), "w/words.json", bytes.NewReader(words), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	listed := map[string]pipeline.Blob{}
	for _, f := range doc.Record.Files {
		listed[f.Role] = f.Blob
	}
	for role, b := range map[string][]byte{storage.RoleWords: words, storage.RoleText: []byte("Guten Tag\n")} {
		if listed[role] != (pipeline.Blob{Digest: digest(b), Size: int64(len(b))}) {
			t.Errorf("the example's manifest lists another %s: %+v, has %d bytes %s", role, listed[role], len(b), digest(b))
		}
	}
	rec := pipeline.Record{Files: []pipeline.File{{Role: storage.RoleWords, Key: "w/words.json", Blob: listed[storage.RoleWords]}}}
	var got []string
	err = storage.NewArchive(s, options()).Words(t.Context(), rec, func(page int, text pipeline.PageText) error {
		for _, w := range text.Words {
			got = append(got, w.Text)
		}
		return nil
	})
	if err != nil || strings.Join(got, " ") != "Guten Tag" {
		t.Errorf("words %q, %v", got, err)
	}
}

// TestFormatExplained looks for every member that a manifest can have in the
// page: a member that is added to a type must be explained to strangers.
func TestFormatExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(pipelinetest.Root(t), "docs", "archive-format.md"))
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(string(page), -1) {
		explained[word] = true
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[storage.Manifest](), reflect.TypeFor[storage.Amendment]()} {
		for name := range members(typ, map[reflect.Type]bool{}) {
			if !explained[name] {
				t.Errorf("docs/archive-format.md does not mention %q", name)
			}
		}
	}
}

// members collects the JSON names of a type and of those in it.
func members(typ reflect.Type, seen map[reflect.Type]bool) map[string]bool {
	names := map[string]bool{}
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() == "time" {
		return names
	}
	seen[typ] = true
	for i := range typ.NumField() {
		f := typ.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names[name] = true
		}
		for name := range members(f.Type, seen) {
			names[name] = true
		}
	}
	return names
}

// TestFormatCheckedByHand checks an archived letter with the page's own command,
// without the program.
func TestFormatCheckedByHand(t *testing.T) {
	t.Parallel()
	pipelinetest.Program(t, "jq")
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	blobs := storage.NewBlobs(d)
	out := archive(t, d, letter(t, blobs, "hand"), blobs)
	run := func() (string, error) {
		cmd := exec.Command("sh", "-c", string(example(t, "check.sh")))
		cmd.Dir = filepath.Join(dir, out.Record.Prefix)
		got, err := cmd.CombinedOutput()
		return string(got), err
	}
	if got, err := run(); err != nil || strings.Count(got, ": OK\n") != 4 {
		t.Errorf("%v\n%s", err, got)
	}
	damage(t, dir, out.Record.Prefix+"words.json")
	if got, err := run(); err == nil {
		t.Errorf("a damaged file passed:\n%s", got)
	}
}
