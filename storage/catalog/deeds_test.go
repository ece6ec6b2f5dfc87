package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func testDeeds(w *world) {
	ctx := w.Context()
	doc := w.letter("a", "Ein Brief.")
	do := func(d catalog.Deed) catalog.Deed {
		w.Helper()
		d.Doc = doc.ID
		if d.By == "" {
			d.By = "weber"
		}
		out, err := w.Do(ctx, d)
		w.ok(err)
		w.clock.turn(time.Minute)
		return out
	}
	day := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	do(catalog.Deed{Kind: catalog.Assign, Assignee: "kaya"})
	do(catalog.Deed{Kind: catalog.Note, Note: "Rückfrage gestellt"})
	do(catalog.Deed{Kind: catalog.Due, Due: day})
	done := do(catalog.Deed{Kind: catalog.Done})
	work, deeds, err := w.Deeds(ctx, doc.ID)
	w.ok(err)
	if len(deeds) != 4 || work.Assignee != "kaya" || !work.Due.Equal(day) || work.Done.IsZero() || work.Department != "32" {
		w.Fatalf("work is %+v after %d deeds", work, len(deeds))
	}
	_, err = w.Undo(ctx, done.ID, "kaya")
	w.is(err, catalog.ErrDeedGone) // not hers
	_, err = w.Undo(ctx, "nothing", "weber")
	w.is(err, catalog.ErrDeedGone)
	_, err = w.Undo(ctx, done.ID, "weber")
	w.ok(err)
	_, err = w.Undo(ctx, done.ID, "weber")
	w.is(err, catalog.ErrDeedGone)
	if work, _, _ = w.Deeds(ctx, doc.ID); !work.Done.IsZero() || work.Assignee != "kaya" {
		w.Errorf("work is %+v after taking back", work)
	}
	// What others built on cannot be taken back.
	first := do(catalog.Deed{Kind: catalog.Assign, Assignee: "weber"})
	do(catalog.Deed{Kind: catalog.Assign, Assignee: "kaya"})
	_, err = w.Undo(ctx, first.ID, "weber")
	w.is(err, catalog.ErrDeedGone)

	// Handing on moves the rights, and taking it back moves them again.
	arrived := w.clock.Now()
	on := do(catalog.Deed{Kind: catalog.HandOn, Department: "63", Note: "Gehört zum Bauamt"})
	find := func(dept pipeline.DeptID) int {
		hits, err := w.Search(ctx, catalog.Query{Words: "Brief", Filter: catalog.Filter{Departments: []pipeline.DeptID{dept}, Arrived: arrived.Add(-time.Second)}})
		w.ok(err)
		return hits.Total
	}
	if e := w.entry(doc.ID); e.Document.Filing.Department != "63" || e.State != pipeline.Archived || e.Document.Filing.Type != "32-OWI" {
		w.Errorf("filing is %+v, %s", e.Document.Filing, e.State)
	}
	if find("32") != 0 || find("63") != 1 {
		w.Errorf("found by 32: %d, by 63: %d", find("32"), find("63"))
	}
	again, err := w.Do(ctx, on) // as after a crash before the answer
	w.ok(err)
	if again.ID != on.ID {
		w.Error("the same deed was done twice")
	}
	if work, _, _ = w.Deeds(ctx, doc.ID); work.Assignee != "" || !work.Due.IsZero() {
		w.Errorf("to the other department the work is not new: %+v", work)
	}
	_, err = w.Do(ctx, catalog.Deed{Doc: doc.ID, Kind: catalog.HandOn, Department: "63", By: "weber"})
	w.is(err, catalog.ErrDeed)
	_, err = w.Undo(ctx, on.ID, "weber")
	w.ok(err)
	if work, _, _ = w.Deeds(ctx, doc.ID); find("63") != 0 || work.Assignee != "kaya" || !work.Due.Equal(day) {
		w.Errorf("handing on was not taken back: %+v", work)
	}
	late := do(catalog.Deed{Kind: catalog.Done})
	w.clock.turn(catalog.UndoDeedFor)
	_, err = w.Undo(ctx, late.ID, "weber")
	w.is(err, catalog.ErrDeedGone)

	// What makes no sense is refused.
	for _, bad := range []catalog.Deed{
		{Doc: doc.ID, Kind: catalog.Note, By: "weber"}, {Doc: doc.ID, Kind: catalog.Done}, {Doc: doc.ID, Kind: "burn", By: "weber"},
		{Doc: doc.ID, Kind: catalog.HandOn, By: "weber"}, {Doc: doc.ID, Kind: catalog.Note, Note: strings.Repeat("x", catalog.MaxNote+1), By: "weber"},
	} {
		if _, err := w.Do(ctx, bad); err == nil {
			w.Errorf("%+v was done", bad)
		}
	}
	_, err = w.Do(ctx, catalog.Deed{Doc: "nowhere", Kind: catalog.Done, By: "weber"})
	w.is(err, catalog.ErrUnknown)
	working := w.deliver("still in work")
	_, err = w.Do(ctx, catalog.Deed{Doc: working.ID, Kind: catalog.HandOn, Department: "63", By: "weber"})
	w.is(err, catalog.ErrUnproven)

	// Each is in the evidence with author and time, and no word of a note.
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	kinds := map[string]int{}
	for _, ev := range events {
		kinds[ev.Kind]++
		if strings.Contains(string(ev.Detail), "Rückfrage") || strings.Contains(string(ev.Detail), "Bauamt") {
			w.Errorf("%s tells words of a note: %s", ev.Kind, ev.Detail)
		}
	}
	if kinds["assigned"] != 3 || kinds["noted"] != 1 || kinds["due-set"] != 1 || kinds["done"] != 2 || kinds["handed-on"] != 1 || kinds["undone"] != 2 {
		w.Errorf("events are %v", kinds)
	}
	w.ok(w.VerifyLog(ctx, nil))
}

