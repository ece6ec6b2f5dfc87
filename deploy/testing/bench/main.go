package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	set    size
	rounds int
	jobs   int
	corpus string
	out    string
	alone  bool
	only   string
	texts  string
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{set: standard}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	small := fs.Bool("quick", false, "a few pages only; writes no file unless -out is given")
	all := fs.Bool("full", false, "all pages there are")
	fs.IntVar(&o.rounds, "rounds", 3, "counted rounds, at least 3")
	fs.IntVar(&o.jobs, "jobs", 2, "jobs for each contender")
	fs.StringVar(&o.corpus, "corpus", os.Getenv("BLATTWERK_CORPUS"), "folder of the shared corpus; default: $BLATTWERK_CORPUS or ../shared/corpus")
	fs.BoolVar(&o.alone, "ours", false, "read each file once with Blattwerk alone, tell how well, and write no table")
	fs.StringVar(&o.only, "only", "", "files whose name has this in it; with -ours")
	fs.StringVar(&o.texts, "texts", "", "folder for what was read; with -ours")
	fs.StringVar(&o.out, "out", "", "file to write; default docs/benchmarks.md; - is standard output")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if !o.alone && o.only+o.texts != "" {
		return o, fmt.Errorf("-only and -texts go with -ours")
	}
	if fs.NArg() > 0 || *small && *all || o.rounds < 3 || o.jobs < 1 {
		return o, fmt.Errorf("wrong arguments; -rounds is at least 3, -jobs at least 1, and -quick and -full exclude each other")
	}
	switch {
	case *small:
		o.set = quick
	case *all:
		o.set = full
	}
	if o.corpus == "" {
		o.corpus = filepath.Join("..", "shared", "corpus")
	}
	if o.out == "" {
		if o.out = filepath.Join("docs", "benchmarks.md"); o.set == quick {
			o.out = "-"
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	needed := []string{"pdftotext", "pdfinfo"}
	if !o.alone {
		needed = append(needed, "ocrmypdf", "unpaper", "tesseract", "pdftoppm", "xargs")
	}
	for _, program := range needed {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing; `make bench` installs it: %w", program, err)
		}
	}
	entries, missing, err := find(o.set, filepath.Join("testdata", "letters"), o.corpus)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "blattwerk-bench-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	blattwerk, err := filepath.Abs(filepath.Join("bin", "blattwerk"))
	if err != nil {
		return err
	}
	b := bench{blattwerk: blattwerk, languages: "deu+eng", jobs: o.jobs, scratch: scratch}

	if o.alone {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return !strings.Contains(e.name(), o.only) })
		return oursAlone(ctx, b, entries, o.texts, stdout)
	}
	m := measurement{set: o.set, missing: missing, entries: entries, lines: b.commandLines(), facts: surroundings(ctx, b), began: time.Now()}
	if err := m.fill(ctx, b, o.rounds, stderr); err != nil {
		return err
	}
	m.took, m.loadAfter = time.Since(m.began), load()
	text := m.markdown()
	if o.out == "-" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	fmt.Fprintln(stderr, "written:", o.out)
	return nil
}

// fill runs a first pass that is not counted, and then the rounds. A contender
// that fails on a file is noted and the measurement goes on.
func (m *measurement) fill(ctx context.Context, b bench, rounds int, progress io.Writer) error {
	fmt.Fprintf(progress, "%d files, first pass\n", len(m.entries))
	for i, e := range m.entries {
		for who := range nobodies {
			if i > 0 && who != ours {
				continue // one file warms the caches; ours reads all, to make tesseract's pages
			}
			if _, err := b.run(ctx, who, e); err != nil {
				fmt.Fprintf(progress, "%s, %s: %v\n", names[who], e.name(), err)
			} else if who == ours {
				if err := b.renderPages(ctx, e); err != nil {
					return err
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for n := range rounds {
		round := make([][nobodies]result, len(m.entries))
		for i, e := range m.entries {
			fmt.Fprintf(progress, "round %d of %d, %s:", n+1, rounds, e.name())
			for who := range nobodies {
				r, err := b.run(ctx, who, e)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					m.fail(i, who, err)
				}
				round[i][who] = r
				fmt.Fprintf(progress, " %.1f s", r.wall.Seconds())
			}
			fmt.Fprintln(progress)
		}
		m.rounds = append(m.rounds, round)
	}
	return nil
}
