package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// Rows is what the pages need of the catalogue.
type Rows interface {
	Get(ctx context.Context, id pipeline.DocID) (catalog.Entry, error)
	List(ctx context.Context, f catalog.Filter) ([]catalog.Entry, catalog.Cursor, error)
	Search(ctx context.Context, q catalog.Query) (catalog.Hits, error)
	Counts(ctx context.Context) (catalog.Counts, error)
	History(ctx context.Context, id pipeline.DocID) ([]catalog.Event, error)
	Decide(ctx context.Context, id pipeline.DocID, d catalog.Decision, resume pipeline.StepName) (catalog.Bell, error)
	Retry(ctx context.Context, id pipeline.DocID, from pipeline.StepName, by string) (catalog.Bell, error)
	Log(ctx context.Context, e catalog.Event) error
}

// Config is what the pages need. All functions are required.
type Config struct {
	Rows    Rows
	Blobs   pipeline.Blobs
	Archive func(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error)
	Intake  func(ctx context.Context, d pipeline.Delivery, r io.Reader) (catalog.Receipt, error)
	Ring    func(ctx context.Context, b catalog.Bell) error
	Watch   func(ctx context.Context) <-chan pipeline.Progress
	Types   []TypeInfo
	Labels  map[string]pipeline.Message // names of fields for people
	Apply   func(doc pipeline.Document, code pipeline.TypeCode, by string) (pipeline.Filing, error)
	Report  func(ctx context.Context, from, to time.Time, by string) (SavingsView, error)
	Ready   func(ctx context.Context) error

	Resume   pipeline.StepName // where a letter goes on after a person's decision
	Restart  pipeline.StepName // where a letter starts again on "try again"
	Language string            // languages to read where the sender says nothing
	Zone     *time.Location    // of times on the pages; nil is UTC
	Password string            // "" serves the loopback only
	Token    string            // lets the command line of this machine in; "" lets none in
	MaxBytes int64             // largest delivery; 0 is 512 MiB
	Version  string
	Log      *slog.Logger
}

// TypeInfo is a document type to choose from.
type TypeInfo struct {
	Code           pipeline.TypeCode
	Name           string
	Department     pipeline.DeptID
	DepartmentName string
}

//go:embed static
var static embed.FS

// server holds what the handlers share; it does not change after New.
type server struct {
	Config
	types map[pipeline.TypeCode]TypeInfo
	pages pages
}

// New makes the handler of all pages and of the API.
func New(cfg Config) http.Handler {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 512 << 20
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	s := &server{Config: cfg, types: map[pipeline.TypeCode]TypeInfo{}, pages: loadPages(cfg.Zone)}
	for _, t := range cfg.Types {
		s.types[t.Code] = t
	}
	mux := http.NewServeMux()
	s.routes(mux)
	guarded := http.NewCrossOriginProtection().Handler(s.admit(mux))
	open := http.NewServeMux()
	open.HandleFunc("GET /api/v1/health", s.health) // for machines that watch; tells nothing but yes or no
	open.Handle("/", guarded)
	return headers(open)
}

func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /{$}", s.uploadForm)
	mux.HandleFunc("GET /letters", s.letters)
	mux.HandleFunc("GET /letters/{id}", s.letter)
	mux.HandleFunc("GET /letters/{id}/pdf", s.file("pdfa"))
	mux.HandleFunc("GET /letters/{id}/original", s.file("original"))
	mux.HandleFunc("GET /letters/{id}/text", s.file("text"))
	mux.HandleFunc("POST /letters/{id}/filing", s.decideForm)
	mux.HandleFunc("POST /letters/{id}/retry", s.retryForm)
	mux.HandleFunc("GET /review", s.review)
	mux.HandleFunc("GET /savings", s.savings)
	mux.HandleFunc("GET /help", s.help)

	mux.HandleFunc("POST /api/v1/deliveries", s.apiDeliver)
	mux.HandleFunc("GET /api/v1/documents", s.apiList)
	mux.HandleFunc("GET /api/v1/documents/{id}", s.apiGet)
	mux.HandleFunc("POST /api/v1/documents/{id}/filing", s.apiDecide)
	mux.HandleFunc("POST /api/v1/documents/{id}/retry", s.apiRetry)
	mux.HandleFunc("GET /api/v1/search", s.apiSearch)
	mux.HandleFunc("GET /api/v1/savings", s.apiSavings)
	mux.HandleFunc("GET /api/v1/status", s.apiStatus)
	mux.HandleFunc("GET /api/v1/events", s.events)

	files, _ := fs.Sub(static, "static") // the folder is embedded above
	mux.Handle("GET /static/", http.StripPrefix("/static/", cached(http.FileServerFS(files))))
	mux.HandleFunc("/", s.notFound)
}

// cached lets browsers keep style and script for a while: they hold nothing
// about anybody.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// policy keeps the page to itself: nothing from elsewhere, nothing inline. The
// PDF is shown in a frame of our own.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

type actorKey struct{}

// actor is the account that makes a request.
func actor(r *http.Request) string {
	name, _ := r.Context().Value(actorKey{}).(string)
	return name
}

// commandLine is the actor of requests that carry the token of this machine.
const commandLine = "command line"

// admit lets in who may: the command line by its token, people by the password,
// and, where there is none, who sits at this machine.
func (s *server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := s.whoIs(r)
		if !ok {
			if s.Password != "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="Blattwerk", charset="UTF-8"`)
				time.Sleep(300 * time.Millisecond) // slows guessing down
				http.Error(w, "Bitte mit Namen und Passwort anmelden. / Please sign in with name and password.", http.StatusUnauthorized)
				return
			}
			http.Error(w, "Diese Seite antwortet nur auf diesem Rechner. / This page answers on this machine only.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, name)))
	})
}

func (s *server) whoIs(r *http.Request) (string, bool) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return commandLine, s.Token != "" && same(token, s.Token)
	}
	if s.Password != "" {
		name, password, ok := r.BasicAuth()
		return name, ok && name != "" && same(password, s.Password)
	}
	return "local", isLoopback(r.Host)
}

// same compares without telling by its time where the difference is.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Log.WarnContext(ctx, "not ready", slog.Any("error", err))
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}

// seen writes into the evidence log who looked at what.
func (s *server) seen(r *http.Request, kind string, id pipeline.DocID) error {
	return s.Rows.Log(r.Context(), catalog.Event{Kind: kind, Doc: id, Actor: actor(r)})
}
