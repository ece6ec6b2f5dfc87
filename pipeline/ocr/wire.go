package ocr

import (
	"image"

	"blattwerk/pipeline"
)

// The operations that a child knows.
const (
	opRead      = "read"
	opDecode    = "decode"
	opGlance    = "glance"
	opLanguages = "languages"
)

// readCall asks for one page to be read; the encoded picture goes beside it.
type readCall struct {
	Media     string  `json:"media"`
	Turn      int     `json:"turn"` // clockwise degrees that the file asks a viewer to turn it
	DPIX      float64 `json:"dpiX"` // of the picture as stored
	DPIY      float64 `json:"dpiY"`
	Keep      bool    `json:"keep"`    // a person said that it is not blank
	Upright   bool    `json:"upright"` // a person said that Turn brings it upright
	Languages string  `json:"languages"`
	DataDir   string  `json:"dataDir"`
	Halves    bool    `json:"halves"` // a core is idle: the page may be read in two halves at once

	full image.Point // size of the picture as stored, where the child decoded it smaller
}

// readReply is what was found on the page.
type readReply struct {
	Damaged bool              `json:"damaged"` // the bytes are no picture; nothing else is set
	Blank   bool              `json:"blank"`
	Ink     float64           `json:"ink"`
	Turn    int               `json:"turn"`
	Skew    float64           `json:"skew"`
	Text    pipeline.PageText `json:"text"`
	Engine  string            `json:"engine"`
	Actions []string          `json:"actions"`
	Quality pipeline.Quality  `json:"quality"`
}

// decodeCall asks for picture n of a file, counted from 0. With probe, nothing
// is given back but the knowledge that it decodes.
type decodeCall struct {
	Media  string `json:"media"`
	N      int    `json:"n"`
	Mirror bool   `json:"mirror"` // swap left and right
	Probe  bool   `json:"probe"`
}

type decodeReply struct {
	Damaged  bool    `json:"damaged"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Depth    int     `json:"depth"` // bits a pixel: 1, 2, 4, 8, 16 or 32
	DPIX     float64 `json:"dpiX"`  // 0: the file does not say
	DPIY     float64 `json:"dpiY"`
	Warnings int     `json:"warnings"` // what a JPEG decoder had to mend
}

type languagesCall struct {
	DataDir string `json:"dataDir"`
}
