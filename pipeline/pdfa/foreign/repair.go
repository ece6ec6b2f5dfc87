package foreign

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// RepairCall asks for a copy of a file that keeps the rules of PDF/A as far as
// they can be kept without touching what is drawn.
type RepairCall struct {
	Path  string `json:"path"`
	Out   string `json:"out"`
	Level string `json:"level"`          // to claim: "a", "u", "b"; the part is 3 with embedded files, else 2
	ICC   []byte `json:"icc"`            // sRGB profile for the output intent
	Fonts string `json:"fonts"`          // folder of the Liberation fonts; "" is none
	Fresh bool   `json:"fresh"`          // write new metadata instead of adding to what is there
	RGB   bool   `json:"rgb"`            // rewrite CMYK colours as RGB
	Meta  string `json:"meta,omitempty"` // file to take metadata and bookmarks' language from, if not Path itself
	When  string `json:"when"`           // time of the change, RFC 3339
	Agent string `json:"agent"`          // program that changed the file

	// Layer is a PDF whose pages carry invisible text, and Layers says where each of
	// them belongs.
	Layer  string  `json:"layer,omitempty"`
	Layers []Layer `json:"layers,omitempty"`
}

// Layer says where the text of one page of a layer file belongs.
type Layer struct {
	Page int     `json:"page"` // of the file, 1-based
	Turn int     `json:"turn"` // clockwise degrees that brought the displayed page upright before it was read
	Skew float64 `json:"skew"` // further clockwise degrees that straightened it, about its centre
}

// Repaired says what was done.
type Repaired struct {
	Refused string   `json:"refused,omitempty"` // why the file cannot be repaired in place; nothing was written
	Flavour string   `json:"flavour,omitempty"` // what the copy claims: "2u", "3b"
	Tagged  bool     `json:"tagged,omitempty"`
	Changes []Change `json:"changes,omitempty"`
}

// Change is one kind of change, in the order they were made.
type Change struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"` // what it was, for code "font" the name of the font
	By     string `json:"by,omitempty"`     // what it is now
	Count  int    `json:"count"`
}

// refusal says that repairing in place would lose or invent something.
type refusal string

func (r refusal) Error() string { return string(r) }

func (s *server) repair(c RepairCall) (Repaired, error) {
	s.path, s.file = "", nil // repairing changes the model in place
	f, err := open(context.Background(), c.Path)
	if err != nil {
		return Repaired{Refused: err.Error()}, nil
	}
	m := &mender{file: f, call: c, done: map[Change]int{}}
	err = m.mend()
	var no refusal
	if errors.As(err, &no) {
		return Repaired{Refused: string(no)}, nil
	}
	if err != nil {
		return Repaired{}, err
	}
	out, err := os.Create(c.Out)
	if err != nil {
		return Repaired{}, err
	}
	w := bufio.NewWriterSize(out, 1<<18)
	if err := errors.Join(f.write(w), w.Flush(), out.Close()); err != nil {
		return Repaired{Refused: err.Error()}, nil
	}
	return Repaired{Flavour: m.flavour(), Tagged: f.tagged(), Changes: m.changes()}, nil
}

// mender makes a file keep the rules of PDF/A.
type mender struct {
	*file
	call  RepairCall
	pages []page
	files bool // embedded files are there: part 3
	done  map[Change]int
	order []Change
}

// note records a change.
func (m *mender) note(code, detail string) {
	m.record(Change{Code: code, Detail: detail})
}

func (m *mender) record(c Change) {
	if m.done[c] == 0 {
		m.order = append(m.order, c)
	}
	m.done[c]++
}

func (m *mender) changes() []Change {
	out := slices.Clone(m.order)
	for i, c := range out {
		out[i].Count = m.done[c]
	}
	return out
}

func (m *mender) flavour() string {
	part := "2"
	if m.files {
		part = "3"
	}
	return part + m.call.Level
}

func (m *mender) mend() (err error) {
	if m.pages, err = m.file.pages(0); err != nil {
		return err
	}
	if len(m.pages) == 0 {
		return refusal("no pages")
	}
	m.flattenPages()
	m.mendCatalog()
	m.mendActions()
	if err := m.mendAnnotations(); err != nil {
		return err
	}
	if err := m.mendFields(); err != nil {
		return err
	}
	m.mendResources()
	m.mendStreams()
	m.toRGB()
	m.mendFiles()
	if err := m.mendFonts(); err != nil {
		return err
	}
	if err := m.addLayer(); err != nil {
		return err
	}
	m.addIntent()
	return m.addMetadata()
}

