package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// evidencePage lists what happened, the newest first.
type evidencePage struct {
	frame
	Events []evidenceRow
	Next   int64
}

// evidenceRow is an event in words, with its detail as it is kept in the log.
type evidenceRow struct {
	catalog.Event
	Who    string // by name
	Letter string // its number in the journal; its ID where that is not known
	Says   []labelled
	Raw    string
}

// labelled is a value with what it is called.
type labelled struct{ Label, Value string }

// evidence lists what happened, to auditors: who, what, when, to which letter;
// never a word of one.
func (s *server) evidence(w http.ResponseWriter, r *http.Request) {
	const most = 100
	events, err := s.Rows.Evidence(r.Context(), number64(r.URL.Query().Get("before")), most+1)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := evidencePage{frame: s.frame(r, "evidence.title")}
	if len(events) > most {
		events, page.Next = events[:most], events[most-1].N
	}
	accounts, err := s.Rows.Accounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	numbers, err := s.Rows.JournalNumbers(r.Context(), docsOf(events))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	teller := detailTeller{s, page.Lang, map[string]string{}}
	for _, a := range accounts {
		teller.names[a.Login], teller.names[a.ID] = a.Name, a.Name
	}
	for _, ev := range events {
		row := evidenceRow{Event: ev, Who: teller.name(ev.Actor), Letter: cmp.Or(numbers[ev.Doc], string(ev.Doc)), Raw: string(ev.Detail)}
		if ev.Actor == commandLine {
			row.Who = s.pages.words.text(page.Lang, "source.cli")
		}
		row.Says = teller.tell(ev)
		page.Events = append(page.Events, row)
	}
	s.show(w, r, "evidence", page)
}

func docsOf(events []catalog.Event) []pipeline.DocID {
	var ids []pipeline.DocID
	for _, ev := range events {
		if ev.Doc != "" && !slices.Contains(ids, ev.Doc) {
			ids = append(ids, ev.Doc)
		}
	}
	return ids
}

// detailTeller puts the details of events into words.
type detailTeller struct {
	s     *server
	lang  string
	names map[string]string // of people, by login and by the account's ID
}

func (t detailTeller) name(account string) string { return cmp.Or(t.names[account], account) }

// told are the members of details that people read, in the order in which they are
// told. What is not among them (names of things inside the program) is in the raw
// detail alone.
var told = []string{"journal", "source", "step", "next", "code", "page", "pages", "department", "was", "type", "wasType", "assignee", "due",
	"login", "group", "roles", "departments", "deputies", "disabled", "scopes", "all", "expires", "kind", "entries", "savings", "decisions",
	"version", "original", "pdf", "manifest", "amendment", "digest"}

// tell gives what the detail of an event says, in words.
func (t detailTeller) tell(ev catalog.Event) []labelled {
	var detail map[string]any
	if json.Unmarshal(ev.Detail, &detail) != nil {
		return nil // none
	}
	var says []labelled
	for _, key := range told {
		value := t.value(ev.Kind, key, detail[key])
		if value == "" {
			continue
		}
		says = append(says, labelled{t.s.pages.words.word(t.lang, "evidence.says.", key), value})
	}
	return says
}

// value is a member of a detail in words; "" where there is nothing to say.
func (t detailTeller) value(kind, key string, v any) string {
	switch v := v.(type) {
	case string:
		return t.word(kind, key, v)
	case bool:
		if v {
			return t.s.pages.words.text(t.lang, "evidence.yes")
		}
	case float64:
		if key == "expires" {
			return time.UnixMilli(int64(v)).In(t.s.Zone).Format("02.01.2006")
		}
		return strconv.FormatInt(int64(v), 10)
	case []any:
		var list []string
		for _, x := range v {
			list = append(list, t.value(kind, strings.TrimSuffix(key, "s"), x))
		}
		return strings.Join(list, ", ")
	case map[string]any: // a blob
		return t.word(kind, key, fmt.Sprint(v["digest"]))
	}
	return ""
}

// word is a text of a detail as people call it.
func (t detailTeller) word(kind, key, text string) string {
	words := t.s.pages.words
	switch key {
	case "department":
		return t.s.facetLabel(t.lang, "department", text)
	case "type", "wasType":
		return t.s.facetLabel(t.lang, "type", text)
	case "was":
		if kind == "retried" {
			return t.s.facetLabel(t.lang, "state", text)
		}
		return t.s.facetLabel(t.lang, "department", text)
	case "step", "next":
		return words.word(t.lang, "evidence.step.", text)
	case "code":
		return words.word(t.lang, "evidence.code.", text)
	case "source":
		return words.word(t.lang, "source.", text)
	case "role":
		return words.word(t.lang, "role.", text)
	case "scope":
		return words.word(t.lang, "scope.", text)
	case "kind":
		return words.word(t.lang, "savings.kind.", text)
	case "assignee", "deputie": // whose list is "deputies"
		return t.name(text)
	case "due":
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.In(t.s.Zone).Format("02.01.2006")
		}
	case "original", "pdf", "manifest", "amendment", "digest":
		return text[:min(len(text), 16)] + "…"
	}
	return text
}
