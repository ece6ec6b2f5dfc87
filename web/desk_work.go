package web

import (
	"cmp"
	"context"
	"errors"
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

// deedForm does with a letter what a person asked for.
func (s *server) deedForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	in := deedInput{
		Kind: catalog.DeedKind(r.PostFormValue("kind")), Assignee: r.PostFormValue("assignee"), Due: r.PostFormValue("due"),
		Note: r.PostFormValue("note"), Department: pipeline.DeptID(r.PostFormValue("department")),
	}
	d, err := s.do(r, in)
	if err != nil {
		page := "/letters/" + url.PathEscape(r.PathValue("id")) + "?" + url.Values{"page": {r.PostFormValue("page")}}.Encode()
		s.again(w, r, string(in.Kind), page, s.letter, err)
		return
	}
	back := url.Values{"deed": {d.ID}}
	to := "/letters/" + string(d.Doc)
	if d.Kind == catalog.HandOn {
		to = "/tray" // whoever handed it on may not see it any more
	} else if page := r.PostFormValue("page"); page != "" {
		back.Set("page", page)
	}
	http.Redirect(w, r, to+"?"+back.Encode(), http.StatusSeeOther)
}

// deedInput is what somebody asks to be done with a letter.
type deedInput struct {
	Kind       catalog.DeedKind `json:"kind"`
	Assignee   string           `json:"assignee"` // of assign: account; "" is nobody, "me" whoever asks
	Due        string           `json:"due"`      // of due: a day such as 2026-03-05; "" is none
	Note       string           `json:"note"`
	Department pipeline.DeptID  `json:"department"` // of hand-on
}

// do does with the letter of a request what was asked for. Where the archive is to
// know of it at once, that is tried; if it fails, upkeep does it later, from the
// catalogue.
func (s *server) do(r *http.Request, in deedInput) (catalog.Deed, error) {
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		return catalog.Deed{}, err
	}
	d, err := s.deedOf(r, e, in)
	if err == nil {
		d, err = s.Rows.Do(r.Context(), d)
	}
	switch {
	case errors.Is(err, catalog.ErrDeed):
		err = unclear("Hier ist nichts zu tun: Die Eingabe ist leer oder ändert nichts.", "There is nothing to do: the entry is empty or changes nothing.")
	case errors.Is(err, catalog.ErrUnproven):
		err = unclear("Abgeben lässt sich ein Brief erst, wenn er archiviert ist.", "A letter can be handed on only when it is archived.")
	case err == nil && d.Kind == catalog.HandOn:
		s.amend(r.Context(), e.Document, d)
	}
	return d, err
}

func (s *server) amend(ctx context.Context, doc pipeline.Document, d catalog.Deed) {
	if err := s.Amend(ctx, doc, d); err != nil {
		s.Log.WarnContext(ctx, "a hand-over is not beside the archive yet; upkeep will put it there", "error", err)
	}
}

// deedOf checks what was asked for. An error names the entry that it is about.
func (s *server) deedOf(r *http.Request, e catalog.Entry, in deedInput) (catalog.Deed, error) {
	d := catalog.Deed{Doc: e.Document.ID, Kind: in.Kind, By: actor(r)}
	switch d.Kind {
	case catalog.Assign:
		d.Assignee = in.Assignee
		if d.Assignee == "me" {
			d.Assignee = d.By
			return d, nil
		}
		people, err := s.colleagues(r.Context(), filedIn(e.Document))
		if err != nil {
			return d, err
		}
		known := slices.ContainsFunc(people, func(c colleague) bool { return c.Account == d.Assignee })
		if d.Assignee != "" && d.Assignee != d.By && !known {
			return d, unclearAt("assignee", "Diese Person gibt es im Amt nicht.", "There is no such person in the department.")
		}
	case catalog.Note:
		if d.Note = strings.TrimSpace(in.Note); d.Note == "" {
			return d, unclearAt("note", "Die Notiz ist leer.", "The note is empty.")
		}
	case catalog.Due:
		if in.Due != "" {
			at, err := time.ParseInLocation(time.DateOnly, in.Due, s.Zone)
			if err != nil {
				return d, unclearAt("due", "Das ist kein Tag im Kalender.", "This is no day in the calendar.")
			}
			d.Due = at
		}
	case catalog.HandOn:
		d.Department, d.Note = in.Department, strings.TrimSpace(in.Note)
		if !slices.ContainsFunc(s.Types, func(t TypeInfo) bool { return t.Department == d.Department }) {
			return d, unclearAt("department", "Dieses Amt gibt es nicht.", "There is no such department.")
		}
	case catalog.Done, catalog.Reopen:
	default:
		return d, unclear("Das ist nicht vorgesehen.", "There is no such action.")
	}
	if len(d.Note) > catalog.MaxNote {
		return d, unclearAt("note", "Dieser Text ist zu lang. Bitte kürzen oder auf zwei Notizen verteilen.", "This text is too long. Please shorten it or part it into two notes.")
	}
	return d, nil
}

