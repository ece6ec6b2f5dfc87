//go:build asan

package ocr_test

// decoderMemory bounds nothing: the address sanitizer lays its shadow over all of the
// address space, which counts as data.
const decoderMemory = 1 << 60
