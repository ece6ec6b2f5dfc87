package main

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
)

// scanned makes a rendered page look as if it had gone through an office scanner:
// 0.8 degrees askew, paper not white and ink not black, noise, JPEG of quality 60.
func scanned(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	src, err := png.Decode(f)
	if err != nil {
		return "", err
	}
	b := src.Bounds()
	dst := image.NewGray(b)
	rng := rand.New(rand.NewPCG(60, 8))
	sin, cos := math.Sincos(0.8 * math.Pi / 180)
	cx, cy := float64(b.Dx())/2, float64(b.Dy())/2
	at := func(x, y int) float64 {
		if !(image.Point{X: x, Y: y}).In(b) {
			return 255
		}
		return float64(color.GrayModel.Convert(src.At(x, y)).(color.Gray).Y)
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			dx, dy := float64(x)-cx, float64(y)-cy
			u, v := cx+dx*cos+dy*sin, cy-dx*sin+dy*cos
			x0, y0 := int(math.Floor(u)), int(math.Floor(v))
			p, q := u-float64(x0), v-float64(y0)
			g := (1-p)*(1-q)*at(x0, y0) + p*(1-q)*at(x0+1, y0) + (1-p)*q*at(x0, y0+1) + p*q*at(x0+1, y0+1)
			g = 60 + g*170/255 + rng.NormFloat64()*7
			dst.SetGray(x, y, color.Gray{Y: uint8(min(max(g, 0), 255))})
		}
	}
	out := path + ".jpg"
	w, err := os.Create(out)
	if err != nil {
		return "", err
	}
	defer w.Close()
	return out, jpeg.Encode(w, dst, &jpeg.Options{Quality: 60})
}
