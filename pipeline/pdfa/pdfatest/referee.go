package pdfatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// Verdict is what the referee says about one file.
type Verdict struct {
	Valid bool
	// Rules are the broken rules, clause and test number, "6.2.11.4.1-1", sorted
	// and each once. A file that the referee cannot read breaks "unreadable".
	Rules []string
}

// Referee asks veraPDF whether the files keep the rules of a flavour ("2u",
// "2a", "ua1", ...; "0" is the one each file claims) and gives its verdict by
// the path as handed in.
func Referee(t testing.TB, flavour string, paths ...string) map[string]bool {
	t.Helper()
	valid := make(map[string]bool, len(paths))
	for path, v := range Verdicts(t, flavour, paths...) {
		valid[path] = v.Valid
	}
	return valid
}

// Verdicts is [Referee] with the rules that each file breaks.
func Verdicts(t testing.TB, flavour string, paths ...string) map[string]Verdict {
	t.Helper()
	verdicts, err := Ask(t.Context(), pipelinetest.Program(t, "verapdf"), flavour, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

// Ask is [Verdicts] outside of a test. program is veraPDF.
func Ask(ctx context.Context, program, flavour string, paths ...string) (map[string]Verdict, error) {
	verdicts := make(map[string]Verdict, len(paths))
	for group := range slices.Chunk(paths, 2000) {
		given := make(map[string]string, len(group))
		args := []string{"--format", "text", "--verbose", "--flavour", flavour}
		for _, path := range group {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			given[abs] = path
			args = append(args, abs)
			verdicts[path] = Verdict{Rules: []string{"unreadable"}}
		}
		var out, log bytes.Buffer
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdout, cmd.Stderr = &out, &log
		// The exit code only repeats that some file is invalid or unreadable. What
		// counts is a verdict in the output.
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			return nil, fmt.Errorf("asking the referee: %w", err)
		}
		code := cmd.ProcessState.ExitCode()
		if parseVerdicts(out.String(), given, verdicts) == 0 && (code < exitUnreadable || code > exitSeveral) {
			return nil, fmt.Errorf("the referee gave no verdict on %d files (exit %d): %s%s",
				len(group), code, out.String(), log.String())
		}
	}
	return verdicts, nil
}

// veraPDF's exit codes for files that it could not read at all: unreadable,
// encrypted, several reasons.
const (
	exitUnreadable = 7
	exitSeveral    = 9
)

// parseVerdicts reads veraPDF's text report, a line "PASS path flavour" or
// "FAIL path flavour" for a file and, after it, an indented line for each broken
// rule. It returns how many files had a verdict.
func parseVerdicts(report string, given map[string]string, verdicts map[string]Verdict) int {
	found, current := 0, ""
	for line := range strings.Lines(report) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		indented := line[0] == ' ' || line[0] == '\t'
		switch {
		case !indented && (fields[0] == "PASS" || fields[0] == "FAIL"):
			rest := strings.TrimSpace(strings.TrimPrefix(line, fields[0]))
			if at := strings.LastIndexByte(rest, ' '); at > 0 && given[rest] == "" {
				rest = rest[:at]
			}
			path, ok := given[rest]
			if !ok {
				continue
			}
			found++
			current = path
			verdicts[path] = Verdict{Valid: fields[0] == "PASS"}
		case indented && fields[0] == "FAIL" && current != "":
			v := verdicts[current]
			if at, ok := slices.BinarySearch(v.Rules, fields[1]); !ok {
				v.Rules = slices.Insert(v.Rules, at, fields[1])
			}
			verdicts[current] = v
		}
	}
	return found
}
