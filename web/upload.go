package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// take takes one delivery in and shows what it became. q is the fields of a
// form or of the address: language, mode, paper, and, from the command line, source
// and device.
func (s *server) take(ctx context.Context, r *http.Request, q url.Values, name string, body io.Reader) (Letter, error) {
	d := pipeline.Delivery{
		Name: name, Source: "upload", Operator: actor(r),
		Language: cmp.Or(q.Get("language"), s.Language), Mode: pipeline.Mode(cmp.Or(q.Get("mode"), string(pipeline.ModeSkip))),
	}
	paper, err := pipeline.ParsePaper(strings.Join(q["paper"], ","))
	if err != nil {
		return Letter{}, badRequest(err.Error(), nil)
	}
	d.Paper = paper
	if actor(r) == commandLine {
		d.Source, d.Device = cmp.Or(q.Get("source"), "cli"), q.Get("device")
	}
	receipt, err := s.Intake(ctx, d, &limited{r: body, left: s.MaxBytes})
	if err != nil {
		return Letter{}, err
	}
	e, err := s.Rows.Get(ctx, receipt.Document.ID)
	if errors.Is(err, catalog.ErrUnknown) {
		// It was accepted, but who handed it in may not see it, or not yet. Whether the
		// same bytes were here before is not for them to know either: a receipt says
		// what was handed in, and the same in both cases.
		return Letter{Name: name, State: pipeline.Working}, nil
	}
	if err != nil {
		return Letter{}, err
	}
	l := LetterOf(e)
	if receipt.Duplicate {
		l.DuplicateOf = receipt.Of
	}
	return l, nil
}

// limited ends with a fault where a delivery is too large. A limit that only cut
// would accept half a letter.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "too-large", Text: pipeline.Message{
			DE: "Die Datei ist größer als erlaubt. Bitte den Stapel teilen.",
			EN: "The file is larger than allowed. Please divide the stack.",
		}}
	}
	return n, err
}

// apiDeliver takes deliveries: each file of a form, or the body itself.
func (s *server) apiDeliver(w http.ResponseWriter, r *http.Request) {
	letters, err := s.takeAll(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if len(letters) == 1 {
		answer(w, http.StatusCreated, letters[0])
		return
	}
	answer(w, http.StatusCreated, letters)
}

// takeAll reads the request as a stream: no file is held in memory.
func (s *server) takeAll(r *http.Request) ([]Letter, error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		l, err := s.take(r.Context(), r, r.URL.Query(), r.URL.Query().Get("name"), r.Body)
		return []Letter{l}, err
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, badFile("not a form with files", err)
	}
	var letters []Letter
	told := r.URL.Query()
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return letters, badFile("the form breaks off", err)
		}
		if part.FormName() != "file" { // what is said about the files stands before them
			value, err := io.ReadAll(io.LimitReader(part, 256))
			if err != nil {
				return letters, badFile("the form breaks off", err)
			}
			switch part.FormName() {
			case "language", "mode":
				told.Set(part.FormName(), string(value))
			case "paper":
				told.Add("paper", string(value)) // boxes that may all be ticked
			}
			continue
		}
		if part.FileName() == "" {
			continue
		}
		l, err := s.take(r.Context(), r, told, part.FileName(), part)
		if err != nil {
			return letters, err
		}
		letters = append(letters, l)
	}
	if len(letters) == 0 {
		return nil, unclearAt("file", "Bitte wählen Sie mindestens eine Datei aus.", "Please choose a file at least.")
	}
	return letters, nil
}

// badRequest is a request that no page of ours sends; what tells programmers why.
func badRequest(what string, err error) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-request", Err: err, Text: pipeline.Message{
		DE: "Diese Anfrage ist so nicht zu verstehen.",
		EN: "This request cannot be understood: " + what + ".",
	}}
}

// badFile is a request whose file did not come in whole.
func badFile(what string, err error) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-request", Err: err, Text: pipeline.Message{
		DE: "Diese Anfrage enthält keine vollständige Datei.",
		EN: "This request holds no complete file: " + what + ".",
	}}
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the other side may be gone
}

