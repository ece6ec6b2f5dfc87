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
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
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
	Books   Books
	Ready   func(ctx context.Context) error
	// Picture makes a JPEG of page no of a letter, width pixels across;
	// [catalog.ErrUnknown] where there is no such page, or none to be shown.
	Picture func(ctx context.Context, doc pipeline.Document, no, width int) ([]byte, error)

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

// server holds what the handlers share; but for what it remembers of pictures, it
// does not change after New.
type server struct {
	Config
	types    map[pipeline.TypeCode]TypeInfo
	pages    pages
	pictures *pictures
	looks    *looks
}

// New makes the handler of all pages and of the API.
func New(cfg Config) http.Handler {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 512 << 20
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	s := &server{Config: cfg, types: map[pipeline.TypeCode]TypeInfo{}, pages: loadPages(cfg.Zone), pictures: newPictures(), looks: &looks{}}
	for _, t := range cfg.Types {
		s.types[t.Code] = t
	}
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.pattern, s.grant(rt))
	}
	files, _ := fs.Sub(static, "static") // the folder is embedded above
	mux.Handle("GET /static/", http.StripPrefix("/static/", cached(http.FileServerFS(files))))
	mux.HandleFunc("/", s.notFound)
	guarded := http.NewCrossOriginProtection().Handler(s.admit(mux))
	open := http.NewServeMux()
	open.HandleFunc("GET /api/v1/health", s.health) // for machines that watch; tells nothing but yes or no
	open.Handle("/", guarded)
	return headers(open)
}

// route is an address, what people do there, and what answers. A route without an
// action is granted to nobody.
type route struct {
	pattern string
	action  access.Action
	serve   http.HandlerFunc
}

// routes is every address there is but the style and script of the pages. Each
// desk has a list of its own in its own file.
func (s *server) routes() []route {
	return slices.Concat(s.pageRoutes(), s.pageImageRoutes(), s.apiRoutes(), s.savingsRoutes())
}

func (s *server) pageRoutes() []route {
	return []route{
		{"GET /{$}", access.Hand, s.home},
		{"POST /{$}", access.Hand, s.uploadForm},
		{"GET /letters", access.Find, s.letters},
		{"GET /letters/{id}", access.Find, s.letter},
		{"GET /letters/{id}/pdf", access.Find, s.file("pdfa")},
		{"GET /letters/{id}/original", access.Find, s.file("original")},
		{"GET /letters/{id}/text", access.Find, s.file("text")},
		{"POST /letters/{id}/filing", access.Sort, s.decideForm},
		{"POST /letters/{id}/retry", access.Sort, s.retryForm},
		{"GET /review", access.Sort, s.review},
		{"GET /help", access.Enter, s.help},
	}
}

func (s *server) apiRoutes() []route {
	return []route{
		{"POST /api/v1/deliveries", access.Hand, s.apiDeliver},
		{"GET /api/v1/documents", access.Find, s.apiList},
		{"GET /api/v1/documents/{id}", access.Find, s.apiGet},
		{"POST /api/v1/documents/{id}/filing", access.Sort, s.apiDecide},
		{"POST /api/v1/documents/{id}/retry", access.Sort, s.apiRetry},
		{"GET /api/v1/search", access.Find, s.apiSearch},
		{"GET /api/v1/status", access.Hand, s.apiStatus},
		{"GET /api/v1/events", access.Hand, s.events},
	}
}

// grant lets only those through who may do what the route is for.
func (s *server) grant(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !access.From(r.Context()).May(rt.action) {
			s.refuse(w, r)
			return
		}
		rt.serve(w, r)
	}
}

// refuse answers whoever lacks a right as if the address did not exist.
func (s *server) refuse(w http.ResponseWriter, r *http.Request) { s.notFound(w, r) }

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

// actor is the account that makes a request.
func actor(r *http.Request) string { return access.From(r.Context()).Account }

// commandLine is the actor of requests that carry the token of this machine.
const commandLine = "command line"

// admit lets in who may: the command line by its token, people by the password,
// and, where there is none, who sits at this machine.
func (s *server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, ok := s.whoIs(r)
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
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), person)))
	})
}

func (s *server) whoIs(r *http.Request) (access.Person, bool) {
	person := access.Person{Account: "local", Everything: true}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		person.Account = commandLine
		return person, s.Token != "" && same(token, s.Token)
	}
	if s.Password != "" {
		name, password, ok := r.BasicAuth()
		person.Account = name
		return person, ok && name != "" && same(password, s.Password)
	}
	return person, isLoopback(r.Host)
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
