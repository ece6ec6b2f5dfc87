package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"blattwerk/pipeline"
)

// mistake is a form that could not be taken: what a person put into it, and what
// is wrong with that.
type mistake struct {
	form   string // its name on the page
	values url.Values
	field  string // the entry that it is about; "" is the whole form
	text   pipeline.Message
	err    error
}

type mistakeKey struct{}

// mistakeOf is what the page of a request has to show again; nil if nothing.
func mistakeOf(r *http.Request) *mistake {
	m, _ := r.Context().Value(mistakeKey{}).(*mistake)
	return m
}

// forget takes the mistake out of a context.
func forget(ctx context.Context) context.Context { return context.WithValue(ctx, mistakeKey{}, nil) }

// again shows the page on which a form stands once more, with what the person put
// in and what is wrong with it. page is its address, show what answers there; the
// person may see it if they may send the form. What is no mistake of theirs is
// told on a page of its own.
func (s *server) again(w http.ResponseWriter, r *http.Request, form, page string, show http.HandlerFunc, err error) {
	f := pipeline.AsFault(err)
	at, badAddress := url.Parse(page)
	if f.Verdict != pipeline.GiveBack || isAPI(r) || badAddress != nil {
		s.fail(w, r, err)
		return
	}
	_ = r.ParseForm() // what could be read of it is shown
	m := &mistake{form: form, values: r.Form, field: f.Field, text: f.Text, err: err}
	if !m.values.Has(m.field) {
		m.field = ""
	}
	s.logFailure(r, http.StatusUnprocessableEntity, err)
	get := r.Clone(context.WithValue(r.Context(), mistakeKey{}, m))
	get.Method, get.URL, get.Body = http.MethodGet, at, http.NoBody
	get.Form, get.PostForm, get.MultipartForm = nil, nil, nil
	show(w, get)
}

// in says whether the page is shown again for a form.
func (m *mistake) in(form string) bool { return m != nil && m.form == form }

// renderAgain makes the page of a form that could not be taken. Where the entry has
// no place for a message of its own, the form as a whole has; nil if that has none
// either.
func (m *mistake) renderAgain(p pages, name string, data any) ([]byte, error) {
	told := []byte(`id="mistake"`)
	page, err := p.render(name, data)
	if err == nil && !bytes.Contains(page, told) {
		m.field = ""
		page, err = p.render(name, data)
	}
	if err == nil && !bytes.Contains(page, told) {
		return nil, nil
	}
	return page, err
}

// Kept is what stands in an entry of a form: what the person put in, where it is
// shown again.
func (f frame) Kept(form, name, otherwise string) string {
	if f.again.in(form) {
		return f.again.values.Get(name)
	}
	return otherwise
}

// Picked says whether a box of a form is ticked, or a line of a list is chosen.
func (f frame) Picked(form, name string, value any, otherwise bool) bool {
	if f.again.in(form) {
		return slices.Contains(f.again.values[name], fmt.Sprint(value))
	}
	return otherwise
}

// Mistake is what is wrong with an entry of a form, with the form as a whole where
// name is ""; nil if nothing.
func (f frame) Mistake(form, name string) *pipeline.Message {
	if f.again.in(form) && f.again.field == name {
		return &f.again.text
	}
	return nil
}

// Wrongly says whether the page is shown again for a form.
func (f frame) Wrongly(form string) bool { return f.again.in(form) }

// Mark is how an entry says to a screen reader what describes it: help is the ids
// of what always does.
func (f frame) Mark(form, name string, help ...string) template.HTMLAttr {
	attr := ""
	if f.Mistake(form, name) != nil {
		help, attr = append(help, "mistake"), `aria-invalid="true" autofocus`
	}
	if len(help) > 0 {
		attr += ` aria-describedby="` + template.HTMLEscapeString(strings.Join(help, " ")) + `"`
	}
	return template.HTMLAttr(attr)
}
