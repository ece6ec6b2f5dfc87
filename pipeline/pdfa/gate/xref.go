package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// openFile reads the cross-reference sections of a file, newest first, as ISO
// 32000-1, 7.5.4, 7.5.5 and 7.5.8 define them. It repairs nothing.
func openFile(r io.ReaderAt, size int64, rep *report, b *budget) (*file, error) {
	f := &file{
		src: newSource(r, size), budget: b, report: rep,
		entries: map[int]entry{}, cache: map[int]object{}, loading: map[int]bool{},
		noted: map[int]bool{}, groups: map[int][]byte{},
	}
	start, err := f.startxref()
	if err != nil {
		return f, err
	}
	seen := map[int64]bool{}
	free := map[int]bool{}
	for next := []int64{start}; len(next) > 0; {
		off := next[0]
		next = next[1:]
		if seen[off] {
			return f, errors.New("cross-reference sections in a circle")
		}
		seen[off] = true
		freed := map[int]bool{}
		d, err := f.section(off, free, freed)
		if err != nil {
			return f, err
		}
		if f.trailer == nil {
			f.trailer = d
		}
		// A hybrid file's stream is looked up before the previous section, and it
		// defines objects that the table calls free (7.5.8.4).
		if x, ok := d["XRefStm"].(int64); ok && !seen[x] {
			seen[x] = true
			if _, err := f.section(x, free, freed); err != nil {
				return f, err
			}
		}
		for num := range freed {
			free[num] = true
		}
		switch p := d["Prev"].(type) {
		case nil:
		case int64:
			next = append(next, p)
		default:
			return f, errors.New("/Prev is not an integer")
		}
	}
	return f, nil
}

// startxref finds the last section's offset and checks the end of the file.
func (f *file) startxref() (int64, error) {
	n := min(f.src.size, 2048)
	tail := f.src.window(f.src.size-n, int(n))
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		return 0, errors.New("no startxref")
	}
	l := &lexer{data: tail, pos: i + len("startxref"), base: f.src.size - n}
	t, err := l.token()
	off, ok := t.(int64)
	if err != nil || !ok || off < 0 || off >= f.src.size {
		return 0, errors.New("no offset after startxref")
	}
	return off, nil
}

// section reads a table or stream and gives its trailer dictionary. Objects that
// are free in newer sections are in free; those free in this one go to freed.
func (f *file) section(off int64, free, freed map[int]bool) (dict, error) {
	head := f.src.window(off, 64)
	if bytes.HasPrefix(head, []byte("xref")) {
		return f.table(off, free, freed)
	}
	return f.xrefStream(off, free, freed)
}

// enter notes an entry unless a newer section knew the object.
func (f *file) enter(num int, e entry, free map[int]bool) {
	if _, ok := f.entries[num]; ok || free[num] {
		return
	}
	if len(f.entries) >= maxObjects {
		panic(halt{rule: ruleLimits, cause: "more than 1,048,576 objects"})
	}
	f.budget.spend(8)
	f.entries[num] = e
}

// table reads a cross-reference table and its trailer.
func (f *file) table(off int64, free, freed map[int]bool) (dict, error) {
	pos := off + 4
	eol := f.src.window(pos, 3)
	n := 0
	switch {
	case bytes.HasPrefix(eol, []byte("\r\n")):
		n = 2
	case len(eol) > 0 && isEOL(eol[0]):
		n = 1
	}
	if n == 0 || n < len(eol) && !isDigit(eol[n]) {
		f.report.add("6.1.4-2", place{off: off}, "")
	}
	for {
		pos = f.skipSpace(pos)
		line := f.src.window(pos, 40)
		if bytes.HasPrefix(line, []byte("trailer")) {
			return f.trailerAt(pos + int64(len("trailer")))
		}
		first, count, used, ok := subsection(line)
		if !ok {
			return nil, fmt.Errorf("cross-reference table broken at %d", pos)
		}
		pos += int64(used)
		if count > maxObjects || first > 8388607 {
			return nil, fmt.Errorf("cross-reference subsection too large at %d", pos)
		}
		for i := range count {
			line := f.src.window(pos, 20)
			e, used, ok := tableEntry(line)
			if !ok {
				return nil, fmt.Errorf("cross-reference entry broken at %d", pos)
			}
			pos += 20
			switch {
			case used && e.off > 0:
				f.enter(first+i, e, free)
			default:
				freed[first+i] = true
			}
		}
	}
}

func (f *file) skipSpace(pos int64) int64 {
	for pos < f.src.size && isSpace(f.src.at(pos)) {
		f.budget.spend(1)
		pos++
	}
	return pos
}

// subsection reads "first count" and its end-of-line.
func subsection(line []byte) (first, count, used int, ok bool) {
	end := bytes.IndexAny(line, "\r\n")
	if end < 0 {
		return 0, 0, 0, false
	}
	parts := bytes.Fields(line[:end])
	if len(parts) != 2 {
		return 0, 0, 0, false
	}
	first, err1 := strconv.Atoi(string(parts[0]))
	count, err2 := strconv.Atoi(string(parts[1]))
	if err1 != nil || err2 != nil || first < 0 || count < 0 {
		return 0, 0, 0, false
	}
	used = end + 1
	if line[end] == '\r' && end+1 < len(line) && line[end+1] == '\n' {
		used++
	}
	return first, count, used, true
}

