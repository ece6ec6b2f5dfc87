package classify

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked for:
// every child process of the program begins with this package, and few of them
// sort letters.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
