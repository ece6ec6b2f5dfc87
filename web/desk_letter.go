package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// deskLetter is one letter with the picture of a page, its text, and all that is
// known about it.
type deskLetter struct {
	letterPage
	Query   string
	Pages   []pageLink
	View    pageView
	Prev    string
	Next    string
	Fields  []fieldRow
	Work    catalog.Work
	With    string // name of who works on it
	Overdue bool
	Notes   []catalog.Deed
	People  []colleague
	Depts   []TypeInfo
	MayWork bool
	Story   []storyLine
	Looks   int // how often it was looked at or fetched
	Notice  *notice
	Today   string
	names   map[string]string // of people, by account
}

// Place is which page of the letter a page of its delivery is, from 1, as the
// PDF/A counts them; 0 if it is not part of the letter, such as a separator sheet.
func (p deskLetter) Place(no int) int {
	return 1 + slices.IndexFunc(p.Doc.Pages, func(page pipeline.Page) bool { return page.No == no })
}

// pageLink leads to a page; Hits is the number of words to mark on it.
type pageLink struct {
	No, Hits int
	Link     string
	Here     bool
	Blank    bool
}

// pageView is the page that is shown. Boxes are in the frame of the picture.
type pageView struct {
	No            int
	Width, Height int
	Boxes         []viewBox
	Paragraphs    [][]span
}

type viewBox struct {
	X, Y, W, H int
	Kind       string // "hit" or "field"
}

type fieldRow struct {
	pipeline.Field
	Link string // shows its place
	Here bool
}

// storyLine is an event in plain words.
type storyLine struct {
	At   time.Time
	Key  string // of the text
	Who  string
	What string
	Kind string
}

// notice says what was just done, and lets it be taken back.
type notice struct {
	Kind catalog.DeedKind
	Deed string
}

// colleague is somebody whom a letter can be assigned to.
type colleague struct{ Account, Name string }

// letter shows one letter. page=3 shows its third page, q=words marks what a
// search found it by, field=2 shows where the second field was read.
func (s *server) letter(w http.ResponseWriter, r *http.Request) {
	base, err := s.letterPage(r, docID(r), "letter.title")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := deskLetter{letterPage: base, Query: r.URL.Query().Get("q"), MayWork: base.Person.May(access.Work), Today: s.today().Format(time.DateOnly)}
	if err := s.fillView(r, &p); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.fillWork(r, &p); err != nil {
		s.fail(w, r, err)
		return
	}
	p.Story, p.Looks = s.story(p.Lang, p.History, p.names)
	s.show(w, r, "letter", p)
}

// fillView chooses the page to show and what to mark on it.
func (s *server) fillView(r *http.Request, p *deskLetter) error {
	doc := p.Doc
	if len(doc.Pages) == 0 {
		return nil
	}
	texts, err := s.Words(r.Context(), doc)
	if err != nil {
		return err
	}
	for len(texts) < len(doc.Pages) {
		texts = append(texts, pipeline.PageText{})
	}
	marks, err := s.marks(r.Context(), p.Query, texts)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	field, _ := strconv.Atoi(q.Get("field"))
	at := slices.IndexFunc(doc.Pages, func(page pipeline.Page) bool { return strconv.Itoa(page.No) == q.Get("page") })
	if at < 0 {
		at = max(0, slices.IndexFunc(marks, func(list []int) bool { return len(list) > 0 }))
	}
	link := func(no int) string {
		v := url.Values{"page": {strconv.Itoa(no)}}
		if p.Query != "" {
			v.Set("q", p.Query)
		}
		return "/letters/" + string(doc.ID) + "?" + v.Encode()
	}
	for i, page := range doc.Pages {
		p.Pages = append(p.Pages, pageLink{page.No, len(marks[i]), link(page.No), i == at, page.Blank})
	}
	if at > 0 {
		p.Prev = p.Pages[at-1].Link
	}
	if at+1 < len(p.Pages) {
		p.Next = p.Pages[at+1].Link
	}
	p.View = view(doc.Pages[at].No, texts[at], marks[at])
	if doc.Filing == nil {
		return nil
	}
	for i, f := range doc.Filing.Fields {
		here := field == i+1 && f.Page == p.View.No
		p.Fields = append(p.Fields, fieldRow{f, link(f.Page) + "&field=" + strconv.Itoa(i+1) + "#page", here})
		if here && f.Box != (pipeline.Box{}) {
			p.View.Boxes = append(p.View.Boxes, viewBox{f.Box.X0, f.Box.Y0, f.Box.X1 - f.Box.X0, f.Box.Y1 - f.Box.Y0, "field"})
		}
	}
	return nil
}

// marks finds the words that a query asks for, by page.
func (s *server) marks(ctx context.Context, words string, texts []pipeline.PageText) ([][]int, error) {
	if words == "" {
		return make([][]int, len(texts)), nil
	}
	h, err := s.Rows.Highlight(ctx, words)
	if err != nil {
		return nil, err
	}
	return h.Words(texts), nil
}

