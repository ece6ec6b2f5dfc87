package mailbox

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Tokens gets access tokens from an OAuth server for the program itself (RFC 6749,
// 4.4), as Exchange Online asks for since it takes no passwords; a token is used
// until it runs out. scope may name several, parted by spaces.
func Tokens(client *http.Client, url, id, secret, scope string) func(context.Context) (string, error) {
	cfg := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: url, Scopes: strings.Fields(scope)}
	source := cfg.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, client))
	return func(context.Context) (string, error) {
		token, err := source.Token() // the client bounds it
		if err != nil {
			return "", err
		}
		return token.AccessToken, nil
	}
}
