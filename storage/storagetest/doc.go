// Package storagetest is the suite that every [storage.Store] passes, and starts
// the real S3 server that the suite runs against.
package storagetest