// testKeptDeeds tells an archive of what was done, and writes it back into an empty
// catalogue: the work stands as before.
func testKeptDeeds(w *world) {
	ctx := w.Context()
	doc := w.letter("a", "Ein Brief.")
	do := func(d catalog.Deed) catalog.Deed {
		w.Helper()
		d.Doc, d.By = doc.ID, "weber"
		out, err := w.Do(ctx, d)
		w.ok(err)
		w.clock.turn(time.Second)
		return out
	}
	untold := func() (kinds []string) {
		w.Helper()
		w.ok(w.EachDeed(ctx, true, func(d catalog.Deed) error {
			kinds = append(kinds, string(d.Kind))
			return nil
		}))
		return kinds
	}
	day := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	do(catalog.Deed{Kind: catalog.Assign, Assignee: "early"})
	on := do(catalog.Deed{Kind: catalog.HandOn, Department: "63"})
	do(catalog.Deed{Kind: catalog.Assign, Assignee: "kaya"})
	do(catalog.Deed{Kind: catalog.Note, Note: "Rückfrage"})
	do(catalog.Deed{Kind: catalog.Due, Due: day})
	slip := do(catalog.Deed{Kind: catalog.Done})
	_, err := w.Undo(ctx, slip.ID, "weber")
	w.ok(err)
	if got := untold(); !slices.Equal(got, []string{"hand-on"}) {
		w.Errorf("at once the archive is to be told of %v", got)
	}
	w.clock.turn(catalog.UndoDeedFor + 2*time.Minute)
	if got := untold(); !slices.Equal(got, []string{"assign", "hand-on", "assign", "note", "due", "done"}) {
		w.Errorf("later the archive is to be told of %v", got)
	}
	stale := on
	stale.Undone = w.clock.Now() // what was told is not how it stands
	w.ok(w.KeepDeed(ctx, stale))
	w.ok(w.KeepDeed(ctx, on))
	if got := untold(); len(got) != 5 || slices.Contains(got, "hand-on") {
		w.Errorf("after the hand-over was told: %v", got)
	}
	work, deeds, err := w.Deeds(ctx, doc.ID)
	w.ok(err)

	other := w.letter("b", "Noch ein Brief.")
	for i := range deeds {
		deeds[i].Doc, deeds[i].ID, deeds[i].Was = other.ID, deeds[i].ID+"-b", catalog.Work{Department: deeds[i].Was.Department}
	}
	w.ok(w.Recall(ctx, other.ID, deeds, nil))
	back, again, err := w.Deeds(ctx, other.ID)
	w.ok(err)
	if back.Assignee != work.Assignee || !back.Due.Equal(work.Due) || !back.Done.Equal(work.Done) || len(again) != len(deeds) || again[3].Note != "Rückfrage" || again[5].Undone.IsZero() {
		w.Errorf("work was %+v and came back as %+v with %+v", work, back, again)
	}
	if got := untold(); len(got) != 5 {
		w.Errorf("what the archive told is to be told to it again: %v", got)
	}
	third := w.letter("c", "Und einer.")
	for i := range deeds {
		deeds[i].Doc, deeds[i].ID = third.ID, deeds[i].ID+"-c"
	}
	w.ok(w.Recall(ctx, third.ID, deeds, []time.Time{deeds[5].At.Add(time.Hour)}))
	if back, _, err = w.Deeds(ctx, third.ID); err != nil || back.Assignee != "" || !back.Due.IsZero() {
		w.Errorf("filed elsewhere, the work came back as %+v, %v", back, err)
	}
}

