package classify

import (
	"fmt"
	"regexp"
	"strings"

	"blattwerk/pipeline"
)

// Town is the town hall whose mail is read.
type Town struct {
	Name          string          // "Musterstadt": the town itself is never a sender
	Words         []string        // further words that only the town's own address carries: "Rathausplatz", "Stadtwerke Musterstadt"
	Kassenzeichen []Kassenzeichen // payment references are local: each town has its own form
}

// Kassenzeichen is one form of the town's payment references, and the department
// that sends them out. It is the best single sign of where a letter belongs.
type Kassenzeichen struct {
	Pattern    string          // RE2 for the whole reference, "8\.8001\.\d{4}\.\d{4}\.\d"
	Check      string          // "" none, "mod10" (Luhn), "mod11" (weights 2 to 7)
	Department pipeline.DeptID // "" if the form tells nothing
}

type town struct {
	words []string // folded
	name  string   // folded
	forms []form
}

type form struct {
	pattern *regexp.Regexp
	check   func(string) bool
	dept    pipeline.DeptID
}

// hallWords stand in the address of any town hall.
var hallWords = []string{
	"stadtverwaltung", "gemeindeverwaltung", "kreisverwaltung", "rathaus", "bürgermeister", "oberbürgermeister",
	"stadtkasse", "ordnungsamt", "bürgeramt", "standesamt", "sozialamt", "jugendamt", "bauordnungsamt", "bauamt", "steueramt",
	"ausländerbehörde", "meldebehörde", "einwohnermeldeamt", "bürgerbüro", "rechtsamt", "friedhofsverwaltung", "tiefbauamt",
}

func (t Town) compile() (town, error) {
	out := town{name: fold(t.Name)}
	for _, w := range t.Words {
		if f := fold(w); f != "" {
			out.words = append(out.words, f)
		}
	}
	for _, k := range t.Kassenzeichen {
		re, err := regexp.Compile("(" + k.Pattern + ")")
		if err != nil {
			return town{}, fmt.Errorf("form of payment references: %w", err)
		}
		f := form{pattern: re, dept: k.Department}
		switch k.Check {
		case "":
		case "mod10":
			f.check = luhn
		case "mod11":
			f.check = mod11
		default:
			return town{}, fmt.Errorf("form of payment references: unknown check %q", k.Check)
		}
		out.forms = append(out.forms, f)
	}
	return out, nil
}

// fold makes a text comparable: each word as skeleton, one space between.
func fold(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = skeleton(w)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// own reports whether a line names the town hall. The name of the town alone
// does not: its citizens live there too.
func (t town) own(s string) bool {
	f := " " + fold(s) + " "
	for _, w := range t.words {
		if strings.Contains(f, " "+w+" ") {
			return true
		}
	}
	for _, w := range hallWords {
		if strings.Contains(f, " "+skeleton(w)+" ") {
			return true
		}
	}
	if t.name == "" {
		return strings.HasPrefix(f, " stadt ") || strings.HasPrefix(f, " gemeinde ")
	}
	for _, kind := range []string{"stadt", "gemeinde", "markt", "kreis", "iandkreis", "hansestadt"} {
		if strings.Contains(f, " "+kind+" "+t.name+" ") {
			return true
		}
	}
	return strings.TrimSpace(f) == t.name
}

// ownBlock reports whether an address is that of the town hall.
func (t town) ownBlock(lines []line) bool {
	for i, ln := range lines {
		if i == len(lines)-1 && len(lines) > 1 && cityLine().MatchString(ln.text) {
			break // postcode and city say nothing
		}
		for _, part := range addressPart().Split(ln.text, -1) {
			if !cityLine().MatchString(part) && t.own(part) {
				return true
			}
		}
	}
	return false
}

// search finds the town's payment references in a passage.
func (t town) search(l *letter, p passage) []hit {
	var hits []hit
	for _, f := range t.forms {
		for _, m := range f.pattern.FindAllStringIndex(p.text, 2*fieldsByName) {
			if m[0] == m[1] || !bounded(p.text, m[0], m[1]) {
				continue
			}
			s := p.text[m[0]:m[1]]
			checked := false
			if f.check != nil {
				digits := strings.Map(func(r rune) rune {
					if r < '0' || r > '9' {
						return -1
					}
					return r
				}, s)
				if checked = f.check(digits); !checked {
					continue
				}
			}
			hits = append(hits, hit{
				Field: l.field(p, "kassenzeichen", s, 0.9, checked, m[0], m[1]),
				route: f.dept,
			})
		}
	}
	return hits
}
