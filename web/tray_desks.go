package web

import (
	"sync"
	"time"

	"blattwerk/pipeline"
)

// desks remembers which letter of the tray lies on whose screen, so that two
// people do not settle the same one. It is a courtesy, not a lock: what counts is
// whose decision the catalogue takes first.
type desks struct {
	mu   sync.Mutex
	held map[pipeline.DocID]desk
}

type desk struct {
	who   string
	until time.Time
}

// onDesk is how long a letter lies on a screen before others get it.
const onDesk = 2 * time.Minute

// take lays a letter on somebody's screen, unless it lies on another's.
func (d *desks) take(id pipeline.DocID, who string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if have, ok := d.held[id]; ok && have.who != who && now.Before(have.until) {
		return false
	}
	if d.held == nil || len(d.held) > maxLooks {
		d.held = map[pipeline.DocID]desk{}
	}
	d.held[id] = desk{who, now.Add(onDesk)}
	return true
}

func (d *desks) leave(id pipeline.DocID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, id)
}
