package separate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"blattwerk/pipeline"
)

// Glance gives the barcodes on the picture of a page and, if asked, whether it is
// blank. What it sees may be hostile: implementations run in a child process.
type Glance func(ctx context.Context, file []byte, img pipeline.Image, wantBlank bool) (codes []pipeline.Code, blank bool, err error)

// Draw makes the picture of a page that a PDF draws.
type Draw func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs, no int) (pipeline.Image, error)

// Config says how stacks are cut. Glance is required.
type Config struct {
	Glance Glance
	Draw   Draw         // nil looks at no drawn page but at its text
	Hands  int          // pages looked at at once; 0 is one for each core
	Log    *slog.Logger // nil is slog.Default()
}

// Room cuts deliveries into letters. It is safe for use by many goroutines.
type Room struct{ cfg Config }

// New makes a room.
func New(cfg Config) *Room {
	if cfg.Hands <= 0 {
		cfg.Hands = runtime.NumCPU()
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Room{cfg}
}

// Step is the step "separate": it looks for barcodes and cuts what was delivered
// into letters. The document becomes the first letter, the others are in
// Document.Parts; sheets are set aside. A letter whose pages are arranged already
// passes unchanged.
func (r *Room) Step(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	if doc.Arranged() {
		return doc, nil
	}
	doc.Remarks = slices.DeleteFunc(slices.Clone(doc.Remarks), func(m pipeline.Remark) bool { return m.Step == pipeline.StepSeparate })
	doc.Marks, doc.Stack, doc.Parts = nil, nil, nil
	doc.Pages, doc.Aside = everyPage(doc), nil
	sides, remarks, err := r.look(ctx, doc, blobs)
	if err != nil {
		return doc, err
	}
	sides, more := r.together(sides, doc.Delivery.Paper)
	doc.Remarks = slices.Concat(doc.Remarks, remarks, more)
	return parted(doc, sides)
}

// everyPage gives all pages in the order of the delivery, with the sheets that an
// earlier try set aside.
func everyPage(doc pipeline.Document) []pipeline.Page {
	pages := slices.Clone(doc.Pages)
	for _, a := range doc.Aside {
		if !slices.ContainsFunc(pages, func(p pipeline.Page) bool { return p.No == a.No }) {
			pages = append(pages, a)
		}
	}
	slices.SortStableFunc(pages, func(a, b pipeline.Page) int { return a.No - b.No })
	return pages
}

// look sees what is on each page that has a picture. A page that cannot be looked
// at is a warning: reading it will tell what is wrong.
func (r *Room) look(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) ([]side, []pipeline.Remark, error) {
	sides := make([]side, len(doc.Pages))
	failed := make([]bool, len(doc.Pages))
	glance := func(ctx context.Context, i int, wantBlank bool) error {
		p := &sides[i]
		if p.Image.Digest == "" {
			return r.drawn(ctx, doc, blobs, p)
		}
		file, err := load(ctx, blobs, p.Image.Digest)
		if err != nil {
			return fmt.Errorf("looking at page %d: %w", p.No, err)
		}
		codes, blank, err := r.cfg.Glance(ctx, file, p.Image, wantBlank)
		if err != nil && ctx.Err() == nil {
			r.cfg.Log.WarnContext(ctx, "page was not looked at", slog.String("doc", string(doc.ID)), slog.Int("page", p.No), slog.Any("error", err))
			failed[i] = true
			return nil
		}
		if err != nil {
			return err
		}
		p.Codes, p.blank = codes, blank
		p.role, p.sheet = roleOf(p.Page)
		return nil
	}
	for i, p := range doc.Pages {
		sides[i].Page = p
		sides[i].Codes, sides[i].Aside = nil, ""
	}
	all := make([]int, len(sides))
	for i := range all {
		all[i] = i
	}
	if err := r.each(ctx, all, func(ctx context.Context, i int) error { return glance(ctx, i, doc.Delivery.Paper.BlankParts) }); err != nil {
		return nil, nil, err
	}
	if again := mayBeBlank(sides, doc.Delivery.Paper); len(again) > 0 {
		if err := r.each(ctx, again, func(ctx context.Context, i int) error { return glance(ctx, i, true) }); err != nil {
			return nil, nil, err
		}
	}
	var remarks []pipeline.Remark
	for i, f := range failed {
		if f {
			remarks = append(remarks, notLooked(sides[i].No))
		}
	}
	return sides, remarks, nil
}

// sheetWords is the most words that a drawn page has that may be a sheet or bear
// nothing but a label: a cover sheet with all its rows has about ninety. Letters
// have more, and to draw each of their pages would cost as much as reading it.
const sheetWords = 110

// drawn looks for codes on a page that a PDF draws: in its own text, where our
// sheets say in words what their bars say, and, on a page with few words, in its
// picture. Patch codes do not count there: they are for scanners, and the rules of
// a table are much like them. A page that cannot be drawn goes on as it is.
func (r *Room) drawn(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs, p *side) error {
	if p.Text == "" || doc.Source == nil || doc.Source.Kind != "pdf" || doc.Source.Signed {
		return nil
	}
	var text pipeline.PageText
	if err := pipeline.OpenJSON(ctx, blobs, p.Text, &text); err != nil {
		return fmt.Errorf("looking at the text of page %d: %w", p.No, err)
	}
	for _, w := range text.Words {
		if _, err := ParseSheet(w.Text); err == nil {
			p.Codes = append(p.Codes, pipeline.Code{Kind: pipeline.CodeText, Text: w.Text, Box: w.Box})
		}
	}
	if len(p.Codes) == 0 && len(text.Words) <= sheetWords && r.cfg.Draw != nil {
		codes, err := r.drawnCodes(ctx, doc, blobs, p.No)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			r.cfg.Log.WarnContext(ctx, "drawn page was not looked at", slog.String("doc", string(doc.ID)), slog.Int("page", p.No), slog.Any("error", err))
		}
		p.Codes = slices.DeleteFunc(codes, func(c pipeline.Code) bool { return c.Kind == pipeline.CodePatch })
	}
	p.role, p.sheet = roleOf(p.Page)
	return nil
}

