package learn

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// format is the first line of an encoded model. After it come one line of JSON
// ([header]), and, compressed by gzip, little-endian: the buckets as differences
// (unsigned varints), the inverse document frequency of each (float32), and the
// weights of each for each class (int8), features outermost.
const format = "blattwerk sorting model 1"

// header is what of a model is written for people too.
type header struct {
	Classes   []Class `json:"classes"`
	Examples  int     `json:"examples"`
	Features  int     `json:"features"`
	Precision float64 `json:"precision"` // that the thresholds aim at
	Scale     Scale   `json:"scale"`
	HeldOut   Figures `json:"heldOut"`
}

const (
	mostClasses = 4096
	longestHead = 1 << 20 // bytes
	mostWeights = 1 << 27 // bytes
)

// Bytes is the encoded model: the same model gives the same bytes. They hold
// hashed features that at least two texts share, and no word of any letter.
func (m *Model) Bytes() []byte { return m.raw }

// Version names the model by its content.
func (m *Model) Version() string {
	sum := sha256.Sum256(m.raw)
	return "learned-1-" + hex.EncodeToString(sum[:])[:12]
}

// seal encodes the model and makes it ready for answers.
func (m *Model) seal() error {
	m.head.Features = len(m.buckets)
	head, err := json.Marshal(m.head)
	if err != nil {
		return fmt.Errorf("encoding the model: %w", err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n%s\n", format, head)
	z := gzip.NewWriter(&out)
	body := make([]byte, 0, 5*len(m.buckets)+len(m.weights))
	last := uint32(0)
	for _, b := range m.buckets {
		body = binary.AppendUvarint(body, uint64(b-last))
		last = b
	}
	for _, v := range m.idf {
		body = binary.LittleEndian.AppendUint32(body, math.Float32bits(v))
	}
	for _, w := range m.weights {
		body = append(body, byte(w))
	}
	_, err = z.Write(body)
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("encoding the model: %w", err)
	}
	m.raw = out.Bytes()
	m.index()
	return nil
}

// Decode reads an encoded model. It refuses what does not fit together.
func Decode(raw []byte) (*Model, error) {
	m, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("reading a sorting model: %w", err)
	}
	m.raw = raw
	m.index()
	return m, nil
}

func decode(raw []byte) (*Model, error) {
	first, rest, ok := bytes.Cut(raw, []byte("\n"))
	if !ok || string(first) != format {
		return nil, errors.New("its first line does not say " + format)
	}
	head, body, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || len(head) > longestHead {
		return nil, errors.New("no header")
	}
	m := &Model{}
	if err := json.Unmarshal(head, &m.head); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := m.head.check(); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return m, m.readBody(bufio.NewReader(z))
}

func (h header) check() error {
	if len(h.Classes) < 2 || len(h.Classes) > mostClasses || h.Features < 0 || h.Features > buckets || h.Features*len(h.Classes) > mostWeights {
		return fmt.Errorf("%d classes and %d features", len(h.Classes), h.Features)
	}
	for i, c := range h.Classes {
		if c.Name == NoClass || i > 0 && h.Classes[i-1].Name >= c.Name {
			return fmt.Errorf("class %d is not in order", i)
		}
		if !(c.Threshold >= 0 && c.Threshold <= 1) || !finite(c.Bias) || !finite(c.Step) {
			return fmt.Errorf("class %d has no sane figures", i)
		}
	}
	if !finite(h.Scale.Margin) || !finite(h.Scale.Prior) || !finite(h.Scale.None) ||
		!(h.Scale.Lapse >= 0 && h.Scale.Lapse < 1) {
		return errors.New("the scale has no sane figures")
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (m *Model) readBody(r *bufio.Reader) error {
	n := m.head.Features
	m.buckets, m.idf = make([]uint32, n), make([]float32, n)
	last := uint64(0)
	for i := range m.buckets {
		d, err := binary.ReadUvarint(r)
		if err != nil {
			return fmt.Errorf("features: %w", err)
		}
		if last += d; last >= buckets || d >= buckets || i > 0 && d == 0 {
			return errors.New("features are not in order")
		}
		m.buckets[i] = uint32(last)
	}
	if err := binary.Read(r, binary.LittleEndian, m.idf); err != nil {
		return fmt.Errorf("frequencies: %w", err)
	}
	for _, v := range m.idf {
		if !finite(float64(v)) {
			return errors.New("a frequency is no number")
		}
	}
	want := n * len(m.head.Classes)
	weights, err := io.ReadAll(io.LimitReader(r, int64(want)+1)) // one more, to see that nothing follows
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	if len(weights) != want {
		return errors.New("more or fewer weights than the header tells of")
	}
	m.weights = make([]int8, want)
	for i, w := range weights {
		m.weights[i] = int8(w)
	}
	return nil
}
