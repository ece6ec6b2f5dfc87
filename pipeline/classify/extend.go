package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// ownTables are the tables that a town may lay beside the ones in seed/, with the
// columns that each knows; those with a star are required. A table may leave out
// the other columns, and a town may leave out tables.
var ownTables = map[string][]string{
	"departments.tsv":   {"id*", "name*", "cues"},
	"types.tsv":         {"code*", "department*", "name*", "years", "permanent", "start", "source", "protection", "handling", "threshold", "fields", "remark"},
	"cues.tsv":          {"type*", "cue*", "weight", "effect"},
	"kassenzeichen.tsv": {"pattern*", "check", "department"},
}

// Extend adds a town's own tables to the taxonomy, without code: departments.tsv,
// types.tsv, cues.tsv and kassenzeichen.tsv in fsys, of which at least one is
// there. They are tables with a header line and tabs between the cells; lines
// that begin with "#" are left out. A department or type that is there already is
// replaced by its new row; its cues stay, and those of cues.tsv join them. The
// payment references come back beside the taxonomy.
//
// An error is a [pipeline.Fault] that names the file, the line and what is wrong,
// in both languages.
func Extend(base *Taxonomy, fsys fs.FS) (*Taxonomy, []Kassenzeichen, error) {
	x := extension{tax: &Taxonomy{
		Departments: slices.Clone(base.Departments), Types: slices.Clone(base.Types), Lookalikes: base.Lookalikes,
	}}
	for i := range x.tax.Types {
		x.tax.Types[i].Cues = slices.Clone(x.tax.Types[i].Cues)
	}
	hash, found := sha256.New(), 0
	hash.Write([]byte(base.Version))
	for _, table := range []struct {
		name string
		add  func(record) error
	}{
		{"departments.tsv", x.department}, {"types.tsv", x.docType}, {"cues.tsv", x.cue}, {"kassenzeichen.tsv", x.payment},
	} {
		raw, err := fs.ReadFile(fsys, table.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading the town's table %s: %w", table.name, err)
		}
		found++
		hash.Write(raw)
		if err := eachRecord(table.name, string(raw), table.add); err != nil {
			return nil, nil, err
		}
	}
	if found == 0 {
		return nil, nil, wrong("", 0, "in dem Ordner liegt keine der Tabellen "+tableNames(), "the folder holds none of the tables "+tableNames())
	}
	if err := x.tax.check(); err != nil {
		return nil, nil, wrong("", 0, "die Tabellen passen nicht zusammen: "+err.Error(), "the tables do not fit together: "+err.Error())
	}
	x.tax.Version = "cues-1-" + hex.EncodeToString(hash.Sum(nil))[:8]
	return x.tax, x.payments, nil
}

func tableNames() string { return strings.Join(slices.Sorted(maps.Keys(ownTables)), ", ") }

// wrong is a fault in a town's table.
func wrong(file string, line int, de, en string) *pipeline.Fault {
	at := [2]string{}
	if file != "" {
		at = [2]string{fmt.Sprintf("%s, Zeile %d: ", file, line), fmt.Sprintf("%s, line %d: ", file, line)}
	}
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "taxonomy", Text: pipeline.Message{
		DE: "Eigene Dokumenttypen: " + at[0] + de, EN: "Own document types: " + at[1] + en,
	}}
}

// record is a line of a table: its cells by column.
type record struct {
	file  string
	line  int
	cells map[string]string
}

func (r record) wrong(de, en string) error { return wrong(r.file, r.line, de, en) }

