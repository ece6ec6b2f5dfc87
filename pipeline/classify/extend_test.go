package classify_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

func tables(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// TestExtend adds a department, types, cues and payment references without code.
// What hangs on a type reaches the filing and the remarks.
func TestExtend(t *testing.T) {
	seed, err := classify.Seed()
	if err != nil {
		t.Fatal(err)
	}
	tax, payments, err := classify.Extend(seed, tables(map[string]string{
		"departments.tsv": "id\tname\tcues\n83\tStadtbücherei\tStadtbücherei;Bücherei\n",
		"types.tsv": "# eigene Typen\r\ncode\tdepartment\tname\tyears\thandling\tprotection\r\n" +
			"83-NUTZER\t83\tBüchereiausweis\t2\toriginal_behalten\tnormal\r\n" +
			"83-SPENDE\t83\tBuchspende\t0,5\tnicht_oeffnen\tsehr_hoch\r\n",
		"cues.tsv":          "type\tcue\tweight\teffect\n83-NUTZER\tBüchereiausweis*\t7\t\n83-NUTZER\tLeseausweis\t\t\n83-SPENDE\tBuchspende*\t9\texpress\n22-HUND\tWauwau*\t6\n",
		"kassenzeichen.tsv": "pattern\tcheck\tdepartment\n83\\.\\d{6}\t\t83\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if tax.Version == seed.Version || len(seed.Types)+2 != len(tax.Types) {
		t.Errorf("version %s, %d types", tax.Version, len(tax.Types))
	}
	r, err := classify.New(classify.Config{Taxonomy: tax, Town: classify.Town{Name: "Ahrenbrück", Kassenzeichen: payments}})
	if err != nil {
		t.Fatal(err)
	}
	blobs := &pipelinetest.Blobs{}
	letter := "Erna Beispiel\nBirkenweg 4\n12345 Ahrenbrück\n\nStadtbücherei Ahrenbrück\n12345 Ahrenbrück\n\n%\n\nSehr geehrte Damen und Herren,\n\n%\n\nMit freundlichen Grüßen\nErna Beispiel"
	doc, err := r.Step(t.Context(), document(t, blobs, strings.ReplaceAll(letter, "%", "Verlängerung Büchereiausweis, Leseausweis 83.100200"), 1), blobs)
	if err != nil || doc.Filing.Type != "83-NUTZER" || doc.Filing.Department != "83" || doc.Filing.RetainFor.Years != 2 ||
		doc.Filing.Handling != classify.HandlingKeepPaper || doc.Filing.Protection != "normal" || !hasRemark(doc, "keep-paper") {
		t.Errorf("%v, %+v, %+v", err, doc.Filing, doc.Remarks)
	}
	doc, err = r.Step(t.Context(), document(t, blobs, strings.ReplaceAll(letter, "%", "Buchspende"), 1), blobs)
	if err != nil || doc.Filing.Type != "83-SPENDE" || doc.Filing.Handling != classify.HandlingExpress || doc.Filing.Protection != "sehr_hoch" ||
		!hasRemark(doc, "express") || !hasRemark(doc, "do-not-open") {
		t.Errorf("%v, %+v, %+v", err, doc.Filing, doc.Remarks)
	}
	if dog := r.Classify(typeset(strings.ReplaceAll(letter, "%", "Mein Wauwau"), 0.96)); dog.Type != "22-HUND" {
		t.Errorf("a further cue of a type that was there: %+v", dog)
	}
	if same := room(t).Classify(typeset(strings.ReplaceAll(letter, "%", "Mein Wauwau"), 0.96)); same.Type == "22-HUND" {
		t.Error("the tables of one town reached another")
	}
}

func hasRemark(doc pipeline.Document, code string) bool {
	for _, m := range doc.Remarks {
		if m.Code == code && m.Text.DE != "" && m.Text.EN != "" {
			return true
		}
	}
	return false
}

// TestExtendRefuses tells an administrator what is wrong, and where.
func TestExtendRefuses(t *testing.T) {
	seed, err := classify.Seed()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, text, want string }{
		{"readme.txt", "nothing", "none of the tables"},
		{"types.tsv", "code\tdepartment\n", "line 1: the column name is missing"},
		{"types.tsv", "code\tdepartment\tname\tcolour\n", `line 1: unknown column "colour"`},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t32\t\t5\n", "line 2: the column name is empty"},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t99\tNeu\t5\n", "line 2: type 32-NEU: unknown department"},
		{"types.tsv", "code\tdepartment\tname\tyears\n../x\t32\tNeu\t5\n", "line 2: \"../x\" is no code"},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t32\tNeu\tfünf\n", `line 2: years: "fünf" is no number`},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t32\tNeu\t\n", "line 2: neither years"},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t32\tNeu\t5\n32-NEU\t32\tNeu\t5\n", "line 3: \"32-NEU\" stands in line 2 already"},
		{"types.tsv", "code\tdepartment\tname\tyears\tprotection\n32-NEU\t32\tNeu\t5\tgeheim\n", "line 2: type 32-NEU: unknown need for protection"},
		{"types.tsv", "code\tdepartment\tname\tyears\n32-NEU\t32\tNeu\t5\t6\n", "line 2: 5 columns, the header has 4"},
		{"cues.tsv", "type\tcue\n32-NEU\tNeues\n", `line 2: there is no document type "32-NEU"`},
		{"cues.tsv", "type\tcue\tweight\n32-OWI\tNeues\t99\n", "line 2: the weight"},
		{"cues.tsv", "type\tcue\n32-OWI\t*\n", "line 2: \"*\" is no cue"},
		{"cues.tsv", "type\tcue\teffect\n32-OWI\tNeues\tfast\n", "line 2: unknown effect"},
		{"departments.tsv", "id\tname\tcues\n83\tBücherei\t!!!\n", "line 2: \"!!!\" is no cue"},
		{"kassenzeichen.tsv", "pattern\n(\n", "line 2: the pattern"},
		{"kassenzeichen.tsv", "pattern\tdepartment\n\\d+\t99\n", "line 2: there is no department"},
	} {
		_, _, err := classify.Extend(seed, tables(map[string]string{c.file: c.text}))
		var f *pipeline.Fault
		if !errors.As(err, &f) || !strings.Contains(f.Text.EN, c.want) || f.Text.DE == "" || f.Text.DE == f.Text.EN {
			t.Errorf("%s %q: %v, want %q", c.file, c.text, err, c.want)
		}
	}
}

// FuzzExtend holds that no table of a town, however broken, breaks the room.
func FuzzExtend(f *testing.F) {
	seed, err := classify.Seed()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("code\tdepartment\tname\tyears\n32-NEU\t32\tNeu\t5\n", "type\tcue\n32-NEU\t§ 5 X…\n", "pattern\n\\d\n")
	f.Fuzz(func(t *testing.T, types, cues, payments string) {
		tax, k, err := classify.Extend(seed, tables(map[string]string{"types.tsv": types, "cues.tsv": cues, "kassenzeichen.tsv": payments}))
		if err != nil {
			return
		}
		r, err := classify.New(classify.Config{Taxonomy: tax, Town: classify.Town{Kassenzeichen: k}})
		if err != nil {
			t.Fatalf("a taxonomy that passed makes no room: %v", err)
		}
		_ = r.Classify(pipeline.FromPlainText(cues))
	})
}
