package mailbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"blattwerk/pipeline"
	"blattwerk/workers/mailbox"
	"blattwerk/workers/mailbox/mailboxtest"
)

// office takes deliveries in, as the catalogue does: the same delivery again is
// the same receipt, the same bytes are noted as a duplicate.
type office struct {
	mu     sync.Mutex
	byID   map[pipeline.DeliveryID]pipeline.Digest
	first  map[string]pipeline.Delivery // by content
	again  int                          // other deliveries of the same bytes
	takeIn func(content string) error   // before it is kept
	check  func(context.Context) error
}

var errOther = errors.New("the delivery has other bytes")

func newOffice() *office {
	return &office{byID: map[pipeline.DeliveryID]pipeline.Digest{}, first: map[string]pipeline.Delivery{}}
}

func (o *office) take(_ context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.takeIn != nil {
		if err := o.takeIn(string(raw)); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(raw)
	digest := pipeline.Digest(hex.EncodeToString(sum[:]))
	if was, ok := o.byID[d.ID]; ok {
		if was != digest {
			return "", errOther
		}
		return digest, nil
	}
	o.byID[d.ID] = digest
	if _, ok := o.first[string(raw)]; ok {
		o.again++
	} else {
		o.first[string(raw)] = d
	}
	return digest, nil
}

func (o *office) readBack(ctx context.Context, d pipeline.Digest) error {
	o.mu.Lock()
	check := o.check
	o.mu.Unlock()
	if check != nil {
		return check(ctx)
	}
	return nil
}

// has says whether exactly these messages were taken in.
func (o *office) has(want ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.first) != len(want) {
		return fmt.Errorf("%d messages were taken in, want %d", len(o.first), len(want))
	}
	for _, w := range want {
		if _, ok := o.first[w]; !ok {
			return fmt.Errorf("%q was not taken in as it is", w[:min(len(w), 90)])
		}
	}
	return nil
}

func (o *office) set(change func(*office)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// config is that of a hasty mailbox.
func config(p *mailboxtest.Server, o *office) mailbox.Config {
	return mailbox.Config{
		Addr: p.Addr, User: mailboxtest.Account, Password: mailboxtest.Password, Trust: p.Trust, Take: o.take, Check: o.readBack,
		Changed: func(err error) bool { return errors.Is(err, errOther) },
		Every:   5 * time.Millisecond, Longest: 20 * time.Millisecond, Silence: 300 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler),
	}
}

// run runs a mailbox until stop is called or the test ends.
func run(t *testing.T, cfg mailbox.Config) (m *mailbox.Mailbox, stop func()) {
	t.Helper()
	m, err := mailbox.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { m.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return m, stop
}

// eventually waits until a thing is so.
func eventually(t *testing.T, what string, is func() error) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := is()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// folders says how many messages are in INBOX, the folder for what is done, and
// that for what is held.
func folders(p *mailboxtest.Server, inbox, done, held int) func() error {
	return func() error {
		if a, b, c := p.Count("INBOX"), p.Count("Erledigt"), p.Count("Angehalten"); a != inbox || b != done || c != held {
			return fmt.Errorf("%d in the folder, %d done, %d held; want %d, %d, %d", a, b, c, inbox, done, held)
		}
		return nil
	}
}

// TestTakes takes messages in over every kind of connection, from servers with and
// without MOVE and UIDPLUS.
func TestTakes(t *testing.T) {
	for name, c := range map[string]struct {
		how  mailboxtest.Wire
		caps imap.CapSet
	}{
		"TLS": {mailboxtest.TLS, mailboxtest.Modern}, "STARTTLS": {mailboxtest.StartTLS, mailboxtest.Modern}, "the loopback, in the clear": {mailboxtest.Naked, mailboxtest.Modern},
		"no MOVE":             {mailboxtest.TLS, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}},
		"neither nor UIDPLUS": {mailboxtest.StartTLS, mailboxtest.Old},
	} {
		t.Run(name, func(t *testing.T) {
			p, o := mailboxtest.Start(t, c.how, c.caps), newOffice()
			mails := []string{mail("Antrag", 100), mail("=?utf-8?q?Widerspruch_gegen_M=C3=BCllgeb=C3=BChr?=", 300_000), "Subject: nur ein Kopf\r\n\r\n"}
			for _, raw := range mails {
				p.Put("INBOX", raw, time.Now())
			}
			cfg := config(p, o)
			cfg.Security = string(c.how)
			m, stop := run(t, cfg)
			eventually(t, "everything is done with", folders(p, 0, len(mails), 0))
			eventually(t, "the mailbox is well", func() error {
				if s := m.State(); s.Trouble != nil || s.Waiting != 0 || s.Held != 0 || s.Looked.IsZero() {
					return fmt.Errorf("%+v", s)
				}
				return nil
			})
			stop()
			if err := o.has(mails...); err != nil {
				t.Error(err)
			}
			if o.again > 0 {
				t.Errorf("%d were delivered twice", o.again)
			}
		})
	}
}

