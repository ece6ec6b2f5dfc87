package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// stackRows is what the page of a stack needs of the catalogue.
type stackRows interface {
	Letters(ctx context.Context, id pipeline.DeliveryID) ([]catalog.Entry, error)
	Rearrange(ctx context.Context, by string, letters []catalog.Letter, resume pipeline.StepName) (catalog.Rearrangement, error)
	LastArrangement(ctx context.Context, id pipeline.DeliveryID) (catalog.Arrangement, error)
	UndoRearrange(ctx context.Context, by, undo string) ([]catalog.Bell, error)
}

// stackRoutes is the page of a stack: its letters and their pages, to be put right
// while they are on their way.
func (s *server) stackRoutes() []route {
	return []route{
		{"GET /letters/{id}/pages", access.Sort, s.stack},
		{"POST /letters/{id}/pages", access.Sort, s.arrangeForm},
		{"POST /letters/{id}/pages/undo", access.Sort, s.undoArrangeForm},
	}
}

type stackPage struct {
	frame
	ID      pipeline.DocID // the letter that the page was opened for
	Name    string         // of the file
	Letters []stackLetter
	Lights  map[pipeline.Light]int // pages by the light of their scan
	Pages   int
	Undo    string // the last move, which can be undone
	By      string // who made it, where it was not just made
	At      time.Time
	Did     string // what it was: "turn", "split" ...
	Seen    string // the stack as it is shown, for [seenStack]
}

// stackLetter is a letter of a stack with its pages.
type stackLetter struct {
	intakeRow
	Open   bool // its pages may be moved
	First  bool // there is no letter before it
	Sheets []stackSheet
	Offer  *cutOffer // it looks like several letters
}

// cutOffer is the suggestion to part a letter.
type cutOffer struct {
	Question pipeline.Question
	Yes, No  string // moves, as a form says them
	Begins   []cutPlace
}

// cutPlace is a page that looks like the first of a letter, and why.
type cutPlace struct {
	pipeline.Begin
	Why []pipeline.Message
}

// stackSheet is a page in the grid of a stack.
type stackSheet struct {
	No      int
	Begins  bool // first page of its letter
	Top     bool // of the stack; Bottom is its last page
	Bottom  bool
	Light   pipeline.Light
	Flaws   []pipeline.Message
	Aside   pipeline.Aside
	Blank   bool
	Drawn   bool // no picture of its own: nothing to turn
	Read    bool
	Starts  []pipeline.Message // what makes it look like the first page of a letter
	Sheet   bool               // was scanned from paper, so that it can be again
	Again   bool               // was scanned again
	Remarks []pipeline.Message
}

// stack shows all letters of the delivery that a letter came in with.
func (s *server) stack(w http.ResponseWriter, r *http.Request) {
	page, err := s.stackPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, "stack", page)
}

func (s *server) stackPage(r *http.Request) (stackPage, error) {
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		return stackPage{}, err
	}
	letters, err := s.Rows.Letters(r.Context(), e.Document.Delivery.ID)
	if err != nil {
		return stackPage{}, err
	}
	q := r.URL.Query()
	page := stackPage{
		frame: s.frame(r, "stack.title"), ID: e.Document.ID, Name: e.Document.Delivery.Name, Seen: seenStack(letters),
		Lights: map[pipeline.Light]int{}, Undo: q.Get("undo"), Did: q.Get("did"),
	}
	if err := s.lastMove(r, e.Document.Delivery.ID, &page); err != nil {
		return page, err
	}
	letters = inOrder(letters)
	for i, e := range letters {
		l := stackLetter{intakeRow: s.intakeRow(e), Open: arrangeable(e), First: i == 0}
		l.Offer = s.cutOffer(e)
		first := true
		pages := refs(e.Document)
		for k, ref := range pages {
			sheet := sheetOf(e.Document, ref.No)
			sheet.Top, sheet.Bottom = i+k == 0, i == len(letters)-1 && k == len(pages)-1
			sheet.Starts = l.Offer.starts(ref.No)
			sheet.Begins = first && sheet.Aside == ""
			first = first && !sheet.Begins
			l.Sheets = append(l.Sheets, sheet)
			page.Pages++
			if sheet.Light != "" {
				page.Lights[sheet.Light]++
			}
		}
		page.Letters = append(page.Letters, l)
		if err := s.seenLately(r, e.Document.ID); err != nil {
			return page, err
		}
	}
	return page, nil
}

