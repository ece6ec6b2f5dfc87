package storage

import (
	"errors"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

func FuzzReadWords(f *testing.F) {
	f.Add("{\"format\":\"blattwerk-words/1\",\n\"pages\":[\n]}\n")
	f.Add("{\"format\":\"blattwerk-words/1\",\"pages\":[{\"page\":1,\"words\":[{\"t\":\"x\"}]}]}")
	f.Add("{\"format\":\"blattwerk-words/1\",\"pages\":[{\"page\":1}")
	f.Add("{\"format\":\"other\",\"pages\":[]}")
	f.Fuzz(func(t *testing.T, s string) {
		err := readWords(strings.NewReader(s), func(int, pipeline.PageText) error { return nil })
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%v is not called damage", err)
		}
	})
}
