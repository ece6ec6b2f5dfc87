package pdfa

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"blattwerk/pipeline/pipelinetest"
)

// TestChromiumSelectsTheWords opens what we make in Chromium's own viewer, selects
// all as a person does, and reads what they would copy: of a written scan, of a
// repaired letter and of a mail.
func TestChromiumSelectsTheWords(t *testing.T) {
	r, dir := mailRoom(t), t.TempDir()

	scanned := slices.Concat(strings.Fields("Sehr geehrte Damen und Herren, § 5 Abs. 1 der Satzung über die Größe von Müllgefäßen – 1.234,56 € (brutto) – gilt. „Zitat“ a 1 . ß"),
		[]string{"oﬃziell", "Auﬂage", "Œuvre", "שלום", "עולם", "Ende."})
	scan := keep(t, dir, "scan.pdf", writeTest(t, claim2u, testMeta(), blankLeaf(t, layLines(scanned))))

	var b pipelinetest.Blobs
	original := pipelinetest.Corpus(t, "german/koma_letter-21.pdf")
	doc, err := r.Open(t.Context(), deliver(t, &b, original), &b)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
		t.Fatal(err)
	}
	repaired := keep(t, dir, "repaired.pdf", blobBytes(t, &b, doc.PDF.Digest))

	told := "Guten Tag, die Mülltonne in der Straße „Am Weiher“ 7 wurde am 3. November nicht geleert. Grüße, Jörg Öztürk\n"
	if doc, err = opened(t, r, &b, mediaMail, testMail(told)); err != nil {
		t.Fatal(err)
	}
	mail := keep(t, dir, "mail.pdf", blobBytes(t, &b, doc.PDF.Digest))

	copied := selections(t, scan, repaired, mail)
	want := strings.Fields(strings.NewReplacer("ﬃ", "ffi", "ﬂ", "fl").Replace(strings.Join(scanned, " "))) // Chromium copies ligatures as letters
	if got := strings.Fields(copied[0]); !slices.Equal(got, want) {
		t.Errorf("of the scan is copied\n%+q, want\n%+q", got, want)
	}
	if kept, all := common(plainWords(rawText(t, original)), plainWords(strings.Fields(copied[1]))); all < 50 || float64(kept) < minSameWords*float64(all) {
		t.Errorf("of the letter's %d words %d are copied:\n%s", all, kept, copied[1])
	}
	if got := strings.Join(strings.Fields(copied[2]), " "); !strings.Contains(got, strings.TrimSpace(told)) {
		t.Errorf("of the mail is copied\n%s", got)
	}
}

func plainWords(texts []string) []ownWord {
	words := make([]ownWord, len(texts))
	for i, s := range texts {
		words[i].text = s
	}
	return words
}

// selections is the text that Chromium's viewer has selected of each file after
// "select all". The viewer is asked by the messages that its own print preview
// uses.
func selections(t *testing.T, paths ...string) []string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range paths {
			if r.URL.Path == "/"+filepath.Base(path) {
				w.Header().Set("Content-Type", "application/pdf")
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(raw)
				return
			}
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><embed id="viewer" src="/` + filepath.Base(r.URL.Query().Get("show")) + `" type="application/pdf" width="900" height="900">`))
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	tab, cancel := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(pipelinetest.Program(t, "chromium")), chromedp.NoSandbox, chromedp.Flag("headless", "new"), // the old one has no viewer
		chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true))
	t.Cleanup(cancel)
	tab, cancel = chromedp.NewContext(tab)
	t.Cleanup(cancel)
	tab, cancel = context.WithTimeout(tab, 4*time.Minute)
	t.Cleanup(cancel)
	var out []string
	for _, path := range paths {
		if _, err := chromedp.Run(tab, chromedp.Navigate(srv.URL+"/?show="+filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
		text, err := chromedp.Run(tab, chromedp.Evaluate[string](`new Promise(done => {
			addEventListener("message", e => {
				if (e.data && e.data.type === "getSelectedTextReply" && e.data.selectedText) done(e.data.selectedText);
			});
			setInterval(() => {
				viewer.postMessage({type: "selectAll"});
				viewer.postMessage({type: "getSelectedText"});
			}, 300);
			setTimeout(() => done(""), 60000);
		})`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}
