package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// person is somebody whose pages are walked.
type person struct {
	login, name, role string
	more              []string // further flags of `account add`
	also              []string // pages that no link leads to
	did               []deed   // what the person did before the pictures
}

// persons are in the order in which pages are theirs first; the mailroom's way is
// the longest.
var persons = []person{
	{login: "poststelle", name: "Eva Lorenz", role: "mailroom"},
	{login: "ordnungsamt", name: "Jens Ott", role: "department", more: []string{"--department", "20,22,32,63"},
		also: []string{"/letters?q=Einspruch"}, did: department},
	{login: "umwelt", name: "Nadja Weiss", role: "sustainability", did: sustainability},
	{login: "pruefung", name: "Ruth Adler", role: "auditor", also: []string{"/nowhere"}},
	{login: "verwaltung", name: "Tarek Aziz", role: "administrator"},
}

func main() {
	out := flag.String("out", "docs/screens", "folder for the pictures")
	program := flag.String("program", "bin/blattwerk", "the program to show")
	limit := flag.Duration("limit", 30*time.Minute, "most time for all of it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := run(ctx, *out, *program); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, program string) (err error) {
	top, err := root()
	if err != nil {
		return err
	}
	if !filepath.IsAbs(program) {
		program = filepath.Join(top, program)
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(top, out)
	}
	data, err := os.MkdirTemp("", "blattwerk-screens-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	samples := filepath.Join(top, "testdata", "letters")
	pile, err := stack(ctx, program, samples, data)
	if err != nil {
		return err
	}
	sealed, err := protected(ctx, samples, data)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	h, err := open(ctx, program, samples, data)
	if err != nil {
		stop()
		return err
	}
	defer func() { stop(); _ = h.cmd.Wait() }()
	c, err := newCamera(ctx, h.url, out, filepath.Join(top, ".cache", "tools", "axe.min.js"))
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.look("stranger", "/setup"); err != nil {
		return err
	}
	var sessions []*http.Cookie
	for _, p := range persons {
		session, err := h.person(ctx, p)
		if err != nil {
			return err
		}
		sessions = append(sessions, session)
	}
	if err := c.look("stranger", "/login"); err != nil {
		return err
	}
	for i, p := range persons {
		for _, d := range p.did {
			// The mailroom may ask how far letters are; whoever does something needs them there.
			if err := h.settled(ctx, sessions[0]); err != nil {
				return err
			}
			if err := d(ctx, h, sessions[i], sessions[0]); err != nil {
				return fmt.Errorf("what %s does: %w", p.login, err)
			}
		}
	}
	if err := h.settled(ctx, sessions[0]); err != nil {
		return err
	}
	locked, err := h.deliverFile(ctx, sessions[0], sealed)
	if err != nil {
		return err
	}
	if _, err := h.deliverFile(ctx, sessions[0], pile); err != nil {
		return err
	}
	if err := h.settled(ctx, sessions[0]); err != nil {
		return err
	}
	for i, p := range persons {
		if i == 0 { // where the file waits for its password
			p.also = append(slices.Clone(p.also), "/review?letter="+locked)
		}
		if err := c.walk(p, sessions[i]); err != nil {
			return err
		}
	}
	return c.report()
}
