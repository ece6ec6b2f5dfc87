package pdfa

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

var (
	randomFiles = flag.Int("random", 200, "how many random files TestRandomFilesPassTheReferee writes")
	randomSeed  = flag.Uint64("random-seed", 2, "where their randomness starts")
)

func randomPicture(t testing.TB, r *rand.Rand) (raw []byte, width, height int, kind string) {
	t.Helper()
	raw, width, height, kind, err := pdfatest.RandomPicture(r, 120)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return raw, width, height, kind
}

func randomLeaf(t testing.TB, r *rand.Rand) (Leaf, string) {
	raw, width, height, kind := randomPicture(t, r)
	side := func() float64 { // log-uniform over all that is allowed
		return math.Exp(r.Float64()*math.Log(maxSide/minSide)) * minSide
	}
	leaf := Leaf{
		WidthPt: side(), HeightPt: side(), Turn: 90 * r.IntN(4), Open: openBytes(raw),
		Image: pipeline.Image{Width: width, Height: height, Turn: 90 * r.IntN(4)},
	}
	if r.IntN(2) == 0 {
		leaf.Skew = r.Float64()*30 - 15
	}
	if r.IntN(5) > 0 {
		leaf.Text = pdfatest.RandomText(r, 1+r.IntN(3000), 1+r.IntN(3000))
	}
	return leaf, kind
}

func randomMeta(r *rand.Rand) Meta {
	languages := []string{"deu+eng", "de-DE", "", "frk", "chi_sim", "nonsense!", "eng", "deu_latf"}
	m := Meta{
		Title: pdfatest.RandomWord(r) + " " + pdfatest.RandomWord(r), Language: languages[r.IntN(len(languages))],
		Created: time.Unix(r.Int64N(4e9), r.Int64N(1e9)), Document: pipeline.DocID(pdfatest.RandomWord(r)),
	}
	if r.IntN(2) == 0 {
		m.Engine, m.Words, m.Confidence = "tesseract "+pdfatest.RandomWord(r), r.IntN(1000), r.Float64()
		m.SourceDigest, m.SourcePages, m.Journal, m.Author = pipeline.Digest(pdfatest.RandomWord(r)), pdfatest.RandomWord(r), pdfatest.RandomWord(r), pdfatest.RandomWord(r)
	}
	return m
}

func TestRandomFilesPassTheReferee(t *testing.T) {
	pipelinetest.Program(t, "verapdf")
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(*randomSeed, 19005))
	kinds := map[string]int{}
	var paths []string
	for i := range *randomFiles {
		leaves := make([]Leaf, 1+r.IntN(3))
		for j := range leaves {
			var kind string
			leaves[j], kind = randomLeaf(t, r)
			kinds[kind]++
		}
		paths = append(paths, keep(t, dir, fmt.Sprintf("%d.pdf", i), writeTest(t, claim2u, randomMeta(r), leaves...)))
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
		}
	}
	t.Logf("%d files of %d kinds of picture: %v", len(paths), len(kinds), kinds)
}

// TestTagsKeepTheHigherRules lets files claim what only a person may promise, to
// see that the machine has no objection.
func TestTagsKeepTheHigherRules(t *testing.T) {
	for flavour, claim := range map[string]xmpClaim{
		"2a":  {Part: 2, Level: "A"},
		"ua1": {Part: 2, Level: "U", UA: true},
	} {
		t.Run(flavour, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 14289))
			dir := t.TempDir()
			var paths []string
			for i := range 12 {
				leaf, _ := randomLeaf(t, r)
				second, _ := randomLeaf(t, r)
				meta := randomMeta(r)
				meta.Title = "Bescheid"
				paths = append(paths, keep(t, dir, fmt.Sprintf("%d.pdf", i), writeTest(t, claim, meta, leaf, second)))
			}
			for path, v := range pdfatest.Verdicts(t, flavour, paths...) {
				if !v.Valid {
					t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
				}
			}
		})
	}
}

func TestTheRefereeSeesDamage(t *testing.T) {
	// A check that cannot fail is none: what the writer takes care of is undone.
	whole := writeTest(t, claim2u, testMeta(), blankLeaf(t, layLines([]string{"Wort"})))
	dir := t.TempDir()
	want := map[string]string{}
	for name, change := range map[string][3]string{
		"version":  {"%PDF-1.7", "%PDF-2.0", "6.1.2-1"},
		"length":   {"/N 3 /Filter /FlateDecode /Length 7", "/N 3 /Filter /FlateDecode /Length 6", "6.1.7.1-1"},
		"identity": {"/ID [", "/IX [", "6.1.3-1"},
		"part":     {"<pdfaid:part>2", "<pdfaid:part>3", "6.6.4-2"},
		"intent":   {"GTS_PDFA1", "GTS_PDFX1", "6.2.4.3-4"},
		"property": {"<bw:engine>", "<bw:motor1>", "6.6.2.3.1-1"},
		"mapping":  {"/CIDToGIDMap ", "/CIDToGIDMop ", "6.2.11.3.2-1"},
	} {
		if !bytes.Contains(whole, []byte(change[0])) {
			t.Fatalf("%s: %q is not in the file", name, change[0])
		}
		damaged := bytes.ReplaceAll(whole, []byte(change[0]), []byte(change[1]))
		damaged = bytes.ReplaceAll(damaged, []byte("</bw:engine>"), []byte(map[bool]string{true: "</bw:motor1>", false: "</bw:engine>"}[name == "property"]))
		want[keep(t, dir, name+".pdf", damaged)] = change[2]
	}
	var paths []string
	for path := range want {
		paths = append(paths, path)
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if v.Valid || !slices.Contains(v.Rules, want[path]) {
			t.Errorf("%s: valid %t, breaks %v, want %s", filepath.Base(path), v.Valid, v.Rules, want[path])
		}
	}
}
