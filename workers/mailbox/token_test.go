package mailbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"blattwerk/workers/mailbox"
)

// TestTokens asks a server for a token once, and again when it has run out.
func TestTokens(t *testing.T) {
	var asked, life atomic.Int64
	life.Store(3600)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, basic := r.BasicAuth()
		if !basic {
			id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
		}
		if id != "blattwerk" || secret != "geheim" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "https://mail.example/.default" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token %d","token_type":"Bearer","expires_in":%d}`, asked.Add(1), life.Load())
	}))
	defer server.Close()
	get := func(secret string) func() (string, error) {
		f := mailbox.Tokens(server.Client(), server.URL, "blattwerk", secret, "https://mail.example/.default")
		return func() (string, error) { return f(t.Context()) }
	}
	tokens := get("geheim")
	for range 3 {
		if token, err := tokens(); err != nil || token != "token 1" {
			t.Fatalf("%q, %v", token, err)
		}
	}
	life.Store(1)
	short := get("geheim")
	for _, want := range []string{"token 2", "token 3"} {
		if token, err := short(); err != nil || token != want {
			t.Fatalf("%q, %v, want %q", token, err, want)
		}
	}
	if _, err := get("falsch")(); err == nil {
		t.Error("a wrong secret gives a token")
	}
}
