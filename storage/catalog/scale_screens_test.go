package catalog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
)

// screens are what the pages that do not search ask the catalogue for.
func screens(t *testing.T) []kind {
	people := catalog.Filter{Sight: &catalog.Sight{Departments: []pipeline.DeptID{"12", "17"}}}
	mailroom := catalog.Filter{Sight: &catalog.Sight{Unsettled: true, Since: lastDay.AddDate(0, 0, -30)}}
	colleague := people
	colleague.Limit = 20
	desk := func(f catalog.Filter) run {
		return func(ctx context.Context, c *catalog.Catalog) (int, error) {
			tray, err := c.Tray(ctx, catalog.Desk{Accounts: []string{"b.weber"}, Filter: f, Own: f.Sight.Departments, Day: lastDay})
			return tray.Totals.Due + tray.Totals.Assigned + tray.Totals.New, err
		}
	}
	newest := fmt.Sprintf("doc-%06d", 40)
	return []kind{
		{"letter list of a colleague", []run{list(colleague), list(mailroom), facets(people), facets(mailroom)}},
		{"desk of a colleague", []run{desk(colleague)}},
		{"review tray", []run{
			func(ctx context.Context, c *catalog.Catalog) (int, error) { return c.Held(ctx) },
			func(ctx context.Context, c *catalog.Catalog) (int, error) {
				l, err := c.Waiting(ctx, "", 20)
				return len(l), err
			},
		}},
		{"mailroom's start", []run{intake}},
		{"counts within rights", []run{counts(people), counts(mailroom)}},
		{"journal of a year", []run{journal(2021, 0), journal(2023, 8000), journal(2025, 12000)}},
		{"a letter", []run{letter(newest), letter("doc-070000")}},
		{"evidence log", []run{evidence(0), evidence(200_000)}},
		{"five saved searches, nothing new", []run{saved(time.Now().Add(time.Hour))}},
		{"five saved searches, a day's news", []run{saved(lastDay.AddDate(0, 0, -1))}},
		{"sustainability desk", sustainability(t, false)},
		{ledgerAnew, sustainability(t, true)[:1]},
	}
}

// lastDay is when the last letter came that [writer.document] makes.
var lastDay = time.Date(2020, 1, 2, 8, 0, 0, 0, time.UTC).Add(100_000 * 30 * time.Minute)

// intake is the mailroom's start page.
func intake(ctx context.Context, c *catalog.Catalog) (int, error) {
	if _, _, err := c.List(ctx, catalog.Filter{Limit: 25}); err != nil {
		return 0, err
	}
	if _, _, err := c.List(ctx, catalog.Filter{From: lastDay.Truncate(24 * time.Hour), Limit: 500}); err != nil {
		return 0, err
	}
	n, err := c.Counts(ctx)
	return n.States[pipeline.Archived], err
}

func counts(f catalog.Filter) run {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		n, err := c.CountsOf(ctx, f)
		return n.States[pipeline.Archived], err
	}
}

func journal(year, after int) run {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		l, _, err := c.Journal(ctx, year, after, 500)
		return len(l), err
	}
}

// letter is what the page of one letter reads.
func letter(id string) run {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		e, err := c.Find(ctx, pipeline.DocID(id), catalog.Filter{})
		if err != nil {
			return 0, err
		}
		if _, _, err := c.Deeds(ctx, e.Document.ID); err != nil {
			return 0, err
		}
		h, err := c.History(ctx, e.Document.ID)
		if err != nil {
			return 0, err
		}
		_, err = c.Prove(ctx, e.Document.ID, func(string) bool { return true })
		return len(h), err
	}
}

func evidence(before int64) run {
	return func(ctx context.Context, c *catalog.Catalog) (int, error) {
		l, err := c.Evidence(ctx, before, 101)
		if err != nil {
			return 0, err
		}
		_, err = c.SignIns(ctx, before, 101)
		return len(l), err
	}
}

// saved are five kept searches that were looked at some time ago.
func saved(seen time.Time) run {
	return func(ctx context.Context, c *catalog.Catalog) (sum int, err error) {
		var queries []catalog.Query
		for _, words := range []string{"Stadt", "Bauantrag", "Hundesteuer Bescheid", `"Sabine Krause"`, "Müller Spielplatz"} {
			queries = append(queries, catalog.Query{Words: words, Filter: catalog.Filter{Arrived: seen}})
		}
		news, err := c.News(ctx, queries)
		for _, h := range news {
			sum += h.Total
		}
		return sum, err
	}
}

// sustainability adds up the books as the desk does: the ledger is read once, then
// what is new of it; each report is computed afresh here. anew reads the whole
// ledger each time, as the upkeep does at the start of the program.
func sustainability(t *testing.T, anew bool) []run {
	books, err := savings.New(savings.Config{})
	if err != nil {
		t.Fatal(err)
	}
	tallies := map[*catalog.Catalog]*savings.Tally{}
	report := func(q pipeline.ReportQuery) run {
		return func(ctx context.Context, c *catalog.Catalog) (int, error) {
			tally := tallies[c]
			if tally == nil || anew {
				tally = &savings.Tally{}
				tallies[c] = tally
			}
			err := c.Ledger(ctx, tally.Last(), func(r catalog.LedgerRow) error {
				tally.Add(savings.Booked{N: r.N, Saving: r.Saving, Department: r.Department, Type: r.Type, At: r.At}, time.UTC)
				return nil
			})
			if err != nil {
				return 0, err
			}
			facts, err := c.Facts(ctx)
			if err != nil {
				return 0, err
			}
			r := books.Report(tally, facts, q)
			return len(r.Months), nil
		}
	}
	year := pipeline.ReportQuery{From: "2023-01", To: "2023-12"}
	department, typ := year, year
	department.Department, typ.Type = "17", "12-T1"
	return []run{report(year), report(department), report(typ), report(pipeline.ReportQuery{From: "2020-01", To: "2025-12"})}
}
