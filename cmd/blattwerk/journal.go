package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/web"
)

func journalCommand() command {
	return command{
		name:  "journal",
		help:  [2]string{"das Posteingangsbuch eines Jahres", "the mail journal of a year"},
		shown: []string{"data"},
		flags: func(fs *pflag.FlagSet) {
			fs.Int("year", 0, "year; 0 is this one")
			fs.Bool("csv", false, "as CSV")
		},
		run: journal,
	}
}

func journal(ctx context.Context, c *call) error {
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	room, err := classify.New(classify.Config{})
	if err != nil {
		return fmt.Errorf("reading the document types: %w", err)
	}
	year, _ := c.flags.GetInt("year")
	if year == 0 {
		year = time.Now().In(h.set.zone()).Year()
	}
	write, done, err := c.journalWriter(h)
	if err != nil {
		return err
	}
	for after := 0; ; {
		list, next, err := h.rows.Journal(ctx, year, after, 500)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := write(web.JournalRowOf(e, names(room))); err != nil {
				return err
			}
		}
		if next == 0 {
			return done()
		}
		after = next
	}
}

// journalWriter writes lines as CSV or as a table.
func (c *call) journalWriter(h *house) (write func(web.JournalRow) error, done func() error, err error) {
	if asCSV, _ := c.flags.GetBool("csv"); asCSV {
		out, err := web.NewJournalCSV(c.out, h.set.zone(), web.JournalHead(c.german), func(s pipeline.State) string { return c.stateWord(s) })
		if err != nil {
			return nil, nil, err
		}
		return func(r web.JournalRow) error { return out.Write(r, c.german) }, out.Close, nil
	}
	tw := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, c.say("NUMMER\tEINGANG\tABSENDER\tART\tAMT\tSTATUS", "NUMBER\tRECEIVED\tSENDER\tKIND\tDEPT\tSTATUS"))
	return func(r web.JournalRow) error {
		_, err := fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, r.Received.In(h.set.zone()).Format("2006-01-02 15:04"),
			dash(r.Sender), dash(r.Kind), dash(string(r.Department)), c.stateWord(r.State))
		return err
	}, tw.Flush, nil
}
