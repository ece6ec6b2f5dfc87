package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// frame is what every page has.
type frame struct {
	Lang   string // "de" or "en"
	Here   string // path, for the navigation
	Switch string // this page in the other language
	Title  string // key of the title
	Nav    []string
	Person access.Person
	News   int    // letters that came to kept searches since they were looked at
	NewsAt string // the way in where they are shown
	again  *mistake
}

// navigation is the ways in, in order: a path, whose text is "nav" + path, for
// those who may do what it is for.
var navigation = []struct {
	path   string
	action access.Action
}{
	{"/", access.Hand},
	{"/tray", access.Work},
	{"/letters", access.Find},
	{"/intake", access.Hand},
	{"/review", access.Sort},
	{"/journal", access.Keep},
	{"/accounts", access.Manage},
	{"/savings", access.Count},
	{"/evidence", access.Audit},
	{"/help", access.Enter},
}

func (s *server) frame(r *http.Request, title string) frame {
	f := frame{Lang: language(r), Here: r.URL.Path, Title: title, Person: access.From(r.Context()), again: mistakeOf(r)}
	f.Switch = switchTo(other(f.Lang), r)
	for _, n := range navigation {
		if n.action == access.Hand && n.path != intakeOf(f.Person) {
			continue
		}
		if f.Person.May(n.action) {
			f.Nav = append(f.Nav, n.path)
		}
	}
	if f.News = s.newsOf(r); f.News > 0 {
		f.NewsAt = "/letters"
		if f.Person.May(access.Work) {
			f.NewsAt = "/tray"
		}
	}
	return f
}

// switchTo is the address of the page that a request asked for, in a language; of
// what a form answered, that of the form's own page.
func switchTo(lang string, r *http.Request) string {
	q, path := url.Values{}, ""
	if r.Method == http.MethodGet {
		q = r.URL.Query()
	}
	if mistakeOf(r) != nil { // the browser is where the form was sent to
		path = r.URL.Path
	}
	q.Set("lang", lang)
	return path + "?" + q.Encode()
}

// intakeOf is where a person hands letters in. The first page of people of
// departments is their tray.
func intakeOf(p access.Person) string {
	if p.Is(access.Department) && !p.Is(access.Mailroom) {
		return "/intake"
	}
	return "/"
}

// row is a letter in a list.
type row struct {
	Letter
	TypeName       string
	DepartmentName string
	Received       time.Time
	Snippet        []span // of a search
	Similar        bool
}

// span is a piece of text; Mark is one to highlight.
type span struct {
	Text string
	Mark bool
}

func (s *server) row(e catalog.Entry) row {
	l := LetterOf(e)
	t := s.types[l.Type]
	return row{Letter: l, TypeName: t.Name, DepartmentName: t.DepartmentName, Received: e.Received}
}

// departments gives one type for each department, in order.
func (s *server) departments() []TypeInfo {
	seen := map[pipeline.DeptID]bool{}
	var list []TypeInfo
	for _, t := range s.Types {
		if !seen[t.Department] {
			seen[t.Department] = true
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b TypeInfo) int { return cmp.Compare(a.Department, b.Department) })
	return list
}

type letterPage struct {
	frame
	row
	Doc     pipeline.Document
	History []catalog.Event
	Best    []candidate // for review, best first
	Locked  bool        // the file needs a password, which can be entered
	All     []TypeInfo  // for review
	Held    int         // letters waiting, this one included
	HasPDF  bool
	Moves   bool // its pages can still be turned, moved and parted
	Labels  map[string]pipeline.Message
}

// candidate is a possible answer to "what is this?".
type candidate struct {
	pipeline.Candidate
	TypeInfo
}

func (s *server) letterPage(r *http.Request, id pipeline.DocID, title string) (letterPage, error) {
	e, err := s.Rows.Get(r.Context(), id)
	if err != nil {
		return letterPage{}, err
	}
	history, err := s.Rows.History(r.Context(), id)
	if err != nil {
		return letterPage{}, err
	}
	page := letterPage{
		frame: s.frame(r, title), row: s.row(e), Doc: e.Document, History: history, All: s.Types, HasPDF: e.Document.PDF != nil,
		Labels: s.Labels, Locked: locked(e), Moves: arrangeable(e),
	}
	if e.Document.Filing != nil {
		for _, c := range e.Document.Filing.Candidates {
			if t, known := s.types[c.Type]; known && len(page.Best) < 4 {
				page.Best = append(page.Best, candidate{c, t})
			}
		}
	}
	return page, s.seenLately(r, id)
}

func (s *server) decideForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := s.decide(r, pipeline.TypeCode(r.PostFormValue("type")), r.PostFormValue("note")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.back(w, r)
}

func (s *server) retryForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := s.retry(r); err != nil {
		s.fail(w, r, err)
		return
	}
	s.back(w, r)
}

// back leads from a form to where the person works: the next letter in the tray,
// or the letter itself.
func (s *server) back(w http.ResponseWriter, r *http.Request) {
	to := "/letters/" + string(docID(r))
	if r.PostFormValue("from") == "review" {
		to = "/review"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

type helpPage struct {
	frame
	Version string
	Intake  string // where the person hands letters in
}

// May says whether the person may do what a part of the help is about.
func (p helpPage) May(action any) bool { return p.Person.May(access.Action(fmt.Sprint(action))) }

func (s *server) help(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, "help", helpPage{s.frame(r, "help.title"), s.Version, intakeOf(access.From(r.Context()))})
}

type failPage struct {
	frame
	Status int
	Text   pipeline.Message
}

// fail shows a person, or tells a program, what went wrong.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if isAPI(r) {
		s.problem(w, r, err)
		return
	}
	status := statusOf(err)
	s.logFailure(r, status, err)
	page := failPage{s.frame(r, "fail.title"), status, textOf(err)}
	page.Here = "" // it belongs to no way in, whatever the address looks like
	s.showStatus(w, r, status, "fail", page)
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, catalog.ErrUnknown)
}
