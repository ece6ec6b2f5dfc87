package main

import (
	"encoding/json"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

// TestConvert walks the exit codes that scripts rely on. The output appears
// whole or not at all.
func TestConvert(t *testing.T) {
	scan := pipelinetest.Letter(t, "letters/06-gewerbeanmeldung.png")
	for _, tc := range []struct {
		name string
		args func(out string) []string
		code int
	}{
		{"a scan", func(out string) []string { return []string{"-l", "deu+eng", "-j", "2", scan, out} }, exitDone},
		{"born digital", func(out string) []string { return []string{pipelinetest.Letter(t, "letters/14-ifg-antrag.pdf"), out} }, exitDone},
		{"forced", func(out string) []string {
			return []string{"--mode", "force", pipelinetest.Letter(t, "letters/14-ifg-antrag.pdf"), out}
		}, exitDone},
		{"no output named", func(string) []string { return []string{scan} }, exitUsage},
		{"unknown mode", func(out string) []string { return []string{"--mode", "x", scan, out} }, exitUsage},
		{"unknown flag", func(out string) []string { return []string{"--x", scan, out} }, exitUsage},
		{"no input", func(out string) []string { return []string{scan + ".not", out} }, exitBadInput},
		{"garbage", func(out string) []string { return []string{pipelinetest.Letter(t, "bad/garbage.bin"), out} }, exitBadInput},
		{"truncated", func(out string) []string { return []string{pipelinetest.Letter(t, "bad/truncated.jpg"), out} }, exitBadInput},
		{"unknown language", func(out string) []string { return []string{"-l", "xyz", scan, out} }, exitBadInput},
		{"encrypted", func(out string) []string { return []string{pipelinetest.Letter(t, "bad/encrypted.pdf"), out} }, exitEncrypted},
		{"nowhere to write", func(out string) []string { return []string{scan, filepath.Join(out, "deeper", "x.pdf")} }, exitCannotWrite},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "out.pdf")
			r := blattwerk(t, dir, append([]string{"convert"}, tc.args(out)...)...)
			if r.code != tc.code {
				t.Fatalf("ends with %d, want %d: %s", r.code, tc.code, r.err)
			}
			left, _ := os.ReadDir(dir)
			if tc.code != exitDone {
				if len(left) != 0 || r.err == "" {
					t.Errorf("left %v, said %q", left, r.err)
				}
				return
			}
			if len(left) != 1 {
				t.Errorf("left %v", left)
			}
			if ok := pdfatest.Referee(t, "2u", out)[out]; !ok {
				t.Error("the referee refuses the result")
			}
			if r := blattwerk(t, dir, "validate", "--json", out); r.code != exitDone || !strings.Contains(r.out, `"valid":true`) {
				t.Errorf("our own gate: %d %s", r.code, r.out)
			}
		})
	}
}

func TestConvertSidecarAndClassify(t *testing.T) {
	dir := t.TempDir()
	out, sidecar := filepath.Join(dir, "o.pdf"), filepath.Join(dir, "o.txt")
	hocr, alto := filepath.Join(dir, "o.hocr"), filepath.Join(dir, "o.xml")
	if r := blattwerk(t, dir, "convert", "--sidecar", sidecar, "--hocr", hocr, "--alto", alto, pipelinetest.Letter(t, "letters/06-gewerbeanmeldung.png"), out); r.code != exitDone {
		t.Fatal(r.err)
	}
	text, err := os.ReadFile(sidecar)
	if err != nil || !strings.Contains(string(text), "Gewerbe") || !strings.HasSuffix(string(text), "\f") {
		t.Errorf("sidecar: %q, %v", text, err)
	}
	for file, word := range map[string]string{hocr: ">Gewerbemeldestelle<", alto: `CONTENT="Gewerbemeldestelle"`} {
		if raw, err := os.ReadFile(file); err != nil || !strings.Contains(string(raw), word) {
			t.Errorf("%s lacks %s (%v)", file, word, err)
		}
	}
	r := blattwerk(t, dir, "classify", "--json", sidecar)
	var f pipeline.Filing
	if err := json.Unmarshal([]byte(r.out), &f); err != nil || f.Type != "32-GEWAN" || len(f.Candidates) == 0 || len(f.Candidates[0].Reasons) == 0 {
		t.Errorf("got %+v, %v", f, err)
	}
}

// TestInterruptedConvert ends a conversion by Ctrl-C.
func TestInterruptedConvert(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "o.pdf")
	cmd := programCommand(t, dir, nil, "convert", "-j", "1", pipelinetest.Letter(t, "letters/12-bauantrag.pdf"), out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(700 * time.Millisecond)
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("ends with %d", code)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("half a result is there: %v", err)
	}
}

// TestValidate gives the verdicts that the corpus' names say.
func TestValidate(t *testing.T) {
	good := pipelinetest.Corpus(t, "pdfa/PDF_A-2b__vera_6-6-2-3-1-t01-pass-b.pdf")
	bad := pipelinetest.Corpus(t, "pdfa/PDF_A-2b__vera_6-5-1-t01-fail-f.pdf")
	if r := blattwerk(t, t.TempDir(), "validate", "--flavour", "2b", good); r.code != exitDone {
		t.Errorf("%d %s", r.code, r.out)
	}
	if r := blattwerk(t, t.TempDir(), "validate", "--flavour", "2b", good, bad); r.code != 1 || !strings.Contains(r.out, "6.5.1-1") {
		t.Errorf("%d %s", r.code, r.out)
	}
}

