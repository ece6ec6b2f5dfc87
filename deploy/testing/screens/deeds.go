package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stack makes a file as a scanner does from a pile of paper: three of the sample
// letters with separator sheets between. One of them waits for a decision.
func stack(ctx context.Context, program, samples, dir string) (string, error) {
	drawn, sheet, file := filepath.Join(dir, "drawn.pdf"), filepath.Join(dir, "sheet.pdf"), filepath.Join(dir, "stapel.pdf")
	letter := func(name string) string { return filepath.Join(samples, name) }
	for _, args := range [][]string{
		{program, "sheets", "separators", "--count", "1", "-o", drawn},
		{"gs", "-q", "-sDEVICE=pdfimage8", "-r200", "-o", sheet, drawn}, // printed and scanned
		{"qpdf", "--empty", "--pages", letter("08-anmeldung-meldeschein.pdf"), sheet,
			letter("17-stellungnahme-bebauungsplan.pdf"), sheet, letter("07-wohnungsgeberbestaetigung.pdf"), "--", file},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("making a stack: %s: %w: %s", args[0], err, out)
		}
	}
	return file, nil
}

// protected makes a file that opens with a password alone.
func protected(ctx context.Context, samples, dir string) (string, error) {
	file := filepath.Join(dir, "vertraulich.pdf")
	out, err := exec.CommandContext(ctx, "qpdf", "--encrypt", "offen", "offen", "256", "--",
		filepath.Join(samples, "07-wohnungsgeberbestaetigung.pdf"), file).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("making a protected file: %w: %s", err, out)
	}
	return file, nil
}

// deed is something that a person did, by the person's own session or by that of
// the mailroom.
type deed func(ctx context.Context, h *house, own, mailroom *http.Cookie) error

// department keeps a search, to which something new comes then, and works on a
// letter.
var department = []deed{
	func(ctx context.Context, h *house, own, _ *http.Cookie) error {
		return h.post(ctx, own, "/searches", url.Values{"name": {"Einsprüche"}, "query": {"q=Einspruch"}})
	},
	func(ctx context.Context, h *house, own, _ *http.Cookie) error {
		id, err := h.find(ctx, own, "Bußgeldbescheid Messbeamten")
		if err != nil {
			return err
		}
		for _, form := range []url.Values{
			{"kind": {"assign"}, "assignee": {"me"}},
			{"kind": {"due"}, "due": {time.Now().AddDate(0, 0, 14).Format(time.DateOnly)}},
			{"kind": {"note"}, "note": {"Messprotokoll beim Ordnungsdienst angefordert."}},
		} {
			if err := h.post(ctx, own, "/letters/"+id+"/deeds", form); err != nil {
				return err
			}
		}
		return nil
	},
	func(ctx context.Context, h *house, _, mailroom *http.Cookie) error {
		text := "Herbert Vogt\nMühlgasse 2\n43127 Ulmenstedt\n\nStadt Ulmenstedt\nOrdnungsamt, Bußgeldstelle\n\n" +
			"Einspruch gegen den Bußgeldbescheid vom 2. November 2026\nIhr Aktenzeichen: 32-OWI-413377/26\n\n" +
			"Sehr geehrte Damen und Herren,\n\ngegen den Bußgeldbescheid lege ich fristgerecht Einspruch ein. Den Verstoß bestreite ich.\n\nHerbert Vogt\n"
		_, err := h.deliver(ctx, mailroom, "einspruch-vogt.txt", strings.NewReader(text))
		return err
	},
}

// sustainability sets a target and files a report.
var sustainability = []deed{
	func(ctx context.Context, h *house, own, _ *http.Cookie) error {
		year := time.Now().Format("2006")
		if err := h.post(ctx, own, "/savings/baseline", url.Values{"kind": {"target"}, "from": {year}, "quantity": {"sheets"}, "value": {"1000"}, "note": {"Ratsbeschluss"}}); err != nil {
			return err
		}
		return h.post(ctx, own, "/savings/reports", url.Values{"from": {year + "-01"}, "to": {year + "-12"}, "title": {"Bericht " + year}})
	},
}

// deliverFile hands in a file of this machine.
func (h *house) deliverFile(ctx context.Context, session *http.Cookie, path string) (id string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return h.deliver(ctx, session, filepath.Base(path), file)
}

// deliver hands a file in and gives the ID of its letter.
func (h *house) deliver(ctx context.Context, session *http.Cookie, name string, file io.Reader) (id string, err error) {
	req, err := h.request(ctx, session, http.MethodPost, "/api/v1/deliveries?name="+url.QueryEscape(name), file)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var letter struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&letter); err != nil || resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("handing %s in answers %s: %w", name, resp.Status, err)
	}
	return letter.ID, nil
}

// request is one of a person who is signed in.
func (h *house) request(ctx context.Context, session *http.Cookie, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, body)
	if err != nil {
		return nil, err
	}
	req.AddCookie(session)
	return req, nil
}

// post sends a form as a person.
func (h *house) post(ctx context.Context, session *http.Cookie, path string, form url.Values) error {
	req, err := h.request(ctx, session, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	stay := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return answered(stay.Do(req))
}

func answered(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answers %s", resp.Request.URL.Path, resp.Status)
	}
	return nil
}

// find gives the ID of the letter that fits words best.
func (h *house) find(ctx context.Context, session *http.Cookie, words string) (string, error) {
	req, err := h.request(ctx, session, http.MethodGet, "/api/v1/search?q="+url.QueryEscape(words), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var found struct{ Hits []struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		return "", fmt.Errorf("reading what was found: %w", err)
	}
	if len(found.Hits) == 0 {
		return "", fmt.Errorf("nothing is found by %q", words)
	}
	return found.Hits[0].ID, nil
}
