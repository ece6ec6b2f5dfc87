package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/pipeline/route"
	"blattwerk/web"
)

func serveCommand() command {
	return command{
		name:  "serve",
		help:  [2]string{"alle Stationen und die Webseite", "all stations and the web page"},
		shown: []string{"data", "addr", "password", "language", "threshold", "readers"},
		flags: func(fs *pflag.FlagSet) {
			fs.String("samples", "", "folder with sample letters to take in on the first start")
		},
		run: serve,
	}
}

func serve(ctx context.Context, c *call) error {
	if _, _, err := net.SplitHostPort(c.set.str("addr")); err != nil {
		return exit{exitUsage, fmt.Errorf("addr: %w", err)}
	}
	lock, who, err := lockFolder(c.set.str("data"))
	if errors.Is(err, errBusy) {
		return fmt.Errorf("%s: %w %s", c.set.str("data"), err, who.URL)
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := h.openStations(h.chores()...)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.set.str("addr"))
	if err != nil {
		return fmt.Errorf("opening the address of the web page: %w", err)
	}
	url := "http://" + listener.Addr().String()
	token, err := lock.announce(url)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return c.runServer(ctx, s, listener, url, token)
}

// runServer runs stations and web page until ctx ends, then closes both in order:
// first nothing new comes in, then what is in hand is let go.
func (c *call) runServer(ctx context.Context, s *stations, listener net.Listener, url, token string) error {
	code, err := c.offerSetup(ctx, s.house)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	beltCtx, stopBelt := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBelt()
	beltDone := make(chan error, 1)
	go func() { beltDone <- s.belt.Run(beltCtx) }()

	stopInbox, err := s.watchInbox(ctx)
	if err != nil {
		stopBelt()
		return errors.Join(err, listener.Close(), ignoreCancel(<-beltDone))
	}

	stopMailbox, err := s.watchMailbox(ctx)
	if err != nil {
		stopInbox()
		stopBelt()
		return errors.Join(err, listener.Close(), ignoreCancel(<-beltDone))
	}

	server := &http.Server{
		Handler:           web.New(s.webConfig(token)),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Requests see the end of ctx, so that open event streams do not hold up the stop.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	// The first sum reads the whole ledger: better now than when somebody waits.
	go func() { _, _ = s.books.Report(ctx, pipeline.ReportQuery{}) }()
	serverDone := make(chan error, 1)
	go func() { serverDone <- server.Serve(listener) }()
	c.log.InfoContext(ctx, "serving", "url", url, "data", c.set.str("data"), "version", version)
	go c.welcome(ctx, s, url, code)

	select {
	case <-ctx.Done():
	case err = <-serverDone:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	stopInbox()
	stopMailbox()
	err = errors.Join(err, server.Shutdown(grace))
	stopBelt()
	return errors.Join(err, ignoreCancel(<-beltDone), s.checkpoint(grace))
}

// webConfig hands the web page what it needs of the house.
func (s *stations) webConfig(token string) web.Config {
	return web.Config{
		Rows:      s.rows,
		Blobs:     s.blobs,
		Archive:   s.openKept,
		Intake:    s.intake.Take,
		Ring:      s.belt.Ring,
		Watch:     s.belt.Watch,
		Types:     typeInfos(s.rooms.Classify),
		Labels:    s.rooms.Classify.Labels(),
		Apply:     s.rooms.Classify.Apply,
		Books:     s.books,
		Ready:     s.ready,
		Inlets:    s.standing,
		Picture:   s.picture,
		Unlock:    s.unlock,
		Words:     s.words,
		Rescan:    s.rescan,
		Amend:     s.amend,
		Questions: s.rooms.Classify.Questions,
		Languages: s.rooms.Show.Languages,
		Sheets:    s.printSheets,
		Resume:    route.AfterFiling,
		Restart:   route.First,
		Arranged:  route.AfterArranging,
		Language:  s.set.str("language"),
		Zone:      s.set.zone(),
		Password:  s.set.str("password"),
		Token:     token,
		Access:    s.webAccess(),
		MaxBytes:  s.set.bytes("max-bytes"),
		Version:   version,
		Log:       s.log,
	}
}

// ready says whether deliveries can be taken in.
func (h *house) ready(ctx context.Context) error {
	if err := h.rows.Ping(ctx); err != nil {
		return err
	}
	return h.room(ctx)
}

// welcome takes the sample letters in on the very first start and prints what
// became of them, then the address, and how to create the first account if there
// is none.
func (c *call) welcome(ctx context.Context, s *stations, url, code string) {
	folder, _ := c.flags.GetString("samples")
	if folder != "" {
		if err := c.takeSamples(ctx, s, folder); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "the sample letters were not taken in", "error", err)
		}
	}
	if ctx.Err() == nil {
		fmt.Fprintf(c.out, c.say("\nBlattwerk läuft: %s   (Strg+C beendet)\n", "\nBlattwerk is running: %s   (Ctrl+C stops)\n"), url)
		c.printSetup(url, code)
	}
}

func (c *call) takeSamples(ctx context.Context, s *stations, folder string) error {
	first, err := s.rows.Empty(ctx)
	if err != nil {
		return err
	}
	if !first {
		return c.printOverview(ctx, s.house)
	}
	if _, err := os.Stat(folder); err != nil {
		return err
	}
	fmt.Fprintln(c.out, c.say("Erster Start: die Beispielbriefe gehen ein …", "First start: the sample letters come in …"))
	files, err := listFiles([]string{folder})
	if err != nil {
		return err
	}
	// Beside each sample lies the text that it carries.
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".txt" })
	letters, err := c.handAll(ctx, localDesk{s}, files)
	if err != nil {
		return err
	}
	quiet := *c
	quiet.out = progressOnly{c.out}
	if err := quiet.follow(ctx, localDesk{s}, letters, false); err != nil && !errors.As(err, &exit{}) {
		return err
	}
	return c.printOverview(ctx, s.house)
}

func workCommand() command {
	return command{
		name:  "work",
		help:  [2]string{"nur die Stationen, ohne Webseite (mehrere davon auf mehreren Rechnern)", "the stations only, without the web page (many of them on many machines)"},
		shown: []string{"redis-url", "database-url", "s3-endpoint", "readers"},
		run:   work,
	}
}

func work(ctx context.Context, c *call) error {
	if c.set.str("database-url") == "" || c.set.str("redis-url") == "" {
		return exit{exitUsage, errors.New(c.say(
			"work braucht einen gemeinsamen Katalog und eine gemeinsame Warteschlange: BLATTWERK_DATABASE_URL und BLATTWERK_REDIS_URL",
			"work needs a shared catalogue and a shared queue: BLATTWERK_DATABASE_URL and BLATTWERK_REDIS_URL"))}
	}
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := h.openStations()
	if err != nil {
		return err
	}
	c.log.InfoContext(ctx, "working", "version", version)
	return ignoreCancel(s.belt.Run(ctx))
}
