package web

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// Rows is what the pages need of the catalogue.
type Rows interface {
	deskRows
	accountRows
	Find(ctx context.Context, id pipeline.DocID, f catalog.Filter) (catalog.Entry, error)
	CountsOf(ctx context.Context, f catalog.Filter) (catalog.Counts, error)
	Get(ctx context.Context, id pipeline.DocID) (catalog.Entry, error)
	List(ctx context.Context, f catalog.Filter) ([]catalog.Entry, catalog.Cursor, error)
	Search(ctx context.Context, q catalog.Query) (catalog.Hits, error)
	News(ctx context.Context, queries []catalog.Query) ([]catalog.Hits, error)
	Counts(ctx context.Context) (catalog.Counts, error)
	History(ctx context.Context, id pipeline.DocID) ([]catalog.Event, error)
	Decide(ctx context.Context, id pipeline.DocID, d catalog.Decision, resume pipeline.StepName) (catalog.Bell, error)
	Retry(ctx context.Context, id pipeline.DocID, from pipeline.StepName, by string) (catalog.Bell, error)
	Unlock(ctx context.Context, id pipeline.DocID, gen int, unlocked pipeline.Blob, from pipeline.StepName, by string) (catalog.Bell, error)
	Log(ctx context.Context, e catalog.Event) error
	Journal(ctx context.Context, year, after, limit int) ([]catalog.Entry, int, error)
	trayRows
	stackRows
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
	Inlets  func() []Inlet // how the ways in stand by which letters come of themselves; nil is none
	// Questions are what a person has to settle about a waiting letter, best first.
	Questions func(doc pipeline.Document, fault *pipeline.Fault) []pipeline.Question
	// Languages are those that can be read, in tesseract's notation.
	Languages func(ctx context.Context) ([]string, error)
	// Sheets writes cover sheets, separator sheets or labels as PDF.
	Sheets func(w io.Writer, o SheetOrder) error
	// Picture makes a JPEG of page no of a letter, width pixels across;
	// [catalog.ErrUnknown] where there is no such page, or none to be shown.
	Picture func(ctx context.Context, doc pipeline.Document, no, width int) ([]byte, error)

	// Unlock keeps a copy of an encrypted letter that opens without its password,
	// which is kept nowhere; its fault "wrong-password" is for the person.
	Unlock func(ctx context.Context, doc pipeline.Document, password string) (pipeline.Blob, error)

	// Rescan opens a file that was handed in for one page of a delivery, and keeps it.
	Rescan func(ctx context.Context, of pipeline.Delivery, name string, r io.Reader) (catalog.Scan, error)
	// Words gives the words of a letter's pages, in the order of its pages; a page
	// without any is empty.
	Words func(ctx context.Context, doc pipeline.Document) ([]pipeline.PageText, error)
	// Amend keeps beside the archive that a letter was handed on, or that this was
	// taken back. What else people do with letters it is told by upkeep.
	Amend func(ctx context.Context, doc pipeline.Document, d catalog.Deed) error

	Resume   pipeline.StepName // where a letter goes on after a person's decision
	Arranged pipeline.StepName // where a letter goes on after a person arranged its pages
	Restart  pipeline.StepName // where a letter starts again on "try again"
	Language string            // languages to read where the sender says nothing
	Zone     *time.Location    // of times on the pages; nil is UTC
	Password string            // one for all, until there is an account; "" serves the loopback only
	Token    string            // lets the command line of this machine in; "" lets none in
	Access   Access            // how people sign in; the zero value will do
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
// does not change after New. Its Rows are guarded: they show a request only what
// its person may see.
type server struct {
	Config
	types    map[pipeline.TypeCode]TypeInfo
	pages    pages
	pictures *pictures
	looks    *looks
	news     *news
	door     *door
	desks    *desks
}

// New makes the handler of all pages and of the API.
func New(cfg Config) http.Handler {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 512 << 20
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	cfg.Access = cfg.Access.complete()
	s := &server{
		Config: cfg, types: map[pipeline.TypeCode]TypeInfo{}, pages: loadPages(cfg.Zone), pictures: newPictures(), looks: &looks{}, news: &news{},
		door: newDoor(cfg), desks: &desks{},
	}
	s.Rows = guard{cfg.Rows, cfg.Access.Clock}
	for _, t := range cfg.Types {
		s.types[t.Code] = t
	}
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.pattern, s.grant(rt))
	}
	mux.HandleFunc("/", s.grant(route{"/", access.Enter, s.notFound}))
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(s.foreign))
	guarded := own.Handler(s.door.remember(s.admit(mux)))
	open := http.NewServeMux()
	files, _ := fs.Sub(static, "static") // the folder is embedded above
	open.Handle("GET /static/", http.StripPrefix("/static/", cached(http.FileServerFS(files))))
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
	return slices.Concat(
		s.pageRoutes(),
		s.intakeRoutes(),
		s.deskRoutes(),
		s.pageImageRoutes(),
		s.trayRoutes(),
		s.stackRoutes(),
		s.sheetRoutes(),
		s.rescanRoutes(),
		s.apiRoutes(),
		s.journalRoutes(),
		s.scannerRoutes(),
		s.signInRoutes(),
		s.accountRoutes(),
		s.savingsRoutes(),
	)
}

func (s *server) pageRoutes() []route {
	return []route{
		{"POST /letters/{id}/filing", access.Sort, s.decideForm},
		{"POST /letters/{id}/retry", access.Sort, s.retryForm},
		{"GET /help", access.Enter, s.help},
	}
}

func (s *server) apiRoutes() []route {
	return []route{
		{"POST /api/v1/deliveries", access.Hand, s.apiDeliver},
		{"GET /api/v1/documents", access.Find, s.apiList},
		{"GET /api/v1/documents/{id}", access.Find, s.apiGet},
		{"GET /api/v1/documents/{id}/pdf", access.Find, s.file("pdfa")},
		{"GET /api/v1/documents/{id}/original", access.Find, s.file("original")},
		{"GET /api/v1/documents/{id}/text", access.Find, s.file("text")},
		{"POST /api/v1/documents/{id}/filing", access.Sort, s.apiDecide},
		{"POST /api/v1/documents/{id}/retry", access.Sort, s.apiRetry},
		{"POST /api/v1/documents/{id}/password", access.Sort, s.apiPassword},
		{"GET /api/v1/search", access.Find, s.apiSearch},
		{"GET /api/v1/status", access.Hand, s.apiStatus},
		{"GET /api/v1/events", access.Hand, s.events},
		{"GET /api/v1/openapi.yaml", access.Arrive, s.apiDescription},
	}
}

// foreign refuses what another site's page sends in the name of who is signed in.
func (s *server) foreign(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "cross-site", Text: pipeline.Message{
		DE: "Diese Anfrage kommt von einer fremden Seite und wurde nicht ausgeführt.",
		EN: "This request comes from another site and was not carried out.",
	}})
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
