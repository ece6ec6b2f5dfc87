package main

import (
	"fmt"
	"slices"
	"strings"
)

func wall(t total) float64    { return t.wall }
func cpuTime(t total) float64 { return t.cpu }

const mb = 1e6 // bytes

// markdown is the page docs/benchmarks.md.
func (m *measurement) markdown() string {
	var b strings.Builder
	files := m.counted()
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench`; do not edit. How it is measured: [deploy/testing/bench/doc.go](../deploy/testing/bench/doc.go). The PDF/A that Blattwerk, OCRmyPDF and ghostscript alone make of the same files stands side by side in [conformance.md](conformance.md#side-by-side). Search and the screens on 100,000 letters (index size, p50 and p95 on SQLite and PostgreSQL) are measured by `make bench-search`: [search.md](search.md).\n\n")
	if len(files) == 0 {
		b.WriteString("No file was read by all contenders.\n\n")
		m.writeFailures(&b)
		return b.String()
	}
	m.writeWhole(&b, files)
	m.writeRatios(&b, files)
	m.writeBars(&b, files)
	m.writeGroups(&b)
	m.writeFiles(&b, files)
	m.writeFailures(&b)
	m.writeSurroundings(&b)
	b.WriteString(honestWords)
	return b.String()
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func head(b *strings.Builder, cells ...string) {
	row(b, cells...)
	b.WriteString("|---" + strings.Repeat("|--:", len(cells)-1) + "|\n")
}

func (m *measurement) writeWhole(b *strings.Builder, files []int) {
	fmt.Fprintf(b, "## The whole set\n\n%d files, the %s set, read one after the other; medians over %d rounds. Speed is per page of the input.\n\n", len(files), m.set, len(m.rounds))
	pages := m.typical(theirs, files).pages // OCRmyPDF keeps every page of the input
	head(b, "", "wall s", "pages/s", "CPU s/page", "largest process MB", "whole family MB", "output MB", "pages out", "CER %", "WER %", "words found %")
	for who := range nobodies {
		t := m.typical(who, files)
		size := "-"
		if who != limit {
			size = fmt.Sprintf("%.2f", t.bytes/mb)
		}
		row(b, names[who], fmt.Sprintf("%.1f", t.wall), fmt.Sprintf("%.2f", float64(pages)/t.wall), fmt.Sprintf("%.2f", t.cpu/float64(pages)),
			fmt.Sprintf("%.0f", t.largest/mb), fmt.Sprintf("%.0f", t.family/mb), size, fmt.Sprint(t.pages),
			percent(t.score.cer()), percent(t.score.wer()), percent(t.score.recall()))
	}
	b.WriteString("\n")
}

func percent(share float64) string { return fmt.Sprintf("%.2f", 100*share) }

func (m *measurement) writeRatios(b *strings.Builder, files []int) {
	var busy []string
	for n := range m.rounds {
		var took, others float64
		for who := range nobodies {
			t := m.sum(n, who, files)
			took, others = took+t.wall, others+t.others
		}
		busy = append(busy, fmt.Sprintf("%.1f %%", 100*others/took/float64(m.facts.cores)))
	}
	fmt.Fprintf(b, "## Ratios of one round\n\nMedian over the rounds, and from least to most. In the rounds, other work on the machine took %s of its cores.\n\n", strings.Join(busy, ", "))
	head(b, "", "times as long (wall)", "times the CPU time")
	for _, who := range []int{theirs, best, limit} {
		row(b, names[who]+" : "+names[ours], spread(m.ratio(who, ours, files, wall)), spread(m.ratio(who, ours, files, cpuTime)))
	}
	b.WriteString("\n")
}

func spread(all []float64) string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(all), slices.Min(all), slices.Max(all))
}

// writeBars holds the figures against what the project set itself.
func (m *measurement) writeBars(b *strings.Builder, files []int) {
	b.WriteString("## Held against the bars\n\n")
	row(b, "bar", "measured", "")
	b.WriteString("|---|---|---|\n")
	verdict := map[bool]string{true: "met", false: "**missed**"}
	bar := func(text, got string, met bool) { row(b, text, got, verdict[met]) }

	faster := median(m.ratio(theirs, ours, files, wall))
	bar("at least 2.5 times as fast as OCRmyPDF", fmt.Sprintf("%.2f times", faster), faster >= 2.5)
	cpu := median(m.ratio(ours, theirs, files, cpuTime))
	bar("at most 40 % of its CPU time", percent(cpu)+" %", cpu <= 0.4)
	fasterBest := median(m.ratio(best, ours, files, wall))
	bar("at least 5 times as fast as OCRmyPDF with `"+strings.Join(bestFlags(), " ")+"`", fmt.Sprintf("%.2f times", fasterBest), fasterBest >= 5)
	beside := 1 - median(m.ratio(limit, ours, files, cpuTime))
	bar("all beside recognition takes at most 20 % of the CPU time (our CPU time less that of tesseract alone; below 0 we took less than it)", percent(beside)+" %", beside <= 0.2)
	memory := m.typical(ours, files).family / mb
	bar("the whole family stays under 600 MB", fmt.Sprintf("%.0f MB", memory), memory < 600)

	we, they := m.typical(ours, files).score, m.typical(best, files).score
	bar("CER better in the mean than OCRmyPDF with its best flags", percent(we.cer())+" % to "+percent(they.cer())+" %", we.cer() < they.cer())
	bar("WER better in the mean", percent(we.wer())+" % to "+percent(they.wer())+" %", we.wer() < they.wer())
	worse := m.worseGroups()
	told := "worse on: " + strings.Join(worse, "; ")
	if len(worse) == 0 {
		told = "worse on none"
	}
	bar("CER and WER no worse on any group", told, len(worse) == 0)
	over, at := m.hardGroups(0.02)
	if len(at) > 0 {
		bar("turned, skewed, pale and show-through pages under 2 % CER", strings.Join(at, "; "), over == 0)
	}
	if cer, told, ok := m.mildPages(); ok {
		bar("German pages in mild condition under 1 % CER", told, cer < mildBar)
	}
	b.WriteString("\n")
}

// worseGroups names the groups in which OCRmyPDF with its best flags made fewer
// errors than we did.
func (m *measurement) worseGroups() []string {
	var worse []string
	order, files := m.groups()
	for _, g := range order {
		we, they := m.typical(ours, files[g]).score, m.typical(best, files[g]).score
		if we.cer() > they.cer() {
			worse = append(worse, fmt.Sprintf("%s (CER %s to %s %%)", g, percent(we.cer()), percent(they.cer())))
		}
		if we.wer() > they.wer() {
			worse = append(worse, fmt.Sprintf("%s (WER %s to %s %%)", g, percent(we.wer()), percent(they.wer())))
		}
	}
	return worse
}

// hardGroups gives our CER on the groups of damaged pages that the set has, and
// how many of them reach the bar or exceed it.
func (m *measurement) hardGroups(bar float64) (over int, at []string) {
	_, files := m.groups()
	for _, g := range []string{"turned", "skewed", "pale", "show-through"} {
		if len(files[g]) == 0 {
			continue
		}
		cer := m.typical(ours, files[g]).score.cer()
		if cer >= bar {
			over++
		}
		at = append(at, g+" "+percent(cer)+" %")
	}
	return over, at
}

const (
	mildName = "German, mild" // as the tables call the German pages in mild condition
	mildBar  = 0.01
)

// mild lists the counted files with German print in mild condition whose text is
// known in reading order.
func (m *measurement) mild() (files []int) {
	for _, i := range m.counted() {
		if m.entries[i].inMild() {
			files = append(files, i)
		}
	}
	return files
}

// mildPages gives our CER on German pages in mild condition, as on any group: over all
// their text. told names the files that are above the bar by themselves, so
// that none hides behind the others.
func (m *measurement) mildPages() (cer float64, told string, ok bool) {
	files := m.mild()
	if len(files) == 0 {
		return 0, "", false
	}
	cer = m.typical(ours, files).score.cer()
	told = fmt.Sprintf("%s %% over all (files: %d)", percent(cer), len(files))
	var above []string
	for _, i := range files {
		if one := m.typical(ours, []int{i}).score.cer(); one >= mildBar {
			above = append(above, m.entries[i].name()+" "+percent(one)+" %")
		}
	}
	if len(above) > 0 {
		told += "; above 1 % by themselves: " + strings.Join(above, ", ")
	}
	return cer, told, true
}

func (m *measurement) writeGroups(b *strings.Builder) {
	b.WriteString("## Reading, by kind of page\n\nCER / WER / words found, in %. The rows part the set, but for the last: " + mildName + " stands across them (what is in it, and why, says [set.go](../deploy/testing/bench/set.go)).\n\n")
	head(b, append([]string{"group", "files"}, names[:]...)...)
	order, files := m.groups()
	if mild := m.mild(); len(mild) > 0 {
		order, files[mildName] = append(order, mildName), mild
	}
	for _, g := range order {
		cells := []string{g, fmt.Sprint(len(files[g]))}
		for who := range nobodies {
			s := m.typical(who, files[g]).score
			cells = append(cells, percent(s.cer())+" / "+percent(s.wer())+" / "+percent(s.recall()))
		}
		row(b, cells...)
	}
	b.WriteString("\n")
}

func (m *measurement) writeFiles(b *strings.Builder, files []int) {
	b.WriteString("## File by file\n\nWall s, CPU s, largest process MB, output kB, CER %, words found %; medians over the rounds.\n\n")
	head(b, append([]string{"file", "pages in"}, names[:]...)...)
	for _, i := range files {
		one := []int{i}
		cells := []string{m.entries[i].name(), fmt.Sprint(m.typical(theirs, one).pages)}
		for who := range nobodies {
			t := m.typical(who, one)
			cells = append(cells, fmt.Sprintf("%.1f, %.1f, %.0f, %.0f, %s, %s",
				t.wall, t.cpu, t.largest/mb, t.bytes/1e3, percent(t.score.cer()), percent(t.score.recall())))
		}
		row(b, cells...)
	}
	b.WriteString("\n")
}

func (m *measurement) writeFailures(b *strings.Builder) {
	if len(m.failures) == 0 {
		return
	}
	b.WriteString("## Not read\n\nFiles that a contender could not read; they are in none of the sums.\n\n")
	for _, f := range m.failures {
		fmt.Fprintf(b, "- %s, %s: %s\n", names[f.who], m.entries[f.file].name(), f.err)
	}
	b.WriteString("\n")
}

func (m *measurement) writeSurroundings(b *strings.Builder) {
	f := m.facts
	fmt.Fprintf(b, "## Machine, versions, commands\n\n")
	fmt.Fprintf(b, "- %s, %d cores, memory %s; %s\n", f.cpu, f.cores, f.memory, f.system)
	fmt.Fprintf(b, "- %s\n", strings.Join(f.versions, "; "))
	fmt.Fprintf(b, "- %s; it took %.0f minutes; load averages before: %s, after: %s\n", m.began.Format("2006-01-02"), m.took.Minutes(), f.load, m.loadAfter)
	if m.missing > 0 {
		fmt.Fprintf(b, "- %d files of the shared corpus were not on this machine and are left out\n", m.missing)
	}
	command := map[size]string{quick: "make bench BENCH=-quick", standard: "make bench", full: "make bench BENCH=-full"}
	fmt.Fprintf(b, "\n```\n%s\n\n", command[m.set])
	for who, line := range m.lines {
		fmt.Fprintf(b, "%-16s %s\n", names[who], line)
	}
	b.WriteString("```\n\n")
}

