package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/web"
)

func ingestCommand() command {
	return command{
		name: "ingest", args: "FILE|DIR…",
		help: [2]string{
			"Dateien übergeben: an ein laufendes serve oder, wo keines läuft, ganz selbst verarbeiten",
			"hand files in: to a running serve or, where none runs, do the whole job itself",
		},
		shown: []string{"data", "language"},
		flags: func(fs *pflag.FlagSet) {
			fs.Bool("wait", false, "wait until each letter is settled, and print a line for each")
			fs.Bool("json", false, "one JSON object a letter (waits, too)")
			fs.String("mode", string(pipeline.ModeSkip), "pages that carry text already: skip, force or redo")
			fs.String("source", "cli", "how the letters came in, for the journal")
			fs.String("device", "", "scanner, for the journal")
			fs.String("paper", "", "how the stack was scanned and is parted: fronts-then-backs, blank-parts, label-parts, by commas")
		},
		run: ingest,
	}
}

// desk is where files are handed in: a running serve, or our own stations.
type desk interface {
	// hand gives a file in. A letter that comes back is accepted: it cannot be lost.
	hand(ctx context.Context, path string, d pipeline.Delivery) (web.Letter, error)
	// look says where a letter stands.
	look(ctx context.Context, id pipeline.DocID) (web.Letter, error)
}

func ingest(ctx context.Context, c *call) error {
	mode, _ := c.flags.GetString("mode")
	if len(c.args) == 0 || !validMode(mode) {
		return exit{exitUsage, errors.New(c.say("welche Datei oder welcher Ordner?", "which file or folder?"))}
	}
	files, err := listFiles(c.args)
	if err != nil {
		return exit{exitBadInput, err}
	}
	wait, _ := c.flags.GetBool("wait")
	asJSON, _ := c.flags.GetBool("json")
	return c.atDesk(ctx, func(ctx context.Context, d desk, own bool) error {
		letters, err := c.handAll(ctx, d, files)
		if err != nil {
			return err
		}
		if own || wait || asJSON {
			return c.follow(ctx, d, letters, asJSON)
		}
		for _, l := range letters {
			c.printLetter(l)
		}
		return refusedAny(letters)
	})
}

