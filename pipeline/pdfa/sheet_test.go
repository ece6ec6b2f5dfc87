package pdfa_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

// sheetOf sets a sheet with everything a sheet can hold.
func sheetOf(t *testing.T, rows int) []byte {
	t.Helper()
	s, err := pdfa.NewSheet(pdfa.Meta{Title: "Gespartes Papier 2026", Language: "de-DE", Created: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	s.Foot("Musterstadt · Bericht R-7")
	s.Heading(1, "Gespartes Papier 2026")
	s.Paragraph("Größe, Übergänge, Straße – „angeführt“ … 12,5 kg CO₂e; −0,3 kg. "+strings.Repeat("Ein langer Satz mit Wörtern. ", 12), pdfa.Text{})
	s.Paragraph("Einhundertundsiebzehnzeilenumbruchsversuch"+strings.Repeat("donaudampfschiff", 20), pdfa.Text{Size: 12, Bold: true})
	s.Heading(2, "Nach Monat")
	s.Figure(90, "Balken: Januar 3 Blatt, Februar −1 Blatt", func(p *pdfa.Picture) {
		p.Rect(60, 5, 200, 20, pdfa.Colour{R: 0.11, G: 0.42, B: 0.25})
		p.Rect(40, 35, 20, 20, pdfa.Colour{R: 0.6, G: 0.1, B: 0.1})
		p.Line(60, 0, 60, 80, 1, pdfa.Colour{})
		p.Text(0, 20, "Januar", pdfa.Text{Size: 8})
	})
	table := pdfa.Table{Caption: "Blatt nach Monat", Head: []string{"Monat", "Blatt", "CO₂e"}, Widths: []float64{2, 1, 1}, Right: []bool{false, true, true}, Header: true, Strong: map[int]bool{rows - 1: true}}
	for range rows {
		table.Rows = append(table.Rows, []string{"Januar mit einer langen Bezeichnung, die umbricht und weitergeht", "1.234,5", "12 kg"})
	}
	s.Table(table)
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSheetIsPDFA holds sheets of one page and of several against our gate and the
// referee, as PDF/A-2a, PDF/A-2u and PDF/UA-1.
func TestSheetIsPDFA(t *testing.T) {
	var paths []string
	for name, rows := range map[string]int{"one.pdf": 3, "many.pdf": 90} {
		raw := sheetOf(t, rows)
		if !bytes.Equal(raw, sheetOf(t, rows)) {
			t.Errorf("%s: the same sheet gives other bytes", name)
		}
		for _, flavour := range []string{"2u", "2a"} {
			v, err := gate.Validate(context.Background(), bytes.NewReader(raw), int64(len(raw)), flavour)
			if err != nil || !v.Valid {
				t.Errorf("%s, %s: %+v %v", name, flavour, v.Breaks, err)
			}
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	text, err := exec.Command(pipelinetest.Program(t, "pdftotext"), paths[0], "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Größe, Übergänge, Straße – „angeführt“ … 12,5 kg CO₂e; −0,3 kg.", "Musterstadt · Bericht R-7", "1.234,5"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	for _, flavour := range []string{"2u", "2a", "ua1"} {
		for path, v := range pdfatest.Verdicts(t, flavour, paths...) {
			if !v.Valid {
				t.Errorf("%s as %s: %v", filepath.Base(path), flavour, v.Rules)
			}
		}
	}
}

func TestSheetNeedsATitle(t *testing.T) {
	if _, err := pdfa.NewSheet(pdfa.Meta{Language: "de-DE"}); err == nil {
		t.Error("a sheet without a title")
	}
}
