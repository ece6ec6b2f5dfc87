package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// deskRows is what the department desk (Amt) needs of the catalogue.
type deskRows interface {
	Facets(ctx context.Context, f catalog.Filter) (catalog.Facets, error)
	Highlight(ctx context.Context, words string) (catalog.Highlight, error)
	Prove(ctx context.Context, id pipeline.DocID, isChange func(kind string) bool) (catalog.Proof, error)
	Do(ctx context.Context, d catalog.Deed) (catalog.Deed, error)
	Undo(ctx context.Context, id, by string) (catalog.Deed, error)
	Deed(ctx context.Context, id string) (catalog.Deed, error)
	Deeds(ctx context.Context, id pipeline.DocID) (catalog.Work, []catalog.Deed, error)
	Tray(ctx context.Context, d catalog.Desk) (catalog.Tray, error)
	StandsFor(ctx context.Context, account string) ([]string, error)
	SaveSearch(ctx context.Context, s catalog.SavedSearch) (catalog.SavedSearch, error)
	SavedSearches(ctx context.Context, account string) ([]catalog.SavedSearch, error)
	SeeSearch(ctx context.Context, account, id string) (catalog.SavedSearch, error)
	ForgetSearch(ctx context.Context, account, id string) error
}

// deskRoutes is where departments find letters and work on them.
func (s *server) deskRoutes() []route {
	return []route{
		{"GET /letters", access.Find, s.findLetters},
		{"GET /letters/{id}", access.Find, s.letter},
		{"GET /letters/{id}/pdf", access.Find, s.file("pdfa")},
		{"GET /letters/{id}/original", access.Find, s.file("original")},
		{"GET /letters/{id}/text", access.Find, s.file("text")},
		{"GET /letters/{id}/proof", access.Find, s.proof},
		{"GET /letters/{id}/proof.json", access.Find, s.proofJSON},
		{"GET /letters/zip", access.Find, s.zipLetters},
		{"GET /letters/{id}/zip", access.Find, s.zipLetter},
		{"POST /letters/{id}/deeds", access.Work, s.deedForm},
		{"POST /deeds/{id}/undo", access.Work, s.undoForm},
		{"GET /api/v1/documents/{id}/work", access.Work, s.apiWork},
		{"POST /api/v1/documents/{id}/work", access.Work, s.apiDo},
		{"POST /api/v1/work/{id}/undo", access.Work, s.apiUndo},
		{"GET /tray", access.Work, s.tray},
		{"POST /searches", access.Find, s.saveSearch},
		{"POST /searches/{id}/seen", access.Find, s.seeSearch},
		{"POST /searches/{id}/forget", access.Find, s.forgetSearch},
	}
}

// findPage is the search with what it found.
type findPage struct {
	frame
	Query  string
	Sort   string
	Fields []hidden // the filters that are on, for forms
	Chosen []choice // dito, to take off
	Groups []facetGroup
	Rows   []hitRow
	Total  int  // hits of a search; -1 is a list
	More   bool // the newest were looked at only
	Partly int  // letters that Groups count, if not all are counted: the newest
	Next   string
	Saved  []savedRow
	This   string // the query of this page, to save it
	Since  time.Time
	// The same search in either order.
	ByRelevance, ByDate template.URL
}

type hidden struct{ Name, Value string }

// choice is a value that results are narrowed by; Link takes it off.
type choice struct{ Group, Label, Link string }

// facetGroup is the values of one kind.
type facetGroup struct {
	Key    string
	Values []facetValue
}

type facetValue struct {
	Label string
	N     int
	Link  string
}

// hitRow is a letter that was found.
type hitRow struct {
	row
	Link    string
	Sender  string
	Missing []string
}

// filterKeys are the parameters that narrow results, in the order in which they
// are shown. "when" is a year or a month of receipt.
var filterKeys = []string{"department", "type", "state", "when", "sender", "reference"}

