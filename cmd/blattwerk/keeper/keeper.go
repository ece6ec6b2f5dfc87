package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/onepage"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

// Keeper brings the catalogue's ledger and the books together. It is safe for
// concurrent use.
type Keeper struct {
	cfg Config

	mu    sync.Mutex
	tally savings.Tally // of the ledger as far as it was read
	at    place         // at which memo was computed
	memo  map[pipeline.ReportQuery]pipeline.Report
}

// place is what a report follows from besides its query.
type place struct{ ledger, facts int64 }

// maxMemo bounds the reports that are remembered.
const maxMemo = 64

// Config is what a keeper works with. All but Town are required.
type Config struct {
	Rows  *catalog.Catalog
	Books *savings.Books
	Zone  *time.Location              // of the town: when a month begins
	Town  string                      // for the page of a report
	Names func(by, key string) string // of departments ("department") and types ("type"), "" if not known
}

// New makes a keeper.
func New(cfg Config) *Keeper { return &Keeper{cfg: cfg} }

func booked(r catalog.LedgerRow) savings.Booked {
	return savings.Booked{N: r.N, Saving: r.Saving, Department: r.Department, Type: r.Type, At: r.At}
}

// Report sums the books up as they stand. Only entries that came since the last
// call are read, and nothing is computed twice. Callers share what it gives and
// must not change it.
func (k *Keeper) Report(ctx context.Context, q pipeline.ReportQuery) (pipeline.Report, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.cfg.Rows.Ledger(ctx, k.tally.Last(), func(r catalog.LedgerRow) error {
		k.tally.Add(booked(r), k.cfg.Zone)
		return nil
	})
	if err != nil {
		return pipeline.Report{}, err
	}
	facts, err := k.cfg.Rows.Facts(ctx)
	if err != nil {
		return pipeline.Report{}, err
	}
	now := place{ledger: k.tally.Last()}
	if len(facts) > 0 {
		now.facts = facts[len(facts)-1].N
	}
	if k.memo == nil || now != k.at || len(k.memo) >= maxMemo {
		k.at, k.memo = now, map[pipeline.ReportQuery]pipeline.Report{}
	}
	r, known := k.memo[q]
	if !known {
		r = k.cfg.Books.Report(&k.tally, facts, q)
		k.memo[q] = r
	}
	return r, nil
}

// Warm reads the ledger as far as it goes, so that the next report needs only what
// comes after it.
func (k *Keeper) Warm(ctx context.Context) error {
	_, err := k.Report(ctx, pipeline.ReportQuery{})
	return err
}

// Between is the report of days, for the command line; zero bounds are open.
func (k *Keeper) Between(ctx context.Context, from, to time.Time) (pipeline.Report, error) {
	rows, err := k.cfg.Rows.Savings(ctx, from, to)
	if err != nil {
		return pipeline.Report{}, err
	}
	facts, err := k.cfg.Rows.Facts(ctx)
	if err != nil {
		return pipeline.Report{}, err
	}
	ledger := make([]savings.Booked, len(rows))
	for i, r := range rows {
		ledger[i] = booked(r)
	}
	var q pipeline.ReportQuery
	if !from.IsZero() {
		q.From = from.In(k.cfg.Zone).Format("2006-01")
	}
	if !to.IsZero() {
		q.To = to.In(k.cfg.Zone).AddDate(0, 0, -1).Format("2006-01")
	}
	return k.cfg.Books.Report(savings.Count(ledger, k.cfg.Zone), facts, q), nil
}

// Sentence says in plain words what a report comes to.
func (k *Keeper) Sentence(r pipeline.Report) pipeline.Message {
	return pipeline.Message{DE: onepage.Sentence(r, "de"), EN: onepage.Sentence(r, "en")}
}

// Facts lists what people told the books.
func (k *Keeper) Facts(ctx context.Context) ([]pipeline.Fact, error) { return k.cfg.Rows.Facts(ctx) }

// Factors are those that hold in a year.
func (k *Keeper) Factors(ctx context.Context, year int) ([]pipeline.FactorUse, error) {
	facts, err := k.cfg.Rows.Facts(ctx)
	if err != nil {
		return nil, err
	}
	return k.cfg.Books.InForce(facts, year), nil
}

// Sets names the sets of factors for paper.
func (k *Keeper) Sets() []string { return k.cfg.Books.Sets() }

// Shapes names the tables that Export knows.
func (k *Keeper) Shapes() []string { return savings.Shapes() }

// Targets names the quantities that a target may have.
func (k *Keeper) Targets() []string { return savings.TargetQuantities() }

// Replace puts a town's own value in a factor's place.
func (k *Keeper) Replace(ctx context.Context, by string, c web.FactorChange) error {
	f, err := k.cfg.Books.NewFactor(c.ID, c.Value, c.Evidence, c.Source, c.Boundary, c.Year, c.Since)
	if err != nil {
		return err
	}
	f.Note = c.Note
	return k.cfg.Rows.Tell(ctx, by, []pipeline.Fact{f}, nil)
}

