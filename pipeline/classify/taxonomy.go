package classify

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

//go:embed seed/*.tsv
var seed embed.FS

// Unclear is the type of a letter for which no cue was found: a person decides.
const Unclear pipeline.TypeCode = "00-UNKLAR"

// What to do with the paper of a type (Filing.Handling).
const (
	HandlingScan         = "scan"                // scan and file
	HandlingDoNotOpen    = "nicht_oeffnen"       // hand over unopened; a scan of it is a mistake to be told
	HandlingDoNotScan    = "nicht_scannen"       // hand over or throw away, do not keep
	HandlingCheckPaper   = "original_pruefen"    // the department says whether the paper must be kept
	HandlingKeepPaper    = "original_behalten"   // the paper must be kept
	HandlingScanEnvelope = "umschlag_mitscannen" // the postmark matters: scan the envelope too
	HandlingLarge        = "gross_format"        // plans up to A0
	HandlingExpress      = "eilpfad"             // express lane: tell the department at once
	HandlingReview       = "klaerfall"           // a person decides
)

// Type is a document type (Dokumenttyp) with everything that hangs on it.
type Type struct {
	Code           pipeline.TypeCode  `json:"code"`
	Department     pipeline.DeptID    `json:"department"`
	DepartmentName string             `json:"departmentName"` // German
	Name           string             `json:"name"`           // German
	Cues           []Cue              `json:"cues"`
	Fields         []string           `json:"fields"` // names of the fields that this type should carry
	Retention      pipeline.Retention `json:"retention"`
	Protection     string             `json:"protection"` // "normal", "hoch", "sehr_hoch"
	Handling       string             `json:"handling"`
	Threshold      float64            `json:"threshold,omitempty"` // stricter than the room's threshold; 0 is none
	Remark         string             `json:"remark,omitempty"`    // German, for the clerk
}

// Cue is a phrase that speaks for a type, or against it.
//
// The phrase is written in the notation of seed/cues.tsv: words in order; a
// star stands for the rest of a compound ("Grundsteuer*" fires in
// Grundsteuerbescheid, "*Rechnung" in Stromrechnung but not in
// Rechnungsprüfungsamt); "…" lets up to twelve words stand between.
type Cue struct {
	Phrase  string  `json:"phrase"`
	Weight  float64 `json:"weight"`            // evidence in nats; negative speaks against
	Express bool    `json:"express,omitempty"` // finding it puts the letter on the express lane
}

// Department (Amt) is a department and the words by which letters address it.
type Department struct {
	ID   pipeline.DeptID `json:"id"`
	Name string          `json:"name"`
	Cues []string        `json:"cues"`
}

// Taxonomy is the list of departments and document types of a town.
type Taxonomy struct {
	Departments []Department
	Types       []Type
	Lookalikes  []string // words that resemble a cue by an edit or two and mean something else
	Version     string   // digest over the tables: stored with each filing
}

// Seed is the taxonomy that the program ships with.
func Seed() (*Taxonomy, error) {
	sub, err := fs.Sub(seed, "seed")
	if err != nil {
		return nil, fmt.Errorf("opening the tables: %w", err)
	}
	return Load(sub)
}

// Load reads a town's own tables departments.tsv, types.tsv, cues.tsv and
// lookalikes.tsv, in the form of the ones in seed/. It refuses tables that
// contradict each other.
func Load(fsys fs.FS) (*Taxonomy, error) {
	hash := sha256.New()
	table := func(name string, columns ...string) ([][]string, error) {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading the table %s: %w", name, err)
		}
		hash.Write(raw)
		return parseTSV(name, raw, columns)
	}
	tax := &Taxonomy{}
	rows, err := table("departments.tsv", "id", "name", "cues")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		tax.Departments = append(tax.Departments,
			Department{ID: pipeline.DeptID(r[0]), Name: r[1], Cues: splitList(r[2])})
	}
	rows, err = table("types.tsv", "code", "department", "name", "years", "permanent", "start",
		"source", "protection", "handling", "threshold", "fields", "remark")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		t, err := parseType(r)
		if err != nil {
			return nil, fmt.Errorf("types.tsv, type %s: %w", r[0], err)
		}
		tax.Types = append(tax.Types, t)
	}
	rows, err = table("cues.tsv", "type", "weight", "cue", "effect")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		w, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, fmt.Errorf("cues.tsv, cue %q: weight: %w", r[2], err)
		}
		if r[3] != "" && r[3] != "express" {
			return nil, fmt.Errorf("cues.tsv, cue %q: unknown effect %q", r[2], r[3])
		}
		i := tax.index(pipeline.TypeCode(r[0]))
		if i < 0 {
			return nil, fmt.Errorf("cues.tsv, cue %q: unknown type %s", r[2], r[0])
		}
		tax.Types[i].Cues = append(tax.Types[i].Cues, Cue{Phrase: r[2], Weight: w, Express: r[3] == "express"})
	}
	rows, err = table("lookalikes.tsv", "word", "cue")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		tax.Lookalikes = append(tax.Lookalikes, r[0])
	}
	tax.Version = "cues-1-" + hex.EncodeToString(hash.Sum(nil))[:8]
	return tax, tax.check()
}