func filedIn(doc pipeline.Document) pipeline.DeptID {
	if doc.Filing == nil {
		return ""
	}
	return doc.Filing.Department
}

// undoForm takes back what the person did.
func (s *server) undoForm(w http.ResponseWriter, r *http.Request) {
	d, err := s.undo(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/letters/"+string(d.Doc), http.StatusSeeOther)
}

// undo takes back the deed of a request.
func (s *server) undo(r *http.Request) (catalog.Deed, error) {
	d, err := s.Rows.Undo(r.Context(), r.PathValue("id"), actor(r))
	if err != nil || d.Kind != catalog.HandOn {
		return d, err
	}
	if e, err := s.Rows.Get(r.Context(), d.Doc); err == nil {
		s.amend(r.Context(), e.Document, d)
	}
	return d, nil
}

// colleagues are those whom a letter of a department can be given to, by name.
func (s *server) colleagues(ctx context.Context, dept pipeline.DeptID) ([]colleague, error) {
	accounts, err := s.Rows.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	var list []colleague
	for _, a := range accounts {
		if !a.Disabled && slices.Contains(a.Roles, string(access.Department)) && slices.Contains(a.Departments, dept) {
			list = append(list, colleague{a.Login, cmp.Or(a.Name, a.Login)})
		}
	}
	slices.SortFunc(list, func(a, b colleague) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// names are what people are called, by account.
func (s *server) names(ctx context.Context) (map[string]string, error) {
	accounts, err := s.Rows.Accounts(ctx)
	names := make(map[string]string, len(accounts))
	for _, a := range accounts {
		names[a.Login] = a.Name
	}
	return names, err
}

// standsFor are the accounts whose tray a person works on: the own, and those
// that it stands in for today.
func (s *server) standsFor(ctx context.Context, p access.Person) ([]string, error) {
	if p.ID == "" {
		return []string{p.Account}, nil
	}
	others, err := s.Rows.StandsFor(ctx, p.ID)
	return append([]string{p.Account}, others...), err
}

// trayPage is what lies on a person's desk.
type trayPage struct {
	frame
	Due, Assigned, New []taskRow
	Totals             struct{ Due, Assigned, New int }
	Saved              []savedRow
	Notice             *notice
}

type taskRow struct {
	row
	Work    catalog.Work
	With    string // name of who works on it
	Sender  string
	Subject string
	Overdue bool
}

// tray shows what is due, what is assigned, and what came in.
func (s *server) tray(w http.ResponseWriter, r *http.Request) {
	person := access.From(r.Context())
	accounts, err := s.standsFor(r.Context(), person)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	desk := catalog.Desk{
		Accounts: accounts, Filter: catalog.Filter{Limit: 25}, Own: append([]pipeline.DeptID{}, person.Departments...),
		Day: s.today().AddDate(0, 0, 1),
	}
	if person.Everything {
		desk.Own = nil
	}
	t, err := s.Rows.Tray(r.Context(), desk)
	if err == nil {
		err = s.seen(r, "listed", "")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	saved, err := s.savedRows(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := trayPage{frame: s.frame(r, "tray.title"), Totals: t.Totals, Notice: s.noticeOf(r), Saved: saved}
	names, err := s.names(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Due, page.Assigned, page.New = s.taskRows(t.Due, names), s.taskRows(t.Assigned, names), s.taskRows(t.New, names)
	s.show(w, r, "tray", page)
}

func (s *server) taskRows(list []catalog.Task, names map[string]string) []taskRow {
	rows := make([]taskRow, len(list))
	for i, t := range list {
		rows[i] = taskRow{row: s.row(t.Entry), Work: t.Work, With: cmp.Or(names[t.Work.Assignee], t.Work.Assignee), Overdue: !t.Work.Due.IsZero() && t.Work.Due.Before(s.today())}
		if t.Entry.Document.Filing == nil {
			continue
		}
		for _, f := range t.Entry.Document.Filing.Fields {
			switch f.Name {
			case "betreff":
				rows[i].Subject = shorten(strings.TrimLeft(f.Value, "–—-•: "), 120)
			case "absender":
				rows[i].Sender = shorten(f.Value, 60)
			}
		}
	}
	return rows
}

// shorten cuts a text to a number of letters.
func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// savedRow is a kept search with the number of letters that came since it was
// looked at.
type savedRow struct {
	catalog.SavedSearch
	Link string // what it finds
	News string // dito, only what is new
	New  int
	More bool
}

// savedRows are the kept searches of the person, with what is new.
func (s *server) savedRows(r *http.Request) ([]savedRow, error) {
	list, err := s.Rows.SavedSearches(r.Context(), actor(r))
	if err != nil {
		return nil, err
	}
	var rows []savedRow
	var queries []catalog.Query
	for _, saved := range list {
		v, err := url.ParseQuery(saved.Query)
		if err != nil {
			continue
		}
		q := s.queryFrom(v)
		q.Arrived = saved.Seen
		queries = append(queries, q)
		v.Set("since", strconv.FormatInt(saved.Seen.UnixMilli(), 10))
		v.Set("sort", string(catalog.ByDate))
		rows = append(rows, savedRow{SavedSearch: saved, Link: "/letters?" + saved.Query, News: "/letters?" + v.Encode()})
	}
	found, err := s.Rows.News(r.Context(), queries)
	if err != nil {
		return nil, err
	}
	for i, h := range found {
		rows[i].New, rows[i].More = h.Total, h.More
	}
	s.news.note(actor(r), arrived(rows), time.Now())
	return rows, nil
}

func sum(counts []catalog.Count) (n int) {
	for _, c := range counts {
		n += c.N
	}
	return n
}

// saveSearch keeps the search of a page under a name.
func (s *server) saveSearch(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	v, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	name, query := strings.TrimSpace(r.PostFormValue("name")), without(v, "after", "limit", "lang", "since", "deed").Encode()
	if name == "" {
		err = unclearAt("name", "Die Suche braucht einen Namen.", "The search needs a name.")
	} else {
		_, err = s.Rows.SaveSearch(r.Context(), catalog.SavedSearch{Account: actor(r), Name: name, Query: query})
	}
	switch {
	case errors.Is(err, catalog.ErrTooMany):
		err = unclear("Es sind schon 50 Suchen gemerkt. Bitte zuerst eine davon vergessen.", "50 searches are kept already. Please forget one of them first.")
	case errors.Is(err, catalog.ErrDeed):
		err = unclearAt("name", "Der Name ist zu lang.", "The name is too long.")
	}
	if err != nil {
		s.again(w, r, "save", "/letters?"+query, s.findLetters, err)
		return
	}
	http.Redirect(w, r, "/letters?"+query, http.StatusSeeOther)
}

// seeSearch notes that what a search finds was seen.
func (s *server) seeSearch(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Rows.SeeSearch(r.Context(), actor(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
}

func (s *server) forgetSearch(w http.ResponseWriter, r *http.Request) {
	if err := s.Rows.ForgetSearch(r.Context(), actor(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
}

// backTo leads back to the tray or the search, wherever a form stood.
func backTo(r *http.Request) string {
	if r.PostFormValue("from") == "tray" {
		return "/tray"
	}
	return "/letters"
}

// unclear is a person's input that makes no sense.
func unclear(de, en string) error {
	return unclearAt("", de, en)
}

// unclearAt is an entry of a form that makes no sense.
func unclearAt(field, de, en string) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-request", Field: field, Text: pipeline.Message{DE: de, EN: en}}
}