// view lays out a page: boxes over its picture and its text with the same words
// marked.
func view(no int, text pipeline.PageText, marks []int) pageView {
	v := pageView{No: no, Width: text.Width, Height: text.Height}
	marked := map[int]bool{}
	for _, i := range marks {
		marked[i] = true
		b := text.Words[i].Box
		margin := max(1, (b.Y1-b.Y0)/6)
		v.Boxes = append(v.Boxes, viewBox{b.X0 - margin, b.Y0 - margin, b.X1 - b.X0 + 2*margin, b.Y1 - b.Y0 + 2*margin, "hit"})
	}
	var par []span
	for i, word := range text.Words {
		if i > 0 && (word.Par != text.Words[i-1].Par || word.Block != text.Words[i-1].Block) {
			v.Paragraphs = append(v.Paragraphs, par)
			par = nil
		}
		if n := len(par); n > 0 && !par[n-1].Mark && !marked[i] {
			par[n-1].Text += word.Text + " "
			continue
		}
		if marked[i] {
			par = append(par, span{word.Text, true}, span{" ", false})
			continue
		}
		par = append(par, span{Text: word.Text + " "})
	}
	if par != nil {
		v.Paragraphs = append(v.Paragraphs, par)
	}
	return v
}

// fillWork tells how the work on a letter stands and whom it can be given to.
func (s *server) fillWork(r *http.Request, p *deskLetter) error {
	work, deeds, err := s.Rows.Deeds(r.Context(), p.Doc.ID)
	if err != nil {
		return err
	}
	p.Work = work
	p.Overdue = !work.Due.IsZero() && work.Done.IsZero() && work.Due.Before(s.today().AddDate(0, 0, 1))
	for _, d := range deeds {
		if d.Note != "" && d.Undone.IsZero() {
			p.Notes = append(p.Notes, d)
		}
	}
	p.Notice = s.noticeOf(r)
	if p.names, err = s.names(r.Context()); err != nil {
		return err
	}
	p.With = cmp.Or(p.names[work.Assignee], work.Assignee)
	for i := range p.Notes {
		p.Notes[i].By = cmp.Or(p.names[p.Notes[i].By], p.Notes[i].By)
	}
	if p.MayWork {
		p.Depts = slices.DeleteFunc(s.departments(), func(t TypeInfo) bool { return t.Department == p.Department })
		p.People, err = s.colleagues(r.Context(), p.Department)
	}
	return err
}

// noticeOf reads from the address what the person just did.
func (s *server) noticeOf(r *http.Request) *notice {
	id := r.URL.Query().Get("deed")
	if id == "" {
		return nil
	}
	d, err := s.Rows.Deed(r.Context(), id)
	if err != nil || d.By != actor(r) || !d.Undone.IsZero() || time.Since(d.At) > catalog.UndoDeedFor {
		return nil
	}
	return &notice{d.Kind, d.ID}
}

func (s *server) today() time.Time {
	y, m, d := time.Now().In(s.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.Zone)
}

// silent are events that say nothing about a letter to those who work on it; the
// looks among them are counted.
var silent = map[string]bool{"advanced": false, "listed": false, "viewed": true, "downloaded-pdfa": true, "downloaded-original": true, "downloaded-text": true, "downloaded-zip": true}

// story tells the history in plain words, the newest last; names are those of
// people by account.
func (s *server) story(lang string, events []catalog.Event, names map[string]string) (list []storyLine, looks int) {
	for _, ev := range events {
		if look, known := silent[ev.Kind]; known {
			if look {
				looks++
			}
			continue
		}
		var detail struct {
			Assignee   string          `json:"assignee"`
			Department pipeline.DeptID `json:"department"`
			Due        time.Time       `json:"due"`
		}
		_ = json.Unmarshal(ev.Detail, &detail) // what is not there is empty
		line := storyLine{At: ev.At, Who: cmp.Or(names[ev.Actor], ev.Actor), Kind: ev.Kind, Key: "event." + ev.Kind}
		switch {
		case ev.Kind == "assigned" && detail.Assignee == "":
			line.Key = "event.unassigned"
		case ev.Kind == "assigned":
			line.What = cmp.Or(names[detail.Assignee], detail.Assignee)
		case ev.Kind == "handed-on", ev.Kind == "decided", ev.Kind == "archived":
			if detail.Department != "" {
				line.What = s.facetLabel(lang, "department", string(detail.Department))
			}
		case ev.Kind == "due-set" && detail.Due.IsZero():
			line.Key = "event.due-off"
		case ev.Kind == "due-set":
			line.What = detail.Due.In(s.Zone).Format("02.01.2006")
		}
		list = append(list, line)
	}
	return list, looks
}
