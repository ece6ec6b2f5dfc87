package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/workers/inbox"
)

// watchInbox watches the hot folder, if one is set, until ctx ends or stop is
// called, which waits until the file in hand is done with.
func (s *stations) watchInbox(ctx context.Context) (stop func(), err error) {
	if s.set.str("inbox") == "" {
		return func() {}, nil
	}
	in, err := inbox.Open(inbox.Config{Root: s.set.str("inbox"), Take: s.takeFromInbox, Check: s.readBack, Log: s.log})
	if err != nil {
		return nil, err
	}
	s.inlets = append(s.inlets, func() web.Inlet { return folderInlet(in, s.set.str("inbox")) })
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx)
		_ = in.Close()
	}()
	return func() { cancel(); <-done }, nil
}

func (s *stations) takeFromInbox(ctx context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error) {
	d.Language, d.Mode, d.Paper = s.set.str("language"), pipeline.ModeSkip, s.set.papers("inbox-paper").of(d.Device)
	receipt, err := s.intake.Take(ctx, d, r)
	if errors.Is(err, catalog.ErrChanged) {
		// A file of the same name, size and time, but of other bytes: another delivery.
		// It is read again from its begin under a name of its own.
		seek, ok := r.(io.Seeker)
		if !ok {
			return "", err
		}
		if _, err := seek.Seek(0, io.SeekStart); err != nil {
			return "", fmt.Errorf("reading a file again: %w", err)
		}
		d.ID = ""
		receipt, err = s.intake.Take(ctx, d, r)
	}
	return receipt.Document.Delivery.Original.Digest, err
}

// readBack reads kept bytes in full; the store compares them with their digest.
// What is archived already was read back there.
func (s *stations) readBack(ctx context.Context, d pipeline.Digest) error {
	c, err := s.blobs.Open(ctx, d)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.Copy(io.Discard, c)
	return err
}
