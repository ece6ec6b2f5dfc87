package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

//go:embed templates
var templates embed.FS

//go:embed locale
var locale embed.FS

// pages are the templates by name, and the words of each language by key.
type pages struct {
	byName map[string]*template.Template
	words  words
}

// words are the texts of the pages: language, then key.
type words map[string]map[string]string

// loadPages reads what is embedded; a fault in it is a fault of the build, and
// the tests find it.
func loadPages(zone *time.Location) pages {
	p := pages{byName: map[string]*template.Template{}, words: words{}}
	for _, lang := range []string{"de", "en"} {
		texts, err := loadTexts(lang)
		if err != nil {
			panic(fmt.Sprintf("the texts in %s: %v", lang, err))
		}
		p.words[lang] = texts
	}
	names, _ := fs.Glob(templates, "templates/*.html")
	for _, file := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		if name == "frame" {
			continue
		}
		p.byName[name] = template.Must(template.New("frame.html").Funcs(p.words.funcs(zone)).
			ParseFS(templates, "templates/frame.html", "templates/parts/*.html", file))
	}
	return p
}

// loadTexts reads the texts of one language. Each desk has a file of its own; a
// key that stands in two of them is a fault.
func loadTexts(lang string) (map[string]string, error) {
	files, err := fs.Glob(locale, "locale/"+lang+"/*.json")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, file := range files {
		raw, err := locale.ReadFile(file)
		if err != nil {
			return nil, err
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for key, text := range texts {
			if _, twice := all[key]; twice {
				return nil, fmt.Errorf("%s: %s stands in another file too", file, key)
			}
			all[key] = text
		}
	}
	return all, nil
}

// text gives a text in a language; a key without one is a fault that tests find.
func (w words) text(lang, key string, args ...any) string {
	text, ok := w[lang][key]
	if !ok {
		return "[" + key + "]"
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// word gives the text of a code, such as that of an event; a code that has no text
// stays as it is.
func (w words) word(lang, stem, code string) string {
	if text, ok := w[lang][stem+code]; ok {
		return text
	}
	return code
}

// plainly gives a value that was read from a letter as people write it: days and
// amounts are kept as machines do.
func plainly(lang, value string) string {
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return day.Format("02.01.2006")
	}
	sum, isEUR := strings.CutSuffix(value, " EUR")
	whole, cents, isSum := strings.Cut(sum, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); isEUR && isSum && len(cents) == 2 && err == nil {
		return thousands(lang, strconv.FormatInt(n, 10)) + map[string]string{"de": ",", "en": "."}[lang] + cents + "\u00a0EUR"
	}
	return value
}

// besideAccounts are the pages that the one about accounts leads to.
var besideAccounts = []string{"/tokens", "/groups", "/sign-ins"}

// current says, in the words of aria-current, whether a page is the one that an
// entry of the navigation leads to ("page"), lies behind it ("true"), or neither.
func current(here, entry string) string {
	switch {
	case here == entry:
		return "page"
	case entry != "/" && strings.HasPrefix(here, entry+"/"), entry == "/accounts" && slices.Contains(besideAccounts, here):
		return "true"
	}
	return ""
}

// tongues names languages in tesseract's notation, "deu+eng"; one that has no name
// here keeps its code.
func (w words) tongues(lang, codes string) string {
	var names []string
	for code := range strings.SplitSeq(codes, "+") {
		name, ok := w[lang]["tongue."+code]
		if !ok {
			name = code
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func other(lang string) string {
	if lang == "de" {
		return "en"
	}
	return "de"
}

// funcs are the functions of the templates. t gives a text; both gives it with
// the other language beside it, marked as such for screen readers.
func (w words) funcs(zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"t": w.text,
		"both": func(lang, key string) template.HTML {
			return template.HTML(fmt.Sprintf(`%s <span class="beside" lang="%s">%s</span>`,
				template.HTMLEscapeString(w.text(lang, key)), other(lang), template.HTMLEscapeString(w.text(other(lang), key))))
		},
		"other":  other,
		"say":    func(lang string, m pipeline.Message) string { return inLang(lang, m) },
		"day":    func(t time.Time) string { return t.In(zone).Format("02.01.2006") },
		"moment": func(t time.Time) string { return t.In(zone).Format("02.01.2006, 15:04") },
		"date": func(t time.Time, days int) string { // for a date field; "" is none
			if t.IsZero() {
				return ""
			}
			return t.In(zone).AddDate(0, 0, days).Format(time.DateOnly)
		},
		"percent": percent,
		"number":  number,
		"short":   func(d pipeline.Digest) string { return string(d[:min(len(d), 16)]) },
		"mass":    mass,
		"label": func(lang, name string, labels map[string]pipeline.Message) string {
			if m, ok := labels[name]; ok {
				return inLang(lang, m)
			}
			return name
		},
		"event":   func(lang, kind string) string { return w.word(lang, "event.", kind) },
		"word":    w.word,
		"whole":   func(lang string, n int64) string { return thousands(lang, strconv.FormatInt(n, 10)) },
		"plainly": plainly,
		"current": current,
		"count":   func(n map[pipeline.State]int, s pipeline.State) int { return n[s] },
		"list":    func(v ...any) []any { return v },
		"month":   monthName,
		"figure":  figure,
		"amount":  amount,
		"amounts": amounts,
		"span": func(lang string, r pipeline.Range) string {
			if r.Low == r.High {
				return figure(lang, r.Mid)
			}
			return figure(lang, r.Low) + " … " + figure(lang, r.High)
		},
		"sub":     func(a, b int) int { return a - b },
		"lights":  func(n map[pipeline.Light]int, l any) int { return n[pipeline.Light(fmt.Sprint(l))] },
		"aslight": func(l any) pipeline.Light { return pipeline.Light(fmt.Sprint(l)) },
		"tongues": func(lang, codes string) string { return w.tongues(lang, codes) },
		"icon": func(s pipeline.State) string {
			return map[pipeline.State]string{pipeline.Archived: "✓", pipeline.Waiting: "?", pipeline.Working: "…", pipeline.Refused: "✕"}[s]
		},
	}
}

// mass writes kilograms, small ones as grams.
func mass(lang string, kg float64) string {
	if kg > -1 && kg < 1 {
		return number(lang, 1000*kg) + "\u00a0g"
	}
	return number(lang, kg) + "\u00a0kg"
}

func inLang(lang string, m pipeline.Message) string {
	if lang == "de" {
		return m.DE
	}
	return m.EN
}

// percent shows a confidence, rounded down and never as certain: a machine's guess
// is not a fact.
func percent(x float64) string {
	return fmt.Sprintf("%d\u00a0%%", min(int(100*x), 99))
}

// number writes a quantity with three digits that matter, with the decimal mark
// of the language.
func number(lang string, x float64) string {
	digits := 2
	if x >= 100 || x <= -100 {
		digits = 0
	} else if x >= 10 || x <= -10 {
		digits = 1
	}
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Trim(s, "-0.") == "" {
		s = "0"
	}
	s = strings.Replace(s, "-", "−", 1)
	if lang == "de" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return thousands(lang, s)
}

// thousands parts the whole part of a number.
func thousands(lang, s string) string {
	mark, point := ".", ","
	if lang != "de" {
		mark, point = ",", "."
	}
	whole, rest, broken := strings.Cut(s, point)
	digits := strings.TrimPrefix(whole, "−")
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(whole, digits))
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteRune(r)
	}
	if broken {
		b.WriteString(point + rest)
	}
	return b.String()
}

// language is what the person chose, or what the browser asks for; German first.
func language(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); lang == "de" || lang == "en" {
		return lang
	}
	if c, err := r.Cookie("lang"); err == nil && (c.Value == "de" || c.Value == "en") {
		return c.Value
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		switch tag := strings.ToLower(strings.TrimSpace(part)); {
		case strings.HasPrefix(tag, "de"):
			return "de"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "de"
}

// remember keeps the language that an address asks for, also where the answer
// leads on to another page.
func (d *door) remember(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lang := r.URL.Query().Get("lang"); r.Method == http.MethodGet && !isAPI(r) && (lang == "de" || lang == "en") {
			d.speak(w, r, lang)
		}
		next.ServeHTTP(w, r)
	})
}

// speak lets the browser ask for a language from now on.
func (d *door) speak(w http.ResponseWriter, r *http.Request, lang string) {
	http.SetCookie(w, d.cookie(r, "lang", lang, 365*24*time.Hour))
}

// show answers with a page; one that is shown again for a form says so by its status.
func (s *server) show(w http.ResponseWriter, r *http.Request, name string, data any) {
	m := mistakeOf(r)
	if m == nil {
		s.showStatus(w, r, http.StatusOK, name, data)
		return
	}
	page, err := m.renderAgain(s.pages, name, data)
	if err == nil && page == nil {
		s.fail(w, r.WithContext(forget(r.Context())), m.err)
		return
	}
	s.send(w, r, http.StatusUnprocessableEntity, name, page, err)
}

func (s *server) showStatus(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	page, err := s.pages.render(name, data)
	s.send(w, r, status, name, page, err)
}

// send answers with a page that was rendered whole before the first byte goes out,
// so that a page never breaks off in the middle.
func (s *server) send(w http.ResponseWriter, r *http.Request, status int, name string, page []byte, err error) {
	if err != nil {
		s.Log.ErrorContext(r.Context(), "a page cannot be made", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "Diese Seite lässt sich nicht zeigen. / This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page) // the other side may be gone
}

// render makes a page of its template.
func (p pages) render(name string, data any) ([]byte, error) {
	var page bytes.Buffer
	err := p.byName[name].Execute(&page, data)
	return page.Bytes(), err
}

// spans cuts a snippet at its marks (byte offsets, in order). Marks that do not
// fit are left out.
func spans(text string, marks []catalog.Mark) []span {
	var out []span
	at := 0
	for _, m := range marks {
		if m.From < at || m.To < m.From || m.To > len(text) {
			continue
		}
		out = append(out, span{Text: text[at:m.From]}, span{Text: text[m.From:m.To], Mark: true})
		at = m.To
	}
	return append(out, span{Text: text[at:]})
}
