package web

import "blattwerk/pipeline"

// Inlet is a way in by which letters come of themselves, a watched folder or a
// mailbox, and how it stands.
type Inlet struct {
	Kind  string           `json:"kind"`  // "folder" or "mail"
	Place string           `json:"place"` // the folder, or account and folder of the mailbox
	Light pipeline.Light   `json:"light"` // green: nothing to do; amber: something is held for a person; red: it does not work
	Text  pipeline.Message `json:"text"`
}

// inlets says how the ways in stand; there may be none.
func (s *server) inlets() []Inlet {
	if s.Inlets == nil {
		return []Inlet{}
	}
	return s.Inlets()
}