func testTrayOfADesk(w *world) {
	ctx := w.Context()
	var docs []pipeline.Document
	for i := range 6 {
		docs = append(docs, w.letter(fmt.Sprint(i), fmt.Sprintf("Brief %d", i)))
	}
	do := func(i int, d catalog.Deed) {
		w.Helper()
		d.Doc, d.By = docs[i].ID, "weber"
		_, err := w.Do(ctx, d)
		w.ok(err)
	}
	today := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	do(0, catalog.Deed{Kind: catalog.Assign, Assignee: "weber"})
	do(1, catalog.Deed{Kind: catalog.Assign, Assignee: "weber"})
	do(1, catalog.Deed{Kind: catalog.Due, Due: today})
	do(2, catalog.Deed{Kind: catalog.Assign, Assignee: "kaya"})
	do(3, catalog.Deed{Kind: catalog.Done})
	do(4, catalog.Deed{Kind: catalog.Due, Due: today.AddDate(0, 0, 9)})
	names := func(list []catalog.Task) string {
		var s []string
		for _, t := range list {
			for i, d := range docs {
				if d.ID == t.Entry.Document.ID {
					s = append(s, fmt.Sprint(i))
				}
			}
		}
		return strings.Join(s, " ")
	}
	for _, c := range []struct {
		name               string
		desk               catalog.Desk
		due, assigned, new string
	}{
		{"own", catalog.Desk{Accounts: []string{"weber"}, Day: today.AddDate(0, 0, 1)}, "1", "0", "5"},
		{"before", catalog.Desk{Accounts: []string{"weber"}, Day: today}, "", "1 0", "5"},
		{"in ten days", catalog.Desk{Accounts: []string{"weber"}, Day: today.AddDate(0, 0, 10)}, "1 4", "0", "5"},
		{"deputy", catalog.Desk{Accounts: []string{"kaya", "weber"}, Day: today.AddDate(0, 0, 1)}, "1", "2 0", "5"},
		{"of the department", catalog.Desk{Accounts: []string{"kaya"}, Filter: catalog.Filter{Departments: []pipeline.DeptID{"32"}}, Own: []pipeline.DeptID{"32"}}, "", "2", "5"},
		{"of another", catalog.Desk{Accounts: []string{"weber"}, Filter: catalog.Filter{Departments: []pipeline.DeptID{"63"}}, Day: today.AddDate(0, 0, 10)}, "", "", ""},
		{"of none", catalog.Desk{Accounts: []string{"weber"}, Filter: catalog.Filter{Departments: []pipeline.DeptID{}}, Day: today.AddDate(0, 0, 10)}, "", "", ""},
	} {
		t, err := w.Tray(ctx, c.desk)
		w.ok(err)
		if names(t.Due) != c.due || names(t.Assigned) != c.assigned || names(t.New) != c.new || t.Totals.New != len(t.New) {
			w.Errorf("%s: due %q, assigned %q, new %q; want %+v", c.name, names(t.Due), names(t.Assigned), names(t.New), c)
		}
	}
}

func testSavedSearches(w *world) {
	ctx := w.Context()
	s, err := w.SaveSearch(ctx, catalog.SavedSearch{Account: "weber", Name: "Hunde", Query: "q=Hund"})
	w.ok(err)
	_, err = w.SaveSearch(ctx, catalog.SavedSearch{Account: "weber", Name: "Bauen", Query: "q=Bau"})
	w.ok(err)
	again, err := w.SaveSearch(ctx, catalog.SavedSearch{Account: "weber", Name: "Hunde", Query: "q=Hunde"})
	w.ok(err)
	list, err := w.SavedSearches(ctx, "weber")
	w.ok(err)
	if len(list) != 2 || again.ID != s.ID || list[0].Query != "q=Hunde" {
		w.Fatalf("saved are %+v", list)
	}
	if other, _ := w.SavedSearches(ctx, "kaya"); len(other) != 0 {
		w.Errorf("kaya has %v", other)
	}
	_, err = w.SeeSearch(ctx, "kaya", s.ID)
	w.is(err, catalog.ErrUnknown)
	w.clock.turn(time.Minute)
	w.letter("new", "Ein Hund bellt.")
	count := func(since time.Time) int {
		hits, err := w.Search(ctx, catalog.Query{Words: "Hund", Filter: catalog.Filter{Arrived: since}})
		w.ok(err)
		return hits.Total
	}
	if count(list[0].Seen) != 1 {
		w.Error("the new letter does not count as new")
	}
	_, err = w.SeeSearch(ctx, "weber", s.ID)
	w.ok(err)
	if list, _ = w.SavedSearches(ctx, "weber"); count(list[0].Seen) != 0 {
		w.Error("what was seen still counts as new")
	}
	w.ok(w.ForgetSearch(ctx, "kaya", s.ID))
	w.ok(w.ForgetSearch(ctx, "weber", s.ID))
	if list, _ = w.SavedSearches(ctx, "weber"); len(list) != 1 || list[0].Name != "Bauen" {
		w.Errorf("left are %+v", list)
	}
	for i := range catalog.MaxSaved {
		_, err = w.SaveSearch(ctx, catalog.SavedSearch{Account: "weber", Name: fmt.Sprint(i), Query: "q=x"})
	}
	if !errors.Is(err, catalog.ErrTooMany) {
		w.Errorf("too many give %v", err)
	}
}