// flattenPages gives each page its inherited entries and one plain page tree.
// Resources that are only inherited break ISO 19005-2, 6.2.2, and hostile trees
// confuse other readers.
func (m *mender) flattenPages() {
	root := dict{"Type": name("Pages"), "Count": int64(len(m.pages))}
	top := m.add(root)
	kids := make(array, len(m.pages))
	for i, p := range m.pages {
		d := p.dict
		d["Type"], d["Parent"] = name("Page"), top
		if p.resources == nil {
			p.resources = dict{}
			m.pages[i].resources = p.resources
		}
		d["Resources"] = p.resources
		if _, ok := m.box(d["MediaBox"]); !ok {
			d["MediaBox"] = m.inherited(d, "MediaBox", p)
		}
		if p.rotate != 0 {
			d["Rotate"] = int64(p.rotate)
		} else {
			delete(d, "Rotate")
		}
		d["CropBox"] = array{p.crop[0], p.crop[1], p.crop[2], p.crop[3]}
		for _, k := range []name{"BleedBox", "TrimBox", "ArtBox"} { // for print shops; a senseless one breaks 6.1.13
			if b, ok := m.box(d[k]); d[k] != nil && (!ok || b.width() < 3 || b.height() < 3) {
				delete(d, k)
			}
		}
		if _, ok := d["PresSteps"]; ok {
			delete(d, "PresSteps")
			m.note("presentation", "")
		}
		kids[i] = p.self
	}
	root["Kids"] = kids
	c := m.catalog()
	c["Pages"], c["Type"] = top, name("Catalog")
}

func (m *mender) inherited(d dict, key name, p page) any {
	seen := 0
	for d != nil && seen < maxDepth {
		if b, ok := m.box(d[key]); ok {
			return array{b[0], b[1], b[2], b[3]}
		}
		d, seen = m.dict(d["Parent"]), seen+1
	}
	return array{p.crop[0], p.crop[1], p.crop[2], p.crop[3]}
}

func (m *mender) mendCatalog() {
	c := m.catalog()
	for _, k := range []name{"Requirements", "Version", "Extensions"} {
		delete(c, k)
	}
	if m.bool(c["NeedsRendering"]) {
		delete(c, "NeedsRendering")
	}
	names := m.dict(c["Names"])
	if m.get(names["AlternatePresentations"]) != nil {
		delete(names, "AlternatePresentations")
		m.note("presentation", "")
	}
	if m.get(names["JavaScript"]) != nil {
		delete(names, "JavaScript")
		m.note("javascript", "")
	}
	if m.get(c["Perms"]) != nil || m.get(c["DSS"]) != nil {
		delete(c, "Perms") // they speak of a signature over other bytes
		delete(c, "DSS")
	}
	if oc := m.dict(c["OCProperties"]); oc != nil {
		m.mendLayers(oc)
	}
	if l, ok := m.get(c["Lang"]).(text); ok && !plausibleLanguage(decodeText(l)) {
		delete(c, "Lang")
	}
}

func plausibleLanguage(s string) bool {
	if len(s) < 2 {
		return false
	}
	for i, r := range s {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i >= 2 && (r == '-' || r >= '0' && r <= '9')
		if !ok {
			return false
		}
	}
	return true
}

// mendLayers follows ISO 19005-2, 6.9: each configuration has a name of its own,
// no usage application, and its order lists every group.
func (m *mender) mendLayers(oc dict) {
	configs := array{oc["D"]}
	configs = append(configs, m.array(oc["Configs"])...)
	all := m.array(oc["OCGs"])
	used := map[string]bool{}
	for i, v := range configs {
		d := m.dict(v)
		if d == nil {
			continue
		}
		if _, ok := d["AS"]; ok {
			delete(d, "AS")
			m.note("layers", "")
		}
		n := decodeText(m.text(d["Name"]))
		if n == "" || used[n] {
			n = fmt.Sprintf("%d", i+1)
			d["Name"] = text(n)
		}
		used[n] = true
		if order := m.array(d["Order"]); order != nil {
			listed := map[ref]bool{}
			m.refsIn(order, listed, 0)
			for _, g := range all {
				if r, ok := g.(ref); ok && !listed[r] {
					order = append(order, r)
				}
			}
			d["Order"] = order
		}
	}
}

func (m *mender) refsIn(v any, into map[ref]bool, depth int) {
	a, ok := v.(array)
	if !ok || depth > maxDepth {
		return
	}
	for _, x := range a {
		if r, ok := x.(ref); ok {
			into[r] = true
			x = m.get(r)
		}
		m.refsIn(x, into, depth+1)
	}
}

// addIntent makes sRGB the output intent (ISO 19005-2, 6.2.3): it covers device
// RGB and grey. An intent of the file's own that already is one of PDF/A stays.
func (m *mender) addIntent() {
	c := m.catalog()
	var kept array
	for _, v := range m.array(c["OutputIntents"]) {
		d := m.dict(v)
		if m.name(d["S"]) == "GTS_PDFA1" {
			s := m.stream(d["DestOutputProfile"])
			if s != nil && m.int(s.dict["N"], 0) == 3 {
				delete(d, "DestOutputProfileRef")
				c["OutputIntents"] = array{v}
				return
			}
			continue
		}
	}
	profile := m.add(&stream{dict: dict{"N": int64(3), "Filter": name("FlateDecode")}, raw: deflate(m.call.ICC)})
	intent := m.add(dict{"Type": name("OutputIntent"), "S": name("GTS_PDFA1"),
		"OutputConditionIdentifier": text("sRGB IEC61966-2.1"), "Info": text("sRGB IEC61966-2.1"),
		"RegistryName": text("http://www.color.org"), "DestOutputProfile": profile})
	c["OutputIntents"] = append(kept, intent)
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(b) // a bytes.Buffer does not fail
	_ = z.Close()
	return out.Bytes()
}

// when is the time of the change, or none.
func (m *mender) when() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, m.call.When)
	return t, err == nil && !t.IsZero()
}
