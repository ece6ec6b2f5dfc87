package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// UndoFor is how long an arrangement can be undone: so long the blobs of what was
// before are kept.
const UndoFor = 7 * 24 * time.Hour

// Errors of arranging pages that callers tell apart.
var (
	ErrStale   = errors.New("changed since it was looked at")                // somebody else was faster: look again
	ErrKept    = errors.New("archived, being archived, or given back")       // what is kept is written once and stays as it is
	ErrPages   = errors.New("every page has to be somewhere, and only once") // a page was left out, doubled or invented
	ErrStacks  = errors.New("pages of different deliveries cannot be mixed") // each letter names one original
	ErrNoUndo  = errors.New("nothing to undo")                               // unknown, too long ago, or undone already
	ErrDrawn   = errors.New("a drawn page has no picture to turn")
	ErrNoSheet = errors.New("a page of a born-digital file was never a sheet")
	ErrNobody  = errors.New("a person has to say who arranges")
	errNoPages = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "no-pages", Text: pipeline.Message{
		DE: "Alle Seiten dieses Schriftstücks wurden anderen Schriftstücken zugeordnet oder beiseitegelegt. Die Nummer im Posteingangsbuch bleibt vergeben.",
		EN: "All pages of this document were put into other documents or set aside. Its number in the journal stays taken.",
	}}
)

// PageRef says what becomes of a page.
type PageRef struct {
	No    int            `json:"no"`              // its number in the delivery (pipeline.Page.No)
	Turn  int            `json:"turn,omitempty"`  // turn it further by this many clockwise degrees: 0, 90, 180, 270
	Aside pipeline.Aside `json:"aside,omitempty"` // set it aside, and why; "" makes it a page of the letter
	Keep  bool           `json:"keep,omitempty"`  // it is not blank, whatever reading thought
	Scan  *Scan          `json:"scan,omitempty"`  // another picture of the same sheet
}

// Scan is another picture of a page's sheet.
type Scan struct {
	Page pipeline.Page   `json:"page"` // the only page of the file, as opening gave it
	File pipeline.Rescan `json:"file"` // By and At are the catalogue's to fill in
	Note []pipeline.Remark
}

// Letter is a document as a person wants it.
type Letter struct {
	Doc   pipeline.DocID `json:"doc,omitempty"` // "" makes a new document of the same delivery
	Gen   int            `json:"gen"`           // [Entry].Gen of the document that the person saw; 0 for a new one
	Pages []PageRef      `json:"pages"`         // in their new order; empty: all pages went elsewhere
	// Settled is a person's word that the pages are right as they are: the document
	// counts as arranged and goes on even if nothing was done to them.
	Settled bool `json:"settled,omitempty"`
	// Grace is how long the document waits before it goes on, so that the person can
	// take the arrangement back before anything is kept.
	Grace time.Duration `json:"-"`
}

// Rearrangement is what came of [Catalog.Rearrange].
type Rearrangement struct {
	Undo    string           // hand it to [Catalog.UndoRearrange]
	Letters []pipeline.DocID // as asked for, new ones with their name
	Bells   []Bell           // ring these
}

// Rearrange gives the pages of a delivery a new order: turns, moves, splits,
// joins, sets aside, takes back and replaces pictures, in one transaction. by is the
// account of the person. letters are all documents that lose or gain a page, each with all of
// its pages; every page that these documents have or had set aside must be there
// exactly once ([ErrPages]). Documents of the delivery that stay as they are may
// be left out, or given as they are.
//
//	split   {Doc: a, Pages: 1 2}, {Doc: "", Pages: 3 4}
//	join    {Doc: a, Pages: 1 2 3 4}, {Doc: b}
//	drop    {Doc: a, Pages: 1, 2 with Aside: AsideBlank}
//
// A changed document goes on at the step resume in a new generation; what was
// read from pages that were not turned stays, what was composed and guessed from
// the whole does not, a person's filing does. A document that is left without
// pages is refused with the code "no-pages"; it keeps its journal number and can
// get pages again. The delivered file and the pictures of pages are untouched.
//
// Only documents that are working, waiting, or left without pages can be
// rearranged: what is archived is written once ([ErrKept]). A letter that was
// archived in the wrong pieces is put right by scanning it again. [ErrStale]
// means that a document changed since the person looked.
func (c *Catalog) Rearrange(ctx context.Context, by string, letters []Letter, resume pipeline.StepName) (Rearrangement, error) {
	if by == "" || resume == "" || len(letters) == 0 {
		return Rearrangement{}, fmt.Errorf("rearranging: %w, what, and where to go on", ErrNobody)
	}
	name, err := uuid.NewV7() // in the order in which things are done, also within a millisecond
	if err != nil {
		return Rearrangement{}, fmt.Errorf("naming an arrangement: %w", err)
	}
	var out Rearrangement
	err = c.change(ctx, "rearranging", func(tx *sql.Tx) error {
		out = Rearrangement{Undo: name.String()}
		if err := c.dialect.lock(ctx, tx, lockIntake); err != nil {
			return err
		}
		before, err := c.takeLetters(ctx, tx, letters)
		if err != nil {
			return err
		}
		a := arranging{Catalog: c, tx: tx, by: by, resume: resume, before: before, undo: out.Undo}
		if err := a.plan(letters); err != nil {
			return err
		}
		for _, l := range letters {
			id, err := a.letter(ctx, l)
			if err != nil {
				return err
			}
			out.Letters = append(out.Letters, id)
		}
		out.Bells = a.bells
		return a.finish(ctx)
	})
	return out, err
}