// TestCommandsBesideARunningServe hands in through it and looks while it runs.
func TestCommandsBesideARunningServe(t *testing.T) {
	data := t.TempDir()
	s := startServe(t, data)
	letter := pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg")
	l := blattwerk(t, data, "ingest", "--json", letter).letters(t)
	if len(l) != 1 || l[0].State != pipeline.Archived || l[0].Type != "22-HUND" || l[0].PDFA == nil || !l[0].PDFA.Valid || l[0].SheetsSaved <= 0 {
		t.Fatalf("got %+v", l)
	}
	if r := blattwerk(t, data, "serve"); r.code == exitDone || !strings.Contains(r.err, s.at.URL) {
		t.Errorf("a second serve: %d %s", r.code, r.err)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"status"}, "archiviert   1"},
		{[]string{"status", "--json"}, `"archived":1`},
		{[]string{"search", "Hundesteuer"}, "1 Treffer"},
		{[]string{"search", "--json", "Balu"}, `"type":"22-HUND"`},
		{[]string{"search", "Wolkenkratzer"}, "0 Treffer"},
		{[]string{"savings"}, "22"},
		{[]string{"savings", "--by", "month", "--format", "csv"}, time.Now().Format("2006-01")},
		{[]string{"savings", "--format", "json", "--to", "2020-01-01"}, `"months": []`},
		{[]string{"verify"}, "0 Auffälligkeiten"},
	} {
		if r := blattwerk(t, data, tc.args...); r.code != exitDone || !strings.Contains(r.out, tc.want) {
			t.Errorf("%v ends with %d: %s%s", tc.args, r.code, r.out, r.err)
		}
	}
	s.stop()
	info, err := os.Stat(filepath.Join(data, "catalog.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the catalogue holds citizens' text and is %v (%v)", info.Mode(), err)
	}
}

func TestConfigMasksSecretsAndNamesOrigins(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "pw")
	if err := os.WriteFile(secret, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := programCommand(t, dir, []string{
		"BLATTWERK_PASSWORD_FILE=" + secret, "BLATTWERK_DATABASE_URL=postgres://u:hidden@h/d", "BLATTWERK_READERS=3",
	}, "config", "--threshold", "0.9")
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"BLATTWERK_PASSWORD_FILE", "BLATTWERK_READERS", "--threshold", "default"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("config does not say %s:\n%s", want, raw)
		}
	}
	if strings.Contains(string(raw), "hidden") || strings.Contains(string(raw), "from-a-file") {
		t.Errorf("config shows a secret:\n%s", raw)
	}
}

func TestSettingsThatCannotBeMeant(t *testing.T) {
	for _, args := range [][]string{
		{"serve", "--addr", "nowhere"},
		{"config", "--threshold", "2"},
		{"config", "--max-bytes", "many"},
		{"config", "--log-level", "loud"},
		{"work"}, // no shared queue
		{"nothing"},
		{},
	} {
		if r := blattwerk(t, t.TempDir(), args...); r.code != exitUsage || r.err+r.out == "" {
			t.Errorf("%v ends with %d: %s", args, r.code, r.err)
		}
	}
}

// TestExitCodeOfFaults holds the numbers of convert against the codes of the rooms.
func TestExitCodeOfFaults(t *testing.T) {
	for code, want := range map[string]int{
		"pdfa-invalid": exitNotPDFA, "encrypted": exitEncrypted, "truncated": exitBadInput, "internal": exitFailed,
	} {
		if got := exitCode(&pipeline.Fault{Verdict: pipeline.AskPerson, Code: code}); got != want {
			t.Errorf("%s ends with %d, want %d", code, got, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{"512": 512, "900MB": 900 << 20, "1 GB": 1 << 30, "2k": 2 << 10, "1TiB": 1 << 40} {
		if got, err := parseBytes(in); got != want || err != nil {
			t.Errorf("%q is %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "MB", "-1", "1.5GB", "9X"} {
		if got, err := parseBytes(in); err == nil {
			t.Errorf("%q is %d", in, got)
		}
	}
}

// TestEveryHelpNamesItsCommand also finds commands whose flags cannot be parsed.
func TestEveryHelpNamesItsCommand(t *testing.T) {
	for _, cmd := range commands() {
		if cmd.hidden {
			continue
		}
		var out strings.Builder
		p := program{in: strings.NewReader(""), out: &out, err: &out, env: func(string) string { return "" }}
		if code := p.run(t.Context(), []string{cmd.name, "--help"}); code != exitDone || !strings.Contains(out.String(), "blattwerk "+cmd.name) {
			t.Errorf("%s --help ends with %d: %s", cmd.name, code, out.String())
		}
	}
}

// TestConvertShowsWhatIsRead looks at the pictures of a page as it came and as it was
// read: its head has white print on orange.
func TestConvertShowsWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	shown := filepath.Join(dir, "shown")
	if r := blattwerk(t, dir, "convert", "--show-prepared", shown, pipelinetest.Letter(t, "letters/15-werbung-bueromoebel.jpg"), filepath.Join(dir, "o.pdf")); r.code != exitDone {
		t.Fatal(r)
	}
	mean := func(name string) int { // of the greys of the head
		f, err := os.Open(filepath.Join(shown, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		m, err := jpeg.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		sum, n, b := 0, 0, m.Bounds()
		for y := b.Dy() / 20; y < b.Dy()/4; y++ {
			for x := b.Dx() / 20; x < b.Dx()*19/20; x++ {
				sum, n = sum+int(color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y), n+1
			}
		}
		return sum / n
	}
	if before, after := mean("page-0001-before.jpg"), mean("page-0001-after.jpg"); before > 180 || after < 210 {
		t.Errorf("the head's grey was %d before and %d after: orange is to become white", before, after)
	}
}
