package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

func statusCommand() command {
	return command{
		name: "status", help: [2]string{"was wo steht", "what stands where"},
		shown: []string{"data"},
		flags: func(fs *pflag.FlagSet) { fs.Bool("json", false, "as JSON") },
		run: func(ctx context.Context, c *call) error {
			h, err := openHouse(ctx, c)
			if err != nil {
				return err
			}
			defer h.Close()
			counts, err := h.rows.Counts(ctx)
			if err != nil {
				return err
			}
			if asJSON, _ := c.flags.GetBool("json"); asJSON {
				return json.NewEncoder(c.out).Encode(struct {
					catalog.Counts
					Inlets []web.Inlet
				}{counts, inletsOf(ctx, c.set.str("data"))})
			}
			for _, s := range []pipeline.State{pipeline.Working, pipeline.Waiting, pipeline.Archived, pipeline.Refused} {
				fmt.Fprintf(c.out, "%-12s %d\n", c.stateWord(s), counts.States[s])
			}
			for _, in := range inletsOf(ctx, c.set.str("data")) {
				fmt.Fprintf(c.out, "%s: %s\n", in.Place, c.say(in.Text.DE, in.Text.EN))
			}
			return nil
		},
	}
}

// printOverview prints one row for each letter: what became of it.
func (c *call) printOverview(ctx context.Context, h *house) error {
	tw := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, c.say(
		"\nJOURNAL\tDATEI\tSEITEN\tAMT\tDOKUMENTTYP\tSICHER\tPDF/A\tABLAGE\tBLATT GESPART",
		"\nJOURNAL\tFILE\tPAGES\tDEPT\tDOCUMENT TYPE\tSURE\tPDF/A\tPLACE\tSHEETS SAVED"))
	var rows []web.Letter
	err := h.eachEntry(ctx, catalog.Filter{}, func(e catalog.Entry) error {
		rows = append(rows, web.LetterOf(e))
		return nil
	})
	if err != nil {
		return err
	}
	for i := len(rows) - 1; i >= 0; i-- { // the catalogue gives the newest first
		l := rows[i]
		verdict, place, saved := "-", l.ArchiveKey, "-"
		if l.PDFA != nil {
			verdict = l.PDFA.Flavour + " ✓"
		}
		if place == "" {
			place = c.stateWord(l.State)
		} else {
			saved = fmt.Sprintf("%.2f", l.SheetsSaved)
		}
		pages := fmt.Sprint(l.Pages)
		if l.Blank > 0 {
			pages = fmt.Sprintf("%d (%d %s)", l.Pages, l.Blank, c.say("leer", "blank"))
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d %%\t%s\t%s\t%s\n",
			l.Journal, l.Name, pages, dash(string(l.Department)), dash(string(l.Type)), percent(l.Confidence), verdict, place, saved)
	}
	return tw.Flush()
}

// percent shows a confidence, rounded down and never as certain: a machine's guess
// is not a fact.
func percent(confidence float64) int { return min(int(100*confidence), 99) }

// progressOnly counts lines instead of printing them.
type progressOnly struct{ w io.Writer }

func (p progressOnly) Write(b []byte) (int, error) {
	_, err := io.WriteString(p.w, strings.Repeat(".", strings.Count(string(b), "\n")))
	return len(b), err
}

func searchCommand() command {
	return command{
		name: "search", args: "WORDS",
		help:  [2]string{"archivierte Briefe suchen", "search archived letters"},
		shown: []string{"data"},
		flags: func(fs *pflag.FlagSet) {
			fs.Bool("json", false, "one JSON object a hit")
			fs.String("department", "", "only this department (Amt)")
			fs.Int("limit", 20, "most hits")
		},
		run: search,
	}
}

func search(ctx context.Context, c *call) error {
	if len(c.args) == 0 {
		return exit{exitUsage, errors.New(c.say("wonach?", "for what?"))}
	}
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	department, _ := c.flags.GetString("department")
	limit, _ := c.flags.GetInt("limit")
	hits, err := h.rows.Search(ctx, catalog.Query{
		Words:  strings.Join(c.args, " "),
		Filter: catalog.Filter{State: pipeline.Archived, Department: pipeline.DeptID(department), Limit: limit},
	})
	if err != nil {
		return err
	}
	asJSON, _ := c.flags.GetBool("json")
	for _, hit := range hits.Hits {
		l := web.LetterOf(hit.Entry)
		if asJSON {
			if err := json.NewEncoder(c.out).Encode(struct {
				web.Letter
				Snippet string `json:"snippet"`
				Similar bool   `json:"similar"`
			}{l, hit.Snippet, hit.Similar}); err != nil {
				return err
			}
			continue
		}
		similar := ""
		if hit.Similar {
			similar = c.say("  (ähnlich)", "  (similar)")
		}
		fmt.Fprintf(c.out, "%s  %s  %s%s\n    %s\n    %s\n", l.Journal, l.Type, l.Name, similar, hit.Snippet, l.ArchiveKey)
	}
	if !asJSON {
		fmt.Fprintf(c.out, c.say("%d Treffer\n", "%d hits\n"), hits.Total)
	}
	return nil
}