// eachRecord reads a table and holds its header against the known columns.
func eachRecord(file, text string, each func(record) error) error {
	var header []string
	seen := map[string]int{}
	for n, line := range strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if header == nil {
			header = cells
			if err := checkHeader(file, n+1, header); err != nil {
				return err
			}
			continue
		}
		if len(cells) > len(header) {
			return wrong(file, n+1, fmt.Sprintf("%d Spalten, die Kopfzeile hat %d", len(cells), len(header)),
				fmt.Sprintf("%d columns, the header has %d", len(cells), len(header)))
		}
		r := record{file: file, line: n + 1, cells: map[string]string{}}
		for i, c := range cells {
			r.cells[header[i]] = c
		}
		for _, column := range ownTables[file] {
			if name, required := strings.CutSuffix(column, "*"); required && r.cells[name] == "" {
				return r.wrong("die Spalte "+name+" ist leer", "the column "+name+" is empty")
			}
		}
		if key := header[0]; file == "types.tsv" || file == "departments.tsv" {
			if before := seen[r.cells[key]]; before > 0 {
				return r.wrong(fmt.Sprintf("%q steht schon in Zeile %d", r.cells[key], before), fmt.Sprintf("%q stands in line %d already", r.cells[key], before))
			}
			seen[r.cells[key]] = n + 1
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func checkHeader(file string, line int, header []string) error {
	known := ownTables[file]
	for _, h := range header {
		if !slices.Contains(known, h) && !slices.Contains(known, h+"*") {
			all := strings.ReplaceAll(strings.Join(known, ", "), "*", "")
			return wrong(file, line, fmt.Sprintf("unbekannte Spalte %q; bekannt sind %s", h, all), fmt.Sprintf("unknown column %q; known are %s", h, all))
		}
	}
	for _, k := range known {
		if name, required := strings.CutSuffix(k, "*"); required && !slices.Contains(header, name) {
			return wrong(file, line, "die Spalte "+name+" fehlt", "the column "+name+" is missing")
		}
	}
	return nil
}

// extension gathers what a town's tables say.
type extension struct {
	tax      *Taxonomy
	payments []Kassenzeichen
}

func (x *extension) department(r record) error {
	d := Department{ID: pipeline.DeptID(r.cells["id"]), Name: r.cells["name"], Cues: splitList(r.cells["cues"])}
	for _, c := range d.Cues {
		if !usableCue(c) {
			return r.wrong(fmt.Sprintf("%q ist kein Leitwort", c), fmt.Sprintf("%q is no cue", c))
		}
	}
	if i := slices.IndexFunc(x.tax.Departments, func(o Department) bool { return o.ID == d.ID }); i >= 0 {
		x.tax.Departments[i] = d
		return nil
	}
	x.tax.Departments = append(x.tax.Departments, d)
	return nil
}

// typeCode is what a code of a town's own may look like: it becomes part of file
// names and addresses.
var typeCode = pattern(`^[0-9A-Za-zÄÖÜäöüß]{1,8}(-[0-9A-Za-zÄÖÜäöüß]{1,16}){1,2}$`)

func (x *extension) docType(r record) error {
	if !typeCode().MatchString(r.cells["code"]) {
		return r.wrong(fmt.Sprintf("%q ist keine Kennung wie 32-HUND", r.cells["code"]), fmt.Sprintf("%q is no code like 32-HUND", r.cells["code"]))
	}
	for _, column := range []string{"years", "threshold"} {
		if _, err := decimal(r.cells[column]); err != nil {
			return r.wrong(fmt.Sprintf("%s: %q ist keine Zahl", column, r.cells[column]), fmt.Sprintf("%s: %q is no number", column, r.cells[column]))
		}
	}
	t := Type{
		Code: pipeline.TypeCode(r.cells["code"]), Department: pipeline.DeptID(r.cells["department"]), Name: r.cells["name"],
		Protection: r.cells["protection"], Handling: r.cells["handling"], Fields: splitList(r.cells["fields"]), Remark: r.cells["remark"],
		Retention: pipeline.Retention{Permanent: r.cells["permanent"] == "ja", Start: r.cells["start"], Source: r.cells["source"]},
	}
	t.Retention.Years, _ = decimal(r.cells["years"])
	t.Threshold, _ = decimal(r.cells["threshold"])
	if t.Protection == "" {
		t.Protection = "hoch" // who says nothing gets more protection, not less
	}
	if t.Handling == "" {
		t.Handling = HandlingScan
	}
	if t.Retention.Years == 0 && !t.Retention.Permanent && r.cells["years"] == "" {
		return r.wrong("weder eine Aufbewahrungsfrist (years) noch dauernde Aufbewahrung (permanent = ja)", "neither years of retention nor permanent = ja")
	}
	if i := x.tax.index(t.Code); i >= 0 {
		t.Cues = x.tax.Types[i].Cues
		x.tax.Types[i] = t
	} else {
		x.tax.Types = append(x.tax.Types, t)
	}
	if err := x.tax.checkType(&t, x.tax.departmentNames()); err != nil {
		return r.wrong(err.Error(), err.Error())
	}
	return nil
}

// decimal reads a number with a point or a comma; an empty one is 0.
func decimal(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	return strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
}

func (x *extension) cue(r record) error {
	i := x.tax.index(pipeline.TypeCode(r.cells["type"]))
	if i < 0 {
		return r.wrong(fmt.Sprintf("den Dokumenttyp %q gibt es nicht", r.cells["type"]), fmt.Sprintf("there is no document type %q", r.cells["type"]))
	}
	c := Cue{Phrase: r.cells["cue"], Weight: 4, Express: r.cells["effect"] == "express"}
	if !usableCue(c.Phrase) {
		return r.wrong(fmt.Sprintf("%q ist kein Leitwort", c.Phrase), fmt.Sprintf("%q is no cue", c.Phrase))
	}
	if e := r.cells["effect"]; e != "" && e != "express" {
		return r.wrong(fmt.Sprintf("unbekannte Wirkung %q; bekannt ist express", e), fmt.Sprintf("unknown effect %q; known is express", e))
	}
	if w := r.cells["weight"]; w != "" {
		var err error
		if c.Weight, err = decimal(w); err != nil || c.Weight < -10 || c.Weight > 10 {
			return r.wrong(fmt.Sprintf("das Gewicht %q ist keine Zahl von -10 bis 10", w), fmt.Sprintf("the weight %q is no number from -10 to 10", w))
		}
	}
	x.tax.Types[i].Cues = append(x.tax.Types[i].Cues, c)
	return nil
}

// usableCue reports whether something is left of every word of a phrase once it
// is folded.
func usableCue(phrase string) bool {
	words := strings.Fields(phrase)
	if len(words) > 0 && words[0] == "§" {
		words = words[1:]
	}
	for _, w := range words {
		if w != "…" && skeleton(strings.Trim(w, "*")) == "" {
			return false
		}
	}
	return len(words) > 0 && words[0] != "…"
}

func (x *extension) payment(r record) error {
	k := Kassenzeichen{Pattern: r.cells["pattern"], Check: r.cells["check"], Department: pipeline.DeptID(r.cells["department"])}
	if _, err := (Town{Kassenzeichen: []Kassenzeichen{k}}).compile(); err != nil {
		return r.wrong("das Muster oder die Prüfung ist nicht zu verstehen: "+err.Error(), "the pattern or the check cannot be understood: "+err.Error())
	}
	if _, known := x.tax.departmentNames()[k.Department]; !known && k.Department != "" {
		return r.wrong(fmt.Sprintf("das Amt %q gibt es nicht", k.Department), fmt.Sprintf("there is no department %q", k.Department))
	}
	x.payments = append(x.payments, k)
	return nil
}
