package foreign

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Problem says why a file cannot be read.
type Problem string

// Problems of a file as a whole.
const (
	Fine     Problem = ""
	Password Problem = "password" // encrypted, and the empty password does not open it
	Broken   Problem = "broken"   // not parsable
	TooLong  Problem = "too-long" // more pages than asked for
)

// Report is what inspecting learnt about a file.
type Report struct {
	Problem     Problem  `json:"problem,omitempty"`
	Detail      string   `json:"detail,omitempty"` // technical, of Problem
	Encrypted   bool     `json:"encrypted,omitempty"`
	Signed      bool     `json:"signed,omitempty"`
	Tagged      bool     `json:"tagged,omitempty"`
	Claims      string   `json:"claims,omitempty"`     // "2b"; the file's word, not a verdict
	DynamicXFA  bool     `json:"dynamicXFA,omitempty"` // the pages exist only inside Adobe's form program
	Form        bool     `json:"form,omitempty"`       // has fields to fill in
	JBIG2       bool     `json:"jbig2,omitempty"`
	Attachments []string `json:"attachments,omitempty"`
	Counted     int      `json:"counted,omitempty"` // pages that the file says it has
	Pages       []Page   `json:"pages,omitempty"`   // those that it has
}

// Kind says what a page is made of.
type Kind string

// Kinds of pages.
const (
	Picture  Kind = "picture"  // one picture that fills the page
	Pictures Kind = "pictures" // pictures only, but several, or not filling the page
	Drawn    Kind = "drawn"    // visible text, lines or fields
	Empty    Kind = "empty"    // nothing to see
)

// Page is what inspecting learnt about one page.
type Page struct {
	Width  float64 `json:"width"`            // points, as displayed: CropBox, Rotate and UserUnit applied
	Height float64 `json:"height"`           // dito
	Rotate int     `json:"rotate,omitempty"` // 0, 90, 180, 270: clockwise degrees of the page tree; Width and Height have them behind them
	Kind   Kind    `json:"kind"`
	Hidden bool    `json:"hidden,omitempty"` // carries invisible text
	Cover  float64 `json:"cover,omitempty"`  // share of the page under pictures, 0 to 1
	DPI    float64 `json:"dpi,omitempty"`    // highest resolution of its pictures
	Pixels int64   `json:"pixels,omitempty"` // of its largest picture
	Image  *Image  `json:"image,omitempty"`  // of Kind Picture
}

// Image is a picture that fills its page.
type Image struct {
	Media  string  `json:"media,omitempty"` // what [Take] would give: "image/jpeg", "image/jp2", "image/png"; "" if it has to be rendered
	Why    string  `json:"why,omitempty"`   // why it has to be rendered
	Width  int     `json:"width"`           // pixels as stored
	Height int     `json:"height"`
	DPIX   float64 `json:"dpiX"`
	DPIY   float64 `json:"dpiY"`
	Turn   int     `json:"turn"` // clockwise degrees that bring the stored picture upright
	Model  string  `json:"model,omitempty"`
	Exact  bool    `json:"exact,omitempty"` // the bytes are those in the file
	JBIG2  bool    `json:"jbig2,omitempty"`
}

// inspect reports on the file at path, with at most maxPages pages (0 is any).
func inspect(ctx context.Context, f *file, maxPages int) Report {
	r := Report{
		Encrypted: f.encrypted, Signed: f.signed(), Claims: f.claims(), Tagged: f.tagged(),
		DynamicXFA: f.dynamicXFA(), Form: len(f.array(f.dict(f.catalog()["AcroForm"])["Fields"])) > 0, JBIG2: f.jbig2(), Attachments: f.attachments(),
	}
	r.Counted = int(f.int(f.dict(f.catalog()["Pages"])["Count"], 0))
	pages, err := f.pages(maxPages)
	switch {
	case errors.Is(err, errTooLong):
		r.Problem = TooLong
		return r
	case err != nil:
		r.Problem, r.Detail = Broken, err.Error()
		return r
	case len(pages) == 0:
		r.Problem, r.Detail = Broken, "no pages"
		return r
	}
	for _, p := range pages {
		if ctx.Err() != nil {
			break
		}
		r.Pages = append(r.Pages, f.inspectPage(p))
	}
	return r
}

