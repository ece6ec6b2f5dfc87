// Package pipelinetest is for tests only: it finds the sample letters and the
// shared corpus, keeps blobs in memory, and decides whether a missing part of
// the real world skips a test (on a laptop) or fails it (in CI).
package pipelinetest
