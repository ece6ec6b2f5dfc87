package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// TestEvidenceIsReadable does one thing of every desk and reads what the evidence
// says of it: words in both languages, the detail as it is kept beside them, letters
// by their number and people by name.
func TestEvidenceIsReadable(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "Rechnung", pipeline.Archived)
	o.member("bea", []access.Role{access.Department}, "20")
	auditor := o.member("ruth", []access.Role{access.Auditor})
	due := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	for _, d := range []catalog.Deed{
		{Kind: catalog.Assign, Assignee: "bea"}, {Kind: catalog.Due, Due: due}, {Kind: catalog.HandOn, Department: "32"},
	} {
		d.Doc, d.By = id, "bea"
		if _, err := o.rows.Do(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	number := o.entry(id).Document.Delivery.Journal
	for lang, want := range map[string][]string{
		"de": {"abgegeben an", "Amt: <b>32 Ordnungsamt</b>", "vorher: <b>20 Stadtkasse</b>", "am: <b>09.03.2026</b>", "an: <b>bea</b>", "Schritt: <b>", "Aufgaben: <b>Prüfung</b>", "Wortlaut im Protokoll"},
		"en": {"department: <b>32 Ordnungsamt</b>", "before: <b>20 Stadtkasse</b>", "roles: <b>Audit</b>", "Wording in the log"},
	} {
		page := o.do("GET", "/evidence?lang="+lang, nil, auditor).Body.String()
		for _, w := range append(want, number, `{"deed":`) {
			if !strings.Contains(readable(page), w) {
				t.Errorf("the evidence (%s) does not say %q", lang, w)
			}
		}
		if strings.Contains(page, "[evidence.") || strings.Contains(page, "[event.") {
			t.Errorf("a text is missing (%s)", lang)
		}
	}
	// What is not foreseen is there as it is kept.
	if err := o.rows.Log(t.Context(), catalog.Event{Kind: "strange", Detail: json.RawMessage(`{"code":"odd","pages":[1,2],"more":{"x":1}}`)}); err != nil {
		t.Fatal(err)
	}
	page := readable(o.do("GET", "/evidence?lang=de", nil, auditor).Body.String())
	for _, w := range []string{"Grund: <b>odd</b>", "Seiten: <b>1, 2</b>", `"more":{"x":1}`} {
		if !strings.Contains(page, w) {
			t.Errorf("the evidence does not say %q", w)
		}
	}
}
