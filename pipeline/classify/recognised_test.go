package classify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestRecognised prints letters, makes bad copies of them and reads these with
// tesseract: what a real scan leaves of the words. None may be filed wrong.
func TestRecognised(t *testing.T) {
	convert, tesseract := pipelinetest.Program(t, "convert"), pipelinetest.Program(t, "tesseract")
	r := room(t)
	sure, best, n := 0, 0, 0
	for i, s := range samples(t, "letters.txt") {
		if i%24 != 0 { // six letters: reading takes its time
			continue
		}
		n++
		dir := t.TempDir()
		text := strings.NewReplacer("# ", "", "|", "     ").Replace(s.text)
		run(t, dir, convert, "-size", "1654x2339", "xc:white", "-density", "200", "-font", "Liberation-Serif", "-pointsize", "11",
			"-fill", "black", "-annotate", "+200+220", strings.ReplaceAll(text, "%", "%%"),
			"-colorspace", "Gray", "-resize", "75%", "-blur", "0x0.7", "-rotate", "0.7", "-level", "0,85%", "-quality", "35", "scan.jpg")
		run(t, dir, tesseract, "scan.jpg", "out", "-l", "deu", "--psm", "4", "--dpi", "150", "tsv")
		f := r.Classify([]pipeline.PageText{readTSV(t, filepath.Join(dir, "out.tsv"))})
		switch {
		case f.Type == s.want:
			best++
			if f.Sure {
				sure++
			}
		case f.Sure:
			t.Errorf("%s %s: filed as %s with %.3f\n%s", s.want, s.name, f.Type, f.Confidence, explain(f.Candidates))
		default:
			t.Logf("%s %s: not recognised\n%s", s.want, s.name, explain(f.Candidates))
		}
	}
	t.Logf("%d letters printed, copied badly and read: %d filed right, first candidate right %d", n, sure, best)
	if share(best, n) < 0.9 {
		t.Errorf("first candidate right for %d of %d", best, n)
	}
}

func run(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// readTSV reads the words of tesseract's tsv output.
func readTSV(t testing.TB, path string) pipeline.PageText {
	t.Helper()
	p := pipeline.PageText{DPI: 150}
	line, last := -1, ""
	for i, s := range lines(t, path) {
		c := strings.Split(s, "\t")
		if i == 0 || len(c) < 12 {
			continue
		}
		v := make([]int, 11)
		for k := range v {
			f, err := strconv.ParseFloat(c[k], 64)
			if err != nil {
				t.Fatal(err)
			}
			v[k] = int(f)
		}
		box := pipeline.Box{X0: v[6], Y0: v[7], X1: v[6] + v[8], Y1: v[7] + v[9]}
		if v[0] == 1 {
			p.Width, p.Height = v[8], v[9]
		}
		if v[0] != 5 || strings.TrimSpace(c[11]) == "" {
			continue
		}
		if key := strings.Join(c[2:5], "/"); key != last {
			line, last = line+1, key
		}
		p.Words = append(p.Words, pipeline.Word{Text: c[11], Conf: float32(v[10]) / 100, Box: box,
			Block: v[2], Par: v[2]*100 + v[3], Line: line, Base: box.Y1})
	}
	return p
}
