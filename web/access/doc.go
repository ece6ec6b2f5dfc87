// Package access says who may do what on the pages and in the API, and knows how
// people prove who they are.
//
// A request is made by a [Person]: an account with roles, and, for the role
// department, the departments that it works for; or a program with a token, which
// has scopes in place of roles. Every route of the web page names the [Action] it
// serves, and is refused to whom it is not granted: deny by default. Which letters
// a person may see is a narrower question, which [Person.Sight] answers for the
// catalogue.
//
// Passwords are kept as argon2id with the parameters of RFC 9106 ([Passwords]);
// what browsers and programs prove themselves by is random and kept as a hash
// ([NewSecret], [NewToken]). [Issuer] is the town's own login, OpenID Connect; only
// this package knows its libraries.
//
// # What it leaves to others
//
// Accounts, sessions, tokens and the count of failed guesses lie in the catalogue;
// forms, cookies and pages are the business of package web.
package access
