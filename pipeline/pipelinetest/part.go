package pipelinetest

import (
	"os"
	"strings"
	"testing"
)

// WritePart puts what was measured into a file of docs, between the marks of its
// part, so that one part can be measured anew without the others. Marks look like
// `<!-- NAME: measured -->` and `<!-- end of NAME -->`.
func WritePart(t testing.TB, path, name, text string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": measured -->\n", "<!-- end of "+name+" -->"
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s lacks the marks of the part %q", path, name)
	}
	if err := os.WriteFile(path, []byte(head+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