func (r *Room) drawnCodes(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs, no int) ([]pipeline.Code, error) {
	img, err := r.cfg.Draw(ctx, doc, blobs, no)
	if err != nil {
		return nil, err
	}
	file, err := load(ctx, blobs, img.Digest)
	if err != nil {
		return nil, err
	}
	codes, _, err := r.cfg.Glance(ctx, file, img, false)
	return codes, err
}

// mayBeBlank gives the pages of which it matters whether they are blank: behind a
// sheet, or all if a cover sheet says that blank sheets part letters. To judge
// every page would cost as much as looking for codes.
func mayBeBlank(sides []side, paper pipeline.Paper) []int {
	if paper.BlankParts {
		return nil // judged already
	}
	all := slices.ContainsFunc(sides, func(s side) bool { return s.sheet.Paper.BlankParts })
	apart := slices.ContainsFunc(sides, func(s side) bool { return s.sheet.Paper.FrontsThenBacks }) || paper.FrontsThenBacks
	sheet := func(i int) bool { return i >= 0 && (sides[i].role == separator || sides[i].role == cover) }
	var list []int
	for i, s := range sides {
		if (s.role == content || s.role == labelled) && s.Image.Digest != "" && (all || sheet(i-1) || apart && sheet(len(sides)-1-i)) {
			list = append(list, i)
		}
	}
	return list
}

// each runs fn for some pages at once.
func (r *Room) each(ctx context.Context, list []int, fn func(ctx context.Context, i int) error) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(r.cfg.Hands)
	for _, i := range list {
		group.Go(func() error { return fn(gctx, i) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// together puts fronts and backs in order if the delivery or its cover sheet says
// that they were scanned apart.
func (r *Room) together(sides []side, paper pipeline.Paper) ([]side, []pipeline.Remark) {
	for _, s := range sides {
		paper = joined(paper, s.sheet.Paper)
	}
	if !paper.FrontsThenBacks || len(sides) < 2 {
		return sides, nil
	}
	out, ok := interleaved(sides)
	if !ok {
		return sides, []pipeline.Remark{oddSides(len(sides))}
	}
	return out, nil
}

// parted makes letters of the pages.
func parted(doc pipeline.Document, sides []side) (pipeline.Document, error) {
	letters, batches, left := cut(sides, doc.Delivery.Paper)
	if len(letters) == 0 && len(left) > 0 {
		doc.Pages, doc.Aside = nil, left
		doc.Remarks = append(doc.Remarks, pipeline.SheetRemarks(left)...)
		return doc, onlySheets()
	}
	parts := make([]pipeline.Part, len(letters))
	labels := make([][]int64, len(batches))
	first := make([]int, len(batches)) // letter of each batch
	for i, l := range letters {
		p := pipeline.Part{Aside: l.aside, Remarks: pipeline.SheetRemarks(l.aside)}
		for _, s := range l.pages {
			p.Pages = append(p.Pages, s.Page)
		}
		b := batches[l.batch]
		marks, remarks := marksOf(p.Pages)
		p.Marks = append(marks, b.marks()...)
		p.Remarks = append(p.Remarks, remarks...)
		if i == 0 || letters[i-1].batch != l.batch {
			first[l.batch] = i
		}
		if n := number(marks); n > 0 {
			labels[l.batch] = append(labels[l.batch], n)
		}
		parts[i] = p
	}
	if len(parts) == 0 {
		return doc, nil
	}
	for i, b := range batches {
		if b.found > 0 {
			p := &parts[first[i]]
			p.Remarks = append(p.Remarks, b.reconcile(labels[i])...)
		}
	}
	return assemble(doc, parts, batches), nil
}

// assemble makes the document the first letter and the others its parts.
func assemble(doc pipeline.Document, parts []pipeline.Part, batches []batch) pipeline.Document {
	home := map[int]int{} // page to letter
	for i, p := range parts {
		for _, page := range slices.Concat(p.Pages, p.Aside) {
			home[page.No] = i
		}
	}
	// What opening remarked about a page goes with it, about the whole file to all.
	var own []pipeline.Remark
	for _, m := range doc.Remarks {
		for i := range parts {
			if m.Page > 0 && home[m.Page] != i || m.Step == pipeline.StepSeparate && m.Page == 0 && i > 0 {
				continue
			}
			if i == 0 {
				own = append(own, m)
			} else {
				parts[i].Remarks = append(parts[i].Remarks, m)
			}
		}
	}
	doc.Pages, doc.Aside, doc.Marks = parts[0].Pages, parts[0].Aside, parts[0].Marks
	doc.Remarks = append(own, parts[0].Remarks...)
	if len(parts) > 1 {
		doc.Parts = parts[1:]
		doc.Stack = &pipeline.Stack{Found: len(parts)}
		for _, b := range batches {
			doc.Stack.Expected += b.Expected
			if doc.Stack.Batch == "" {
				doc.Stack.Batch = b.Batch
			}
		}
	}
	return doc
}

func load(ctx context.Context, blobs pipeline.Blobs, d pipeline.Digest) ([]byte, error) {
	c, err := blobs.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	raw := make([]byte, c.Size())
	if _, err := io.ReadFull(c, raw); err != nil {
		return nil, errors.Join(errors.New("loading a picture"), err)
	}
	return raw, nil
}
