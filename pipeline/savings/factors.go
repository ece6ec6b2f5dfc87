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

// Factor is a dated figure from a source: so much of a quantity for each unit.
type Factor struct {
	ID       string         `json:"id"`
	Quantity string         `json:"quantity"` // "co2e", "water", "energy", "wood", ...
	Value    pipeline.Range `json:"value"`
	Unit     string         `json:"unit"`  // "kg/kg", "l/kg", "kWh/kg", "kg/kWh", "kg/TB/a"
	Paper    string         `json:"paper"` // "virgin", "recycled", or what else the figure is about
	Year     int            `json:"year"`  // 0 if the source is undated
	Use      string         `json:"use"`   // "default", "high", "debit", "reference", "never"
	Source   string         `json:"source"`
	Boundary string         `json:"boundary"` // what the figure includes
}

// set names the factors for paper that are used together.
type set struct {
	name string
	ids  map[setKey][3]string // low, mid, high
}

type setKey struct{ quantity, paper string }

// SeedFactors is the table that the program ships with.
func SeedFactors() ([]Factor, error) {
	rows, err := table("factors.tsv", "id", "quantity", "low", "value", "high", "unit", "paper", "year", "use", "source", "boundary")
	if err != nil {
		return nil, err
	}
	var factors []Factor
	for _, r := range rows {
		f := Factor{ID: r[0], Quantity: r[1], Unit: r[5], Paper: r[6], Use: r[8], Source: r[9], Boundary: r[10]}
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
func checkFactors(factors []Factor) (map[string]Factor, error) {
	byID := map[string]Factor{}
	for _, f := range factors {
		if f.ID == "" || f.Source == "" || f.Unit == "" {
			return nil, fmt.Errorf("factor %q has no id, unit or source", f.ID)
		}
		if _, twice := byID[f.ID]; twice {
			return nil, fmt.Errorf("factor %s is listed twice", f.ID)
		}
		if !ordered(f.Value) || f.Value.Low < 0 {
			return nil, fmt.Errorf("factor %s: %v is no range", f.ID, f.Value)
		}
		byID[f.ID] = f
	}
	return byID, nil
}

// check finds every factor of a set, with the unit that the sums need.
func (s set) check(factors map[string]Factor) error {
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
