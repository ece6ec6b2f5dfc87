package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/classify/learn"
)

// step is how the first guess fares with so many confirmed examples a class.
type step struct {
	examples int // a class; 0 is the cues alone, -1 all of the training part
	figures  learn.Figures
	open     float64 // calibration error where each fifth of the classes in turn is unknown to the model
	right    float64 // share of right ones among those over their thresholds
	decided  float64 // share over their thresholds
}

// confirm shows what confirmed examples add to cues, on the catalogue's themes:
// the cues are the names of the themes and their topics as the catalogue's
// editors published them, which is what an administrator would write down on the
// first day; the examples and the texts to sort are what towns wrote. Every text
// goes through the same room that sorts letters.
func confirm(ctx context.Context, c corpus) ([]step, error) {
	tax := topicCues(c)
	p := c.parts()[0]
	var out []step
	for _, n := range []int{0, 5, 10, 20, -1} {
		room, err := classify.New(classify.Config{Taxonomy: tax})
		if err != nil {
			return nil, fmt.Errorf("the themes as a taxonomy: %w", err)
		}
		if n != 0 {
			train := p.train
			if n > 0 {
				train = firstOf(p.train, n)
			}
			m, err := room.Learn(ctx, confirmed(train, tax), 0)
			if err != nil {
				return nil, err
			}
			room.Use(m)
		}
		outcomes := sort(room, p.test, tax)
		s := step{examples: n, figures: learn.Measure(outcomes)}
		s.decided, s.right = sure(outcomes)
		if s.open, err = confirmOpen(ctx, c, n); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func sort(room *classify.Room, test []learn.Example, tax *classify.Taxonomy) []learn.Outcome {
	var outcomes []learn.Outcome
	for _, e := range test {
		f := room.Classify(pagesOf(e))
		outcomes = append(outcomes, learn.Outcome{
			Truth: string(codeOf(tax, e.Class)), Guess: string(f.Type), Confidence: f.Confidence, Sure: f.Sure,
		})
	}
	return outcomes
}

// confirmOpen gives the calibration error where each fifth of the classes in turn is
// known neither to the cues nor to the examples, but comes in the mail: any guess at
// it is wrong. The room's confidence reckons with such letters, so this, and not
// the error among known classes alone, is what it promises.
func confirmOpen(ctx context.Context, c corpus, n int) (float64, error) {
	names := map[string]int{}
	for _, e := range c.examples {
		names[e.Class] = 0
	}
	for i, name := range slices.Sorted(maps.Keys(names)) {
		names[name] = i % 5
	}
	p := c.parts()[0]
	var outcomes []learn.Outcome
	for away := range 5 {
		known := c
		known.examples, known.topics = nil, nil
		for i, e := range c.examples {
			if names[e.Class] != away {
				known.examples, known.topics = append(known.examples, e), append(known.topics, c.topics[i])
			}
		}
		tax := topicCues(known)
		room, err := classify.New(classify.Config{Taxonomy: tax})
		if err != nil {
			return 0, fmt.Errorf("some of the themes as a taxonomy: %w", err)
		}
		if n != 0 {
			train := slices.DeleteFunc(slices.Clone(p.train), func(e learn.Example) bool { return names[e.Class] == away })
			if n > 0 {
				train = firstOf(train, n)
			}
			m, err := room.Learn(ctx, confirmed(train, tax), 0)
			if err != nil {
				return 0, err
			}
			room.Use(m)
		}
		outcomes = append(outcomes, sort(room, p.test, tax)...)
	}
	return learn.CalibrationError(outcomes), nil
}

func confirmed(examples []learn.Example, tax *classify.Taxonomy) []classify.Confirmed {
	var out []classify.Confirmed
	for _, e := range examples {
		out = append(out, classify.Confirmed{Pages: pagesOf(e), Type: codeOf(tax, e.Class)})
	}
	return out
}

// pagesOf sets a text as a page: the title as subject, then the description.
func pagesOf(e learn.Example) []pipeline.PageText {
	title := 0
	for title < len(e.Loud) && e.Loud[title] {
		title++
	}
	return pipeline.FromPlainText("Betreff: " + strings.Join(e.Words[:title], " ") + "\n\n" + wrap(e.Words[title:]) + "\n")
}

// wrap sets words in lines of twelve.
func wrap(words []string) string {
	var b strings.Builder
	for i, w := range words {
		b.WriteString(w)
		if i%12 == 11 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// topicCues makes a taxonomy of themes and topics.
func topicCues(c corpus) *classify.Taxonomy {
	topics := map[string]map[string]bool{}
	for i, e := range c.examples {
		if topics[e.Class] == nil {
			topics[e.Class] = map[string]bool{phrase(e.Class): true}
		}
		topics[e.Class][phrase(c.topics[i])] = true
	}
	tax := &classify.Taxonomy{
		Departments: []classify.Department{{ID: "00", Name: "Poststelle"}},
		Types:       []classify.Type{plainType(classify.Unclear, "Unklar")},
		Version:     "themes",
	}
	for n, theme := range slices.Sorted(maps.Keys(topics)) {
		t := plainType(pipeline.TypeCode(fmt.Sprintf("00-%02d", n)), theme)
		for _, p := range slices.Sorted(maps.Keys(topics[theme])) {
			if p != "" {
				t.Cues = append(t.Cues, classify.Cue{Phrase: p, Weight: 5})
			}
		}
		tax.Types = append(tax.Types, t)
	}
	return tax
}

func plainType(code pipeline.TypeCode, name string) classify.Type {
	return classify.Type{Code: code, Department: "00", Name: name, Protection: "normal", Handling: classify.HandlingScan}
}

func codeOf(tax *classify.Taxonomy, theme string) pipeline.TypeCode {
	for _, t := range tax.Types {
		if t.Name == theme {
			return t.Code
		}
	}
	return ""
}

// phrase makes a cue of a name: its words without marks; one that takes part in
// compounds.
func phrase(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 1 && len(words[0]) >= 6 {
		return words[0] + "*"
	}
	return strings.Join(words, " ")
}