// takeLetters locks and reads the documents that exist already, in the order of
// their names, as everyone does who takes several.
func (c *Catalog) takeLetters(ctx context.Context, tx *sql.Tx, letters []Letter) (map[pipeline.DocID]Entry, error) {
	seen := map[pipeline.DocID]int{}
	for _, l := range letters {
		if l.Doc == "" {
			continue
		}
		if _, twice := seen[l.Doc]; twice {
			return nil, fmt.Errorf("a document is named twice: %w", ErrPages)
		}
		seen[l.Doc] = l.Gen
	}
	before := map[pipeline.DocID]Entry{}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		e, _, err := c.take(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case e.State == pipeline.Archived || e.Document.Record != nil || e.State == pipeline.Refused && !emptied(e),
			e.State == pipeline.Working && (e.Step == pipeline.StepArchive || e.Step == pipeline.StepAccount): // its files may be half written
			return nil, fmt.Errorf("document is %s: %w", e.State, ErrKept)
		case e.Gen != seen[id]:
			return nil, ErrStale
		}
		before[id] = e
	}
	return before, nil
}

// emptied says whether a document was left without pages.
func emptied(e Entry) bool {
	return e.State == pipeline.Refused && e.Fault != nil && e.Fault.Code == errNoPages.Code
}

// arranging is one call of Rearrange.
type arranging struct {
	*Catalog
	tx     *sql.Tx
	by     string
	undo   string
	resume pipeline.StepName
	before map[pipeline.DocID]Entry
	pages  map[int]pipeline.Page     // all pages there are, by number
	notes  map[int][]pipeline.Remark // what opening remarked on a page, by its number
	first  pipeline.Document         // one of the documents, for what they share
	more   bool                      // there will be a new document
	bells  []Bell
	events []Event
	steps  []undoStep
}

// undoStep is what was before, of one document.
type undoStep struct {
	Doc    pipeline.DocID    `json:"doc"`
	Gen    int               `json:"gen"` // after the change; undoing needs it unchanged
	New    bool              `json:"new,omitempty"`
	State  pipeline.State    `json:"state,omitempty"`
	Step   pipeline.StepName `json:"step,omitempty"`
	Fault  *pipeline.Fault   `json:"fault,omitempty"`
	Before pipeline.Document `json:"before"`

	// From is the generation before the change, where that is not the one before Gen:
	// what came after was undone.
	From *int `json:"from,omitempty"`
}

func (s undoStep) from() int {
	if s.From != nil {
		return *s.From
	}
	return s.Gen - 1
}

// plan collects the pages and checks that each has one place.
func (a *arranging) plan(letters []Letter) error {
	a.pages, a.notes = map[int]pipeline.Page{}, map[int][]pipeline.Remark{}
	for _, id := range slices.Sorted(maps.Keys(a.before)) {
		d := a.before[id].Document
		if a.first.ID != "" && a.first.Delivery.ID != d.Delivery.ID {
			return ErrStacks
		}
		a.first = d
		for _, p := range slices.Concat(d.Pages, d.Aside) {
			a.pages[p.No] = p
		}
		for _, r := range d.Remarks {
			if r.Page > 0 && early(r) {
				a.notes[r.Page] = append(a.notes[r.Page], r)
			}
		}
	}
	placed := map[int]bool{}
	for _, l := range letters {
		a.more = a.more || l.Doc == ""
		if l.Doc == "" && !slices.ContainsFunc(l.Pages, func(p PageRef) bool { return p.Aside == "" }) {
			return fmt.Errorf("a new document needs a page: %w", ErrPages)
		}
		for _, p := range l.Pages {
			have, known := a.pages[p.No]
			switch {
			case !known || placed[p.No]:
				return fmt.Errorf("page %d: %w", p.No, ErrPages)
			case p.Turn%90 != 0 || p.Turn < 0 || p.Turn > 270 || p.Aside != "" && !p.Aside.Valid():
				return fmt.Errorf("page %d: a turn of %d, set aside as %q: %w", p.No, p.Turn, p.Aside, ErrPages)
			case p.Turn != 0 && have.Image.Digest == "":
				return fmt.Errorf("page %d: %w", p.No, ErrDrawn)
			case p.Scan != nil && (have.Image.Digest == "" || a.first.Source != nil && (a.first.Source.BornDigital || a.first.Source.Rendition.Digest != "")):
				return fmt.Errorf("page %d: %w", p.No, ErrNoSheet)
			case p.Scan != nil && (p.Scan.Page.Image.Digest == "" || p.Scan.File.File.Digest == ""):
				return fmt.Errorf("page %d: a scan without a picture: %w", p.No, ErrPages)
			}
			placed[p.No] = true
		}
	}
	if len(placed) != len(a.pages) {
		return fmt.Errorf("%d of %d pages have a place: %w", len(placed), len(a.pages), ErrPages)
	}
	return nil
}

