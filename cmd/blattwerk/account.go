package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

func accountCommand() command {
	return command{
		name: "account", args: "list | add LOGIN | reset LOGIN | disable LOGIN | enable LOGIN",
		help: [2]string{"Konten ansehen, anlegen, sperren; Passwort neu setzen (es wird gefragt oder von der Eingabe gelesen)",
			"see, create and disable accounts; set a password anew (it is asked for, or read from the input)"},
		shown: []string{"data", "database-url"},
		flags: func(fs *pflag.FlagSet) {
			fs.String("name", "", "as people call the person")
			fs.StringSlice("role", nil, "what the account is trusted with: "+roleNames())
			fs.StringSlice("department", nil, "whose letters it reads, e.g. 32,50")
		},
		run: account,
	}
}

func roleNames() string {
	var names []string
	for _, r := range access.AllRoles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// account works on the catalogue itself, also beside a running serve: whoever may
// read and write it may do this.
func account(ctx context.Context, c *call) error {
	verb, login := "list", ""
	if len(c.args) > 0 {
		verb = c.args[0]
	}
	if len(c.args) > 1 {
		login = c.args[1]
	}
	work, known := map[string]func(context.Context, *house, string) error{
		"list": c.listAccounts, "add": c.addAccount, "reset": c.resetAccount,
		"disable": func(ctx context.Context, h *house, login string) error { return c.setDisabled(ctx, h, login, true) },
		"enable":  func(ctx context.Context, h *house, login string) error { return c.setDisabled(ctx, h, login, false) },
	}[verb]
	if !known || len(c.args) > 2 || (login == "") != (verb == "list") {
		return exit{exitUsage, errors.New("account list | add LOGIN | reset LOGIN | disable LOGIN | enable LOGIN")}
	}
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	err = work(ctx, h, login)
	switch {
	case errors.Is(err, catalog.ErrNoAccount):
		return exit{exitBadInput, errors.New(c.say("dieses Konto gibt es nicht", "there is no such account"))}
	case errors.Is(err, catalog.ErrTaken):
		return exit{exitBadInput, errors.New(c.say("diesen Anmeldenamen gibt es schon", "this login exists already"))}
	case errors.Is(err, catalog.ErrLastAdmin):
		return exit{exitBadInput, errors.New(c.say("das ist das letzte Konto mit der Aufgabe administrator", "this is the last account with the role administrator"))}
	}
	return err
}

// byCommandLine is the actor of what this command does.
const byCommandLine = "command line"

func (c *call) listAccounts(ctx context.Context, h *house, _ string) error {
	list, err := h.rows.Accounts(ctx)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, c.say("KONTO\tNAME\tAUFGABEN\tÄMTER\tZULETZT\tSTAND", "LOGIN\tNAME\tROLES\tDEPARTMENTS\tLAST\tSTATE"))
	for _, a := range list {
		var departments []string
		for _, d := range a.Departments {
			departments = append(departments, string(d))
		}
		last, state := "-", c.say("offen", "enabled")
		if !a.SignedIn.IsZero() {
			last = a.SignedIn.In(h.set.zone()).Format("2006-01-02 15:04")
		}
		if a.Disabled {
			state = c.say("gesperrt", "disabled")
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Login, a.Name, dash(strings.Join(a.Roles, ",")), dash(strings.Join(departments, ",")), last, state)
	}
	return tw.Flush()
}

func (c *call) addAccount(ctx context.Context, h *house, login string) error {
	roles, _ := c.flags.GetStringSlice("role")
	departments, _ := c.flags.GetStringSlice("department")
	name, _ := c.flags.GetString("name")
	a := catalog.Account{Login: login, Name: cmp.Or(name, login), Roles: roles, Renew: true}
	for _, r := range roles {
		if !strings.Contains(", "+roleNames()+",", ", "+r+",") {
			return exit{exitUsage, fmt.Errorf("role: %q: %s", r, roleNames())}
		}
	}
	for _, d := range departments {
		a.Departments = append(a.Departments, pipeline.DeptID(d))
	}
	if err := web.CheckLogin(login); err != nil {
		return err
	}
	hash, err := c.askPassword(login)
	if err != nil {
		return err
	}
	_, err = h.rows.AddAccount(ctx, a, hash, byCommandLine)
	return err
}

