package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/web/access"
)

// example is a piece of code in the docs.
type example struct{ title, lang, code string }

// examples takes the pieces of code out of a Markdown file.
func examples(t *testing.T, file string) []example {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	title := ""
	inside := false
	for line := range strings.Lines(string(raw)) {
		switch {
		case inside && strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			list[len(list)-1].code += line
		case strings.HasPrefix(line, "```"):
			inside = true
			list = append(list, example{title: title, lang: strings.TrimSpace(line[3:])})
		case strings.HasPrefix(line, "## "):
			title = strings.TrimSpace(line[3:])
		}
	}
	return list
}

// TestExamplesOfTheDocsRun runs every example of docs/api.md as it stands against
// real pages with a real catalogue, and looks at what it prints.
func TestExamplesOfTheDocsRun(t *testing.T) {
	o := newOffice(t, nil)
	for i := range 3 {
		o.letter(fmt.Sprintf("rechnung-%d.pdf", i), "Rechnung über Malerarbeiten", pipeline.Archived)
	}
	s := pagesOf(t, o)
	secret := access.NewToken()
	o.tokenWith(secret, "docs", true, access.Scopes())
	want := map[string]string{
		"Hand a letter in sh":                  `"state":"working"`,
		"Hand a letter in python":              `(?m)^accepted: \d{4}-\d{6} [0-9a-f-]{36}$`,
		"Go through all letters python":        `(?s)20-RECH rechnung-2.pdf.*20-RECH rechnung-1.pdf.*20-RECH rechnung-0.pdf`,
		"Find a letter and fetch its PDF/A go": `(?s)^found: 3\nfetched: \d{4}-00000\d.pdf \d+ bytes\n.*\nfetched`,
		"Work on a letter python":              `^done: \d{4}-\S+ \['note', 'done'\]$`,
		"Watch what happens python":            `^event: some-letter read working$`,
		"When something is wrong sh":           `"code":"unknown"`,
	}
	for _, e := range examples(t, "../docs/api.md") {
		if e.lang == "json" { // an answer, which the example before it prints
			continue
		}
		name := e.title + " " + e.lang
		pattern := want[name]
		if pattern == "" {
			t.Errorf("nobody says what the example %q must print", name)
			continue
		}
		delete(want, name)
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			if strings.Contains(e.code, "/events") {
				go tell(ctx, o)
			}
			out := run(ctx, t, e, s.URL, secret)
			if !regexp.MustCompile(pattern).MatchString(strings.TrimSpace(out)) {
				t.Errorf("it prints\n%s\nwhich is not %s", out, pattern)
			}
		})
	}
	for name := range want {
		t.Errorf("there is no example %q any more", name)
	}
}

// tell sends news until somebody heard it and the test ends.
func tell(ctx context.Context, o *office) {
	for {
		select {
		case o.news <- pipeline.Progress{Doc: "some-letter", Step: pipeline.StepRead, State: pipeline.Working}:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// run runs an example in a folder of its own beside a letter.
func run(ctx context.Context, t *testing.T, e example, url, token string) string {
	t.Helper()
	dir := t.TempDir()
	file, line := "example.sh", []string{"sh", "-eu"}
	switch e.lang {
	case "sh":
		pipelinetest.Program(t, "curl")
	case "python":
		file, line = "example.py", []string{pipelinetest.Program(t, "python3")}
	case "go":
		file, line = "example.go", []string{"go", "run"}
	default:
		t.Fatalf("nobody knows how to run %q", e.lang)
	}
	for name, content := range map[string]string{file: e.code, "brief.pdf": "%PDF-1.7 handed in by " + e.lang} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, line[0], append(line[1:], file)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BLATTWERK_URL="+url, "BLATTWERK_TOKEN="+token, "no_proxy=*", "NO_PROXY=*", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
