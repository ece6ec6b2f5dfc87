package pdfa

import (
	"bytes"
	"compress/zlib"
	"fmt"
)

// rowPacker compresses a picture row by row without loss, with and without PNG's
// prediction from the neighbouring pixels, and keeps what came out smaller.
type rowPacker struct {
	pixel            int // bytes
	predicted, plain bytes.Buffer
	zPredicted       *zlib.Writer
	zPlain           *zlib.Writer
	above            []byte
	tries            [5][]byte
}

func newRowPacker(width, components int) *rowPacker {
	p := &rowPacker{pixel: components, above: make([]byte, width*components)}
	p.zPredicted, p.zPlain = zlib.NewWriter(&p.predicted), zlib.NewWriter(&p.plain)
	for i := range p.tries {
		p.tries[i] = make([]byte, 1+width*components)
		p.tries[i][0] = byte(i)
	}
	return p
}

// row adds a row of samples of 8 bits. Of the five filters of PNG it takes the
// one with the smallest sum of differences (ISO/IEC 15948, 12.8).
func (p *rowPacker) row(row []byte) {
	_, _ = p.zPlain.Write(row) // buffers take everything
	for i, v := range row {
		var left, corner byte
		if i >= p.pixel {
			left, corner = row[i-p.pixel], p.above[i-p.pixel]
		}
		up := p.above[i]
		p.tries[0][i+1] = v
		p.tries[1][i+1] = v - left
		p.tries[2][i+1] = v - up
		p.tries[3][i+1] = v - byte((int(left)+int(up))/2)
		p.tries[4][i+1] = v - paeth(left, up, corner)
	}
	best, least := 0, -1
	for i, try := range p.tries {
		sum := 0
		for _, d := range try[1:] {
			sum += distance(int(int8(d)), 0)
		}
		if least < 0 || sum < least {
			best, least = i, sum
		}
	}
	_, _ = p.zPredicted.Write(p.tries[best])
	copy(p.above, row)
}

// finish gives the compressed picture and the parameters to undo it, "" if none.
func (p *rowPacker) finish(width int) (packed []byte, parms string) {
	_ = p.zPredicted.Close()
	_ = p.zPlain.Close()
	if p.plain.Len() <= p.predicted.Len() {
		return p.plain.Bytes(), ""
	}
	return p.predicted.Bytes(), predictorParms(p.pixel, 8, width)
}

// predictorParms says that a stream was packed like the data of a PNG file.
func predictorParms(components, bits, width int) string {
	return fmt.Sprintf("<< /Predictor 15 /Colors %d /BitsPerComponent %d /Columns %d >>", components, bits, width)
}
