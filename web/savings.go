package web

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

// Books is what the sustainability desk needs of the books. Errors of what people
// told wrongly are or wrap a *[pipeline.Fault]; an unknown report is
// catalog.ErrUnknown.
type Books interface {
	Report(ctx context.Context, q pipeline.ReportQuery) (pipeline.Report, error)
	Sentence(r pipeline.Report) pipeline.Message
	Facts(ctx context.Context) ([]pipeline.Fact, error)
	Factors(ctx context.Context, year int) ([]pipeline.FactorUse, error)
	Sets() []string
	Shapes() []string
	Targets() []string
	Replace(ctx context.Context, by string, c FactorChange) error
	Use(ctx context.Context, by, set string, since int) error
	Withdraw(ctx context.Context, by string, fact int64) error
	// Enter writes down one figure from a form, whose entries are called as the
	// columns of a table are; a fault names the entry that it is about.
	Enter(ctx context.Context, by, salt string, cells map[string]string) error
	Import(ctx context.Context, by, salt string, r io.Reader) (facts, entries int, err error)
	File(ctx context.Context, by, title string, q pipeline.ReportQuery) (pipeline.FiledReport, error)
	Reports(ctx context.Context) ([]pipeline.FiledReport, error)
	Filed(ctx context.Context, id string) (pipeline.FiledReport, pipeline.Report, error)
	Again(ctx context.Context, id string) (same bool, err error)
	Export(ctx context.Context, w io.Writer, e Export) error
}

// FactorChange is a town's own value for a factor.
type FactorChange struct {
	ID       string            `json:"id"`
	Value    pipeline.Range    `json:"value"`
	Evidence pipeline.Evidence `json:"evidence"`
	Source   string            `json:"source"`
	Boundary string            `json:"boundary"` // "" stays
	Year     int               `json:"year"`     // of the source
	Since    int               `json:"since"`    // year from which it holds; 0 is always
	Note     string            `json:"note"`
}

// Export says how a report leaves the house.
type Export struct {
	Format string // "csv", "xlsx", "json", "pdf"
	Shape  string // table of a CSV file
	Lang   string
	Report pipeline.Report
	Filed  *pipeline.FiledReport // nil: the report is not filed
}

// savingsRoutes are the addresses of the sustainability desk.
func (s *server) savingsRoutes() []route {
	return []route{
		{"GET /savings", access.Count, s.inPeriod(s.savings)},
		{"GET /savings/table", access.Count, s.inPeriod(s.savingsTable)},
		{"GET /savings/method", access.Count, s.savingsMethod},
		{"GET /savings/factors", access.Count, s.inPeriod(s.savingsFactors)},
		{"POST /savings/factors", access.Tune, s.savingsReplace},
		{"POST /savings/set", access.Tune, s.savingsUse},
		{"GET /savings/baseline", access.Count, s.inPeriod(s.savingsBaseline)},
		{"POST /savings/baseline", access.Tune, s.savingsTell},
		{"POST /savings/withdraw", access.Tune, s.savingsWithdraw},
		{"POST /savings/import", access.Tune, s.savingsImport},
		{"GET /savings/reports", access.Count, s.inPeriod(s.savingsReports)},
		{"POST /savings/reports", access.Tune, s.savingsFile},
		{"GET /savings/reports/{id}", access.Count, s.savingsReport},
		{"GET /savings/export", access.Count, s.savingsExport},
		{"GET /api/v1/savings", access.Count, s.apiSavings},
		{"GET /api/v1/savings/facts", access.Count, s.apiFacts},
		{"POST /api/v1/savings/table", access.Tune, s.apiTable},
		{"GET /api/v1/savings/factors", access.Count, s.apiFactors},
		{"POST /api/v1/savings/factors", access.Tune, s.apiReplace},
		{"GET /api/v1/savings/reports", access.Count, s.apiReports},
		{"POST /api/v1/savings/reports", access.Tune, s.apiFile},
		{"GET /api/v1/savings/reports/{id}", access.Count, s.apiReport},
	}
}

var monthText = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)