// statusOf gives an error its HTTP status.
func statusOf(err error) int {
	switch f := pipeline.AsFault(err); {
	case isUnknown(err):
		return http.StatusNotFound
	case errors.Is(err, catalog.ErrNotWaiting), errors.Is(err, catalog.ErrWentOn), errors.Is(err, catalog.ErrDeedGone):
		return http.StatusConflict
	case errors.Is(err, catalog.ErrPlace):
		return http.StatusBadRequest
	case f.Code == "sign-in":
		return http.StatusUnauthorized
	case f.Code == "set-up", f.Code == "cross-site":
		return http.StatusForbidden
	case f.Code == "too-many":
		return http.StatusTooManyRequests
	case f.Code == "too-large":
		return http.StatusRequestEntityTooLarge
	case f.Code == "bad-request":
		return http.StatusBadRequest
	case f.Code == "disk-full":
		return http.StatusInsufficientStorage
	case f.Code == "internal":
		return http.StatusInternalServerError
	case f.Verdict == pipeline.TryAgain:
		return http.StatusServiceUnavailable
	default:
		return http.StatusUnprocessableEntity
	}
}

// isUnknown says that what was asked for is not there, or must not be known to
// be.
func isUnknown(err error) bool {
	return errors.Is(err, catalog.ErrUnknown) || errors.Is(err, catalog.ErrNoAccount) ||
		errors.Is(err, catalog.ErrNoSession) || errors.Is(err, catalog.ErrNoToken)
}

// textOf is what a person is told about an error.
func textOf(err error) pipeline.Message {
	switch {
	case isUnknown(err):
		return pipeline.Message{DE: "Das gibt es hier nicht, oder Ihr Konto darf es nicht sehen.", EN: "There is no such thing here, or your account may not see it."}
	case errors.Is(err, catalog.ErrWentOn):
		return pipeline.Message{
			DE: "Zu spät zum Zurücknehmen: Der Brief ist schon weitergegangen.",
			EN: "Too late to take it back: the letter has gone on.",
		}
	case errors.Is(err, catalog.ErrDeedGone):
		return pipeline.Message{
			DE: "Das lässt sich nicht mehr zurücknehmen: Es ist zu lange her, schon zurückgenommen, oder inzwischen ist am Brief weitergearbeitet worden.",
			EN: "This cannot be taken back any more: it is too long ago, taken back already, or the letter was worked on since.",
		}
	case errors.Is(err, catalog.ErrNotWaiting):
		return pipeline.Message{
			DE: "Über diesen Brief ist gerade nichts zu entscheiden; vielleicht war jemand schneller.",
			EN: "There is nothing to decide about this letter now; perhaps somebody was faster.",
		}
	}
	if errors.Is(err, catalog.ErrPlace) {
		return pipeline.Message{DE: "Diese Stelle gibt es in der Liste nicht.", EN: "There is no such place in the list."}
	}
	return pipeline.AsFault(err).Text
}

// codeOf names an error for programs.
func codeOf(err error) string {
	switch {
	case isUnknown(err):
		return "unknown"
	case errors.Is(err, catalog.ErrNotWaiting):
		return "not-waiting"
	case errors.Is(err, catalog.ErrDeedGone):
		return "too-late"
	case errors.Is(err, catalog.ErrPlace):
		return "bad-request"
	}
	return pipeline.AsFault(err).Code
}

// problem answers the API with an error.
func (s *server) problem(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	s.logFailure(r, status, err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: codeOf(err), Text: textOf(err),
	})
}

// logFailure writes what went wrong on our side, without names from letters: the
// pattern of the route, not the path, and no query.
func (s *server) logFailure(r *http.Request, status int, err error) {
	level := slog.LevelDebug
	if status >= 500 && r.Context().Err() == nil { // who is gone already left in the middle, which is no fault
		level = slog.LevelError
	}
	_, pattern, _ := strings.Cut(r.Pattern, " ")
	s.Log.Log(r.Context(), level, "request failed", slog.String("method", r.Method), slog.String("route", pattern),
		slog.Int("status", status), slog.Any("error", err))
}
