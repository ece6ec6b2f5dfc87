package learn

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The shape of the features. Whoever changes one of these makes another kind of
// model and has to give it another format.
const (
	shortest, longest = 2, 5    // characters of an n-gram, the marks of a word's ends included
	buckets           = 1 << 18 // features are hashed into so many
	mostWords         = 4000    // a longer text is cut: what it is stands on its first pages
	longestWord       = 40      // characters; what is longer was no word
	mostDigits        = 4       // a word with more digits is a number of somebody, and no feature
	loudness          = 5       // times that a word of the title or subject counts
)

// Text is what is learned from: words as they are printed, in reading order.
type Text struct {
	Words []string
	Loud  []bool // words of the title or the subject; nil is none
}

// key is the same for texts that differ in digits and capitals only.
func (t Text) key() uint64 {
	h := uint64(len(t.Words))
	for _, w := range t.Words {
		h = mix(h, hash(0, plain(w)))
	}
	return h
}

// feature is a bucket and what it is worth in a text.
type feature struct {
	bucket uint32
	value  float32
}

// trace says that a word of the text gave a bucket.
type trace struct {
	bucket uint32
	word   int
}

// counter gathers the features of one text after the other.
type counter struct {
	seen   map[uint32]uint32 // bucket -> times
	traces []trace
	keep   bool // gather traces
	times  uint32
}

func newCounter(keep bool) *counter { return &counter{seen: map[uint32]uint32{}, keep: keep} }

// count tells which buckets a text has, and how often.
//
// Three families of features: words, pairs of neighbouring words, and the
// character n-grams within each word. The last see through inflection, compounds
// and misread letters, which is why they carry German scans (Cavnar and Trenkle:
// N-Gram-Based Text Categorization, 1994). Every digit counts as "0" and long
// numbers not at all, so that no account and no identity card is a feature.
func (c *counter) count(t Text) {
	clear(c.seen)
	c.traces = c.traces[:0]
	before := uint64(0)
	for i, raw := range t.Words[:min(len(t.Words), mostWords)] {
		w := plain(raw)
		if w == "" || strings.Count(w, "0") > mostDigits || strings.ContainsRune(w, '•') {
			before = 0
			continue
		}
		c.times = 1
		if t.Loud != nil && t.Loud[i] {
			c.times = loudness
		}
		word := hash(1, w)
		c.add(word, i)
		core := strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && r != '0' })
		if core != w && core != "" {
			word = hash(1, core)
			c.add(word, i)
		}
		if before != 0 {
			c.add(mix(before, word), i)
		}
		before = word
		c.grams(w, i)
	}
}

// grams adds the character n-grams of a word between marks for its ends.
func (c *counter) grams(w string, word int) {
	marked := "\x02" + w + "\x03"
	var starts [longestWord + 4]int
	n := 0
	for i := range marked {
		starts[n] = i
		n++
	}
	starts[n] = len(marked)
	for size := shortest; size <= longest; size++ {
		for i := 0; i+size <= n; i++ {
			c.add(hash(2, marked[starts[i]:starts[i+size]]), word)
		}
	}
}

func (c *counter) add(h uint64, word int) {
	b := uint32(h>>40) % buckets
	c.seen[b] += c.times
	if c.keep {
		c.traces = append(c.traces, trace{b, word})
	}
}

// tallies are the counts of the text, by bucket.
func (c *counter) tallies() []tally {
	out := make([]tally, 0, len(c.seen))
	for b, n := range c.seen {
		out = append(out, tally{b, n})
	}
	slices.SortFunc(out, func(a, b tally) int { return cmp.Compare(a.bucket, b.bucket) })
	return out
}

// plain is a word in small letters with every digit a zero.
func plain(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			r = '0'
		case unicode.IsControl(r) || r == utf8.RuneError:
			continue
		default:
			r = unicode.ToLower(r)
		}
		if n++; n > longestWord {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hash is FNV-1a with the family of the feature first.
func hash(family byte, s string) uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ uint64(family)) * 1099511628211
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return stir(h)
}

func mix(a, b uint64) uint64 { return stir(a*3 + b) }

// stir is the finaliser of MurmurHash3: the upper bits, which choose the bucket,
// then hang on all the others.
func stir(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// vector weighs counts: sublinear term frequency 1 + ln tf times the inverse
// document frequency (Salton and Buckley: Term-Weighting Approaches in Automatic
// Text Retrieval, 1988), brought to unit length, so that long letters do not
// shout down short ones. idf is 0 for what is no feature.
func vector(counts []tally, idf []float32) []feature {
	out := make([]feature, 0, len(counts))
	sum := 0.0
	for _, c := range counts {
		if idf[c.bucket] == 0 {
			continue
		}
		v := (1 + math.Log(float64(c.times))) * float64(idf[c.bucket])
		sum += v * v
		out = append(out, feature{c.bucket, float32(v)})
	}
	if sum > 0 {
		scale := float32(1 / math.Sqrt(sum))
		for i := range out {
			out[i].value *= scale
		}
	}
	return out
}
