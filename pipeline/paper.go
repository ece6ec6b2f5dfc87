package pipeline

import (
	"fmt"
	"strings"
)

// paperWords are the words of [ParsePaper], in the order of [Paper]'s fields.
var paperWords = [...]string{"fronts-then-backs", "blank-parts", "label-parts"}

// ParsePaper reads how sheets were scanned and parted from words parted by commas:
// "fronts-then-backs", "blank-parts", "label-parts". None is the zero value.
func ParsePaper(text string) (Paper, error) {
	var p Paper
	for word := range strings.SplitSeq(text, ",") {
		switch word = strings.TrimSpace(word); word {
		case "":
		case paperWords[0]:
			p.FrontsThenBacks = true
		case paperWords[1]:
			p.BlankParts = true
		case paperWords[2]:
			p.LabelParts = true
		default:
			return Paper{}, fmt.Errorf("%q is none of %s", word, strings.Join(paperWords[:], ", "))
		}
	}
	return p, nil
}

// String gives the words that [ParsePaper] reads.
func (p Paper) String() string {
	var words []string
	for i, on := range [...]bool{p.FrontsThenBacks, p.BlankParts, p.LabelParts} {
		if on {
			words = append(words, paperWords[i])
		}
	}
	return strings.Join(words, ",")
}