// tableEntry reads "nnnnnnnnnn ggggg n" and two characters of end-of-line.
func tableEntry(line []byte) (e entry, used, ok bool) {
	if len(line) < 20 || line[10] != ' ' || line[16] != ' ' || !isSpace(line[18]) || !isSpace(line[19]) {
		return e, false, false
	}
	off, err1 := strconv.ParseUint(string(line[:10]), 10, 63)
	gen, err2 := strconv.ParseUint(string(line[11:16]), 10, 31)
	if err1 != nil || err2 != nil || line[17] != 'n' && line[17] != 'f' {
		return e, false, false
	}
	return entry{off: int64(off), gen: int(gen)}, line[17] == 'n', true
}

// trailerAt reads the trailer dictionary.
func (f *file) trailerAt(pos int64) (dict, error) {
	for size := 4096; ; size *= 8 {
		win := f.src.window(pos, size)
		var notes []func()
		l := &lexer{data: win, base: pos, note: func(rule string, off int64, detail string) {
			notes = append(notes, func() { f.report.add(rule, place{off: off}, detail) })
		}}
		o, err := l.object()
		if errors.Is(err, errShort) && len(win) == size && size < maxObjectSize {
			continue
		}
		d, ok := o.(dict)
		if err != nil || !ok {
			return nil, fmt.Errorf("no trailer dictionary at %d", pos)
		}
		for _, tell := range notes {
			tell()
		}
		return d, nil
	}
}

// xrefStream reads a cross-reference stream (ISO 32000-1, 7.5.8).
func (f *file) xrefStream(off int64, free, freed map[int]bool) (dict, error) {
	head := f.src.window(off, 32)
	l := &lexer{data: head, base: off}
	n, _ := l.token()
	g, _ := l.token()
	num, ok1 := n.(int64)
	gen, ok2 := g.(int64)
	if !ok1 || !ok2 || num <= 0 || num > 8388607 || gen < 0 || gen > 65535 {
		return nil, fmt.Errorf("no cross-reference section at %d", off)
	}
	s, ok := f.parseAt(int(num), entry{off: off, gen: int(gen)}).(*stream)
	if !ok || s.dict["Type"] != name("XRef") {
		return nil, fmt.Errorf("no cross-reference section at %d", off)
	}
	raw, err := f.decode(s)
	if err != nil {
		return nil, fmt.Errorf("cross-reference stream at %d: %w", off, err)
	}
	widths, index, err := xrefLayout(s.dict)
	if err != nil {
		return nil, fmt.Errorf("cross-reference stream at %d: %w", off, err)
	}
	row := widths[0] + widths[1] + widths[2]
	for i := 0; i+1 < len(index); i += 2 {
		for num := index[i]; num < index[i]+index[i+1]; num++ {
			if len(raw) < row {
				return nil, fmt.Errorf("cross-reference stream at %d is too short", off)
			}
			f.xrefRow(num, raw[:row], widths, free, freed)
			raw = raw[row:]
		}
	}
	return s.dict, nil
}

// xrefLayout reads /W and /Index.
func xrefLayout(d dict) (w [3]int, index []int, err error) {
	a, ok := d["W"].(array)
	if !ok || len(a) != 3 {
		return w, nil, errors.New("/W is wrong")
	}
	for i := range w {
		v, ok := a[i].(int64)
		if !ok || v < 0 || v > 8 {
			return w, nil, errors.New("/W is wrong")
		}
		w[i] = int(v)
	}
	if w[1] == 0 {
		return w, nil, errors.New("/W is wrong")
	}
	size, ok := d["Size"].(int64)
	if !ok || size < 0 {
		return w, nil, errors.New("/Size is wrong")
	}
	index = []int{0, int(size)}
	if a, ok := d["Index"].(array); ok {
		index = index[:0]
		for _, x := range a {
			v, ok := x.(int64)
			if !ok || v < 0 || v > 8388608 {
				return w, nil, errors.New("/Index is wrong")
			}
			index = append(index, int(v))
		}
	}
	return w, index, nil
}

func (f *file) xrefRow(num int, row []byte, w [3]int, free, freed map[int]bool) {
	field := func(at, n int, otherwise uint64) uint64 {
		if n == 0 {
			return otherwise
		}
		var v uint64
		for _, b := range row[at : at+n] {
			v = v<<8 | uint64(b)
		}
		return v
	}
	kind := field(0, w[0], 1)
	a := field(w[0], w[1], 0)
	b := field(w[0]+w[1], w[2], 0)
	switch {
	case kind == 0, kind == 1 && a == 0:
		freed[num] = true
	case kind == 1 && a > 0 && a < 1<<62 && b <= 65535:
		f.enter(num, entry{off: int64(a), gen: int(b)}, free)
	case kind == 2 && a > 0 && a <= 8388607 && b < maxObjects:
		f.enter(num, entry{off: int64(b), group: int(a)}, free)
	}
}
