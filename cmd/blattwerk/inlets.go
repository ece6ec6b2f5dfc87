package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web"
	"blattwerk/workers/inbox"
	"blattwerk/workers/mailbox"
)

// standing says how the ways in stand by which letters come of themselves.
func (s *stations) standing() []web.Inlet {
	list := []web.Inlet{}
	for _, tell := range s.inlets {
		list = append(list, tell())
	}
	return list
}

// folderInlet says how the hot folder stands.
func folderInlet(in *inbox.Inbox, folder string) web.Inlet {
	out := web.Inlet{Kind: "folder", Place: folder, Light: pipeline.Green, Text: pipeline.Message{
		DE: "Der Eingangsordner wird beobachtet.", EN: "The inbox folder is watched.",
	}}
	if in.Unreadable() {
		out.Light = pipeline.Red
		out.Text = pipeline.Message{
			DE: "Der Eingangsordner lässt sich nicht lesen. Ist die Freigabe verbunden?", EN: "The inbox folder cannot be read. Is the share mounted?",
		}
	}
	if n := len(in.Waiting()); n > 0 {
		out.Text = joined(out.Text,
			fmt.Sprintf("Dateien, die noch geschrieben oder erneut versucht werden: %d.", n), fmt.Sprintf("Files that are being written or will be tried again: %d.", n))
	}
	return out
}

// mailInlet says how the mailbox stands.
func mailInlet(s mailbox.State, set settings) web.Inlet {
	out := web.Inlet{Kind: "mail", Place: set.str("imap-user") + "/" + set.str("imap-folder"), Light: pipeline.Green}
	switch {
	case s.Trouble != nil:
		out.Light, out.Text = pipeline.Red, *s.Trouble
	case s.Looked.IsZero():
		out.Text = pipeline.Message{DE: "Das Postfach wird zum ersten Mal abgefragt.", EN: "The mailbox is being asked for the first time."}
	default:
		out.Text = pipeline.Message{DE: "Das Postfach wird abgefragt.", EN: "The mailbox is asked."}
	}
	if !s.Looked.IsZero() {
		at := s.Looked.In(set.zone()).Format("02.01.2006, 15:04")
		out.Text = joined(out.Text, "Zuletzt gelungen: "+at+".", "Last time this worked: "+at+".")
	}
	if s.Waiting > 0 {
		out.Text = joined(out.Text,
			fmt.Sprintf("E-Mails, die erneut versucht werden: %d.", s.Waiting), fmt.Sprintf("Mails that will be tried again: %d.", s.Waiting))
	}
	if s.Held > 0 {
		if out.Light == pipeline.Green {
			out.Light = pipeline.Amber
		}
		folder := set.str("imap-held")
		out.Text = joined(out.Text,
			fmt.Sprintf("Angehalten im Ordner „%s“: %d. Bitte dort ansehen; zurückgelegte E-Mails werden erneut versucht.", folder, s.Held),
			fmt.Sprintf("Held in the folder “%s”: %d. Please look at them there; mails that are put back are tried again.", folder, s.Held))
	}
	return out
}

func joined(m pipeline.Message, de, en string) pipeline.Message {
	return pipeline.Message{DE: m.DE + " " + de, EN: m.EN + " " + en}
}

// inletsOf asks a running serve on this data folder how its ways in stand; none
// where none runs.
func inletsOf(ctx context.Context, data string) []web.Inlet {
	raw, err := os.ReadFile(filepath.Join(data, "lock"))
	var who running
	if err != nil || json.Unmarshal(raw, &who) != nil || who.URL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var status struct{ Inlets []web.Inlet }
	if newRemoteDesk(who).do(ctx, http.MethodGet, "/api/v1/status", nil, &status) != nil {
		return nil // it has just ended
	}
	return status.Inlets
}
