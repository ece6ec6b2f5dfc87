package gate

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// Rules of the gate itself, for files that the rules of ISO 19005 presuppose away.
const (
	ruleParse     = "gate-parse"     // not a PDF as ISO 32000-1 defines it
	ruleLimits    = "gate-limits"    // more than the gate's budgets allow
	ruleUnchecked = "gate-unchecked" // uses something that the gate cannot check, so it is not accepted
	ruleInternal  = "gate-internal"  // a fault of the gate, on which it does not accept
)

// maxReasons is how many different reasons are told per rule; the last of them
// stands for all further ones.
const maxReasons = 8

// place says where a breach was found.
type place struct {
	page int   // 1-based; 0 unknown
	num  int   // object number; 0 unknown
	off  int64 // byte offset; 0 unknown
}

func (p place) String() string {
	var parts []string
	if p.page > 0 {
		parts = append(parts, "page "+strconv.Itoa(p.page))
	}
	if p.num > 0 {
		parts = append(parts, "object "+strconv.Itoa(p.num))
	}
	return strings.Join(parts, ", ")
}

// report gathers breaches.
type report struct {
	byKey  map[string]*pipeline.Breach
	byRule map[string][]*pipeline.Breach
}

func newReport() *report {
	return &report{byKey: map[string]*pipeline.Breach{}, byRule: map[string][]*pipeline.Breach{}}
}

// add notes that a rule is broken. The detail says what is special about this
// breach; it must not carry text from the letter.
func (r *report) add(rule string, at place, detail string) {
	key := rule + "\x00" + detail
	if b := r.byKey[key]; b != nil {
		b.Count++
		return
	}
	if told := r.byRule[rule]; len(told) >= maxReasons {
		told[maxReasons-1].Count++
		return
	}
	b := &pipeline.Breach{Rule: rule, Reason: reason(rule, detail), Where: at.String(), Count: 1, Offset: max(at.off, 0)}
	r.byKey[key] = b
	r.byRule[rule] = append(r.byRule[rule], b)
}

func reason(rule, detail string) string {
	base := ruleText[rule]
	switch {
	case base == "":
		return detail
	case detail == "":
		return base
	}
	return fmt.Sprintf("%s (%s)", base, detail)
}

// breaches gives what was gathered, in the order of the clauses.
func (r *report) breaches() []pipeline.Breach {
	var all []pipeline.Breach
	for _, bs := range r.byRule {
		for _, b := range bs {
			all = append(all, *b)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Rule != all[j].Rule {
			return ruleLess(all[i].Rule, all[j].Rule)
		}
		return all[i].Reason < all[j].Reason
	})
	return all
}

// ruleLess orders "6.1.13-2" before "6.2.2-1" and before "6.1.13-10".
func ruleLess(a, b string) bool {
	as := strings.FieldsFunc(a, func(c rune) bool { return c == '.' || c == '-' })
	bs := strings.FieldsFunc(b, func(c rune) bool { return c == '.' || c == '-' })
	for i := 0; i < len(as) && i < len(bs); i++ {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		if errX != nil || errY != nil {
			if as[i] != bs[i] {
				return as[i] < bs[i]
			}
			continue
		}
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}
