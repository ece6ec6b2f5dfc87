// Package access says who may do what on the pages and in the API.
//
// A request is made by a [Person]: an account with roles, and, for the role
// department, the departments that it works for. Every route of the web page
// names the [Action] it serves, and is refused to whom it is not granted: deny by
// default. What rows a person may see is a narrower question, which
// [Person.Sees] answers for the catalogue's filter.
package access
