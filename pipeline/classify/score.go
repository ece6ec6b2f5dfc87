package classify

import (
	"cmp"
	"math"
	"slices"

	"blattwerk/pipeline"
)

// The constants of the confidence; doc.go gives the reasons, and
// TestReliability measures what they are worth.
const (
	background = 5.0   // evidence, in nats, that a letter of no known type gathers by chance
	echo       = 0.75  // share of its weight that each further cue of one type adds
	deptBonus  = 1.5   // a letter is addressed to the department of a type
	routeBonus = 3.0   // a payment reference (Kassenzeichen) belongs to the department
	ceiling    = 0.995 // the machine is never certain
	unmarked   = 0.6   // most that a text may reach that has no mark of a letter or a form
	fewMarks   = 1.5   // further background for a text with a single mark
	legible    = 0.9   // mean confidence of the words below which evidence may have been lost
	illegible  = 8.0   // further background for each unit that the mean lies below
	deadline   = 4.0   // score from which a type with a legal deadline keeps all others from being sure
	doubtful   = 0.8   // most that they may then reach
)

// verdict is what the cues say about one type.
type verdict struct {
	typ        int
	score      float64
	confidence float64
	express    *occurrence
	reasons    []occurrence
	threshold  float64     // of the model, chosen on held-out letters; 0 is none
	words      []wordPlace // that moved the model most
}

// scores are the verdicts on a letter, best first, and what they are held
// against.
type scores struct {
	verdicts []verdict
	none     float64 // score of "no known type"
	most     float64 // confidence that a text with so few marks of a letter may reach
}

// score weighs the occurrences for every type and gives the verdicts, best
// first. Types without evidence are left out.
func (r *Room) score(l *letter, found []occurrence, routed pipeline.DeptID) scores {
	byPhrase := map[int][]int{}
	departments := map[pipeline.DeptID]bool{}
	for i, o := range found {
		byPhrase[o.phrase] = append(byPhrase[o.phrase], i)
		if d, ok := r.matcher.deptOf[o.phrase]; ok && o.page == 0 && (o.zone == zoneAddress || o.zone == zoneTop) {
			departments[d] = true
		}
	}
	var verdicts []verdict
	for t, uses := range r.matcher.uses {
		v := r.weigh(uses, found, byPhrase)
		if v.score <= 0 {
			continue
		}
		v.typ = t
		if v.score > 1 {
			dept := r.tax.Types[t].Department
			if departments[dept] {
				v.score += deptBonus
			}
			if routed != "" && dept == routed {
				v.score += routeBonus
			}
		}
		verdicts = append(verdicts, v)
	}
	slices.SortStableFunc(verdicts, func(a, b verdict) int { return cmp.Compare(b.score, a.score) })
	marks := l.marks()
	if len(departments) > 0 {
		marks++
	}
	s := scores{verdicts: verdicts, none: background + illegible*max(0, legible-l.legibility()), most: ceiling}
	switch marks {
	case 0:
		s.most = unmarked
	case 1:
		s.none += fewMarks
	}
	s.shareOut()
	return s
}

// guardDeadlines keeps a letter from being filed by its subject matter where a
// legal deadline may run: an objection against a fee for the nursery is an
// objection. Types with a deadline are those whose envelope is scanned for the
// postmark.
func (r *Room) guardDeadlines(verdicts []verdict) {
	if len(verdicts) == 0 || r.tax.Types[verdicts[0].typ].Handling == HandlingScanEnvelope {
		return
	}
	for _, v := range verdicts[1:] {
		if v.score >= deadline && r.tax.Types[v.typ].Handling == HandlingScanEnvelope {
			verdicts[0].confidence = min(verdicts[0].confidence, doubtful)
			return
		}
	}
}

// weigh adds up the evidence for one type. Words count once, for the strongest
// cue that contains them; each further cue adds less, because cues of one type
// come together and are not independent witnesses.
func (r *Room) weigh(uses []use, found []occurrence, byPhrase map[int][]int) verdict {
	type piece struct {
		occ    int
		value  float64
		expres bool
	}
	var pieces []piece
	against := 0.0
	for _, u := range uses {
		worst := 0.0
		for _, i := range byPhrase[u.phrase] {
			value := u.weight * r.matcher.phrases[u.phrase].idf * found[i].strength
			if u.weight < 0 {
				worst = min(worst, value)
				continue
			}
			pieces = append(pieces, piece{i, value, u.express})
		}
		against += worst
	}
	slices.SortStableFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.occ, b.occ))
	})
	v := verdict{score: against}
	usedTokens, usedPhrases := map[int]bool{}, map[int]bool{}
	factor := 1.0
	for _, p := range pieces {
		o := &found[p.occ]
		if usedPhrases[o.phrase] || overlaps(usedTokens, o) {
			continue
		}
		usedPhrases[o.phrase] = true
		for t := o.first; t <= o.last; t++ {
			usedTokens[t] = true
		}
		v.score += p.value * factor
		factor *= echo
		if len(v.reasons) < reasonsAtMost {
			v.reasons = append(v.reasons, *o)
		}
		if p.expres && v.express == nil && p.value >= 4 {
			v.express = o
		}
	}
	return v
}

func overlaps(used map[int]bool, o *occurrence) bool {
	for t := o.first; t <= o.last; t++ {
		if used[t] {
			return true
		}
	}
	return false
}

// shareOut turns scores into confidences: the posterior over the types and "none
// of them", whose score is the background.
func (s *scores) shareOut() {
	if len(s.verdicts) == 0 {
		return
	}
	top := max(s.verdicts[0].score, s.none)
	sum := math.Exp(s.none - top)
	for _, v := range s.verdicts {
		sum += math.Exp(v.score - top)
	}
	for i := range s.verdicts {
		v := &s.verdicts[i]
		v.confidence = min(s.most, math.Exp(v.score-top)/sum)
	}
}

// legibility is the mean confidence of the words of the first two pages, 0 to 1.
func (l *letter) legibility() float64 {
	sum, n := 0.0, 0
	for _, t := range l.tokens {
		if t.page > 1 {
			break
		}
		sum += float64(min(max(t.conf, 0), 1))
		n++
	}
	return sum / float64(max(n, 1))
}

// candidates are the five best types with their reasons.
func (r *Room) candidates(l *letter, verdicts []verdict) []pipeline.Candidate {
	var out []pipeline.Candidate
	for _, v := range verdicts {
		if len(out) == 5 || v.confidence < 0.005 {
			break
		}
		t := r.tax.Types[v.typ]
		c := pipeline.Candidate{Department: t.Department, Type: t.Code, Confidence: round(v.confidence)}
		for _, o := range v.reasons {
			c.Reasons = append(c.Reasons, pipeline.Reason{
				Cue:  r.matcher.phrases[o.phrase].text,
				Page: o.page + 1,
				Box:  l.tokenBox(o.first, o.last),
			})
		}
		c.Reasons = l.wordReasons(v, c.Reasons)
		out = append(out, c)
	}
	return out
}

// tokenBox is the place of a run of tokens: of those on the line of the first,
// so that a phrase over two lines does not mark the whole width.
func (l *letter) tokenBox(first, last int) pipeline.Box {
	a := l.tokens[first]
	end := a.word
	for _, t := range l.tokens[first : last+1] {
		if t.line == a.line {
			end = max(end, t.word)
		}
	}
	return l.box(a.page, a.word, end)
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