// honestWords hold whatever the figures are.
const honestWords = `## What this shows, and what it does not

- It compares two programs on one machine in one hour. Ratios travel to other machines better than seconds do.
- Files are converted one by one, as a script would, and most have one page. One page occupies one of our readers and so one core, while OCRmyPDF lets tesseract spread a single page over two: the wall time of one-page files cannot fall below the time that one core needs for the page, which is what "tesseract alone" shows. Where many letters wait and all cores are busy, CPU seconds a page tell what a machine gets done.
- A server that keeps its readers between files pays for their start once; that gain is not in these figures, on either side.
- Most letters are printed by a browser and damaged by a program (testdata/README.md), those named after German documents likewise; few pages come from real paper. Real mail has handwriting, stamps and stains that are not here.
- CER and WER ask for the known order of words. On forms, tables and letterheads the known order is one of several that are right, and both programs are charged for choosing another. Words found does not mind the order.
- "German, mild" is taken by the condition of the page alone. Of four German pages of the corpus in that condition the known text has the order of a PDF's text layer, and the corpus itself says to count their words only: they are outside of this bar. These and two more of the corpus whose order is known are read in the full set only, the letters in every standard run.
- OCRmyPDF as it comes does not turn pages. With ` + "`--rotate-pages`" + ` it turns only what it is very sure of (its threshold is 14, in its own measure): a page that lies on its head and stays so reads as rubbish, and one such page moves the mean of the whole set. The table by kind of page shows the rest without it. With ` + "`--rotate-pages-threshold`" + ` set lower it would turn more pages, some of them wrongly; that was not measured.
- OCRmyPDF runs here as its defaults have it, with optimisation level 1; it also makes the PDF smaller or larger by other rules than ours, which is why the output size stands in the table.
- "tesseract alone" reads pages that we have rendered from our own result at 300 dpi, without a second look and without preparing. It pays for a new engine on each page. It is a yardstick for recognition, not a strict lower bound: a page that is known to be blank costs us no recognition, and pages of lower resolution are read as they are.
- Largest process is what the kernel booked; the family's peak is sampled every 200 ms and can miss a short one.
- Each round is one run in the order of the columns. Three rounds show gross disturbance (the spread of the ratios), not small differences: below 5 % we claim nothing.
`
