package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"blattwerk/pipeline/pdfa/gate"
)

// agreement counts how two judges agree.
type agreement struct {
	both, neither int
	falseAccept   []string // the gate lets pass what the referee refuses
	falseRefuse   []string
}

func (a *agreement) add(name string, ours, theirs bool) {
	switch {
	case ours && theirs:
		a.both++
	case !ours && !theirs:
		a.neither++
	case ours:
		a.falseAccept = append(a.falseAccept, name)
	default:
		a.falseRefuse = append(a.falseRefuse, name)
	}
}

func (a *agreement) all() int {
	return a.both + a.neither + len(a.falseAccept) + len(a.falseRefuse)
}

// gate compares our validator with the referee.
func (l *lab) gate(ctx context.Context) error {
	t := newTable("set", "checked for", "files", "same verdict", "valid", "invalid", "let pass, referee refuses", "refused, referee lets pass")
	var speed pace
	cases, err := inputs(l.corpus, []string{".pdf"}, "pdfa", "german", "pdf-torture", "signed", "scans", "barcodes", "ocr-gt")
	if err != nil {
		return err
	}
	same, checked, accepts, refusals := 0, 0, 0, []string{}
	tell := func(name, flavour string, a agreement) {
		t.row(name, flavour, fmt.Sprint(a.all()), share(a.both+a.neither, a.all()), fmt.Sprint(a.both), fmt.Sprint(a.neither),
			fmt.Sprint(len(a.falseAccept)), fmt.Sprint(len(a.falseRefuse)))
		for _, n := range a.falseRefuse {
			refusals = append(refusals, fmt.Sprintf("%s (%s)", n, flavour))
		}
	}
	for _, flavour := range []string{"2b", "2u", "2a"} {
		a, err := l.judge(ctx, flavour, cases, &pace{})
		if err != nil {
			return err
		}
		tell("corpus", flavour, a)
		same, checked, accepts = same+a.both+a.neither, checked+a.all(), accepts+len(a.falseAccept)
	}
	name := "our own files"
	if len(l.own) == 0 { // without the writer's part the random ones have to do
		g, err := l.writeRandom(ctx)
		if err != nil {
			return err
		}
		name, l.own = "random files of our own", g.made
	}
	own := make([]input, len(l.own))
	for i, path := range l.own {
		own[i] = input{filepath.Base(path), path}
	}
	ours, err := l.judge(ctx, "2u", own, &speed)
	if err != nil {
		return err
	}
	tell(name, "2u", ours)
	mutants, err := l.mutate()
	if err != nil {
		return err
	}
	wild, err := l.judge(ctx, "2u", mutants, &pace{})
	if err != nil {
		return err
	}
	tell("fresh mutants of them", "2u", wild)
	text := "## The gate against the referee\n\n" + t.String() + "\n"
	if len(refusals) > 0 {
		text += "Refused by the gate only: " + list(refusals, 12) + ".\n\n"
	}
	text += l.bar(100*same >= 97*checked, "at least 97 % of the verdicts on the corpus agree: "+share(same, checked)) +
		l.bar(accepts == 0, fmt.Sprintf("nothing of the corpus is let pass that the referee refuses: %d", accepts)) +
		l.bar(len(ours.falseAccept)+len(wild.falseAccept) == 0, fmt.Sprintf("nothing of our own (%d files, %d mutants) is let pass that the referee refuses: %s",
			ours.all(), wild.all(), list(slices.Concat(ours.falseAccept, wild.falseAccept), 12)))
	if speed.pages > 0 {
		each := speed.took / time.Duration(speed.pages)
		text += l.bar(each < 5*time.Millisecond, fmt.Sprintf("a page takes under 5 ms of processor time: %.2f ms in the mean over %d pages, the slowest file %.1f ms a page",
			ms(each), speed.pages, ms(speed.worst)))
	}
	l.sections["gate"] = text
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func list(names []string, most int) string {
	if len(names) == 0 {
		return "none"
	}
	out := ""
	for i, n := range names {
		if i == most {
			return out + fmt.Sprintf(" and %d more", len(names)-most)
		}
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// pace is how long the gate took.
type pace struct {
	took, worst time.Duration
	pages       int
}

func (p *pace) add(d time.Duration, pages int) {
	p.took, p.pages = p.took+d, p.pages+pages
	p.worst = max(p.worst, d/time.Duration(max(pages, 1)))
}

// threadTime is the processor time of the calling thread, which other work on the
// machine does not lengthen.
func threadTime() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// judge asks both about all files. It runs one file at a time on one thread, to
// measure.
func (l *lab) judge(ctx context.Context, flavour string, files []input, speed *pace) (agreement, error) {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.path
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var a agreement
	verdicts, err := l.ask(ctx, flavour, paths)
	if err != nil {
		return a, err
	}
	for _, f := range files {
		raw, err := os.ReadFile(f.path)
		if err != nil {
			return a, err
		}
		began := threadTime()
		v, err := gate.Validate(ctx, bytes.NewReader(raw), int64(len(raw)), flavour)
		if err != nil {
			return a, fmt.Errorf("%s: %w", f.name, err)
		}
		speed.add(threadTime()-began, bytes.Count(raw, []byte("/Type /Page ")))
		a.add(f.name, v.Valid, verdicts[f.path].Valid)
	}
	return a, nil
}

// mutate makes mutants of our own files by changing, adding and dropping bytes.
func (l *lab) mutate() ([]input, error) {
	r := rand.New(rand.NewPCG(l.seed, 1))
	small := slices.DeleteFunc(slices.Clone(l.own), func(path string) bool {
		st, err := os.Stat(path)
		return err != nil || st.Size() > 200_000
	})
	if len(small) == 0 {
		return nil, nil
	}
	var out []input
	for i := range l.mutants {
		raw, err := os.ReadFile(small[r.IntN(len(small))])
		if err != nil {
			return nil, err
		}
		for range 1 + r.IntN(3) {
			raw = mutant(r, raw)
		}
		f := input{fmt.Sprintf("mutant-%d.pdf", i), filepath.Join(l.scratch, fmt.Sprintf("mutant-%d.pdf", i))}
		if err := os.WriteFile(f.path, raw, 0o600); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// mutant changes one place. Half of the places are outside of streams, where a
// change meets more rules.
func mutant(r *rand.Rand, raw []byte) []byte {
	at := r.IntN(len(raw))
	if r.IntN(2) == 0 {
		for range 50 {
			if outside(raw, at) {
				break
			}
			at = r.IntN(len(raw))
		}
	}
	switch r.IntN(5) {
	case 0:
		return slices.Delete(raw, at, min(at+1+r.IntN(3), len(raw)))
	case 1:
		return slices.Insert(raw, at, byte(r.Uint32()))
	case 2:
		raw[at] ^= 1 << r.IntN(8)
	case 3:
		raw[at] = "0123456789/<>[]()"[r.IntN(17)]
	default:
		raw[at] = byte(r.Uint32())
	}
	return raw
}

// outside says whether a place is not between "stream" and "endstream".
func outside(raw []byte, at int) bool {
	before := raw[:at]
	return bytes.LastIndex(before, []byte("\nstream\n")) <= bytes.LastIndex(before, []byte("endstream"))
}
