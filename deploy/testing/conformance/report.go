package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"blattwerk/pipeline/pdfa/gate"
)

// report is the whole page.
func (l *lab) report(ctx context.Context) string {
	var b strings.Builder
	b.WriteString("# Conformance of what Blattwerk archives\n\n")
	fmt.Fprintf(&b, "Written by `make conformance` with seed %d; the program is deploy/testing/conformance, and says there how it measures. "+
		"Referee: %s. Gate: %s. The run took %s.\n\n", l.seed, l.refereeVersion(ctx), gate.Version, time.Since(l.began).Round(time.Second))
	b.WriteString(strings.Join(l.sections, "\n"))
	return b.String()
}

func (l *lab) refereeVersion(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, l.referee, "--version").Output() // without it the name has to do
	if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
		return strings.TrimSpace(first)
	}
	return "veraPDF"
}
