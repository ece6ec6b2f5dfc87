package mailboxtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Who may sign in: by password, or by the token [Token].
const (
	Account  = "poststelle@stadt.example"
	Password = "geheim, mit Ümläuten"
	Token    = "good"
)

// Wire is how a server wants to be spoken to.
type Wire string

const (
	TLS      Wire = "tls"      // from the first byte
	StartTLS Wire = "starttls" // after a greeting
	Naked    Wire = "none"     // without TLS
)

// Modern is what a server of today can do, Old is one that has neither MOVE nor
// UIDPLUS.
var (
	Modern = imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}, imap.CapMove: {}, imap.CapUIDPlus: {}}
	Old    = imap.CapSet{imap.CapIMAP4rev1: {}}
)

// Faults are what goes wrong with a server. The zero value is a good one.
type Faults struct {
	Cut    int                   // bytes after which a connection breaks, once a message is asked for; 0 is never
	Silent bool                  // instead of breaking it falls silent
	Refuse func(uid uint32) bool // messages that it does not give; nil gives all
	Fixed  bool                  // it moves nothing and makes no folders
	OnMove func()                // is called before anything is moved
}

// Server is an IMAP server in memory.
type Server struct {
	Addr  string      // host:port
	Trust *tls.Config // of clients that know its authority
	CA    []byte      // its authority, PEM

	t      *testing.T
	how    Wire
	caps   imap.CapSet
	secure *tls.Config

	mu     sync.Mutex
	user   *imapmemserver.User
	faults Faults
	logins int
	server *imapserver.Server
	at     net.Listener
}

// Start starts a server with an empty INBOX. It ends with the test.
func Start(t *testing.T, how Wire, caps imap.CapSet) *Server {
	t.Helper()
	s := &Server{Addr: "127.0.0.1:0", t: t, how: how, caps: caps}
	s.secure, s.Trust, s.CA = certificate(t)
	s.Renew()
	s.Begin()
	t.Cleanup(s.End)
	return s
}

// Begin lets a server serve, at the address that it had before.
func (s *Server) Begin() {
	s.t.Helper()
	options := &imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{post: s, conn: c}, nil, nil
		},
		Caps: s.caps, InsecureAuth: s.how == Naked, Logger: log.New(io.Discard, "", 0),
	}
	if s.how == StartTLS {
		options.TLSConfig = s.secure
	}
	plain, err := net.Listen("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Addr = plain.Addr().String()
	var listener net.Listener = brittle{plain}
	if s.how == TLS {
		listener = tls.NewListener(listener, s.secure)
	}
	server := imapserver.New(options)
	s.mu.Lock()
	s.server, s.at = server, plain
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// End ends a server and its connections; the messages stay.
func (s *Server) End() {
	s.mu.Lock()
	server, at := s.server, s.at
	s.mu.Unlock()
	_ = server.Close()
	_ = at.Close() // the server knows it only once it serves
}

// Renew forgets all messages, as a server does that is set up anew: numbers begin
// again, under the same UIDVALIDITY as ever.
func (s *Server) Renew() {
	s.t.Helper()
	user := imapmemserver.NewUser(Account, Password)
	if err := user.Create("INBOX", nil); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user = user
}

// Recreate makes a folder anew: empty, with a new UIDVALIDITY.
func (s *Server) Recreate(folder string) {
	s.t.Helper()
	user := s.box()
	if err := errors.Join(user.Delete(folder), user.Create(folder, nil)); err != nil {
		s.t.Fatal(err)
	}
}

// Misbehave sets what goes wrong from now on.
func (s *Server) Misbehave(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

func (s *Server) wrong() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// Logins says how often somebody tried to sign in by password.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *Server) box() *imapmemserver.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

// Put lays a message into a folder.
func (s *Server) Put(folder, raw string, came time.Time) {
	s.t.Helper()
	if _, err := s.box().Append(folder, literal{bytes.NewReader([]byte(raw))}, &imap.AppendOptions{Time: came}); err != nil {
		s.t.Fatal(err)
	}
}

type literal struct{ *bytes.Reader }

// Count says how many messages are in a folder and not marked as deleted; none
// where there is no such folder.
func (s *Server) Count(folder string) int {
	data, err := s.box().Status(folder, &imap.StatusOptions{NumMessages: true, NumDeleted: true})
	if err != nil {
		return 0
	}
	return int(*data.NumMessages - *data.NumDeleted)
}
