package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"blattwerk/pipeline"
)

// span is where something stands in a file; of size 0 it is not there.
type span struct{ at, size int64 }

// maxProfile is the largest colour profile that is taken along, bytes. Those of
// scanners and cameras have a few kilobytes, of printers some megabytes.
const maxProfile = 16 << 20

// profiled puts the colour profile of a picture into the PNG that was made of it, so
// that the same samples go on meaning the same colours. Whether the profile is any
// good is asked by those who use it; here it only has to be for samples of that kind.
func (o opening) profiled(png []byte, p Picture, img pipeline.Image) ([]byte, error) {
	space := map[pipeline.ColourModel]string{pipeline.Colour: "RGB ", pipeline.Grey: "GRAY"}[img.Model]
	if p.profile.size < 128 || p.profile.size > maxProfile || p.Model != img.Model || space == "" {
		return png, nil
	}
	icc, err := readAt(o.file, o.size, p.profile.at, int(p.profile.size))
	if err != nil {
		return png, nil //nolint:nilerr // it lies outside the file: the picture is shown without
	}
	if string(icc[16:20]) != space || string(icc[36:40]) != "acsp" { // ICC.1:2010, 7.2
		return png, nil
	}
	return withProfile(png, icc)
}

// withProfile adds the chunk iCCP right behind the header of a PNG (ISO/IEC 15948,
// 11.3.3.3).
func withProfile(png, icc []byte) ([]byte, error) {
	const header = len(pngSignature) + 8 + 13 + 4
	if len(png) < header || bytes.Contains(png[:min(len(png), 4096)], []byte("iCCP")) {
		return png, nil
	}
	body := bytes.NewBufferString("iCCPprofile\x00\x00")
	z := zlib.NewWriter(body)
	if _, err := z.Write(icc); err != nil {
		return nil, fmt.Errorf("packing a colour profile: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing a colour profile: %w", err)
	}
	b := body.Bytes()
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(b)-len("iCCP")))
	chunk = binary.BigEndian.AppendUint32(append(chunk, b...), crc32.ChecksumIEEE(b))
	return slices.Concat(png[:header], chunk, png[header:]), nil
}
