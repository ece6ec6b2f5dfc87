package foreign

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// errPassword says that the file does not open without a password.
var errPassword = errors.New("a password is needed")

// Limits of what is believed of a file, before its bytes are read.
const (
	maxFile    = 512 << 20
	maxStream  = 256 << 20
	maxObjects = 2_000_000
)

// open parses the file at path.
func open(ctx context.Context, path string) (*file, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("file of %d bytes is over the limit of %d", st.Size(), int64(maxFile))
	}
	if st.Size() >= largeFile {
		if f, err := openLarge(ctx, path); err == nil || ctx.Err() != nil {
			return f, err
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(ctx, raw)
}

// parse turns bytes into the model.
func parse(ctx context.Context, raw []byte) (*file, error) {
	return parseFrom(ctx, bytes.NewReader(knownVersion(raw)), converter{ctx: ctx})
}

// parseFrom turns what pdfcpu reads into the model. pdfcpu panics on some inputs;
// here that is an error like any other, since nothing of its state is used afterwards.
func parseFrom(ctx context.Context, r io.ReadSeeker, c converter) (f *file, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("the parser broke off: %v", p)
		}
	}()
	x, err := readObjects(ctx, r)
	if err != nil {
		return nil, err
	}
	f = &file{objects: make(map[ref]any, len(x.Table)), encrypted: x.Encrypt != nil || x.E != nil}
	for n, e := range x.Table {
		if e == nil || e.Free || e.Object == nil || n <= 0 || n > maxObjects*4 {
			continue
		}
		v, err := c.object(e.Object, 0)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", n, err)
		}
		f.objects[ref(n)] = v
		f.next = max(f.next, ref(n)+1)
	}
	if x.Root != nil {
		f.root = ref(x.Root.ObjectNumber)
	}
	if x.Info != nil {
		f.info = f.dict(ref(x.Info.ObjectNumber))
	}
	if len(x.ID) > 0 {
		if v, err := c.object(x.ID[0], 0); err == nil {
			f.id = []byte(f.text(v))
		}
	}
	if f.catalog() == nil || f.stream(f.root) != nil { // a stream is no catalog (ISO 32000-1, 7.7.2)
		return nil, errors.New("the file has no catalog")
	}
	return f, nil
}

var versionPattern = regexp.MustCompile(`%PDF-(\d\.\d)`)

// knownVersion gives a file with a version that does not exist the version 1.7:
// pdfcpu refuses it, while viewers do not care.
func knownVersion(raw []byte) []byte {
	at := versionPattern.FindSubmatchIndex(raw[:min(len(raw), 2048)])
	if at == nil {
		return raw
	}
	switch v := string(raw[at[2]:at[3]]); {
	case v >= "1.0" && v <= "1.7", v == "2.0":
		return raw
	}
	raw = bytes.Clone(raw)
	copy(raw[at[2]:], "1.7")
	return raw
}

func readObjects(ctx context.Context, r io.ReadSeeker) (*model.XRefTable, error) {
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.Offline = true
	conf.ValidationMode = model.ValidationRelaxed
	conf.DecodeAllStreams = false
	conf.Limits.MaxStreamBytes = maxStream
	conf.Limits.MaxDecodeBytes = 64 << 20
	conf.Limits.MaxObjectCount = maxObjects
	conf.Limits.MaxXRefEntries = maxObjects
	x, err := pdfcpu.ReadWithContext(ctx, r, conf)
	if err != nil {
		if errors.Is(err, pdfcpu.ErrWrongPassword) {
			return nil, errPassword
		}
		return nil, err
	}
	return x.XRefTable, nil
}

// converter turns pdfcpu's objects into ours.
type converter struct {
	ctx      context.Context
	src      io.ReaderAt    // the file, where its pictures stay in it
	pictures map[int64]span // these pictures, by where their bytes begin
	left     map[int64]bool // those that were met and left there
}

func (c converter) object(o types.Object, depth int) (any, error) {
	if depth > 4*maxDepth {
		return nil, errors.New("nested too deep")
	}
	switch o := o.(type) {
	case nil:
		return nil, nil
	case types.Boolean:
		return bool(o), nil
	case types.Integer:
		return int64(o), nil
	case types.Float:
		return float64(o), nil
	case types.Name:
		return name(o), nil
	case types.StringLiteral:
		b, err := types.Unescape(string(o))
		if err != nil {
			return nil, err
		}
		return text(b), nil
	case types.HexLiteral:
		return hexText(string(o)), nil
	case types.IndirectRef:
		return ref(o.ObjectNumber), nil
	case *types.IndirectRef:
		return ref(o.ObjectNumber), nil
	case types.Array:
		return c.array(o, depth)
	case types.Dict:
		return c.dict(o, depth)
	case types.StreamDict:
		return c.stream(o, depth)
	case *types.StreamDict:
		return c.stream(*o, depth)
	case types.LazyObjectStreamObject:
		inner, err := o.DecodedObject(c.ctx)
		if err != nil {
			return nil, err
		}
		return c.object(inner, depth+1)
	case types.ObjectStreamDict, types.XRefStreamDict, *types.ObjectStreamDict, *types.XRefStreamDict:
		return nil, nil // the file's own bookkeeping; ours is written anew
	}
	return nil, fmt.Errorf("unknown object %T", o)
}

func (c converter) array(o types.Array, depth int) (any, error) {
	a := make(array, len(o))
	for i := range o {
		v, err := c.object(o[i], depth+1)
		if err != nil {
			return nil, err
		}
		a[i] = v
	}
	return a, nil
}

func (c converter) dict(o types.Dict, depth int) (any, error) {
	d := make(dict, len(o))
	for k, v := range o {
		w, err := c.object(v, depth+1)
		if err != nil {
			return nil, err
		}
		if w != nil {
			d[name(k)] = w
		}
	}
	return d, nil
}

func (c converter) stream(o types.StreamDict, depth int) (any, error) {
	d, err := c.dict(o.Dict, depth)
	if err != nil {
		return nil, err
	}
	out := &stream{dict: d.(dict), raw: o.Raw}
	if out.inFile, err = c.inFile(o); err != nil {
		return nil, err
	}
	if out.inFile != nil {
		out.raw = nil
		out.dict["Length"] = out.inFile.Size()
	}
	return out, nil
}

// hexText decodes a hexadecimal string; an odd last digit counts as followed by
// 0 (ISO 32000-1, 7.3.4.3).
func hexText(s string) text {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return r
		}
		return -1
	}, s)
	if len(s)%2 == 1 {
		s += "0"
	}
	b, _ := hex.DecodeString(s)
	return text(b)
}
