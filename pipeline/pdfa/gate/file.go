package gate

import (
	"bytes"
	"errors"
	"fmt"
)

// file is an opened PDF: where each object lies, and the objects read so far.
type file struct {
	src     *source
	budget  *budget
	report  *report
	entries map[int]entry
	trailer dict // of the section that startxref points to

	cache   map[int]object
	cost    int            // estimated bytes in cache
	loading map[int]bool   // objects being read now: a guard against cycles
	noted   map[int]bool   // objects whose syntax was reported already
	groups  map[int][]byte // decoded object streams
	held    int            // bytes in groups
}

// entry is where an object lies (ISO 32000-1, 7.5.4 and 7.5.8).
type entry struct {
	off   int64 // offset in the file, or, for a packed object, its index
	gen   int
	group int // object stream that holds it; 0 for none
}

// load gives an indirect object; nil where it is free, missing or unreadable.
func (f *file) load(num int) object {
	if o, ok := f.cache[num]; ok {
		return o
	}
	e, ok := f.entries[num]
	if !ok || f.loading[num] {
		return nil
	}
	f.loading[num] = true
	defer delete(f.loading, num)
	var o object
	if e.group != 0 {
		f.unpack(e.group)
		if o, ok = f.cache[num]; ok {
			return o
		}
		f.complain(num, -1, "a packed object is missing from its object stream")
	} else {
		o = f.parseAt(num, e)
	}
	f.noted[num] = true
	f.keep(num, o)
	return o
}

// keep puts an object into the cache, which is emptied when it is full.
func (f *file) keep(num int, o object) {
	c := weigh(o)
	if f.cost+c > cacheSize {
		clear(f.cache)
		f.cost = 0
	}
	f.cost += c
	f.cache[num] = o
}

// weigh estimates the bytes that an object takes.
func weigh(o object) int {
	switch v := o.(type) {
	case text:
		return 40 + len(v)
	case name:
		return 32 + len(v)
	case array:
		n := 48
		for _, x := range v {
			n += 16 + weigh(x)
		}
		return n
	case dict:
		n := 320
		for k, x := range v {
			n += 40 + len(k) + weigh(x)
		}
		return n
	case *stream:
		return 64 + weigh(v.dict)
	}
	return 16
}

func (f *file) complain(num int, off int64, detail string) {
	if !f.noted[num] {
		f.report.add(ruleParse, place{num: num, off: off}, detail)
	}
}

// parseAt reads the object that starts at an offset and checks how it is
// written: ISO 19005-2, 6.1.6, 6.1.7.1, 6.1.9 and 6.1.13.
func (f *file) parseAt(num int, e entry) object {
	for size := 4096; ; size *= 4 {
		size = min(size, maxObjectSize)
		win := f.src.window(e.off, size)
		f.budget.spend(min(len(win), 1024))
		var notes []func()
		l := &lexer{data: win, base: e.off}
		if !f.noted[num] {
			l.note = func(rule string, off int64, detail string) {
				notes = append(notes, func() { f.report.add(rule, place{num: num, off: off}, detail) })
			}
		}
		o, err := f.indirect(l, num, e)
		f.budget.spend(l.pos)
		if errors.Is(err, errShort) && len(win) == size && e.off+int64(size) < f.src.size {
			if size == maxObjectSize {
				panic(halt{rule: ruleLimits, cause: "an object is larger than 16 MB"})
			}
			continue
		}
		for _, tell := range notes {
			tell()
		}
		if err != nil {
			f.complain(num, e.off, "an object cannot be read")
			return nil
		}
		return o
	}
}

