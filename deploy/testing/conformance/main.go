package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// parts in the order of the report.
var parts = []string{"writer", "gate", "files", "rivals"}

type options struct {
	parts         []string
	random        int
	mutants       int
	seed          uint64
	corpus, out   string
	work          string // what an interrupted comparison with others leaves for the next
	referee       string
	blattwerk     string
	jobs          int
	longest       time.Duration // for one file and one program
	rivalMaxPages int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "conformance:", err)
		}
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("conformance", flag.ContinueOnError)
	fs.SetOutput(stderr)
	only := fs.String("part", "", "parts to run, by commas, in their order; all if empty")
	fs.IntVar(&o.random, "random", 2000, "random files of the writer's part")
	fs.IntVar(&o.mutants, "mutants", 1000, "mutants of the gate's part")
	fs.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "where randomness starts")
	fs.StringVar(&o.corpus, "corpus", os.Getenv("BLATTWERK_CORPUS"), "folder of the shared corpus; default: $BLATTWERK_CORPUS or ../shared/corpus")
	fs.StringVar(&o.out, "out", filepath.Join("docs", "conformance.md"), "file to write; - is standard output")
	fs.StringVar(&o.work, "work", filepath.Join(".cache", "conformance"), "folder in which the part rivals keeps what is done until it is whole")
	fs.StringVar(&o.referee, "referee", filepath.Join(".cache", "tools", "verapdf"), "veraPDF")
	fs.StringVar(&o.blattwerk, "blattwerk", filepath.Join("bin", "blattwerk"), "our program")
	fs.IntVar(&o.jobs, "jobs", 2, "files worked on at once")
	fs.DurationVar(&o.longest, "longest", 3*time.Minute, "most time for one file and one program")
	fs.IntVar(&o.rivalMaxPages, "rival-pages", 30, "files with more pages are left out of the comparison with others")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.corpus == "" {
		o.corpus = filepath.Join("..", "shared", "corpus")
	}
	if o.parts = parts; *only != "" {
		o.parts = strings.Split(*only, ",")
	}
	for _, p := range o.parts {
		if !slices.Contains(parts, p) {
			return o, fmt.Errorf("no part %q", p)
		}
	}
	if fs.NArg() > 0 || o.jobs < 1 || o.random < 0 || o.mutants < 0 {
		return o, errors.New("wrong arguments")
	}
	if _, err := os.Stat(o.corpus); err != nil {
		return o, fmt.Errorf("the shared corpus is missing: %w", err)
	}
	for _, p := range []*string{&o.referee, &o.blattwerk} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return o, err
		}
		if *p = abs; !isFile(abs) {
			return o, fmt.Errorf("%s is missing; `make conformance` puts it there", abs)
		}
	}
	for _, program := range []string{"pdftotext", "pdftoppm", "pdfinfo", "gs", "qpdf"} {
		if _, err := exec.LookPath(program); err != nil {
			return o, fmt.Errorf("%s is missing: %w", program, err)
		}
	}
	return o, nil
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// run does the parts and writes the report after each, so that what is done stays
// when the run is broken off. A bar that was missed is an error in the end.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "blattwerk-conformance-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	l := &lab{options: o, scratch: scratch, log: stderr, sections: map[string]string{}, origins: map[string]origin{}}
	l.origin = origin{Commit: commit(ctx), Run: time.Now().UTC().Truncate(time.Second), Seed: o.seed}
	fmt.Fprintf(stderr, "commit %s, seed %d\n", l.origin.Commit, o.seed)
	if err := l.open(ctx); err != nil {
		return err
	}
	defer l.close()
	for _, name := range o.parts {
		if err := l.part(ctx, name); err != nil {
			return fmt.Errorf("part %s: %w", name, err)
		}
	}
	if n := len(l.missed); n > 0 {
		return fmt.Errorf("%d bars were missed:\n%s", n, strings.Join(l.missed, "\n"))
	}
	return nil
}

// part runs one part and writes what it found.
func (l *lab) part(ctx context.Context, name string) error {
	began := time.Now()
	if err := map[string]func(context.Context) error{
		"writer": l.writer, "gate": l.gate, "files": l.files, "rivals": l.rivals,
	}[name](ctx); err != nil {
		return err
	}
	o := l.origin
	o.Took = time.Since(began).Round(time.Second)
	l.origins[name] = o
	fmt.Fprintf(l.log, "%s: %s\n", name, o.Took)
	if l.out == "-" {
		_, err := fmt.Println(l.sections[name])
		return err
	}
	if err := l.write(ctx); err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	return nil
}