// early says whether a remark is about the page itself, not about what later
// steps made of the whole letter. Remarks on sheets follow from their place.
func early(r pipeline.Remark) bool {
	return r.Step == pipeline.StepOpen || r.Step == pipeline.StepSeparate && r.Code != pipeline.SheetRemark
}

// letter writes one document and gives its name.
func (a *arranging) letter(ctx context.Context, l Letter) (pipeline.DocID, error) {
	if l.Doc == "" {
		return a.added(ctx, l)
	}
	e := a.before[l.Doc]
	doc := a.arranged(e.Document, l.Pages)
	if unmoved(e.Document, doc) && !l.Settled {
		return l.Doc, nil
	}
	if a.more && doc.Stack == nil {
		doc.Stack = &pipeline.Stack{}
	}
	state := pipeline.Working
	var why *pipeline.Fault
	if len(doc.Pages) == 0 {
		state, why = pipeline.Refused, errNoPages
	}
	bell, err := a.replace(ctx, a.tx, e, doc, state, a.resume, why, l.Grace)
	if err != nil {
		return "", err
	}
	if state == pipeline.Working {
		a.bells = append(a.bells, bell)
	}
	a.steps = append(a.steps, undoStep{Doc: l.Doc, Gen: bell.Gen, State: e.State, Step: e.Step, Fault: e.Fault, Before: e.Document})
	kind := "rearranged"
	if slices.ContainsFunc(l.Pages, func(p PageRef) bool { return p.Scan != nil }) {
		kind = "rescanned"
	}
	ev, err := a.event(kind, l.Doc, a.by, a.detail(doc, bell.Gen))
	a.events = append(a.events, ev)
	return l.Doc, err
}

// added makes a new document of the delivery.
func (a *arranging) added(ctx context.Context, l Letter) (pipeline.DocID, error) {
	position, err := freePosition(ctx, a.tx, a.first.Delivery.ID)
	if err != nil {
		return "", err
	}
	doc := pipeline.Document{
		ID: DocumentID(a.first.Delivery.ID, position), Delivery: a.first.Delivery, Source: a.first.Source,
		Stack: &pipeline.Stack{Position: position},
	}
	if a.first.Stack != nil {
		doc.Stack.Batch = a.first.Stack.Batch
	}
	doc = a.arranged(doc, l.Pages)
	due := a.now() + l.Grace.Milliseconds()
	ev, err := a.addLetter(ctx, a.tx, &doc, a.resume, a.first.ID, a.by, due)
	if err != nil {
		return "", err
	}
	a.events = append(a.events, ev)
	a.bells = append(a.bells, Bell{Doc: doc.ID, Step: a.resume, Due: fromMillis(due), Pages: len(doc.Pages)})
	a.steps = append(a.steps, undoStep{Doc: doc.ID, New: true})
	return doc.ID, nil
}

// arranged is doc with these pages, as far from the start of its way as they are.
func (a *arranging) arranged(doc pipeline.Document, refs []PageRef) pipeline.Document {
	doc.Pages, doc.Aside, doc.PDF, doc.Cut, doc.ArrangedBy = nil, nil, nil, nil, a.by
	doc.Remarks = slices.DeleteFunc(slices.Clone(doc.Remarks), func(r pipeline.Remark) bool { return r.Page > 0 || !early(r) })
	if doc.Filing != nil && doc.Filing.DecidedBy == "" {
		doc.Filing = nil
	}
	for _, ref := range refs {
		p := a.pages[ref.No]
		if ref.Scan != nil {
			p = a.rescanned(p, *ref.Scan)
		}
		p = turned(p, ref)
		if p.Aside != "" {
			doc.Aside = append(doc.Aside, p)
		} else {
			doc.Pages = append(doc.Pages, p)
		}
		doc.Remarks = append(doc.Remarks, a.notes[ref.No]...)
	}
	doc.Remarks = append(doc.Remarks, pipeline.SheetRemarks(doc.Aside)...)
	return doc
}

