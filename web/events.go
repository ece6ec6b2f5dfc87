package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"blattwerk/web/access"
)

// events tells the browser what happens to letters (server-sent events). Each
// event is the progress of one document that the person may see; the page fetches
// the rest.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	flusher := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass it on at once
	news := s.Watch(r.Context())
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	only := r.URL.Query().Get("doc")
	fmt.Fprint(w, "retry: 2000\n\n")
	if flusher.Flush() != nil {
		return
	}
	for {
		select {
		case p, ok := <-news:
			if !ok {
				return
			}
			if only != "" && only != string(p.Doc) {
				continue
			}
			if may, err := s.sees(r.Context(), p.Doc); err != nil {
				return
			} else if !may {
				continue
			}
			raw, err := json.Marshal(p)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "data: %s\n\n", raw)
		case <-beat.C:
			// Who signed out or lost a right meanwhile is told no more.
			if p, err := s.door.whoIs(r); err != nil || !p.Same(access.From(r.Context())) {
				return
			}
			fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		}
		if flusher.Flush() != nil {
			return
		}
	}
}