// indirect reads "num gen obj ... endobj".
func (f *file) indirect(l *lexer, num int, e entry) (object, error) {
	data := l.data
	head := headOf(data, num, e.gen)
	if head.end == 0 {
		if len(data) < 64 {
			return nil, errShort
		}
		return nil, fmt.Errorf("no object %d at %d", num, e.off)
	}
	if !head.tidy || e.off == 0 || !isEOL(f.src.at(e.off-1)) {
		l.tell("6.1.9-1", 0, "")
	}
	l.pos = head.end
	if l.pos >= len(data) {
		return nil, errShort
	}
	if !isEOL(data[l.pos]) {
		l.tell("6.1.9-1", 0, "")
	}
	o, err := l.object()
	if err != nil {
		return nil, err
	}
	before := l.pos
	t, err := l.token()
	if err != nil {
		return nil, err
	}
	switch t {
	case keyword("stream"):
		d, ok := o.(dict)
		if !ok {
			return nil, errors.New("stream without dictionary")
		}
		return f.stream(l, d, num)
	case keyword("endobj"):
		f.endobj(l, before, num)
		return o, nil
	}
	return nil, errors.New("no endobj")
}

// endobj checks the white space around the keyword that was just read.
func (f *file) endobj(l *lexer, before, num int) {
	at := l.pos - len("endobj")
	tidy := at > 0 && at > before && isEOL(l.data[at-1])
	if l.pos < len(l.data) {
		tidy = tidy && isEOL(l.data[l.pos])
	} else if l.base+int64(l.pos) < f.src.size {
		tidy = tidy && isEOL(f.src.at(l.base+int64(l.pos)))
	}
	if !tidy {
		l.tell("6.1.9-1", at, "")
	}
}

type objectHead struct {
	end  int  // position after "obj"; 0 if this is not the object
	tidy bool // one white-space character between the parts
}

// headOf reads "num gen obj" at the start of data.
func headOf(data []byte, num, gen int) (h objectHead) {
	pos := 0
	digits := func(want int) bool {
		start, v := pos, 0
		for pos < len(data) && isDigit(data[pos]) && pos-start < 10 {
			v = v*10 + int(data[pos]-'0')
			pos++
		}
		return pos > start && v == want
	}
	spaces := func() int {
		start := pos
		for pos < len(data) && isSpace(data[pos]) && pos-start < 32 {
			pos++
		}
		return pos - start
	}
	if !digits(num) {
		return h
	}
	a := spaces()
	if a == 0 || !digits(gen) {
		return h
	}
	b := spaces()
	if b == 0 || !bytes.HasPrefix(data[pos:], []byte("obj")) {
		return h
	}
	return objectHead{end: pos + 3, tidy: a == 1 && b == 1}
}

// stream reads what follows the keyword "stream" and checks its length.
func (f *file) stream(l *lexer, d dict, num int) (object, error) {
	// The window is known to reach this far; beyond it the source is asked anew.
	at := l.base + int64(l.pos)
	start := at
	switch {
	case f.src.at(at) == '\r' && f.src.at(at+1) == '\n':
		start = at + 2
	case f.src.at(at) == '\n':
		start = at + 1
	default:
		l.tell("6.1.7.1-2", l.pos, "stream is not followed by CR LF or LF")
		if f.src.at(at) == '\r' {
			start = at + 1
		}
	}
	n, ok := f.resolve(d["Length"]).(int64)
	s := &stream{dict: d, num: num, start: start, length: n}
	if !ok || n < 0 || start+n > f.src.size {
		l.tell("6.1.7.1-1", l.pos, "")
		s.length = 0
		return s, nil
	}
	f.endstream(l, s)
	return s, nil
}

// endstream checks what follows the bytes of a stream.
func (f *file) endstream(l *lexer, s *stream) {
	end := s.start + s.length
	tail := f.src.window(end, 64)
	eol := 0
	switch {
	case bytes.HasPrefix(tail, []byte("\r\n")):
		eol = 2
	case len(tail) > 0 && isEOL(tail[0]):
		eol = 1
	}
	tell := func(rule, detail string) {
		if l.note != nil {
			l.note(rule, end, detail)
		}
	}
	rest := tail[eol:]
	if !bytes.HasPrefix(rest, []byte("endstream")) {
		tell("6.1.7.1-1", "")
		return
	}
	if eol == 0 && s.length > 0 && isEOL(f.src.at(end-1)) {
		tell("6.1.7.1-1", "the end-of-line before endstream is counted")
	} else if eol == 0 {
		tell("6.1.7.1-2", "endstream is not preceded by an end-of-line")
	}
	rest = rest[len("endstream"):]
	k := 0
	for k < len(rest) && isSpace(rest[k]) {
		k++
	}
	if !bytes.HasPrefix(rest[k:], []byte("endobj")) {
		tell(ruleParse, "no endobj after a stream")
		return
	}
	after := k + len("endobj")
	if k == 0 || !isEOL(rest[k-1]) || after < len(rest) && !isEOL(rest[after]) {
		tell("6.1.9-1", "")
	}
}

