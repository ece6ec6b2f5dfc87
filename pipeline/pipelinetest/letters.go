package pipelinetest

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// SampleLetter is a letter of testdata/letters with what is known about it: a
// row of testdata/letters.tsv and the text that the letter carries.
type SampleLetter struct {
	Name       string            // file name, "01-rechnung-malerbetrieb.pdf"
	Path       string            // absolute path of the file
	Texts      []string          // printed text of each page, one line a line; "" for a blank page
	Blank      []int             // pages that are blank backs, 1-based
	Turns      []int             // clockwise degrees (0, 90, 180, 270) that bring each page upright, beyond what the file itself asks for
	Department pipeline.DeptID   // department it belongs to; "" if Review
	Type       pipeline.TypeCode // document type it belongs to; "" if Review
	Review     bool              // no machine can place it: it must end in the review tray
	Kind       string            // kind of input, for people: "TIFF, bitonal CCITT G4, 300 dpi"
	Notes      string            // what is special about it
	Licence    string            // SPDX name of its licence
}

// BrokenFile is a file of testdata/bad, out of which no letter can come whole.
type BrokenFile struct {
	Name     string
	Path     string             // absolute path of the file
	Verdicts []pipeline.Verdict // any of these is right
	Fault    string             // what is wrong with it, in words
}

// Letters gives all sample letters in the order of testdata/letters.tsv.
func Letters(t testing.TB) []SampleLetter {
	t.Helper()
	var letters []SampleLetter
	for _, row := range table(t, "letters.tsv", 9) {
		l := SampleLetter{
			Name: row[0], Path: Letter(t, "letters/"+row[0]),
			Kind: row[6], Notes: row[7], Licence: row[8],
		}
		var err error
		if l.Blank, err = numbers(row[2]); err != nil {
			t.Fatalf("letters.tsv: %s: blank: %v", l.Name, err)
		}
		if l.Turns, err = numbers(row[5]); err != nil {
			t.Fatalf("letters.tsv: %s: turn: %v", l.Name, err)
		}
		if l.Review = row[4] == "review"; !l.Review {
			l.Department, l.Type = pipeline.DeptID(row[3]), pipeline.TypeCode(row[4])
		}
		text, err := os.ReadFile(strings.TrimSuffix(l.Path, filepath.Ext(l.Path)) + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for page := range strings.SplitSeq(string(text), "\f") {
			l.Texts = append(l.Texts, strings.TrimSuffix(page, "\n"))
		}
		if pages := strconv.Itoa(len(l.Texts)); pages != row[1] {
			t.Fatalf("letters.tsv: %s has %s pages, its text has %s", l.Name, row[1], pages)
		}
		letters = append(letters, l)
	}
	return letters
}

// BrokenFiles gives all files of testdata/bad in the order of testdata/bad.tsv.
func BrokenFiles(t testing.TB) []BrokenFile {
	t.Helper()
	var files []BrokenFile
	for _, row := range table(t, "bad.tsv", 3) {
		f := BrokenFile{Name: row[0], Path: Letter(t, "bad/"+row[0]), Fault: row[2]}
		for v := range strings.SplitSeq(row[1], "|") {
			f.Verdicts = append(f.Verdicts, pipeline.Verdict(v))
		}
		files = append(files, f)
	}
	return files
}

// table reads the rows of a table in testdata below its head.
func table(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(Letter(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, columns
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s is empty", name)
	}
	return rows[1:]
}

// numbers reads "1,2,3"; "-" is none.
func numbers(s string) ([]int, error) {
	if s == "-" {
		return nil, nil
	}
	var all []int
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", s, err)
		}
		all = append(all, n)
	}
	return all, nil
}
