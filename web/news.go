package web

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"blattwerk/web/access"
)

// newsFor is how long a count of new arrivals is shown before it is taken anew:
// every page shows it, and kept searches cost as much as searches do.
const newsFor = time.Minute

// news remembers by account how many letters came to its kept searches since it
// looked at them.
type news struct {
	mu     sync.Mutex
	counts map[string]newsCount
}

type newsCount struct {
	n  int
	at time.Time
}

// recent gives what was counted less than [newsFor] ago.
func (c *news) recent(account string, now time.Time) (n int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.counts[account]
	return last.n, ok && now.Sub(last.at) < newsFor
}

func (c *news) note(account string, n int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]newsCount{}
	}
	c.counts[account] = newsCount{n, now}
}

// newsOf is the number to show in the navigation. A count that cannot be taken is
// none: no page fails for it.
func (s *server) newsOf(r *http.Request) int {
	person := access.From(r.Context())
	if person.Nobody() || !person.May(access.Find) {
		return 0
	}
	if n, ok := s.news.recent(person.Account, time.Now()); ok {
		return n
	}
	rows, err := s.savedRows(r)
	if err != nil {
		s.Log.WarnContext(r.Context(), "new arrivals cannot be counted", slog.Any("error", err))
		return 0
	}
	return arrived(rows)
}

// arrived is how many letters are new in kept searches.
func arrived(rows []savedRow) (n int) {
	for _, row := range rows {
		n += row.New
	}
	return n
}