// resolve follows references to an object that is none.
func (f *file) resolve(o object) object {
	for range 32 {
		r, ok := o.(ref)
		if !ok {
			return o
		}
		if e, ok := f.entries[r.num]; !ok || e.gen != r.gen && e.group == 0 {
			return nil
		}
		o = f.load(r.num)
	}
	return nil
}

// dict gives the dictionary behind o; nil if there is none.
func (f *file) dict(o object) dict {
	d, _ := f.resolve(o).(dict)
	return d
}

// keysOf gives the dictionary behind o, also that of a stream.
func (f *file) keysOf(o object) dict {
	if s, ok := f.resolve(o).(*stream); ok {
		return s.dict
	}
	return f.dict(o)
}

func (f *file) array(o object) array {
	a, _ := f.resolve(o).(array)
	return a
}

func (f *file) name(o object) name {
	n, _ := f.resolve(o).(name)
	return n
}

func (f *file) number(o object) (float64, bool) { return number(f.resolve(o)) }

func (f *file) integer(o object) (int, bool) {
	n, ok := f.resolve(o).(int64)
	return int(n), ok
}

// numberOf tells which indirect object o is; 0 if it is direct.
func numberOf(o object) int {
	if r, ok := o.(ref); ok {
		return r.num
	}
	return 0
}

// unpack reads all objects of an object stream (ISO 32000-1, 7.5.7).
func (f *file) unpack(group int) {
	s, ok := f.load(group).(*stream)
	if !ok || f.entries[group].group != 0 || f.name(s.dict["Type"]) != "ObjStm" {
		f.complain(group, -1, "an object stream is missing")
		return
	}
	raw, ok := f.groups[group]
	if !ok {
		var err error
		if raw, err = f.decode(s); err != nil {
			f.complain(group, s.start, "an object stream cannot be decoded")
			raw = nil
		}
		if f.held+len(raw) > cacheSize {
			clear(f.groups)
			f.held = 0
		}
		f.held += len(raw)
		f.groups[group] = raw
	}
	n, _ := f.integer(s.dict["N"])
	first, _ := f.integer(s.dict["First"])
	if n < 0 || n > maxObjects || first < 0 || first > len(raw) {
		f.complain(group, s.start, "an object stream has a wrong header")
		return
	}
	head := &lexer{data: raw[:first], base: -1}
	for i := range n {
		a, err1 := head.token()
		b, err2 := head.token()
		num, ok1 := a.(int64)
		off, ok2 := b.(int64)
		if err1 != nil || err2 != nil || !ok1 || !ok2 || off < 0 || int64(first)+off > int64(len(raw)) {
			f.complain(group, s.start, "an object stream has a wrong header")
			return
		}
		if e, ok := f.entries[int(num)]; !ok || e.group != group || e.off != int64(i) {
			continue // superseded by a later revision
		}
		f.packed(int(num), raw[first+int(off):])
	}
}

// packed reads one object of an object stream.
func (f *file) packed(num int, raw []byte) {
	l := &lexer{data: raw, base: -1}
	if !f.noted[num] {
		l.note = func(rule string, _ int64, detail string) { f.report.add(rule, place{num: num}, detail) }
	}
	o, err := l.object()
	f.budget.spend(l.pos + 8)
	if err != nil {
		f.complain(num, -1, "a packed object cannot be read")
	}
	f.noted[num] = true
	f.keep(num, o)
}