// TestRecord: the record says where a message came from, when, and what it is
// called.
func TestRecord(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	for name, c := range map[string]struct {
		subject  string
		came     time.Time
		want     string
		received time.Time
	}{
		"today":          {"Antrag auf Wohngeld", now.Add(-time.Hour), "Antrag auf Wohngeld.eml", now.Add(-time.Hour)},
		"encoded":        {"=?iso-8859-15?Q?Geb=FChr_100_=A4?=", now, "Gebühr 100 €.eml", now},
		"not a path":     {"../../etc/passwd: 1/2", now, "..-..-etc-passwd- 1-2.eml", now},
		"no subject":     {"", now, "E-Mail 1.eml", now},
		"long ago":       {"Alt", now.AddDate(-3, 0, 0), "Alt.eml", now},
		"yet to come":    {"Neu", now.AddDate(1, 0, 0), "Neu.eml", now},
		"an endless one": {strings.Repeat("ä", 500), now, strings.Repeat("ä", 75) + "….eml", now},
	} {
		t.Run(name, func(t *testing.T) {
			p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
			raw := mail(c.subject, 200)
			p.Put("INBOX", raw, c.came)
			cfg := config(p, o)
			cfg.Clock = func() time.Time { return now }
			_, stop := run(t, cfg)
			eventually(t, "it is done with", folders(p, 0, 1, 0))
			stop()
			d := o.first[raw]
			if d.Name != c.want || !d.Received.Equal(c.received) || d.Source != "mail" || d.Device != mailboxtest.Account+"/INBOX" || d.Media != "message/rfc822" {
				t.Errorf("%+v, want %q at %v", d, c.want, c.received)
			}
		})
	}
}

