package mailboxtest

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
)

// session is a session in memory that does what is wrong with its server.
type session struct {
	*imapmemserver.UserSession // nil before signing in
	post                       *Server
	conn                       *imapserver.Conn
}

func (s *session) Login(name, word string) error {
	s.post.mu.Lock()
	s.post.logins++
	s.post.mu.Unlock()
	user := s.post.box()
	if err := user.Login(name, word); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(user)
	return nil
}

func (s *session) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

func (s *session) AuthenticateMechanisms() []string { return []string{sasl.Plain, "XOAUTH2"} }

func (s *session) Authenticate(mech string) (sasl.Server, error) {
	if mech == "XOAUTH2" {
		return &bearer{s: s}, nil
	}
	return sasl.NewPlainServer(func(_, name, word string) error { return s.Login(name, word) }), nil
}

// bearer is the server's side of XOAUTH2.
type bearer struct {
	s       *session
	refused bool
}

func (b *bearer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case b.refused:
		return nil, false, imapserver.ErrAuthFailed
	case string(response) == "user="+Account+"\x01auth=Bearer "+Token+"\x01\x01":
		b.s.UserSession = imapmemserver.NewUserSession(b.s.post.box())
		return nil, true, nil
	}
	b.refused = true
	return []byte(`{"status":"400"}`), false, nil
}

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	f := s.post.wrong()
	if len(options.BodySection) > 0 {
		if uids, ok := set.(imap.UIDSet); ok && f.Refuse != nil {
			if nums, ok := uids.Nums(); ok && f.Refuse(uint32(nums[0])) {
				return no("Frau Beispiel has no such message")
			}
		}
		if c := beneath(s.conn.NetConn()); c != nil && f.Cut > 0 {
			c.breakAfter(f.Cut, f.Silent)
		}
	}
	return s.UserSession.Fetch(w, set, options)
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, folder string) error {
	f := s.post.wrong()
	if f.OnMove != nil {
		f.OnMove()
	}
	if f.Fixed {
		return no("nothing is moved here")
	}
	return s.UserSession.Move(w, set, folder)
}

func (s *session) Create(folder string, options *imap.CreateOptions) error {
	if s.post.wrong().Fixed {
		return no("no folders are made here")
	}
	return s.UserSession.Create(folder, options)
}

func no(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNoPerm, Text: text}
}
