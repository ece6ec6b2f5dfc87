package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pdfa/pdfatest"
)

// deliverable are the endings of what the writer's part takes.
var deliverable = []string{".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".heic"}

// claims are the rules that speak of what a file claims to be. Our files claim 2u
// whatever else they keep, so that these alone may break for the other flavours.
var claims = map[string][]string{"2u": nil, "2a": {"6.6.4-3"}, "ua1": {"5-1"}}

// group is the files that were made from one source.
type group struct {
	name   string
	made   []string
	kept   int            // were valid PDF/A already, or drawn: not the writer's work
	faults map[string]int // by code
}

// writer makes files from real and random inputs and asks the referee about each.
func (l *lab) writer(ctx context.Context) error {
	groups, err := l.writeReal(ctx)
	if err != nil {
		return err
	}
	random, err := l.writeRandom(ctx)
	if err != nil {
		return err
	}
	groups = append(groups, random)
	var all []string
	for _, g := range groups {
		all = append(all, g.made...)
	}
	l.own = all
	verdicts := map[string]map[string]pdfatest.Verdict{}
	for flavour := range claims {
		if verdicts[flavour], err = l.ask(ctx, flavour, all); err != nil {
			return err
		}
	}
	l.reportWriter(groups, verdicts)
	return nil
}

func (l *lab) writeReal(ctx context.Context) ([]*group, error) {
	var out []*group
	for _, src := range []struct{ name, root, folder string }{
		{"testdata/letters", "testdata", "letters"}, {"corpus/scans", l.corpus, "scans"},
		{"corpus/ocr-gt", l.corpus, "ocr-gt"}, {"corpus/barcodes", l.corpus, "barcodes"},
	} {
		files, err := inputs(src.root, deliverable, src.folder)
		if err != nil {
			return nil, err
		}
		g := &group{name: src.name, faults: map[string]int{}}
		err = l.each(ctx, files, func(ctx context.Context, _ int, f input) error { return l.writeOne(ctx, g, f) })
		if err != nil {
			return nil, err
		}
		slices.Sort(g.made)
		out = append(out, g)
	}
	return out, nil
}

func (l *lab) writeOne(ctx context.Context, g *group, f input) error {
	doc, err := l.convert(ctx, f)
	l.mu.Lock()
	defer l.mu.Unlock()
	var fault *pipeline.Fault
	switch {
	case errors.As(err, &fault):
		g.faults[fault.Code]++
		return nil
	case err != nil:
		return err
	case doc.PDF.Way != pipeline.WayComposed && doc.PDF.Way != pipeline.WayPictured:
		g.kept++
		return nil
	}
	path, err := l.fetch(ctx, doc.PDF.Digest, "made-"+strings.ReplaceAll(g.name+"-"+f.name, "/", "-")+".pdf")
	g.made = append(g.made, path)
	return err
}

// writeRandom lets the writer lay random words over random pictures on pages of
// any size that is allowed.
func (l *lab) writeRandom(ctx context.Context) (*group, error) {
	g := &group{name: "random inputs"}
	r := rand.New(rand.NewPCG(l.seed, 19005))
	for i := range l.random {
		path := filepath.Join(l.scratch, fmt.Sprintf("random-%d.pdf", i))
		if err := writeRandomFile(ctx, r, path); err != nil {
			return nil, fmt.Errorf("random file %d: %w", i, err)
		}
		g.made = append(g.made, path)
	}
	return g, nil
}

func writeRandomFile(ctx context.Context, r *rand.Rand, path string) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return pdfa.Write(ctx, out, randomMeta(r), randomLeaves(r, 1+r.IntN(3)))
}

func randomLeaves(r *rand.Rand, n int) iter.Seq2[pdfa.Leaf, error] {
	return func(yield func(pdfa.Leaf, error) bool) {
		for range n {
			leaf, err := randomLeaf(r)
			if !yield(leaf, err) || err != nil {
				return
			}
		}
	}
}

// Sides of a page, points (ISO 19005-2, 6.1.13).
const (
	minSide = 3.0
	maxSide = 14400.0
)

