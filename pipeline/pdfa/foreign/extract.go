package foreign

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Limits of taking embedded files out.
const (
	maxExtracts    = 100
	maxExtractSize = 256 << 20 // bytes of all of them
)

// ExtractCall asks for the files that are embedded in a PDF. Each is written to
// Dir.
type ExtractCall struct {
	Path string `json:"path"`
	Dir  string `json:"dir"`
}

// Extracted is one embedded file.
type Extracted struct {
	Name  string `json:"name"`            // base name only
	Media string `json:"media,omitempty"` // as the file says
	File  string `json:"file,omitempty"`
	Why   string `json:"why,omitempty"` // why it could not be taken out; File is "" then
}

// errFull says that the limit of what is taken out is reached.
var errFull = errors.New("too many or too large embedded files")

func (s *server) extract(c ExtractCall) ([]Extracted, error) {
	f, err := s.open(c.Path)
	if err != nil {
		return nil, err
	}
	var out []Extracted
	left := int64(maxExtractSize)
	for i, e := range f.embedded() {
		x := Extracted{Name: e.name, Media: string(f.name(e.stream.dict["Subtype"]))}
		path := filepath.Join(c.Dir, fmt.Sprintf("embedded-%d", i+1))
		n, err := int64(0), errFull
		if i < maxExtracts {
			n, err = f.extractTo(path, e.stream, left)
		}
		if left -= n; err == nil {
			x.File = path
		} else {
			x.Why = err.Error()
			_ = os.Remove(path)
		}
		out = append(out, x)
	}
	return out, nil
}

func (f *file) extractTo(path string, s *stream, most int64) (n int64, err error) {
	r, codecs, err := f.decoded(s)
	if err != nil {
		return 0, err
	}
	if len(codecs) > 0 {
		return 0, fmt.Errorf("packed with %s", codecs[0].name)
	}
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, io.LimitReader(r, most+1))
	if n > most {
		err = errFull
	}
	return n, errors.Join(err, out.Close())
}

// embeddedFile is a file inside the file.
type embeddedFile struct {
	name   string
	stream *stream
}

// embedded lists the embedded files, each once, in the order of their objects
// (ISO 32000-1, 7.11.4). Of several variants for different systems it is the
// first that there is.
func (f *file) embedded() []embeddedFile {
	var out []embeddedFile
	seen := map[*stream]bool{}
	f.each(func(d dict) {
		ef, ok := f.get(d["EF"]).(dict)
		if !ok {
			return
		}
		s := f.stream(first(ef, "UF", "F", "Unix", "DOS", "Mac"))
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		n := decodeText(f.text(first(d, "UF", "F", "Unix", "DOS")))
		out = append(out, embeddedFile{baseName(n, len(out)+1), s})
	})
	return out
}

// baseName is a name without folders, whoever's separators they have.
func baseName(s string, no int) string {
	s = strings.TrimSpace(s[strings.LastIndexAny(s, `/\:`)+1:])
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, s)
	if s == "" || s == "." || s == ".." {
		return fmt.Sprintf("Anlage-%d", no)
	}
	return s
}