// TestCut breaks the connection in the middle of a message, or lets it fall silent
// there. Half a message is never taken in, its neighbours are, and what never comes
// whole is held.
func TestCut(t *testing.T) {
	for name, stall := range map[string]bool{"cut": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
			p.Misbehave(mailboxtest.Faults{Cut: 100_000, Silent: stall})
			large, small := mail("Groß", 400_000), mail("Klein", 100)
			p.Put("INBOX", large, time.Now())
			p.Put("INBOX", small, time.Now())
			_, stop := run(t, config(p, o))
			eventually(t, "the neighbour is done with", folders(p, 1, 1, 0))
			eventually(t, "what never comes whole is held", folders(p, 0, 1, 1))
			stop()
			if err := o.has(small); err != nil {
				t.Error(err)
			}
			// Moved back by a person, over a line that is well again.
			p.Misbehave(mailboxtest.Faults{})
			p.Put("INBOX", large, time.Now())
			run(t, config(p, o))
			eventually(t, "it comes whole", folders(p, 0, 2, 1))
			if err := o.has(small, large); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHeld puts aside what is too large or what the server cannot give, and tells
// of it; neighbours go on.
func TestHeld(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	p.Misbehave(mailboxtest.Faults{Refuse: func(uid uint32) bool { return uid == 2 }})
	good := []string{mail("A", 100), mail("B", 900)}
	p.Put("INBOX", mail("zu groß", 50_000), time.Now())
	p.Put("INBOX", mail("kaputt", 100), time.Now())
	p.Put("INBOX", good[0], time.Now())
	p.Put("INBOX", good[1], time.Now())
	cfg := config(p, o)
	cfg.MaxBytes = 10_000
	var log safeBuffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	m, _ := run(t, cfg)
	eventually(t, "two are held", folders(p, 0, 2, 2))
	eventually(t, "the state says so", func() error {
		if s := m.State(); s.Held != 2 || s.Waiting != 0 {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	if err := o.has(good...); err != nil {
		t.Error(err)
	}
	for _, word := range []string{"Beispiel", "kaputt", mailboxtest.Account, mailboxtest.Password} {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log says %q:\n%s", word, log.String())
		}
	}
}

// TestKilled ends the program between the commit and the move, and before the
// commit. The message is one delivery, and is moved in the end.
func TestKilled(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	raw := mail("Antrag", 5000)
	p.Put("INBOX", raw, time.Now())
	for round := range 3 {
		reached := make(chan struct{})
		var once sync.Once
		block := func(ctx context.Context) error {
			once.Do(func() { close(reached) })
			<-ctx.Done()
			return ctx.Err()
		}
		o.set(func(o *office) {
			o.check = block
			if round == 0 { // before the commit
				o.check = nil
				o.takeIn = func(string) error { once.Do(func() { close(reached) }); return errors.New("killed") }
			} else {
				o.takeIn = nil
			}
		})
		_, stop := run(t, config(p, o))
		<-reached
		stop()
		if err := folders(p, 1, 0, 0)(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	o.set(func(o *office) { o.check = nil })
	run(t, config(p, o))
	eventually(t, "it is moved", folders(p, 0, 1, 0))
	if len(o.byID) != 1 || o.again != 0 {
		t.Errorf("%d deliveries, %d again", len(o.byID), o.again)
	}
}

// TestOurs: while nothing can be kept, everything stays in the mailbox, however long
// it lasts.
func TestOurs(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	raw := mail("Antrag", 500)
	p.Put("INBOX", raw, time.Now())
	tries := 0
	o.takeIn = func(string) error { tries++; return errors.New("the disk is full") }
	m, _ := run(t, config(p, o))
	eventually(t, "it is tried often", func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if tries < 12 {
			return errors.New("not yet")
		}
		return nil
	})
	if err := folders(p, 1, 0, 0)(); err != nil {
		t.Error(err)
	}
	if s := m.State(); s.Trouble == nil || !strings.Contains(s.Trouble.DE, "bleibt im Postfach") {
		t.Errorf("%+v", s)
	}
	// A failure that knows what a person can do about it keeps its words.
	full := &pipeline.Fault{Code: "disk-full", Text: pipeline.Message{DE: "Kein Platz mehr.", EN: "No room left."}}
	o.set(func(o *office) { o.takeIn = func(string) error { return full } })
	eventually(t, "it says that the disk is full", func() error {
		if s := m.State(); s.Trouble == nil || *s.Trouble != full.Text {
			return fmt.Errorf("%+v", s.Trouble)
		}
		return nil
	})
	o.set(func(o *office) { o.takeIn = nil })
	eventually(t, "it is taken in", folders(p, 0, 1, 0))
}

// TestNotMoved: what was taken in and cannot be moved is taken in once.
func TestNotMoved(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	p.Misbehave(mailboxtest.Faults{Fixed: true})
	p.Put("INBOX", mail("A", 100), time.Now())
	p.Put("INBOX", mail("B", 100), time.Now())
	m, _ := run(t, config(p, o))
	eventually(t, "the state says so", func() error {
		if s := m.State(); s.Trouble == nil || !strings.Contains(s.Trouble.DE, "verschieben") || s.Waiting != 2 {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	p.Misbehave(mailboxtest.Faults{})
	eventually(t, "they are moved", folders(p, 0, 2, 0))
	if len(o.byID) != 2 || o.again != 0 {
		t.Errorf("%d deliveries, %d again", len(o.byID), o.again)
	}
}

// TestRestart: the server ends while the mailbox is watched, and comes back.
func TestRestart(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	first, second := mail("A", 100), mail("B", 100)
	p.Put("INBOX", first, time.Now())
	m, _ := run(t, config(p, o))
	eventually(t, "the first", folders(p, 0, 1, 0))
	p.End()
	eventually(t, "the state says that nobody answers", func() error {
		if s := m.State(); s.Trouble == nil || s.Looked.IsZero() {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	p.Put("INBOX", second, time.Now())
	p.Begin()
	eventually(t, "the second", folders(p, 0, 2, 0))
	eventually(t, "all is well again", func() error {
		if s := m.State(); s.Trouble != nil {
			return fmt.Errorf("%s", s.Trouble.EN)
		}
		return nil
	})
}

// TestValidity: after a new UIDVALIDITY, and after a server that was set up anew
// begins with the old numbers, every message is taken in and none is lost; the same
// bytes are duplicates.
func TestValidity(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	same, other, third := mail("A", 100), mail("B", 100), mail("C", 100)
	p.Put("INBOX", same, time.Now())
	cfg := config(p, o)
	run(t, cfg)
	eventually(t, "the first", folders(p, 0, 1, 0))

	// Deleted and made again: a new UIDVALIDITY, UIDs from 1.
	p.Recreate("INBOX")
	p.Put("INBOX", same, time.Now())
	p.Put("INBOX", other, time.Now())
	eventually(t, "both", folders(p, 0, 3, 0))
	if err := o.has(same, other); err != nil || o.again != 1 {
		t.Errorf("%v; %d again, want 1", err, o.again)
	}

	// Set up anew: the same UIDVALIDITY and UID for another message.
	p.Renew()
	p.Put("INBOX", third, time.Now())
	eventually(t, "the third", folders(p, 0, 1, 0))
	if err := o.has(same, other, third); err != nil {
		t.Error(err)
	}
}

// TestRefused: a wrong password is said clearly and not tried again soon; so is a
// certificate that nobody vouches for, over which no password is sent.
func TestRefused(t *testing.T) {
	p := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern)
	plain := mailboxtest.Start(t, mailboxtest.Naked, mailboxtest.Modern)
	for name, c := range map[string]struct {
		at     *mailboxtest.Server
		change func(*mailbox.Config)
		say    string
		logins int
	}{
		"password":       {p, func(c *mailbox.Config) { c.Password = "falsch" }, "Passwort", 1},
		"account":        {p, func(c *mailbox.Config) { c.User = "wer@stadt.example" }, "Konto", 1},
		"certificate":    {p, func(c *mailbox.Config) { c.Trust = nil }, "Zertifikat", 0},
		"no STARTTLS":    {plain, func(c *mailbox.Config) { c.Security = mailbox.StartTLS }, "keine Verschlüsselung", 0},
		"no TLS":         {plain, func(c *mailbox.Config) {}, "keine Verschlüsselung", 0},
		"no such folder": {p, func(c *mailbox.Config) { c.Folder = "Gibt es nicht" }, "Ordner", 1},
		"nobody there":   {p, func(c *mailbox.Config) { c.Addr = "127.0.0.1:1" }, "nicht zu erreichen", 0},
		"a bad token": {p, func(c *mailbox.Config) {
			c.Token = func(context.Context) (string, error) { return "bad", nil }
		}, "Passwort", 0},
		"no token": {p, func(c *mailbox.Config) {
			c.Token = func(context.Context) (string, error) { return "", errors.New("away") }
		}, "OAuth", 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.at.Logins()
			cfg := config(c.at, newOffice())
			cfg.Longest = time.Hour
			c.change(&cfg)
			m, stop := run(t, cfg)
			eventually(t, "it is said", func() error {
				if s := m.State(); s.Trouble == nil || !strings.Contains(s.Trouble.DE, c.say) {
					return fmt.Errorf("%+v", s.Trouble)
				}
				return nil
			})
			time.Sleep(100 * time.Millisecond) // twenty looks, were there no pause
			stop()
			if n := c.at.Logins() - before; c.say != "Ordner" && n > c.logins {
				t.Errorf("signed in %d times, want %d", n, c.logins)
			}
		})
	}
}

// TestToken signs in with an access token.
func TestToken(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	raw := mail("Antrag", 100)
	p.Put("INBOX", raw, time.Now())
	cfg := config(p, o)
	cfg.Password, cfg.Token = "", func(context.Context) (string, error) { return mailboxtest.Token, nil }
	run(t, cfg)
	eventually(t, "it is done with", folders(p, 0, 1, 0))
}

// TestTwo: two processes on one mailbox make each message one delivery.
func TestTwo(t *testing.T) {
	p, o := mailboxtest.Start(t, mailboxtest.TLS, mailboxtest.Modern), newOffice()
	var mails []string
	for n := range 20 {
		mails = append(mails, mail(fmt.Sprint("Brief ", n), 2000))
		p.Put("INBOX", mails[n], time.Now())
	}
	run(t, config(p, o))
	run(t, config(p, o))
	eventually(t, "all are done with", func() error {
		if n := p.Count("INBOX"); n > 0 {
			return fmt.Errorf("%d left", n)
		}
		return nil
	})
	if err := o.has(mails...); err != nil || o.again > 0 || len(o.byID) != len(mails) {
		t.Errorf("%v; %d deliveries, %d again", err, len(o.byID), o.again)
	}
}

func TestOpen(t *testing.T) {
	good := mailbox.Config{Addr: "mail.stadt.example:993", User: "a", Password: "b"}
	for name, c := range map[string]struct {
		change func(*mailbox.Config)
		ok     bool
	}{
		"good":                    {func(*mailbox.Config) {}, true},
		"the loopback":            {func(c *mailbox.Config) { c.Security, c.Addr = mailbox.None, "localhost:143" }, true},
		"no TLS over a network":   {func(c *mailbox.Config) { c.Security = mailbox.None }, false},
		"a name like localhost":   {func(c *mailbox.Config) { c.Security, c.Addr = mailbox.None, "localhost.example:143" }, false},
		"unknown security":        {func(c *mailbox.Config) { c.Security = "ssl3" }, false},
		"no port":                 {func(c *mailbox.Config) { c.Addr = "mail.stadt.example" }, false},
		"no password":             {func(c *mailbox.Config) { c.Password = "" }, false},
		"done is where it begins": {func(c *mailbox.Config) { c.Done = "INBOX" }, false},
		"done and held are one":   {func(c *mailbox.Config) { c.Held = "Erledigt" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			if _, err := mailbox.Open(cfg); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}

// mail is a message of a given size with a subject.
func mail(subject string, bytes int) string {
	return "From: a@example.org\r\nTo: " + mailboxtest.Account + "\r\nSubject: " + subject + "\r\nDate: Mon, 2 Mar 2026 09:00:00 +0100\r\n\r\n" +
		strings.Repeat("Sehr geehrte Damen und Herren,\r\n", bytes/32)
}

// safeBuffer is a log that several write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