// rescanned gives a page the picture of its sheet that was scanned again.
func (a *arranging) rescanned(p pipeline.Page, s Scan) pipeline.Page {
	s.File.By, s.File.At = a.by, fromMillis(a.now())
	p = p.Rescanned(s.Page, s.File)
	a.notes[p.No] = pipeline.RescanRemarks([]pipeline.Page{p}) // what was remarked on the first picture is settled
	for _, n := range s.Note {
		n.Page = p.No
		a.notes[p.No] = append(a.notes[p.No], n)
	}
	return p
}

// turned does to a page what a person asked.
func turned(p pipeline.Page, ref PageRef) pipeline.Page {
	p.Aside = ref.Aside
	if ref.Keep && !p.Kept {
		p.Kept = true
		if p.Blank {
			p.Blank, p.Reading = false, nil
		}
	}
	if ref.Turn != 0 {
		// Text that was read in another frame is read again.
		p.Image.Turn, p.Upright, p.Reading, p.Text = (p.Image.Turn+ref.Turn)%360, true, nil, ""
		if ref.Turn%180 != 0 {
			p.WidthPt, p.HeightPt = p.HeightPt, p.WidthPt
		}
	}
	return p
}

// unmoved says whether nothing was done to a document's pages.
func unmoved(before, after pipeline.Document) bool {
	same := func(p, q pipeline.Page) bool {
		return p.No == q.No && p.Image.Turn == q.Image.Turn && p.Aside == q.Aside && p.Kept == q.Kept &&
			len(p.Rescans) == len(q.Rescans)
	}
	return slices.EqualFunc(before.Pages, after.Pages, same) && slices.EqualFunc(before.Aside, after.Aside, same)
}

func (a *arranging) detail(doc pipeline.Document, gen int) any {
	return struct {
		Pages   []int  `json:"pages"`
		Aside   []int  `json:"aside,omitempty"`
		Rescans string `json:"rescans,omitempty"` // pages that were scanned again, with the SHA-256 of each file
		Undo    string `json:"undo"`
		Gen     int    `json:"gen"`
	}{numbers(doc.Pages), numbers(doc.Aside), pipeline.RescanList(slices.Concat(doc.Pages, doc.Aside)), a.undo, gen}
}

// finish keeps what undoing needs, and the evidence.
func (a *arranging) finish(ctx context.Context) error {
	body, err := encode(a.steps)
	if err != nil {
		return err
	}
	_, err = a.tx.ExecContext(ctx, `INSERT INTO arrangement (id, delivery, at, author, undone, body) VALUES ($1, $2, $3, $4, 0, $5)`,
		a.undo, string(a.first.Delivery.ID), a.now(), clean(a.by), body)
	if err != nil {
		return fmt.Errorf("keeping what was before: %w", err)
	}
	return a.appendAll(ctx, a.tx, a.events)
}

// replace writes a document over what it was, in a new generation: whoever works
// on it loses his claim. It goes on after wait.
func (c *Catalog) replace(ctx context.Context, tx *sql.Tx, e Entry, doc pipeline.Document, state pipeline.State, step pipeline.StepName, why *pipeline.Fault, wait time.Duration) (Bell, error) {
	n, fault := int64(0), ""
	body, err := encode(doc)
	if err == nil && why != nil {
		fault, err = encode(why)
	}
	if err != nil {
		return Bell{}, err
	}
	dept, typ := filed(doc)
	now := c.now()
	b := Bell{Doc: doc.ID, Step: step, Gen: e.Gen + 1, Due: fromMillis(now + wait.Milliseconds()), Pages: len(doc.Pages)}
	err = tx.QueryRowContext(ctx, `UPDATE document SET state = $2, step = $3, gen = $4, due = $5, changed = $11,
			attempt = 0, crashes = 0, owner = '', lease = 0, fault = $6, body = $7, pages = $8, department = $9, doctype = $10
		WHERE id = $1 RETURNING n`, string(b.Doc), string(state), string(step), b.Gen, millis(b.Due), fault, body,
		b.Pages, dept, typ, now).Scan(&n)
	if err != nil {
		return Bell{}, fmt.Errorf("writing the arranged document: %w", err)
	}
	return b, c.reindex(ctx, tx, n, e.Document, doc, nil)
}
