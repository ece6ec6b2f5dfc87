package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// person is somebody whose pages are walked.
type person struct {
	login, name, role string
	more              []string // further flags of `account add`
	also              []string // pages that no link leads to
}

var persons = []person{
	{login: "verwaltung", name: "Tarek Aziz", role: "administrator"},
	{login: "poststelle", name: "Eva Lorenz", role: "mailroom"},
	{login: "ordnungsamt", name: "Jens Ott", role: "department", more: []string{"--department", "20,22,32,63"},
		also: []string{"/letters?q=Einspruch"}},
	{login: "umwelt", name: "Nadja Weiss", role: "sustainability"},
	{login: "pruefung", name: "Ruth Adler", role: "auditor"},
}

func main() {
	out := flag.String("out", "docs/screens", "folder for the pictures")
	program := flag.String("program", "bin/blattwerk", "the program to show")
	limit := flag.Duration("limit", 15*time.Minute, "most time for all of it")
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
	ctx, stop := context.WithCancel(ctx)
	h, err := open(ctx, program, filepath.Join(top, "testdata", "letters"), data)
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
	if err := c.stranger(); err != nil {
		return err
	}
	for i, p := range persons {
		session, err := h.person(ctx, p)
		if err != nil {
			return err
		}
		if i == 1 { // the first who may ask
			if err := h.settled(ctx, session); err != nil {
				return err
			}
		}
		if err := c.walk(p, session); err != nil {
			return err
		}
	}
	return c.report()
}
