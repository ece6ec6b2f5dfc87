package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"blattwerk/pipeline/pdfa/gate"
)

// write puts the parts that were run into the report. Those that were not keep
// what the report has of them.
func (l *lab) write(ctx context.Context) error {
	before, err := os.ReadFile(l.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(l.out, []byte(l.report(ctx, string(before))), 0o644)
}

// report is the whole page; before is the page as it was.
func (l *lab) report(ctx context.Context, before string) string {
	var body strings.Builder
	origins := map[string]origin{}
	for _, part := range parts {
		text, o := section(before, part)
		if l.sections[part] != "" {
			text, o = l.sections[part], l.origins[part]
		}
		if text != "" {
			origins[part] = o
			fmt.Fprintf(&body, "\n%s\n%s\n", mark(part, o), strings.TrimSpace(text))
		}
	}
	return "# Conformance of what Blattwerk archives\n\n" +
		fmt.Sprintf("Written by `make conformance`; the program is deploy/testing/conformance, and says there how it measures. "+
			"Referee: %s. Gate: %s.\n\n", l.refereeVersion(ctx), gate.Version) + provenance(origins) + body.String()
}

// provenance says which part comes from which run.
func provenance(origins map[string]origin) string {
	runs := map[time.Time]bool{}
	t := newTable("part", "commit", "run begun", "took", "seed")
	for _, part := range parts {
		o, ok := origins[part]
		if ok {
			runs[o.Run] = true
		}
		switch {
		case ok && o.Run.IsZero():
			t.row(part, "see the foot of the part", "", "", "")
		case ok:
			t.row(part, o.Commit, o.Run.Format("2 January 2006, 15:04 UTC"), o.Took.String(), fmt.Sprint(o.Seed))
		}
	}
	head := "The parts come from different runs:"
	if len(runs) == 1 && len(origins) == len(parts) {
		head = "All parts come from one run:"
	}
	return head + "\n\n" + t.String()
}

// mark begins a part and says where its figures come from.
func mark(part string, o origin) string {
	if o.Run.IsZero() {
		return "<!-- part: " + part + " -->"
	}
	raw, _ := json.Marshal(o) // plain values: does not fail
	return "<!-- part: " + part + " " + string(raw) + " -->"
}

// section cuts a part out of a report. A mark that says nothing of a run gives a
// zero origin.
func section(report, part string) (text string, o origin) {
	_, rest, ok := strings.Cut(report, "<!-- part: "+part+" ")
	head, rest, closed := strings.Cut(rest, "-->\n")
	if head = strings.TrimSpace(head); !ok || !closed || head != "" && json.Unmarshal([]byte(head), &o) != nil {
		return "", origin{}
	}
	text, _, _ = strings.Cut(rest, "\n<!-- part: ")
	return text, o
}

// origin is the run that figures come from.
type origin struct {
	Commit string        `json:"commit"`
	Run    time.Time     `json:"run"` // when the run began
	Took   time.Duration `json:"took"`
	Seed   uint64        `json:"seed"`
}

// commit names the state of the program that is measured, with "-dirty" if its
// source has changes that are not committed; "unknown" outside of a repository.
func commit(ctx context.Context) string {
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", "*.go", "go.mod", "go.sum").Output()
	if err != nil || len(changed) > 0 {
		return strings.TrimSpace(string(head)) + "-dirty"
	}
	return strings.TrimSpace(string(head))
}

func (l *lab) refereeVersion(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, l.referee, "--version").Output() // without it the name has to do
	if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
		return strings.TrimSpace(first)
	}
	return "veraPDF"
}