func savingsCommand() command {
	return command{
		name:  "savings",
		help:  [2]string{"das gesparte Papier mit Quellen und Spannen", "the paper saved, with sources and ranges"},
		shown: []string{"data"},
		flags: func(fs *pflag.FlagSet) {
			fs.String("from", "", "first day, 2026-01-31")
			fs.String("to", "", "last day, 2026-12-31")
			fs.String("by", "department", "department, month, type or event")
			fs.String("format", "table", "table, csv or json")
			fs.String("shape", "", "table of --format csv: summary, gri301, emas, bnk, factors or checks; empty is that of --by")
			fs.String("xlsx", "", "write all tables into this workbook")
			fs.String("report", "", "write the report on one page into this file, as PDF/A")
			fs.String("import", "", "first read figures from this CSV file: purchases, print counters, samples, reprints")
		},
		run: printSavings,
	}
}

func printSavings(ctx context.Context, c *call) error {
	from, to, err := c.period()
	if err != nil {
		return exit{exitUsage, err}
	}
	flag := func(name string) string { text, _ := c.flags.GetString(name); return text }
	if !slices.Contains([]string{"department", "month", "type", "event"}, flag("by")) || !slices.Contains([]string{"table", "csv", "json"}, flag("format")) ||
		flag("shape") != "" && !slices.Contains(savings.Shapes(), flag("shape")) {
		return exit{exitUsage, errors.New(c.say(
			"--by ist department, month, type oder event; --format ist table, csv oder json; --shape ist eine von ",
			"--by is department, month, type or event; --format is table, csv or json; --shape is one of ") + strings.Join(savings.Shapes(), ", "))}
	}
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	k, err := h.openKeeper()
	if err != nil {
		return err
	}
	if name := flag("import"); name != "" {
		if err := c.importFigures(ctx, k, name); err != nil {
			return err
		}
	}
	report, err := k.Between(ctx, from, to)
	if err != nil {
		return err
	}
	lang := c.say("de", "en")
	if flag("xlsx") != "" || flag("report") != "" {
		return errors.Join(
			writeExport(ctx, k, flag("xlsx"), web.Export{Format: "xlsx", Lang: lang, Report: report}),
			writeExport(ctx, k, flag("report"), web.Export{Format: "pdf", Lang: lang, Report: report}))
	}
	switch flag("format") {
	case "table":
		return savings.Table(c.out, report, flag("by"), lang)
	case "csv":
		return k.Export(ctx, c.out, web.Export{Format: "csv", Shape: cmp.Or(flag("shape"), flag("by")), Lang: lang, Report: report})
	default:
		return savings.JSON(c.out, report)
	}
}

func (c *call) importFigures(ctx context.Context, k *keeper.Keeper, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return exit{exitBadInput, err}
	}
	defer f.Close()
	facts, entries, err := k.Import(ctx, commandLineUser(), "", f)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, c.say("%d Angaben und %d Buchungen übernommen\n", "%d statements and %d entries taken over\n"), facts, entries)
	return nil
}

// commandLineUser is who works at the terminal, for the evidence log.
func commandLineUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "command line"
}

// writeExport writes an export into a file, which appears whole or not at all;
// without a name it writes nothing.
func writeExport(ctx context.Context, k *keeper.Keeper, name string, e web.Export) error {
	if name == "" {
		return nil
	}
	var b bytes.Buffer
	if err := k.Export(ctx, &b, e); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".export-*")
	if err != nil {
		return exit{exitCannotWrite, err}
	}
	defer os.Remove(tmp.Name())
	_, err = b.WriteTo(tmp)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return exit{exitCannotWrite, err}
	}
	return nil
}

// period reads --from and --to; the last day counts whole.
func (c *call) period() (from, to time.Time, err error) {
	for name, t := range map[string]*time.Time{"from": &from, "to": &to} {
		text, _ := c.flags.GetString(name)
		if text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, text, c.set.zone())
		if err != nil {
			return from, to, fmt.Errorf("--%s: %q is not a day such as 2026-01-31", name, text)
		}
		if name == "to" {
			day = day.AddDate(0, 0, 1)
		}
		*t = day
	}
	return from, to, nil
}
