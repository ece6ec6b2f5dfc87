package main

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"html"
	"os"
	"path/filepath"
	"strings"

	"blattwerk/pipeline/classify/learn"
)

// corpus is a set of texts with the class of each.
type corpus struct {
	name     string
	examples []learn.Example
	topics   []string // of each text, finer than the class; nil if there are none
	test     []learn.Example
	bars     learn.Figures // figures to reach
}

// part is one division of a corpus.
type part struct{ train, test []learn.Example }

const folds = 5

// parts are the divisions to measure on: the corpus's own where the other half
// lies beside it, else each fifth in turn, drawn by the hash of its text.
func (c corpus) parts() []part {
	if len(c.test) > 0 {
		return []part{{c.examples, c.test}}
	}
	out := make([]part, folds)
	for _, e := range c.examples {
		own := foldOf(e)
		for f := range out {
			if f == own {
				out[f].test = append(out[f].test, e)
			} else {
				out[f].train = append(out[f].train, e)
			}
		}
	}
	return out
}

func foldOf(e learn.Example) int { return int(hashOf(e) % folds) }

func hashOf(e learn.Example) uint64 {
	h := fnv.New64a()
	for _, w := range e.Words {
		_, _ = h.Write([]byte(w)) // never fails
	}
	return h.Sum64() ^ h.Sum64()>>29
}

// readCatalogue reads the Musterdatenkatalog: titles and descriptions of open
// data of towns, by theme.
func readCatalogue(folder string) (corpus, error) {
	c := corpus{name: "Musterdatenkatalog", bars: learn.Figures{Accuracy: 0.88, MacroF1: 0.80, ECE: 0.05}}
	read := func(file string) ([]learn.Example, []string, error) {
		var out []learn.Example
		var topics []string
		err := eachLine(filepath.Join(folder, "text", "musterdatenkatalog", file), func(n int, cells []string) error {
			if n == 0 {
				return nil
			}
			if len(cells) < 6 {
				return fmt.Errorf("line %d has %d columns", n+1, len(cells))
			}
			title, body := strings.Fields(html.UnescapeString(cells[4])), strings.Fields(html.UnescapeString(cells[5]))
			loud := make([]bool, len(title)+len(body))
			for i := range title {
				loud[i] = true
			}
			out = append(out, learn.Example{Text: learn.Text{Words: append(title, body...), Loud: loud}, Class: cells[2]})
			topics = append(topics, cells[3])
			return nil
		})
		return out, topics, err
	}
	var err error
	if c.examples, c.topics, err = read("train.tsv"); err != nil {
		return c, err
	}
	c.test, _, err = read("test.tsv")
	return c, absent(err)
}

// readTweets reads GermEval 2018, coarse: offensive or other.
func readTweets(folder string) (corpus, error) {
	c := corpus{name: "GermEval 2018, coarse", bars: learn.Figures{Accuracy: 0.76, ECE: 0.05}}
	read := func(file string) ([]learn.Example, error) {
		var out []learn.Example
		err := eachLine(filepath.Join(folder, "text", "germeval2018", file), func(n int, cells []string) error {
			if len(cells) < 2 {
				return fmt.Errorf("line %d has %d columns", n+1, len(cells))
			}
			out = append(out, learn.Example{Text: learn.Text{Words: strings.Fields(cells[0])}, Class: cells[1]})
			return nil
		})
		return out, err
	}
	var err error
	if c.examples, err = read("germeval2018.training.txt"); err != nil {
		return c, err
	}
	c.test, err = read("germeval2018.test.txt")
	return c, absent(err)
}

// absent forgives a file that is not there.
func absent(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func eachLine(path string, each func(n int, cells []string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for n := 0; sc.Scan(); n++ {
		if err := each(n, strings.Split(sc.Text(), "\t")); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return sc.Err()
}