func parseType(r []string) (Type, error) {
	t := Type{
		Code:       pipeline.TypeCode(r[0]),
		Department: pipeline.DeptID(r[1]),
		Name:       r[2],
		Protection: r[7],
		Handling:   r[8],
		Fields:     splitList(r[10]),
		Remark:     r[11],
		Retention:  pipeline.Retention{Permanent: r[4] == "ja", Start: r[5], Source: r[6]},
	}
	var err error
	if t.Retention.Years, err = strconv.ParseFloat(r[3], 64); err != nil {
		return t, fmt.Errorf("years: %w", err)
	}
	if r[9] != "" {
		if t.Threshold, err = strconv.ParseFloat(r[9], 64); err != nil {
			return t, fmt.Errorf("threshold: %w", err)
		}
	}
	return t, nil
}

// check finds contradictions in the tables and fills in department names.
func (tax *Taxonomy) check() error {
	names := map[pipeline.DeptID]string{}
	for _, d := range tax.Departments {
		if d.ID == "" || d.Name == "" {
			return fmt.Errorf("department %q has no id or no name", d.ID)
		}
		if _, twice := names[d.ID]; twice {
			return fmt.Errorf("department %s is listed twice", d.ID)
		}
		names[d.ID] = d.Name
	}
	seen := map[pipeline.TypeCode]bool{}
	for i := range tax.Types {
		t := &tax.Types[i]
		if seen[t.Code] {
			return fmt.Errorf("type %s is listed twice", t.Code)
		}
		seen[t.Code] = true
		if err := tax.checkType(t, names); err != nil {
			return err
		}
	}
	if !seen[Unclear] {
		return fmt.Errorf("the type %s is missing", Unclear)
	}
	return nil
}

// checkType finds what is wrong with one type and fills in its department's name.
func (tax *Taxonomy) checkType(t *Type, names map[pipeline.DeptID]string) error {
	if t.DepartmentName = names[t.Department]; t.DepartmentName == "" {
		return fmt.Errorf("type %s: unknown department %q", t.Code, t.Department)
	}
	if !slices.Contains([]string{"normal", "hoch", "sehr_hoch"}, t.Protection) {
		return fmt.Errorf("type %s: unknown need for protection %q", t.Code, t.Protection)
	}
	if !slices.Contains([]string{HandlingScan, HandlingDoNotOpen, HandlingDoNotScan, HandlingCheckPaper,
		HandlingKeepPaper, HandlingScanEnvelope, HandlingLarge, HandlingExpress, HandlingReview}, t.Handling) {
		return fmt.Errorf("type %s: unknown handling %q", t.Code, t.Handling)
	}
	if t.Threshold < 0 || t.Threshold > 1 || t.Retention.Years < 0 {
		return fmt.Errorf("type %s: threshold or years out of range", t.Code)
	}
	return nil
}

func (tax *Taxonomy) departmentNames() map[pipeline.DeptID]string {
	names := map[pipeline.DeptID]string{}
	for _, d := range tax.Departments {
		names[d.ID] = d.Name
	}
	return names
}

func (tax *Taxonomy) index(code pipeline.TypeCode) int {
	return slices.IndexFunc(tax.Types, func(t Type) bool { return t.Code == code })
}

// parseTSV reads a table with a header line that must name the columns.
func parseTSV(name string, raw []byte, columns []string) ([][]string, error) {
	var rows [][]string
	for n, line := range bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n")) {
		cells := strings.Split(strings.TrimRight(string(line), "\r"), "\t")
		if n == 0 {
			if !slices.Equal(cells, columns) {
				return nil, fmt.Errorf("%s: columns are %q, want %q", name, cells, columns)
			}
			continue
		}
		if len(cells) != len(columns) {
			return nil, fmt.Errorf("%s, line %d: %d columns, want %d", name, n+1, len(cells), len(columns))
		}
		rows = append(rows, cells)
	}
	return rows, nil
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}
