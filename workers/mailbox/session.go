package mailbox

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// patient is a connection that breaks when the other side says nothing for a
// while. The library would bound a whole message instead, however large.
type patient struct {
	net.Conn
	silence time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.Conn.SetReadDeadline(time.Now().Add(p.silence)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p patient) SetReadDeadline(time.Time) error { return nil }

// dial connects and signs in. The connection closes with done, or when ctx ends.
func (m *Mailbox) dial(ctx context.Context) (c *imapclient.Client, done func(), err error) {
	token := ""
	if m.cfg.Token != nil {
		if token, err = m.cfg.Token(ctx); err != nil {
			return nil, nil, fault(codeToken, err)
		}
	}
	dialer := net.Dialer{Timeout: 30 * time.Second}
	raw, err := dialer.DialContext(ctx, "tcp", m.cfg.Addr)
	if err != nil {
		return nil, nil, greeting(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	done = func() { stop(); _ = raw.Close() }
	if c, err = m.greet(ctx, patient{raw, m.cfg.Silence}); err != nil {
		done()
		return nil, nil, greeting(err)
	}
	err = signing(m.signIn(c, token))
	if err == nil {
		// What was said of capabilities before may have come from anybody.
		_, err = c.Capability().Wait()
		err = asked("asking for capabilities", codeAnswer, err)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return c, done, nil
}

func (m *Mailbox) greet(ctx context.Context, conn net.Conn) (*imapclient.Client, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.cfg.Trust != nil {
		trust = m.cfg.Trust.Clone()
	}
	if trust.ServerName == "" {
		trust.ServerName, _, _ = net.SplitHostPort(m.cfg.Addr)
	}
	if m.cfg.Security == StartTLS {
		return imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: trust})
	}
	if m.cfg.Security == TLS {
		secure := tls.Client(conn, trust)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	c := imapclient.New(conn, nil)
	return c, c.WaitGreeting()
}

// signIn prefers AUTHENTICATE PLAIN, in which a password may hold any character.
func (m *Mailbox) signIn(c *imapclient.Client, token string) error {
	switch {
	case token != "":
		return c.Authenticate(xoauth2{m.cfg.User, token})
	case c.Caps().Has(imap.AuthCap(sasl.Plain)):
		return c.Authenticate(sasl.NewPlainClient("", m.cfg.User, m.cfg.Password))
	}
	return c.Login(m.cfg.User, m.cfg.Password).Wait()
}

// xoauth2 signs in with an access token, as Exchange Online and others ask for.
type xoauth2 struct{ user, token string }

func (x xoauth2) Start() (mech string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers a server that says why it refuses: with nothing, upon which it
// refuses.
func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
