package gate

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// verdict is what the referee says about a file.
type verdict struct {
	valid bool
	rules []string
}

// referee asks veraPDF about files, in one run of its virtual machine.
func referee(t *testing.T, flavour string, files []string) map[string]verdict {
	t.Helper()
	program := pipelinetest.Program(t, "verapdf")
	abs := make([]string, len(files))
	back := map[string]string{}
	for i, f := range files {
		a, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		abs[i] = a
		back[a] = f
	}
	args := append([]string{"-f", flavour, "--format", "xml", "--maxfailuresdisplayed", "1", "--loglevel", "0"}, abs...)
	out, err := exec.Command(program, args...).Output()
	if len(out) == 0 {
		t.Fatalf("the referee said nothing: %v", err)
	}
	var report struct {
		Jobs []struct {
			Name       string `xml:"item>name"`
			Validation *struct {
				Compliant bool `xml:"isCompliant,attr"`
				Rules     []struct {
					Clause string `xml:"clause,attr"`
					Test   string `xml:"testNumber,attr"`
					Status string `xml:"status,attr"`
				} `xml:"details>rule"`
			} `xml:"validationReport"`
		} `xml:"jobs>job"`
	}
	// Names from broken files may hold what XML does not allow.
	clean := bytes.Map(func(r rune) rune {
		if r < 32 && r != '\n' && r != '\t' && r != '\r' {
			return -1
		}
		return r
	}, out)
	if err := xml.Unmarshal(clean, &report); err != nil {
		t.Fatalf("reading the referee's report: %v", err)
	}
	verdicts := map[string]verdict{}
	for _, j := range report.Jobs {
		var v verdict
		if j.Validation != nil {
			v.valid = j.Validation.Compliant
			for _, r := range j.Validation.Rules {
				if r.Status == "failed" {
					v.rules = append(v.rules, r.Clause+"-"+r.Test)
				}
			}
		}
		sort.Strings(v.rules)
		verdicts[back[j.Name]] = v
	}
	if len(verdicts) != len(files) {
		t.Fatalf("the referee answered for %d of %d files", len(verdicts), len(files))
	}
	return verdicts
}

// ask validates a file; a fault of the gate itself fails the test.
func ask(t testing.TB, data []byte, flavour string) (bool, []string) {
	t.Helper()
	v, err := Validate(t.Context(), bytes.NewReader(data), int64(len(data)), flavour)
	if err != nil {
		t.Fatalf("validating: %v", err)
	}
	var rules []string
	for _, b := range v.Breaks {
		if b.Rule == ruleInternal {
			t.Fatalf("the gate failed: %s", b.Reason)
		}
		if len(rules) == 0 || rules[len(rules)-1] != b.Rule {
			rules = append(rules, b.Rule)
		}
	}
	return v.Valid, rules
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
