// Package route is the list of the steps, in order: the one place to add or
// replace a stage. It builds the rooms (scan, ocr, pdfa, classify, savings) and
// puts their steps, and the archive's, in a row.
//
// A step is a [pipeline.StepFunc]; what stands before it and after it is decided
// here alone. The belt walks the list with a catalogue and a queue behind it;
// `blattwerk convert` walks its first three with neither.
package route
