package web

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

// pageImageRoutes is where browsers get pictures of pages: upright and
// straightened, in the frame of the page's words, so that a box of a word lies at
// the same share of width and height on the picture.
func (s *server) pageImageRoutes() []route {
	return []route{{"GET /letters/{id}/pages/{file}", access.Find, s.pageImage}}
}

// Widths that pictures are made in, pixels. What is asked for is rounded up, so
// that nobody can fill the memory with a picture of each width.
var pageWidths = []int{200, 400, 800, 1200, 1600, 2400}

const defaultPageWidth = 1200

// pageImage shows page {no}.png of a letter as a JPEG. The letter is noted as
// viewed in the evidence log once for each look at it, not for each picture.
func (s *server) pageImage(w http.ResponseWriter, r *http.Request) {
	no, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("file"), ".png"))
	if err != nil {
		s.notFound(w, r)
		return
	}
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err == nil {
		err = s.seenLately(r, e.Document.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	width, _ := strconv.Atoi(r.URL.Query().Get("width"))
	key := pictureKey(e.Document, no, pageWidth(width))
	etag := `"` + key[:32] + `"`
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	jpeg, err := s.pictures.get(r.Context(), key, func(ctx context.Context) ([]byte, error) {
		return s.Picture(ctx, e.Document, no, pageWidth(width))
	})
	if err != nil {
		w.Header().Del("ETag")
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="seite-%d.jpg"`, no))
	w.Header().Set("Content-Length", strconv.Itoa(len(jpeg)))
	_, _ = w.Write(jpeg) // the other side may be gone
}

func pageWidth(asked int) int {
	if asked <= 0 {
		asked = defaultPageWidth
	}
	i, _ := slices.BinarySearch(pageWidths, asked)
	return pageWidths[min(i, len(pageWidths)-1)]
}

// pictureKey names a picture by all that it depends on.
func pictureKey(doc pipeline.Document, no, width int) string {
	h := sha256.New()
	fmt.Fprintln(h, doc.ID, no, width)
	for _, p := range slices.Concat(doc.Pages, doc.Aside) {
		if p.No != no {
			continue
		}
		fmt.Fprintln(h, p.Image.Digest, p.Image.Turn)
		if p.Reading != nil {
			fmt.Fprintln(h, p.Reading.Turn, p.Reading.Skew)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// oneLook is how long pictures count as the same look at a letter.
const oneLook = 15 * time.Minute

// seenLately writes into the evidence log that a person views a letter, unless
// that stands there since a few minutes: twenty pictures on a page are one look.
func (s *server) seenLately(r *http.Request, id pipeline.DocID) error {
	if s.looks.recent(actor(r), id, time.Now()) {
		return nil
	}
	if err := s.seen(r, "viewed", id); err != nil {
		return err
	}
	s.looks.note(actor(r), id, time.Now())
	return nil
}

// looks remembers who looked at which letter in the last minutes. What it forgets
// is logged once more.
type looks struct {
	mu   sync.Mutex
	last map[look]time.Time
}

type look struct {
	who string
	doc pipeline.DocID
}

const maxLooks = 10000

func (l *looks) recent(who string, doc pipeline.DocID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.last[look{who, doc}]
	return ok && now.Sub(at) >= 0 && now.Sub(at) < oneLook
}

func (l *looks) note(who string, doc pipeline.DocID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || len(l.last) >= maxLooks {
		l.last = map[look]time.Time{}
	}
	l.last[look{who, doc}] = now
}

// maxPictures bounds the pictures that are kept in memory, bytes.
const maxPictures = 64 << 20

// pictures keeps the pictures that were shown last in memory, never on disk: they
// are pages of letters.
type pictures struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // newest first
	bytes int
}

type picture struct {
	key  string
	jpeg []byte
}

func newPictures() *pictures {
	return &pictures{byKey: map[string]*list.Element{}, order: list.New()}
}

// get gives a picture that is kept, or lets it be made.
func (p *pictures) get(ctx context.Context, key string, produce func(context.Context) ([]byte, error)) ([]byte, error) {
	if jpeg, ok := p.find(key); ok {
		return jpeg, nil
	}
	jpeg, err := produce(ctx)
	if err != nil {
		return nil, err
	}
	p.keep(key, jpeg)
	return jpeg, nil
}

func (p *pictures) find(key string) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.byKey[key]
	if !ok {
		return nil, false
	}
	p.order.MoveToFront(e)
	return e.Value.(picture).jpeg, true
}

func (p *pictures) keep(key string, jpeg []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.byKey[key]; there || len(jpeg) > maxPictures/4 {
		return
	}
	p.byKey[key] = p.order.PushFront(picture{key, jpeg})
	p.bytes += len(jpeg)
	for p.bytes > maxPictures {
		last := p.order.Back()
		old := p.order.Remove(last).(picture)
		delete(p.byKey, old.key)
		p.bytes -= len(old.jpeg)
	}
}