// Use takes another set of factors for paper from a year on.
func (k *Keeper) Use(ctx context.Context, by, set string, since int) error {
	f := pipeline.Fact{Kind: pipeline.FactSet, Set: set, Since: since}
	if err := k.cfg.Books.Check(f); err != nil {
		return err
	}
	return k.cfg.Rows.Tell(ctx, by, []pipeline.Fact{f}, nil)
}

// Withdraw takes a fact back: it stays to be seen and counts no more.
func (k *Keeper) Withdraw(ctx context.Context, by string, n int64) error {
	facts, err := k.cfg.Rows.Facts(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(facts, func(f pipeline.Fact) bool { return f.N == n })
	if i < 0 {
		return catalog.ErrUnknown
	}
	f := facts[i]
	f.Withdrawn = true
	return k.cfg.Rows.Tell(ctx, by, []pipeline.Fact{f}, nil)
}

// Import reads figures from a table and writes them down, all or none.
func (k *Keeper) Import(ctx context.Context, by, salt string, r io.Reader) (facts, entries int, err error) {
	told, err := k.cfg.Books.ReadTable(r, k.cfg.Zone, salt)
	if err != nil {
		return 0, 0, err
	}
	return len(told.Facts), len(told.Entries), k.tell(ctx, by, told)
}

// Enter writes one figure down, from the entries of a form.
func (k *Keeper) Enter(ctx context.Context, by, salt string, cells map[string]string) error {
	told, err := k.cfg.Books.ReadEntry(cells, k.cfg.Zone, salt)
	if err != nil {
		return err
	}
	return k.tell(ctx, by, told)
}

func (k *Keeper) tell(ctx context.Context, by string, told savings.Told) error {
	rows := make([]catalog.LedgerRow, len(told.Entries))
	for i, e := range told.Entries {
		rows[i] = catalog.LedgerRow{Saving: e.Saving, Department: e.Department, Type: e.Type}
	}
	return k.cfg.Rows.Tell(ctx, by, told.Facts, rows)
}

// File keeps a report as it stands now.
func (k *Keeper) File(ctx context.Context, by, title string, q pipeline.ReportQuery) (pipeline.FiledReport, error) {
	r, err := k.Report(ctx, q)
	if err != nil {
		return pipeline.FiledReport{}, err
	}
	body, err := savings.Bytes(r)
	if err != nil {
		return pipeline.FiledReport{}, err
	}
	return k.cfg.Rows.FileReport(ctx, pipeline.FiledReport{Author: by, Title: title, Seed: k.cfg.Books.Seed(), Body: body})
}

// Reports lists the filed reports.
func (k *Keeper) Reports(ctx context.Context) ([]pipeline.FiledReport, error) {
	return k.cfg.Rows.Reports(ctx)
}

// Filed gives a filed report with what it says.
func (k *Keeper) Filed(ctx context.Context, id string) (pipeline.FiledReport, pipeline.Report, error) {
	f, err := k.cfg.Rows.FiledReport(ctx, id)
	if err != nil {
		return f, pipeline.Report{}, err
	}
	r, err := savings.Read(f)
	return f, r, err
}

// Again computes a filed report once more and says whether it comes out the same,
// byte for byte.
func (k *Keeper) Again(ctx context.Context, id string) (bool, error) {
	f, err := k.cfg.Rows.FiledReport(ctx, id)
	if err != nil {
		return false, err
	}
	var ledger []savings.Booked
	err = k.cfg.Rows.Ledger(ctx, 0, func(r catalog.LedgerRow) error {
		ledger = append(ledger, booked(r))
		return nil
	})
	if err != nil {
		return false, err
	}
	facts, err := k.cfg.Rows.Facts(ctx)
	if err != nil {
		return false, err
	}
	body, err := savings.Again(f, ledger, facts, k.cfg.Zone)
	return bytes.Equal(body, f.Body), err
}

// errShape says that there is no such table.
var errShape = errors.New("no such table")

// Export writes a report as CSV, XLSX, JSON or PDF/A.
func (k *Keeper) Export(ctx context.Context, w io.Writer, e web.Export) error {
	switch e.Format {
	case "csv":
		s, ok := savings.Shape(e.Report, e.Shape, e.Lang, k.cfg.Names)
		if !ok {
			return errShape
		}
		return savings.CSV(w, s, e.Lang)
	case "xlsx":
		var sheets []savings.Sheet
		for _, shape := range savings.Shapes() {
			s, _ := savings.Shape(e.Report, shape, e.Lang, k.cfg.Names)
			sheets = append(sheets, s)
		}
		return savings.XLSX(w, sheets)
	case "json":
		return savings.JSON(w, e.Report)
	case "pdf":
		p := onepage.Page{Town: k.cfg.Town, Lang: e.Lang, Names: k.cfg.Names, At: time.Now().In(k.cfg.Zone)}
		if f := e.Filed; f != nil {
			p.ID, p.By, p.At, p.Check = f.ID, f.Author, f.At.In(k.cfg.Zone), f.Digest
		}
		return onepage.Write(ctx, w, e.Report, p)
	}
	return fmt.Errorf("%w: %s", errShape, e.Format)
}
