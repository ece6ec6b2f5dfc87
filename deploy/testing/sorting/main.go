package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sorting:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("sorting", flag.ContinueOnError)
	folder := set.String("corpus", os.Getenv("BLATTWERK_CORPUS"), "folder of the shared corpus; default: $BLATTWERK_CORPUS or ../shared/corpus")
	file := set.String("out", filepath.Join("docs", "sorting.md"), "file to write; empty is none")
	program := set.String("program", filepath.Join("bin", "blattwerk"), "the program, for its reading children")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		*folder = filepath.Join("..", "shared", "corpus")
	}
	m, err := measureAll(ctx, *folder, *program)
	if err != nil {
		return err
	}
	text := m.report()
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if *file == "" {
		return nil
	}
	return os.WriteFile(*file, []byte(text), 0o644)
}

// measured is everything that the report tells.
type measured struct {
	corpora []result
	steps   []step
	bills   []bills
	stacks  []stacks
}

func measureAll(ctx context.Context, folder, program string) (measured, error) {
	var m measured
	for _, read := range []func(string) (corpus, error){readCatalogue, readTweets} {
		c, err := read(folder)
		if err != nil {
			return m, fmt.Errorf("reading the corpus: %w", err)
		}
		r, err := measure(ctx, c)
		if err != nil {
			return m, err
		}
		m.corpora = append(m.corpora, r)
		if c.topics == nil {
			continue
		}
		if m.steps, err = confirm(ctx, c); err != nil {
			return m, err
		}
	}
	var err error
	if m.bills, err = readBills(ctx, folder, program, 0, 1, 2, 3, 4); err != nil {
		return m, fmt.Errorf("reading the invoices: %w", err)
	}
	sources, err := readSources(ctx, folder, program)
	if err != nil {
		return m, fmt.Errorf("reading the documents for stacks: %w", err)
	}
	if m.stacks, err = measureStacks(sources); err != nil {
		return m, err
	}
	return m, nil
}
