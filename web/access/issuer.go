package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// IssuerConfig is how to reach the town's own login.
type IssuerConfig struct {
	Name     string // as people call it
	URL      string // of the issuer, as it names itself
	ClientID string
	Secret   string
	Callback string // our address to which people come back
	Groups   string // claim that lists a person's groups; "" is "groups"
	Client   *http.Client
	Clock    func() time.Time // nil is time.Now
}

// Issuer is the town's own login: OpenID Connect, authorization code flow with
// PKCE (RFC 7636), state and nonce. It is asked what it can do when the first
// person comes, so that an issuer that is away does not keep the mailroom shut.
type Issuer struct {
	Name   string
	config IssuerConfig

	mu       sync.Mutex
	provider *oidc.Provider
}

// NewIssuer makes an issuer; it speaks to nobody yet.
func NewIssuer(cfg IssuerConfig) *Issuer {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Groups == "" {
		cfg.Groups = "groups"
	}
	return &Issuer{Name: cfg.Name, config: cfg}
}

// Flow is what a browser keeps while its person is at the issuer's.
type Flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     string `json:"x,omitempty"` // where the person wanted to go
}

// Identity is whom the issuer vouches for.
type Identity struct {
	Issuer, Subject string
	Login           string
	Name            string
	Groups          []string
}

// ErrNotVouched says that somebody came back with nothing that counts: broken off,
// too late, or made up.
var ErrNotVouched = errors.New("the issuer does not vouch for this person")

func (i *Issuer) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider == nil {
		p, err := oidc.NewProvider(ctx, i.config.URL)
		if err != nil {
			return nil, nil, fmt.Errorf("asking the issuer what it can do: %w", err)
		}
		i.provider = p
	}
	return i.provider, &oauth2.Config{
		ClientID: i.config.ClientID, ClientSecret: i.config.Secret, Endpoint: i.provider.Endpoint(), RedirectURL: i.config.Callback,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"},
	}, nil
}

// Begin gives the address at which a person signs in, and what their browser has to
// keep for the way back.
func (i *Issuer) Begin(ctx context.Context, next string) (string, Flow, error) {
	_, client, err := i.discover(oidc.ClientContext(ctx, i.config.Client))
	if err != nil {
		return "", Flow{}, err
	}
	f := Flow{State: NewSecret(), Nonce: NewSecret(), Verifier: oauth2.GenerateVerifier(), Next: next}
	return client.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish takes what a person came back with, and fetches and checks the issuer's
// word on who they are: signature, issuer, audience, end, and the nonce of this
// very flow. [ErrNotVouched] if any of it is wrong.
func (i *Issuer) Finish(ctx context.Context, f Flow, back url.Values) (Identity, error) {
	if f.State == "" || f.Nonce == "" || back.Get("state") != f.State {
		return Identity{}, fmt.Errorf("%w: this is not the way back of this browser", ErrNotVouched)
	}
	if code := back.Get("error"); code != "" {
		return Identity{}, fmt.Errorf("%w: it says %q", ErrNotVouched, code[:min(len(code), 100)])
	}
	if iss := back.Get("iss"); iss != "" && iss != i.config.URL { // RFC 9207
		return Identity{}, fmt.Errorf("%w: another issuer answers", ErrNotVouched)
	}
	ctx = oidc.ClientContext(ctx, i.config.Client)
	provider, client, err := i.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	token, err := client.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("%w: fetching its word: %w", ErrNotVouched, err)
	}
	raw, _ := token.Extra("id_token").(string)
	word, err := provider.Verifier(&oidc.Config{ClientID: i.config.ClientID, Now: i.config.Clock}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: checking its word: %w", ErrNotVouched, err)
	}
	if word.Nonce != f.Nonce {
		return Identity{}, fmt.Errorf("%w: its word is about another flow", ErrNotVouched)
	}
	return i.identity(word)
}

func (i *Issuer) identity(word *oidc.IDToken) (Identity, error) {
	var claims struct {
		Name      string `json:"name"`
		Preferred string `json:"preferred_username"`
		Email     string `json:"email"`
	}
	var all map[string]json.RawMessage
	if err := errors.Join(word.Claims(&claims), word.Claims(&all)); err != nil {
		return Identity{}, fmt.Errorf("%w: reading its word: %w", ErrNotVouched, err)
	}
	id := Identity{Issuer: word.Issuer, Subject: word.Subject, Name: claims.Name}
	for _, login := range []string{claims.Preferred, claims.Email, word.Subject} {
		if id.Login == "" {
			id.Login = login
		}
	}
	if id.Name == "" {
		id.Name = id.Login
	}
	// A list of groups, or one group by itself.
	if raw := all[i.config.Groups]; json.Unmarshal(raw, &id.Groups) != nil {
		var one string
		if json.Unmarshal(raw, &one) == nil {
			id.Groups = []string{one}
		}
	}
	return id, nil
}
