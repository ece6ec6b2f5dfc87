package mailbox

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"blattwerk/pipeline"
)

// message is a message as the server lists it.
type message struct {
	uid  imap.UID
	size int64 // bytes; a guess, of some servers
	came time.Time
}

// look goes through the folder once; some says whether any message was done with.
// What is wrong with one message is no error, unless it cost the connection.
func (m *Mailbox) look(ctx context.Context) (some bool, err error) {
	c, done, err := m.dial(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	list, err := m.list(c)
	if err != nil {
		return false, err
	}
	var trouble error
	for _, msg := range list {
		w := m.seen[msg.uid]
		if m.cfg.Clock().Before(w.retry) {
			continue
		}
		err := m.handle(ctx, c, msg)
		if err == nil {
			delete(m.seen, msg.uid)
			some = true
			continue
		}
		if ctx.Err() != nil {
			return some, ctx.Err()
		}
		trouble = err
		m.failed(ctx, msg, err)
		if code := pipeline.AsFault(err).Code; code == codeOurs || c.State() != imap.ConnStateSelected {
			return some, err
		}
	}
	held := m.held(c)
	_ = c.Logout().Wait()
	m.tell(held, trouble)
	return some, nil
}

// list opens the folder and lists what is in it: what failed before comes last, so
// that it holds up nobody.
func (m *Mailbox) list(c *imapclient.Client) ([]message, error) {
	box, err := c.Select(m.cfg.Folder, nil).Wait()
	if err != nil {
		return nil, asked("opening the folder", codeFolder, err)
	}
	if box.UIDValidity != m.validity {
		m.validity, m.seen = box.UIDValidity, map[imap.UID]watched{}
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return nil, asked("listing the folder", codeAnswer, err)
	}
	uids := found.AllUIDs()
	for uid := range m.seen {
		if !slices.Contains(uids, uid) {
			delete(m.seen, uid) // somebody else took it away
		}
	}
	var list []message
	const atOnce = 500 // servers take lines of a few thousand bytes
	for part := range slices.Chunk(uids, atOnce) {
		known, err := c.Fetch(imap.UIDSetNum(part...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
		if err != nil {
			return nil, asked("asking for sizes", codeAnswer, err)
		}
		for _, k := range known {
			list = append(list, message{uid: k.UID, size: k.RFC822Size, came: k.InternalDate})
		}
	}
	slices.SortFunc(list, func(a, b message) int {
		return cmp.Or(cmp.Compare(m.seen[a.uid].tries, m.seen[b.uid].tries), cmp.Compare(a.uid, b.uid))
	})
	return list, nil
}

// handle does with a message what is to be done.
func (m *Mailbox) handle(ctx context.Context, c *imapclient.Client, msg message) error {
	w := m.seen[msg.uid]
	tooLarge := m.cfg.MaxBytes > 0 && msg.size > m.cfg.MaxBytes
	if !w.accepted && (tooLarge || w.tries >= maxTries) {
		err := m.move(c, msg.uid, m.cfg.Held)
		if err == nil {
			m.cfg.Log.WarnContext(ctx, "a message of the mailbox was put aside for a person", slog.Uint64("uid", uint64(msg.uid)),
				slog.Int64("bytes", msg.size), slog.Bool("large", tooLarge))
		}
		return err
	}
	if !w.accepted {
		size, digest, err := m.take(ctx, c, msg)
		if errors.Is(err, errGone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.cfg.Check(ctx, digest); err != nil {
			return ours("reading back what was taken in", err)
		}
		w.accepted = true
		m.seen[msg.uid] = w
		m.cfg.Log.InfoContext(ctx, "taken from the mailbox", slog.Uint64("uid", uint64(msg.uid)), slog.Int64("bytes", size))
	}
	return m.move(c, msg.uid, m.cfg.Done)
}

// failed notes that a message was not done with. Our own failures are not counted
// against it.
func (m *Mailbox) failed(ctx context.Context, msg message, err error) {
	f := pipeline.AsFault(err)
	if f.Code == codeOurs {
		return
	}
	w := m.seen[msg.uid]
	if w.tries++; errors.Is(err, errLarge) {
		w.tries = maxTries
	}
	w.retry = m.cfg.Clock().Add(m.pause(w.tries))
	m.seen[msg.uid] = w
	m.cfg.Log.WarnContext(ctx, "a message of the mailbox was not done with yet", slog.Uint64("uid", uint64(msg.uid)),
		slog.Int("tries", w.tries), slog.String("code", f.Code), slog.Any("error", f.Err))
}

// held counts the messages in the folder for a person; where there is none yet,
// none is held.
func (m *Mailbox) held(c *imapclient.Client) int {
	data, err := c.Status(m.cfg.Held, &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil || data.NumMessages == nil {
		return 0
	}
	return int(*data.NumMessages)
}

// tell keeps what a look found, for those who ask.
func (m *Mailbox) tell(held int, trouble error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = State{Looked: m.cfg.Clock(), Waiting: len(m.seen), Held: held}
	if trouble != nil {
		m.state.Trouble = &pipeline.AsFault(trouble).Text
	}
}

// move moves a message, and makes the folder if there is none.
func (m *Mailbox) move(c *imapclient.Client, uid imap.UID, folder string) error {
	set := imap.UIDSetNum(uid)
	err := moveTo(c, set, folder)
	if answer := (*imap.Error)(nil); errors.As(err, &answer) && answer.Type == imap.StatusResponseTypeNo {
		// Not every server says that it is the folder which is missing.
		if c.Create(folder, nil).Wait() == nil {
			err = moveTo(c, set, folder)
		}
	}
	return asked("moving a message", codeMove, err)
}

// moveTo moves messages. Where the server cannot, they are copied, and only then
// taken away, by their own UID: a plain EXPUNGE would take what others marked, and
// the library's own way does not wait for the copy.
func moveTo(c *imapclient.Client, set imap.UIDSet, folder string) error {
	if c.Caps().Has(imap.CapMove) {
		_, err := c.Move(set, folder).Wait()
		return err
	}
	if _, err := c.Copy(set, folder).Wait(); err != nil {
		return err
	}
	gone := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(set, gone, nil).Close(); err != nil || !c.Caps().Has(imap.CapUIDPlus) {
		return err
	}
	return c.UIDExpunge(set).Close()
}
