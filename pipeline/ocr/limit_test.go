//go:build !asan

package ocr_test

// decoderMemory is the limit of the decoders' child, bytes.
const decoderMemory = 400 << 20
