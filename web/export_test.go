package web

import (
	"reflect"
	"runtime"
	"strings"
)

// Route is an address and the action that it is for, for the test that holds
// every route against a table.
type Route struct{ Pattern, Action string }

// Routes lists every route there is.
func Routes() []Route {
	var list []Route
	for _, rt := range (&server{}).routes() {
		list = append(list, Route{rt.pattern, string(rt.action)})
	}
	return list
}

// AccountRows are the rows about accounts.
type AccountRows = accountRows

// Guards says whether the guard has a method of its own, not one that it embeds.
func Guards(method string) bool {
	// The name of a method that is only embedded is compiled as a wrapper without
	// a file of ours.
	m, ok := reflect.TypeFor[guard]().MethodByName(method)
	if !ok {
		return false
	}
	file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer())
	return strings.HasSuffix(file, "/guard.go")
}
