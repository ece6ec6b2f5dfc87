package foreign

import "errors"

// RepairCall asks for a repaired copy of a file.
type RepairCall struct {
	Path string `json:"path"`
	Out  string `json:"out"`
}

// Repaired says what was done.
type Repaired struct {
	Changes []Change `json:"changes,omitempty"`
}

// Change is one kind of change.
type Change struct {
	Code string `json:"code"`
}

func (s *server) repair(RepairCall) (Repaired, error) { return Repaired{}, errors.New("not yet") }