// atDesk finds the desk of this data folder and works there. own says that it is
// our own: it closes when work returns.
func (c *call) atDesk(ctx context.Context, work func(ctx context.Context, d desk, own bool) error) error {
	const patience = 20 * time.Second
	for began := time.Now(); ; {
		lock, who, err := lockFolder(c.set.str("data"))
		switch {
		case err == nil:
			defer lock.Close()
			return c.ownDesk(ctx, func(ctx context.Context, d desk) error { return work(ctx, d, true) })
		case !errors.Is(err, errBusy):
			return err
		case who.URL != "":
			return work(ctx, newRemoteDesk(who), false)
		case time.Since(began) > patience:
			return fmt.Errorf("%s: %w", c.set.str("data"), errBusy)
		}
		select {
		case <-time.After(200 * time.Millisecond): // it is starting, or an ingest at work
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listFiles spreads folders into their files, in order, without hidden ones.
func listFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if path != arg && strings.HasPrefix(entry.Name(), ".") {
				if entry.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if entry.Type().IsRegular() || path == arg && !entry.IsDir() {
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// handAll gives every file in. A file that cannot be taken is a letter with a
// reason; the others go on.
func (c *call) handAll(ctx context.Context, d desk, files []string) ([]web.Letter, error) {
	mode, _ := c.flags.GetString("mode")
	source, _ := c.flags.GetString("source")
	device, _ := c.flags.GetString("device")
	words, _ := c.flags.GetString("paper")
	paper, err := pipeline.ParsePaper(words)
	if err != nil {
		return nil, exit{exitUsage, fmt.Errorf("paper: %w", err)}
	}
	letters := make([]web.Letter, 0, len(files))
	for _, path := range files {
		err := steady(ctx, path)
		var l web.Letter
		if err == nil {
			l, err = d.hand(ctx, path, pipeline.Delivery{
				Name: filepath.Base(path), Source: cmp.Or(source, "cli"), Device: device, Operator: os.Getenv("USER"),
				Language: c.set.str("language"), Mode: pipeline.Mode(cmp.Or(mode, string(pipeline.ModeSkip))),
				Paper: paper,
			})
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			f := pipeline.AsFault(err)
			c.log.WarnContext(ctx, "not accepted", "code", f.Code, "error", f.Err)
			l = web.Letter{Name: filepath.Base(path), State: pipeline.Refused, Reason: &f.Text}
		}
		letters = append(letters, l)
	}
	return letters, nil
}

// steady waits until a file that was touched a moment ago no longer changes, so
// that half a file is never taken for a whole one.
func steady(ctx context.Context, path string) error {
	const settled, patience, beat = 2 * time.Second, 30 * time.Second, 250 * time.Millisecond
	last, err := os.Stat(path)
	if err != nil {
		return err
	}
	still := time.Since(last.ModTime())
	for began := time.Now(); still < settled; still += beat {
		select {
		case <-time.After(beat):
		case <-ctx.Done():
			return ctx.Err()
		}
		now, err := os.Stat(path)
		if err != nil {
			return err
		}
		if now.Size() != last.Size() || !now.ModTime().Equal(last.ModTime()) {
			last, still = now, 0
		}
		if time.Since(began) > patience {
			return &pipeline.Fault{Verdict: pipeline.TryAgain, Code: "still-written", Text: pipeline.Message{
				DE: "Die Datei wird noch geschrieben. Bitte übergeben, sobald der Scanner fertig ist.",
				EN: "The file is still being written. Please hand it in when the scanner has finished.",
			}}
		}
	}
	return nil
}

// follow waits until every letter is settled and prints each as it is.
func (c *call) follow(ctx context.Context, d desk, letters []web.Letter, asJSON bool) error {
	open := map[pipeline.DocID]bool{}
	for _, l := range letters {
		if l.ID != "" && l.State == pipeline.Working {
			open[l.ID] = true
		}
	}
	print := func(l web.Letter) {
		if asJSON {
			_ = json.NewEncoder(c.out).Encode(l)
			return
		}
		c.printLetter(l)
	}
	for _, l := range letters {
		if !open[l.ID] {
			print(l)
		}
	}
	for len(open) > 0 {
		for i, l := range letters {
			if !open[l.ID] {
				continue
			}
			now, err := d.look(ctx, l.ID)
			if err != nil {
				return err
			}
			if now.State == pipeline.Working {
				continue
			}
			now.DuplicateOf = l.DuplicateOf
			letters[i] = now
			delete(open, l.ID)
			print(now)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return refusedAny(letters)
}

func refusedAny(letters []web.Letter) error {
	if slices.ContainsFunc(letters, func(l web.Letter) bool { return l.State == pipeline.Refused }) {
		return exit{exitBadInput, nil}
	}
	return nil
}

func (c *call) printLetter(l web.Letter) {
	fmt.Fprintf(c.out, "%s  %s  %s", dash(l.Journal), l.Name, c.stateWord(l.State))
	if l.DuplicateOf != "" {
		fmt.Fprintf(c.out, "  %s", c.say("(schon da: doppelt eingegangen)", "(already here: received twice)"))
	}
	if l.Type != "" {
		fmt.Fprintf(c.out, "  %s %d %%", l.Type, percent(l.Confidence))
	}
	if l.PDFA != nil {
		fmt.Fprintf(c.out, "  PDF/A-%s", l.PDFA.Flavour)
	}
	if l.ArchiveKey != "" {
		fmt.Fprintf(c.out, "  %s", l.ArchiveKey)
	}
	if l.Reason != nil {
		fmt.Fprintf(c.out, "  %s", c.both(*l.Reason))
	}
	fmt.Fprintln(c.out)
}

func (c *call) stateWord(s pipeline.State) string {
	switch s {
	case pipeline.Archived:
		return c.say("archiviert", "archived")
	case pipeline.Waiting:
		return c.say("Klärfall", "for review")
	case pipeline.Refused:
		return c.say("zurück", "given back")
	default:
		return c.say("in Arbeit", "in work")
	}
}
