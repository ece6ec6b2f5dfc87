package classify_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestRealText runs over real German text that is no letter to a town hall:
// none of it may be filed, however much it speaks of taxes, dogs and
// development plans.
func TestRealText(t *testing.T) {
	r := room(t)
	for _, src := range []struct {
		file string
		read func(testing.TB, string) []string
		most float64 // share that may be filed
	}{
		{"text/musterdatenkatalog/train.tsv", catalogueTexts, 0.012},
		{"text/germeval2018/germeval2018.training.txt", tweets, 0.001},
		{"search/covidqa_question_similarity_de.csv", questions, 0.001},
		{"search/xquad.de.dev.json", paragraphs, 0.001},
	} {
		t.Run(src.file, func(t *testing.T) {
			texts := src.read(t, pipelinetest.Corpus(t, src.file))
			if len(texts) < 50 {
				t.Fatalf("only %d texts", len(texts))
			}
			filed := map[pipeline.TypeCode]int{}
			n := 0
			for _, text := range texts {
				if f := r.Classify(typeset(text, 0.97)); f.Sure {
					n++
					if filed[f.Type]++; filed[f.Type] < 4 {
						t.Logf("%s %.3f: %.160q", f.Type, f.Confidence, text)
					}
				}
			}
			t.Logf("%d texts, %d filed: %v", len(texts), n, filed)
			if share(n, len(texts)) > src.most {
				t.Errorf("%.4f of the texts were filed, at most %.4f may be", share(n, len(texts)), src.most)
			}
		})
	}
}

func catalogueTexts(t testing.TB, path string) []string {
	t.Helper()
	var out []string
	for i, line := range lines(t, path) {
		if cells := strings.Split(line, "\t"); i > 0 && len(cells) >= 6 {
			out = append(out, cells[4]+"\n\n"+cells[5])
		}
	}
	return out
}

func tweets(t testing.TB, path string) []string {
	t.Helper()
	var out []string
	for _, line := range lines(t, path) {
		text, _, _ := strings.Cut(line, "\t")
		out = append(out, text)
	}
	return out
}

func questions(t testing.TB, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows {
		out = append(out, strings.Join(row, "\n\n"))
	}
	return out
}

func paragraphs(t testing.TB, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var squad struct {
		Data []struct {
			Paragraphs []struct{ Context string }
		}
	}
	if err := json.Unmarshal(raw, &squad); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range squad.Data {
		for _, p := range d.Paragraphs {
			out = append(out, p.Context)
		}
	}
	return out
}

func lines(t testing.TB, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		out = append(out, sc.Text())
	}
	return out
}

// TestRealFiles files real German PDFs with their own text and layout.
func TestRealFiles(t *testing.T) {
	tool := pipelinetest.Program(t, "pdftotext")
	r := room(t)
	for _, c := range []struct {
		file string
		want pipeline.TypeCode // "" is: not sure of anything
	}{
		{"german/rechnung/zugferd_2p0_EN16931_Einfach.pdf", "20-RECH"},
		{"german/rechnung/zugferd_2p0_EN16931_Miete.pdf", "20-RECH"},
		{"german/rechnung/zugferd_2p0_EN16931_Physiotherapeut.pdf", "20-RECH"},
		{"german/rechnung/zugferd_2p0_EN16931_Rechnungskorrektur.pdf", "20-RECH"},
		{"german/rechnung/zugferd_2p0_EN16931_Kraftfahrversicherung_Bruttopreise.pdf", "20-RECH"},
		{"german/rechnung/zugferd_2p0_EN16931_SEPA_Prenotification.pdf", "20-RECH"},
		{"german/rechnung/MustangGnuaccountingBeispielRE-20201121_508.pdf", ""}, // English,
		{"german/koma_letter-0.pdf", ""},
		{"german/koma_letter-9.pdf", ""},
		{"german/koma_letter-21.pdf", ""},
		{"german/koma_briefwbk2.pdf", ""},
		{"german/koma_satzung.pdf", ""},
		{"german/Antrag_auf_Bewilligung_von_Beratungshilfe.pdf", ""},
		{"german/Hinweisblatt_Prozesskostenhilfe.pdf", ""},
		{"german/GeoTopo-komprimiert.pdf", ""},
		{"german/debian-reference.de.pdf", ""},
		{"ocr-gt/letter-de.pdf", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			pages := bboxPages(t, tool, pipelinetest.Corpus(t, c.file))
			f := r.Classify(pages)
			t.Logf("%s %.3f sure=%v %s", f.Type, f.Confidence, f.Sure, explain(f.Candidates))
			for _, x := range f.Fields {
				t.Logf("  %s = %q %.2f %v", x.Name, x.Value, x.Confidence, x.Checked)
			}
			if f.Sure && f.Type != c.want {
				t.Errorf("filed as %s with %.3f", f.Type, f.Confidence)
			}
			if c.want != "" && f.Type != c.want {
				t.Errorf("best type %s, want %s", f.Type, c.want)
			}
		})
	}
}

// bboxPages reads the words of a PDF with their boxes through poppler.
func bboxPages(t testing.TB, tool, path string) []pipeline.PageText {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool, "-bbox-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return parseBBox(t, string(out))
}
