// Package catalogtest is for tests only: it starts a real PostgreSQL for as
// long as a test runs, for the catalogue and for whoever builds on it.
package catalogtest