func (c *call) resetAccount(ctx context.Context, h *house, login string) error {
	a, _, err := h.rows.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	hash, err := c.askPassword(a.Login)
	if err != nil {
		return err
	}
	return h.rows.SetPassword(ctx, a.ID, hash, "", byCommandLine)
}

func (c *call) setDisabled(ctx context.Context, h *house, login string, disabled bool) error {
	a, _, err := h.rows.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	a.Disabled = disabled
	return h.rows.ChangeAccount(ctx, a, byCommandLine)
}

// askPassword reads a password from the terminal, twice and unseen, or the first
// line of the input; never from an argument, which others on the machine see.
func (c *call) askPassword(login string) (hash string, err error) {
	var password string
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		password, err = c.askTwice(int(f.Fd()))
	} else {
		password, err = bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
		if errors.Is(err, io.EOF) && password != "" {
			err = nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	password = strings.TrimRight(password, "\r\n")
	if err := access.CheckNew(password, login); err != nil {
		return "", err
	}
	return access.NewPasswords(access.Cost{}).Hash(password), nil
}

func (c *call) askTwice(fd int) (string, error) {
	var typed [2][]byte
	for i, ask := range []string{c.say("Passwort: ", "Password: "), c.say("Noch einmal: ", "Once more: ")} {
		fmt.Fprint(c.err, ask)
		var err error
		typed[i], err = term.ReadPassword(fd)
		fmt.Fprintln(c.err)
		if err != nil {
			return "", err
		}
	}
	if string(typed[0]) != string(typed[1]) {
		return "", errors.New(c.say("die beiden sind nicht gleich", "the two are not the same"))
	}
	return string(typed[0]), nil
}

// setupLife is how long the code counts that creates the first account.
const setupLife = 24 * time.Hour

// offerSetup makes a code that creates the first account; "" if there is one.
func (c *call) offerSetup(ctx context.Context, h *house) (string, error) {
	some, err := h.rows.HasAccounts(ctx)
	if err != nil {
		return "", err
	}
	if some {
		if c.set.str("password") != "" {
			c.log.WarnContext(ctx, "the setting password does not count any more: there are accounts")
		}
		return "", nil
	}
	code := access.NewCode()
	return code, h.rows.OfferSetup(ctx, access.HashCode(code), time.Now().Add(setupLife))
}

// printSetup tells who started the program how to create the first account. It is
// printed, never logged: the code is a key.
func (c *call) printSetup(url, code string) {
	if code == "" {
		return
	}
	fmt.Fprintf(c.out, c.say(
		"Noch gibt es keine Konten. Das erste anlegen: %s/setup?code=%s\n",
		"There are no accounts yet. Create the first one: %s/setup?code=%s\n"), url, code)
}

// webAccess is how people sign in, by the settings.
func (h *house) webAccess() web.Access {
	a := web.Access{
		Idle: h.set.duration("session-idle"), Life: h.set.duration("session-life"),
		Proxies: h.set.networks("proxies"), Public: strings.TrimSuffix(h.set.str("public-url"), "/"),
	}
	if url := h.set.str("oidc-issuer"); url != "" {
		a.Issuer = access.NewIssuer(access.IssuerConfig{
			Name: h.set.str("oidc-name"), URL: url, ClientID: h.set.str("oidc-client-id"), Secret: h.set.str("oidc-client-secret"),
			Callback: a.Public + "/login/oidc/callback", Groups: h.set.str("oidc-groups"),
		})
	}
	return a
}
