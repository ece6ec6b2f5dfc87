package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
)

// version is set by the build.
var version = "dev"

// Exit codes. Those of convert are the ones that users of OCRmyPDF know.
const (
	exitDone        = 0
	exitUsage       = 1
	exitBadInput    = 2
	exitDamage      = 3 // verify found something missing or wrong
	exitCannotWrite = 5
	exitEncrypted   = 8
	exitNotPDFA     = 10
	exitFailed      = 15 // anything else
	exitInterrupted = 130
)

// command is one word after the program's name.
type command struct {
	name   string
	args   string
	help   [2]string // German, English
	shown  []string  // settings that its help shows as flags
	hidden bool
	flags  func(*pflag.FlagSet) // its own flags
	run    func(context.Context, *call) error
}

// program is the world around a command.
type program struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
	// wrap may change the steps of the route. Tests do damage with it; else it is nil.
	wrap func([]pipeline.Step) []pipeline.Step
}

// call is one run of a command.
type call struct {
	program
	set    settings
	flags  *pflag.FlagSet
	args   []string
	log    *slog.Logger
	german bool
}

// exit is an error that knows its exit code.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := program{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func commands() []command {
	return []command{
		serveCommand(), workCommand(), ingestCommand(), statusCommand(),
		convertCommand(), validateCommand(), classifyCommand(), learnCommand(), searchCommand(), savingsCommand(), sheetsCommand(), journalCommand(),
		verifyCommand(), reindexCommand(), accountCommand(), configCommand(), versionCommand(),
		readChild(), pdfChild(),
	}
}

// run does what the arguments say and gives the exit code.
func (p program) run(ctx context.Context, args []string) int {
	german := isGerman(p.env)
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		printHelp(p.out, german)
		if len(args) == 0 {
			return exitUsage
		}
		return exitDone
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return runCommand(ctx, cmd, args[1:], &call{program: p, german: german})
		}
	}
	fmt.Fprintf(p.err, "blattwerk: %q: %s\n", args[0], pick(german, "diesen Befehl gibt es nicht", "there is no such command"))
	printHelp(p.err, german)
	return exitUsage
}

func runCommand(ctx context.Context, cmd command, args []string, c *call) int {
	c.flags = pflag.NewFlagSet(cmd.name, pflag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.SortFlags = false
	if cmd.flags != nil {
		cmd.flags(c.flags)
	}
	addFlags(c.flags, cmd.shown...)
	usage := func(w io.Writer) {
		fmt.Fprintf(w, "blattwerk %s %s\n  %s\n\n%s", cmd.name, cmd.args, pick(c.german, cmd.help[0], cmd.help[1]), c.flags.FlagUsages())
	}
	if err := c.flags.Parse(args); errors.Is(err, pflag.ErrHelp) {
		usage(c.out)
		return exitDone
	} else if err != nil {
		fmt.Fprintf(c.err, "blattwerk %s: %v\n", cmd.name, err)
		usage(c.err)
		return exitUsage
	}
	c.args = c.flags.Args()
	var err error
	if c.set, err = resolve(c.flags, c.env); err != nil {
		fmt.Fprintf(c.err, "blattwerk: %v\n", err)
		return exitUsage
	}
	if lang := c.set.str("lang"); lang != "" {
		c.german = lang == "de"
	}
	c.log = newLogger(c.err, c.set)
	return c.finish(ctx, cmd, cmd.run(ctx, c))
}

// finish says what went wrong and gives the exit code.
func (c *call) finish(ctx context.Context, cmd command, err error) int {
	if err == nil {
		return exitDone
	}
	var e exit
	if errors.As(err, &e) {
		if e.err != nil {
			c.complain(cmd, e.err)
		}
		return e.code
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	c.complain(cmd, err)
	return exitFailed
}

func (c *call) complain(cmd command, err error) {
	var f *pipeline.Fault
	if errors.As(err, &f) {
		fmt.Fprintf(c.err, "blattwerk %s: %s\n", cmd.name, c.both(f.Text))
		if f.Err != nil {
			fmt.Fprintf(c.err, "  (%s: %v)\n", f.Code, f.Err)
		}
		return
	}
	fmt.Fprintf(c.err, "blattwerk %s: %v\n", cmd.name, err)
}

// say picks the reader's language.
func (c *call) say(de, en string) string { return pick(c.german, de, en) }

// both gives a message in both languages, the reader's first.
func (c *call) both(m pipeline.Message) string {
	if c.german {
		return m.DE + " / " + m.EN
	}
	return m.EN + " / " + m.DE
}

func pick(german bool, de, en string) string {
	if german {
		return de
	}
	return en
}

// isGerman follows the locale; where none is set, German comes first.
func isGerman(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			return strings.HasPrefix(v, "de") || v == "C" || v == "POSIX" || strings.HasPrefix(v, "C.")
		}
	}
	return true
}

func newLogger(w io.Writer, set settings) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(set.str("log-level"))) // checked by resolve
	opt := &slog.HandlerOptions{Level: level}
	if set.str("log-format") == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}

func printHelp(w io.Writer, german bool) {
	fmt.Fprintln(w, pick(german,
		"Blattwerk macht aus Papier auffindbare Akten und führt Buch über das gesparte Papier.",
		"Blattwerk turns paper into records that can be found, and books the paper that this saves."))
	fmt.Fprintf(w, "\n  blattwerk %s\n\n", pick(german, "BEFEHL …   (blattwerk BEFEHL --help zeigt mehr)", "COMMAND …   (blattwerk COMMAND --help shows more)"))
	for _, cmd := range commands() {
		if !cmd.hidden {
			fmt.Fprintf(w, "  %-9s %-28s %s\n", cmd.name, cmd.args, pick(german, cmd.help[0], cmd.help[1]))
		}
	}
}

func versionCommand() command {
	return command{
		name: "version", help: [2]string{"Fassung des Programms", "version of the program"},
		run: func(_ context.Context, c *call) error {
			_, err := fmt.Fprintln(c.out, "blattwerk", version)
			return err
		},
	}
}

func configCommand() command {
	return command{
		name: "config", help: [2]string{"alle Einstellungen mit Wert, Vorgabe und Herkunft", "every setting with value, default and origin"},
		run: func(_ context.Context, c *call) error { return c.set.print(c.out) },
	}
}
