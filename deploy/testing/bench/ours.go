package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// oursAlone reads each file of the set once with Blattwerk alone and tells how well,
// file by file and by kind of page: what a change of the reading does to accuracy
// is known in a minute or two. Where texts names a folder, what was read of each
// file is written there.
func oursAlone(ctx context.Context, b bench, entries []entry, texts string, out io.Writer) error {
	var order []string
	groups := map[string]total{}
	var all, mild total
	fmt.Fprintf(out, "%-58s %7s %7s %7s %7s %7s\n", "", "CER %", "WER %", "words %", "bag %", "CPU s")
	tell := func(name string, t total) {
		fmt.Fprintf(out, "%-58s %7s %7s %7s %7s %7.2f\n", name, percent(t.score.cer()), percent(t.score.wer()), percent(t.score.recall()), percent(t.score.bag()), t.cpu)
	}
	for _, e := range entries {
		r, err := b.run(ctx, ours, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name(), err)
		}
		if texts != "" {
			if err := os.WriteFile(filepath.Join(texts, e.name()+".txt"), []byte(r.text), 0o644); err != nil {
				return fmt.Errorf("writing what was read: %w", err)
			}
		}
		one := total{cpu: r.cpu.Seconds(), score: r.score}
		tell(e.name(), one)
		if _, ok := groups[e.group]; !ok {
			order = append(order, e.group)
		}
		groups[e.group] = groups[e.group].plus(one)
		all = all.plus(one)
		if e.inMild() {
			mild = mild.plus(one)
		}
	}
	fmt.Fprintln(out, strings.Repeat("-", 98))
	for _, g := range order {
		tell(g, groups[g])
	}
	tell(mildName, mild)
	tell("all", all)
	return nil
}
