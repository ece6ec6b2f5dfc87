package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"blattwerk/pipeline"
	"blattwerk/web"
)

// ownDesk opens the whole house in this process, works there, and closes it.
func (c *call) ownDesk(ctx context.Context, work func(context.Context, desk) error) error {
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := h.openStations(h.chores()...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.belt.Run(ctx) }()
	err = work(ctx, localDesk{s})
	cancel()
	return errors.Join(err, ignoreCancel(<-done), h.checkpoint(context.WithoutCancel(ctx)))
}

func ignoreCancel(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// localDesk hands in to our own stations.
type localDesk struct{ s *stations }

func (d localDesk) hand(ctx context.Context, path string, del pipeline.Delivery) (web.Letter, error) {
	f, err := os.Open(path)
	if err != nil {
		return web.Letter{}, err
	}
	defer f.Close()
	receipt, err := d.s.intake.Take(ctx, del, f)
	if err != nil {
		return web.Letter{}, err
	}
	l, err := d.look(ctx, receipt.Document.ID)
	if receipt.Duplicate {
		l.DuplicateOf = receipt.Of
		l.Name = del.Name
	}
	return l, err
}

func (d localDesk) look(ctx context.Context, id pipeline.DocID) (web.Letter, error) {
	e, err := d.s.rows.Get(ctx, id)
	if err != nil {
		return web.Letter{}, err
	}
	return web.LetterOf(e), nil
}

// remoteDesk hands in to a running serve.
type remoteDesk struct {
	at     running
	client *http.Client
}

func newRemoteDesk(at running) remoteDesk { return remoteDesk{at: at, client: &http.Client{}} }

func (d remoteDesk) hand(ctx context.Context, path string, del pipeline.Delivery) (web.Letter, error) {
	f, err := os.Open(path)
	if err != nil {
		return web.Letter{}, err
	}
	defer f.Close()
	q := url.Values{
		"name": {del.Name}, "source": {del.Source}, "device": {del.Device},
		"language": {del.Language}, "mode": {string(del.Mode)}, "paper": {del.Paper.String()},
	}
	var l web.Letter
	return l, d.do(ctx, http.MethodPost, "/api/v1/deliveries?"+q.Encode(), f, &l)
}

func (d remoteDesk) look(ctx context.Context, id pipeline.DocID) (web.Letter, error) {
	var l web.Letter
	return l, d.do(ctx, http.MethodGet, "/api/v1/documents/"+url.PathEscape(string(id)), nil, &l)
}

func (d remoteDesk) do(ctx context.Context, method, path string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, d.at.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.at.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("speaking with the running serve: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("listening to the running serve: %w", err)
	}
	if resp.StatusCode >= 400 {
		var p web.Problem
		if json.Unmarshal(raw, &p) == nil && p.Text.EN != "" {
			return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: p.Code, Text: p.Text}
		}
		return fmt.Errorf("the running serve answers %s", resp.Status)
	}
	return json.NewDecoder(bytes.NewReader(raw)).Decode(into)
}