// cutOffer is what a person is asked about a letter that looks like several; nil if
// nothing is.
func (s *server) cutOffer(e catalog.Entry) *cutOffer {
	if e.State != pipeline.Waiting || e.Document.Cut == nil {
		return nil
	}
	for _, q := range s.questions(e) {
		if q.Kind != pipeline.AskCut {
			continue
		}
		o := &cutOffer{Question: q, Begins: cutPlaces(e.Document.Cut)}
		for _, a := range q.Answers {
			if len(a.Cut) > 0 {
				o.Yes = cutMove(a, e.Document)
			} else if a.Whole {
				o.No = cutMove(a, e.Document)
			}
		}
		return o
	}
	return nil
}

func cutPlaces(c *pipeline.Cut) []cutPlace {
	var out []cutPlace
	for _, b := range c.Begins {
		p := cutPlace{Begin: b}
		for _, sign := range b.Signs {
			p.Why = append(p.Why, sign.Message())
		}
		out = append(out, p)
	}
	return out
}

// cutMove is the move that an answer comes to.
func cutMove(a pipeline.Answer, doc pipeline.Document) string {
	if len(a.Cut) == 0 {
		return fmt.Sprintf("whole %d", doc.Pages[0].No)
	}
	return "cut " + strings.Trim(fmt.Sprint(a.Cut), "[]")
}

func (o *cutOffer) starts(no int) []pipeline.Message {
	if o == nil {
		return nil
	}
	for _, b := range o.Begins {
		if b.Page == no {
			return b.Why
		}
	}
	return nil
}

// moves are the names of what can be done to pages, as told when it is done.
var moves = []string{"turn", "up", "down", "to", "split", "join", "aside", "back", "cut", "whole", "rescan"}

func sheetOf(doc pipeline.Document, no int) stackSheet {
	pages := slices.Concat(doc.Pages, doc.Aside)
	p := pages[slices.IndexFunc(pages, func(p pipeline.Page) bool { return p.No == no })]
	out := stackSheet{No: no, Aside: p.Aside, Blank: p.Blank, Drawn: p.Image.Digest == "", Read: p.Reading != nil || p.Text != ""}
	out.Again = len(p.Rescans) > 0
	out.Sheet = !out.Drawn && (doc.Source == nil || !doc.Source.BornDigital && doc.Source.Rendition.Digest == "")
	if p.Reading != nil && p.Reading.Quality != nil && !p.Blank {
		out.Light = p.Reading.Quality.Light
		for _, f := range p.Reading.Quality.Flaws {
			out.Flaws = append(out.Flaws, f.Code.Message())
		}
	}
	for _, m := range doc.Remarks {
		if m.Page == no {
			out.Remarks = append(out.Remarks, m.Text)
		}
	}
	return out
}

// arrangeForm does one thing to a page and shows the stack again, with the way
// back.
func (s *server) arrangeForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	m, err := parseMove(r.PostFormValue("do"))
	var done catalog.Rearrangement
	if err == nil {
		done, err = s.arrange(r, e.Document.Delivery.ID, m)
	}
	if err != nil {
		s.fail(w, r, arrangeFault(err))
		return
	}
	http.Redirect(w, r, stackAfter(e.Document.ID, done.Undo, m), http.StatusSeeOther)
}

