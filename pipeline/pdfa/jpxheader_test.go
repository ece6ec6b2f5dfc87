package pdfa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// jpxFile builds a JPEG 2000 file of 4 x 3 pixels without a picture in it: the
// checks look at its headers only.
func jpxFile(components int, depth byte, boxes ...[]byte) []byte {
	be := binary.BigEndian
	header := be.AppendUint32(be.AppendUint32(nil, 3), 4)
	header = append(be.AppendUint16(header, uint16(components)), depth, 7, 0, 0)
	inner := jpxBox("ihdr", header)
	for _, b := range boxes {
		inner = append(inner, b...)
	}
	out := append(append(bytes.Clone(jpxSignature), jpxBox("ftyp", []byte("jp2 \x00\x00\x00\x00jp2 "))...), jpxBox("jp2h", inner)...)
	return append(out, jpxBox("jp2c", jpxStream(components, depth))...)
}

func jpxBox(kind string, body []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), kind...), body...)
}

func jpxStream(components int, depth byte) []byte {
	be := binary.BigEndian
	size := []byte{0xff, 0x4f, 0xff, 0x51, 0, byte(38 + 3*components), 0, 0}
	for _, v := range []uint32{4, 3, 0, 0, 4, 3, 0, 0} {
		size = be.AppendUint32(size, v)
	}
	size = be.AppendUint16(size, uint16(components))
	for range components {
		size = append(size, depth, 1, 1)
	}
	return append(size, 0xff, 0xd9)
}

func TestReadJPX(t *testing.T) {
	enumerated := func(approximation byte, space uint32) []byte {
		return jpxBox("colr", binary.BigEndian.AppendUint32([]byte{1, 0, approximation}, space))
	}
	profile := func(p []byte) []byte { return jpxBox("colr", append([]byte{2, 0, 0}, p...)) }
	version5 := iccSRGB()
	version5[8] = 5
	colours := jpxBox("cdef", []byte{0, 1, 0, 0, 0, 0, 0, 1})
	opacity := jpxBox("cdef", []byte{0, 1, 0, 0, 0, 1, 0, 0})
	tests := []struct {
		name string
		raw  []byte
		ok   bool
	}{
		{"grey", jpxFile(1, 7, enumerated(0, 17)), true},
		{"sRGB", jpxFile(3, 7, enumerated(0, 16)), true},
		{"sYCC of 12 bits", jpxFile(3, 11, enumerated(0, 18)), true},
		{"with a profile", jpxFile(3, 7, profile(iccSRGB())), true},
		{"with channels named", jpxFile(1, 7, enumerated(0, 17), colours), true},
		{"two spaces, one marked", jpxFile(3, 7, enumerated(0, 16), enumerated(1, 18)), true},
		{"bare", jpxStream(3, 7), true},
		{"two spaces, none marked", jpxFile(3, 7, enumerated(0, 16), enumerated(0, 18)), false},
		{"no space", jpxFile(3, 7), false},
		{"CIEJab", jpxFile(3, 7, enumerated(0, 19)), false},
		{"CMYK", jpxFile(4, 7, enumerated(0, 12)), false},
		{"two channels", jpxFile(2, 7, enumerated(0, 17)), false},
		{"grey with three channels", jpxFile(3, 7, enumerated(0, 17)), false},
		{"a profile for other channels", jpxFile(1, 7, profile(iccSRGB())), false},
		{"a profile of version 5", jpxFile(3, 7, profile(version5)), false},
		{"a palette", jpxFile(3, 7, enumerated(0, 16), jpxBox("pclr", []byte{0, 1, 1, 7, 0})), false},
		{"opacity", jpxFile(1, 7, enumerated(0, 17), opacity), false},
		{"depths of their own", jpxFile(3, 7, enumerated(0, 16), jpxBox("bpcc", []byte{7, 7, 7})), false},
		{"39 bits", jpxFile(1, 38, enumerated(0, 17)), false},
		{"signed", jpxFile(1, 0x87, enumerated(0, 17)), false},
		{"a box longer than the file", append(jpxFile(1, 7, enumerated(0, 17)), 0xff, 0, 0, 0, 'x', 'x', 'x', 'x'), false},
		{"cut off", jpxFile(1, 7, enumerated(0, 17))[:90], false},
	}
	for _, tt := range tests {
		head, err := readJPX(bytes.NewReader(tt.raw), int64(len(tt.raw)))
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, errJPX) {
			t.Errorf("%s: %+v, %v", tt.name, head, err)
		}
		if err == nil && (head.Width != 4 || head.Height != 3) {
			t.Errorf("%s: %+v", tt.name, head)
		}
	}
}

func TestABareCodestreamGetsAFileAroundIt(t *testing.T) {
	stream := jpxStream(3, 7)
	head, err := readJPX(bytes.NewReader(stream), int64(len(stream)))
	if err != nil || !head.Bare {
		t.Fatalf("%+v, %v", head, err)
	}
	whole := append(jpxWrapping(head, int64(len(stream))), stream...)
	again, err := readJPX(bytes.NewReader(whole), int64(len(whole)))
	if err != nil || again.Bare || again.Components != 3 {
		t.Errorf("%+v, %v", again, err)
	}
}
