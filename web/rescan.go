package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// rescanRoutes is where a sheet that was scanned again is handed in, while the
// paper is still in the clerk's hand.
func (s *server) rescanRoutes() []route {
	return []route{
		{"GET /letters/{id}/pages/{no}/rescan", access.Sort, s.rescan},
		{"POST /letters/{id}/pages/{no}/rescan", access.Sort, s.rescanForm},
		{"POST /api/v1/documents/{id}/pages/{no}/rescan", access.Sort, s.apiRescan},
		{"POST /api/v1/documents/{id}/pages/undo", access.Sort, s.apiUndoArrange},
	}
}

type rescanPage struct {
	frame
	ID      pipeline.DocID
	Journal string
	Sheet   stackSheet
	Open    bool // its pages may be changed
	Seen    string
	Wrong   *pipeline.Message // why the last file was not taken
}

// rescan shows a page with what is wrong with its scan, and asks for a better one.
func (s *server) rescan(w http.ResponseWriter, r *http.Request) {
	s.showRescan(w, r, http.StatusOK, nil)
}

func (s *server) showRescan(w http.ResponseWriter, r *http.Request, status int, wrong *pipeline.Message) {
	e, no, err := s.pageOf(r)
	if err == nil {
		err = s.seenLately(r, e.Document.ID)
	}
	var letters []catalog.Entry
	if err == nil {
		letters, err = s.Rows.Letters(r.Context(), e.Document.Delivery.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showStatus(w, r, status, "rescan", rescanPage{
		frame: s.frame(r, "rescan.title"), ID: e.Document.ID, Journal: e.Document.Delivery.Journal, Sheet: sheetOf(e.Document, no),
		Open: arrangeable(e), Seen: seenStack(letters), Wrong: wrong,
	})
}

// pageOf is the letter and the page of it that a request names.
func (s *server) pageOf(r *http.Request) (catalog.Entry, int, error) {
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		return e, 0, err
	}
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil || !slices.ContainsFunc(slices.Concat(e.Document.Pages, e.Document.Aside), func(p pipeline.Page) bool { return p.No == no }) {
		return e, 0, catalog.ErrUnknown
	}
	return e, no, nil
}

// rescanForm takes the better scan and shows the stack again, with the way back.
func (s *server) rescanForm(w http.ResponseWriter, r *http.Request) {
	e, no, err := s.pageOf(r)
	var done catalog.Rearrangement
	if err == nil {
		done, err = s.replacePage(r, e, no)
	}
	if err != nil && !isUnknown(err) {
		fault := arrangeFault(err)
		if f := pipeline.AsFault(fault); f.Verdict == pipeline.GiveBack {
			s.logFailure(r, statusOf(fault), fault)
			s.showRescan(w, r, statusOf(fault), &f.Text)
			return
		}
		err = fault
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q := url.Values{"undo": {done.Undo}, "did": {"rescan"}}
	http.Redirect(w, r, "/letters/"+string(e.Document.ID)+"/pages?"+q.Encode()+"#page-"+strconv.Itoa(no), http.StatusSeeOther)
}

// replacePage gives page no of a letter the picture of the file in the request: a
// form's, or the body itself.
func (s *server) replacePage(r *http.Request, e catalog.Entry, no int) (catalog.Rearrangement, error) {
	if !arrangeable(e) { // before anything is taken in: it would not be used
		return catalog.Rearrangement{}, catalog.ErrKept
	}
	seen, name, body, err := oneFile(r)
	if err != nil {
		return catalog.Rearrangement{}, err
	}
	letters, err := s.Rows.Letters(r.Context(), e.Document.Delivery.ID)
	if err != nil {
		return catalog.Rearrangement{}, err
	}
	if seen != "" && seen != seenStack(letters) {
		return catalog.Rearrangement{}, catalog.ErrStale
	}
	scan, err := s.Rescan(r.Context(), e.Document.Delivery, name, &limited{r: body, left: s.MaxBytes})
	if err != nil {
		return catalog.Rearrangement{}, err
	}
	l := catalog.Letter{Doc: e.Document.ID, Gen: e.Gen, Pages: refs(e.Document)}
	for i := range l.Pages {
		if l.Pages[i].No == no {
			l.Pages[i].Scan = &scan
		}
	}
	done, err := s.Rows.Rearrange(r.Context(), actor(r), []catalog.Letter{l}, s.Arranged)
	if err == nil {
		s.ringAll(r, done.Bells)
	}
	return done, err
}

func (s *server) ringAll(r *http.Request, bells []catalog.Bell) {
	for _, bell := range bells {
		_ = s.ring(r, bell)
	}
}

// oneFile is the only file of a request, as a stream, and how the stack looked to
// the person, where a form tells.
func oneFile(r *http.Request) (seen, name string, body io.Reader, err error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "multipart/form-data" {
		return "", r.URL.Query().Get("name"), r.Body, nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return "", "", nil, badFile("not a form with a file", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", "", nil, unclear("Bitte wählen Sie die Datei mit dem neuen Scan aus.", "Please choose the file with the new scan.")
		}
		if err != nil {
			return "", "", nil, badFile("the form breaks off", err)
		}
		switch {
		case part.FormName() == "seen": // stands before the file
			value, err := io.ReadAll(io.LimitReader(part, 256))
			if err != nil {
				return "", "", nil, badFile("the form breaks off", err)
			}
			seen = string(value)
		case part.FormName() == "file" && part.FileName() != "":
			return seen, part.FileName(), part, nil
		}
	}
}

// rescanned is a letter with a page that was scanned again, for programs.
type rescanned struct {
	Letter Letter `json:"letter"`
	Undo   string `json:"undo"` // takes it back, while the letter is not archived
}

func (s *server) apiRescan(w http.ResponseWriter, r *http.Request) {
	e, no, err := s.pageOf(r)
	var done catalog.Rearrangement
	if err == nil {
		done, err = s.replacePage(r, e, no)
	}
	if err == nil {
		e, err = s.Rows.Get(r.Context(), e.Document.ID)
	}
	if err != nil {
		s.problem(w, r, arrangeFault(err))
		return
	}
	answer(w, http.StatusOK, rescanned{LetterOf(e), done.Undo})
}

// apiUndoArrange takes back what was done to pages last.
func (s *server) apiUndoArrange(w http.ResponseWriter, r *http.Request) {
	_, err := s.Rows.Get(r.Context(), docID(r))
	if err == nil {
		err = s.undoArrange(r, r.URL.Query().Get("undo"))
	}
	if err != nil {
		s.problem(w, r, arrangeFault(err))
		return
	}
	s.apiGet(w, r)
}

func (s *server) undoArrange(r *http.Request, undo string) error {
	bells, err := s.Rows.UndoRearrange(r.Context(), actor(r), undo)
	if err == nil {
		s.ringAll(r, bells)
	}
	return err
}
