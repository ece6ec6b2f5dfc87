package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"blattwerk/pipeline"
)

// Version names the rules that Validate applies. It changes whenever a verdict
// may change.
const Version = "blattwerk-gate 1"

// Auto asks Validate to check what the file claims to be.
const Auto = "auto"

// ErrPart says that a file claims, or the caller asks for, a part or level of
// ISO 19005 that this gate does not check.
var ErrPart = errors.New("this part of PDF/A is not checked by the gate")

// flavour is a part and level of ISO 19005.
type flavour struct {
	part  int  // 2 or 3
	level byte // 'a', 'b' or 'u'
}

func (v flavour) String() string { return fmt.Sprintf("%d%c", v.part, v.level) }

func parseFlavour(s string) (flavour, error) {
	s = strings.ToLower(s)
	if len(s) != 2 || !strings.ContainsRune("23", rune(s[0])) || !strings.ContainsRune("abu", rune(s[1])) {
		return flavour{}, fmt.Errorf("%q: %w", s, ErrPart)
	}
	return flavour{int(s[0] - '0'), s[1]}, nil
}

// Validate checks a PDF of size bytes against ISO 19005-2 or 19005-3. The
// flavour is "2b", "2u", "2a", "3b", "3u", "3a", or [Auto] for what the file
// claims; a file without a claim is checked for 2b and breaks rule 6.6.4-1.
//
// A file that is broken or over the limits is not an error but invalid. Errors
// are: reading failed, ctx ended, or [ErrPart]. It holds no more than about 200
// MB of memory and can be called concurrently.
func Validate(ctx context.Context, r io.ReaderAt, size int64, want string) (pipeline.Validation, error) {
	return validate(r, size, want, 0, newBudget(ctx))
}

// validate is Validate; depth counts files embedded in files, which share one
// budget.
func validate(r io.ReaderAt, size int64, want string, depth int, b *budget) (v pipeline.Validation, err error) {
	rep := newReport()
	fl := flavour{2, 'b'}
	if want != Auto {
		if fl, err = parseFlavour(want); err != nil {
			return v, err
		}
	}
	fl, err = inspect(r, size, fl, want == Auto, rep, depth, b)
	v = pipeline.Validation{Flavour: fl.String(), Gate: Version, Breaks: rep.breaches()}
	v.Valid = err == nil && len(v.Breaks) == 0
	return v, err
}

// inspect runs all checks. Whatever stops them, a verdict "valid" cannot come
// out of it: a fault of the gate itself counts as a breach too.
func inspect(r io.ReaderAt, size int64, fl flavour, auto bool, rep *report, depth int, b *budget) (used flavour, err error) {
	used = fl
	defer func() {
		switch p := recover().(type) {
		case nil:
		case halt:
			if p.err != nil {
				err = p.err
				return
			}
			rep.add(p.rule, place{}, p.cause)
		default:
			rep.add(ruleInternal, place{}, fmt.Sprint(p)) // the same file shows the stack again
		}
	}()
	f, openErr := openFile(r, size, rep, b)
	if openErr != nil {
		rep.add(ruleParse, place{}, openErr.Error())
		return used, nil
	}
	c := newChecker(f, rep, depth)
	meta := c.readMetadata()
	if auto {
		if used, err = meta.claim(); err != nil {
			return used, err
		}
	}
	c.flavour = used
	c.run(meta)
	return used, nil
}

// checker holds what the checks of one file share.
type checker struct {
	*file
	flavour flavour
	depth   int
	catalog dict

	intent  colourModel // of the PDF/A output intent's profile
	intents bool        // there is a PDF/A output intent

	fonts      map[fontKey]*font
	spots      map[name]spot
	profiles   map[int]*iccProfile
	programmes map[int]*fontProgram
	cmaps      map[int]*cmap
	drawn      map[drawKey]bool
	actions    map[int]bool // looked at already; so the next four
	packets    map[int]bool
	signatures map[int]bool
	specsSeen  map[int]bool

	fileSpecs    []object     // specifications of embedded files, by reference or direct
	associated   map[int]bool // file specifications that an /AF names
	streams      []int        // metadata streams
	mainMetadata *metadata
}

func newChecker(f *file, rep *report, depth int) *checker {
	return &checker{
		file: f, depth: depth, catalog: f.dict(f.trailer["Root"]),
		fonts: map[fontKey]*font{}, spots: map[name]spot{}, profiles: map[int]*iccProfile{},
		programmes: map[int]*fontProgram{}, cmaps: map[int]*cmap{}, drawn: map[drawKey]bool{},
		actions: map[int]bool{}, packets: map[int]bool{}, signatures: map[int]bool{}, specsSeen: map[int]bool{},
		associated: map[int]bool{},
	}
}

// run makes all checks in the order of the standard, roughly.
func (c *checker) run(meta *metadata) {
	c.checkHeader()
	c.checkEnd()
	c.checkTrailer()
	if c.trailer["Encrypt"] != nil {
		return // nothing more can be read
	}
	c.checkObjects()
	if c.catalog == nil {
		c.report.add(ruleParse, place{}, "the document catalog is missing")
		return
	}
	c.checkMetadata(meta)
	for _, num := range c.streams {
		c.checkMetadataStream(ref{num, c.entries[num].gen})
	}
	c.checkIntents()
	c.checkCatalog()
	c.checkForm()
	c.checkPages()
	c.checkFonts()
	c.checkTagging()
}