// queryOf reads a search from the address.
func (s *server) queryOf(r *http.Request) catalog.Query {
	return s.queryFrom(r.URL.Query())
}

func (s *server) queryFrom(v url.Values) catalog.Query {
	limit, _ := strconv.Atoi(v.Get("limit"))
	q := catalog.Query{Words: strings.TrimSpace(v.Get("q")), Filter: catalog.Filter{
		State: pipeline.State(v.Get("state")), Department: pipeline.DeptID(v.Get("department")), Type: pipeline.TypeCode(v.Get("type")),
		Sender: v.Get("sender"), Reference: v.Get("reference"),
		After: catalog.Cursor(v.Get("after")), Limit: min(max(limit, 0), 500),
	}}
	if v.Get("sort") == string(catalog.ByDate) {
		q.Sort = catalog.ByDate
	}
	if since, err := strconv.ParseInt(v.Get("since"), 10, 64); err == nil && since > 0 {
		q.Arrived = time.UnixMilli(since)
	}
	q.From, q.To = s.span(v.Get("when"))
	if from, err := time.ParseInLocation(time.DateOnly, v.Get("from"), s.Zone); err == nil {
		q.From = from
	}
	if to, err := time.ParseInLocation(time.DateOnly, v.Get("to"), s.Zone); err == nil {
		q.To = to.AddDate(0, 0, 1)
	}
	return q
}

// span reads a year or a month.
func (s *server) span(when string) (from, to time.Time) {
	if from, err := time.ParseInLocation("2006-01", when, s.Zone); err == nil {
		return from, from.AddDate(0, 1, 0)
	}
	if from, err := time.ParseInLocation("2006", when, s.Zone); err == nil {
		return from, from.AddDate(1, 0, 0)
	}
	return time.Time{}, time.Time{}
}

// foundLetters is a page of letters with what they can be narrowed by.
type foundLetters struct {
	hits   []catalog.Hit
	facets catalog.Facets
	total  int
	more   bool
	next   catalog.Cursor
}

// look searches, or lists where there are no words.
func (s *server) look(ctx context.Context, q catalog.Query) (foundLetters, error) {
	if q.Words != "" {
		h, err := s.Rows.Search(ctx, q)
		return foundLetters{h.Hits, h.Facets, h.Total, h.More, h.Next}, err
	}
	entries, next, err := s.Rows.List(ctx, q.Filter)
	if err != nil {
		return foundLetters{}, err
	}
	out := foundLetters{total: -1, next: next}
	for _, e := range entries {
		out.hits = append(out.hits, catalog.Hit{Entry: e})
	}
	out.facets, err = s.Rows.Facets(ctx, q.Filter)
	return out, err
}