// lastMove fills in what was done last with the pages of a stack, whoever did it and
// when, as long as it can be undone. What it was is known only just after it.
func (s *server) lastMove(r *http.Request, id pipeline.DeliveryID, page *stackPage) error {
	last, err := s.Rows.LastArrangement(r.Context(), id)
	if errors.Is(err, catalog.ErrNoUndo) {
		page.Undo, page.Did = "", ""
		return nil
	}
	if err != nil {
		return err
	}
	if last.ID == page.Undo && slices.Contains(moves, page.Did) {
		return nil
	}
	names, err := s.names(r.Context())
	page.Undo, page.Did, page.By, page.At = last.ID, "", cmp.Or(names[last.By], last.By), last.At
	return err
}

// stackAfter is the page of a stack after a move, with the way back.
func stackAfter(id pipeline.DocID, undo string, m move) string {
	q := url.Values{"undo": {undo}, "did": {m.what}}
	return "/letters/" + string(id) + "/pages?" + q.Encode() + "#page-" + strconv.Itoa(m.page)
}

func (s *server) arrange(r *http.Request, id pipeline.DeliveryID, m move) (catalog.Rearrangement, error) {
	letters, err := s.Rows.Letters(r.Context(), id)
	if err != nil {
		return catalog.Rearrangement{}, err
	}
	if r.PostFormValue("seen") != seenStack(letters) {
		return catalog.Rearrangement{}, catalog.ErrStale
	}
	return s.move(r, letters, m)
}

// move does one thing to the pages of a stack and rings for what goes on.
func (s *server) move(r *http.Request, letters []catalog.Entry, m move) (catalog.Rearrangement, error) {
	plan, err := arranged(letters, m)
	if err != nil {
		return catalog.Rearrangement{}, err
	}
	done, err := s.Rows.Rearrange(r.Context(), actor(r), plan, s.Arranged)
	if err == nil {
		s.ringAll(r, done.Bells)
	}
	return done, err
}

// seenStack names a stack as a person saw it: its letters and their generations.
// Steps that go on meanwhile do not change it, what another person did does.
func seenStack(letters []catalog.Entry) string {
	h := sha256.New()
	for _, e := range letters {
		fmt.Fprintln(h, e.Document.ID, e.Gen)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// arrangeFault says in plain words why pages stay where they are.
func arrangeFault(err error) error {
	for _, known := range []struct {
		err    error
		code   string
		de, en string
	}{
		{catalog.ErrStale, "stale", "Der Stapel hat sich inzwischen geändert. Bitte laden Sie die Seite neu und sehen Sie noch einmal nach.", "The stack has changed meanwhile. Please load the page again and have another look."},
		{catalog.ErrKept, "kept", "Dieser Brief ist schon archiviert oder zurückgegeben und bleibt, wie er ist. Wenn Seiten falsch liegen, scannen Sie ihn bitte noch einmal.", "This letter is archived or given back already and stays as it is. If pages are in the wrong place, please scan it again."},
		{catalog.ErrNoUndo, "no-undo", "Das lässt sich nicht mehr rückgängig machen.", "This cannot be undone any more."},
		{catalog.ErrDrawn, "drawn", "Diese Seite ist kein Bild und lässt sich nicht drehen.", "This page is not a picture and cannot be turned."},
		{catalog.ErrNoSheet, "no-sheet", "Diese Seite kam als Datei und nie als Blatt; sie lässt sich nicht neu scannen.", "This page came as a file and never was a sheet; it cannot be scanned again."},
		{catalog.ErrPages, "pages", "So passen die Seiten nicht zusammen. Bitte laden Sie die Seite neu.", "The pages do not add up this way. Please load the page again."},
	} {
		if errors.Is(err, known.err) {
			return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: known.code, Err: err, Text: pipeline.Message{DE: known.de, EN: known.en}}
		}
	}
	return err
}

func (s *server) undoArrangeForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := s.undoArrange(r, r.PostFormValue("undo")); err != nil {
		s.failTask(w, r, arrangeFault(err))
		return
	}
	if wantsJSON(r) { // the tray shows the question again
		answer(w, http.StatusOK, nextTask{"/review?letter=" + string(docID(r))})
		return
	}
	http.Redirect(w, r, "/letters/"+string(docID(r))+"/pages", http.StatusSeeOther)
}
