package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// How the connection is kept from other eyes.
const (
	TLS      = "tls"      // from the first byte (RFC 8314)
	StartTLS = "starttls" // after a greeting in the clear, and not without
	None     = "none"     // not at all; loopback only
)

// Config says what is taken from where. Addr, User, Take and Check are required,
// and Password or Token.
type Config struct {
	Addr     string // host:port
	User     string
	Password string
	// Token gives an access token, to sign in with instead of a password (XOAUTH2);
	// nil uses Password.
	Token    func(context.Context) (string, error)
	Folder   string      // that is taken from; empty is INBOX
	Done     string      // that taken messages are moved to; empty is "Erledigt"
	Held     string      // that messages for a person are moved to; empty is "Angehalten"
	Security string      // empty is TLS
	Trust    *tls.Config // nil trusts what the system trusts
	MaxBytes int64       // largest message taken; 0 is any
	// Take accepts a delivery and gives the digest of what was kept. When it answers
	// nil, the delivery cannot be lost.
	Take func(ctx context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error)
	// Changed says of an error of Take that a delivery of this ID has other bytes.
	Changed func(error) bool
	// Check reads kept bytes back.
	Check   func(ctx context.Context, d pipeline.Digest) error
	Every   time.Duration // between two looks; 0 is 1 minute
	Longest time.Duration // the longest pause after failures; 0 is 15 minutes
	Silence time.Duration // how long the server may say nothing; 0 is 2 minutes
	Clock   func() time.Time
	Log     *slog.Logger // nil is slog.Default()
}

// Mailbox is a watched folder of a mailbox.
type Mailbox struct {
	cfg      Config
	validity uint32
	seen     map[imap.UID]watched // of this validity; only Run touches it

	mu    sync.Mutex
	state State
}

// watched is a message that is not done with.
type watched struct {
	accepted bool      // only the move is missing
	tries    int       // that failed
	retry    time.Time // not before
}

// maxTries is how often the same message may fail before it is put aside for a
// person; with the usual pauses that is half an hour.
const maxTries = 5

// State is what a mailbox looks like from outside.
type State struct {
	Looked  time.Time         // the last look that went through; zero if none did
	Trouble *pipeline.Message // what stands in the way now; nil if nothing does
	Waiting int               // messages that will be tried again
	Held    int               // messages in the folder for a person
}

// Open checks what is configured; it does not connect.
func Open(cfg Config) (*Mailbox, error) {
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("address of the mailbox: %w", err)
	}
	cfg.Folder = cmp.Or(cfg.Folder, "INBOX")
	cfg.Done = cmp.Or(cfg.Done, "Erledigt")
	cfg.Held = cmp.Or(cfg.Held, "Angehalten")
	cfg.Security = cmp.Or(cfg.Security, TLS)
	cfg.Every = cmp.Or(cfg.Every, time.Minute)
	cfg.Longest = cmp.Or(cfg.Longest, 15*time.Minute)
	cfg.Silence = cmp.Or(cfg.Silence, 2*time.Minute)
	switch {
	case cfg.User == "" || cfg.Password == "" && cfg.Token == nil:
		return nil, errors.New("a mailbox needs an account and its password")
	case cfg.Security != TLS && cfg.Security != StartTLS && cfg.Security != None:
		return nil, fmt.Errorf("security of the mailbox: %q is not known", cfg.Security)
	case cfg.Security == None && !loopback(host):
		return nil, errors.New("a mailbox without TLS is for the loopback only: the password would cross the network in the clear")
	case cfg.Done == cfg.Folder || cfg.Held == cfg.Folder || cfg.Done == cfg.Held:
		return nil, errors.New("a mailbox needs three folders: to take from, for what was taken, and for what was held")
	}
	if cfg.Changed == nil {
		cfg.Changed = func(error) bool { return false }
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Mailbox{cfg: cfg, seen: map[imap.UID]watched{}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Run looks into the mailbox until ctx ends.
func (m *Mailbox) Run(ctx context.Context) {
	fails := 0
	for ctx.Err() == nil {
		some, err := m.look(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := m.cfg.Every
		if err == nil {
			fails = 0
		} else {
			if fails++; some {
				fails = 1
			}
			wait = m.pause(fails)
			if pipeline.AsFault(err).Code == codeRefused {
				wait = m.cfg.Longest // whoever guesses often is locked out
			}
			m.complain(ctx, err, fails, wait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// pause is how long is waited after so many failures.
func (m *Mailbox) pause(fails int) time.Duration {
	return min(m.cfg.Every<<min(fails-1, 10), m.cfg.Longest)
}

func (m *Mailbox) complain(ctx context.Context, err error, fails int, wait time.Duration) {
	f := pipeline.AsFault(err)
	m.cfg.Log.WarnContext(ctx, "the mailbox cannot be worked through", slog.String("code", f.Code), slog.Any("error", f.Err),
		slog.Int("tries", fails), slog.Duration("pause", wait))
	m.mu.Lock()
	m.state.Trouble = &f.Text
	m.mu.Unlock()
}

// State says how the mailbox stands.
func (m *Mailbox) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// names is the namespace of deliveries from mailboxes; any fixed value serves.
var names = uuid.MustParse("5f0a8a53-2b0c-4b2e-9c0f-7d0b7c1e4d26")

// id names the delivery of a message; other tells apart, by its digest, what a
// server gives the same UID to.
func (m *Mailbox) id(uid imap.UID, other string) pipeline.DeliveryID {
	key := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d\x00%s", m.cfg.Addr, m.cfg.User, m.cfg.Folder, m.validity, uid, other)
	return pipeline.DeliveryID(uuid.NewSHA1(names, key).String())
}
