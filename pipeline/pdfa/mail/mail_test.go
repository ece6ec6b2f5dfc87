package mail

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

func TestRead(t *testing.T) {
	for name, want := range map[string]struct {
		from, subject, text string // parts of them
		attachments         []string
		html                bool
	}{
		"froide_mail_01.eml":     {from: "Jörg Gahl-Killen <hb@example.com>", subject: "Förderanträge", text: "Mit freundlichen Grüßen"},
		"froide_mail_05.eml":     {subject: "Ihr Anliegen vom 06.02.2013", html: true, text: "Sehr geehrte"},
		"froide_mail_08.eml":     {subject: "Ihre Anträge auf Akteneinsicht vom 3.2.2014", attachments: []string{"WG- Disziplinarverfahren u.a. gegen Bürgermeister-Hauptverwaltungsbeamte-Amtsdirektoren-ehrenamtliche Bürgermeister-Ortsvorsteher-Landräte im Land Brandenburg in den letzten Jahren [#5617].eml"}},
		"froide_mail_10.eml":     {subject: "Verwaltungsvorgänge", attachments: []string{"Eingangsbestätigung Akteneinsicht.doc"}},
		"froide_mail_14.eml":     {subject: "Case 1970/1234", html: true, text: "Dear Sir or Madam"},
		"testThunderbirdEml.eml": {subject: "JUnit test message"},
		"testRFC822_multipart_attachments.eml": {subject: "EML 1", text: "This is test email for EML1",
			attachments: []string{"Test TxtA.txt", "Test TxtB.txt"}},
	} {
		f, err := os.Open(pipelinetest.Corpus(t, "mail/"+name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(f)
		_ = f.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names []string
		for _, a := range m.Attachments {
			if !a.Inline {
				names = append(names, a.Name)
			}
		}
		if !strings.Contains(m.From, want.from) || !strings.Contains(m.Subject, want.subject) || !strings.Contains(m.Text, want.text) || m.FromHTML != want.html {
			t.Errorf("%s: from %q, subject %q, html %t, text %.300q", name, m.From, m.Subject, m.FromHTML, m.Text)
		}
		if strings.Join(names, "|") != strings.Join(want.attachments, "|") {
			t.Errorf("%s: attachments %q", name, names)
		}
		if strings.Contains(m.Text, "</") {
			t.Errorf("%s: tags in the text: %.300q", name, m.Text)
		}
	}
}

func TestHTMLBecomesText(t *testing.T) {
	for in, want := range map[string]string{
		"<p>Sehr geehrte   Damen<br>und Herren</p><p>Text</p>":                            "Sehr geehrte Damen\nund Herren\n\nText\n",
		"<style>p{}</style><script>alert(1)</script><p onclick=x()>gut</p>":               "gut\n",
		"<ul><li>eins<li>zwei</ul>":                                                       "• eins\n• zwei\n",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>":                 "a   b\nc\n",
		`<a href="https://example.org/x">hier</a> und <a href="https://e.org/">e.org</a>`: "hier <https://example.org/x> und e.org\n",
		`<a href="javascript:alert(1)">klick</a>`:                                         "klick\n",
		`<div style="display: none">unsichtbar</div><p hidden>auch</p>sichtbar`:           "sichtbar\n",
		"<pre>a\n  b</pre>":          "a\n  b\n",
		"&Uuml;ber &euro; &lt;b&gt;": "Über € <b>\n",
		strings.Repeat("<div>", 3000) + "tief" + strings.Repeat("</div>", 3000): "tief\n",
		"": "",
		"<p>x</p><iframe src=http://a></iframe><object data=http://b>o</object><p>y</p><hr>": "x\n\ny\n",
	} {
		if got, _ := fromHTML(in); got != want {
			t.Errorf("%.80q gives %q, want %q", in, got, want)
		}
	}
	if _, remote := fromHTML(`<img src="https://tracker.example/p.gif">`); !remote {
		t.Error("a picture from the network is not noticed")
	}
	if _, remote := fromHTML(`<img src="cid:logo"><p>x</p>`); remote {
		t.Error("a picture of the mail itself counts as one from the network")
	}
}

func TestDamagedMails(t *testing.T) {
	for name, raw := range map[string]string{
		"no boundary":        "From: a@b.de\nSubject: x\nContent-Type: multipart/mixed\n\nText",
		"no end":             "From: a@b.de\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText",
		"unknown charset":    "From: a@b.de\nSubject: x\nContent-Type: text/plain; charset=klingon\n\nText",
		"unknown encoding":   "From: a@b.de\nSubject: x\nContent-Transfer-Encoding: rot13\n\nText",
		"broken base64":      "From: a@b.de\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAAA!!!!\n--b--",
		"latin-1 in subject": "From: a@b.de\nSubject: Gr\xfc\xdfe\n\nText",
	} {
		m, err := Read(strings.NewReader(raw))
		if err != nil || !strings.Contains(m.Text, "Text") {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := Read(strings.NewReader("Guten Tag\n\nText")); !errors.Is(err, ErrNoMail) {
		t.Errorf("a text that is no mail: %v", err)
	}
	deep := "From: a@b.de\nSubject: x\n"
	for range 200 {
		deep += "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	}
	if m, err := Read(strings.NewReader(deep + "\nText")); err != nil || !m.Cut {
		t.Errorf("a mail nested too deep: %+v, %v", m.Cut, err)
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(pipelinetest.Root(f)), "shared", "corpus", "mail", "*.eml"))
	for _, name := range files {
		if raw, err := os.ReadFile(name); err == nil && len(raw) < 1<<14 {
			f.Add(raw)
		}
	}
	f.Add([]byte("From: a@b.de\nSubject: x\nContent-Type: text/html\n\n<p>x<table><td>y"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(strings.NewReader(string(raw)))
		if err == nil && len(m.Text) > 8*len(raw)+1024 {
			t.Errorf("%d bytes became a text of %d", len(raw), len(m.Text))
		}
	})
}
