package web

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// SheetOrder is what is to be printed for stacks of paper.
type SheetOrder struct {
	Kind  SheetKind
	Count int // cover and separator sheets, or labels

	// What a cover sheet says; all may be left out.
	Batch      string // number of the first batch; the others count on
	Department pipeline.DeptID
	Type       pipeline.TypeCode
	Received   time.Time // a day
	Expected   int       // letters in a batch
	Paper      pipeline.Paper

	First int64 // labels: the first number; cover sheets: that of the first letter's label
}

// SheetKind is a kind of sheet to print.
type SheetKind string

// The kinds.
const (
	SheetCover     SheetKind = "cover"
	SheetSeparator SheetKind = "separators"
	SheetLabels    SheetKind = "labels"
)

// sheetsAtMost is how many sheets or labels a form may ask for.
const sheetsAtMost = 500

// sheetRoutes is where sheets for stacks are printed.
func (s *server) sheetRoutes() []route {
	return []route{
		{"GET /sheets", access.Hand, s.sheetsForm},
		{"GET /sheets/{kind}", access.Hand, s.printSheets},
	}
}

type sheetsPage struct {
	frame
	Groups  []typeGroup
	Offices []TypeInfo // one for each department
	Batch   string
	Today   string
	Most    int
}

func (s *server) sheetsForm(w http.ResponseWriter, r *http.Request) {
	now := time.Now().In(s.Zone)
	s.show(w, r, "sheets", sheetsPage{
		frame: s.frame(r, "sheets.title"), Groups: s.typeGroups(), Offices: s.departments(),
		Batch: now.Format("20060102-1504") + "-01", Today: now.Format(time.DateOnly), Most: sheetsAtMost,
	})
}

// printSheets answers with the sheets as PDF, to be printed from the browser.
func (s *server) printSheets(w http.ResponseWriter, r *http.Request) {
	order, err := s.sheetOrder(SheetKind(r.PathValue("kind")), r.URL.Query())
	var pdf bytes.Buffer
	if err == nil {
		var told *pipeline.Fault
		if err = s.Sheets(&pdf, order); err != nil && !errors.As(err, &told) {
			err = badSheet("", "Angaben", "values", err)
		}
	}
	if err != nil && order.Kind == "" {
		s.notFound(w, r)
		return
	}
	if err != nil {
		s.again(w, r, string(order.Kind), "/sheets", s.sheetsForm, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="blattwerk-`+string(order.Kind)+`.pdf"`)
	h.Set("Content-Length", strconv.Itoa(pdf.Len()))
	_, _ = pdf.WriteTo(w) // the other side may be gone
}

// sheetOrder reads the form.
func (s *server) sheetOrder(kind SheetKind, q url.Values) (SheetOrder, error) {
	if !slices.Contains([]SheetKind{SheetCover, SheetSeparator, SheetLabels}, kind) {
		return SheetOrder{}, catalog.ErrUnknown
	}
	o := SheetOrder{Kind: kind, Batch: strings.ToUpper(strings.TrimSpace(q.Get("batch")))}
	number := func(name string, least, most int64) (int64, error) {
		text := cmp.Or(strings.TrimSpace(q.Get(name)), strconv.FormatInt(least, 10))
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < least || n > most {
			return 0, badSheet(name, "Zahl zwischen "+strconv.FormatInt(least, 10)+" und "+strconv.FormatInt(most, 10), "number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10), err)
		}
		return n, nil
	}
	count, err := number("count", 1, sheetsAtMost)
	if err != nil {
		return o, err
	}
	o.Count = int(count)
	least := int64(0)
	if kind == SheetLabels {
		if least = 1; q.Get("first") == "" { // no number is printed by chance
			return o, badSheet("first", "die erste Nummer", "the first number", nil)
		}
	}
	if o.First, err = number("first", least, 9_999_999); err != nil || kind != SheetCover {
		return o, err
	}
	expected, err := number("expected", 0, 9999)
	if err != nil {
		return o, err
	}
	o.Expected = int(expected)
	if day := q.Get("received"); day != "" {
		if o.Received, err = time.Parse(time.DateOnly, day); err != nil {
			return o, badSheet("received", "Eingangsdatum", "day of receipt", err)
		}
	}
	o.Department, o.Type = pipeline.DeptID(q.Get("department")), pipeline.TypeCode(q.Get("type"))
	if t, known := s.types[o.Type]; known {
		if o.Department != "" && o.Department != t.Department {
			return o, badSheet("type", "Amt und Dokumenttyp passen nicht zusammen", "department and document type do not go together", nil)
		}
		o.Department = t.Department
	} else if o.Type != "" {
		return o, badSheet("type", "Dokumenttyp", "document type", nil)
	}
	if o.Department != "" && !slices.ContainsFunc(s.Types, func(t TypeInfo) bool { return t.Department == o.Department }) {
		return o, badSheet("department", "Amt", "department", nil)
	}
	o.Paper = pipeline.Paper{FrontsThenBacks: q.Get("fronts") != "", BlankParts: q.Get("blanks") != "", LabelParts: q.Get("labels") != ""}
	return o, nil
}

// badSheet is what keeps a sheet from being printed; field is the entry of the form
// that it is about.
func badSheet(field, de, en string, err error) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-sheet", Field: field, Err: err, Text: pipeline.Message{
		DE: "So lässt sich kein Blatt drucken. Bitte prüfen: " + de + ".", EN: "No sheet can be printed this way. Please check: " + en + ".",
	}}
}
