package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/workers/mailbox"
)

// watchMailbox asks the mailbox, if one is set, until ctx ends or stop is called,
// which waits until the message in hand is let go.
func (s *stations) watchMailbox(ctx context.Context) (stop func(), err error) {
	if s.set.str("imap-addr") == "" {
		return func() {}, nil
	}
	cfg, err := s.mailboxConfig()
	if err != nil {
		return nil, err
	}
	box, err := mailbox.Open(cfg)
	if err != nil {
		return nil, err
	}
	s.inlets = append(s.inlets, func() web.Inlet { return mailInlet(box.State(), s.set) })
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		box.Run(ctx)
	}()
	return func() { cancel(); <-done }, nil
}

func (s *stations) mailboxConfig() (mailbox.Config, error) {
	set := s.set
	cfg := mailbox.Config{
		Addr: set.str("imap-addr"), User: set.str("imap-user"), Password: set.str("imap-password"),
		Folder: set.str("imap-folder"), Done: set.str("imap-done"), Held: set.str("imap-held"), Security: set.str("imap-security"),
		MaxBytes: set.bytes("max-bytes"), Every: set.duration("imap-every"), Log: s.log,
		Take: s.takeFromMailbox, Check: s.readBack,
		Changed: func(err error) bool { return errors.Is(err, catalog.ErrChanged) },
	}
	if name := set.str("imap-ca-file"); name != "" {
		pem, err := os.ReadFile(name)
		if err != nil {
			return cfg, fmt.Errorf("imap-ca-file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return cfg, fmt.Errorf("imap-ca-file: %s holds no certificate", name)
		}
		cfg.Trust = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	if url := set.str("imap-token-url"); url != "" {
		cfg.Token = mailbox.Tokens(&http.Client{Timeout: 30 * time.Second}, url,
			set.str("imap-client-id"), set.str("imap-client-secret"), set.str("imap-scope"))
	}
	return cfg, nil
}

func (s *stations) takeFromMailbox(ctx context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error) {
	d.Language, d.Mode = s.set.str("language"), pipeline.ModeSkip
	receipt, err := s.intake.Take(ctx, d, r)
	return receipt.Document.Delivery.Original.Digest, err
}