var errTooLong = errors.New("too many pages")

// page is a leaf of the page tree with what it inherits.
type page struct {
	self      ref
	dict      dict
	resources dict
	crop      box // CropBox within MediaBox, user space
	rotate    int // 0, 90, 180, 270
	unit      float64
}

// size is the page's size as displayed, points.
func (p page) size() (w, h float64) {
	w, h = p.crop.width()*p.unit, p.crop.height()*p.unit
	if p.rotate%180 != 0 {
		w, h = h, w
	}
	return w, h
}

// pages walks the page tree (ISO 32000-1, 7.7.3). A node seen before is not
// entered again: hostile trees point to their own ancestors.
func (f *file) pages(limit int) ([]page, error) {
	var out []page
	seen := map[ref]bool{}
	var walk func(v any, inherited dict, depth int) error
	walk = func(v any, inherited dict, depth int) error {
		r, isRef := v.(ref)
		if isRef {
			if seen[r] {
				return nil
			}
			seen[r] = true
		}
		d, ok := f.get(v).(dict)
		if !ok || depth > maxDepth {
			return nil
		}
		own := dict{}
		for _, k := range []name{"Resources", "MediaBox", "CropBox", "Rotate"} {
			if x, ok := d[k]; ok && f.get(x) != nil {
				own[k] = x
			} else if x, ok := inherited[k]; ok {
				own[k] = x
			}
		}
		if kids, ok := f.get(d["Kids"]).(array); ok && f.name(d["Type"]) != "Page" {
			for _, k := range kids {
				if err := walk(k, own, depth+1); err != nil {
					return err
				}
			}
			return nil
		}
		if limit > 0 && len(out) == limit {
			return errTooLong
		}
		if !isRef {
			r = f.add(d)
		}
		out = append(out, f.leaf(r, d, own))
		return nil
	}
	if err := walk(f.catalog()["Pages"], nil, 0); err != nil {
		return nil, err
	}
	return out, nil
}

func (f *file) leaf(r ref, d, own dict) page {
	p := page{self: r, dict: d, resources: f.dict(own["Resources"]), unit: 1}
	media, ok := f.box(own["MediaBox"])
	if !ok {
		media = box{0, 0, 612, 792} // what viewers take where it is missing
	}
	p.crop = media
	if c, ok := f.box(own["CropBox"]); ok {
		if c = c.meet(media); !c.empty() {
			p.crop = c
		}
	}
	p.rotate = ((f.int(own["Rotate"], 0)%360 + 360) % 360) / 90 * 90
	if u, ok := f.number(d["UserUnit"]); ok && u > 0 && u <= 75000 {
		p.unit = u
	}
	return p
}

// box reads a rectangle given by any two opposite corners.
func (f *file) box(v any) (box, bool) {
	n, ok := f.numbers(v, 4)
	if !ok {
		return box{}, false
	}
	b := box{math.Min(n[0], n[2]), math.Min(n[1], n[3]), math.Max(n[0], n[2]), math.Max(n[1], n[3])}
	return b, !b.empty()
}

// contents gives the page's operators. A part that cannot be decoded is left
// out, as viewers do.
func (f *file) contents(p page) []byte {
	var out []byte
	add := func(v any) {
		if s := f.stream(v); s != nil && len(out) < maxDecoded {
			if b, err := f.bytes(s, maxDecoded); err == nil {
				out = append(append(out, b...), '\n')
			}
		}
	}
	switch c := f.get(p.dict["Contents"]).(type) {
	case *stream:
		add(c)
	case array:
		for _, v := range c {
			add(v)
		}
	}
	return out
}

// signed finds signatures: dictionaries with a ByteRange (ISO 32000-1, 12.8.1)
// other than usage rights, which a program of Adobe's puts on forms.
func (f *file) signed() bool {
	found := false
	f.eachSignature(func(dict) bool { found = true; return false })
	return found
}

