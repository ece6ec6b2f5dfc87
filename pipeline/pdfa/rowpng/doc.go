// Package rowpng writes PNG files from rows of samples that are already in PNG's
// own layout, without touching a sample and without holding the picture in
// memory. The standard library's encoder knows neither grey under 8 bits nor the
// resolution, and wants the whole picture.
package rowpng
