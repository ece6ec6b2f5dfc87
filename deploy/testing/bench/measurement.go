package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// measurement is all that one call of the program measured.
type measurement struct {
	set       size
	missing   int // files of the set that are not on this machine
	entries   []entry
	rounds    [][][nobodies]result // by round, file, contender
	failures  []failure
	lines     [nobodies]string // how each contender was called
	facts     facts
	loadAfter string
	began     time.Time
	took      time.Duration
}

// failure tells that a contender could not read a file.
type failure struct {
	file, who int
	err       error
}

func (m *measurement) fail(file, who int, err error) {
	if !slices.ContainsFunc(m.failures, func(f failure) bool { return f.file == file && f.who == who }) {
		m.failures = append(m.failures, failure{file, who, err})
	}
}

// counted lists the files that all contenders read in all rounds: only these are
// in the sums.
func (m *measurement) counted() []int {
	var all []int
	for i := range m.entries {
		if !slices.ContainsFunc(m.failures, func(f failure) bool { return f.file == i }) {
			all = append(all, i)
		}
	}
	return all
}

// total is what one contender took for some files.
type total struct {
	wall, cpu       float64 // seconds
	others          float64 // seconds of CPU time that the rest of the machine took
	largest, family float64 // bytes, of the worst file
	bytes           float64
	pages           int
	score           score
}

// plus adds one file's times and score.
func (t total) plus(u total) total {
	t.cpu += u.cpu
	t.score = t.score.plus(u.score)
	return t
}

// sum adds up one contender's runs on some files in one round.
func (m *measurement) sum(round, who int, files []int) total {
	var t total
	for _, i := range files {
		r := m.rounds[round][i][who]
		t.wall += r.wall.Seconds()
		t.cpu += r.cpu.Seconds()
		t.others += r.others.Seconds()
		t.bytes += float64(r.bytes)
		t.largest = max(t.largest, float64(r.largest))
		t.family = max(t.family, float64(r.family))
		t.pages += r.pages
		t.score = t.score.plus(r.score)
	}
	return t
}

// over takes the median over the rounds of something that one round tells.
func (m *measurement) over(tell func(round int) float64) float64 {
	return median(m.each(tell))
}

func (m *measurement) each(tell func(round int) float64) []float64 {
	all := make([]float64, len(m.rounds))
	for n := range all {
		all[n] = tell(n)
	}
	return all
}

// typical is the median over the rounds of each part of a sum. The text that is
// read hardly differs from round to round; its score is that of the round with
// the median number of wrong characters.
func (m *measurement) typical(who int, files []int) total {
	sums := make([]total, len(m.rounds))
	for n := range sums {
		sums[n] = m.sum(n, who, files)
	}
	of := func(part func(total) float64) float64 {
		return m.over(func(n int) float64 { return part(sums[n]) })
	}
	t := total{
		wall:    of(func(t total) float64 { return t.wall }),
		cpu:     of(func(t total) float64 { return t.cpu }),
		largest: of(func(t total) float64 { return t.largest }),
		family:  of(func(t total) float64 { return t.family }),
		bytes:   of(func(t total) float64 { return t.bytes }),
	}
	slices.SortStableFunc(sums, func(a, b total) int { return cmp.Compare(a.score.charEdits, b.score.charEdits) })
	middle := sums[len(sums)/2]
	t.pages, t.score = middle.pages, middle.score
	return t
}

// ratio gives, for each round, how many times as much of something the other
// contender took as one did.
func (m *measurement) ratio(other, one int, files []int, part func(total) float64) []float64 {
	return m.each(func(n int) float64 {
		return part(m.sum(n, other, files)) / part(m.sum(n, one, files))
	})
}

// groups lists the counted files by group, in the order of the set.
func (m *measurement) groups() (order []string, files map[string][]int) {
	files = map[string][]int{}
	for _, i := range m.counted() {
		g := m.entries[i].group
		if files[g] == nil {
			order = append(order, g)
		}
		files[g] = append(files[g], i)
	}
	return order, files
}

// median of at least one number; of an even count the mean of the middle two.
func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	if n%2 == 1 {
		return all[n/2]
	}
	return (all[n/2-1] + all[n/2]) / 2
}

// facts is what the figures depend on.
type facts struct {
	cpu, memory, system string
	cores               int
	load                string // the load averages before the measurement
	versions            []string
}

func surroundings(ctx context.Context, b bench) facts {
	f := facts{cores: runtime.NumCPU(), load: load()}
	f.cpu = after("/proc/cpuinfo", "model name", ":")
	f.memory = after("/proc/meminfo", "MemTotal", ":")
	f.system = strings.Trim(after("/etc/os-release", "PRETTY_NAME", "="), `"`)
	for _, v := range [][]string{
		{"Blattwerk", b.blattwerk, "version"}, {"OCRmyPDF", "ocrmypdf", "--version"}, {"", "tesseract", "--version"},
		{"Ghostscript", "gs", "--version"}, {"unpaper", "unpaper", "--version"}, {"", "pdftotext", "-v"},
	} {
		out, _ := exec.CommandContext(ctx, v[1], v[2:]...).CombinedOutput()
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if v[0] != "" && !strings.HasPrefix(first, strings.ToLower(v[0])) {
			first = v[0] + " " + first
		}
		f.versions = append(f.versions, strings.TrimSpace(first))
	}
	return f
}

// after finds the first line of a file that starts with a key, and gives what
// stands behind the separator; "unknown" where there is no such line.
func after(file, key, separator string) string {
	raw, _ := os.ReadFile(file)
	for line := range strings.SplitSeq(string(raw), "\n") {
		if k, v, ok := strings.Cut(line, separator); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

// load is the machine's load averages over 1, 5 and 15 minutes.
func load() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(raw))
	return strings.Join(f[:min(3, len(f))], ", ")
}
