package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// intakeRoutes is where letters are handed in, and where most people begin.
func (s *server) intakeRoutes() []route {
	return []route{
		{"GET /{$}", access.Hand, s.home},
		{"GET /intake", access.Hand, s.intake},
		{"POST /{$}", access.Hand, s.uploadForm},
		{"POST /intake", access.Hand, s.uploadForm},
	}
}

// home is the mailroom's intake; people of departments are led to their tray.
// Those who hand nothing in are led on by [server.grant].
func (s *server) home(w http.ResponseWriter, r *http.Request) {
	if p := access.From(r.Context()); intakeOf(p) != "/" {
		http.Redirect(w, r, landing(p), http.StatusSeeOther)
		return
	}
	s.intake(w, r)
}

type intakePage struct {
	frame
	Rows      []intakeRow
	Counts    catalog.Counts
	Today     int // letters taken in since midnight, at most 500
	Rescans   int // letters in the list with a page to scan again
	Languages []string
	Language  string
	Taken     []intakeRow // what the form before handed in
	Twice     []intakeRow // of it, what was here already
	MaxBytes  int64
	Inlets    []Inlet
}

// intakeRow is a letter on its way.
type intakeRow struct {
	row
	Delivery pipeline.DeliveryID
	Light    pipeline.Light // of its worst page; "" before reading
}

func (s *server) intakeRow(e catalog.Entry) intakeRow {
	return intakeRow{s.row(e), e.Document.Delivery.ID, worst(e.Document.Pages)}
}

// worst is the light of the worst page; "" if none was judged.
func worst(pages []pipeline.Page) pipeline.Light {
	rank := []pipeline.Light{"", pipeline.Green, pipeline.Amber, pipeline.Red}
	at := 0
	for _, p := range pages {
		if p.Reading != nil && p.Reading.Quality != nil && !p.Blank {
			at = max(at, slices.Index(rank, p.Reading.Quality.Light))
		}
	}
	return rank[at]
}

// intake is the mailroom's start: hand letters in, see today's, go to the tray.
func (s *server) intake(w http.ResponseWriter, r *http.Request) {
	page, err := s.intakePage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, "intake", page)
}

func (s *server) intakePage(r *http.Request) (intakePage, error) {
	ctx := r.Context()
	page := intakePage{frame: s.frame(r, "home.title"), Language: s.Language, MaxBytes: s.MaxBytes, Inlets: s.inlets()}
	page.Here = intakeOf(page.Person)
	entries, _, err := s.Rows.List(ctx, catalog.Filter{Limit: 25})
	if err != nil {
		return page, err
	}
	for _, e := range entries {
		row := s.intakeRow(e)
		page.Rows = append(page.Rows, row)
		if row.Light == pipeline.Red {
			page.Rescans++
		}
	}
	now := time.Now().In(s.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.Zone)
	today, _, err := s.Rows.List(ctx, catalog.Filter{From: midnight, Limit: 500})
	if err != nil {
		return page, err
	}
	page.Today = len(today)
	if page.Counts, err = s.Rows.Counts(ctx); err != nil {
		return page, err
	}
	if page.Languages, err = s.Languages(ctx); err != nil {
		s.Log.WarnContext(ctx, "the languages to read cannot be told", "error", err)
	}
	if page.Taken, err = s.named(ctx, r.URL.Query().Get("taken")); err == nil {
		page.Twice, err = s.named(ctx, r.URL.Query().Get("twice"))
	}
	return page, err
}

// named gives the letters of a list of IDs, at most 50; what is not there, or not
// for this person, is left out.
func (s *server) named(ctx context.Context, list string) ([]intakeRow, error) {
	var rows []intakeRow
	for id := range strings.SplitSeq(list, ",") {
		if id == "" || len(rows) == 50 {
			continue
		}
		switch e, err := s.Rows.Get(ctx, pipeline.DocID(id)); {
		case err == nil:
			rows = append(rows, s.intakeRow(e))
		case statusOf(err) != http.StatusNotFound:
			return nil, err
		}
	}
	return rows, nil
}

// uploadForm takes the files of a form, for browsers without JavaScript, and
// tells what became of each.
func (s *server) uploadForm(w http.ResponseWriter, r *http.Request) {
	letters, err := s.takeAll(r)
	var taken, twice []string
	for _, l := range letters {
		if l.DuplicateOf != "" {
			twice = append(twice, string(l.DuplicateOf))
		} else if l.ID != "" {
			taken = append(taken, string(l.ID))
		}
	}
	q := url.Values{}
	for name, ids := range map[string][]string{"taken": taken, "twice": twice} {
		if len(ids) > 0 {
			q.Set(name, strings.Join(ids, ","))
		}
	}
	path := cmp.Or(strings.TrimSuffix(r.URL.Path, "/"), "/")
	if err != nil { // what was taken before stays so
		s.again(w, r, "upload", path+"?"+q.Encode(), s.intake, err)
		return
	}
	http.Redirect(w, r, path+"?"+q.Encode()+"#uploads", http.StatusSeeOther)
}
