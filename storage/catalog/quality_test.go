package catalog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage/catalog"
)

// The measure of search, on questions and texts that others wrote: XQuAD, German,
// 346 questions that each name one of 70 paragraphs.
const (
	wantFirst = 0.86 // share of questions whose paragraph comes first
	wantMRR   = 0.91 // mean of one over the place of the paragraph
	wantPairs = 38   // of the 40 pairs below
)

func testQuestions(w *world) {
	var set struct {
		Data []struct {
			Paragraphs []struct {
				Context string
				Qas     []struct{ Question string }
			}
		}
	}
	raw, err := os.ReadFile(pipelinetest.Corpus(w.T, "search/xquad.de.dev.json"))
	w.ok(err)
	w.ok(json.Unmarshal(raw, &set))
	questions := map[string]pipeline.DocID{}
	for _, a := range set.Data {
		for _, p := range a.Paragraphs {
			doc := w.letter(p.Context, p.Context)
			for _, q := range p.Qas {
				questions[q.Question] = doc.ID
			}
		}
	}
	first, five, mrr := 0, 0, 0.0
	for q, want := range questions {
		hits, err := w.Search(w.Context(), catalog.Query{Words: q, Filter: catalog.Filter{Limit: 100}})
		w.ok(err)
		at := slices.IndexFunc(hits.Hits, func(h catalog.Hit) bool { return h.Entry.Document.ID == want })
		switch {
		case at == 0:
			first++
			five++
		case at > 0 && at < 5:
			five++
			fallthrough
		default:
			w.Logf("place %d of %d: %s", at+1, len(hits.Hits), q)
		}
		if at >= 0 {
			mrr += 1 / float64(at+1)
		}
	}
	n := float64(len(questions))
	w.Logf("%d questions: first %.1f %%, among five %.1f %%, MRR %.3f", len(questions), 100*float64(first)/n, 100*float64(five)/n, mrr/n)
	if len(questions) < 340 || float64(first)/n < wantFirst || mrr/n < wantMRR {
		w.Errorf("want %.1f %% first and an MRR of %.2f", 100*wantFirst, wantMRR)
	}
}

// pairs are a query and a letter that it must find, in the ways in which the two
// differ in a town hall.
var pairs = []struct{ query, letter string }{
	// inflected
	{"Bescheid", "Gegen Ihre Bescheide erhebe ich Einwände."},
	{"Kindertageseinrichtungen", "Die Anmeldung in einer Kindertageseinrichtung ist erfolgt."},
	{"Grundstück", "Die Eigentümer der benachbarten Grundstücke wurden angehört."},
	{"verspäteter Zahlung", "Wegen verspäteter Zahlungen werden Säumniszuschläge erhoben."},
	{"Hund", "Die Haltung von Hunden ist anzuzeigen."},
	{"Straßen", "Die Straße wird gesperrt."},
	{"Genehmigungen", "Die Genehmigung wird erteilt."},
	// compounds
	{"Bauantrag", "Das Bauantragsformular liegt bei."},
	{"Antrag", "Die Bauanträge wurden geprüft."},
	{"Formular", "Bitte das Antragsformular ausfüllen."},
	{"Steuer", "Der Hundesteuerbescheid für das Jahr 2026"},
	{"Gebühren", "Die Abfallgebührensatzung tritt in Kraft."},
	{"Wohngeld", "Ihr Wohngeldantrag ist eingegangen."},
	{"Verordnung", "Nach der Straßenverkehrsordnung und der Baunutzungsverordnung"},
	// umlauts and sharp s
	{"Müller", "Frau Mueller hat angerufen."},
	{"Mueller", "Herr Müller hat geschrieben."},
	{"Gebuehrenbescheid", "Der Gebührenbescheid ist rechtskräftig."},
	{"Strasse", "Die Königsberger Straße ist gesperrt."},
	{"Fussgängerzone", "In der Fußgängerzone gilt ein Fahrverbot."},
	{"Buergermeister", "Sehr geehrter Herr Bürgermeister,"},
	// divided at line ends
	{"Verwaltungsvorschrift", "Nach der Verwaltungs-\nvorschrift zur Ausführung"},
	{"Grundsteuerbescheid", "Ihr Grundsteuer-\nbescheid vom Januar"},
	{"Personenstandsurkunde", "eine Personen-\nstandsurkunde in beglaubigter Form"},
	{"Erschließungsbeitrag", "der Erschlie-\nßungsbeitrag wird fällig"},
	{"Bebauungsplan", "im Geltungsbereich des Bebauungs¬\nplans Nr. 12"},
	{"Aufenthaltserlaubnis", "Ihre Aufenthalts-  \n  erlaubnis endet"},
	// one error of recognition
	{"Widerspruch", "hiermit lege ich Widerspmch ein"},
	{"Gemeinde", "die Gerneinde teilt mit"},
	{"Bescheid", "gegen den Beseheid vom"},
	{"Genehmigung", "die Genehrnigung wurde erteilt"},
	{"Ordnungsamt", "das 0rdnungsamt teilt mit"},
	{"Meldebescheinigung", "eine Meldebescheinignng liegt bei"},
	{"Fristverlängerung", "um Fristver1ängerung wird gebeten"},
	// two errors
	{"Grundsteuer", "die Gmndsteuor wird erhoben"},
	{"Baugenehmigung", "eine Bangenehrnigung wurde erteilt"},
	{"Verwaltungsgebühr", "eine Verwa1tungsgebiihr ist zu zahlen"},
	{"Anmeldung", "die Anrneldnng ist erfolgt"},
	{"Zulassungsbescheinigung", "die Zu1assungsbescheinignng fehlt"},
	// several words, one of them missing
	{"Antrag auf Wohngeld für Familie Kowalczyk", "Der Antrag auf Wohngeld wurde gestellt."},
	{"Wann ist die Hundesteuer in Ahrenbrück fällig?", "Die Hundesteuer ist am 15. Februar fällig."},
}

func testPairs(w *world) {
	if len(pairs) != 40 {
		w.Fatalf("%d pairs", len(pairs))
	}
	var ids []pipeline.DocID
	for i, p := range pairs {
		ids = append(ids, w.letter(fmt.Sprint(i), "Sehr geehrte Damen und Herren,\n\n"+p.letter+"\n\nMit freundlichen Grüßen").ID)
	}
	found := 0
	for i, p := range pairs {
		hits, err := w.Search(w.Context(), catalog.Query{Words: p.query, Filter: catalog.Filter{Limit: 10}})
		w.ok(err)
		if slices.ContainsFunc(hits.Hits, func(h catalog.Hit) bool { return h.Entry.Document.ID == ids[i] }) {
			found++
		} else {
			w.Logf("%q does not find %q", p.query, strings.ReplaceAll(p.letter, "\n", "|"))
		}
	}
	w.Logf("%d of %d pairs found", found, len(pairs))
	if found < wantPairs {
		w.Errorf("want %d", wantPairs)
	}
}