func randomLeaf(r *rand.Rand) (pdfa.Leaf, error) {
	most := 120
	if r.IntN(20) == 0 {
		most = 1200
	}
	raw, width, height, _, err := pdfatest.RandomPicture(r, most)
	if err != nil {
		return pdfa.Leaf{}, err
	}
	side := func() float64 { return math.Exp(r.Float64()*math.Log(maxSide/minSide)) * minSide }
	leaf := pdfa.Leaf{WidthPt: side(), HeightPt: side(), Turn: 90 * r.IntN(4),
		Image: pipeline.Image{Blob: pipeline.Blob{Size: int64(len(raw))}, Width: width, Height: height, Turn: 90 * r.IntN(4)},
		Open: func(context.Context) (pipeline.Content, error) {
			return content{io.NewSectionReader(strings.NewReader(string(raw)), 0, int64(len(raw)))}, nil
		}}
	if r.IntN(2) == 0 {
		leaf.Skew = r.Float64()*30 - 15
	}
	if r.IntN(5) > 0 {
		leaf.Text = pdfatest.RandomText(r, 1+r.IntN(3000), 1+r.IntN(3000))
	}
	return leaf, nil
}

type content struct{ *io.SectionReader }

func (content) Close() error { return nil }

func randomMeta(r *rand.Rand) pdfa.Meta {
	languages := []string{"deu+eng", "de-DE", "", "frk", "chi_sim", "nonsense!", "eng", "deu_latf"}
	return pdfa.Meta{
		Title: "Bescheid " + pdfatest.RandomWord(r), Language: languages[r.IntN(len(languages))],
		Created: time.Unix(r.Int64N(4e9), r.Int64N(1e9)), Document: pipeline.DocID(pdfatest.RandomWord(r)),
		Engine: "tesseract " + pdfatest.RandomWord(r), Words: r.IntN(1000), Confidence: r.Float64(),
		SourcePages: pdfatest.RandomWord(r), Journal: pdfatest.RandomWord(r), Author: pdfatest.RandomWord(r),
	}
}

// broken are the rules that a file breaks, but for what it claims to be.
func broken(v pdfatest.Verdict, flavour string) []string {
	return slices.DeleteFunc(slices.Clone(v.Rules), func(rule string) bool { return slices.Contains(claims[flavour], rule) })
}

func (l *lab) reportWriter(groups []*group, verdicts map[string]map[string]pdfatest.Verdict) {
	t := newTable("made from", "files", "pass 2u", "keep the rules of 2a", "of UA-1", "kept or repaired instead", "refused")
	rules := map[string]int{}
	made, pass := 0, map[string]int{}
	for _, g := range groups {
		good := map[string]int{}
		for _, path := range g.made {
			for flavour := range claims {
				b := broken(verdicts[flavour][path], flavour)
				if len(b) == 0 {
					good[flavour]++
					pass[flavour]++
				}
				for _, rule := range b {
					rules[flavour+" "+rule]++
				}
			}
		}
		made += len(g.made)
		t.row(g.name, fmt.Sprint(len(g.made)), share(good["2u"], len(g.made)), share(good["2a"], len(g.made)), share(good["ua1"], len(g.made)),
			fmt.Sprint(g.kept), counts(g.faults))
	}
	text := "## What our writer makes, before the referee\n\n" + t.String() + "\n" +
		"Files claim level U; for the columns 2a and UA-1 the rules that speak of the claim itself (6.6.4-3, 5-1) are left out.\n\n"
	if len(rules) > 0 {
		text += "Broken: " + counts(rules) + ".\n\n"
	}
	text += l.bar(pass["2u"] == made, "every file passes 2u: "+share(pass["2u"], made)) +
		l.bar(pass["2a"] == made && pass["ua1"] == made, "every file keeps the machine rules of 2a ("+share(pass["2a"], made)+") and UA-1 ("+share(pass["ua1"], made)+")")
	l.sections["writer"] = text
}

// counts is "3 a, 1 b".
func counts(m map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%d %s", m[k], k))
	}
	return strings.Join(out, ", ")
}
