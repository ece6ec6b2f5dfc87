package foreign

import "slices"

// forbiddenActions are those of ISO 19005-2, 6.5.1.
var forbiddenActions = map[name]string{
	"JavaScript": "javascript", "Launch": "actions", "Sound": "actions", "Movie": "actions", "ResetForm": "actions",
	"ImportData": "actions", "Hide": "actions", "SetOCGState": "actions", "Rendition": "actions", "Trans": "actions",
	"GoTo3DView": "actions", "SetState": "actions", "NOP": "actions", "GoToDp": "actions", "RichMediaExecute": "actions",
}

// allowedNamed are the only named actions that stay (same clause).
var allowedNamed = []name{"NextPage", "PrevPage", "FirstPage", "LastPage"}

// forbidden says under which code an action has to go; "" is that it may stay.
func (m *mender) forbidden(a dict) string {
	s := m.name(a["S"])
	if s == "Named" && !slices.Contains(allowedNamed, m.name(a["N"])) {
		return "actions"
	}
	return forbiddenActions[s]
}

// mendActions removes what would act: triggers, scripts and programs. Links and
// jumps stay.
func (m *mender) mendActions() {
	m.each(func(d dict) {
		if _, ok := d["AA"]; ok && m.get(d["AA"]) != nil && (d["Type"] != nil || d["Subtype"] != nil || d["FT"] != nil || d["Kids"] != nil || d["T"] != nil) {
			delete(d, "AA")
			m.note("actions", "")
		}
		for _, k := range []name{"A", "OpenAction"} {
			a := m.dict(d[k])
			if a == nil || m.name(a["S"]) == "" {
				continue
			}
			if code := m.forbidden(a); code != "" {
				delete(d, k)
				m.note(code, "")
				continue
			}
			m.mendNext(a)
		}
	})
}

// mendNext removes forbidden actions from the chain after a.
func (m *mender) mendNext(a dict) {
	switch next := m.get(a["Next"]).(type) {
	case dict:
		if m.forbidden(next) != "" {
			delete(a, "Next")
			m.note("actions", "")
		}
	case array:
		kept := slices.DeleteFunc(slices.Clone(next), func(v any) bool { return m.forbidden(m.dict(v)) != "" })
		if len(kept) < len(next) {
			a["Next"] = kept
			m.note("actions", "")
		}
	}
}

// Flags of annotations, ISO 32000-1, table 165.
const (
	flagInvisible    = 1
	flagHidden       = 2
	flagPrint        = 4
	flagNoZoom       = 8
	flagNoRotate     = 16
	flagNoView       = 32
	flagToggleNoView = 256
)

// knownAnnotations are the types of ISO 32000-1 that ISO 19005-2, 6.3.1, leaves.
var knownAnnotations = []name{"Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine",
	"Highlight", "Underline", "Squiggly", "StrikeOut", "Stamp", "Caret", "Ink", "Popup", "FileAttachment",
	"Widget", "PrinterMark", "TrapNet", "Watermark", "Redact"}

func (m *mender) mendAnnotations() error {
	for _, p := range m.pages {
		annots := m.array(p.dict["Annots"])
		if annots == nil {
			delete(p.dict, "Annots")
			continue
		}
		var kept array
		for _, v := range annots {
			a, ok := m.get(v).(dict)
			if !ok {
				continue
			}
			keep, err := m.mendAnnotation(a)
			if err != nil {
				return err
			}
			if keep {
				kept = append(kept, v)
			}
		}
		p.dict["Annots"] = kept
		if m.tagged() {
			p.dict["Tabs"] = name("S")
		}
	}
	return nil
}

func (m *mender) mendAnnotation(a dict) (keep bool, err error) {
	kind := m.name(a["Subtype"])
	if kind == "" && m.name(a["FT"]) != "" {
		kind = "Widget"
		a["Subtype"] = kind
	}
	if !slices.Contains(knownAnnotations, kind) {
		m.note("multimedia", "")
		return false, nil
	}
	flags := m.int(a["F"], 0)
	if kind == "Popup" {
		return true, nil
	}
	if flags&(flagHidden|flagNoView|flagInvisible) != 0 {
		m.note("hidden", "")
		return false, nil
	}
	flags = flags&^flagToggleNoView | flagPrint
	if kind == "Text" {
		flags |= flagNoZoom | flagNoRotate
	}
	a["F"] = int64(flags)
	if kind == "Widget" {
		for _, k := range []name{"A", "AA"} {
			if m.get(a[k]) != nil {
				m.note("actions", "")
			}
			delete(a, k)
		}
	}
	return true, m.mendAppearance(a, kind)
}

