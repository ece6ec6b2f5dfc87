package savings

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

//go:embed seed/*.tsv
var seed embed.FS

// set names the factors for paper that are used together.
type set struct {
	name string
	ids  map[setKey][3]string // low, mid, high
}

type setKey struct{ quantity, paper string }

// Ids of the factors that the books compute with, besides those of a set.
const (
	factorSheet     = "a4-kg"
	factorEnvelope  = "umschlag-kg"
	factorCopies    = "kopien-je-brief"
	factorDuplex    = "duplexanteil"
	factorRecycled  = "recyclinganteil"
	factorSeparator = "trennblatt-nutzungen"
	factorScanner   = "scanner-kwh"
	factorReader    = "leser-watt"
	factorReplicas  = "ablage-kopien"
	factorYears     = "ablage-jahre"
	factorFolder    = "ordner-blatt"
	factorShelf     = "lfm-ordner"
	factorVan       = "botenkfz"
	factorDays      = "arbeitstage"
	factorGrid      = "strom24"
	factorPrimary   = "pef-strom"
	factorStorage   = "speicher"
)

// needed are the units that the sums ask for.
var needed = map[string]string{
	factorSheet: "kg/Blatt", factorEnvelope: "kg/Umschlag", factorCopies: "Kopien/Brief", factorDuplex: "1", factorRecycled: "1",
	factorSeparator: "Nutzungen/Blatt", factorScanner: "kWh/Seite", factorReader: "W", factorReplicas: "Kopien", factorYears: "a",
	factorFolder: "Blatt/Ordner", factorShelf: "Ordner/m", factorVan: "kg/km", factorDays: "d/a",
	factorGrid: "kg/kWh", factorPrimary: "kWh/kWh", factorStorage: "kg/TB/a",
}

// SeedFactors is the table that the program ships with.
func SeedFactors() ([]pipeline.Factor, error) {
	rows, err := table("factors.tsv", "id", "quantity", "low", "value", "high", "unit", "paper", "year", "use", "evidence", "source", "boundary")
	if err != nil {
		return nil, err
	}
	var factors []pipeline.Factor
	for _, r := range rows {
		f := pipeline.Factor{ID: r[0], Quantity: r[1], Unit: r[5], Paper: r[6], Use: r[8], Evidence: pipeline.Evidence(r[9]), Source: r[10], Boundary: r[11]}
		for i, to := range []*float64{&f.Value.Low, &f.Value.Mid, &f.Value.High} {
			if *to, err = strconv.ParseFloat(r[2+i], 64); err != nil {
				return nil, fmt.Errorf("factors.tsv, %s: %w", f.ID, err)
			}
		}
		if r[7] != "" {
			if f.Year, err = strconv.Atoi(r[7][:min(4, len(r[7]))]); err != nil {
				return nil, fmt.Errorf("factors.tsv, %s: year: %w", f.ID, err)
			}
		}
		factors = append(factors, f)
	}
	return factors, nil
}

func seedSets() (map[string]set, error) {
	rows, err := table("sets.tsv", "set", "quantity", "paper", "low", "mid", "high")
	if err != nil {
		return nil, err
	}
	sets := map[string]set{}
	for _, r := range rows {
		s, ok := sets[r[0]]
		if !ok {
			s = set{name: r[0], ids: map[setKey][3]string{}}
			sets[r[0]] = s
		}
		s.ids[setKey{r[1], r[2]}] = [3]string{r[3], r[4], r[5]}
	}
	return sets, nil
}

func table(name string, columns ...string) ([][]string, error) {
	raw, err := seed.ReadFile("seed/" + name)
	if err != nil {
		return nil, fmt.Errorf("reading the table %s: %w", name, err)
	}
	var rows [][]string
	for n, line := range bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n")) {
		cells := strings.Split(string(line), "\t")
		if n == 0 && !slices.Equal(cells, columns) {
			return nil, fmt.Errorf("%s: columns are %q, want %q", name, cells, columns)
		}
		if len(cells) != len(columns) {
			return nil, fmt.Errorf("%s, line %d: %d columns, want %d", name, n+1, len(cells), len(columns))
		}
		if n > 0 {
			rows = append(rows, cells)
		}
	}
	return rows, nil
}

// checkFactors refuses what would make the books wrong without a word.
func checkFactors(factors []pipeline.Factor) (map[string]pipeline.Factor, error) {
	byID := map[string]pipeline.Factor{}
	for _, f := range factors {
		if err := checkFactor(f); err != nil {
			return nil, err
		}
		if _, twice := byID[f.ID]; twice {
			return nil, fmt.Errorf("factor %s is listed twice", f.ID)
		}
		byID[f.ID] = f
	}
	for id, unit := range needed {
		if f, ok := byID[id]; !ok || f.Unit != unit {
			return nil, fmt.Errorf("the factor %q in %s is missing", id, unit)
		}
	}
	return byID, nil
}

// checkFactor refuses a row that is no factor: without a source, out of order, or
// by which nothing can be divided.
func checkFactor(f pipeline.Factor) error {
	switch {
	case f.ID == "" || f.Source == "" || f.Unit == "":
		return fmt.Errorf("factor %q has no id, unit or source", f.ID)
	case !ordered(f.Value) || f.Value.Low < 0 || f.Value.High > 1e12:
		return fmt.Errorf("factor %s: %v is no range", f.ID, f.Value)
	case (f.Unit == "1") && f.Value.High > 1:
		return fmt.Errorf("factor %s: a share lies between 0 and 1", f.ID)
	case slices.Contains([]string{factorSeparator, factorFolder, factorShelf, factorDays}, f.ID) && f.Value.Low < 1:
		return fmt.Errorf("factor %s: must be 1 at least", f.ID)
	}
	switch f.Evidence {
	case "", pipeline.Measured, pipeline.Sampled, pipeline.Assumed:
		return nil
	}
	return fmt.Errorf("factor %s: unknown class of evidence %q", f.ID, f.Evidence)
}

// check finds every factor of a set, with the unit that the sums need.
func (s set) check(factors map[string]pipeline.Factor) error {
	units := map[string]string{"co2e": "kg/kg", "water": "l/kg", "energy": "kWh/kg"}
	for _, quantity := range []string{"co2e", "water", "energy"} {
		for _, paper := range []string{"virgin", "recycled"} {
			for _, id := range s.ids[setKey{quantity, paper}] {
				f, ok := factors[id]
				if !ok || f.Use == "never" || f.Quantity != quantity || f.Unit != units[quantity] || f.Paper != paper {
					return fmt.Errorf("set %s: %q is no usable factor for the %s of %s paper", s.name, id, quantity, paper)
				}
			}
		}
	}
	return nil
}