// testFacets counts what the caller may see, and nothing else.
func testFacets(w *world) {
	ctx := w.Context()
	for i, dept := range []pipeline.DeptID{"32", "32", "63"} {
		doc := w.deliver(fmt.Sprint(i))
		doc.Filing = &pipeline.Filing{Department: dept, Type: pipeline.TypeCode(dept + "-X"), Sure: true, Fields: []pipeline.Field{
			{Name: "absender", Value: "Erna  Beispiel"}, {Name: "aktenzeichen", Value: "32-4711"},
		}}
		w.archive(doc, text("Ein Brief über Hunde."))
		w.clock.turn(20 * 24 * time.Hour)
	}
	w.deliver("in work")
	say := func(list []catalog.Count) string {
		var s []string
		for _, c := range list {
			s = append(s, fmt.Sprintf("%s:%d", c.Value, c.N))
		}
		return strings.Join(s, " ")
	}
	check := func(name string, f catalog.Facets, want ...string) {
		w.Helper()
		got := []string{say(f.Departments), say(f.Types), say(f.States), say(f.Senders), say(f.References), say(f.Months)}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			w.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	all, err := w.Facets(ctx, catalog.Filter{})
	w.ok(err)
	check("all", all, "32:2 63:1", "32-X:2 63-X:1", "archived:3 working:1", "Erna Beispiel:3", "32-4711:3", "2026-05:1 2026-04:1 2026-03:2")
	mine := catalog.Filter{Departments: []pipeline.DeptID{"63"}}
	own, err := w.Facets(ctx, mine)
	w.ok(err)
	check("own", own, "63:1", "63-X:1", "archived:1", "Erna Beispiel:1", "", "2026-04:1")
	hits, err := w.Search(ctx, catalog.Query{Words: "Hunde", Filter: mine})
	w.ok(err)
	check("search", hits.Facets, "63:1", "63-X:1", "archived:1", "Erna Beispiel:1", "", "2026-04:1")
	hits, err = w.Search(ctx, catalog.Query{Words: "Hund", Filter: catalog.Filter{Sender: "Erna Beispiel", Department: "32"}})
	w.ok(err)
	check("sender", hits.Facets, "32:2", "32-X:2", "archived:2", "Erna Beispiel:2", "32-4711:2", "2026-03:2")
	none, err := w.Facets(ctx, catalog.Filter{Departments: []pipeline.DeptID{}})
	w.ok(err)
	check("none", none, "", "", "", "", "", "")
	if list, _, err := w.List(ctx, catalog.Filter{Reference: "32-4711", Departments: []pipeline.DeptID{"63"}}); err != nil || len(list) != 1 {
		w.Errorf("list by reference gives %d, %v", len(list), err)
	}
}

func testHighlight(w *world) {
	page := text("Der Bau-\nantrag und die Gebühr\n\nfür das Grundstück 32.1-OWi/08")
	w.letter("a", "Der Bau-\nantrag und die Gebühr\n\nfür das Grundstück 32.1-OWi/08")
	w.letter("b", "Der Widerspmch")
	for words, want := range map[string]string{
		"Bauanträge":           "[[1 2]]",
		"Gebühren Grundstücke": "[[5 8]]",
		`"die Gebühr"`:         "[[4 5]]",
		"32.1-OWi/08":          "[[9]]",
		"Grundstuck":           "[[8]]",
		"Grvndstück":           "[[8]]", // by likeness only
		"nirgends":             "[[]]",
		"":                     "[[]]",
	} {
		h, err := w.Highlight(w.Context(), words)
		w.ok(err)
		if got := fmt.Sprint(h.Words([]pipeline.PageText{page})); got != want {
			w.Errorf("%q marks %s, want %s", words, got, want)
		}
	}
}
