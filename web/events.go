package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// events tells the browser what happens to letters (server-sent events). Each
// event is the progress of one document; the page fetches the rest.
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
			raw, err := json.Marshal(p)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "data: %s\n\n", raw)
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		}
		if flusher.Flush() != nil {
			return
		}
	}
}
