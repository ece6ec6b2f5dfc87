package ocr

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline/pipelinetest"
)

// BenchmarkPage reads German pages of 300 dpi in one process, as one child does,
// and reports what a page costs and which share of it is recognition. Run it
// with OMP_THREAD_LIMIT=1, as children are.
func BenchmarkPage(b *testing.B) {
	if os.Getenv("OMP_THREAD_LIMIT") != "1" {
		b.Skip("run with OMP_THREAD_LIMIT=1 in the environment")
	}
	quiet()
	var calls []readCall
	var files [][]byte
	for _, name := range []string{
		"koma_letter-21_p1_clean.jpg", "koma_briefwbk2_p1_g4.tif", "koma_satzung_p2_skew.jpg",
		"Hinweisblatt_Prozesskostenhilfe_p3_pale.jpg", "zugferd_2p0_EN16931_Einfach_p1_clean.jpg", "letter-de_p1_rot180.tif",
	} {
		raw, err := os.ReadFile(pipelinetest.Corpus(b, filepath.Join("ocr-gt/german-derived", name)))
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, raw)
		calls = append(calls, readCall{Media: mediaOf(name), DPIX: 300, DPIY: 300, Languages: "deu+eng"})
	}
	r := &reader{}
	defer r.engines.close()
	if _, err := r.read(calls[0], files[0]); err != nil { // starts the engine
		b.Fatal(err)
	}
	var recognising time.Duration
	start := cpu()
	b.ResetTimer()
	for i := range b.N {
		k := i % len(files)
		page, _, err := decode(files[k], calls[k].Media, 0, true)
		if err != nil {
			b.Fatal(err)
		}
		p, err := r.prepare(page, calls[k])
		if err != nil {
			b.Fatal(err)
		}
		before := cpu()
		words, err := r.recognise(p, calls[k])
		if err != nil || len(words) < 50 {
			b.Fatalf("%d words, %v", len(words), err)
		}
		recognising += cpu() - before
		page.close()
	}
	used := cpu() - start
	b.ReportMetric(used.Seconds()*1000/float64(b.N), "cpu-ms/page")
	b.ReportMetric(float64(b.N)/used.Seconds(), "pages/cpu-s")
	b.ReportMetric(100*recognising.Seconds()/used.Seconds(), "%recognition")
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