// eachSignature visits the signatures in the order of their objects, until visit
// answers false.
func (f *file) eachSignature(visit func(dict) bool) {
	rights := map[ref]bool{}
	perms := f.dict(f.catalog()["Perms"])
	for _, k := range []name{"UR", "UR3"} {
		if v, ok := perms[k].(ref); ok {
			rights[v] = true
		}
	}
	for _, r := range f.refs() {
		d, ok := f.objects[r].(dict)
		if !ok || rights[r] {
			continue
		}
		if f.isSignature(d) && !visit(d) {
			return
		}
		if s, ok := d["V"].(dict); ok && f.isSignature(s) && !visit(s) {
			return
		}
	}
}

func (f *file) isSignature(d dict) bool {
	return len(f.array(d["ByteRange"])) >= 2 && len(f.text(d["Contents"])) > 0
}

var (
	partPattern  = regexp.MustCompile(`pdfaid:part\s*(?:>|=\s*["'])\s*([1-9])`)
	levelPattern = regexp.MustCompile(`pdfaid:conformance\s*(?:>|=\s*["'])\s*([A-Za-z])`)
)

func (f *file) xmp() []byte {
	s := f.stream(f.catalog()["Metadata"])
	if s == nil {
		return nil
	}
	b, err := f.bytes(s, 16<<20)
	if err != nil {
		return nil
	}
	return b
}

func (f *file) claims() string {
	x := f.xmp()
	part := partPattern.FindSubmatch(x)
	if part == nil {
		return ""
	}
	level := levelPattern.FindSubmatch(x)
	if level == nil {
		return string(part[1])
	}
	return string(part[1]) + strings.ToLower(string(level[1]))
}

func (f *file) tagged() bool {
	c := f.catalog()
	return f.bool(f.dict(c["MarkInfo"])["Marked"]) && f.dict(c["StructTreeRoot"]) != nil
}

// dynamicXFA says whether the visible page is only a stand-in for a form that
// Adobe's program would draw (XFA 3.3, "dynamicRender").
func (f *file) dynamicXFA() bool {
	c := f.catalog()
	xfa, ok := f.dict(c["AcroForm"])["XFA"]
	if !ok {
		return false
	}
	if f.bool(c["NeedsRendering"]) {
		return true
	}
	parts := array{xfa}
	if a := f.array(xfa); a != nil {
		parts = a
	}
	for _, v := range parts {
		if s := f.stream(v); s != nil {
			if b, err := f.bytes(s, 32<<20); err == nil && dynamicPattern.Match(b) {
				return true
			}
		}
	}
	return false
}

var dynamicPattern = regexp.MustCompile(`<dynamicRender>\s*required`)

func (f *file) jbig2() bool {
	for _, v := range f.objects {
		if s, ok := v.(*stream); ok && slices.ContainsFunc(f.filters(s.dict), isJBIG2) {
			return true
		}
	}
	return false
}

func isJBIG2(fl filter) bool { return fl.name == "JBIG2Decode" }

// attachments lists the names of embedded files, in the order of [file.embedded].
func (f *file) attachments() []string {
	var out []string
	for _, e := range f.embedded() {
		out = append(out, e.name)
	}
	return out
}

// each visits every dictionary of the file, nested ones too, in the same order
// each time.
func (f *file) each(visit func(dict)) {
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > maxDepth {
			return
		}
		switch v := v.(type) {
		case dict:
			visit(v)
			for _, k := range v.keys() {
				walk(v[k], depth+1)
			}
		case *stream:
			walk(v.dict, depth+1)
		case array:
			for _, x := range v {
				walk(x, depth+1)
			}
		}
	}
	for _, r := range f.refs() {
		walk(f.objects[r], 0)
	}
}

// refs lists the object numbers in order.
func (f *file) refs() []ref {
	out := make([]ref, 0, len(f.objects))
	for r := range f.objects {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}
