package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// size says from which set on a sample takes part. Each set holds the smaller ones.
type size int

const (
	quick    size = iota // a minute or two: does it work at all?
	standard             // about a quarter of an hour on two cores: what docs/benchmarks.md shows
	full                 // all that there is, about half an hour
)

func (s size) String() string { return [...]string{"quick", "standard", "full"}[s] }

// sample is one file of the set. Path and truth lie under the project's
// testdata/letters or, where corpus is set, under the shared corpus.
type sample struct {
	path   string
	truth  string // file with the text that it is known to carry
	group  string // what the pages have in common, for the table
	size   size
	corpus bool
	noDPI  bool // the file does not tell a believable resolution: OCRmyPDF wants to be told
	mild   bool // German print in mild condition, see mild
	layer  bool // the order of its known text is that of a PDF's text layer, see layer
}

// samples is the fixed set: every letter of testdata/letters that is a scan, and
// those pages of the shared corpus whose text is known for the whole page. Left
// out are Fraktur, for which no contender has a model here, and the magazine page
// whose text is known in zones only.
var samples = []sample{
	mild(letter("01-rechnung-malerbetrieb.pdf", "office scan", standard)),
	{path: "02-hundesteuer-anmeldung.jpg", truth: "02-hundesteuer-anmeldung.txt", group: "phone", size: standard, noDPI: true},
	letter("03-grundsteuermessbetrag-finanzamt.tif", "bitonal, specks", standard),
	letter("04-widerspruch-strassenreinigung.tif", "show-through", standard),
	letter("05-einspruch-bussgeldbescheid.pdf", "skewed", quick),
	mild(letter("06-gewerbeanmeldung.png", "office scan", quick)),
	letter("07-wohnungsgeberbestaetigung.pdf", "turned", quick),
	mild(letter("08-anmeldung-meldeschein.pdf", "bitonal", standard)),
	letter("09-wohngeldantrag.pdf", "pale", standard),
	mild(letter("10-unterhaltsvorschuss.jpg", "office scan", standard)),
	mild(letter("11-kita-anmeldung.jpg", "office scan", standard)),
	mild(letter("12-bauantrag.pdf", "office scan", standard)),
	mild(letter("13-grabnutzungsrecht.jpg", "office scan", standard)),
	mild(letter("15-werbung-bueromoebel.jpg", "advertising", standard)),
	mild(letter("16-privatbrief.png", "office scan", standard)),
	mild(letter("17-stellungnahme-bebauungsplan.pdf", "office scan", standard)),
	letter("18-strassenaufbruch-stadtwerke.pdf", "turned", standard),

	mild(layer(derived("Antrag_auf_Bewilligung_von_Beratungshilfe_p2_g4.tif", "bitonal", full))),
	mild(derived("Hinweisblatt_Prozesskostenhilfe_p1_g4.tif", "bitonal", full)),
	derived("Hinweisblatt_Prozesskostenhilfe_p3_pale.jpg", "pale", full),
	mild(layer(derived("debian-reference.de_p40_clean.jpg", "clean print", full))),
	derived("debian-reference.de_p90_low.jpg", "150 dpi", standard),
	mild(derived("koma_briefwbk2_p1_g4.tif", "bitonal", full)),
	mild(layer(derived("koma_letter-21_p1_clean.jpg", "clean print", full))),
	layer(derived("koma_letter-9_p1_fax.tif", "fax", full)),
	derived("koma_satzung_p2_skew.jpg", "skewed", full),
	derived("letter-de_p1_rot180.tif", "turned", full),
	mild(layer(derived("zugferd_2p0_EN16931_Einfach_p1_clean.jpg", "clean print", full))),
	layer(derived("zugferd_2p0_EN16931_Miete_p1_fax.tif", "fax", full)),
	corpus("bebel_frau_1879_0146.tif", "bebel_frau_1879_0146.gt.txt", "book, 600 dpi", full),
	corpus("bebel_frau_1879_0186.tif", "bebel_frau_1879_0186.gt.txt", "book, 600 dpi", full),
	corpus("462875_0008.jpg", "462875_0008.gt.txt", "book, dark border", full),
	corpus("phototest-rotated-180.png", "phototest.gold.txt", "turned", full),
	corpus("phototest-rotated-L.png", "phototest.gold.txt", "turned", full),
	corpus("scan-letter-en.jpg", "letter-en.txt", "real scan, English", standard),
	corpus("scan-letter-en-pdf13.pdf", "letter-en.txt", "real scan, English", full),
}

func letter(name, group string, from size) sample {
	return sample{path: name, truth: withExt(name, ".txt"), group: group, size: from}
}

func corpus(name, truth, group string, from size) sample {
	return sample{path: "ocr-gt/" + name, truth: "ocr-gt/" + truth, group: group, size: from, corpus: true}
}

func derived(name, group string, from size) sample {
	return corpus("german-derived/"+name, "german-derived/"+withExt(name, ".gt.txt"), group, from)
}

// mild marks German machine print as an ordinary office scan or print-out has it. What
// was done to the page decides, and nothing else: it is no photograph, not full of
// specks, nothing shows through, it lies straight to 1 degree, its print is not pale, and
// all its pages stand upright. Letters are taken by what testdata/letters.tsv and
// testdata/make/recipes.py say of them, pages derived from German documents where
// the corpus calls them clean or g4 at 300 dpi. A file of which one page is worse is out as
// a whole, since its text is scored as a whole. What is mild stands across the groups.
func mild(s sample) sample {
	s.mild = true
	return s
}

// layer marks pages whose known text has the order of a PDF's text layer. The corpus
// says of these that reading order differs and words are to be counted, so that an edit
// distance in order says nothing about what was read.
func layer(s sample) sample {
	s.layer = true
	return s
}

// inMild says whether a file counts for the bar on German pages in mild condition.
func (s sample) inMild() bool { return s.mild && !s.layer }

func withExt(name, ext string) string { return strings.TrimSuffix(name, filepath.Ext(name)) + ext }

// name is how the tables call the file.
func (s sample) name() string { return filepath.Base(s.path) }

// entry is a sample found on this machine.
type entry struct {
	sample
	file  string // path of the file
	known string // the text it is known to carry
}

// find looks for the samples of a set. Letters of the project have to be there;
// where there is no corpus, its files are left out and missing tells how many.
func find(want size, letters, corpus string) (found []entry, missing int, err error) {
	if _, err := os.Stat(corpus); err != nil {
		corpus = ""
	}
	for _, s := range samples {
		if s.size > want {
			continue
		}
		dir := letters
		if s.corpus {
			if dir = corpus; dir == "" {
				missing++
				continue
			}
		}
		e := entry{sample: s, file: filepath.Join(dir, filepath.FromSlash(s.path))}
		if _, err := os.Stat(e.file); err != nil {
			return nil, 0, fmt.Errorf("looking for the set: %w", err)
		}
		known, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(s.truth)))
		if err != nil {
			return nil, 0, fmt.Errorf("reading the known text of %s: %w", s.path, err)
		}
		e.known = string(known)
		found = append(found, e)
	}
	return found, missing, nil
}