// findLetters shows the search box, what was found, and what it can be narrowed
// by.
func (s *server) findLetters(w http.ResponseWriter, r *http.Request) {
	q := s.queryOf(r)
	if q.Limit == 0 {
		q.Limit = 20
	}
	v := r.URL.Query()
	found, err := s.look(r.Context(), q)
	if err == nil {
		err = s.seen(r, "listed", "")
	}
	var saved []savedRow
	if err == nil {
		saved, err = s.savedRows(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Del("lang")
	page := findPage{
		frame: s.frame(r, "letters.title"), Query: q.Words, Sort: string(q.Sort), Total: found.total, More: found.more, Saved: saved,
	}
	page.This = without(v, "after", "limit").Encode()
	page.ByRelevance = template.URL(without(v, "after", "sort").Encode())
	page.ByDate = template.URL(without(v, "after", "sort").Encode() + "&sort=date")
	for _, key := range filterKeys {
		if value := v.Get(key); value != "" {
			page.Fields = append(page.Fields, hidden{key, value})
			page.Chosen = append(page.Chosen, choice{key, s.facetLabel(page.Lang, key, value), "/letters?" + without(v, "after", key).Encode()})
		}
	}
	page.Groups = s.facetGroups(page.Lang, found.facets, v)
	if found.facets.More {
		page.Partly = sum(found.facets.States)
	}
	page.Since = q.Arrived
	for _, h := range found.hits {
		page.Rows = append(page.Rows, s.hitRow(h, q.Words))
	}
	if found.next != "" {
		v.Set("after", string(found.next))
		page.Next = "/letters?" + v.Encode()
	}
	s.show(w, r, "letters", page)
}

func (s *server) hitRow(h catalog.Hit, words string) hitRow {
	out := hitRow{row: s.row(h.Entry), Missing: h.Missing}
	out.Snippet, out.Similar = spans(h.Snippet, h.Marks), h.Similar
	link := url.Values{}
	if words != "" {
		link.Set("q", words)
	}
	if h.Page > 1 {
		link.Set("page", strconv.Itoa(h.Page))
	}
	out.Link = "/letters/" + string(h.Entry.Document.ID)
	if len(link) > 0 {
		out.Link += "?" + link.Encode()
	}
	if f := h.Entry.Document.Filing; f != nil {
		for _, field := range f.Fields {
			if field.Name == "absender" {
				out.Sender = field.Value
			}
		}
	}
	return out
}

// without copies parameters and leaves some out.
func without(v url.Values, keys ...string) url.Values {
	out := url.Values{}
	for k, list := range v {
		if !slices.Contains(keys, k) && len(list) > 0 && list[0] != "" {
			out.Set(k, list[0])
		}
	}
	return out
}

// facetGroups are the kinds of values that results can still be narrowed by.
func (s *server) facetGroups(lang string, f catalog.Facets, v url.Values) []facetGroup {
	var groups []facetGroup
	for key, counts := range map[string][]catalog.Count{
		"department": f.Departments, "type": f.Types, "state": f.States, "when": whens(f.Months, v.Get("when")),
		"sender": f.Senders, "reference": f.References,
	} {
		g := facetGroup{Key: key}
		if len(counts) == 1 && counts[0].N == sum(f.States) {
			continue // all have it: narrowing by it changes nothing
		}
		for _, c := range counts {
			if v.Get(key) == c.Value {
				continue
			}
			link := without(v, "after", "lang")
			link.Set(key, c.Value)
			g.Values = append(g.Values, facetValue{s.facetLabel(lang, key, c.Value), c.N, "/letters?" + link.Encode()})
		}
		if len(g.Values) > 0 {
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b facetGroup) int {
		return slices.Index(filterKeys, a.Key) - slices.Index(filterKeys, b.Key)
	})
	return groups
}

// whens are the months, or, as long as none is chosen and they are many, the years.
func whens(months []catalog.Count, chosen string) []catalog.Count {
	if len(months) <= 12 || chosen != "" {
		return months
	}
	var years []catalog.Count
	for _, m := range months {
		year := m.Value[:4]
		if n := len(years); n > 0 && years[n-1].Value == year {
			years[n-1].N += m.N
			continue
		}
		years = append(years, catalog.Count{Value: year, N: m.N})
	}
	return years
}

// facetLabel says a value in words.
func (s *server) facetLabel(lang, key, value string) string {
	switch key {
	case "department":
		for _, t := range s.Types {
			if string(t.Department) == value {
				return value + " " + t.DepartmentName
			}
		}
	case "type":
		if t, ok := s.types[pipeline.TypeCode(value)]; ok {
			return t.Name
		}
	case "state":
		switch pipeline.State(value) {
		case pipeline.Archived, pipeline.Waiting, pipeline.Working, pipeline.Refused:
			return s.pages.words.text(lang, "state."+value)
		}
	case "when":
		if year, month, ok := strings.Cut(value, "-"); ok {
			if n, err := strconv.Atoi(month); err == nil && n >= 1 && n <= 12 {
				return strings.Fields(s.pages.words.text(lang, "months"))[n-1] + " " + year
			}
		}
	}
	return value
}
