package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// house is a running Blattwerk with the sample letters in it.
type house struct {
	program string
	data    string
	url     string
	cmd     *exec.Cmd
}

const secret = "ein Satz nur für Bilder"

// open starts the program on a free port and waits until it serves.
func open(ctx context.Context, program, samples, data string) (*house, error) {
	h := &house{program: program, data: data}
	h.cmd = exec.CommandContext(ctx, program, "serve", "--samples", samples, "--log-level", "error", "--lang", "de")
	h.cmd.Env = h.env()
	h.cmd.Cancel = func() error { return h.cmd.Process.Signal(syscall.SIGTERM) }
	h.cmd.WaitDelay = 20 * time.Second
	h.cmd.Stderr = os.Stderr
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	found := regexp.MustCompile(`Blattwerk läuft: (http://\S+)`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := found.FindStringSubmatch(lines.Text()); m != nil {
			h.url = m[1]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return h, nil
		}
	}
	return nil, fmt.Errorf("the program ended before it served: %w", h.cmd.Wait())
}

func (h *house) env() []string {
	return append(os.Environ(), "BLATTWERK_DATA="+h.data, "BLATTWERK_ADDR=127.0.0.1:0")
}

// person creates an account and signs in as it. A password that was set by
// somebody else is replaced first, as a person would have to.
func (h *house) person(ctx context.Context, p person) (*http.Cookie, error) {
	add := exec.CommandContext(ctx, h.program, append([]string{"account", "add", p.login, "--name", p.name, "--role", p.role}, p.more...)...)
	add.Env = h.env()
	add.Stdin = strings.NewReader("vorläufig, bitte ändern\n")
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("adding the account %s: %w: %s", p.login, err, out)
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Transport: asFirefox{}}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/login", url.Values{"login": {p.login}, "password": {"vorläufig, bitte ändern"}}},
		{"/account/password", url.Values{"old": {"vorläufig, bitte ändern"}, "new": {secret}, "again": {secret}}},
		{"/login", url.Values{"login": {p.login}, "password": {secret}}},
	} {
		resp, err := client.PostForm(h.url+step.path, step.form)
		if err != nil {
			return nil, fmt.Errorf("signing in as %s: %w", p.login, err)
		}
		resp.Body.Close()
		if resp.StatusCode >= 400 {
			return nil, fmt.Errorf("signing in as %s: %s answers %s", p.login, step.path, resp.Status)
		}
	}
	at, _ := url.Parse(h.url)
	cookies := jar.Cookies(at)
	for _, c := range cookies {
		if c.Name != "lang" {
			return c, nil
		}
	}
	return nil, fmt.Errorf("signing in as %s gives no session", p.login)
}

// asFirefox signs in as a browser does, whose name the account's page shows.
type asFirefox struct{}

func (asFirefox) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
	return http.DefaultTransport.RoundTrip(r)
}

// settled waits until no letter is on its way any more.
func (h *house) settled(ctx context.Context, session *http.Cookie) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/api/v1/status", nil)
		if err != nil {
			return err
		}
		req.AddCookie(session)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("asking how far the letters are: %w", err)
		}
		var status struct{ States map[string]int }
		err = json.NewDecoder(resp.Body).Decode(&status)
		resp.Body.Close()
		if err != nil || status.States["working"] == 0 {
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// root is the project's folder: the one that holds go.mod.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = up
	}
}
