package ocr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
)

// Step reads all pages of a document that need it, many at once. See the
// package's promise for what it fills in. On a fault the other pages of the
// same document are given up; those of other documents are not touched.
func (r *Room) Step(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	todo := toRead(doc)
	if len(todo) == 0 {
		return doc, nil
	}
	languages, err := r.languages(ctx, doc.Delivery.Language)
	if err != nil {
		return doc, err
	}
	pages := slices.Clone(doc.Pages)
	done := counter{total: len(todo)}
	pipeline.TellProgress(ctx, 0, len(todo))
	// Cores that have no page of their own help with another's.
	halves := r.cfg.Readers >= 2*len(todo)
	group, gctx := errgroup.WithContext(ctx)
	for _, i := range todo {
		if !r.hold(gctx) {
			break
		}
		group.Go(func() error {
			defer r.release()
			page, err := r.page(gctx, pages[i], languages, halves, blobs)
			if err != nil {
				return onPage(err, pages[i].No)
			}
			pages[i] = page
			done.add(ctx)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return doc, err
	}
	if err := ctx.Err(); err != nil {
		return doc, err
	}
	doc.Pages = pages
	doc.Remarks = remark(doc)
	return doc, nil
}

// hold waits until one more page may be in memory; false means that ctx ended.
func (r *Room) hold(ctx context.Context) bool {
	select {
	case r.pages <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *Room) release() { <-r.pages }

// toRead gives the indexes of the pages that have to be read. Text that the
// file carries and that the opening found good is not read again, unless asked;
// nor is a page that was read before its letter was put together anew.
func toRead(doc pipeline.Document) []int {
	var out []int
	for i, p := range doc.Pages {
		if p.Reading == nil && (p.Text == "" || doc.Delivery.Mode == pipeline.ModeForce) {
			out = append(out, i)
		}
	}
	return out
}

var notation = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// languages checks that all wished languages are installed.
func (r *Room) languages(ctx context.Context, wish string) (string, error) {
	names := strings.Split(wish, "+")
	for _, n := range names {
		if !notation.MatchString(n) {
			return "", languageInvalid(wish)
		}
	}
	have, err := r.Languages(ctx)
	if err != nil {
		return "", err
	}
	missing := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(have, n) })
	if len(missing) > 0 {
		return "", languageMissing(missing)
	}
	return strings.Join(names, "+"), nil
}

// page reads one page.
func (r *Room) page(ctx context.Context, page pipeline.Page, languages string, halves bool, blobs pipeline.Blobs) (pipeline.Page, error) {
	if page.Image.Digest == "" {
		return page, errors.New("the page has neither text nor a picture")
	}
	done, err := r.alone(ctx, page.Image)
	if err != nil {
		return page, err
	}
	defer done()
	start := time.Now()
	file, err := load(ctx, blobs, page.Image.Digest)
	if err != nil {
		return page, err
	}
	call := readCall{
		Media: page.Image.Media, Turn: page.Image.Turn,
		DPIX: page.Image.DPIX, DPIY: page.Image.DPIY,
		Languages: languages, DataDir: r.cfg.DataDir, Halves: halves,
		Keep: page.Kept, Upright: page.Upright,
	}
	var reply readReply
	if _, err := r.call(ctx, opRead, call, file, &reply); err != nil {
		return page, err
	}
	if reply.Damaged {
		return page, damaged(nil)
	}
	words, err := pipeline.PutJSON(ctx, blobs, reply.Text)
	if err != nil {
		return page, fmt.Errorf("keeping the words: %w", err)
	}
	page.Blank, page.Ink = reply.Blank, reply.Ink
	page.Reading = &pipeline.Reading{
		Words: words.Digest, Turn: reply.Turn, Skew: reply.Skew,
		Count: len(reply.Text.Words), Confidence: confidence(reply.Text.Words),
		Engine: reply.Engine, Language: languages, Actions: reply.Actions,
		Millis: time.Since(start).Milliseconds(), Quality: &reply.Quality,
	}
	return page, nil
}

// call runs op on a child. A child that died or missed its deadline gets one
// more try on a fresh one; then it is a fault for a person.
func (r *Room) call(ctx context.Context, op string, value any, body []byte, result any) ([]byte, error) {
	for try := 1; ; try++ {
		out, err := r.pool.Call(ctx, op, value, body, result)
		if err == nil || ctx.Err() != nil || !errors.Is(err, child.ErrDied) && !errors.Is(err, child.ErrDeadline) {
			return out, err
		}
		if try < 2 {
			continue
		}
		if errors.Is(err, child.ErrDeadline) {
			return nil, tooHeavy(err)
		}
		return nil, crashed(err)
	}
}

func load(ctx context.Context, blobs pipeline.Blobs, d pipeline.Digest) ([]byte, error) {
	c, err := blobs.Open(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("opening the picture: %w", err)
	}
	defer c.Close()
	raw := make([]byte, c.Size())
	if _, err := io.ReadFull(c, raw); err != nil {
		return nil, fmt.Errorf("loading the picture: %w", err)
	}
	return raw, nil
}

// confidence is the mean over words, weighted by their length.
func confidence(words []pipeline.Word) float64 {
	var sum, weight float64
	for _, w := range words {
		n := float64(len([]rune(w.Text)))
		sum += float64(w.Conf) * n
		weight += n
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// onPage names the page in a fault.
func onPage(err error, no int) error {
	if f := (*pipeline.Fault)(nil); errors.As(err, &f) {
		named := *f
		named.Page = no
		return &named
	}
	return fmt.Errorf("reading page %d: %w", no, err)
}

// remark adds what a clerk should know. A document of blank pages is no error.
func remark(doc pipeline.Document) []pipeline.Remark {
	const code = "all-blank"
	remarks := slices.DeleteFunc(slices.Clone(doc.Remarks), func(r pipeline.Remark) bool {
		return r.Step == pipeline.StepRead && r.Code == code
	})
	if slices.ContainsFunc(doc.Pages, func(p pipeline.Page) bool { return !p.Blank }) {
		return remarks
	}
	return append(remarks, pipeline.Remark{
		Step: pipeline.StepRead, Code: code,
		Text: pipeline.Message{
			DE: "Alle Seiten sind leer. Lag das Blatt richtig herum im Scanner?",
			EN: "All pages are blank. Was the sheet the right way round in the scanner?",
		},
	})
}

// counter tells watchers how many pages are done.
type counter struct {
	mu          sync.Mutex
	done, total int
}

func (c *counter) add(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	pipeline.TellProgress(ctx, c.done, c.total)
}