// queryOfBooks reads what a report shall be about. from and to are months
// ("2026-01"), years ("2026") or days, of which the month counts; year is short
// for both. Without any it is the current year.
func (s *server) queryOfBooks(r *http.Request) (pipeline.ReportQuery, error) {
	v := r.URL.Query()
	if r.Method == http.MethodPost {
		v = r.PostForm
	}
	from, to := v.Get("from"), v.Get("to")
	if year := v.Get("year"); year != "" && from == "" && to == "" {
		from, to = year, year
	}
	if from == "" && to == "" && v.Get("all") == "" {
		year := strconv.Itoa(time.Now().In(s.Zone).Year())
		from, to = year, year
	}
	q := pipeline.ReportQuery{Department: pipeline.DeptID(v.Get("department")), Type: pipeline.TypeCode(v.Get("type"))}
	for _, end := range []struct {
		name, text, month string
		into              *string
	}{{"from", from, "-01", &q.From}, {"to", to, "-12", &q.To}} {
		text := end.text
		if len(text) == 4 {
			text += end.month
		}
		text = text[:min(7, len(text))]
		if text != "" && !monthText.MatchString(text) {
			return q, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-month", Field: end.name, Text: pipeline.Message{
				DE: fmt.Sprintf("„%s“ ist kein Monat wie 2026-01.", end.text), EN: fmt.Sprintf("“%s” is no month such as 2026-01.", end.text)}}
		}
		*end.into = text
	}
	if q.From != "" && q.To != "" && q.From > q.To {
		return q, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-month", Field: "to", Text: pipeline.Message{
			DE: "Der Zeitraum endet, bevor er beginnt.", EN: "The period ends before it begins."}}
	}
	return q, nil
}

func byOf(r *http.Request) string {
	switch by := r.URL.Query().Get("by"); by {
	case "department", "type", "event":
		return by
	}
	return "month"
}

// nameOf is what a row of the books is called.
func (s *server) nameOf(lang, by, key string) string {
	switch by {
	case "department":
		i := slices.IndexFunc(s.Types, func(t TypeInfo) bool { return string(t.Department) == key })
		if i >= 0 {
			return key + " " + s.Types[i].DepartmentName
		}
		if key == "-" {
			return s.pages.words.text(lang, "savings.nodepartment")
		}
	case "type":
		if t, ok := s.types[pipeline.TypeCode(key)]; ok {
			return key + " " + t.Name
		}
		if key == "-" {
			return s.pages.words.text(lang, "savings.notype")
		}
	case "event":
		return s.pages.words.text(lang, "savings.event."+key)
	case "month":
		return monthName(key)
	}
	return key
}

// monthName writes "2026-03" as 03/2026.
func monthName(key string) string {
	if monthText.MatchString(key) {
		return key[5:] + "/" + key[:4]
	}
	return key
}

// years are those that the ledger or the facts reach into, newest first.
func (s *server) years(all pipeline.Report) []int {
	years := []int{time.Now().In(s.Zone).Year()}
	for _, m := range all.Months {
		if y, err := strconv.Atoi(m.Key[:min(4, len(m.Key))]); err == nil && !slices.Contains(years, y) {
			years = append(years, y)
		}
	}
	slices.SortFunc(years, func(a, b int) int { return cmp.Compare(b, a) })
	return years
}

// amount is a figure of a quantity with its unit where that depends on its size:
// masses of a few letters are told in grams.
func amount(lang, quantity string, x float64) string {
	if quantity == "kg" || quantity == "co2e" {
		return mass(lang, x)
	}
	return figure(lang, x)
}

// amounts is a range of a quantity, as amount writes it.
func amounts(lang, quantity string, r pipeline.Range) string {
	if r.Low == r.High {
		return amount(lang, quantity, r.Mid)
	}
	return amount(lang, quantity, r.Low) + " … " + amount(lang, quantity, r.High)
}

// figure is number, but small quantities keep three digits that matter too: the
// books of a few letters are about grams.
func figure(lang string, x float64) string {
	switch {
	case x == math.Trunc(x) && math.Abs(x) < 1e15: // counted
		return thousands(lang, strings.Replace(strconv.FormatFloat(x+0, 'f', 0, 64), "-", "−", 1))
	case math.Abs(x) >= 1, math.IsNaN(x):
		return number(lang, x)
	}
	s := strconv.FormatFloat(x, 'f', min(9, 2-int(math.Floor(math.Log10(math.Abs(x))))), 64)
	s = strings.Replace(s, "-", "−", 1)
	if lang == "de" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}
