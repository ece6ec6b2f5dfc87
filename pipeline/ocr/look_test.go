package ocr

import (
	"slices"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestFewWordsFromAllSides reads pages whose letters are too few for the finders
// of orientation, or stand in several directions: a line in a corner, the map of a
// town. What is read has to bring them upright, and the words to their places.
func TestFewWordsFromAllSides(t *testing.T) {
	r := room(t, nil)
	for name, longest := range map[string]string{"document.webp": "document,", "baiona_color.jpg": "Komunikabideak"} {
		var blobs pipelinetest.Blobs
		upright := pageOf(t, r, &blobs, pipelinetest.Corpus(t, "scans/"+name))
		upright.Image.DPIX, upright.Image.DPIY = 100, 100
		pages := []pipeline.Page{upright}
		for turn := 90; turn < 360; turn += 90 {
			stored := turnedPage(t, &blobs, upright, 360-turn)
			stored.No, stored.Image.Media = len(pages)+1, "image/png"
			pages = append(pages, stored)
		}
		var first pipeline.Word
		for i, text := range readPages(t, r, &blobs, pages...) {
			at := slices.IndexFunc(text.Words, func(w pipeline.Word) bool { return w.Text == longest })
			if at < 0 || text.Width != upright.Image.Width || text.Height != upright.Image.Height {
				t.Errorf("%s, turned by %d: %d x %d pixels, and %q is word %d", name, 90*i, text.Width, text.Height, longest, at)
				continue
			}
			if w := text.Words[at]; i == 0 {
				first = w
			} else if far(w.Box.X0, first.Box.X0) || far(w.Box.Y1, first.Box.Y1) || far(w.Base, first.Base) {
				t.Errorf("%s, turned by %d: word %+v, want %+v", name, 90*i, w, first)
			}
		}
	}
}

func TestOtherStands(t *testing.T) {
	across := pipeline.Word{Text: "Rathaus", Conf: 0.9, Box: pipeline.Box{X1: 90, Y1: 20}}
	along := pipeline.Word{Text: "Rathaus", Conf: 0.9, Box: pipeline.Box{X1: 20, Y1: 90}}
	noise := pipeline.Word{Text: "|||", Conf: 0.1, Box: pipeline.Box{X1: 20, Y1: 90}}
	short := pipeline.Word{Text: "il", Conf: 0.9, Box: pipeline.Box{X1: 10, Y1: 20}}
	for _, c := range []struct {
		name     string
		words    []pipeline.Word
		sensible bool
		others   []int
	}{
		{"nothing was read", nil, false, nil},
		{"noise", []pipeline.Word{noise}, false, []int{180}},
		{"words across the page", []pipeline.Word{across, across, along, short, short}, true, []int{180}},
		{"words down the page", []pipeline.Word{across, along, along}, false, []int{270, 90}},
		{"as many of each", []pipeline.Word{across, along}, true, []int{180, 90, 270}},
	} {
		if got := sensible(c.words); got != c.sensible {
			t.Errorf("%s: sensible is %t", c.name, got)
		}
		if got := otherStands(c.words); !slices.Equal(got, c.others) {
			t.Errorf("%s: other stands are %v, want %v", c.name, got, c.others)
		}
	}
}