// mendAppearance leaves exactly a normal appearance (ISO 19005-2, 6.3.3). One
// that is missing is not invented where it would show something.
func (m *mender) mendAppearance(a dict, kind name) error {
	r, _ := m.box(a["Rect"])
	ap := m.dict(a["AP"])
	n := m.get(ap["N"])
	button := kind == "Widget" && m.fieldType(a) == "Btn"
	if states, ok := n.(dict); ok && !button {
		// A choice of appearances is for buttons only: the one that shows stays.
		if s, ok := states[m.name(a["AS"])]; ok && m.stream(s) != nil {
			a["AP"] = dict{"N": s}
			return nil
		}
		n = nil
	}
	if s, ok := n.(*stream); ok && button {
		_ = s
		state := m.name(a["AS"])
		if state == "" {
			state = "Off"
			a["AS"] = state
		}
		a["AP"] = dict{"N": dict{state: ap["N"]}}
		return nil
	}
	if n != nil {
		if len(ap) > 1 {
			a["AP"] = dict{"N": ap["N"]}
		}
		return nil
	}
	delete(a, "AP")
	if kind == "Link" || kind == "Popup" || r.empty() {
		return nil
	}
	if kind == "Widget" {
		if m.fieldValue(a) != "" {
			return refusal("a field has a value but no appearance")
		}
		a["AP"] = m.emptyAppearance(r, button)
		if button && m.name(a["AS"]) == "" {
			a["AS"] = name("Off")
		}
		return nil
	}
	if kind == "Text" || kind == "FileAttachment" {
		a["AP"] = m.emptyAppearance(r, false)
		m.note("note-icon", "")
		return nil
	}
	return refusal("an annotation has no appearance")
}

func (m *mender) emptyAppearance(r box, button bool) dict {
	form := m.add(&stream{dict: dict{"Type": name("XObject"), "Subtype": name("Form"), "Resources": dict{},
		"BBox": array{0.0, 0.0, r.width(), r.height()}}})
	if button {
		return dict{"N": dict{"Off": form}}
	}
	return dict{"N": form}
}

// field looks an entry up in a field or its parents (ISO 32000-1, 12.7.3.1).
func (m *mender) field(a dict, key name) any {
	for range maxDepth {
		if v := m.get(a[key]); v != nil {
			return v
		}
		if a = m.dict(a["Parent"]); a == nil {
			return nil
		}
	}
	return nil
}

func (m *mender) fieldType(a dict) name {
	n, _ := m.field(a, "FT").(name)
	return n
}

// fieldValue is what a field would show: its text, or the state of a button.
func (m *mender) fieldValue(a dict) string {
	switch v := m.field(a, "V").(type) {
	case text:
		return decodeText(v)
	case name:
		if v != "Off" {
			return string(v)
		}
	case array:
		if len(v) > 0 {
			return "list"
		}
	case *stream:
		return "stream"
	}
	return ""
}

// mendFields removes what makes a form act or change its looks. Values and
// appearances stay.
func (m *mender) mendFields() error {
	form := m.dict(m.catalog()["AcroForm"])
	if form == nil {
		return nil
	}
	if _, ok := form["XFA"]; ok {
		delete(form, "XFA")
		m.note("xfa", "")
	}
	delete(form, "NeedAppearances")
	delete(form, "SigFlags")
	seen := map[ref]bool{}
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if r, ok := v.(ref); ok {
			if seen[r] {
				return
			}
			seen[r] = true
		}
		d, ok := m.get(v).(dict)
		if !ok || depth > maxDepth {
			return
		}
		for _, k := range []name{"A", "AA"} {
			if m.get(d[k]) != nil {
				delete(d, k)
				m.note("actions", "")
			}
		}
		if m.fieldType(d) == "Sig" {
			if s, ok := m.get(d["V"]).(dict); ok && s != nil {
				delete(d, "V") // it signs other bytes than these
				m.note("signature", "")
			}
			delete(d, "Lock")
			delete(d, "SV")
		}
		for _, k := range m.array(d["Kids"]) {
			walk(k, depth+1)
		}
	}
	for _, v := range m.array(form["Fields"]) {
		walk(v, 0)
	}
	return nil
}
