package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

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
	var b strings.Builder
	b.WriteString("# Conformance of what Blattwerk archives\n\n")
	fmt.Fprintf(&b, "Written by `make conformance`; the program is deploy/testing/conformance, and says there how it measures. "+
		"Referee: %s. Gate: %s.\n", l.refereeVersion(ctx), gate.Version)
	for _, part := range parts {
		text := l.sections[part]
		if text == "" {
			text = section(before, part)
		}
		if text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", mark(part), strings.TrimSpace(text))
		}
	}
	return b.String()
}

func mark(part string) string { return "<!-- part: " + part + " -->" }

// section cuts a part out of a report.
func section(report, part string) string {
	_, rest, ok := strings.Cut(report, mark(part)+"\n")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n<!-- part: ")
	return text
}

func (l *lab) refereeVersion(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, l.referee, "--version").Output() // without it the name has to do
	if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
		return strings.TrimSpace(first)
	}
	return "veraPDF"
}
