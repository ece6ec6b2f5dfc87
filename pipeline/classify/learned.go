package classify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify/learn"
)

// Confirmed is a letter that a person has filed: the only thing that the room
// learns from. The room's own guesses are never examples.
type Confirmed struct {
	Pages []pipeline.PageText
	Type  pipeline.TypeCode
}

// leastExamples is how many confirmed letters a type needs before the model
// speaks of it. Under it the cues stand alone for the type.
const leastExamples = 5

// Learn makes a model from confirmed letters, with what the cues of this room say
// about each as further evidence. Letters of types that the room does not know,
// and letters that nobody could place, are left out. precision is the share of
// letters filed without a person that are to be right, 0 to 1; 0 is 0.97. It
// answers [learn.ErrTooFew] while there is too little to learn from.
func (r *Room) Learn(ctx context.Context, letters []Confirmed, precision float64) (*learn.Model, error) {
	examples := make([]learn.Example, 0, len(letters))
	for _, c := range letters {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("learning: %w", err)
		}
		if r.tax.index(c.Type) < 0 || c.Type == Unclear {
			continue
		}
		l := readLetter(c.Pages)
		s := r.score(l, r.matcher.find(l), routedBy(r.extract(l)))
		text, _ := l.text()
		examples = append(examples, learn.Example{Text: text, Class: string(c.Type), Prior: r.prior(s)})
	}
	m, err := learn.Train(ctx, examples, learn.Options{Least: leastExamples, Precision: precision, None: true})
	if err != nil {
		return nil, fmt.Errorf("learning: %w", err)
	}
	return m, nil
}

// Use lets the room sort with a model from now on; nil goes back to the cues
// alone. Letters that are being classified finish with what they began with.
func (r *Room) Use(m *learn.Model) { r.model.Store(m) }

// Version names what the room sorts with: the tables, and the model if there is
// one.
func (r *Room) Version() string { return r.versionWith(r.model.Load()) }

// Basis names the tables alone: a model is made on top of them.
func (r *Room) Basis() string { return r.tax.Version }

func (r *Room) versionWith(m *learn.Model) string {
	if m == nil {
		return r.tax.Version
	}
	return r.tax.Version + " " + m.Version()
}

// place is where a word of a learn.Text stands.
type wordPlace struct{ page, word int }

// text gives the words of a letter for learning. The address block of the
// receiver is left out: it names people and says nothing about the letter.
func (l *letter) text() (learn.Text, []wordPlace) {
	var t learn.Text
	var places []wordPlace
	for _, ln := range l.lines {
		if ln.zone == zoneAddress {
			continue
		}
		for w := ln.first; w < ln.last; w++ {
			t.Words = append(t.Words, l.pages[ln.page].Words[w].Text)
			t.Loud = append(t.Loud, ln.zone == zoneSubject || ln.zone == zoneHeading)
			places = append(places, wordPlace{ln.page, w})
		}
	}
	return t, places
}

// prior is what the cues say about each type, in nats.
func (r *Room) prior(s scores) map[string]float64 {
	prior := map[string]float64{learn.NoClass: s.none}
	for _, v := range s.verdicts {
		prior[string(r.tax.Types[v.typ].Code)] = v.score
	}
	return prior
}

// weighIn replaces the confidences of the cues by those of the model, which was
// trained with the same evidence beside the words. Types that only the model
// speaks for join the verdicts. A letter without the marks of one stays under the
// cap of the cues, unless the words alone speak for the type.
func (r *Room) weighIn(m *learn.Model, l *letter, s *scores) {
	text, places := l.text()
	byType := map[int]verdict{}
	for _, v := range s.verdicts {
		byType[v.typ] = v
	}
	s.verdicts = s.verdicts[:0]
	for _, g := range m.Guesses(text, r.prior(scores{verdicts: valuesOf(byType), none: s.none})) {
		typ := r.tax.index(pipeline.TypeCode(g.Class))
		if typ < 0 {
			continue // a type that the tables no longer have
		}
		v, cued := byType[typ]
		if !cued {
			v = verdict{typ: typ}
		}
		v.confidence = g.Confidence
		if g.Margin <= 0 {
			v.confidence = min(v.confidence, s.most)
		}
		v.threshold = g.Threshold
		for _, w := range g.Words {
			v.words = append(v.words, places[w.At])
		}
		s.verdicts = append(s.verdicts, v)
	}
	slices.SortStableFunc(s.verdicts, func(a, b verdict) int { return cmp.Compare(b.confidence, a.confidence) })
}

func valuesOf(m map[int]verdict) []verdict {
	out := make([]verdict, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// reasonsAtMost is how many reasons stand beside a candidate.
const reasonsAtMost = 6

// wordReasons are the words that moved the model most, as reasons. Words that a
// cue has named already are left out.
func (l *letter) wordReasons(v verdict, have []pipeline.Reason) []pipeline.Reason {
	for _, at := range v.words {
		if len(have) >= reasonsAtMost {
			break
		}
		w := l.pages[at.page].Words[at.word]
		if slices.ContainsFunc(have, func(r pipeline.Reason) bool { return r.Page == at.page+1 && inside(w.Box, r.Box) }) {
			continue
		}
		have = append(have, pipeline.Reason{Cue: Mask(w.Text, ""), Page: at.page + 1, Box: w.Box})
	}
	return have
}

func inside(a, b pipeline.Box) bool {
	return a.X0 >= b.X0 && a.X1 <= b.X1 && a.Y0 >= b.Y0 && a.Y1 <= b.Y1
}
