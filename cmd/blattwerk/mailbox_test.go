package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/web"
	"blattwerk/workers/mailbox/mailboxtest"
)

// TestMailbox lets letters come by mail. The program is killed after the commit
// and before the mail is moved; it is one letter all the same. The original is the
// mail byte for byte, no paper is counted as received, and the journal says where
// it came from.
func TestMailbox(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	pipelinetest.Program(t, "qpdf")
	post := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern)
	data := t.TempDir()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, post.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"BLATTWERK_IMAP_ADDR=" + post.Addr, "BLATTWERK_IMAP_USER=" + mailboxtest.Account, "BLATTWERK_IMAP_PASSWORD=" + mailboxtest.Password,
		"BLATTWERK_IMAP_CA_FILE=" + ca, "BLATTWERK_IMAP_EVERY=10s", "BLATTWERK_MAX_BYTES=2MB",
	}
	letter := scanByMail(sample(t))
	came := time.Now().Add(-26 * time.Hour).Truncate(time.Second)
	post.Put("INBOX", letter, came)
	post.Put("INBOX", "Subject: zu groß\r\n\r\n"+strings.Repeat("viel zu viel\r\n", 200_000), time.Now())

	moving := make(chan struct{})
	var once sync.Once
	hold := make(chan struct{})
	post.Misbehave(mailboxtest.Faults{OnMove: func() { once.Do(func() { close(moving) }); <-hold }})
	s := startServe(t, data, env...)
	select {
	case <-moving:
	case <-time.After(time.Minute):
		t.Fatalf("nothing is moved: %s", s.err)
	}
	s.kill()
	post.Misbehave(mailboxtest.Faults{})
	post.End()
	close(hold)
	post.Begin()
	if n := post.Count("INBOX"); n == 0 {
		t.Fatal("the mail was moved before the program was killed; the test proved less than it should")
	}

	s = startServe(t, data, env...)
	for deadline := time.Now().Add(time.Minute); post.Count("Erledigt") != 1 || post.Count("Angehalten") != 1; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d left, %d done, %d held: %s", post.Count("INBOX"), post.Count("Erledigt"), post.Count("Angehalten"), s.err)
		}
	}
	var list struct{ Documents []web.Letter }
	if err := newRemoteDesk(s.at).do(t.Context(), http.MethodGet, "/api/v1/documents", nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Documents) != 1 {
		t.Fatalf("%d letters, want one", len(list.Documents))
	}
	l := s.settled(list.Documents[0].ID)
	if l.State != pipeline.Archived || l.Name != "Anmeldung zur Hundesteuer.eml" || l.Pages != 2 {
		t.Errorf("%+v", l)
	}
	waitForStatus(t, data, mailboxtest.Account+"/INBOX: Das Postfach wird abgefragt.", "Angehalten im Ordner „Angehalten“: 1.")
	s.stop()
	archivedOnce(t, data, map[pipeline.DocID][]byte{l.ID: []byte(letter)})

	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	journal := blattwerk(t, data, "journal", "--csv", "--year", fmt.Sprint(came.In(zone).Year()))
	for _, want := range []string{";" + came.In(zone).Format("2006-01-02 15:04") + ";", ";mail;" + mailboxtest.Account + "/INBOX;"} {
		if strings.Count(journal.out, "\n") != 2 || !strings.Contains(journal.out, want) {
			t.Errorf("the journal is not a head and a line with %q:\n%s%s", want, journal.out, journal.err)
		}
	}
	books := blattwerk(t, data, "savings", "--format", "json")
	var report pipeline.Report
	if err := json.Unmarshal([]byte(books.out), &report); err != nil {
		t.Fatalf("%v: %s%s", err, books.out, books.err)
	}
	if r := report.Total.Received; r != (pipeline.Range{}) {
		t.Errorf("paper was received by mail: %+v", r)
	}
	for _, word := range []string{mailboxtest.Password, "Hundesteuer"} {
		if strings.Contains(s.err.String(), word) {
			t.Errorf("the log says %q", word)
		}
	}
}

// waitForStatus waits until `blattwerk status` tells each of these.
func waitForStatus(t *testing.T, data string, want ...string) {
	t.Helper()
	var r result
	for range 30 {
		missing := 0
		r = blattwerk(t, data, "status")
		for _, w := range want {
			if !strings.Contains(r.out, w) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Errorf("status says %s%s, want %q", r.out, r.err, want)
}

// scanByMail is a mail with a scanned letter, whose first lines do not look like
// those of a mail, as behind some relays.
func scanByMail(jpeg []byte) string {
	var b bytes.Buffer
	for n := range 30 {
		fmt.Fprintf(&b, "ARC-Seal: i=%d; a=rsa-sha256; cv=pass; b=%s\r\n", n, strings.Repeat("x", 60))
	}
	b.WriteString("From: buerger@example.org\r\nTo: " + mailboxtest.Account + "\r\nSubject: Anmeldung zur Hundesteuer\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"Guten Tag,\r\nanbei die Anmeldung meines Hundes zur Hundesteuer.\r\n--b\r\n" +
		"Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename=anmeldung.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for enc := base64.StdEncoding.EncodeToString(jpeg); len(enc) > 0; {
		n := min(76, len(enc))
		b.WriteString(enc[:n] + "\r\n")
		enc = enc[n:]
	}
	b.WriteString("--b--\r\n")
	return b.String()
}
